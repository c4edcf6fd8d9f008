import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions, waitOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { serverOf, tagOf } from './values.ts';

export const failover: Command = {
  name: 'failover',
  summary: 'move an address to another server as if the active one had failed',
  takes: [{ name: 'TAG' }],
  about:
    'To the next server that is ready, or to SERVER, with everything that depends on the address. Needs ' +
    '--force, because it does not ask whether the active server is well; what cannot be stopped there is ' +
    'fenced as the fleet file says. Of the rules of readiness only these remain: the instance runs, its ' +
    "interface is attached and has room, the subnet is the address's own; for an overlay address its " +
    'source/destination check is off. A server in maintenance takes it only when you name it.',
  options: [
    { name: 'force', help: 'needed: says that you mean it' },
    { name: 'to', value: 'SERVER', help: 'the server that takes over (default: the next that is ready)' },
    ...orderOptions,
    ...waitOptions,
    ...everyOption,
  ],
  example: 'holdfast failover ip-db --force --reason "ServerA does not answer"',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const to = given.text('to');
    if (!given.flag('force'))
      throw new WrongUsage(
        '--force is missing: a failover does not ask whether the active server is well; switchover does',
      );
    const server = to === undefined ? {} : { server: serverOf(to) };
    return giveOrder({ action: 'failover', tag, ...server, force: true }, given, context);
  },
};
