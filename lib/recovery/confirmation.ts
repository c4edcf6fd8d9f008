/** A person's answer to a failover that waits for one. */
import * as v from 'valibot';

export const confirmation = v.object({
  answer: v.picklist(['yes', 'no']),
  arn: v.string(),
  via: v.picklist(['command', 'runbook', 'instance']),
  reason: v.nullable(v.string()),
  atMs: v.number(),
});

export type Confirmation = Readonly<v.InferOutput<typeof confirmation>>;

/** A failover that waits for a person, as its record shows it. */
export const waiting = v.object({
  callbackId: v.string(),
  askedAtMs: v.number(),
  untilMs: v.number(),
  /** What happens when nobody answers. */
  otherwise: v.picklist(['proceed', 'hold']),
  /** In words, for whoever is asked. */
  question: v.string(),
  answered: v.nullable(confirmation),
});

export type Waiting = Readonly<v.InferOutput<typeof waiting>>;

/** `too-late`: it was answered before, or nobody waits any more. */
export interface Confirmations {
  /** @throws Fault */
  answer(callbackId: string, confirmation: Confirmation): Promise<'taken' | 'too-late'>;
}
