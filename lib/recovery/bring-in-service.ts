/**
 * The one mechanism behind all rungs: put the address in service at a place and prove it. Level-triggered: EC2 is
 * called only when it does not already say so, the host's `restore` changes only what is wrong, and success is what a
 * fresh look shows, on three planes.
 *
 *     intend ∥ look ─▶ assign (unless owner already) ─▶ host restore ∥ look until EC2 shows it ─▶ verified | not
 */
import type { HostAnswer } from './answer.ts';
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import type { AddressView, FleetView } from './observation.ts';
import { lookAtAddresses, question } from './observe.ts';
import type { Ports } from './ports.ts';
import type { Reading } from './reading.ts';
import { eniAt, entryOf, type Place, type ResourceRecord, type Rung } from './resource.ts';

/** How long a host may take to bring the address up and prove it; the script itself ends within 12 s. */
const restoreDeadlineMs = 20_000;
/** How long EC2 may take to show a move that it has accepted (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html). */
const settleDeadlineMs = 10_000;
const settleFirstPauseMs = 250;

export type ServiceResult =
  | { readonly kind: 'in-service'; readonly record: ResourceRecord }
  | { readonly kind: 'not-verified'; readonly record: ResourceRecord }
  /** The world or the switches changed between looking and acting: look and decide again. */
  | { readonly kind: 'changed'; readonly record: ResourceRecord }
  /** EC2 throttled the move or gave no answer: nothing is known against the target, so it does not count as tried. */
  | { readonly kind: 'no-answer'; readonly record: ResourceRecord }
  | { readonly kind: 'superseded' };

export interface ServiceOrder {
  readonly rung: Rung;
  readonly to: Place;
  readonly record: ResourceRecord;
  readonly epoch: number;
  readonly claimMs: number;
  /** Who owned the address when the decision was made. */
  readonly seen: AddressView;
  /** The fleet-wide switch as it was then. */
  readonly fleet: Reading<FleetView>;
}

export async function bringInService(
  ports: Ports,
  journal: Journal,
  order: ServiceOrder,
): Promise<ServiceResult> {
  const { rung, to, epoch } = order;
  const intent = { epoch, rung, to };
  const untilMs = ports.clock.now() + order.claimMs;
  const [guard, fresh, fleet] = await journal.stage('recheck', () =>
    Promise.all([
      ports.ledger.intend(order.record.tag, epoch, intent, untilMs),
      lookAtAddresses(ports, order.record),
      ports.ledger.fleet(),
    ]),
  );
  if (guard.kind === 'superseded') return guard;
  const { record } = guard;
  const nowMs = ports.clock.now();
  if (!sameSwitches(order.record, record, nowMs) || !sameFleet(order.fleet, fleet, nowMs))
    return { kind: 'changed', record };
  if (fresh.kind !== 'found' || owners(fresh.value) !== owners(order.seen))
    return { kind: 'changed', record };

  const eniId = eniAt(record, to);
  if (!ownedBy(fresh, eniId)) {
    const assigned = await assign(ports, journal, record, eniId);
    if (assigned !== 'taken') return { kind: assigned === 'refused' ? 'not-verified' : 'no-answer', record };
  }
  const mac = fresh.value.interfaces[eniId]?.mac;
  if (mac === undefined) return { kind: 'not-verified', record };
  const [host, ec2] = await Promise.all([
    journal.stage('host', () => restoreOnHost(ports, journal, record, to, mac)),
    journal.stage('settle', () => lookUntilOwned(ports, record, eniId)),
  ]);
  const served = host.kind === 'found' && host.value.verdict === 'ok';
  const verified = served && ownedBy(ec2, eniId);
  journal.step(verified ? 'verified' : 'not-verified', 0, { to, owners: ec2, host });
  if (verified) return { kind: 'in-service', record };
  // EC2 took the move and the host serves: that EC2 is late to show it is no failure, and no reason to move on.
  return { kind: served ? 'changed' : 'not-verified', record };
}

/** `taken` when EC2 accepted it, or when a look says that it has after all. */
async function assign(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  eniId: string,
): Promise<'taken' | 'refused' | 'no-answer'> {
  const fromMs = ports.clock.now();
  try {
    await journal.stage('assign', () => ports.addresses.move(record.address, eniId));
    journal.step('assigned', ports.clock.now() - fromMs, { address: record.address, eniId });
    return 'taken';
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const again = await lookAtAddresses(ports, record);
    journal.step('fault', ports.clock.now() - fromMs, {
      code: error.code,
      message: error.message,
      owners: again,
    });
    if (ownedBy(again, eniId)) return 'taken';
    return error.retry === 'never' ? 'refused' : 'no-answer';
  }
}

async function restoreOnHost(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  to: Place,
  mac: string,
): Promise<Reading<HostAnswer>> {
  const fromMs = ports.clock.now();
  const { instanceId } = entryOf(record, to.server);
  const answer = await ports.hosts.ask(instanceId, question(record, 'restore', mac), restoreDeadlineMs);
  journal.step('host-asked', ports.clock.now() - fromMs, { server: to.server, action: 'restore', answer });
  return answer;
}

/** Looks with growing pauses until EC2 shows exactly this owner; the last look is the answer. */
async function lookUntilOwned(
  ports: Ports,
  record: ResourceRecord,
  eniId: string,
): Promise<Reading<AddressView>> {
  const untilMs = ports.clock.now() + settleDeadlineMs;
  for (let pauseMs = settleFirstPauseMs; ; pauseMs *= 2) {
    const seen = await lookAtAddresses(ports, record);
    const leftMs = untilMs - ports.clock.now();
    if (ownedBy(seen, eniId) || leftMs <= 0) return seen;
    await ports.clock.sleep(Math.min(pauseMs, leftMs));
  }
}

function ownedBy(addresses: Reading<AddressView>, eniId: string): boolean {
  return addresses.kind === 'found' && owners(addresses.value) === eniId;
}

function owners(addresses: AddressView): string {
  return addresses.owners
    .map((owner) => owner.eniId)
    .sort()
    .join();
}

/** A pause or a switch thrown while the recovery was under way is honoured before anything is changed. */
function sameSwitches(before: ResourceRecord, now: ResourceRecord, nowMs: number): boolean {
  return (
    before.automation === now.automation &&
    before.pausedUntilMs > nowMs === now.pausedUntilMs > nowMs &&
    before.activeServer === now.activeServer
  );
}

function sameFleet(before: Reading<FleetView>, now: Reading<FleetView>, nowMs: number): boolean {
  if (before.kind !== 'found' || now.kind !== 'found') return false;
  return (
    before.value.automation === now.value.automation &&
    before.value.pausedUntilMs > nowMs === now.value.pausedUntilMs > nowMs
  );
}
