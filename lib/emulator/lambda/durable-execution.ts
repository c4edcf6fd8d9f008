/**
 * One durable execution: its operations, its history, and the token that lets exactly one live invocation write.
 *
 * invocation ──token──▶ checkpoint ──next token──▶ checkpoint … ──▶ SUCCEEDED | FAILED | PENDING
 *
 * A token names execution, invocation and sequence, and each accepted checkpoint uses it up
 * (https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html): whatever a dead invocation still
 * sends is refused. It knows no clock and starts nothing.
 */
import { AwsError } from '../errors.ts';
import { History, type HistoryEvent } from './durable-history.ts';
import type {
  CheckpointRecord,
  DurableInvocation,
  DurableOperation,
  EndStatus,
  ErrorObject,
  ExecutionStatus,
} from './durable-model.ts';
import { Operations } from './durable-operations.ts';
import { type StatePage, statePage } from './durable-state.ts';
import {
  type CheckpointRequest,
  invalid,
  type OperationUpdate,
  requireValid,
  wordsOf,
} from './durable-updates.ts';

export interface ExecutionIdentity {
  readonly arn: string;
  /** Last part of the ARN, and the id of the operation that stands for the execution itself. */
  readonly id: string;
  readonly name: string;
  readonly functionName: string;
  /** On which it began and stays. */
  readonly version: string;
  /** Of that version. */
  readonly functionArn: string;
  readonly input: string;
  readonly startedMs: number;
  readonly executionTimeoutS: number;
  readonly retentionDays: number;
}

export interface CheckpointAnswer {
  /** Absent after the checkpoint that ends the execution. */
  readonly token: string | undefined;
  readonly operations: readonly DurableOperation[];
}

interface Remembered {
  readonly token: string;
  readonly clientToken: string;
  readonly atMs: number;
  readonly answer: CheckpointAnswer;
}

/** Plain data, for whoever looks: a test, a story. */
export interface ExecutionView extends ExecutionIdentity {
  readonly status: ExecutionStatus;
  readonly result: string | undefined;
  readonly error: ErrorObject | undefined;
  readonly endedMs: number | undefined;
  /** The first one stands for the execution itself. */
  readonly operations: readonly DurableOperation[];
  /** Ended ones, oldest first. */
  readonly invocations: readonly DurableInvocation[];
  readonly checkpoints: readonly CheckpointRecord[];
}

interface Ending {
  readonly status: EndStatus;
  readonly result: string | undefined;
  readonly error: ErrorObject | undefined;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html, ClientToken. */
const rememberedMs = 15 * 60_000;
const pageBytes = 5 * 1024 * 1024;

export class DurableExecution {
  readonly identity: ExecutionIdentity;
  readonly #operations = new Operations();
  readonly #history = new History();
  readonly #invocations: DurableInvocation[] = [];
  readonly #checkpoints: CheckpointRecord[] = [];
  #running: { readonly requestId: string; readonly startedMs: number } | undefined;
  #sequence = 0;
  #remembered: Remembered | undefined;
  /** Checkpointed by the function before it answers. */
  #announced: Ending | undefined;
  #end: (Ending & { readonly atMs: number }) | undefined;

