/** The engine's answer as a command expects it: another engine than this program knows is told, never printed as is. */
import { Fault } from '../recovery/fault.ts';
import type { Answer } from '../recovery/order.ts';

type Told = Extract<Answer, { ok: true }>;

/** @throws Fault `invalid-answer` */
export function expected<K extends Told['kind']>(answer: Told, kind: K): Extract<Told, { kind: K }> {
  if (answer.kind !== kind)
    throw new Fault(
      'invalid-answer',
      `the engine answered with "${answer.kind}" instead of "${kind}": is it of another version than this program?`,
      'never',
    );
  return answer as Extract<Told, { kind: K }>;
}
