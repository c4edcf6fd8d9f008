/**
 * The history of one durable execution, event by event (https://docs.aws.amazon.com/lambda/latest/api/API_Event.html).
 * Which event follows which is AWS's own: https://github.com/aws/aws-durable-execution-conformance-tests.
 */
import type { DurableOperation, EndStatus, ErrorObject } from './durable-model.ts';
import type { Completion } from './durable-operations.ts';
import type { OperationUpdate } from './durable-updates.ts';

/** A payload that may be left out on request. */
interface Data {
  readonly Payload: string | ErrorObject | undefined;
}

/** `details` as on the wire; whatever holds a Data is execution data, a Date is a timestamp. */
export interface HistoryEvent {
  readonly id: number;
  readonly type: string;
  readonly atMs: number;
  readonly operation: DurableOperation | undefined;
  readonly details: { readonly [member: string]: Data | Date | object | string | number | undefined };
}

const endEvents: { readonly [status in EndStatus]: string } = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  STOPPED: 'ExecutionStopped',
};

export class History {
  readonly #events: HistoryEvent[] = [];

  all(): readonly HistoryEvent[] {
    return this.#events;
  }

  executionStarted(operation: DurableOperation, executionTimeoutS: number, atMs: number): void {
    const Input = data(operation.input);
    this.#add('ExecutionStarted', atMs, operation, { Input, ExecutionTimeout: executionTimeoutS });
  }

  executionEnded(
    operation: DurableOperation,
    status: EndStatus,
    end: { readonly result: string | undefined; readonly error: ErrorObject | undefined },
    atMs: number,
  ): void {
    const details = status === 'SUCCEEDED' ? { Result: data(end.result) } : { Error: data(end.error) };
    this.#add(endEvents[status], atMs, operation, details);
  }

  invocationCompleted(
    invocation: {
      readonly requestId: string;
      readonly startedMs: number;
      readonly error: ErrorObject | undefined;
    },
    atMs: number,
  ): void {
    this.#add('InvocationCompleted', atMs, undefined, {
      StartTimestamp: new Date(invocation.startedMs),
      EndTimestamp: new Date(atMs),
      RequestId: invocation.requestId,
      Error: invocation.error === undefined ? {} : data(invocation.error),
    });
  }

  updated(update: OperationUpdate, operation: DurableOperation, atMs: number): void {
    const { Type, Action } = update;
    if (Type === 'STEP') this.#step(update, operation, atMs);
    else if (Type === 'CONTEXT') this.#context(update, operation, atMs);
    else if (Type === 'WAIT' && Action === 'CANCEL') this.#add('WaitCancelled', atMs, operation, {});
    else if (Type === 'WAIT')
      this.#add('WaitStarted', atMs, operation, {
        Duration: operation.wait?.seconds,
        ScheduledEndTimestamp: new Date(operation.wait?.endMs ?? atMs),
      });
    else if (Type === 'CALLBACK')
      this.#add('CallbackStarted', atMs, operation, {
        CallbackId: operation.callback?.id,
        Timeout: operation.callback?.timeoutS,
        HeartbeatTimeout: operation.callback?.heartbeatS,
      });
  }

  /** A retry that is due has no event: the next StepStarted says so. */
  completed({ operation, kind }: Completion, atMs: number): void {
    if (kind === 'wait-succeeded')
      this.#add('WaitSucceeded', atMs, operation, { Duration: operation.wait?.seconds });
    if (kind === 'callback-timed-out')
      this.#add('CallbackTimedOut', atMs, operation, { Error: data(operation.error) });
  }

  callbackAnswered(operation: DurableOperation, atMs: number): void {
    if (operation.status === 'SUCCEEDED')
      this.#add('CallbackSucceeded', atMs, operation, { Result: data(operation.result) });
    else this.#add('CallbackFailed', atMs, operation, { Error: data(operation.error) });
  }

  #step({ Action, Error: error, StepOptions }: OperationUpdate, operation: DurableOperation, atMs: number) {
    if (Action === 'START') return this.#add('StepStarted', atMs, operation, {});
    const RetryDetails = {
      CurrentAttempt: operation.attempt,
      NextAttemptDelaySeconds: StepOptions?.NextAttemptDelaySeconds,
    };
    // A RETRY without an error is a polling step that wants to look again.
    if (error === undefined && Action !== 'FAIL')
      this.#add('StepSucceeded', atMs, operation, { Result: data(operation.result), RetryDetails });
    else this.#add('StepFailed', atMs, operation, { Error: data(error), RetryDetails });
  }

  #context({ Action }: OperationUpdate, operation: DurableOperation, atMs: number) {
    if (Action === 'START') this.#add('ContextStarted', atMs, operation, {});
    else if (Action === 'SUCCEED')
      this.#add('ContextSucceeded', atMs, operation, { Result: data(operation.result) });
    else this.#add('ContextFailed', atMs, operation, { Error: data(operation.error) });
  }

  #add(
    type: string,
    atMs: number,
    operation: DurableOperation | undefined,
    details: HistoryEvent['details'],
  ): void {
    this.#events.push({ id: this.#events.length + 1, type, atMs, operation, details });
  }
}

function data(Payload: string | ErrorObject | undefined): Data {
  return { Payload };
}
