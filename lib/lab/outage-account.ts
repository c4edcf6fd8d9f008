/**
 * How much of an outage the stages of the recovery explain. Stages follow one another, but the client's outage neither
 * begins nor ends with one: it begins with its last answer, and ends in the middle of the stage that brings the address.
 *
 *   break     event    start                                        end of the recovery
 *     ├ noticed ┼ detect ┤ in no stage ├ claim ┼ observe ┼ … ┼ host ┼ commit ┤
 *   ├──────────────────────── outage ──────────────────────────┤
 *
 * What the recovery did between its stages is taken to lie before the first of them, so all of it falls into the outage:
 * a stage that ran after the first answer must not pay for time that nobody accounts for.
 */
export interface Course {
  /** Times count from the break, in milliseconds. */
  readonly lastAnswerMs: number;
  readonly firstAnswerMs: number;
  /** When the event happened that the recovery was started by. */
  readonly noticedMs: number;
  /** When the recovery had nothing left to do. */
  readonly endedMs: number;
  /** In order; `detect` is from the event to the start. */
  readonly stagesMs: { readonly [stage: string]: number };
}

/** A stage's part of the outage. */
export interface Stretch {
  readonly stage: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Account {
  /** Those that lie in the outage at least in part, in order; none overlaps another. */
  readonly stretches: readonly Stretch[];
  readonly inNoStageMs: number;
  /** Of the outage. */
  readonly inNoStagePercent: number;
}

export function accountFor({ lastAnswerMs, firstAnswerMs, noticedMs, endedMs, stagesMs }: Course): Account {
  const { detect = 0, ...own } = stagesMs;
  const startedMs = Math.max(0, noticedMs) + detect;
  const ownMs = Object.values(own).reduce((sum, ms) => sum + ms, 0);
  const before = layEndToEnd(0, { noticed: noticedMs, detect });
  const after = layEndToEnd(Math.max(startedMs, endedMs - ownMs), own);
  const stretches = [...before, ...after]
    .map(({ stage, fromMs, untilMs }) => ({
      stage,
      fromMs: Math.max(fromMs, lastAnswerMs),
      untilMs: Math.min(untilMs, firstAnswerMs),
    }))
    .filter(({ fromMs, untilMs }) => untilMs > fromMs);
  const outageMs = firstAnswerMs - lastAnswerMs;
  const inStagesMs = stretches.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);
  const inNoStageMs = outageMs - inStagesMs;
  return { stretches, inNoStageMs, inNoStagePercent: outageMs > 0 ? (inNoStageMs / outageMs) * 100 : 0 };
}

function layEndToEnd(fromMs: number, stagesMs: { readonly [stage: string]: number }): readonly Stretch[] {
  let nextMs = fromMs;
  return Object.entries(stagesMs).map(([stage, ms]) => {
    const stretch = { stage, fromMs: nextMs, untilMs: nextMs + Math.max(0, ms) };
    nextMs = stretch.untilMs;
    return stretch;
  });
}
