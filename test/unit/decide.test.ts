/** The decision table: one row per situation. What is not said in a row is well, on ServerA's eth0. */
import { expect, test } from 'vitest';
import { decide, hostMatters, type Verdict } from '../../lib/recovery/decide.ts';
import type { FleetView, Observation } from '../../lib/recovery/observation.ts';
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import { actReasons, holdReasons, type Reason, skipReasons } from '../../lib/recovery/reasons.ts';
import type { Place, ResourceRecord } from '../../lib/recovery/resource.ts';
import { tenOClock as now } from '../fakes/clock.ts';
import { eniOf, type FleetPlan, fleetOf, instanceOf } from '../fakes/fleets.ts';
import {
  allWell,
  answerOf,
  hostSays,
  ownedAsPrimary,
  ownedBy,
  recordOf,
  wellFleet,
  withInstance,
  withInterface,
} from '../fakes/situations.ts';

type See = (seen: Observation) => Observation;

interface Row {
  readonly when: string;
  readonly see?: See;
  readonly record?: Partial<ResourceRecord>;
  readonly plan?: FleetPlan;
  readonly says: string;
}

const minute = 60_000;
const [eth0A, eth1A, eth0B, eth1B] = [
  eniOf('ServerA', 'eth0'),
  eniOf('ServerA', 'eth1'),
  eniOf('ServerB', 'eth0'),
  eniOf('ServerB', 'eth1'),
];
const [a, b] = [instanceOf('ServerA'), instanceOf('ServerB')];
const nothing = couldNotLook('no answer');

const linkDown: See = (seen) => hostSays(seen, 'link-down', { link: 'down' });
const silent: See = (seen) => ({ ...seen, host: nothing });
const stopped: See = (seen) => withInstance(seen, a, { state: 'stopped' });
const impaired: See = (seen) => withInstance(seen, a, { systemStatus: 'impaired' });
const detached: See = (seen) => withInterface(seen, eth0A, { instanceId: null });
const fleet =
  (change: Partial<FleetView>): See =>
  (seen) => ({ ...seen, fleet: found({ ...wellFleet, ...change }) });
const tried =
  (...rungs: Observation['tried']): See =>
  (seen) => ({ ...seen, tried: rungs });
const both =
  (...sees: readonly See[]): See =>
  (seen) =>
    sees.reduce((each, see) => see(each), seen);

function local(count: number, agoMs: number): ResourceRecord['recent'] {
  return Array.from({ length: count }, () => ({ atMs: now - agoMs, epoch: 1, outcome: 'restored-in-place' }));
}
function intent(rung: 'move-to-backup' | 'fail-over', to: Place): Partial<ResourceRecord> {
  return { intent: { epoch: 6, rung, to } };
}
const onBackup: Place = { server: 'ServerA', interface: 'eth1' };
const onB: Place = { server: 'ServerB', interface: 'eth0' };

const restore = 'act restore-in-place ServerA/eth0';
const backup = 'act move-to-backup ServerA/eth1';
const failOver = 'act fail-over ServerB/eth0';

const nothingToDo: readonly Row[] = [
  { when: 'all is well', says: 'hold already-healthy' },
  { when: 'the resource is on no server', record: { activeServer: null }, says: 'hold out-of-service' },
  {
    when: 'EC2 could not be asked who owns the address',
    see: (seen) => ({ ...seen, addresses: nothing }),
    says: 'hold interfaces-could-not-look',
  },
  {
    when: 'EC2 could not be asked about the instance',
    see: (seen) => ({ ...seen, instances: nothing }),
    says: 'hold instance-could-not-look',
  },
  {
    when: 'the host gives no answer and nothing else is wrong',
    see: silent,
    says: 'hold host-could-not-look',
  },
  {
    when: 'the host answers that it could not look itself',
    see: (seen) => ({ ...seen, host: found(answerOf({ verdict: 'could-not-look', why: 'could-not-look' })) }),
    says: 'hold host-could-not-look',
  },
  {
    when: 'the instance is starting',
    see: (seen) => withInstance(seen, a, { state: 'pending' }),
    says: 'hold instance-in-transition',
  },
  {
    when: 'the instance fails its status check and its host says that all is well',
    see: impaired,
    says: 'hold serving-though-impaired',
  },
  {
    when: 'an interface of somebody else owns the address',
    see: (seen) => ownedBy(seen, 'eni-of-somebody-else'),
    says: 'hold held-by-undeclared-interface',
  },
  {
    when: 'the address is the primary address of an interface',
    see: (seen) => ownedAsPrimary(seen, eth0B),
    says: 'hold address-is-a-primary',
  },
  {
    when: 'somebody else shares the address while EC2 settles',
    see: (seen) => ownedBy(seen, eth0A, 'eni-of-somebody-else'),
    says: 'hold held-by-undeclared-interface',
  },
];

