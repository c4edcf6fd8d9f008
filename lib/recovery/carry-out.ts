/**
 * Carries out an operator's order to move an address: claim → look → in service at the first place that proves it →
 * commit, or back to where it was. The mechanism is that of a recovery; pauses, switches and brakes do not count, what
 * nobody could look at, a foreign owner and a place that is not ready do.
 *
 * An order names places, so a run that comes after a crash goes on, and one that comes twice finds it done.
 */
import type { Summary } from './audit.ts';
import { bringInService, type ServiceResult } from './bring-in-service.ts';
import { type CarriedOrder, triggerOf } from './carried-order.ts';
import type { FleetDefinition } from './fleet.ts';
import { followInterface } from './follow-interface.ts';
import { goBack } from './go-back.ts';
import { goesByWorkflow, handOver } from './hand-over.ts';
import { parseInfo } from './info.ts';
import { openJournal } from './journal.ts';
import type { AddressView } from './observation.ts';
import { currentPlace } from './observe.ts';
import { type Around, ended, held, lookAround, release, type Work } from './order-work.ts';
import type { Change } from './ports.ts';
import { foreignOwner, samePlace, skipAt } from './readiness.ts';
import type { Reason } from './reasons.ts';
import { inServiceHere } from './recover.ts';
import {
  entryOf,
  type PastRecovery,
  type Place,
  placeOf,
  type ResourceRecord,
  type Rung,
} from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';
import { removeFromSource } from './source.ts';
import { bringInLine, takeClaim } from './take-claim.ts';
import { takeOutOfService } from './take-out.ts';

/** Once, and again when EC2 gave no answer or the world changed in between. */
const maxRounds = 4;

export async function carryOut(
  ports: RecoverPorts,
  fleet: FleetDefinition,
  carried: CarriedOrder,
  id = '',
): Promise<Run> {
  const { order, recoveryId, atMs, from } = carried;
  const { tag } = order;
  const trigger = triggerOf(carried);
  const nowMs = ports.clock.now();
  const stagesMs = { handover: Math.max(0, nowMs - atMs) };
  // The first step is the order itself, which the operate function has written.
  const journal = openJournal(ports, { tag, recoveryId, trigger, startedAtMs: atMs, stagesMs, steps: 1 });
  const definition = fleet.resources.find((each) => each.tag === tag);
  if (definition === undefined) return held(journal, 'tag-unknown', from);
  if (nowMs - atMs > fleet.policy.maxEventAgeMs) return held(journal, 'event-too-old', from);
  const claim = await journal.stage('claim', () =>
    takeClaim(ports, journal, fleet, definition, { tag, holder: `${recoveryId}/${id}` }),
  );
  if (claim.kind === 'held') {
    if (claim.by?.startsWith(`${recoveryId}/`)) {
      await journal.settle();
      return { kind: 'escalated' };
    }
    return held(journal, 'claim-held', from);
  }
  journal.claimed(claim.record.claim.epoch);
  const { dependents = [] } = definition;
  const work: Work = { ports, journal, carried, claimMs: fleet.policy.claimMs, dependents };
  const record = await bringInLine(ports, fleet, definition, claim.record);
  const past = record.recent.find((each) => each.recovery === recoveryId);
  if (past !== undefined) return doneAlready(work, record, past);
  if (record.recent.some((each) => each.recovery !== undefined && each.atMs > atMs))
    return release(work, record, 'event-superseded');
  if (goesByWorkflow(definition, carried)) {
    const obstacle = movedMeanwhile(record, carried);
    return obstacle === null ? handOver(ports, journal, carried, record) : release(work, record, obstacle);
  }
  if (order.action === 'out-of-service') return takeOutOfService(work, record);
  return move(work, record);
}

