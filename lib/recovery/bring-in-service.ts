/**
 * The one mechanism behind all rungs: put the address in service at a place and prove it. Level-triggered: EC2 is
 * called only when it does not already say so, the host's `restore` changes only what is wrong, and success is what a
 * fresh look shows, on three planes.
 *
 *     intend ∥ look ─▶ assign (unless owner already) ─▶ host ∥ look until EC2 shows it ─▶ verified | not
 *
 * The host is asked to restore over SSM, while its agent follows EC2 by itself: whoever proves it first will do.
 */
import type { HostAnswer } from './answer.ts';
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import type { AddressView, FleetView } from './observation.ts';
import { lookAtAddresses, question } from './observe.ts';
import type { Ports } from './ports.ts';
import type { Reading } from './reading.ts';
import { eniAt, entryOf, hostAddress, type Place, type ResourceRecord, type Rung } from './resource.ts';
import { isNews, provesService, type Word } from './word.ts';

/** How long a host may take to bring the address up and prove it; the script itself ends within 12 s. */
const restoreDeadlineMs = 20_000;
/** How long EC2 may take to show a move that it has accepted (https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html). */
const settleDeadlineMs = 10_000;
const settleFirstPauseMs = 250;
const wordFirstPauseMs = 200;
const wordLongestPauseMs = 1_000;

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
  /** The agent's word on which it was made; another one since then is a reason to look again. */
  readonly word?: Word | undefined;
  /** Of an operator's order: written into the intent. */
  readonly recovery?: string;
}

export async function bringInService(
  ports: Ports,
  journal: Journal,
  order: ServiceOrder,
): Promise<ServiceResult> {
  const { rung, to, epoch } = order;
  const intent = { epoch, rung, to, ...(order.recovery === undefined ? {} : { recovery: order.recovery }) };
  const untilMs = ports.clock.now() + order.claimMs;
  const [guard, fresh, fleet, lasting] = await journal.stage('recheck', () =>
    Promise.all([
      ports.ledger.intend(order.record.tag, epoch, intent, untilMs),
      lookAtAddresses(ports, order.record),
      ports.ledger.fleet(),
      isLasting(ports, order.word),
    ]),
  );
  if (guard.kind === 'superseded') return guard;
  const { record } = guard;
  // Given back by this very run: it has ended before, and only comes again.
  if (record.claim.holder === null) return { kind: 'superseded' };
  const nowMs = ports.clock.now();
  if (!sameSwitches(order.record, record, nowMs) || !sameFleet(order.fleet, fleet, nowMs))
    return { kind: 'changed', record };
  if (!lasting) return { kind: 'changed', record };
  if (fresh.kind !== 'found' || owners(fresh.value) !== owners(order.seen))
    return { kind: 'changed', record };

  const eniId = eniAt(record, to);
  if (!ownedBy(fresh, eniId)) {
    const assigned = await assign(ports, journal, record, eniId);
    if (assigned !== 'taken') return { kind: assigned === 'refused' ? 'not-verified' : 'no-answer', record };
  }
  const mac = fresh.value.interfaces[eniId]?.mac;
  if (mac === undefined) return { kind: 'not-verified', record };
  const settled = lookUntilOwned(ports, record, eniId);
  settled.catch(() => undefined);
  const host = await journal.stage('host', () => serviceOnHost(ports, journal, record, to, mac));
  const ec2 = await journal.stage('settle', () => settled);
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
    await journal.stage('assign', () => ports.addresses.move([record], eniId));
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

interface Proof {
  readonly by: 'ssm' | 'agent';
  readonly answer: Reading<HostAnswer>;
}

/** The first proof wins. SSM's failure is the host's own word too; its silence leaves the agent's. */
async function serviceOnHost(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  to: Place,
  mac: string,
): Promise<Reading<HostAnswer>> {
  const fromMs = ports.clock.now();
  const { instanceId } = entryOf(record, to.server);
  const over = { aborted: false };
  const asked = ports.hosts
    .ask(instanceId, question(record, 'restore', to, mac), restoreDeadlineMs, over)
    .then((answer): Proof => ({ by: 'ssm', answer }));
  const address = hostAddress(record, to);
  const heard = listen(ports, record, { instanceId, address, mac, sinceMs: fromMs, over });
  const proof = await Promise.race([
    asked.then(async (mine) => (isAnswer(mine) || !isAnswer(await heard) ? mine : heard)),
    heard.then((theirs) => (isAnswer(theirs) ? theirs : asked)),
  ]);
  over.aborted = true;
  const ms = ports.clock.now() - fromMs;
  journal.step('host-asked', ms, { server: to.server, action: 'restore', ...proof });
  return proof.answer;
}

function isAnswer({ answer }: Proof): boolean {
  return answer.kind === 'found' && answer.value.verdict !== 'could-not-look';
}

/** Waits for the agent's word that it serves the address there; as long as SSM is waited for. */
async function listen(
  ports: Ports,
  record: ResourceRecord,
  to: {
    readonly instanceId: string;
    readonly address: string;
    readonly mac: string;
    readonly sinceMs: number;
    readonly over: { readonly aborted: boolean };
  },
): Promise<Proof> {
  const { instanceId, address, mac, sinceMs, over } = to;
  const untilMs = sinceMs + restoreDeadlineMs;
  for (let pauseMs = wordFirstPauseMs; ; pauseMs = Math.min(wordLongestPauseMs, pauseMs * 1.5)) {
    if (ports.clock.now() + pauseMs > untilMs) return { by: 'agent', answer: { kind: 'absent' } };
    await ports.clock.sleep(pauseMs);
    if (over.aborted) return { by: 'agent', answer: { kind: 'absent' } };
    const last = await ports.words.last(record.tag, instanceId);
    if (last.kind === 'found' && provesService(last.value, address, mac, sinceMs, ports.clock.now()))
      return { by: 'agent', answer: { kind: 'found', value: last.value.answer } };
  }
}

/** Whether the agent still says what set this off. Could-not-look leaves it standing: it was said a moment ago. */
async function isLasting(ports: Ports, word: Word | undefined): Promise<boolean> {
  if (word === undefined) return true;
  const last = await ports.words.last(word.tag, word.instanceId);
  return last.kind !== 'found' || last.value.id === word.id || !isNews(last.value, word);
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
  if (addresses.kind !== 'found') return false;
  return owners(addresses.value) === eniId && addresses.value.missingIn.length === 0;
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
