/**
 * The decision, as a value: from what was seen, the record, the policy and the time to act or hold, each with a reason
 * code. Pure and total: every observation gives a verdict, could-not-look never gives "act"
 * (`test/property/decide.test.ts`).
 *
 * The ladder: restore in place → move to the backup interface → fail over → nothing left.
 */
import { type HostAnswer, isWithoutWitness } from './answer.ts';
import type { RecoveryPolicy } from './fleet.ts';
import { parseInfo } from './info.ts';
import type { AddressView, FleetView, InstancesView, Observation } from './observation.ts';
import { backupSkip, serverSkip } from './preflight.ts';
import { couldNotLook, found } from './reading.ts';
import { type ActReason, actReasonOfHost, type HoldReason, type SkipReason } from './reasons.ts';
import {
  eniAt,
  entryOf,
  isPaused,
  isUnderWay,
  type Place,
  placeOf,
  type ResourceRecord,
  type Rung,
} from './resource.ts';

interface Skip {
  readonly rung: Rung;
  readonly at: Place;
  readonly reason: SkipReason;
}

export type Verdict =
  | {
      readonly kind: 'hold';
      readonly reason: HoldReason;
      /** What would have been done, when only a switch or a brake stood in the way. */
      readonly wouldHave: { readonly rung: Rung; readonly reason: ActReason; readonly to: Place } | null;
      readonly skipped: readonly Skip[];
    }
  | {
      readonly kind: 'act';
      readonly rung: Rung;
      readonly reason: ActReason;
      readonly to: Place;
      readonly skipped: readonly Skip[];
    };

/** @param because why it has to leave its server whatever its own evidence says */
export function decide(
  seen: Observation,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  nowMs: number,
  because?: ActReason,
): Verdict {
  const wanted = diagnose(seen, record, policy, nowMs, because);
  if (wanted.kind === 'hold') return wanted;
  const obstacle = standsInTheWay(wanted.rung, seen, record, policy, nowMs);
  if (obstacle === null) return wanted;
  const { rung, reason, to, skipped } = wanted;
  return { kind: 'hold', reason: obstacle, wouldHave: { rung, reason, to }, skipped };
}

/** What the evidence asks for, switches and brakes aside. */
function diagnose(
  seen: Observation,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  nowMs: number,
  because?: ActReason,
): Verdict {
  if (record.activeServer === null) return hold('out-of-service');
  if (seen.addresses.kind !== 'found') return hold('interfaces-could-not-look');
  if (seen.instances.kind !== 'found') return hold('instance-could-not-look');
  const addresses = seen.addresses.value;
  const instances = seen.instances.value;
  const stranger = addresses.owners.find(
    (owner) => placeOf(record, owner.eniId) === undefined || owner.asPrimary,
  );
  if (stranger !== undefined)
    return hold(stranger.asPrimary ? 'address-is-a-primary' : 'held-by-undeclared-interface');

  const ladder: Ladder = { seen, record, policy, nowMs, addresses, instances, server: record.activeServer };
  if (because !== undefined) return failOver(ladder, because, []);
  const entry = entryOf(record, record.activeServer);
  const instance = instances[entry.instanceId];
  if (instance === undefined || gone.has(instance.state)) return stoppedInstance(ladder);
  // What has left it does not wait for it to start.
  if (instance.state === 'pending')
    return isUnderWay(record) ? failOver(ladder, 'failover-unfinished', []) : hold('instance-in-transition');
  const impaired = instance.systemStatus === 'impaired' || instance.instanceStatus === 'impaired';
  return impaired ? impairedInstance(ladder) : runningInstance(ladder);
}

const gone: ReadonlySet<string> = new Set(['stopping', 'stopped', 'shutting-down', 'terminated']);

interface Ladder {
  readonly seen: Observation;
  readonly record: ResourceRecord;
  readonly policy: RecoveryPolicy;
  readonly nowMs: number;
  readonly addresses: AddressView;
  readonly instances: InstancesView;
  readonly server: string;
}

/** A failover that has begun goes on, whoever has stopped the instance: it may have been the failover itself. */
function stoppedInstance(ladder: Ladder): Verdict {
  const { record, seen } = ladder;
  const begun = record.intent?.rung === 'fail-over' || isUnderWay(record);
  if (record.shutdownStrategy === 'hold' && !begun) {
    if (seen.stopped?.kind === 'could-not-look') return hold('instance-could-not-look');
    if (seen.stopped?.kind === 'found' && seen.stopped.value === 'asked-for')
      return hold('stopped-on-purpose');
  }
  return failOver(ladder, 'instance-not-running', []);
}

/** EC2 says the instance is failing. Its host still has a word: who answers is not dead. */
function impairedInstance(ladder: Ladder): Verdict {
  const { host } = ladder.seen;
  if (host.kind !== 'found' || host.value.verdict === 'could-not-look')
    return failOver(ladder, 'instance-impaired', []);
  const verdict = runningInstance(ladder);
  return verdict.kind === 'hold' && verdict.reason === 'already-healthy'
    ? hold('serving-though-impaired')
    : verdict;
}

