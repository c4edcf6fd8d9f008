import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { tagOf } from './values.ts';

export const confirm: Command = {
  name: 'confirm',
  summary: 'answer a failover that waits for a person',
  takes: [{ name: 'TAG' }],
  about:
    '--yes: it looks again and goes on. --no: nothing is moved, and no failover is tried until the block ' +
    'after a failover is over, or holdfast ack. The first answer counts: another one is told who has ' +
    'answered what, and when. Refused when nothing waits, or the time to answer is over; holdfast status ' +
    'shows the question, and what happens without an answer.',
  options: [
    { name: 'yes', help: 'let it fail over' },
    { name: 'no', help: 'leave everything where it is' },
    ...orderOptions,
    ...everyOption,
  ],
  example: 'holdfast confirm ip-db --yes --reason "ServerA is gone for good"',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const [yes, no] = [given.flag('yes'), given.flag('no')];
    if (yes === no)
      throw new WrongUsage(yes ? '--yes and --no exclude each other' : 'one of --yes and --no is missing');
    return giveOrder({ action: 'confirm', tag, answer: yes ? 'yes' : 'no' }, given, context);
  },
};
