/**
 * Where a failover goes next: of a failure the next server that is ready by the evidence as it is now, of an order the
 * next of its places. Looks anew every time; what was seen before a wait is never believed after it.
 */
import { decide, type Verdict } from './decide.ts';
import { chapter, hasEnded, type Work } from './failover-work.ts';
import { parseInfo } from './info.ts';
import type { Journal } from './journal.ts';
import type { AddressView, FleetView, Observation } from './observation.ts';
import { currentPlace, lookAtAddresses, lookAtInstances, observe } from './observe.ts';
import { backupSkip } from './preflight.ts';
import { foreignOwner, skipAt } from './readiness.ts';
import type { Reading } from './reading.ts';
import type { ActReason, HoldReason, Reason } from './reasons.ts';
import { endOf } from './recover.ts';
import { entryOf, isUnderWay, type Place, placeOf, type ResourceRecord } from './resource.ts';

/** For so long what the recovery has seen need not be asked for again: a dead host costs 8 s. */
const newsCountsMs = 15_000;

export interface Going {
  readonly kind: 'go';
  readonly record: ResourceRecord;
  /** Tried one after the other; all on one server. */
  readonly places: readonly [Place, ...Place[]];
  readonly from: Place | null;
  readonly reason: ActReason;
  readonly addresses: AddressView;
  readonly fleet: Reading<FleetView>;
  /** The source's host gave no answer. */
  readonly silent: boolean;
  /** It is well itself, and moves for another one that depends on it. */
  readonly forOther: boolean;
}

export interface Holding {
  readonly kind: 'hold';
  readonly record: ResourceRecord;
  readonly reason: Reason;
  readonly verdict: Verdict | null;
  /** It is well itself: what holds it keeps another one out of service. */
  readonly forOther: boolean;
}

export type Choice = Going | Holding;

/** What would have been done, and why it is not. */
export function heldAs(going: Going, reason: HoldReason): Holding {
  const { record, places, reason: wanted, forOther } = going;
  const wouldHave = { rung: 'fail-over', reason: wanted, to: places[0] } as const;
  return {
    kind: 'hold',
    record,
    reason,
    verdict: { kind: 'hold', reason, wouldHave, skipped: [] },
    forOther,
  };
}

/** Something has left the server already: by a failover that was interrupted. */
export function hasBegun({ record, from, addresses }: Going): boolean {
  if (isUnderWay(record)) return true;
  return addresses.owners.some(({ eniId }) => placeOf(record, eniId)?.server !== from?.server);
}

export type Chosen = Choice | { readonly kind: 'lost'; readonly reason: 'claim-lost' | 'tag-unknown' };

/**
 * A fresh look, and the decision anew. Whoever was superseded meanwhile, or replays what has ended, finds out here.
 * @param tried servers that could not be verified, or whose dependents did not come into service
 */
export function chooseAgain(
  work: Work,
  epoch: number,
  tried: readonly string[],
  name: string,
): Promise<Chosen> {
  return chapter(work, `choose-${name}`, async (journal) => {
    const guard = await work.ports.ledger.commit(work.escalation.tag, epoch, {}, false);
    if (guard.kind === 'superseded' || hasEnded(guard.record, epoch))
      return { kind: 'lost', reason: 'claim-lost' };
    return choose(work, journal, guard.record, tried);
  });
}

export async function choose(
  work: Work,
  journal: Journal,
  record: ResourceRecord,
  tried: readonly string[],
): Promise<Choice> {
  return work.escalation.carried === undefined
    ? chooseByEvidence(work, journal, record, tried)
    : chooseByOrder(work, journal, record, tried);
}

async function chooseByEvidence(
  work: Work,
  journal: Journal,
  record: ResourceRecord,
  before: readonly string[],
): Promise<Choice> {
  const { ports, fleet, escalation } = work;
  const { silentAtMs } = escalation;
  const silent = isFresh(work, silentAtMs);
  const seen = await journal.stage('observe', () =>
    observe(
      ports,
      record,
      fleet.policy,
      { tried: escalation.tried, triedServers: before, counted: true },
      { silent, reach: true },
    ),
  );
  journal.step('observed', 0, seen);
  const full: string[] = [];
  for (;;) {
    const now = { ...seen, triedServers: [...before, ...full] };
    const { verdict, forOther } = await verdictOf(work, record, now);
    journal.decided(verdict);
    if (verdict.kind === 'hold' || verdict.rung !== 'fail-over' || seen.addresses.kind !== 'found')
      return { kind: 'hold', record, reason: endOf(verdict, false), verdict, forOther };
    const { server } = verdict.to;
    const addresses = seen.addresses.value;
    const [first, ...others] = await withRoom(work, record, placesOn(record, server, addresses), addresses);
    if (first === undefined) {
      journal.step('decided', 0, { skipped: { at: verdict.to, reason: 'no-free-slot' } });
      full.push(server);
      continue;
    }
    return {
      kind: 'go',
      record,
      places: [first, ...others],
      from: currentPlace(record),
      reason: verdict.reason,
      addresses,
      fleet: seen.fleet,
      silent: silent || seen.host.kind === 'could-not-look',
      forOther,
    };
  }
}

function isFresh({ ports }: Work, atMs: number | null): boolean {
  return atMs !== null && ports.clock.now() - atMs <= newsCountsMs;
}