function runningInstance(ladder: Ladder): Verdict {
  const { record, addresses, server, seen } = ladder;
  const entry = entryOf(record, server);
  const info = parseInfo(entry.info);
  const primary: Place = { server, interface: info.primary };
  const primaryEni = eniAt(record, primary);
  const owner = ownerPlace(ladder);

  if (isUnderWay(record)) return failOver(ladder, 'failover-unfinished', []);
  if (record.intent?.rung === 'fail-over' && owner !== undefined && owner.server !== server)
    return failOver(ladder, 'failover-unfinished', []);
  if (addresses.interfaces[primaryEni]?.instanceId !== entry.instanceId)
    return moveToBackup(ladder, 'interface-detached');
  if (owner !== undefined && owner.server === server && owner.interface === info.backup) {
    if (record.intent?.rung === 'move-to-backup') return moveToBackup(ladder, 'move-unfinished');
    if (seen.host.kind === 'found' && seen.host.value.elsewhere === info.backup)
      return moveToBackup(ladder, 'move-unfinished');
  }
  // Of an IPv6 address EC2 takes the old owner away first: whoever was interrupted in between goes on.
  if (owner === undefined && record.mechanism.kind === 'ipv6' && record.intent?.rung === 'move-to-backup')
    return moveToBackup(ladder, 'move-unfinished');
  if (owner === undefined) return restoreInPlace(ladder, primary, 'address-unassigned');
  if (owner.server !== server || owner.interface !== info.primary)
    return restoreInPlace(ladder, primary, 'address-on-wrong-interface');
  if (addresses.missingIn.length > 0) return restoreInPlace(ladder, primary, 'route-missing');
  if (seen.host.kind !== 'found' || seen.host.value.verdict === 'could-not-look')
    return hold('host-could-not-look');
  if (seen.host.value.verdict === 'ok') return hold('already-healthy');
  if (isWithoutWitness(seen.host.value)) return hold('path-without-witness');
  const reason = actReasonOfHost(seen.host.value.why);
  // With nowhere near to go it is tried all the same: a carrier may come back, and a failover is dear.
  if (pastRestoring.has(reason) && backupSkip(record, server, addresses) === null)
    return moveToBackup(ladder, reason, [
      { rung: 'restore-in-place', at: primary, reason: 'restore-cannot-help' },
    ]);
  return restoreInPlace(ladder, primary, reason);
}

/** The host can set an interface up; it cannot give it a carrier, nor a driver. */
const pastRestoring: ReadonlySet<ActReason> = new Set(['no-carrier', 'interface-absent']);

/** Rung 1, unless it was tried or local recoveries have become a habit. */
function restoreInPlace(ladder: Ladder, to: Place, reason: ActReason): Verdict {
  const away = ratherAway(ladder);
  if (away !== null) return away;
  if (ladder.seen.tried.includes('restore-in-place')) return moveToBackup(ladder, reason);
  return { kind: 'act', rung: 'restore-in-place', reason, to, skipped: [] };
}

/** Rung 2, if the INFO record has a backup interface that can take the address. */
function moveToBackup(ladder: Ladder, reason: ActReason, skipped: readonly Skip[] = []): Verdict {
  if (ladder.seen.tried.includes('move-to-backup')) return failOver(ladder, reason, skipped);
  const away = ratherAway(ladder);
  if (away !== null) return away;
  const { record, server, addresses } = ladder;
  const info = parseInfo(entryOf(record, server).info);
  const to: Place = { server, interface: info.backup ?? info.primary };
  const skip = backupSkip(record, server, addresses);
  if (skip !== null)
    return failOver(ladder, reason, [...skipped, { rung: 'move-to-backup', at: to, reason: skip }]);
  return { kind: 'act', rung: 'move-to-backup', reason, to, skipped };
}

/** Too many local recoveries: fail over, unless there is nowhere to go or something holds that; then stay and recover. */
function ratherAway(ladder: Ladder): Verdict | null {
  if (!tooFrequent(ladder)) return null;
  const away = failOver(ladder, 'local-recoveries-too-frequent', []);
  const { seen, record, policy, nowMs } = ladder;
  if (away.kind === 'hold' || standsInTheWay('fail-over', seen, record, policy, nowMs) !== null) return null;
  return away;
}

/** Rung 3: the next server that is ready. */
function failOver(ladder: Ladder, reason: ActReason, before: readonly Skip[]): Verdict {
  const { record, addresses, instances } = ladder;
  const skipped: Skip[] = [...before];
  for (const name of serversInOrder(ladder)) {
    // On the target the address comes up on the interface on which it was last configured there.
    const to: Place = { server: name, interface: parseInfo(entryOf(record, name).info).primary };
    const skip = serverSkip(record, to, addresses, instances);
    if (skip === null) return { kind: 'act', rung: 'fail-over', reason, to, skipped };
    skipped.push({ rung: 'fail-over', at: to, reason: skip });
  }
  return hold('no-failover-target', skipped);
}

