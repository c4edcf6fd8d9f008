/** What has happened, from the audit trail: the list of recoveries, and everything about one of them. */
import type { AuditRecord, Outcome, Summary } from './audit.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition } from './fleet.ts';
import type { OperatePorts } from './operate-ports.ts';
import type { Answered, Explanation, HistoryEntry, Request } from './order.ts';
import type { Reading } from './reading.ts';
import { type HoldReason, type Reason, wordsOf } from './reasons.ts';
import type { Place } from './resource.ts';
import { stepWords } from './step-words.ts';
import type { Trigger } from './trigger.ts';
import { whoOf } from './who.ts';

const usualLimit = 20;

/** Newest first, of one resource or of all of them and the fleet. @throws Fault */
export async function history(
  ports: Pick<OperatePorts, 'history'>,
  fleet: FleetDefinition,
  asked: Extract<Request, { action: 'history' }>,
): Promise<readonly HistoryEntry[]> {
  const { tag, sinceMs = 0, limit = usualLimit } = asked;
  if (tag !== undefined && !fleet.resources.some((each) => each.tag === tag))
    throw new Fault('unknown-tag', `no resource has the tag "${tag}"`, 'never');
  const tags = tag === undefined ? [...fleet.resources.map((each) => each.tag), 'fleet'] : [tag];
  const read = await Promise.all(tags.map((each) => ports.history.summaries(each, { sinceMs, limit })));
  return read
    .flatMap((each) => seenOf(each))
    .sort((a, b) => b.startedAtMs - a.startedAtMs)
    .slice(0, limit)
    .map(entryOf);
}

/** @throws Fault */
export async function explain(
  ports: Pick<OperatePorts, 'history'>,
  recovery: string,
): Promise<Explanation | null> {
  const records = await recordsOf(ports, recovery);
  return records.length === 0 ? null : explanationOf(recovery, records);
}

/** What a person has answered in that recovery; null when nobody has, or nobody could look. */
export async function answerIn(
  ports: Pick<OperatePorts, 'history'>,
  recovery: string,
): Promise<Answered | null> {
  const records = await recordsOf(ports, recovery).catch(nothingIfFault);
  const step = records.findLast((each) => each.kind === 'step' && each.step === 'answered');
  return step?.kind === 'step' ? (step.evidence as Answered) : null;
}

/** The same of the recovery that runs, else of the last one that has ended since then. */
export async function lastAnswer(
  ports: Pick<OperatePorts, 'history'>,
  tag: string,
  running: string | null,
  sinceMs: number,
): Promise<Answered | null> {
  if (running !== null) return answerIn(ports, running);
  const read = await ports.history.summaries(tag, { sinceMs, limit: usualLimit });
  const ended = read.kind === 'found' ? read.value.find(mayHaveAsked) : undefined;
  return ended === undefined ? null : answerIn(ports, ended.recoveryId);
}

/** Every minute there may be another one that was held for something that is known before anybody is asked. */
function mayHaveAsked({ outcome, reason, trigger }: Summary): boolean {
  if (outcome === 'held') return afterAsking.has(reason);
  return outcome !== 'ordered' && trigger.kind !== 'operator';
}

const afterAsking: ReadonlySet<Reason> = new Set<HoldReason>([
  'not-confirmed',
  'nobody-confirmed',
  'dependent-not-stopped',
  'not-fenced',
]);

/** None of what is no recovery. @throws Fault */
async function recordsOf(
  ports: Pick<OperatePorts, 'history'>,
  recovery: string,
): Promise<readonly AuditRecord[]> {
  const [, tag, startedAtMs] = /^([a-z0-9-]{1,63})@(\d{1,15})@/.exec(recovery) ?? [];
  if (tag === undefined) return [];
  return seenOf(await ports.history.records(tag, Number(startedAtMs), recovery));
}

function nothingIfFault(error: unknown): readonly AuditRecord[] {
  if (error instanceof Fault) return [];
  throw error;
}

function explanationOf(recovery: string, records: readonly AuditRecord[]): Explanation {
  // A start that came second ends too, and by a lower epoch.
  const epoch = Math.max(...records.map((each) => each.epoch));
  const summary = records.findLast(
    (each): each is Summary => each.kind === 'summary' && each.epoch === epoch,
  );
  const steps = records
    .filter((each) => each.kind === 'step')
    .toSorted((a, b) => a.atMs - b.atMs)
    .map(({ epoch, sequence, atMs, ms, step, evidence }) => ({
      id: `${epoch}.${sequence}`,
      atMs,
      ms,
      step,
      words: stepWords(step, evidence),
      evidence: withoutKey(evidence),
    }));
  if (summary !== undefined) {
    const { trigger, stagesMs } = summary;
    return { ...entryOf(summary), ended: true, trigger, stagesMs, steps };
  }
  const [first] = records;
  const startedAtMs = first?.startedAtMs ?? 0;
  const trigger = triggerIn(records) ?? { kind: 'tick', atMs: startedAtMs };
  const known = lastKnown(records);
  return {
    recovery,
    tag: first?.tag ?? '',
    startedAtMs,
    endedAtMs: records.at(-1)?.atMs ?? startedAtMs,
    ...known,
    words: wordsOf(known.reason),
    from: null,
    who: whoOf(trigger),
    ended: false,
    trigger,
    stagesMs: {},
    steps,
  };
}

/** By the id of its callback a question can be answered past us and past the audit trail. */
function withoutKey(evidence: unknown): unknown {
  if (typeof evidence !== 'object' || evidence === null || !('callbackId' in evidence)) return evidence;
  const { callbackId: _, ...rest } = evidence;
  return rest;
}

/** What the last decision of a recovery that still runs came to. */
function lastKnown(records: readonly AuditRecord[]): {
  readonly outcome: Outcome;
  readonly reason: Reason;
  readonly to: Place | null;
} {
  for (const record of records.toReversed()) {
    if (record.kind !== 'step' || record.step !== 'decided') continue;
    const { reason, to = null } = record.evidence as { readonly reason?: HoldReason; readonly to?: Place };
    if (reason !== undefined) return { outcome: 'held', reason, to };
  }
  return { outcome: 'held', reason: 'ordered', to: null };
}

function triggerIn(records: readonly AuditRecord[]): Trigger | undefined {
  for (const record of records) {
    if (record.kind !== 'step' || (record.step !== 'ordered' && record.step !== 'claimed')) continue;
    const { trigger } = record.evidence as { readonly trigger?: Trigger };
    if (trigger !== undefined) return trigger;
  }
  return undefined;
}

function entryOf(summary: Summary): HistoryEntry {
  const { recoveryId, tag, startedAtMs, atMs, outcome, reason, words, from, to, trigger } = summary;
  return {
    recovery: recoveryId,
    tag,
    startedAtMs,
    endedAtMs: atMs,
    outcome,
    reason,
    words,
    from,
    to,
    who: whoOf(trigger),
  };
}

/** @throws Fault */
function seenOf<T>(read: Reading<readonly T[]>): readonly T[] {
  if (read.kind === 'could-not-look') throw new Fault('service-unavailable', read.why, 'later');
  return read.kind === 'found' ? read.value : [];
}
