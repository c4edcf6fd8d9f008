/** What may start a durable execution, and under which name (https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html). */
import { AwsError } from '../errors.ts';
import type { DurableExecution } from './durable-execution.ts';
import { invalid, validation } from './durable-updates.ts';
import type { InvocationTarget } from './model.ts';
import type { FunctionReference } from './reference.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, DurableExecutionName. */
const namePattern = /^[a-zA-Z0-9_-]{1,64}$/;
const synchronousLimitS = 900;
/** https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html, InputPayload. */
const asynchronousLimitBytes = 262_144;

/** @throws AwsError InvalidParameterValueException with the text that AWS was seen to answer (facts: 6.6) */
export function requireQualified({ qualifier }: FunctionReference): void {
  if (qualifier === undefined)
    throw invalid('You cannot invoke a durable function using an unqualified ARN.');
}

/** Seen: the answer of AWS, in public issue threads. @throws AwsError InvalidParameterValueException */
export function requireSynchronous({ version }: InvocationTarget): void {
  if ((version.configuration.durable?.executionTimeoutS ?? 0) > synchronousLimitS)
    throw invalid(
      'You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.',
    );
}

/** @throws AwsError RequestTooLargeException; its wording is UNCONFIRMED */
export function requireSmall(payload: string): void {
  if (Buffer.byteLength(payload) > asynchronousLimitBytes)
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${asynchronousLimitBytes} bytes for the InvokeFunction operation`,
      413,
    );
}

/** @throws AwsError ValidationException */
export function requireName(name: string): void {
  if (!namePattern.test(name))
    throw validation(
      `Value '${name}' at 'durableExecutionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ${namePattern.source}`,
    );
}

/**
 * The same start twice is one execution, running or ended
 * (https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html).
 * @throws AwsError DurableExecutionAlreadyStartedException
 */
export function requireSamePayload({ identity }: DurableExecution, payload: string): void {
  if (identity.input !== payload)
    throw new AwsError(
      'DurableExecutionAlreadyStartedException',
      `Execution already started: ${identity.arn}`,
      409,
    );
}
