/** Steps without memory, for a workflow that nothing interrupts; and people who are asked while it waits. */
import type { Confirmation, Confirmations } from '../../lib/recovery/confirmation.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import type { Clock } from '../../lib/recovery/ports.ts';
import type { Steps } from '../../lib/recovery/steps.ts';
import type { Faults } from './faults.ts';

/** Whom a workflow asks. */
export interface FakePeople extends Confirmations {
  /** Ids of the questions, in the order in which they were asked; the same question twice is there once. */
  readonly asked: string[];
  /** Answers every question so long after it is asked; null is silence, which is the default. */
  plan(afterMs: number, confirmation: Confirmation | null): void;
  /** Until somebody answers, or nobody has within the time. */
  wait(callbackId: string, withinMs: number, askedAtMs: number): Promise<Confirmation | null>;
}

const lookMs = 1_000;

export function fakePeople(clock: Clock, faults?: Faults): FakePeople {
  const asked: string[] = [];
  const answers = new Map<string, Confirmation>();
  const over = new Set<string>();
  let planned: { readonly afterMs: number; readonly confirmation: Confirmation } | null = null;

  function take(callbackId: string, confirmation: Confirmation): 'taken' | 'too-late' {
    if (!asked.includes(callbackId) || answers.has(callbackId) || over.has(callbackId)) return 'too-late';
    answers.set(callbackId, structuredClone(confirmation));
    return 'taken';
  }

  return {
    asked,
    plan(afterMs, confirmation) {
      planned = confirmation === null ? null : { afterMs, confirmation };
    },
    answer: async (callbackId, confirmation) =>
      faults === undefined
        ? take(callbackId, confirmation)
        : faults.effect('confirmations.answer', () => take(callbackId, confirmation)),
    async wait(callbackId, withinMs, askedAtMs) {
      if (!asked.includes(callbackId)) asked.push(callbackId);
      for (;;) {
        const waitedMs = clock.now() - askedAtMs;
        if (planned !== null && waitedMs >= planned.afterMs) take(callbackId, planned.confirmation);
        const answer = answers.get(callbackId);
        if (answer !== undefined) return answer;
        if (waitedMs >= withinMs) {
          over.add(callbackId);
          return null;
        }
        await clock.sleep(Math.min(lookMs, withinMs - waitedMs));
      }
    },
  };
}

let executions = 0;

export function plainSteps(
  clock: Clock,
  people: FakePeople = fakePeople(clock),
  path = '',
  id = `execution-${++executions}`,
): Steps {
  const names = new Set<string>();
  const named = (name: string): string => nameOnce(names, path, name);
  return {
    id,
    async step(name, body) {
      named(name);
      return throughJson(await tried(clock, body));
    },
    async sleep(name, ms) {
      named(name);
      await clock.sleep(wholeSeconds(ms));
    },
    async confirm(name, withinMs, ask) {
      const callbackId = `${id}${named(name)}`;
      const askedAtMs = clock.now();
      await ask(callbackId);
      return people.wait(callbackId, wholeSeconds(withinMs), askedAtMs);
    },
    together(name, branches, width) {
      const inside = named(name);
      return allOf(
        branches.map(
          (branch) => () => branch.run(plainSteps(clock, people, nameOnce(names, inside, branch.name), id)),
        ),
        width,
      );
    },
  };
}

// ---- What both kinds of steps share

/** @throws when a sibling has the name already, because then nothing can tell their results apart */
export function nameOnce(names: Set<string>, path: string, name: string): string {
  const whole = `${path}/${name}`;
  if (names.has(whole)) throw new Error(`there are two steps ${whole}`);
  names.add(whole);
  return whole;
}

export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000)) * 1_000;
}

/** Between attempts at a step that failed with `retry: later`. */
const pausesMs = [1_000, 2_000, 4_000, 8_000];

/** @throws what the body threw last */
export async function tried<T>(clock: Clock, body: () => Promise<T>): Promise<T> {
  for (const pauseMs of pausesMs)
    try {
      return await body();
    } catch (error) {
      if (!(error instanceof Fault && error.retry === 'later')) throw error;
      await clock.sleep(pauseMs);
    }
  return body();
}

/** What is remembered is text: nothing else of a result survives. */
export function throughJson<T>(value: T): T {
  const text = JSON.stringify(value);
  return text === undefined ? (undefined as T) : (JSON.parse(text) as T);
}

/** At most `width` at a time. @throws what the first of them in their order threw, once all have ended */
export async function allOf<T>(runs: readonly (() => Promise<T>)[], width: number): Promise<readonly T[]> {
  const results: PromiseSettledResult<T>[] = [];
  let next = 0;
  async function work(): Promise<void> {
    for (let index = next++; index < runs.length; index = next++) {
      const run = runs[index];
      if (run === undefined) return;
      [results[index]] = (await Promise.allSettled([run()])) as [PromiseSettledResult<T>];
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(width, runs.length)) }, work));
  return results.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
