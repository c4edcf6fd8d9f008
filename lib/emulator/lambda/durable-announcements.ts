/**
 * What others hear of a durable execution: events and metrics
 * (https://docs.aws.amazon.com/lambda/latest/dg/durable-monitoring.html), and the dead-letter topic of the function
 * (https://docs.aws.amazon.com/lambda/latest/dg/durable-best-practices.html).
 */
import type { Account } from '../account.ts';
import { AwsError } from '../errors.ts';
import { requirePublish } from './destinations.ts';
import type { DurableExecution } from './durable-execution.ts';
import type { EndStatus } from './durable-model.ts';
import type { FunctionConfiguration } from './model.ts';

const endMetrics: { readonly [status in EndStatus]: string } = {
  SUCCEEDED: 'DurableExecutionSucceeded',
  FAILED: 'DurableExecutionFailed',
  TIMED_OUT: 'DurableExecutionTimedOut',
  STOPPED: 'DurableExecutionStopped',
};

export function announceStart(account: Account, execution: DurableExecution): void {
  emit(account, execution);
  measure(account, execution, 'DurableExecutionStarted', 1, 'Count');
}

/** @param startedAsynchronously its configuration, for what is sent when such an execution did not succeed */
export function announceEnd(
  account: Account,
  execution: DurableExecution,
  startedAsynchronously: FunctionConfiguration | undefined,
): void {
  const { status, endedMs, identity } = execution;
  if (status === 'RUNNING' || endedMs === undefined) return;
  emit(account, execution);
  measure(account, execution, endMetrics[status], 1, 'Count');
  measure(account, execution, 'DurableExecutionDuration', endedMs - identity.startedMs, 'Milliseconds');
  measure(account, execution, 'DurableExecutionOperations', execution.look().operations.length - 1, 'Count');
  const topicArn = startedAsynchronously?.deadLetterArn;
  if (status === 'SUCCEEDED' || startedAsynchronously === undefined || topicArn === undefined) return;
  try {
    requirePublish(account, startedAsynchronously.roleName, topicArn);
    account.deliver({
      targetArn: topicArn,
      principal: 'lambda.amazonaws.com',
      sourceArn: identity.functionArn,
      payload: identity.input,
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    measure(account, execution, 'DeadLetterErrors', 1, 'Count');
  }
}

function emit(account: Account, { identity, status, endedMs }: DurableExecution): void {
  account.emitEvent({
    source: 'aws.lambda',
    detailType: 'Durable Execution Status Change',
    resources: [],
    detail: {
      durableExecutionArn: identity.arn,
      durableExecutionName: identity.name,
      functionArn: identity.functionArn,
      status,
      startTimestamp: new Date(identity.startedMs).toISOString(),
      ...(endedMs === undefined ? {} : { endTimestamp: new Date(endedMs).toISOString() }),
    },
  });
}

/** The dimensions are UNCONFIRMED; every metric of a function has this one. */
function measure(
  account: Account,
  { identity }: DurableExecution,
  name: string,
  value: number,
  unit: string,
): void {
  account.putMetric({
    namespace: 'AWS/Lambda',
    name,
    dimensions: { FunctionName: identity.functionName },
    value,
    unit,
    storageResolution: 60,
    timestampMs: account.clock.now(),
  });
}
