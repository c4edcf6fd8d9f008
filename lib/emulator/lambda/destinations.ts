/** The record that a failure or success destination receives. */
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
