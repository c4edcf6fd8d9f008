import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { quoted, tagOf } from './values.ts';

const modes = ['on', 'observe', 'off'] as const;

export const automation: Command = {
  name: 'automation',
  summary: 'switch automation on, off, or to watching only',
  takes: [{ name: 'TAG', optional: true }, { name: 'on|observe|off' }],
  about:
    'Of one resource, or without TAG of the whole fleet. on: recover. observe: decide and record what ' +
    'would be done, touch nothing. off: neither. Unlike a pause it has no end.',
  options: [...orderOptions, ...everyOption],
  example: 'holdfast automation ip-db observe',
  run(given, context) {
    const word = given.words.at(-1) ?? '';
    const mode = modes.find((each) => each === word);
    if (mode === undefined)
      throw new WrongUsage(`${quoted(word)} is not a mode: allowed are ${modes.join(', ')}`);
    const [tag] = given.words.slice(0, -1);
    return giveOrder(
      { action: 'automation', ...(tag === undefined ? {} : { tag: tagOf(tag) }), mode },
      given,
      context,
    );
  },
};
