/**
 * Faults in what a durable execution remembers. The SDK keeps of an error its message and a piece of data, which it
 * takes along through every context; class, code and `retry` would be lost.
 */
import { StepError } from '@aws/durable-execution-sdk-js';
import * as v from 'valibot';
import { Fault, type FaultCode } from '../recovery/fault.ts';

const kept = v.object({ code: v.string(), retry: v.picklist(['later', 'never']) });

/** As deep as an error may be wrapped: a step in branches in branches. */
const deepest = 16;

/** Runs a body of a step: a Fault leaves it so that it can be remembered. */
export async function carrying<T>(body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, retry, message } = error;
    throw new StepError(message, error, JSON.stringify({ code, retry }));
  }
}

/** The Fault that was thrown in a step, now or in an earlier life of the function; undefined for any other error. */
export function faultBehind(error: unknown): Fault | undefined {
  let each: unknown = error;
  for (let depth = 0; depth < deepest && each instanceof Error; depth += 1) {
    if (each instanceof Fault) return each;
    const { errorData, message, cause } = each as Error & { readonly errorData?: unknown };
    const result = v.safeParse(kept, parsed(errorData));
    if (result.success)
      return new Fault(result.output.code as FaultCode, message, result.output.retry, { cause: error });
    each = cause;
  }
  return undefined;
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
