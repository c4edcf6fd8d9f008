import type { Command } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { tagOf } from './values.ts';

export const resume: Command = {
  name: 'resume',
  summary: 'end a pause before its time',
  takes: [{ name: 'TAG', optional: true }],
  about: 'Of one resource, or without TAG of the whole fleet.',
  options: [...orderOptions, ...everyOption],
  example: 'holdfast resume ip-db',
  run(given, context) {
    const [word] = given.words;
    return giveOrder(
      { action: 'resume', ...(word === undefined ? {} : { tag: tagOf(word) }) },
      given,
      context,
    );
  },
};