async function move(work: Work, record: ResourceRecord): Promise<Run> {
  const { carried } = work;
  const { from, targets, recoveryId } = carried;
  const { intent } = record;
  const wasGoingBack =
    intent?.recovery === recoveryId &&
    from !== null &&
    samePlace(intent.to, from) &&
    !isTarget(targets, from);
  if (wasGoingBack) return goBack(work, record, 'not-verified');
  const obstacle = movedMeanwhile(record, carried);
  if (obstacle !== null) return release(work, record, obstacle);

  let current = record;
  let reason: Reason = 'no-failover-target';
  let tried = intent?.recovery === recoveryId;
  for (const to of targets) {
    const attempt = await tryPlace(work, current, to);
    if (attempt.kind === 'superseded') return held(work.journal, 'claim-lost', from);
    current = attempt.record;
    if (attempt.kind === 'in-service') return commit(work, current, to, attempt.addresses);
    reason = attempt.reason;
    if (attempt.kind === 'tried') tried = true;
    else if (attempt.kind === 'hold') break;
  }
  return tried ? goBack(work, current, reason) : release(work, current, reason);
}

/** Why the order, which was given of another place, means nothing any more. */
function movedMeanwhile(
  record: ResourceRecord,
  { order, from, targets }: CarriedOrder,
): 'out-of-service' | 'owner-changed' | null {
  const here = currentPlace(record);
  if (order.action === 'out-of-service')
    return here === null || here.server === from?.server ? null : 'owner-changed';
  if (samePlace(here, from) || (here !== null && isTarget(targets, here))) return null;
  return here === null ? 'out-of-service' : 'owner-changed';
}

type Attempt =
  | { readonly kind: 'in-service'; readonly record: ResourceRecord; readonly addresses: AddressView }
  /** `passed`: not ready. `hold`: not before somebody has looked, or a stranger has gone. `tried`: something may have changed. */
  | { readonly kind: 'passed' | 'hold' | 'tried'; readonly record: ResourceRecord; readonly reason: Reason }
  | { readonly kind: 'superseded' };

async function tryPlace(work: Work, known: ResourceRecord, to: Place): Promise<Attempt> {
  const { ports, journal, carried, claimMs } = work;
  let record = known;
  let last: Exclude<ServiceResult['kind'], 'in-service' | 'superseded'> | undefined;
  for (let round = 0; round < maxRounds; round += 1) {
    const seen = await journal.stage('observe', () => lookAround(ports, record));
    journal.step('observed', 0, seen);
    const obstacle = obstacleIn(record, seen, to, carried.order.action === 'failover');
    if (obstacle !== null) {
      journal.step('decided', 0, { kind: 'hold', reason: obstacle.reason, to });
      return { kind: last === undefined ? obstacle.kind : 'tried', record, reason: obstacle.reason };
    }
    if (seen.addresses.kind !== 'found') throw new Error('an obstacle was overlooked');
    const rung = rungTo(record, to);
    journal.decided({ kind: 'act', rung, reason: 'ordered', to, skipped: [] });
    const result = await bringInService(ports, journal, {
      rung,
      to,
      record,
      epoch: record.claim.epoch,
      claimMs,
      seen: seen.addresses.value,
      fleet: seen.fleet,
      recovery: carried.recoveryId,
    });
    if (result.kind === 'superseded') return result;
    record = result.record;
    if (result.kind === 'in-service') return { kind: 'in-service', record, addresses: seen.addresses.value };
    last = result.kind;
    if (result.kind === 'not-verified') return { kind: 'tried', record, reason: 'not-verified' };
  }
  return { kind: 'tried', record, reason: last === 'no-answer' ? 'ec2-gave-no-answer' : 'owner-changed' };
}

function obstacleIn(
  record: ResourceRecord,
  { addresses, instances, fleet }: Around,
  to: Place,
  forced: boolean,
): { readonly kind: 'passed' | 'hold'; readonly reason: Reason } | null {
  if (addresses.kind !== 'found') return { kind: 'hold', reason: 'interfaces-could-not-look' };
  if (instances.kind !== 'found') return { kind: 'hold', reason: 'instance-could-not-look' };
  if (fleet.kind !== 'found') return { kind: 'hold', reason: 'fleet-could-not-look' };
  const stranger = foreignOwner(record, addresses.value);
  if (stranger !== undefined)
    return {
      kind: 'hold',
      reason: stranger.asPrimary ? 'address-is-a-primary' : 'held-by-undeclared-interface',
    };
  const info = parseInfo(entryOf(record, to.server).info);
  if (to.interface !== info.primary && to.interface !== info.backup)
    return { kind: 'passed', reason: 'backup-none' };
  const seen = { addresses: addresses.value, instances: instances.value };
  const skip = skipAt(record, to, seen, forced ? 'forced' : 'ready');
  return skip === null ? null : { kind: 'passed', reason: skip };
}

