/**
 * What drives one durable execution: invokes its function as often as it takes, and ends it.
 *
 *   begin ──▶ invoke ──▶ SUCCEEDED, FAILED ─────────────▶ end
 *               ▲   └──▶ PENDING ──▶ timer or callback ──┐
 *               ├──────── backoff ◀── the function failed│
 *               └────────────────────────────────────────┘
 *
 * One invocation at a time. Waiting is one timer and nothing else, so that a virtual clock can jump.
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import { announceEnd, announceStart } from './durable-announcements.ts';
import { answerOf } from './durable-answer.ts';
import type { DurableExecution } from './durable-execution.ts';
import type { EndStatus, ErrorObject } from './durable-model.ts';
import type { Functions } from './functions.ts';
import type { Invocations } from './invocations.ts';
import type { InvocationTarget } from './model.ts';
import type { Outcome } from './runtime.ts';

interface Surroundings {
  readonly account: Account;
  readonly functions: Functions;
  readonly invocations: Invocations;
  /** From what an execution waited for to the invocation that it causes. */
  readonly resumeDelayMs: () => number;
}

/**
 * "Backend retries use exponential backoff and continue until the function succeeds or the execution timeout is reached":
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-sdk-retries.html. First and longest wait are UNCONFIRMED,
 * and https://github.com/floci-io/floci saw AWS give up after "a few minutes".
 */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
/** Seen: https://github.com/aws/aws-durable-execution-sdk-go, durabletest, "fails the execution after four of them in a row". */
const idleAnswersAtMost = 4;
/** Longer timers are set again: the real clock's have 31 bits. */
const longestTimerMs = 20 * 86_400_000;

export class DurableRun {
  readonly execution: DurableExecution;
  readonly #surroundings: Surroundings;
  readonly #target: InvocationTarget;
  readonly #asynchronous: boolean;
  #timer: Timer | undefined;
  /** When the function is invoked next; Infinity while only a timer or a callback can bring that about. */
  #invokeAtMs = Number.POSITIVE_INFINITY;
  /** Invocations in a row that failed. */
  #failures = 0;
  /** Answers in a row that said PENDING with nothing to wait for. */
  #idleAnswers = 0;
  #halted = false;

  /** @param target the version on which it stays, whatever becomes of the alias */
  constructor(
    surroundings: Surroundings,
    execution: DurableExecution,
    target: InvocationTarget,
    asynchronous: boolean,
  ) {
    this.#surroundings = surroundings;
    this.execution = execution;
    this.#target = target;
    this.#asynchronous = asynchronous;
  }

  /** Its function runs or is about to. */
  get isBusy(): boolean {
    const { status, runningRequestId } = this.execution;
    return status === 'RUNNING' && (runningRequestId !== undefined || Number.isFinite(this.#invokeAtMs));
  }

  begin(delayMs: number): void {
    announceStart(this.#surroundings.account, this.execution);
    this.#invokeAtMs = this.#nowMs() + delayMs;
    this.arm();
  }

  /** One timer for whatever comes first: the execution's end, an operation's, the next invocation. */
  arm(): void {
    this.#timer?.cancel();
    const { execution } = this;
    if (execution.status !== 'RUNNING' || this.#halted) return;
    const runs = execution.runningRequestId !== undefined;
    const invokeAtMs = runs ? Number.POSITIVE_INFINITY : this.#invokeAtMs;
    const atMs = Math.min(execution.timeoutMs, execution.nextDueMs, invokeAtMs);
    const delayMs = Math.min(Math.max(0, atMs - this.#nowMs()), longestTimerMs);
    this.#timer = later(this.#surroundings.account.clock, delayMs, () => this.#wake());
  }

  /** Something happened. A running invocation hears of it at its next checkpoint, or the next one is told. */
  resume(): void {
    if (this.execution.runningRequestId === undefined)
      this.#invokeAtMs = Math.min(this.#invokeAtMs, this.#nowMs() + this.#surroundings.resumeDelayMs());
    this.arm();
  }

  end(
    status: EndStatus,
    { result, error }: { readonly result?: string | undefined; readonly error?: ErrorObject | undefined },
  ): void {
    const { execution } = this;
    if (execution.status !== 'RUNNING') return;
    execution.end({ status, result, error }, this.#nowMs());
    this.#timer?.cancel();
    const { configuration } = this.#target.version;
    announceEnd(this.#surroundings.account, execution, this.#asynchronous ? configuration : undefined);
  }

  /** Nothing happens by itself any more. */
  halt(): void {
    this.#halted = true;
    this.#timer?.cancel();
  }

  async #wake(): Promise<void> {
    const { execution } = this;
    if (execution.status !== 'RUNNING') return;
    const nowMs = this.#nowMs();
    if (nowMs >= execution.timeoutMs) {
      const ErrorMessage = `Execution timed out after ${execution.identity.executionTimeoutS} seconds.`;
      return this.end('TIMED_OUT', { error: { ErrorMessage } });
    }
    if (execution.completeDue(nowMs)) return this.resume();
    const runs = execution.runningRequestId !== undefined;
    if (!runs && this.#invokeAtMs <= nowMs) await this.#invoke();
    this.arm();
  }

  async #invoke(): Promise<void> {
    const { account, invocations } = this.#surroundings;
    const target = this.#currentTarget();
    this.#invokeAtMs = Number.POSITIVE_INFINITY;
    try {
      invocations.requireConcurrency(target);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      return this.#retry();
    }
    const requestId = account.random.uuid();
    const event = JSON.stringify(this.execution.beginInvocation(requestId, this.#nowMs()));
    this.arm();
    const { outcome } = await invocations.run(target, event, requestId);
    this.#settle(outcome);
  }

  /** The version of the beginning under the concurrency of today. */
  #currentTarget(): InvocationTarget {
    const { functions } = this.#surroundings;
    const { functionName } = this.#target;
    if (!functions.names().includes(functionName)) return this.#target;
    return { ...this.#target, reservedConcurrency: functions.reservedConcurrency(functionName) };
  }

  #settle(outcome: Outcome): void {
    const { execution } = this;
    const answer = answerOf(outcome);
    const isOver = execution.status !== 'RUNNING' || this.#halted;
    execution.endInvocation('error' in answer ? answer.error : undefined, this.#nowMs());
    const { announced } = execution;
    if (isOver) return;
    if (announced !== undefined) this.end(announced.status, announced);
    else if (answer.kind === 'ended') this.end(answer.status, answer);
    else if (answer.kind === 'failed') this.#retry();
    else this.#suspend();
  }

  #suspend(): void {
    const { execution } = this;
    this.#failures = 0;
    if (execution.hasNews) this.resume();
    else if (execution.isWaiting) this.#idleAnswers = 0;
    else if (++this.#idleAnswers < idleAnswersAtMost) this.#retry();
    else {
      const ErrorMessage = 'Cannot return PENDING status with no pending operations.';
      this.end('FAILED', { error: { ErrorType: 'InvalidParameterValueException', ErrorMessage } });
    }
  }

  #retry(): void {
    const delayMs = Math.min(firstRetryMs * 2 ** this.#failures, longestRetryMs);
    this.#failures += 1;
    this.#invokeAtMs = this.#nowMs() + delayMs;
    this.arm();
  }

  #nowMs(): number {
    return this.#surroundings.account.clock.now();
  }
}
