/** Decisions that take the address to another server, and the switches and brakes that stand in the way of any act. */
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import { tenOClock as now } from '../fakes/clock.ts';
import { eniOf, type FleetPlan, fleetOf, instanceOf } from '../fakes/fleets.ts';
import { ownedBy, recordOf, withInstance, withInterface } from '../fakes/situations.ts';
import {
  a,
  b,
  both,
  detached,
  eth0B,
  eth1A,
  failOver,
  fleet,
  impaired,
  intent,
  linkDown,
  local,
  minute,
  nothing,
  onB,
  overlay,
  type Row,
  restore,
  silent,
  stopped,
  tried,
} from './decision-rows.ts';

export const toAnotherServer: readonly Row[] = [
  { when: 'the instance is stopped', see: stopped, says: `${failOver} because instance-not-running` },
  {
    when: 'EC2 does not know the instance',
    see: (seen) => withInstance(seen, a, null),
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'the instance fails its status check and its host gives no answer',
    see: both(impaired, silent),
    says: `${failOver} because instance-impaired`,
  },
  {
    when: 'both local rungs were tried',
    see: both(linkDown, tried('restore-in-place', 'move-to-backup')),
    says: `${failOver} because link-down`,
  },
  {
    when: 'there is no backup interface',
    plan: { backup: false },
    see: both(linkDown, tried('restore-in-place')),
    says: `${failOver} because link-down, not ServerA/eth0: backup-none`,
  },
  {
    when: 'EC2 does not know the backup interface',
    see: both(detached, (seen) => withInterface(seen, eth1A, null)),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-absent`,
  },
  {
    when: 'the backup interface is detached too',
    see: both(detached, (seen) => withInterface(seen, eth1A, { instanceId: null })),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-not-attached`,
  },
  {
    when: 'the backup interface is in another subnet',
    see: both(detached, (seen) => withInterface(seen, eth1A, { subnetId: 'subnet-2' })),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-in-other-subnet`,
  },
  {
    when: 'the backup interface has other security groups',
    see: both(detached, (seen) => withInterface(seen, eth1A, { securityGroups: ['sg-2'] })),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-security-groups-differ`,
  },
  {
    when: 'the backup interface has another source/destination check',
    see: both(detached, (seen) => withInterface(seen, eth1A, { sourceDestCheck: false })),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-source-dest-check-differs`,
  },
  {
    when: 'the backup interface drops what comes for an address that is not its own',
    plan: overlay,
    see: both(detached, (seen) => withInterface(seen, eth1A, { sourceDestCheck: true })),
    says: `${failOver} because interface-detached, not ServerA/eth1: backup-source-dest-check-on`,
  },
  {
    when: 'a fourth local recovery would be needed in half an hour',
    see: linkDown,
    record: { recent: local(3, 29 * minute) },
    says: `${failOver} because local-recoveries-too-frequent`,
  },
  {
    when: 'a fourth move would be needed in half an hour',
    see: detached,
    record: { recent: local(3, 29 * minute) },
    says: `${failOver} because local-recoveries-too-frequent`,
  },
  {
    when: 'a fourth local recovery would be needed and no other server is ready',
    see: both(linkDown, (seen) => withInstance(seen, instanceOf('ServerB'), { state: 'stopped' })),
    record: { recent: local(3, 29 * minute) },
    says: `${restore} because link-down`,
  },
  {
    when: 'a fourth local recovery would be needed while failovers are blocked',
    see: linkDown,
    record: { recent: local(3, 29 * minute), failoverBlockedUntilMs: now + 1 },
    says: `${restore} because link-down`,
  },
  {
    when: 'an earlier failover was interrupted after EC2 had moved the address',
    see: (seen) => ownedBy(seen, eth0B),
    record: intent('fail-over', onB),
    says: `${failOver} because failover-unfinished`,
  },
];

export const countedElsewhere: readonly Row[] = [
  {
    when: 'the local recoveries are longer ago than the window',
    see: linkDown,
    record: { recent: local(3, 30 * minute) },
    says: `${restore} because link-down`,
  },
  {
    when: 'the local recoveries were on the server that the address has left since',
    see: linkDown,
    record: { recent: [...local(3, 20 * minute), { atMs: now - minute, epoch: 1, outcome: 'failed-over' }] },
    says: `${restore} because link-down`,
  },
];

const three: FleetPlan = { servers: ['ServerA', 'ServerB', 'ServerC'] };
const toC = 'act fail-over ServerC/eth0 because instance-not-running';
export const passedOver: readonly (Row & { readonly plan: FleetPlan })[] = [
  {
    when: 'the next server is stopped',
    see: both(stopped, (seen) => withInstance(seen, b, { state: 'stopped' })),
    says: `${toC}, not ServerB/eth0: server-not-running`,
    plan: three,
  },
  {
    when: 'the next server fails its status check',
    see: both(stopped, (seen) => withInstance(seen, b, { instanceStatus: 'impaired' })),
    says: `${toC}, not ServerB/eth0: server-impaired`,
    plan: three,
  },
  {
    when: "the next server's interface is detached",
    see: both(stopped, (seen) => withInterface(seen, eth0B, { instanceId: null })),
    says: `${toC}, not ServerB/eth0: interface-not-attached`,
    plan: three,
  },
  {
    when: "the next server's interface is in another subnet",
    see: both(stopped, (seen) => withInterface(seen, eth0B, { primaryAddress: '10.0.2.20' })),
    says: `${toC}, not ServerB/eth0: interface-in-other-subnet`,
    plan: three,
  },
  {
    when: "the next server's interface has other security groups",
    see: both(stopped, (seen) => withInterface(seen, eth0B, { securityGroups: [] })),
    says: `${toC}, not ServerB/eth0: security-groups-differ`,
    plan: three,
  },
  {
    when: "the next server's interface has another source/destination check",
    see: both(stopped, (seen) => withInterface(seen, eth0B, { sourceDestCheck: false })),
    says: `${toC}, not ServerB/eth0: source-dest-check-differs`,
    plan: three,
  },
  {
    when: "the next server's interface drops what comes for an address that is not its own",
    see: both(stopped, (seen) => withInterface(seen, eth0B, { sourceDestCheck: true })),
    says: `${toC}, not ServerB/eth0: source-dest-check-on`,
    plan: { ...three, ...overlay },
  },
  {
    when: 'the fleet file says that the next server is in maintenance',
    see: stopped,
    record: inMaintenance('ServerB'),
    says: `${toC}, not ServerB/eth0: server-in-maintenance`,
    plan: three,
  },
  {
    when: "Systems Manager does not hear the next server's agent",
    see: both(stopped, (seen) => withInstance(seen, b, { reachable: false })),
    says: `${toC}, not ServerB/eth0: server-not-reachable`,
    plan: three,
  },
  {
    when: 'nobody could ask Systems Manager about the next server',
    see: both(stopped, (seen) => withInstance(seen, b, { reachable: null })),
    says: 'act fail-over ServerB/eth0 because instance-not-running',
    plan: three,
  },
  {
    when: 'the next server was tried already',
    see: both(stopped, (seen) => ({ ...seen, triedServers: ['ServerB'] })),
    says: toC,
    plan: three,
  },
  {
    when: 'an interrupted failover has come to the server after the next already',
    see: both(stopped, (seen) => ownedBy(seen, eniOf('ServerC', 'eth0'))),
    record: intent('fail-over', { server: 'ServerC', interface: 'eth0' }),
    says: toC,
    plan: three,
  },
  {
    when: 'no other server is ready',
    see: both(stopped, (seen) => withInstance(seen, b, { state: 'stopped' })),
    says: 'hold no-failover-target, not ServerB/eth0: server-not-running',
    plan: {},
  },
  {
    when: 'the address was last configured on the other interface of the next server',
    see: stopped,
    plan: { servers: ['ServerA', 'ServerB'] },
    record: { servers: lastOnEth1() },
    says: 'act fail-over ServerB/eth1 because instance-not-running',
  },
];

function inMaintenance(name: string): Partial<ResourceRecord> {
  const { servers } = recordOf(fleetOf(three));
  const entry = servers[name];
  if (entry === undefined) throw new Error(`the fleet has no ${name}`);
  return { servers: { ...servers, [name]: { ...entry, maintenance: true } } };
}

function lastOnEth1(): ResourceRecord['servers'] {
  const { ServerB, ...others } = recordOf(fleetOf()).servers;
  if (ServerB === undefined) throw new Error('the fleet has no ServerB');
  return { ...others, ServerB: { ...ServerB, info: 'ServerB eth1 10.0.1.50 ffffff00 eth0' } };
}

const wouldRestore = `, would have: ${restore} because link-down`;
const wouldFailOver = `, would have: ${failOver} because instance-not-running`;
export const inTheWay: readonly Row[] = [
  {
    when: 'the resource is switched off',
    see: linkDown,
    record: { automation: 'off' },
    says: `hold automation-off${wouldRestore}`,
  },
  {
    when: 'the fleet is switched off',
    see: both(linkDown, fleet({ automation: 'off' })),
    says: `hold automation-off${wouldRestore}`,
  },
  {
    when: 'the resource is paused',
    see: linkDown,
    record: { pausedUntilMs: now + 1 },
    says: `hold automation-paused${wouldRestore}`,
  },
  {
    when: 'the fleet is paused',
    see: both(linkDown, fleet({ pausedUntilMs: now + 1 })),
    says: `hold automation-paused${wouldRestore}`,
  },
  {
    when: 'the pause is over',
    see: linkDown,
    record: { pausedUntilMs: now },
    says: `${restore} because link-down`,
  },
  {
    when: 'the resource was never seen healthy',
    see: linkDown,
    record: { armed: false },
    says: `hold not-armed${wouldRestore}`,
  },
  {
    when: 'the resource is only observed',
    see: linkDown,
    record: { automation: 'observe' },
    says: `hold automation-observes${wouldRestore}`,
  },
  {
    when: 'the fleet is only observed',
    see: both(linkDown, fleet({ automation: 'observe' })),
    says: `hold automation-observes${wouldRestore}`,
  },
  {
    when: 'the fleet-wide switch could not be read',
    see: both(linkDown, (seen) => ({ ...seen, fleet: nothing })),
    says: `hold fleet-could-not-look${wouldRestore}`,
  },
  {
    when: 'the last failover is too recent',
    see: stopped,
    record: { failoverBlockedUntilMs: now + 1 },
    says: `hold failover-blocked${wouldFailOver}`,
  },
  {
    when: 'the block window is over',
    see: stopped,
    record: { failoverBlockedUntilMs: now },
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'a block window does not stop a local recovery',
    see: linkDown,
    record: { failoverBlockedUntilMs: now + 1 },
    says: `${restore} because link-down`,
  },
  {
    when: 'the fleet had five failovers within the hour',
    see: both(stopped, fleet({ failovers: minutesAgo(1, 2, 3, 4, 5) })),
    says: `hold fleet-brake${wouldFailOver}`,
  },
  {
    when: 'one of the five failovers within the hour was its own, which did not come up',
    see: both(stopped, fleet({ failovers: { ...minutesAgo(1, 2, 3, 4), 'ip-db': now - minute } })),
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'one of five failovers is more than an hour ago',
    see: both(stopped, fleet({ failovers: minutesAgo(1, 2, 3, 4, 60) })),
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'a switch stands in the way of nothing',
    record: { automation: 'off' },
    says: 'hold already-healthy',
  },
];

/** One failover of some other resource each. */
function minutesAgo(...ages: readonly number[]): Record<string, number> {
  return Object.fromEntries(ages.map((age) => [`other-${age}`, now - age * minute]));
}
