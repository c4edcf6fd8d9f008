import type { Command } from './command.ts';
import { everyOption, orderOptions, waitOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { serverOf, tagOf } from './values.ts';

export const inService: Command = {
  name: 'in-service',
  summary: 'bring an address in service',
  takes: [{ name: 'TAG' }],
  about:
    'On SERVER, or where it was last; on the interface that its INFO record names first. Does nothing ' +
    'to an address that is in service there and verified.',
  options: [
    { name: 'on', value: 'SERVER', help: 'where (default: where it was last)' },
    ...orderOptions,
    ...waitOptions,
    ...everyOption,
  ],
  example: 'holdfast in-service ip-db --on ServerA',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const on = given.text('on');
    const server = on === undefined ? {} : { server: serverOf(on) };
    return giveOrder({ action: 'in-service', tag, ...server }, given, context);
  },
};
