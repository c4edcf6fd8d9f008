/**
 * The journal of one recovery: times every stage, numbers every step, and hands the records to the audit trail without
 * making the recovery wait; `close` waits for all of them. A record that cannot be written is told to the caller, who
 * logs it: the trail must never stop a recovery. What others are told of it waits for its end.
 */
import { type Announcement, changeOf, endOf, startOf } from './announcement.ts';
import type { AuditRecord, Outcome, StepName, Summary } from './audit.ts';
import type { Verdict } from './decide.ts';
import type { Announcements, Audit, Clock } from './ports.ts';
import { type Reason, wordsOf } from './reasons.ts';
import type { Place, ResourceRecord } from './resource.ts';
import type { ResourceState } from './states.ts';
import type { Trigger } from './trigger.ts';

/** Where a journal stands, for the one that goes on with it after a step of a workflow. */
export interface Told {
  readonly epoch: number;
  readonly sequence: number;
  readonly stagesMs: { readonly [stage: string]: number };
  readonly trouble: string;
  readonly started: boolean;
  readonly untold: readonly Announcement[];
}

export interface Journal {
  readonly startedAtMs: number;
  readonly recoveryId: string;
  /** Milliseconds by stage, in the order of first use; a stage that runs twice adds up. */
  readonly stagesMs: { readonly [stage: string]: number };
  /** The last fault of this run in words, for whoever is called; empty when there was none. */
  readonly trouble: () => string;
  /** Names the epoch once it is known; records written before carry 0. */
  claimed(epoch: number): void;
  stage<T>(name: string, run: () => Promise<T>): Promise<T>;
  step(step: StepName, ms: number, evidence: unknown): void;
  /** The step `decided`; the first decision to act is told as the recovery's start. */
  decided(verdict: Verdict): void;
  /** A state that was written; nothing when it is the same. */
  changed(before: ResourceState, after: ResourceState | undefined, reason: string): void;
  close(end: {
    readonly outcome: Outcome;
    readonly reason: Reason;
    readonly from: Place | null;
    readonly to: Place | null;
    /** As the run has left them, for those who are told of its end. */
    readonly dependents?: ResourceRecord['dependents'];
  }): Promise<Summary>;
  /** Tells what is to be told and waits for what was written so far; returns the failures. */
  settle(): Promise<readonly unknown[]>;
  /** Waits for what was written so far, and leaves what is to be told to whoever goes on. */
  written(): Promise<unknown>;
  told(): Told;
}

export function openJournal(
  ports: { readonly clock: Clock; readonly audit: Audit; readonly announcements: Announcements },
  about: {
    readonly tag: string;
    readonly recoveryId: string;
    readonly trigger: Trigger;
    readonly startedAtMs: number;
    readonly stagesMs?: { readonly [stage: string]: number };
    /** Steps under the same epoch that somebody else has written already. */
    readonly steps?: number;
    /** The journal that this one goes on with. */
    readonly told?: Told;
  },
): Journal {
  const { clock, audit, announcements } = ports;
  const { tag, recoveryId, trigger, startedAtMs } = about;
  const { told } = about;
  const stagesMs: Record<string, number> = { ...about.stagesMs, ...told?.stagesMs };
  const writes: Promise<unknown>[] = [];
  const untold: Announcement[] = [...(told?.untold ?? [])];
  let started = told?.started ?? false;
  let epoch = told?.epoch ?? 0;
  let sequence = told?.sequence ?? about.steps ?? 0;
  let trouble = told?.trouble ?? '';

  function watched(write: Promise<void>): void {
    writes.push(
      write.then(
        () => null,
        (error: unknown) => error ?? new Error('unknown'),
      ),
    );
  }

  function write(record: AuditRecord): void {
    watched(audit.write(record));
  }

  function step(name: StepName, ms: number, evidence: unknown): void {
    sequence += 1;
    if (name === 'fault') trouble = faultWords(evidence);
    write({ ...common(), kind: 'step', sequence, step: name, ms, evidence });
  }

  function run() {
    return { tag, recovery: recoveryId, epoch, trigger };
  }

  function common(): Pick<Summary, 'version' | 'tag' | 'recoveryId' | 'epoch' | 'startedAtMs' | 'atMs'> {
    return { version: 1, tag, recoveryId, epoch, startedAtMs, atMs: clock.now() };
  }

  async function settle(): Promise<readonly unknown[]> {
    if (untold.length > 0) watched(announcements.tell(untold.splice(0)));
    return (await Promise.all(writes)).filter((error) => error !== null);
  }

  return {
    startedAtMs,
    recoveryId,
    stagesMs,
    trouble: () => trouble,
    claimed(taken) {
      epoch = taken;
    },
    async stage(name, work) {
      const fromMs = clock.now();
      try {
        return await work();
      } finally {
        stagesMs[name] = (stagesMs[name] ?? 0) + clock.now() - fromMs;
      }
    },
    step,
    decided(verdict) {
      step('decided', 0, verdict);
      if (started || verdict.kind !== 'act') return;
      started = true;
      untold.push(startOf(run(), verdict, clock.now()));
    },
    changed(before, after, reason) {
      if (after === undefined || before === after) return;
      untold.push(changeOf(run(), { before, after, reason }, clock.now()));
    },
    async close({ outcome, reason, from, to, dependents }) {
      const words = wordsOf(reason);
      const summary: Summary = {
        ...common(),
        kind: 'summary',
        trigger,
        outcome,
        reason,
        words,
        from,
        to,
        stagesMs,
      };
      write(summary);
      const end = endOf(summary, dependents);
      if (end !== null) untold.push(end);
      await settle();
      return summary;
    },
    settle,
    written: () => Promise.all(writes),
    told: () => ({ epoch, sequence, stagesMs: { ...stagesMs }, trouble, started, untold: [...untold] }),
  };
}

function faultWords(evidence: unknown): string {
  const { message } = (evidence ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : '';
}
