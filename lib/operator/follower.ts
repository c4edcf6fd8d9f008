/**
 * Follows whatever recoveries there are: live where the claim names one that can be explained, else from the history as
 * soon as it has ended. Each step is told once, in whatever round it is seen.
 */
import type { Answer, AskedRequest, ExplainedStep, Explanation, ListEntry } from '../recovery/order.ts';

/** An answer, or undefined when it may help to ask again. */
export type Ask = (request: AskedRequest) => Promise<Answer | undefined>;

/** @param fresh its steps that were not told before */
export type Tell = (explanation: Explanation, fresh: readonly ExplainedStep[]) => void;

/** The summary of a recovery is written as its claim ends, and may be seen a little later. */
const roundsForTheEnd = 5;
const lastRecoveries = 10;

export interface Follower {
  /** One round. @param changed whether the list is not as it was; @returns whether anybody is at work */
  round(resources: readonly ListEntry[], changed: boolean): Promise<boolean>;
}

export function openFollower(tag: string | undefined, ask: Ask, tell: Tell): Follower {
  /** Ids of the steps told, by recovery; those that have ended stay. */
  const told = new Map<string, Set<string>>();
  const live = new Set<string>();
  let begun = false;
  let roundsLeft = 0;

  async function follow(recovery: string): Promise<boolean> {
    const answer = await ask({ action: 'explain', recovery });
    if (answer === undefined) return true;
    if (!answer.ok || answer.kind !== 'explanation') return false;
    const { explanation } = answer;
    const seen = told.get(recovery) ?? new Set();
    told.set(recovery, seen);
    tell(explanation, unseen(explanation, seen));
    return !explanation.ended;
  }

  async function ended(): Promise<readonly string[]> {
    const about = tag === undefined ? {} : { tag };
    const answer = await ask({ action: 'history', ...about, limit: lastRecoveries });
    if (answer?.ok !== true || answer.kind !== 'history') return [];
    return answer.entries
      .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
      .map(({ recovery }) => recovery)
      .filter((recovery) => !told.has(recovery));
  }

  return {
    async round(resources, changed) {
      const holders = resources.flatMap(({ claim }) => (claim == null ? [] : [claim.holder]));
      if (!begun) {
        // What has ended before is no news, and what is running is.
        for (const recovery of await ended()) if (!holders.includes(recovery)) told.set(recovery, new Set());
        begun = true;
      }
      for (const holder of holders) if (!told.has(holder)) live.add(holder);
      for (const recovery of live) if (!(await follow(recovery))) live.delete(recovery);
      const nameless = holders.some((holder) => !told.has(holder));
      if (nameless || changed) roundsLeft = roundsForTheEnd;
      if (roundsLeft > 0) {
        const fresh = await ended();
        for (const recovery of fresh) if (await follow(recovery)) live.add(recovery);
        roundsLeft = fresh.length > 0 ? 0 : roundsLeft - 1;
      }
      return live.size > 0 || nameless || roundsLeft > 0;
    },
  };
}

/** What is done side by side is written side by side: a step may come before one that was seen already. */
export function unseen({ steps }: Explanation, seen: Set<string>): readonly ExplainedStep[] {
  const fresh = steps.filter(({ id }) => !seen.has(id));
  for (const { id } of fresh) seen.add(id);
  return fresh;
}
