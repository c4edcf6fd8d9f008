/** Out of service on purpose, after its dependents. What cannot be stopped, or does not let go, leaves all as it was. */
import type { Summary } from './audit.ts';
import { bringDependentsIn } from './dependents-in.ts';
import { endHeld, endLost, endOnce, orderWork, statesOf, summaryOf } from './failover-end.ts';
import { chapter, hasEnded, type Work } from './failover-work.ts';
import type { Journal } from './journal.ts';
import { leaveAll, placesToLeave } from './leave-source.ts';
import { currentPlace } from './observe.ts';
import type { HoldReason } from './reasons.ts';
import type { Place, ResourceRecord } from './resource.ts';
import { backIn, endOut, type LetGo, letGo } from './take-out.ts';

/** @param record as it was when the order was taken up */
export async function goOut(work: Work, record: ResourceRecord): Promise<Summary> {
  const from = work.escalation.carried?.from ?? null;
  const [first, ...others] = placesToLeave(work, record, from, null);
  if (first !== undefined) {
    const leaving = { record, places: [first, ...others] as const, from, silent: false };
    const obstacle = await leaveAll(work, [first, ...others], leaving);
    if (obstacle === 'claim-lost') return endLost(work, obstacle, from);
    if (obstacle !== null) return asItWas(work, record, obstacle);
  }
  const left = await chapter(work, 'out', (journal) => takeOut(work, journal, record.claim.epoch));
  if (left.kind === 'superseded') return endLost(work, 'claim-lost', from);
  if (left.kind === 'elsewhere') return asItWas(work, record, 'owner-changed');
  return left.kind === 'still-there' ? backAgain(work, record, left) : endTaken(work, record);
}

function asItWas(work: Work, record: ResourceRecord, reason: HoldReason): Promise<Summary> {
  const held = { kind: 'hold', record, reason, verdict: null, forOther: false } as const;
  return endHeld(work, held, { tried: [], touched: true });
}

/** In the same write as the address: who finds the record in between must not find half of it. */
async function takeOut(work: Work, journal: Journal, epoch: number): Promise<LetGo> {
  const { ports, escalation, dependents } = work;
  const guard = await ports.ledger.commit(escalation.tag, epoch, {}, false);
  if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return { kind: 'superseded' };
  const state = { state: 'OSU', server: null, why: 'out-of-service', atMs: ports.clock.now() } as const;
  const also = { dependents: Object.fromEntries(dependents.map(({ name }) => [name, state])) };
  return letGo(orderWork(work, journal), guard.record, also);
}

function endTaken(work: Work, record: ResourceRecord): Promise<Summary> {
  const end = { outcome: 'ordered', reason: 'ordered', from: currentPlace(record), to: null } as const;
  return endOnce(work, record.claim.epoch, end, async (journal) =>
    summaryOf(await endOut(orderWork(work, journal), record)),
  );
}

/** The host would not let go of the address: it stays in service, and with it what depends on it. */
async function backAgain(
  work: Work,
  record: ResourceRecord,
  { from, reason }: { readonly from: Place; readonly reason: HoldReason },
): Promise<Summary> {
  const { epoch } = record.claim;
  const result = await bringDependentsIn(work, { epoch, place: from, round: ':back' });
  if (result.kind === 'superseded') return endLost(work, 'claim-lost', from);
  const end = { outcome: 'failed', reason, from, to: null } as const;
  return endOnce(work, epoch, end, async (journal) => {
    const also = { dependents: statesOf(work, from, result, work.ports.clock.now()), intent: null };
    return summaryOf(await backIn(orderWork(work, journal), record, from, reason, also));
  });
}
