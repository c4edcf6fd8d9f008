/**
 * Steps over Lambda's durable functions. A step is at least once: its result is checkpointed when it has ended, so a
 * function that dies in between runs its body again. Nothing here relies on a default of the SDK: those are made for
 * minutes, not for an outage (https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html).
 */
import {
  CallbackExternalError,
  CallbackTimeoutError,
  type DurableContext,
  type RetryDecision,
  StepSemantics,
} from '@aws/durable-execution-sdk-js';
import * as v from 'valibot';
import { type Confirmation, confirmation } from '../recovery/confirmation.ts';
import { Fault, type FaultCode } from '../recovery/fault.ts';
import type { Steps } from '../recovery/steps.ts';
import { carrying, faultBehind } from './carried-faults.ts';

/** Before each further attempt at a step that failed with `retry: later`. */
const pausesS: readonly number[] = [1, 2, 4, 8];

export function durableSteps(context: DurableContext): Steps {
  return {
    id: context.executionContext.durableExecutionArn,
    step: (name, body) =>
      restoring(() =>
        context.step(name, () => carrying(body), {
          semantics: StepSemantics.AtLeastOncePerRetry,
          retryStrategy,
        }),
      ),
    sleep: (name, ms) => restoring(() => context.wait(name, wholeSeconds(ms))),
    confirm: (name, withinMs, ask) =>
      restoring(async () => {
        try {
          const answer = await context.waitForCallback(name, (id) => carrying(() => ask(id)), {
            timeout: wholeSeconds(withinMs),
            retryStrategy,
          });
          return confirmationOf(answer);
        } catch (error) {
          if (error instanceof CallbackTimeoutError) return null;
          if (error instanceof CallbackExternalError) return refusal(error.message);
          throw error;
        }
      }),
    together: (name, branches, width) =>
      restoring(async () => {
        const { all } = await context.parallel(name, branches.map(branchOf), {
          maxConcurrency: Math.max(1, width),
          completionConfig: { toleratedFailureCount: branches.length },
        });
        return all.map(({ result, error }) => endOf(result, error));
      }),
  };
}

// ---- What fails

function retryStrategy(error: Error, attempt: number): RetryDecision {
  const seconds = faultBehind(error)?.retry === 'later' ? pausesS[attempt - 1] : undefined;
  return seconds === undefined ? { shouldRetry: false } : { shouldRetry: true, delay: { seconds } };
}

/** @throws the Fault of the step; anything else as the SDK throws it */
async function restoring<T>(run: () => PromiseLike<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw faultBehind(error) ?? error;
  }
}

// ---- Branches

interface Branch<T> {
  readonly name: string;
  readonly run: (steps: Steps) => Promise<T>;
}

type Ended<T> =
  | { readonly kind: 'value'; readonly value: T }
  | {
      readonly kind: 'fault';
      readonly code: FaultCode;
      readonly retry: Fault['retry'];
      readonly message: string;
    }
  | { readonly kind: 'bug'; readonly name: string; readonly message: string };

/** A branch that failed has ended like any other: the SDK knows of no failure, and the others go on to their end. */
function branchOf<T>({ name, run }: Branch<T>) {
  return { name, func: (inside: DurableContext): Promise<Ended<T>> => ended(run(durableSteps(inside))) };
}

async function ended<T>(running: Promise<T>): Promise<Ended<T>> {
  try {
    return { kind: 'value', value: await running };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (!(error instanceof Fault)) return { kind: 'bug', name, message };
    return { kind: 'fault', code: error.code, retry: error.retry, message };
  }
}

/** @throws what its branch threw */
function endOf<T>(result: Ended<T> | undefined, error: Error | undefined): T {
  if (result === undefined) throw error ?? new Error('a branch has ended without a result');
  if (result.kind === 'value') return result.value;
  if (result.kind === 'fault') throw new Fault(result.code, result.message, result.retry);
  throw Object.assign(new Error(result.message), { name: result.name });
}

// ---- People

/** What nobody can read does not let anything go on. */
function confirmationOf(answer: string): Confirmation {
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), confirmation), answer);
  return result.success
    ? result.output
    : refusal(`an answer that nobody can read: ${String(answer).slice(0, 200)}`);
}

/** Whoever fails the callback, or completes it by hand, gives no name. */
function refusal(reason: string): Confirmation {
  return { answer: 'no', arn: 'unknown', via: 'command', reason, atMs: 0 };
}

function wholeSeconds(ms: number): { readonly seconds: number } {
  return { seconds: Math.max(1, Math.ceil(ms / 1_000)) };
}
