import type { Command } from './command.ts';
import { everyOption, orderOptions, waitOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { tagOf } from './values.ts';

export const outOfService: Command = {
  name: 'out-of-service',
  summary: 'take an address out of service',
  takes: [{ name: 'TAG' }],
  about:
    'Takes the address from the operating system of the active server. Nothing brings it back but ' +
    'holdfast in-service: an address that is out of service on purpose is not recovered.',
  options: [...orderOptions, ...waitOptions, ...everyOption],
  example: 'holdfast out-of-service ip-db --reason "moving the database"',
  run: (given, context) =>
    giveOrder({ action: 'out-of-service', tag: tagOf(given.words[0] ?? '') }, given, context),
};
