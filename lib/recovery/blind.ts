/**
 * Could-not-look is no verdict, but it must not stay silent either: while something seems wrong and nobody can look, a
 * person is called once, after a few minutes. A look that succeeds ends it; so does a quiet time, because then nothing
 * seemed wrong any more.
 */
import type { HoldReason } from './reasons.ts';
import type { Blind, ResourceRecord } from './resource.ts';

const pageAfterMs = 3 * 60_000;
/** The reconcile tick comes once a minute; two missed ones and a bit are a new occasion. */
const quietMs = 150_000;

const blindReasons: ReadonlySet<HoldReason> = new Set([
  'interfaces-could-not-look',
  'instance-could-not-look',
  'host-could-not-look',
  'path-without-witness',
  'fleet-could-not-look',
  'ec2-gave-no-answer',
]);

export interface Blindness {
  readonly blind: Blind | null;
  /** Whether a person is to be called now. */
  readonly call: boolean;
}

export function blindness(record: ResourceRecord, reason: HoldReason, nowMs: number): Blindness {
  if (!blindReasons.has(reason)) return { blind: null, call: false };
  const before = record.blind;
  if (before === null || nowMs - before.lastMs > quietMs)
    return { blind: { sinceMs: nowMs, lastMs: nowMs, paged: false }, call: false };
  const call = !before.paged && nowMs - before.sinceMs >= pageAfterMs;
  return { blind: { sinceMs: before.sinceMs, lastMs: nowMs, paged: before.paged || call }, call };
}
