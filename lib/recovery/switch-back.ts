/**
 * `switchback: automatic` of the fleet file: an address that a failover has brought to a server of lower priority goes
 * back once the block after that failover is over and a server of higher priority is ready. It is carried out like a
 * switchover that a person has ordered: what cannot be stopped or verified stays where it is.
 *
 * The default is `intelligent`, LifeKeeper's word for: never by itself. Where a person has put an address it stays, too.
 *
 *     tick ─▶ may go back? ─▶ a server ready? ─▶ claim ─▶ still so? ─▶ attempt written ─▶ carried out from that epoch
 */
import { type CarriedOrder, triggerOf } from './carried-order.ts';
import { carryOut } from './carry-out.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition, RecoveryPolicy, ResourceDefinition } from './fleet.ts';
import { recoverTogether } from './gathered-starts.ts';
import { openJournal } from './journal.ts';
import { parentOf } from './move-parent.ts';
import { operatorSource } from './names.ts';
import type { FleetView } from './observation.ts';
import { lookAtAddresses, lookAtInstances } from './observe.ts';
import { planMove } from './plan.ts';
import type { Ledger } from './ports.ts';
import { foreignOwner, primaryOf, type Seen, serversByPriority, skipAt } from './readiness.ts';
import type { Reading } from './reading.ts';
import { entryOf, isPaused, isUnderWay, keptRecoveries, type ResourceRecord } from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';
import { together } from './together.ts';

/** Who orders it, where a person's ARN stands otherwise. */
const switchbackBy = 'holdfast:switchback';
/** Of its recovery's name, and of what stands in the record's history before it. */
const switchback = 'switchback';

/** A resource that is well, as its record says. */
export interface Standing {
  readonly definition: ResourceDefinition;
  readonly record: ResourceRecord;
}

/** How many resources are looked at at the same time. */
const width = 8;

/** Those that may go back, in one incident. */
export async function switchBackTogether(
  ports: RecoverPorts,
  fleet: FleetDefinition,
  well: readonly Standing[],
  id: string,
): Promise<readonly Run[]> {
  const candidates = well.filter(({ definition }) => definition.failover?.switchback === 'automatic');
  const taken: Switchback[] = [];
  for (let from = 0; from < candidates.length; from += width) {
    const some = candidates.slice(from, from + width);
    const each = await together(some.map((one) => take(ports, fleet, one, id).catch(nullIfFault)));
    taken.push(...each.filter((one) => one !== null));
  }
  return recoverTogether(
    ports,
    taken.map((back) => (each) => goBack(each, fleet, back, id)),
  );
}

interface Switchback {
  readonly record: ResourceRecord;
  readonly carried: CarriedOrder;
  readonly leftOut: unknown;
}

/** The claim is taken: until it is carried out nobody can pause the resource or switch it off. Null: it stays. */
async function take(
  ports: RecoverPorts,
  fleet: FleetDefinition,
  { definition, record: known }: Standing,
  id: string,
): Promise<Switchback | null> {
  const { policy } = fleet;
  if (parentOf(fleet, definition.tag) !== undefined) return null;
  const atMs = ports.clock.now();
  if (!mayGoBack(known, policy, atMs) || !isOn(await ports.ledger.fleet(), atMs)) return null;
  const seen = await look(ports, known);
  const server = seen === null ? undefined : readyServer(known, seen);
  if (seen === null || server === undefined) return null;

  const { tag } = known;
  const recoveryId = `${tag}@${atMs}@${id}.${switchback}`;
  const order = {
    action: 'switchover',
    tag,
    server,
    reason: 'switchback is automatic',
    dryRun: false,
  } as const;
  const claim = await ports.ledger.claim(tag, {
    holder: recoveryId,
    nowMs: atMs,
    untilMs: atMs + policy.claimMs,
  });
  if (claim.kind !== 'claimed') return null;
  const { record } = claim;
  const nowMs = ports.clock.now();
  const free = { ...record, claim: { ...record.claim, holder: null } };
  const still = mayGoBack(free, policy, nowMs) && isOn(await ports.ledger.fleet(), nowMs);
  const planned = still ? planMove(order, record, seen, definition) : null;
  if (planned?.kind !== 'carry') {
    await ports.ledger.commit(tag, record.claim.epoch, {}, true);
    return null;
  }
  // Before it is tried: one that dies on the way, or is held, is not tried again every minute.
  const past = { atMs: nowMs, epoch: record.claim.epoch, outcome: switchback };
  const recent = [...record.recent, past].slice(-keptRecoveries);
  const written = await ports.ledger.commit(tag, record.claim.epoch, { recent }, false);
  if (written.kind === 'superseded') return null;
  const { from, targets, plan } = planned;
  const who = { arn: switchbackBy, via: 'command' } as const;
  const carried: CarriedOrder = {
    source: operatorSource,
    order,
    who,
    recoveryId,
    atMs,
    from,
    targets: [...targets],
  };
  return { record: written.record, carried, leftOut: plan.leftOut };
}

