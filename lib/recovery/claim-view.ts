/** Who holds the claim of a resource now, and whether it is a failover that waits for a person; both for people. */
import type { ClaimView, Refusal, WaitingView } from './order.ts';
import { placeWords } from './readiness.ts';
import { isUnderWay, type Place, type ResourceRecord, type Rung } from './resource.ts';

/** Null when it is free. */
export function claimView(record: ResourceRecord, nowMs: number): ClaimView | null {
  const { claim, intent } = record;
  if (claim.holder === null || claim.expiresAtMs <= nowMs) return null;
  const { holder, expiresAtMs } = claim;
  const recovery = recoveryOf(holder);
  if (intent === null || intent.epoch !== claim.epoch) return { holder: recovery, expiresAtMs, doing: null };
  const { rung, to } = intent;
  const waiting = waitingView(record, nowMs);
  const waits = waiting !== null && waiting.answered === null;
  const words = waits ? waitingWords(to) : doingWords(record, rung, to);
  return { holder: recovery, expiresAtMs, doing: { rung, to, waits, words } };
}

/** A failover holds the claim under the name of its recovery and one of its own. */
export function recoveryOf(holder: string): string {
  return holder.split('/')[0] ?? holder;
}

/**
 * Null when nobody waits. A failover that waits holds the claim, and for longer than it waits: what stands in the record
 * without one is left over from a failover that died, or from one that went on while the answer was written down.
 */
export function waitingView(record: ResourceRecord, nowMs: number): WaitingView | null {
  const { waiting, claim } = record;
  if (waiting === null || claim.holder === null || claim.expiresAtMs <= nowMs) return null;
  if (waiting.answered !== null && waiting.untilMs <= nowMs) return null;
  const { question, askedAtMs, untilMs, otherwise, answered } = waiting;
  return { question, askedAtMs, untilMs, otherwise, answered };
}

export function claimHeld(tag: string, claim: ClaimView): Refusal {
  const { holder, expiresAtMs, doing } = claim;
  const until = new Date(expiresAtMs).toISOString();
  const next = doing?.waits === true ? `: holdfast confirm ${tag} --yes (or --no)` : '';
  return {
    ok: false,
    code: 'claim-held',
    message: `${tag} is being worked on: ${holder} holds the claim until ${until}, ${doing?.words ?? 'looking'}${next}`,
    claim,
  };
}

function waitingWords(to: Place): string {
  return `waiting for a person's answer whether to move to ${placeWords(to)}`;
}

function doingWords(record: ResourceRecord, rung: Rung, to: Place): string {
  const along = isUnderWay(record) ? ', with what depends on it' : '';
  return `doing ${rung} to ${placeWords(to)}${along}`;
}
