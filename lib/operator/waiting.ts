/** A failover that waits for a person: its question, its time, and the answer, for whoever may give one. */
import type { WaitingView } from '../recovery/order.ts';
import { otherwiseWords } from '../recovery/waiting-words.ts';
import { type Row, timeAndAge, untilWords } from './print.ts';

export function waitingRows(tag: string, waiting: WaitingView | null, nowMs: number): readonly Row[] {
  if (waiting === null) return [];
  const { question, untilMs, otherwise, answered } = waiting;
  const without = otherwiseWords(otherwise);
  return [
    ['question', question],
    answered === null
      ? ['answer', `none yet: holdfast confirm ${tag} --yes (or --no)`]
      : ['answer', `${answered.answer}, by ${answered.arn}, ${timeAndAge(answered.atMs, nowMs)}`],
    ...(answered === null ? [['without one', `${untilWords(untilMs, nowMs)}: ${without}`]] : []),
  ];
}

export function waitingWords(tag: string, { answered }: WaitingView): string {
  return answered === null
    ? `a failover waits for an answer: holdfast confirm ${tag}`
    : `its failover was answered ${answered.answer} by ${answered.arn}`;
}
