import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions, waitOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { serverOf, tagOf } from './values.ts';

export const switchover: Command = {
  name: 'switchover',
  summary: 'move an address to another server, as planned work',
  takes: [{ name: 'TAG' }],
  about:
    'Takes the address and everything that depends on it out of service where it is and brings it in ' +
    'service on SERVER; if a dependent cannot be stopped, all stays where it is. Refuses a server that is ' +
    'not ready: holdfast failover --force is the command for the day on which the active server has failed.',
  options: [
    { name: 'to', value: 'SERVER', help: 'the server that takes over; needed' },
    ...orderOptions,
    ...waitOptions,
    ...everyOption,
  ],
  example: 'holdfast switchover ip-db --to ServerB --reason "kernel update of ServerA"',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const to = given.text('to');
    if (to === undefined)
      throw new WrongUsage('--to SERVER is missing: a switchover goes to a server that you name');
    return giveOrder({ action: 'switchover', tag, server: serverOf(to) }, given, context);
  },
};
