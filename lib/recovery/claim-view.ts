/** Who holds the claim of a resource now, for people. */
import type { ClaimView, Refusal } from './order.ts';
import { placeWords } from './readiness.ts';
import type { ResourceRecord } from './resource.ts';

/** Null when it is free. */
export function claimView(record: ResourceRecord, nowMs: number): ClaimView | null {
  const { claim, intent } = record;
  if (claim.holder === null || claim.expiresAtMs <= nowMs) return null;
  const doing = intent !== null && intent.epoch === claim.epoch ? { rung: intent.rung, to: intent.to } : null;
  // A failover holds it under the name of its recovery and one of its own.
  const holder = claim.holder.split('/')[0] ?? claim.holder;
  return { holder, expiresAtMs: claim.expiresAtMs, doing };
}

export function claimHeld(tag: string, claim: ClaimView): Refusal {
  const { holder, expiresAtMs, doing } = claim;
  const what = doing === null ? 'looking' : `doing ${doing.rung} to ${placeWords(doing.to)}`;
  const until = new Date(expiresAtMs).toISOString();
  return {
    ok: false,
    code: 'claim-held',
    message: `${tag} is being worked on: ${holder} holds the claim until ${until}, ${what}`,
    claim,
  };
}
