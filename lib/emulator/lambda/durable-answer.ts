/**
 * What an invocation of a durable function came to: the function's answer is an envelope, and anything else fails the
 * execution (https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html; the form and the two refusals were
 * seen on live functions: https://github.com/aws/aws-durable-execution-sdk-go and the SDK's own types).
 */
import { readJson, structure } from '../shapes.ts';
import type { DurableExecution } from './durable-execution.ts';
import type { ErrorObject } from './durable-model.ts';
import { errorShape } from './durable-updates.ts';
import type { Outcome } from './runtime.ts';

type Answer =
  | { readonly kind: 'pending' }
  | { readonly kind: 'ended'; readonly status: 'SUCCEEDED'; readonly result: string | undefined }
  | { readonly kind: 'ended'; readonly status: 'FAILED'; readonly error: ErrorObject }
  /** The function did not answer: it threw, ran out of time, or its sandbox died. */
  | { readonly kind: 'failed'; readonly error: ErrorObject };

const envelope = structure({ Status: 'string', Result: 'string', Error: errorShape });

/** What a synchronous caller gets; seen: a result as it is, an error as a function error. */
export function outcomeOf({ status, result, error }: DurableExecution): Outcome {
  if (status === 'SUCCEEDED') return { kind: 'succeeded', payload: result ?? 'null' };
  const { ErrorType = status, ErrorMessage = '', StackTrace } = error ?? {};
  const trace = StackTrace === undefined ? {} : { trace: StackTrace };
  return {
    kind: 'failed',
    failure: { errorType: ErrorType, errorMessage: ErrorMessage, ...trace },
    sandboxLost: false,
  };
}

export function answerOf(outcome: Outcome): Answer {
  if (outcome.kind === 'failed') {
    const { errorType, errorMessage, trace } = outcome.failure;
    const error = {
      ErrorType: errorType,
      ErrorMessage: errorMessage,
      ...(trace === undefined ? {} : { StackTrace: trace }),
    };
    return { kind: 'failed', error };
  }
  const { Status, Result, Error: error } = read(outcome.payload);
  if (Status === 'PENDING') return { kind: 'pending' };
  if (Status === 'SUCCEEDED' && error === undefined)
    return { kind: 'ended', status: 'SUCCEEDED', result: Result };
  if (Status === 'FAILED' && Result === undefined)
    return { kind: 'ended', status: 'FAILED', error: error ?? {} };
  if (Status === 'SUCCEEDED') return refused('Cannot provide an Error for SUCCEEDED status.');
  if (Status === 'FAILED') return refused('Cannot provide a Result for FAILED status.');
  return refused('Invalid Status in invocation output.');
}

function read(payload: string): ReturnType<typeof readJson<typeof envelope>> {
  try {
    return readJson(envelope, JSON.parse(payload));
  } catch {
    return {};
  }
}

function refused(ErrorMessage: string): Answer {
  const error = { ErrorType: 'InvalidParameterValueException', ErrorMessage };
  return { kind: 'ended', status: 'FAILED', error };
}