async function goBack(
  ports: RecoverPorts,
  fleet: FleetDefinition,
  { record, carried, leftOut }: Switchback,
  id: string,
): Promise<Run> {
  const { recoveryId, atMs, order, from, targets } = carried;
  const { tag, claim } = record;
  const trigger = triggerOf(carried);
  const journal = openJournal(ports, { tag, recoveryId, trigger, startedAtMs: atMs });
  journal.claimed(claim.epoch);
  journal.step('ordered', 0, { trigger, order, from, targets, leftOut });
  await journal.settle();
  return carryOut({ ...ports, ledger: following(ports.ledger, claim.epoch) }, fleet, carried, id);
}

/** Whoever carries it out takes the claim over from this epoch: in between nobody can have it. */
function following(ledger: Ledger, fromEpoch: number): Ledger {
  return { ...ledger, claim: (tag, wish) => ledger.claim(tag, { ...wish, fromEpoch }) };
}

/** As far as the record says. */
function mayGoBack(record: ResourceRecord, policy: RecoveryPolicy, nowMs: number): boolean {
  const { claim, state, automation, armed, intent, blind, activeServer, failoverBlockedUntilMs } = record;
  const isFree = claim.holder === null || claim.expiresAtMs <= nowMs;
  const isWell = state === 'ISP' && armed && intent === null && blind === null && !isUnderWay(record);
  const isSwitchedOn = automation === 'on' && !isPaused(record, nowMs);
  if (!isFree || !isWell || !isSwitchedOn || activeServer === null || failoverBlockedUntilMs > nowMs)
    return false;
  const tried = record.recent.findLast(({ outcome }) => outcome === switchback);
  if (tried !== undefined && tried.atMs > nowMs - policy.failoverBlockMs) return false;
  return cameByItself(record);
}

/** Its last move to another server was a failover's, or a way back that ended half-way. */
function cameByItself({ recent }: ResourceRecord): boolean {
  const arrived = recent.findLast(({ outcome }) => outcome === 'failed-over');
  if (arrived === undefined) return false;
  return arrived.recovery === undefined || arrived.recovery.endsWith(`.${switchback}`);
}

/** A way back may wait for the next minute. */
function nullIfFault(error: unknown): null {
  if (error instanceof Fault) return null;
  throw error;
}

function isOn(fleet: Reading<FleetView>, nowMs: number): boolean {
  return fleet.kind === 'found' && fleet.value.automation === 'on' && !isPaused(fleet.value, nowMs);
}

async function look(ports: RecoverPorts, record: ResourceRecord): Promise<Seen | null> {
  const [addresses, instances] = await Promise.all([
    lookAtAddresses(ports, record),
    lookAtInstances(ports, record, true),
  ]);
  if (addresses.kind !== 'found' || instances.kind !== 'found') return null;
  if (foreignOwner(record, addresses.value) !== undefined) return null;
  return { addresses: addresses.value, instances: instances.value };
}

/** Of higher priority than where it is; nobody hurries, so a sign of life must be there and not only not missing. */
function readyServer(record: ResourceRecord, seen: Seen): string | undefined {
  const { activeServer } = record;
  if (activeServer === null) return undefined;
  const here = entryOf(record, activeServer).priority;
  return serversByPriority(record).find((server) => {
    const { priority, instanceId } = entryOf(record, server);
    if (priority >= here || seen.instances[instanceId]?.reachable !== true) return false;
    return skipAt(record, primaryOf(record, server), seen) === null;
  });
}
