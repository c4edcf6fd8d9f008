/**
 * Brings the dependents into service where the address is now, children first, each verified by a look of its own. What
 * needs one that did not come into service is not tried.
 */
import { type DependentDefinition, type DependentPlace, type DependentView, ranks } from './dependent.ts';
import { attempt, dependentPlace, instanceOf, isUnchecked, onHost, wayMs } from './dependents-out.ts';
import { chaptersTogether, hasEnded, keepClaim, renew, type Work } from './failover-work.ts';
import type { Journal } from './journal.ts';
import { bringAlong } from './move-along.ts';
import type { Reading } from './reading.ts';
import type { Place } from './resource.ts';

/** Side by side within one rank. */
const width = 8;
const firstPauseMs = 500;
const longestPauseMs = 5_000;
/** What it takes to prove another address on its new server, once its claim is free. */
const alongMs = 90_000;

export type In =
  | { readonly kind: 'in'; readonly started: readonly string[] }
  | { readonly kind: 'not-in'; readonly started: readonly string[]; readonly failed: readonly Failure[] }
  | { readonly kind: 'superseded' };

export interface Failure {
  readonly name: string;
  readonly why: string;
}

type Started =
  | { readonly result: 'in' }
  | { readonly result: 'not-in'; readonly why: string }
  | { readonly result: 'superseded' };

export async function bringDependentsIn(
  work: Work,
  at: { readonly epoch: number; readonly place: Place; readonly round: string },
): Promise<In> {
  const started: string[] = [];
  const failed: Failure[] = [];
  for (const [index, rank] of ranks(work.dependents).entries()) {
    const some = rank.filter(({ needs }) => needs.every((name) => started.includes(name)));
    if (some.length === 0) continue;
    const forMs = Math.max(...some.map(longest));
    const results = await chaptersTogether(
      work,
      `start-${index + 1}${at.round}`,
      width,
      some.map((dependent) => ({
        name: `start:${dependent.name}${at.round}`,
        body: (journal) => start(work, journal, dependent, { ...at, forMs }),
      })),
    );
    if (results.some(({ result }) => result === 'superseded')) return { kind: 'superseded' };
    for (const [at, { name }] of some.entries()) {
      const each = results[at];
      if (each?.result === 'in') started.push(name);
      else if (each?.result === 'not-in') failed.push({ name, why: each.why });
    }
  }
  return failed.length === 0 ? { kind: 'in', started } : { kind: 'not-in', started, failed };
}

function longest({ tries, startMs, work }: DependentDefinition): number {
  return work.kind === 'resource' ? startMs + alongMs : tries * (startMs + wayMs);
}

async function start(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: { readonly epoch: number; readonly place: Place; readonly forMs: number },
): Promise<Started> {
  const { clock } = work.ports;
  const { name } = dependent;
  const { kind } = dependent.work;
  const { epoch, place, forMs } = at;
  return work.limit<Started>(
    async () => {
      // From before the claim is known to be ours, as with a stop.
      const order = clock.now();
      const guard = await renew(work, epoch, place, forMs);
      if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return { result: 'superseded' };
      const there = { ...dependentPlace(guard.record, place), order };
      const why = await journal.stage('dependents', () => tried(work, journal, dependent, there, place));
      const step = why === null ? 'dependent-started' : 'dependent-not-started';
      const detail = why ?? 'in service';
      journal.step(step, clock.now() - order, { name, kind, server: place.server, detail });
      return why === null ? { result: 'in' } : { result: 'not-in', why };
    },
    () => keepClaim(work, epoch, place, forMs),
  );
}

interface There extends DependentPlace {
  readonly order: number;
}

/** Why it is not in service in the end; null when it is. */
async function tried(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: There,
  place: Place,
): Promise<string | null> {
  if (dependent.work.kind === 'resource')
    return bringAlong(work, dependent.work.tag, place, dependent.startMs);
  for (let count = 1; ; count += 1) {
    const result = await once(work, journal, dependent, at);
    if (result === null) return null;
    const { why, isFinal } = result;
    if (isFinal || count >= dependent.tries) return count === 1 ? why : `${why} (${count} tries)`;
  }
}

interface NotIn {
  readonly why: string;
  /** To try again would come to the same. */
  readonly isFinal: boolean;
}

async function once(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: There,
): Promise<NotIn | null> {
  const { dependents, clock } = work.ports;
  const untilMs = clock.now() + dependent.startMs;
  let ordered = false;
  let trouble = '';
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const view = await dependents.look(dependent, at);
    if (view.kind === 'found' && view.value.state === 'in-service') return null;
    if (view.kind !== 'found' && (await isGone(work, dependent, at)))
      return { why: 'EC2 says that the instance is stopped', isFinal: true };
    let why = wordsOf(view);
    if (!ordered) {
      // What EC2 refuses until something else has ended is asked for again.
      const fault = await attempt(journal, () => dependents.start(dependent, at, at.order), trouble);
      if (fault === null && isUnchecked(dependent)) return null;
      if (fault?.retry === 'never') return { why: fault.message, isFinal: true };
      trouble = fault?.message ?? '';
      why = fault?.message ?? why;
      ordered = fault === null;
    } else if (view.kind === 'found' && hasFailed(dependent, view.value.state))
      return { why, isFinal: false };
    const leftMs = untilMs - clock.now();
    if (leftMs <= 0) return { why, isFinal: false };
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}

/** Nobody waits for a host that EC2 calls stopped. */
async function isGone(work: Work, dependent: DependentDefinition, { instanceId }: There): Promise<boolean> {
  return onHost.has(dependent.work.kind) && (await instanceOf(work, instanceId)) === 'gone';
}

/** A host says what its program came to; EC2 may still show what was before. */
function hasFailed({ work }: DependentDefinition, state: DependentView['state']): boolean {
  return state === 'failed' || (state === 'out-of-service' && onHost.has(work.kind));
}

function wordsOf(view: Reading<DependentView>): string {
  if (view.kind === 'found') return `${view.value.state}: ${view.value.detail}`;
  return view.kind === 'absent' ? 'no answer' : view.why;
}
