/** Follows a recovery until it has ended. Whoever stops following changes nothing: the recovery is the engine's. */
import { Fault } from '../recovery/fault.ts';
import type { Answer, Explanation } from '../recovery/order.ts';
import { type Context, unlessInterrupted } from './command.ts';

/** `ended` false: the time was up. */
export interface Followed {
  readonly ended: boolean;
  readonly answer: Extract<Answer, { kind: 'explanation' }> | undefined;
}

const lookEveryMs = 300;
/** An asynchronous invocation may take that long to begin. */
const beginningMs = 60_000;
export const defaultTimeoutMs = 300_000;

/** @throws Fault that trying again cannot help; Interrupted */
export async function follow(
  recovery: string,
  { ask, clock, interrupted }: Pick<Context, 'ask' | 'clock' | 'interrupted'>,
  { timeoutMs, show }: { readonly timeoutMs: number; show(explanation: Explanation | undefined): void },
): Promise<Followed> {
  const startedAtMs = clock.now();
  let answer: Followed['answer'];
  while (clock.now() - startedAtMs < timeoutMs) {
    const told = await patiently(() => ask({ action: 'explain', recovery }));
    if (told?.ok === true && told.kind === 'explanation') {
      answer = told;
      show(told.explanation);
      if (told.explanation.ended) return { ended: true, answer };
    } else {
      const beginning = clock.now() - startedAtMs < beginningMs;
      if (told !== undefined && !(isUnknown(told) && beginning)) throw faultOf(told);
      show(undefined);
    }
    await unlessInterrupted(interrupted, clock.sleep(lookEveryMs));
  }
  return { ended: false, answer };
}

/** Undefined when it may help to ask again. */
async function patiently(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Fault && error.retry === 'later') return undefined;
    throw error;
  }
}

function isUnknown(answer: Answer): boolean {
  return !answer.ok && answer.code === 'unknown-recovery';
}

function faultOf(answer: Answer): Fault {
  if (answer.ok) return new Fault('invalid-answer', `explain was answered with "${answer.kind}"`, 'never');
  return new Fault('invalid-answer', `explain was refused: ${answer.message} (${answer.code})`, 'never');
}
