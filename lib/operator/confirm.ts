import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { tagOf } from './values.ts';

export const confirm: Command = {
  name: 'confirm',
  summary: 'answer a failover that waits for a person',
  takes: [{ name: 'TAG' }],
  about: '--yes lets it go on, --no stops it. Refused when nothing waits.',
  options: [
    { name: 'yes', help: 'let it fail over' },
    { name: 'no', help: 'leave the address where it is' },
    ...orderOptions,
    ...everyOption,
  ],
  example: 'holdfast confirm ip-db --yes',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const [yes, no] = [given.flag('yes'), given.flag('no')];
    if (yes === no)
      throw new WrongUsage(yes ? '--yes and --no exclude each other' : 'one of --yes and --no is missing');
    return giveOrder({ action: 'confirm', tag, answer: yes ? 'yes' : 'no' }, given, context);
  },
};
