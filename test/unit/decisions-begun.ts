/** Decisions about a failover that has begun already, and about what leaves its server without having failed itself. */
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import { tenOClock as now } from '../fakes/clock.ts';
import { ownedBy, withInstance } from '../fakes/situations.ts';
import {
  a,
  b,
  both,
  eth0B,
  failOver,
  fleet,
  intent,
  linkDown,
  nothing,
  onB,
  type Row,
  type See,
  stopped,
  underWay,
} from './decision-rows.ts';

const home = 'act fail-over ServerA/eth0 because failover-unfinished';
const toB = `${failOver} because failover-unfinished`;
const lostOrder: Row['record'] = {
  ...underWay,
  intent: { epoch: 6, rung: 'fail-over', to: onB, recovery: 'ip-db@1@order' },
};
const stoppedB: See = (seen) => withInstance(seen, b, { state: 'stopped' });

export const begun: readonly Row[] = [
  { when: 'dependents were left on their way and all is well', record: underWay, says: toB },
  {
    when: 'dependents were left on their way and the instance that they left is starting',
    record: underWay,
    see: (seen) => withInstance(seen, a, { state: 'pending' }),
    says: toB,
  },
  {
    when: 'dependents were left on their way and the instance that they left is stopped',
    record: underWay,
    see: stopped,
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'dependents were left on their way and only the server that they left is ready',
    record: underWay,
    see: stoppedB,
    says: `${home}, not ServerB/eth0: server-not-running`,
  },
  {
    when: 'dependents were left on their way, and neither server is ready',
    record: underWay,
    see: both(stopped, stoppedB),
    says: 'hold no-failover-target, not ServerB/eth0: server-not-running, not ServerA/eth0: server-not-running',
  },
  {
    when: 'dependents were left on their way, and failovers are blocked',
    record: { ...underWay, failoverBlockedUntilMs: now + 1 },
    says: toB,
  },
  {
    when: 'dependents were left on their way, and the fleet had five failovers within the hour',
    record: underWay,
    see: fleet({ failovers: Object.fromEntries([1, 2, 3, 4, 5].map((each) => [`other-${each}`, now - 1])) }),
    says: toB,
  },
  {
    when: 'dependents were left on their way, and the resource is paused',
    record: { ...underWay, pausedUntilMs: now + 1 },
    says: `hold automation-paused, would have: ${toB}`,
  },
  { when: 'an order was lost on its way', record: lostOrder, says: home },
  {
    when: 'an order was lost after EC2 had moved the address',
    record: lostOrder,
    see: (seen) => ownedBy(seen, eth0B),
    says: toB,
  },
  {
    when: 'a failover was interrupted, and nothing has left the server',
    record: intent('fail-over', onB),
    says: 'hold already-healthy',
  },
];

const hold: Row['record'] = { shutdownStrategy: 'hold' };
const askedFor: See = both(stopped, (seen) => ({ ...seen, stopped: found('asked-for') }));

export const stoppedByHand: readonly Row[] = [
  {
    when: 'somebody has stopped the instance, which is to be left then',
    record: hold,
    see: askedFor,
    says: 'hold stopped-on-purpose',
  },
  {
    when: 'somebody has stopped the instance, which moves everything away',
    see: askedFor,
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'the instance was stopped by a failure, and would be left if a person had',
    record: hold,
    see: both(stopped, (seen) => ({ ...seen, stopped: found('failed') })),
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'EC2 could not be asked who has stopped the instance, and that matters',
    record: hold,
    see: both(stopped, (seen) => ({ ...seen, stopped: couldNotLook('no answer') })),
    says: 'hold instance-could-not-look',
  },
  {
    when: 'the instance was stopped while its dependents were on their way',
    record: { ...hold, ...underWay },
    see: askedFor,
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'the instance was stopped while a failover was about to move the address',
    record: { ...hold, ...intent('fail-over', onB) },
    see: askedFor,
    says: `${failOver} because instance-not-running`,
  },
];

export const forAnother: readonly Row[] = [
  {
    when: 'it is well, and another resource that depends on it has failed',
    because: 'dependent-failed',
    says: `${failOver} because dependent-failed`,
  },
  {
    when: 'another resource has failed, and no server is ready for both',
    because: 'dependent-failed',
    see: stoppedB,
    says: 'hold no-failover-target, not ServerB/eth0: server-not-running',
  },
  {
    when: 'another resource has failed, and nobody could ask EC2 who owns the address',
    because: 'dependent-failed',
    see: (seen) => ({ ...seen, addresses: nothing }),
    says: 'hold interfaces-could-not-look',
  },
  {
    when: 'another resource has failed, and this one has a link that was set down',
    because: 'dependent-failed',
    see: linkDown,
    says: `${failOver} because dependent-failed`,
  },
];