  constructor(identity: ExecutionIdentity) {
    this.identity = identity;
    const { id, input, startedMs, executionTimeoutS } = identity;
    const operation = this.#operations.put({
      id,
      type: 'EXECUTION',
      status: 'STARTED',
      startMs: startedMs,
      input,
    });
    this.#history.executionStarted(operation, executionTimeoutS, startedMs);
  }

  /** As it stands now. */
  look(): ExecutionView {
    return {
      ...this.identity,
      status: this.status,
      result: this.result,
      error: this.error,
      endedMs: this.endedMs,
      operations: this.#operations.all(),
      invocations: [...this.#invocations],
      checkpoints: [...this.#checkpoints],
    };
  }

  get status(): ExecutionStatus {
    return this.#end?.status ?? 'RUNNING';
  }

  get result(): string | undefined {
    return this.#end?.result;
  }

  get error(): ErrorObject | undefined {
    return this.#end?.error;
  }

  get endedMs(): number | undefined {
    return this.#end?.atMs;
  }

  get history(): readonly HistoryEvent[] {
    return this.#history.all();
  }

  /** Request id of the invocation that runs now. */
  get runningRequestId(): string | undefined {
    return this.#running?.requestId;
  }

  /** When its time is up. */
  get timeoutMs(): number {
    return this.identity.startedMs + this.identity.executionTimeoutS * 1_000;
  }

  /** When the next timer of an operation ends; Infinity without one. */
  get nextDueMs(): number {
    return this.#operations.nextDueMs();
  }

  get isWaiting(): boolean {
    return this.#operations.isWaiting();
  }

  /** Something happened that the running or the last invocation was not told of. */
  get hasNews(): boolean {
    return this.#operations.untold().length > 0;
  }

  /** What the function is invoked with; the format was seen with the SDK and on live functions (facts: 6.13). */
  beginInvocation(requestId: string, nowMs: number): object {
    this.#running = { requestId, startedMs: nowMs };
    this.#sequence += 1;
    const updated = this.#operations.tell().map(({ id }) => id);
    const { operations, nextMarker } = this.#page(undefined, undefined);
    return {
      DurableExecutionArn: this.identity.arn,
      CheckpointToken: this.#token(),
      InitialExecutionState: {
        Operations: operations.map(({ event }) => event),
        NextMarker: nextMarker ?? '',
      },
      UpdatedOperationIds: updated,
    };
  }

  endInvocation(error: ErrorObject | undefined, nowMs: number): void {
    if (this.#running === undefined) return;
    const invocation = { ...this.#running, error };
    this.#running = undefined;
    this.#invocations.push({ ...invocation, endedMs: nowMs });
    if (this.#end === undefined) this.#history.invocationCompleted(invocation, nowMs);
  }

  /** Only for a request that has the current token. */
  noteCheckpoint(updates: readonly OperationUpdate[], nowMs: number): CheckpointRecord {
    const record: CheckpointRecord = {
      number: this.#checkpoints.length + 1,
      atMs: nowMs,
      requestId: this.#running?.requestId ?? '',
      updates: updates.map(wordsOf),
      outcome: 'refused',
    };
    this.#checkpoints.push(record);
    return record;
  }

  noteOutcome({ number }: CheckpointRecord, outcome: CheckpointRecord['outcome']): void {
    const record = this.#checkpoints[number - 1];
    if (record !== undefined) this.#checkpoints[number - 1] = { ...record, outcome };
  }

  /** The answer to a request that was answered before: its caller did not hear it. */
  repeated({ token, clientToken }: CheckpointRequest, nowMs: number): CheckpointAnswer | undefined {
    const last = this.#remembered;
    const isSame = last?.token === token && last.clientToken === clientToken;
    return isSame && nowMs - last.atMs <= rememberedMs ? last.answer : undefined;
  }

  /**
   * Refuses what a newer invocation, a newer checkpoint or the end of the execution has overtaken. SDK 2.4.0 looks for
   * other capitals in this message and fails its execution: https://github.com/aws/aws-durable-execution-sdk-js/issues/917
   */
  requireToken(token: string): void {
    if (this.#end !== undefined || this.#announced !== undefined || token !== this.#token())
      throw invalid('Invalid checkpoint token');
  }

  /** @throws AwsError InvalidParameterValueException, and nothing is applied */
  checkpoint({ token, clientToken, updates }: CheckpointRequest, nowMs: number): CheckpointAnswer {
    this.requireToken(token);
    requireValid(updates, (id) => this.#operations.get(id));
    this.#operations.requireRoom(updates);
    for (const update of updates) this.#apply(update, nowMs);
    this.completeDue(nowMs);
    this.#sequence += 1;
    const answer = {
      token: this.#announced === undefined ? this.#token() : undefined,
      operations: this.#operations.tell(),
    };
    this.#remembered = clientToken === undefined ? undefined : { token, clientToken, atMs: nowMs, answer };
    return answer;
  }

  /** @throws AwsError InvalidParameterValueException for an overtaken token or a marker of another state */
  state(token: string, marker: string | undefined, maxItems: number): StatePage {
    this.requireToken(token);
    return this.#page(marker, maxItems);
  }

  /** Ends waits, readies retries and times callbacks out. @returns whether anything was due */
  completeDue(nowMs: number): boolean {
    const completions = this.#operations.completeDue(nowMs);
    for (const completion of completions) this.#history.completed(completion, nowMs);
    return completions.length > 0;
  }

  /** @throws AwsError CallbackTimeoutException when it is no longer open */
  answerCallback(
    operationId: string,
    answer: { readonly result: string | undefined } | { readonly error: ErrorObject },
    nowMs: number,
  ): void {
    const operation = this.#openCallback(operationId, nowMs);
    const change =
      'error' in answer
        ? ({ status: 'FAILED', error: answer.error } as const)
        : ({ status: 'SUCCEEDED', result: answer.result } as const);
    const answered = this.#operations.put({ ...operation, ...change, endMs: nowMs });
    this.#history.callbackAnswered(answered, nowMs);
  }

  /** @throws AwsError CallbackTimeoutException */
  heartbeat(operationId: string, nowMs: number): void {
    const operation = this.#openCallback(operationId, nowMs);
    const { callback } = operation;
    if (callback?.heartbeatS === undefined) return;
    const heartbeatMs = nowMs + callback.heartbeatS * 1_000;
    this.#operations.amend({ ...operation, callback: { ...callback, heartbeatMs } });
  }

  /** What the function checkpointed as its end, if it did. */
  get announced(): Ending | undefined {
    return this.#announced;
  }

  end(ending: Ending, nowMs: number): void {
    if (this.#end !== undefined) return;
    this.#end = { ...ending, atMs: nowMs };
    const self = this.#operations.get(this.identity.id);
    if (self === undefined) return;
    const status = ending.status;
    this.#history.executionEnded(self, status, ending, nowMs);
    this.#operations.put({ ...self, status, endMs: nowMs });
  }

  #apply(update: OperationUpdate, nowMs: number): void {
    if (update.Type === 'EXECUTION') {
      const status = update.Action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED';
      this.#announced = { status, result: update.Payload, error: update.Error };
      return;
    }
    const operation = this.#operations.apply(update, nowMs, (id) => callbackIdOf(this.identity.arn, id));
    this.#history.updated(update, operation, nowMs);
  }

  #openCallback(operationId: string, nowMs: number): DurableOperation {
    this.completeDue(nowMs);
    const operation = this.#operations.get(operationId);
    if (this.#end !== undefined || operation?.type !== 'CALLBACK' || operation.status !== 'STARTED')
      throw callbackClosed();
    return operation;
  }

  #token(): string {
    const { requestId = '' } = this.#running ?? {};
    return Buffer.from(`${this.identity.id} ${requestId} ${this.#sequence}`).toString('base64');
  }

  #page(marker: string | undefined, maxItems: number | undefined): StatePage {
    return statePage(this.#operations.state(), {
      stamp: String(this.#sequence),
      marker,
      maxItems: maxItems ?? Number.POSITIVE_INFINITY,
      maxBytes: pageBytes,
    });
  }
}

/** Opaque to its holder: https://docs.aws.amazon.com/lambda/latest/api/API_CallbackDetails.html */
function callbackIdOf(executionArn: string, operationId: string): string {
  return Buffer.from(`${executionArn} ${operationId}`).toString('base64');
}

/** @throws AwsError InvalidParameterValueException */
export function readCallbackId(callbackId: string): {
  readonly executionArn: string;
  readonly operationId: string;
} {
  const [executionArn = '', operationId, rest] = Buffer.from(callbackId, 'base64')
    .toString('utf8')
    .split(' ');
  if (operationId === undefined || rest !== undefined || !executionArn.startsWith('arn:'))
    throw invalid('Invalid callback id');
  return { executionArn, operationId };
}

/** "either expired or already closed": https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html */
export function callbackClosed(): AwsError {
  return new AwsError('CallbackTimeoutException', 'The callback is either timed out or already completed');
}