/**
 * By priority; first the one to which an interrupted failover has come already. Once dependents are on their way the
 * server that they have left is one too: the last, or the first when it was no failure but an order that was lost.
 */
function serversInOrder(ladder: Ladder): readonly string[] {
  const { record, seen, server } = ladder;
  const { intent } = record;
  const begun = isUnderWay(record);
  const reached = intent?.rung === 'fail-over' ? ownerPlace(ladder)?.server : undefined;
  const home = intent?.recovery === undefined ? 3 : 1;
  const turn = (name: string): number => (name === server ? home : name === reached ? 0 : 2);
  return Object.entries(record.servers)
    .filter(([name]) => (begun || name !== server) && !seen.triedServers.includes(name))
    .sort(([, a], [, b]) => a.priority - b.priority)
    .sort(([a], [b]) => turn(a) - turn(b))
    .map(([name]) => name);
}

/** Switches and brakes, asked only when the evidence asks for an act. */
function standsInTheWay(
  rung: Rung,
  seen: Observation,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  nowMs: number,
): HoldReason | null {
  if (seen.fleet.kind !== 'found') return 'fleet-could-not-look';
  const fleet = seen.fleet.value;
  if (record.automation === 'off' || fleet.automation === 'off') return 'automation-off';
  if (isPaused(record, nowMs) || isPaused(fleet, nowMs)) return 'automation-paused';
  if (!record.armed) return 'not-armed';
  if (record.automation === 'observe' || fleet.automation === 'observe') return 'automation-observes';
  // What has begun was neither blocked nor braked then.
  if (rung !== 'fail-over' || isUnderWay(record)) return null;
  if (record.failoverBlockedUntilMs > nowMs) return 'failover-blocked';
  return seen.counted !== true && brakeReached(fleet, policy, nowMs, record.tag) ? 'fleet-brake' : null;
}

/**
 * Whether the host's answer can change the verdict at all. When EC2's evidence settles it, nobody waits for the host.
 * Asked by trying the answers that a host can give.
 */
export function hostMatters(
  seen: Observation,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  nowMs: number,
): boolean {
  const backup =
    record.activeServer === null ? null : parseInfo(entryOf(record, record.activeServer).info).backup;
  const [first, ...others] = possibleAnswers(backup).map((host) =>
    decide({ ...seen, host }, record, policy, nowMs),
  );
  return others.some((other) => JSON.stringify(other) !== JSON.stringify(first));
}

function possibleAnswers(backup: string | null): readonly Observation['host'][] {
  const healthy: HostAnswer = {
    v: 1,
    action: 'status',
    address: '',
    mac: '',
    device: null,
    link: 'up',
    os: 'here',
    elsewhere: null,
    rule: 'present',
    path: 'answered',
    witness: 'none',
    changed: false,
    verdict: 'ok',
    why: 'verified',
  };
  const failed: HostAnswer = { ...healthy, link: 'down', verdict: 'failed', why: 'link-down' };
  const moved: HostAnswer = {
    ...healthy,
    os: 'elsewhere',
    elsewhere: backup,
    verdict: 'failed',
    why: 'address-elsewhere',
  };
  return [couldNotLook('not asked'), found(healthy), found(failed), found(moved)];
}

function brakeReached(fleet: FleetView, policy: RecoveryPolicy, nowMs: number, tag: string): boolean {
  const { max, windowMs } = policy.fleetBrake;
  const recent = Object.entries(fleet.failovers).filter(([, atMs]) => atMs > nowMs - windowMs);
  return recent.length >= max && !recent.some(([counted]) => counted === tag);
}

/** Counted on this server only: what happened before the last failover happened elsewhere. */
function tooFrequent({ record, policy, nowMs }: Ladder): boolean {
  const { max, windowMs } = policy.localRecoveries;
  const arrived = record.recent.findLastIndex((each) => each.outcome === 'failed-over');
  const local = record.recent
    .slice(arrived + 1)
    .filter(
      (each) =>
        each.atMs > nowMs - windowMs &&
        (each.outcome === 'restored-in-place' || each.outcome === 'moved-to-backup'),
    );
  return local.length >= max;
}

/** Where EC2 has the address; while it shows two owners, the one that is not the INFO primary counts. */
function ownerPlace({ record, addresses, server }: Ladder): Place | undefined {
  const places = addresses.owners
    .map((owner) => placeOf(record, owner.eniId))
    .filter((place) => place !== undefined);
  const { primary } = parseInfo(entryOf(record, server).info);
  return places.find((place) => place.server !== server || place.interface !== primary) ?? places[0];
}

function hold(reason: HoldReason, skipped: readonly Skip[] = []): Verdict {
  return { kind: 'hold', reason, wouldHave: null, skipped };
}
