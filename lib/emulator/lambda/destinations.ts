/** The record that a failure or success destination receives. */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import type { Invocation } from './invocations.ts';

export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html, example invocation record. */
export function destinationRecord(settled: {
  readonly atMs: number;
  readonly requestId: string;
  /** Always qualified, `$LATEST` at least. */
  readonly functionArn: string;
  readonly condition: Condition;
  readonly attempts: number;
  readonly payload: string;
  /** The last one; absent when the event grew too old before any. */
  readonly invocation: Invocation | undefined;
}): string {
  const { atMs, requestId, functionArn, condition, attempts, payload, invocation } = settled;
  return JSON.stringify({
    version: '1.0',
    timestamp: new Date(atMs).toISOString(),
    requestContext: { requestId, functionArn, condition, approximateInvokeCount: attempts },
    requestPayload: JSON.parse(payload),
    ...(invocation === undefined ? {} : responseOf(invocation)),
  });
}

/**
 * Lambda publishes with the function's own role
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
 * @throws AwsError AccessDeniedException
 */
export function requirePublish({ iam }: Account, roleName: string, topicArn: string): void {
  const role = iam.caller(iam.credentialsOf(roleName).accessKeyId);
  if (iam.firstDenied(role, 'sns:Publish', [{ arn: topicArn }]) !== undefined)
    throw new AwsError(
      'AccessDeniedException',
      `the role ${roleName} may not sns:Publish to the destination ${topicArn}`,
      403,
    );
}

function responseOf({ outcome, version }: Invocation): {
  readonly responseContext: object;
  readonly responsePayload: unknown;
} {
  if (outcome.kind === 'succeeded')
    return {
      responseContext: { statusCode: 200, executedVersion: version },
      responsePayload: JSON.parse(outcome.payload),
    };
  return {
    responseContext: { statusCode: 200, executedVersion: version, functionError: 'Unhandled' },
    responsePayload: outcome.failure,
  };
}
