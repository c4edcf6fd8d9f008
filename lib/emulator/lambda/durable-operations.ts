/**
 * The operations of one durable execution, in the order in which they started, and which of them the running invocation
 * has not been told of. Timers end operations here, whoever looks first: the clock or a checkpoint.
 */
import {
  type CallbackState,
  type DurableOperation,
  type ErrorObject,
  isEnded,
  type OperationStatus,
  operationsAtMost,
  storageLimitBytes,
} from './durable-model.ts';
import { invalid, type OperationUpdate } from './durable-updates.ts';

const second = 1_000;

/** A change that no checkpoint made: what the history calls an event of its own. */
export interface Completion {
  readonly operation: DurableOperation;
  readonly kind: 'wait-succeeded' | 'step-ready' | 'callback-timed-out';
}

export class Operations {
  readonly #operations = new Map<string, DurableOperation>();
  /** When each was last changed, in steps of a counter. */
  readonly #changed = new Map<string, number>();
  #changes = 0;
  #told = 0;
  #performed = 0;
  #writtenBytes = 0;

  all(): readonly DurableOperation[] {
    return [...this.#operations.values()];
  }

  get(id: string): DurableOperation | undefined {
    return this.#operations.get(id);
  }

  put(operation: DurableOperation): DurableOperation {
    this.#operations.set(operation.id, operation);
    this.#changed.set(operation.id, ++this.#changes);
    return operation;
  }

  /**
   * What a replay needs: less the children of completed contexts that are not replayed
   * (https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionState.html).
   */
  state(): readonly DurableOperation[] {
    const left = new Set<string>();
    return this.all().filter(({ id, parentId }) => {
      const parent = parentId === undefined ? undefined : this.get(parentId);
      if (parent === undefined) return true;
      const kept = !left.has(parent.id) && (!isEnded(parent.status) || parent.replayChildren === true);
      if (!kept) left.add(id);
      return kept;
    });
  }

  /** Changed since the function was last told; it is told with this. */
  tell(): readonly DurableOperation[] {
    const news = this.untold();
    this.#told = this.#changes;
    return news;
  }

  untold(): readonly DurableOperation[] {
    return this.all().filter(({ id }) => (this.#changed.get(id) ?? 0) > this.#told);
  }

  /** Whether anything will come by itself or from outside. */
  isWaiting(): boolean {
    return this.all().some(
      ({ type, status }) =>
        (type === 'STEP' && status === 'PENDING') ||
        ((type === 'WAIT' || type === 'CALLBACK') && status === 'STARTED'),
    );
  }

  /** When the next timer ends; Infinity without one. */
  nextDueMs(): number {
    return Math.min(...this.all().map(dueMs));
  }

  completeDue(nowMs: number): readonly Completion[] {
    const due = this.all().filter((operation) => dueMs(operation) <= nowMs);
    return due.sort((a, b) => dueMs(a) - dueMs(b)).map((operation) => this.#complete(operation, nowMs));
  }

  /** Both are hard limits; the wording of the refusal is UNCONFIRMED. @throws AwsError */
  requireRoom(updates: readonly OperationUpdate[]): void {
    const { performed, bytes } = costOf(updates);
    if (this.#performed + performed > operationsAtMost)
      throw invalid(`The durable execution exceeded the maximum of ${operationsAtMost} operations.`);
    if (this.#writtenBytes + bytes > storageLimitBytes)
      throw invalid(`The durable execution exceeded the maximum of ${storageLimitBytes} bytes written.`);
  }

  /** An update that was found valid. */
  apply(update: OperationUpdate, nowMs: number, callbackId: (id: string) => string): DurableOperation {
    const { performed, bytes } = costOf([update]);
    this.#performed += performed;
    this.#writtenBytes += bytes;
    const { Id, Type, Name, SubType, ParentId } = update;
    const before: DurableOperation = this.get(Id) ?? {
      id: Id,
      type: Type,
      name: Name,
      subType: SubType,
      parentId: ParentId,
      status: 'STARTED',
      startMs: nowMs,
    };
    const { Action, Payload: result, Error: error } = update;
    if (Action === 'START') return this.put(started(before, update, nowMs, callbackId));
    if (Action === 'CANCEL') return this.put({ ...before, status: 'CANCELLED', endMs: nowMs });
    const attempt = (before.attempt ?? 0) + 1;
    if (Action === 'RETRY') {
      const nextAttemptMs = nowMs + (update.StepOptions?.NextAttemptDelaySeconds ?? 0) * second;
      return this.put({ ...before, status: 'PENDING', attempt, nextAttemptMs, result, error });
    }
    const status: OperationStatus = Action === 'SUCCEED' ? 'SUCCEEDED' : 'FAILED';
    const ended = { ...before, status, endMs: nowMs, result, error, nextAttemptMs: undefined };
    if (Type === 'STEP') return this.put({ ...ended, attempt });
    return this.put({ ...ended, replayChildren: update.ContextOptions?.ReplayChildren });
  }

  /** A change that is no news for the function. */
  amend(operation: DurableOperation): void {
    this.#operations.set(operation.id, operation);
  }

  #complete(operation: DurableOperation, nowMs: number): Completion {
    if (operation.type === 'STEP')
      return {
        operation: this.put({ ...operation, status: 'READY', nextAttemptMs: undefined }),
        kind: 'step-ready',
      };
    if (operation.type === 'WAIT')
      return {
        operation: this.put({ ...operation, status: 'SUCCEEDED', endMs: nowMs }),
        kind: 'wait-succeeded',
      };
    const error = timeoutError(operation.callback, nowMs);
    return {
      operation: this.put({ ...operation, status: 'TIMED_OUT', endMs: nowMs, error }),
      kind: 'callback-timed-out',
    };
  }
}

/** The type is the service's own (https://github.com/aws/aws-durable-execution-conformance-tests, callback), the words those of AWS's runner. */
function timeoutError(callback: CallbackState | undefined, nowMs: number): ErrorObject {
  return (callback?.timeoutMs ?? Number.POSITIVE_INFINITY) <= nowMs
    ? { ErrorType: 'Callback.Timeout', ErrorMessage: 'Callback timed out' }
    : { ErrorType: 'Callback.Heartbeat', ErrorMessage: 'Callback timed out on heartbeat' };
}

function started(
  before: DurableOperation,
  { Id, Type, WaitOptions, CallbackOptions }: OperationUpdate,
  nowMs: number,
  callbackId: (id: string) => string,
): DurableOperation {
  const operation: DurableOperation = { ...before, status: 'STARTED', nextAttemptMs: undefined };
  // A state that a polling step left with its last RETRY stays for the next attempt.
  if (Type === 'STEP') return { ...operation, attempt: before.attempt ?? 0 };
  if (Type === 'WAIT') {
    const seconds = WaitOptions?.WaitSeconds ?? 0;
    return { ...operation, wait: { seconds, endMs: nowMs + seconds * second } };
  }
  if (Type !== 'CALLBACK') return operation;
  // Zero is no timeout: https://docs.aws.amazon.com/lambda/latest/api/API_CallbackOptions.html
  const timeoutS = CallbackOptions?.TimeoutSeconds || undefined;
  const heartbeatS = CallbackOptions?.HeartbeatTimeoutSeconds || undefined;
  const callback = {
    id: callbackId(Id),
    timeoutS,
    timeoutMs: timeoutS === undefined ? undefined : nowMs + timeoutS * second,
    heartbeatS,
    heartbeatMs: heartbeatS === undefined ? undefined : nowMs + heartbeatS * second,
  };
  return { ...operation, callback };
}

function dueMs({ type, status, nextAttemptMs, wait, callback }: DurableOperation): number {
  const never = Number.POSITIVE_INFINITY;
  if (type === 'STEP') return status === 'PENDING' ? (nextAttemptMs ?? never) : never;
  if (status !== 'STARTED') return never;
  if (type === 'WAIT') return wait?.endMs ?? never;
  return Math.min(callback?.timeoutMs ?? never, callback?.heartbeatMs ?? never);
}

/** A retry is an operation too: https://aws.amazon.com/lambda/pricing/, durable operations. */
function costOf(updates: readonly OperationUpdate[]): { readonly performed: number; readonly bytes: number } {
  const counted = updates.filter(({ Action }) => Action === 'START' || Action === 'RETRY');
  const bytes = updates.map(({ Payload = '', Error: error }) =>
    Buffer.byteLength(error === undefined ? Payload : Payload + JSON.stringify(error)),
  );
  return { performed: counted.length, bytes: bytes.reduce((sum, each) => sum + each, 0) };
}
