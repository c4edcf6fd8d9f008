import type { Command } from './command.ts';
import { everyOption, orderOptions, waitOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { placeOf, tagOf } from './values.ts';

export const move: Command = {
  name: 'move',
  summary: 'move an address to its backup interface, or to a place of your choice',
  takes: [{ name: 'TAG' }],
  about:
    'Without --to it does what lkipbu -m does: to the backup interface of the active server; out of ' +
    'service the two interfaces only change places. With --to SERVER: to the primary interface of that ' +
    'server; with --to SERVER/INTERFACE: to that interface. The move is verified; if it cannot be, the ' +
    'address goes back. Overrides pauses, automation, the block after a failover and the fleet brake; ' +
    'never another recovery, a foreign owner of the address, or a place that is not ready.',
  options: [
    { name: 'to', value: 'SERVER[/INTERFACE]', help: 'where to (default: the backup interface)' },
    ...orderOptions,
    ...waitOptions,
    ...everyOption,
  ],
  example: 'holdfast move ip-db --to ServerA/eth1 --reason "eth0 drops packets"',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const to = given.text('to');
    return to === undefined
      ? giveOrder({ action: 'move-to-backup', tag }, given, context)
      : giveOrder({ action: 'move', tag, ...placeOf(to) }, given, context);
  },
};
