import { type Command, WrongUsage } from './command.ts';
import { everyOption, orderOptions } from './options.ts';
import { giveOrder } from './orders.ts';
import { tagOf, textOf } from './values.ts';

export const ack: Command = {
  name: 'ack',
  summary: 'allow automatic failovers again after the last one',
  takes: [{ name: 'TAG' }],
  about:
    'After an automatic failover there is no second one for a while, so that an address does not ' +
    'wander. Whoever has looked at the cause clears the block; name and comment stand in the audit ' +
    'trail.',
  options: [
    { name: 'comment', value: 'TEXT', help: 'what was found; at most 256 characters; needed' },
    ...orderOptions,
    ...everyOption,
  ],
  example: 'holdfast ack ip-db --comment "ServerA had a bad NIC, replaced"',
  run(given, context) {
    const tag = tagOf(given.words[0] ?? '');
    const comment = given.text('comment');
    if (comment === undefined) throw new WrongUsage('--comment TEXT is missing: say what you found');
    return giveOrder({ action: 'acknowledge', tag, comment: textOf('--comment', comment) }, given, context);
  },
};
