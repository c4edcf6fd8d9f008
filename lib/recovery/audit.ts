/**
 * The audit trail: one append-only record per step of every recovery, one summary per recovery. The key of a record
 * follows from what it says, so writing it twice is harmless.
 */
import type { Reason } from './reasons.ts';
import type { Place } from './resource.ts';
import type { Trigger } from './trigger.ts';

/** `ordered`: an operator's order that only writes the record. */
export type Outcome = 'restored-in-place' | 'moved-to-backup' | 'failed-over' | 'ordered' | 'held' | 'failed';

/** Steps in the order in which a recovery can take them. */
export type StepName =
  | 'ordered'
  | 'claimed'
  | 'registered'
  | 'observed'
  | 'decided'
  | 'assigned'
  | 'looked-again'
  | 'host-asked'
  | 'verified'
  | 'not-verified'
  | 'committed'
  | 'armed'
  | 'put-back'
  | 'asked'
  | 'answered'
  | 'dependent-stopped'
  | 'dependent-not-stopped'
  | 'dependent-started'
  | 'dependent-not-started'
  | 'incident'
  | 'fenced'
  | 'not-fenced'
  | 'escalated'
  | 'source-removed'
  | 'paged'
  | 'fault';

interface Common {
  readonly version: 1;
  /** The resource, or `fleet` for what concerns none. */
  readonly tag: string;
  readonly recoveryId: string;
  readonly epoch: number;
  /** When the recovery started, epoch milliseconds: first part of the key. */
  readonly startedAtMs: number;
  readonly atMs: number;
}

interface StepRecord extends Common {
  readonly kind: 'step';
  readonly sequence: number;
  readonly step: StepName;
  readonly ms: number;
  readonly evidence: unknown;
}

export interface Summary extends Common {
  readonly kind: 'summary';
  readonly trigger: Trigger;
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly words: string;
  readonly from: Place | null;
  readonly to: Place | null;
  readonly stagesMs: { readonly [stage: string]: number };
}

export type AuditRecord = StepRecord | Summary;

/** Sorts by time, then epoch, then step; the summary comes last. */
export function auditKey(record: AuditRecord): string {
  const step = record.kind === 'summary' ? 'summary' : String(record.sequence).padStart(5, '0');
  const epoch = String(record.epoch).padStart(8, '0');
  return `audit#${new Date(record.startedAtMs).toISOString()}#${epoch}#${record.recoveryId}#${step}`;
}