/** What an interrupted move looks like to the recovery that finds it: it finishes this rung, or takes it back. */
function rungTo(record: ResourceRecord, to: Place): Rung {
  const here = currentPlace(record);
  if (here === null || samePlace(here, to)) return 'restore-in-place';
  return here.server === to.server ? 'move-to-backup' : 'fail-over';
}

/** The source is cleaned before the commit: whoever comes after a crash finds the move unfinished, and this with it. */
async function commit(work: Work, record: ResourceRecord, at: Place, addresses: AddressView): Promise<Run> {
  const { ports, journal, carried, claimMs, dependents } = work;
  const { from, recoveryId } = carried;
  const { epoch } = record.claim;
  const sources = sourcesOf(record, from, at, addresses);
  if (sources.length > 0)
    await journal.stage('source', () => removeFromSource(ports, journal, record, sources, addresses));
  const elsewhere = from !== null && from.server !== at.server;
  const way = { dependents, from, at, claimMs, recoveryId };
  const followed = await followInterface(ports, journal, record, way);
  if (followed.kind === 'superseded') return held(journal, 'claim-lost', from);
  // A new server starts with a clean count of local recoveries; an order is none.
  const outcome = elsewhere ? 'failed-over' : 'ordered';
  const armed = { ...record, armed: true, macs: macsOf(addresses) };
  const change: Change = {
    ...inServiceHere(armed, at, { atMs: ports.clock.now(), epoch, outcome, recovery: recoveryId }),
    armed: true,
    macs: armed.macs,
    stateReason: 'ordered',
    ...followed.change,
  };
  const written = await journal.stage('commit', () => ports.ledger.commit(record.tag, epoch, change, true));
  if (written.kind === 'superseded') return held(journal, 'claim-lost', from);
  journal.step('committed', 0, { state: change.state, info: change.servers?.[at.server]?.info });
  journal.changed(record.state, change.state, 'ordered');
  const reason = followed.lacking ? 'dependent-not-started' : 'ordered';
  return ended(await journal.close({ outcome: outcomeOf(from, at), reason, from, to: at }));
}

/** Where it was by the record and where EC2 had it, when that is another server. */
function sourcesOf(
  record: ResourceRecord,
  from: Place | null,
  at: Place,
  addresses: AddressView,
): readonly Place[] {
  const owners = addresses.owners.flatMap((owner) => placeOf(record, owner.eniId) ?? []);
  const places = from === null || owners.some((each) => samePlace(each, from)) ? owners : [from, ...owners];
  return places.filter((each) => each.server !== at.server);
}

function outcomeOf(from: Place | null, at: Place): Summary['outcome'] {
  if (from === null || samePlace(from, at)) return 'restored-in-place';
  return from.server === at.server ? 'moved-to-backup' : 'failed-over';
}

function macsOf(addresses: AddressView): ResourceRecord['macs'] {
  return Object.fromEntries(Object.values(addresses.interfaces).map(({ eniId, mac }) => [eniId, mac]));
}

/** The same order again, after it has ended: the claim goes back, and its summary is written once more as it was. */
async function doneAlready(work: Work, record: ResourceRecord, past: PastRecovery): Promise<Run> {
  const { ports, journal, carried } = work;
  await ports.ledger.commit(record.tag, record.claim.epoch, {}, true);
  const { from, targets } = carried;
  journal.claimed(past.epoch);
  if (past.outcome === 'failed')
    return ended(await journal.close({ outcome: 'failed', reason: 'not-verified', from, to: null }));
  const at = currentPlace(record);
  const to = at !== null && isTarget(targets, at) ? at : (targets[0] ?? null);
  const outcome = to === null ? 'ordered' : outcomeOf(from, to);
  return ended(await journal.close({ outcome, reason: 'ordered', from, to }));
}

function isTarget(targets: readonly Place[], at: Place): boolean {
  return targets.some((each) => samePlace(each, at));
}
