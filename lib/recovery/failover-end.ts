/** The ends of a failover: moved, held, out of service on purpose, or overtaken by a later recovery. */
import type { Summary } from './audit.ts';
import { callAboutDependents } from './call-about-dependents.ts';
import { bringDependentsIn, type Failure, type In } from './dependents-in.ts';
import type { Going, Holding } from './failover-choice.ts';
import { chapter, endedBefore, hasEnded, type Work } from './failover-work.ts';
import { finish, tryHome } from './go-back.ts';
import { holdAt } from './hold.ts';
import type { Journal } from './journal.ts';
import { holdChild } from './move-along.ts';
import { currentPlace } from './observe.ts';
import { type Work as OrderWork, release } from './order-work.ts';
import type { HoldReason } from './reasons.ts';
import { inServiceHere } from './recover.ts';
import type { DependentState, Place, ResourceRecord } from './resource.ts';

type Ended = Exclude<In, { kind: 'superseded' }>;

/** Somebody else acts, or the fleet knows the resource no more. */
export function endLost(work: Work, reason: HoldReason, from: Place | null): Promise<Summary> {
  return chapter(work, 'end', (journal) => journal.close({ outcome: 'held', reason, from, to: null }));
}

export function endMoved(work: Work, going: Going, at: Place, result: Ended): Promise<Summary> {
  return chapter(work, 'commit', async (journal) => {
    const { tag, epoch } = { tag: work.escalation.tag, epoch: going.record.claim.epoch };
    const guard = await work.ports.ledger.commit(tag, epoch, {}, false);
    const ended = guard.kind === 'superseded' || hasEnded(guard.record, epoch);
    if (ended && (await endedBefore(work, epoch)) !== null) return sayMoved(work, journal, going, at, result);
    if (guard.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from: going.from, to: null });
    return commitMoved(work, journal, { record: guard.record, going, at, result });
  });
}

/** The one write that makes a verified place the truth; the block keeps the address from wandering. */
export async function commitMoved(
  work: Work,
  journal: Journal,
  moved: {
    readonly record: ResourceRecord;
    readonly going: Going;
    readonly at: Place;
    readonly result: Ended | null;
  },
): Promise<Summary> {
  const { ports, fleet, escalation } = work;
  const { record, going, at, result } = moved;
  const { epoch } = record.claim;
  const { from } = going;
  const atMs = ports.clock.now();
  const recovery = escalation.carried?.recoveryId;
  const elsewhere = from?.server !== at.server;
  const outcome = elsewhere ? 'failed-over' : recovery === undefined ? 'restored-in-place' : 'ordered';
  const past = { atMs, epoch, outcome, ...(recovery === undefined ? {} : { recovery }) };
  const armed = recovery === undefined ? record : { ...record, armed: true };
  const failed = failedOf(result);
  if (failed.length > 0) await callSomebody(work, journal, at, failed);
  const change = {
    ...inServiceHere(armed, at, past),
    armed: armed.armed,
    waiting: null,
    ...(recovery === undefined && elsewhere
      ? { failoverBlockedUntilMs: atMs + fleet.policy.failoverBlockMs }
      : {}),
    ...(result === null ? {} : { dependents: statesOf(work, at, result, atMs) }),
  };
  const written = await journal.stage('commit', () => ports.ledger.commit(record.tag, epoch, change, true));
  if (written.kind === 'superseded')
    return journal.close({ outcome: 'held', reason: 'claim-lost', from, to: null });
  journal.step('committed', 0, { state: change.state, activeServer: change.activeServer });
  journal.changed(record.state, change.state, 'failed-over');
  return sayMoved(work, journal, going, at, result);
}

export function sayMoved(
  work: Work,
  journal: Journal,
  { from, reason }: Going,
  at: Place,
  result: Ended | null,
): Promise<Summary> {
  const outcome = from?.server === at.server ? 'restored-in-place' : 'failed-over';
  const why = failedOf(result).length > 0 ? 'dependent-not-started' : reason;
  const left = result === null ? {} : { dependents: statesOf(work, at, result, work.ports.clock.now()) };
  return journal.close({ outcome, reason: why, from, to: at, ...left });
}

function failedOf(result: Ended | null): readonly Failure[] {
  return result?.kind === 'not-in' ? result.failed : [];
}

export interface Before {
  /** Servers on which the address could not be verified. */
  readonly tried: readonly string[];
  /** Dependents may have been stopped. */
  readonly touched: boolean;
  /** The address may have been moved. */
  readonly moved?: boolean;
  /** Nobody is to be asked again at once. */
  readonly block?: boolean;
}