const inPlace: readonly Row[] = [
  { when: 'the link is down', see: linkDown, says: `${restore} because link-down` },
  {
    when: 'the host does not see the interface',
    see: (seen) => hostSays(seen, 'interface-absent', { link: 'absent', device: null }),
    says: `${restore} because interface-absent`,
  },
  {
    when: 'the operating system has lost the address',
    see: (seen) => hostSays(seen, 'address-absent', { os: 'absent' }),
    says: `${restore} because address-absent`,
  },
  {
    when: 'the operating system has the address on another interface that is not the backup',
    see: (seen) => hostSays(seen, 'address-elsewhere', { os: 'elsewhere', elsewhere: 'eth7' }),
    says: `${restore} because address-elsewhere`,
  },
  {
    when: 'the policy rule is missing',
    see: (seen) => hostSays(seen, 'rule-absent', { rule: 'absent' }),
    says: `${restore} because rule-absent`,
  },
  {
    when: 'packets are not answered',
    see: (seen) => hostSays(seen, 'path-unanswered', { path: 'unanswered' }),
    says: `${restore} because path-unanswered`,
  },
  {
    when: 'the host names a fault that nobody here knows',
    see: (seen) => hostSays(seen, 'toString'),
    says: `${restore} because path-unanswered`,
  },
  {
    when: 'nobody owns the address',
    see: (seen) => ownedBy(seen),
    says: `${restore} because address-unassigned`,
  },
  {
    when: 'nobody owns the address and the host gives no answer',
    see: both((seen) => ownedBy(seen), silent),
    says: `${restore} because address-unassigned`,
  },
  {
    when: 'the backup interface owns the address and nobody was moving it',
    see: (seen) => ownedBy(seen, eth1A),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'another server owns the address and nobody was failing over',
    see: (seen) => ownedBy(seen, eth0B),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'EC2 shows two owners, and one of them is right',
    see: (seen) => ownedBy(seen, eth0A, eth1A),
    says: `${restore} because address-on-wrong-interface`,
  },
  {
    when: 'the instance fails its status check and its host says what is wrong',
    see: both(impaired, linkDown),
    says: `${restore} because link-down`,
  },
];

const toBackup: readonly Row[] = [
  {
    when: 'restoring in place did not help',
    see: both(linkDown, tried('restore-in-place')),
    says: `${backup} because link-down`,
  },
  { when: 'the interface is detached', see: detached, says: `${backup} because interface-detached` },
  {
    when: 'EC2 does not know the interface any more',
    see: (seen) => withInterface(seen, eth0A, null),
    says: `${backup} because interface-detached`,
  },
  {
    when: 'a move to the backup interface was interrupted after EC2 had moved the address',
    see: (seen) => ownedBy(seen, eth1A),
    record: intent('move-to-backup', onBackup),
    says: `${backup} because move-unfinished`,
  },
  {
    when: 'EC2 and the operating system both have the address on the backup interface',
    see: both(
      (seen) => ownedBy(seen, eth1A),
      (seen) => hostSays(seen, 'address-elsewhere', { os: 'elsewhere', elsewhere: 'eth1' }),
    ),
    says: `${backup} because move-unfinished`,
  },
  {
    when: 'a move was interrupted and EC2 still shows both owners',
    see: (seen) => ownedBy(seen, eth0A, eth1A),
    record: intent('move-to-backup', onBackup),
    says: `${backup} because move-unfinished`,
  },
];

const toAnotherServer: readonly Row[] = [
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
    when: 'an earlier failover was interrupted after EC2 had moved the address',
    see: (seen) => ownedBy(seen, eth0B),
    record: intent('fail-over', onB),
    says: `${failOver} because failover-unfinished`,
  },
];