/** By its own evidence; where that asks for no failover, by that of the one for whose sake it is to move. */
async function verdictOf(
  work: Work,
  record: ResourceRecord,
  seen: Observation,
): Promise<{ readonly verdict: Verdict; readonly forOther: boolean }> {
  const { ports, fleet, escalation } = work;
  const { because } = escalation;
  const own = decide(seen, record, fleet.policy, ports.clock.now());
  if (because === undefined || leavesServer(own)) return { verdict: own, forOther: false };
  // What the other one's recovery has seen is not believed after a wait.
  if (!isFresh(work, escalation.escalatedAtMs) && (await isWell(work, because.tag)))
    return { verdict: own, forOther: false };
  const verdict = decide(seen, record, fleet.policy, ports.clock.now(), 'dependent-failed');
  return { verdict, forOther: true };
}

function leavesServer(verdict: Verdict): boolean {
  if (verdict.kind === 'act') return verdict.rung === 'fail-over';
  return verdict.wouldHave?.rung === 'fail-over' || verdict.reason === 'no-failover-target';
}

/** Whether the one that had failed is in service again, or is not to be. */
async function isWell({ ports, fleet }: Work, tag: string): Promise<boolean> {
  const read = await ports.ledger.read(tag);
  if (read.kind !== 'found') return false;
  const seen = await observe(ports, read.value, fleet.policy, { tried: [], triedServers: [] });
  const { kind, reason } = decide(seen, read.value, fleet.policy, ports.clock.now());
  return kind === 'hold' && wellReasons.has(reason);
}

const wellReasons: ReadonlySet<Reason> = new Set<HoldReason>([
  'already-healthy',
  'serving-though-impaired',
  'out-of-service',
]);

/** Without dependents EC2's refusal comes early enough: nothing has been taken out of service for it. */
async function withRoom(
  work: Work,
  record: ResourceRecord,
  places: readonly Place[],
  addresses: AddressView,
): Promise<readonly Place[]> {
  if (work.dependents.length === 0) return places;
  const full = await Promise.all(places.map((at) => isFull(work, record, at, addresses)));
  return places.filter((_, index) => full[index] !== true);
}

/** Where the address is already it takes no further place. */
async function isFull(
  { ports }: Work,
  record: ResourceRecord,
  to: Place,
  addresses: AddressView,
): Promise<boolean> {
  const { kind } = record.mechanism;
  const eniId = entryOf(record, to.server).interfaces[to.interface];
  if ((kind !== 'secondary' && kind !== 'ipv6') || eniId === undefined) return false;
  if (addresses.owners.some((owner) => owner.eniId === eniId)) return false;
  const slots = await ports.slots.look(eniId);
  return slots.kind === 'found' && slots.value.used >= slots.value.most;
}

/** The interface on which the address was last configured there, then that server's backup; where it is already, first. */
function placesOn(record: ResourceRecord, server: string, seen: AddressView): readonly [Place, ...Place[]] {
  const { info: line, interfaces } = entryOf(record, server);
  const info = parseInfo(line);
  const primary: Place = { server, interface: info.primary };
  if (info.backup === null || backupSkip(record, server, seen) !== null) return [primary];
  const backup: Place = { server, interface: info.backup };
  const isThere = seen.owners.some((owner) => owner.eniId === interfaces[backup.interface]);
  return isThere ? [backup, primary] : [primary, backup];
}

/** An order names its places; switches and brakes do not count, what nobody could look at and a foreign owner do. */
async function chooseByOrder(
  work: Work,
  journal: Journal,
  record: ResourceRecord,
  tried: readonly string[],
): Promise<Choice> {
  const { ports, escalation } = work;
  const targets = escalation.carried?.targets ?? [];
  const forced = escalation.carried?.order.action === 'failover';
  const [addresses, instances, fleet] = await journal.stage('observe', () =>
    Promise.all([
      lookAtAddresses(ports, record),
      lookAtInstances(ports, record, !forced),
      ports.ledger.fleet(),
    ]),
  );
  journal.step('observed', 0, { addresses, instances, fleet });
  const hold = (reason: Reason): Choice => ({ kind: 'hold', record, reason, verdict: null, forOther: false });
  if (addresses.kind !== 'found') return hold('interfaces-could-not-look');
  if (instances.kind !== 'found') return hold('instance-could-not-look');
  if (fleet.kind !== 'found') return hold('fleet-could-not-look');
  const stranger = foreignOwner(record, addresses.value);
  if (stranger !== undefined)
    return hold(stranger.asPrimary ? 'address-is-a-primary' : 'held-by-undeclared-interface');
  const seen = { addresses: addresses.value, instances: instances.value };
  let why: Reason = tried.length > 0 ? 'not-verified' : 'no-failover-target';
  for (const server of new Set(targets.map((each) => each.server))) {
    if (tried.includes(server)) continue;
    const judged = targets
      .filter((each) => each.server === server)
      .map((at) => ({ at, skip: skipAt(record, at, seen, forced ? 'forced' : 'ready') }));
    const ready = judged.filter(({ skip }) => skip === null).map(({ at }) => at);
    const [first, ...others] = await withRoom(work, record, ready, addresses.value);
    if (first === undefined) {
      why = ready.length > 0 ? 'no-free-slot' : (judged[0]?.skip ?? why);
      continue;
    }
    journal.decided({ kind: 'act', rung: 'fail-over', reason: 'ordered', to: first, skipped: [] });
    return {
      kind: 'go',
      record,
      places: [first, ...others],
      from: currentPlace(record),
      reason: 'ordered',
      addresses: addresses.value,
      fleet,
      silent: false,
      forOther: false,
    };
  }
  journal.step('decided', 0, { kind: 'hold', reason: why });
  return hold(why);
}
