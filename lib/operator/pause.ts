import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { durationOf, tagOf } from './values.ts';

const bounds = { leastMs: 60_000, mostMs: 7 * 86_400_000 };

export const pause: Command = {
  name: 'pause',
  summary: 'let automation rest, for a time that you name',
  takes: [{ name: 'TAG', optional: true }],
  about:
    'Of one resource, or without TAG of the whole fleet. A pause always has an end. While it lasts, ' +
    'failures are seen and recorded, and nothing is moved; your own orders are carried out.',
  options: [
    { name: 'for', value: 'TIME', help: 'how long: 1m to 7d, such as 30m, 2h, 1d; needed' },
    ...orderOptions,
    ...everyOption,
  ],
  example: 'holdfast pause ip-db --for 2h --reason "switch maintenance"',
  run(given, context) {
    const [word] = given.words;
    const time = given.text('for');
    if (time === undefined) throw new WrongUsage('--for TIME is missing: a pause always has an end');
    const forMs = durationOf('--for', time, bounds);
    const tag = word === undefined ? {} : { tag: tagOf(word) };
    return giveOrder({ action: 'pause', ...tag, forMs }, given, context);
  },
};
