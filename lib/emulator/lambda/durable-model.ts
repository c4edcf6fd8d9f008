/**
 * What Lambda keeps of a durable execution: one run of a durable function from its start to its end, however many
 * invocations that takes (https://docs.aws.amazon.com/lambda/latest/dg/durable-basic-concepts.html).
 */

/** https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html */
export interface DurableConfig {
  readonly executionTimeoutS: number;
  readonly retentionDays: number;
}

export const executionStatuses = ['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'STOPPED'] as const;
export type ExecutionStatus = (typeof executionStatuses)[number];
export type EndStatus = Exclude<ExecutionStatus, 'RUNNING'>;

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operation.html */
export const operationTypes = ['EXECUTION', 'CONTEXT', 'STEP', 'WAIT', 'CALLBACK', 'CHAINED_INVOKE'] as const;
export type OperationType = (typeof operationTypes)[number];
export type OperationStatus =
  | 'STARTED'
  | 'PENDING'
  | 'READY'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'CANCELLED'
  | 'TIMED_OUT'
  | 'STOPPED';

/** https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html */
export const operationActions = ['START', 'SUCCEED', 'FAIL', 'RETRY', 'CANCEL'] as const;
export type OperationAction = (typeof operationActions)[number];

/** As on the wire: https://docs.aws.amazon.com/lambda/latest/api/API_ErrorObject.html */
export interface ErrorObject {
  readonly ErrorType?: string;
  readonly ErrorMessage?: string;
  readonly ErrorData?: string;
  readonly StackTrace?: readonly string[];
}

/** Replaced as a whole by every change, so that whoever holds one holds what it was. */
export interface DurableOperation {
  readonly id: string;
  readonly type: OperationType;
  readonly name?: string | undefined;
  readonly subType?: string | undefined;
  readonly parentId?: string | undefined;
  readonly status: OperationStatus;
  readonly startMs: number;
  readonly endMs?: number | undefined;
  readonly result?: string | undefined;
  readonly error?: ErrorObject | undefined;
  /** Of an EXECUTION. */
  readonly input?: string;
  /** Of a CONTEXT: its children belong to the state even when it is completed. */
  readonly replayChildren?: boolean | undefined;
  /** Of a STEP: attempts that ended. */
  readonly attempt?: number;
  /** Of a STEP that waits for its next attempt. */
  readonly nextAttemptMs?: number | undefined;
  readonly wait?: { readonly seconds: number; readonly endMs: number };
  readonly callback?: CallbackState;
}

export interface CallbackState {
  readonly id: string;
  readonly timeoutS: number | undefined;
  readonly timeoutMs: number | undefined;
  readonly heartbeatS: number | undefined;
  /** Moves with every heartbeat. */
  readonly heartbeatMs: number | undefined;
}

/** One invocation of the function for an execution, ended. */
export interface DurableInvocation {
  readonly requestId: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** Of a function that did not answer, or that answered FAILED. */
  readonly error: ErrorObject | undefined;
}

/** One checkpoint request with the token of a live invocation, in the order in which they came. */
export interface CheckpointRecord {
  /** From 1, over all invocations of the execution. */
  readonly number: number;
  readonly atMs: number;
  readonly requestId: string;
  /** Such as `STEP move SUCCEED`; none when the function only asked for news. */
  readonly updates: readonly string[];
  readonly outcome: 'applied' | 'refused' | 'killed-before' | 'killed-after' | 'repeated';
}

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, durable functions. */
export const operationsAtMost = 3_000;
export const storageLimitBytes = 100 * 1024 * 1024;

export function isEnded(status: OperationStatus): boolean {
  return !['STARTED', 'PENDING', 'READY'].includes(status);
}