const countedElsewhere: readonly Row[] = [
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
const passedOver: readonly (Row & { readonly plan: FleetPlan })[] = [
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
    when: 'the next server was tried already',
    see: both(stopped, (seen) => ({ ...seen, triedServers: ['ServerB'] })),
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

function lastOnEth1(): ResourceRecord['servers'] {
  const { ServerB, ...others } = recordOf(fleetOf()).servers;
  if (ServerB === undefined) throw new Error('the fleet has no ServerB');
  return { ...others, ServerB: { ...ServerB, info: 'ServerB eth1 10.0.1.50 ffffff00 eth0' } };
}

const wouldRestore = `, would have: ${restore} because link-down`;
const wouldFailOver = `, would have: ${failOver} because instance-not-running`;
const inTheWay: readonly Row[] = [
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
    see: both(stopped, fleet({ failoversAtMs: [1, 2, 3, 4, 5].map((each) => now - each * minute) })),
    says: `hold fleet-brake${wouldFailOver}`,
  },
  {
    when: 'one of five failovers is more than an hour ago',
    see: both(stopped, fleet({ failoversAtMs: [1, 2, 3, 4, 60].map((each) => now - each * minute) })),
    says: `${failOver} because instance-not-running`,
  },
  {
    when: 'a switch stands in the way of nothing',
    record: { automation: 'off' },
    says: 'hold already-healthy',
  },
];

const table: readonly Row[] = [
  ...nothingToDo,
  ...inPlace,
  ...toBackup,
  ...toAnotherServer,
  ...countedElsewhere,
  ...passedOver,
  ...inTheWay,
];

test.each(table)('when $when: $says', (row) => {
  expect(wordsOf(verdictOf(row))).toBe(row.says);
});

/** Given before or after a decision: by the event, the claim, or the look just before acting. */
const givenElsewhere: readonly Reason[] = [
  'event-not-understood',
  'event-too-old',
  'event-superseded',
  'not-in-alarm',
  'alarm-unknown',
  'tag-unknown',
  'server-not-active',
  'claim-held',
  'claim-lost',
  'owner-changed',
  // Never given: instances are looked at together, so all of them can be looked at or none.
  'server-could-not-look',
];

test('the table has a row for every reason that a decision can give', () => {
  const given = new Set(table.flatMap((row) => reasonsOf(verdictOf(row))));
  const all = Object.keys({ ...holdReasons, ...actReasons, ...skipReasons }) as Reason[];
  expect(all.filter((reason) => !given.has(reason))).toEqual(givenElsewhere);
});

test.each([
  ['all is well with EC2', (seen: Observation) => seen, true],
  ['the instance fails its status check', impaired, true],
  ['the instance is stopped', stopped, false],
  ['nobody owns the address', (seen: Observation) => ownedBy(seen), false],
  ['the interface is detached', detached, false],
  ['EC2 could not be asked', (seen: Observation) => ({ ...seen, addresses: nothing }), false],
  ['the backup interface owns the address', (seen: Observation) => ownedBy(seen, eth1A), true],
  ["another server's backup interface owns the address", (seen: Observation) => ownedBy(seen, eth1B), false],
])('when %s, it matters what the host says: %s', (...[, see, matters]) => {
  const definition = fleetOf();
  const seen = { ...see(allWell(definition)), host: { kind: 'absent' } as const };
  expect(hostMatters(seen, recordOf(definition), definition.policy, now)).toBe(matters);
});

function verdictOf({ see = (seen) => seen, record = {}, plan = {} }: Row): Verdict {
  const definition = fleetOf(plan);
  return decide(see(allWell(definition)), { ...recordOf(definition), ...record }, definition.policy, now);
}

function wordsOf(verdict: Verdict): string {
  const skipped = verdict.skipped
    .map(({ at, reason }) => `, not ${at.server}/${at.interface}: ${reason}`)
    .join('');
  if (verdict.kind === 'act') return `${actWords(verdict)}${skipped}`;
  const { wouldHave } = verdict;
  return `hold ${verdict.reason}${wouldHave === null ? '' : `, would have: ${actWords(wouldHave)}`}${skipped}`;
}

function actWords({
  rung,
  to,
  reason,
}: Pick<Extract<Verdict, { kind: 'act' }>, 'rung' | 'to' | 'reason'>): string {
  return `act ${rung} ${to.server}/${to.interface} because ${reason}`;
}

function reasonsOf(verdict: Verdict): readonly Reason[] {
  const acts: readonly Reason[] =
    verdict.kind === 'hold' && verdict.wouldHave !== null ? [verdict.wouldHave.reason] : [];
  return [verdict.reason, ...acts, ...verdict.skipped.map(({ reason }) => reason)];
}