export async function endHeld(work: Work, held: Holding, before: Before): Promise<Summary> {
  if (work.escalation.carried !== undefined) return endOrder(work, held, before);
  return chapter(work, 'end', async (journal) => {
    const { ports, fleet, escalation } = work;
    const { tag, because } = escalation;
    const { epoch } = held.record.claim;
    const from = currentPlace(held.record);
    // Nothing was touched when a person has said no.
    const blocked = {
      failoverBlockedUntilMs: ports.clock.now() + fleet.policy.failoverBlockMs,
      intent: null,
    };
    const untouched = held.forOther && !before.touched && before.moved !== true;
    const change = before.block === true ? blocked : {};
    const guard = await ports.ledger.commit(tag, epoch, change, untouched);
    if (guard.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from, to: null });
    const tried = [...escalation.tried, ...(before.tried.length > 0 ? (['fail-over'] as const) : [])];
    const reason = held.reason as HoldReason;
    if (untouched && because !== undefined) {
      await holdChild(work, because.tag, held);
      return journal.close({ outcome: 'held', reason, from, to: null });
    }
    return holdAt(ports, journal, guard.record, { reason, verdict: held.verdict ?? undefined, tried });
  });
}

/** An order that could not be carried out leaves everything as it was: the address, then its dependents. */
async function endOrder(work: Work, { record, reason }: Holding, before: Before): Promise<Summary> {
  const { epoch } = record.claim;
  const home = currentPlace(record);
  if (!before.touched && before.moved !== true)
    return chapter(work, 'end', async (journal) =>
      summaryOf(await release(orderWork(work, journal), record, reason)),
    );
  const back =
    before.moved !== true || home === null
      ? 'home'
      : await chapter(
          work,
          'back',
          async (journal) => (await tryHome(orderWork(work, journal), record, home)).kind,
        );
  if (back === 'superseded') return endLost(work, 'claim-lost', home);
  const result =
    home === null || back === 'lost'
      ? null
      : await bringDependentsIn(work, { epoch, place: home, round: ':back' });
  if (result?.kind === 'superseded') return endLost(work, 'claim-lost', home);
  const from = work.escalation.carried?.from ?? null;
  const end = { outcome: 'failed', reason, from, to: null } as const;
  return endOnce(work, epoch, end, async (journal, current) => {
    const { ports, escalation } = work;
    const atMs = ports.clock.now();
    const dependents =
      home === null || result === null ? {} : { dependents: statesOf(work, home, result, atMs) };
    const written = await ports.ledger.commit(escalation.tag, epoch, dependents, false);
    if (written.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from: home, to: null });
    if (result?.kind === 'not-in' && home !== null) await callSomebody(work, journal, home, result.failed);
    const known = { ...current, ...dependents };
    return summaryOf(
      await finish(orderWork(work, journal), known, reason, back === 'lost' ? 'lost' : 'home'),
    );
  });
}

/** The last chapter of an order: whoever replays it behind its own end only says what it came to. */
export function endOnce(
  work: Work,
  epoch: number,
  end: Parameters<Journal['close']>[0],
  run: (journal: Journal, record: ResourceRecord) => Promise<Summary>,
): Promise<Summary> {
  return chapter(work, 'end', async (journal) => {
    const guard = await work.ports.ledger.commit(work.escalation.tag, epoch, {}, false);
    const ended = guard.kind === 'superseded' || hasEnded(guard.record, epoch);
    if (ended && (await endedBefore(work, epoch)) !== null) return journal.close(end);
    if (guard.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from: end.from, to: null });
    return run(journal, guard.record);
  });
}

export function statesOf(
  work: Work,
  at: Place,
  result: Ended,
  atMs: number,
): Readonly<Record<string, DependentState>> {
  const failed = failedOf(result);
  return Object.fromEntries(
    work.dependents.map(({ name }) => {
      const failure = failed.find((each) => each.name === name);
      const state = failure !== undefined ? 'OSF' : result.started.includes(name) ? 'ISP' : 'OSU';
      const why = failure?.why ?? (state === 'ISP' ? 'verified' : 'what it needs is not in service');
      return [name, { state, server: at.server, why, atMs }];
    }),
  );
}

async function callSomebody(
  { ports, escalation }: Work,
  journal: Journal,
  at: Place,
  failed: readonly Failure[],
): Promise<void> {
  const { tag, recoveryId } = escalation;
  await callAboutDependents(ports, journal, { tag, recoveryId, at, failed });
}

export function orderWork({ ports, fleet, dependents, escalation }: Work, journal: Journal): OrderWork {
  const { carried } = escalation;
  if (carried === undefined) throw new Error('no order is carried out here');
  return { ports, journal, carried, claimMs: fleet.policy.claimMs, dependents };
}

export function summaryOf(
  run: { readonly kind: 'ended'; readonly summary: Summary } | { readonly kind: 'escalated' },
): Summary {
  if (run.kind === 'ended') return run.summary;
  throw new Error('an order that is carried out here is not handed on');
}
