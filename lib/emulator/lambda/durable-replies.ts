/** Durable executions as Lambda's API prints them (https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html and its neighbours). */
import type { DurableExecution } from './durable-execution.ts';
import type { HistoryEvent } from './durable-history.ts';
import type { DurableOperation } from './durable-model.ts';

/** Text in the event of an invocation, seconds in a reply. */
type Stamp = (ms: number) => string | number;

export const inSeconds: Stamp = (ms) => ms / 1_000;

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html */
export function operationOnTheWire(operation: DurableOperation, stamp: Stamp): object {
  const { id, type, name, subType, parentId, status, startMs, endMs } = operation;
  return {
    Id: id,
    ParentId: parentId,
    Name: name,
    Type: type,
    SubType: subType,
    StartTimestamp: stamp(startMs),
    ...(endMs === undefined ? {} : { EndTimestamp: stamp(endMs) }),
    Status: status,
    ...detailsOf(operation, stamp),
  };
}

export function executionReply({ identity, status, result, error, endedMs }: DurableExecution): object {
  return {
    ...summaryOf(identity, status, endedMs),
    InputPayload: identity.input,
    Result: result,
    Error: error,
    Version: identity.version,
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Execution.html */
export function executionSummary({ identity, status, endedMs }: DurableExecution): object {
  return summaryOf(identity, status, endedMs);
}

/** @param withData results, inputs and errors too */
export function eventReply({ id, type, atMs, operation, details }: HistoryEvent, withData: boolean): object {
  return {
    EventType: type,
    EventId: id,
    EventTimestamp: inSeconds(atMs),
    ...(operation === undefined
      ? {}
      : {
          Id: operation.id,
          Name: operation.name,
          SubType: operation.subType,
          ParentId: operation.parentId,
        }),
    [`${type}Details`]: Object.fromEntries(
      Object.entries(details).map(([member, value]) => [member, printed(value, withData)]),
    ),
  };
}

function summaryOf(
  identity: DurableExecution['identity'],
  status: string,
  endedMs: number | undefined,
): object {
  return {
    DurableExecutionArn: identity.arn,
    DurableExecutionName: identity.name,
    FunctionArn: identity.functionArn,
    Status: status,
    StartTimestamp: inSeconds(identity.startedMs),
    ...(endedMs === undefined ? {} : { EndTimestamp: inSeconds(endedMs) }),
  };
}

function detailsOf(operation: DurableOperation, stamp: Stamp): object {
  const { type, result, error, attempt, nextAttemptMs, wait, callback } = operation;
  const outcome = { Result: result, Error: error };
  switch (type) {
    case 'EXECUTION':
      return { ExecutionDetails: { InputPayload: operation.input } };
    case 'CONTEXT':
      return { ContextDetails: { ReplayChildren: operation.replayChildren, ...outcome } };
    case 'STEP':
      return {
        StepDetails: {
          Attempt: attempt ?? 0,
          ...(nextAttemptMs === undefined ? {} : { NextAttemptTimestamp: stamp(nextAttemptMs) }),
          ...outcome,
        },
      };
    case 'WAIT':
      return wait === undefined ? {} : { WaitDetails: { ScheduledEndTimestamp: stamp(wait.endMs) } };
    case 'CALLBACK':
      return { CallbackDetails: { CallbackId: callback?.id, ...outcome } };
    case 'CHAINED_INVOKE':
      return {};
  }
}

function printed(value: HistoryEvent['details'][string], withData: boolean): unknown {
  if (value instanceof Date) return inSeconds(value.getTime());
  if (typeof value !== 'object' || !('Payload' in value)) return value;
  return withData ? { Payload: value.Payload, Truncated: false } : {};
}
