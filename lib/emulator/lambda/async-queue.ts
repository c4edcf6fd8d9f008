/**
 * Lambda's queue for asynchronous events: accepted at once, run at least once, retried late, dropped when too old.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 */
import type { Account } from '../account.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import { type Condition, destinationRecord, requirePublish } from './destinations.ts';
import type { Functions } from './functions.ts';
import type { Invocation, Invocations } from './invocations.ts';
import type { FunctionReference } from './reference.ts';

/** After a function error: one minute, then two (same page). */
const retryDelaysMs = [60_000, 120_000];
/** After a throttle or a system error: doubling from one second to five minutes (same page). */
const requeueFirstMs = 1_000;
const requeueMaxMs = 300_000;
/** https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
const defaultRetryAttempts = 2;
const defaultEventAgeS = 21_600;

export interface AsyncEvent {
  readonly requestId: string;
  readonly reference: FunctionReference;
  readonly payload: string;
}

interface Queued extends AsyncEvent {
  readonly queuedMs: number;
  attempts: number;
  requeues: number;
}

export class AsyncQueue {
  /** From acceptance to the first attempt; AWS publishes no figure. */
  delayMs = 50;
  readonly #account: Account;
  readonly #functions: Functions;
  readonly #invocations: Invocations;
  readonly #timers = new Set<Timer>();
  #duplicates = 0;
  readonly #extraDelaysMs: number[] = [];
  #running = 0;
  #stopped = false;

  constructor(account: Account, functions: Functions, invocations: Invocations) {
    this.#account = account;
    this.#functions = functions;
    this.#invocations = invocations;
  }

  accept(event: AsyncEvent): void {
    const delayMs = this.takeDelay();
    this.#later(delayMs, this.#queued(event));
    if (this.takeDuplicate()) this.#later(delayMs + this.delayMs, this.#queued(event));
  }

  /** How long the next event lies in the queue, planted delays included. */
  takeDelay(): number {
    return this.delayMs + (this.#extraDelaysMs.shift() ?? 0);
  }

  /** Whether the event is one that arrives twice; counted as used. */
  takeDuplicate(): boolean {
    if (this.#duplicates === 0) return false;
    this.#duplicates -= 1;
    return true;
  }

  /** Fault: the next `times` events arrive twice, as the queue may do without any error. */
  duplicateNext(times: number): void {
    this.#duplicates += times;
  }

  /** Fault: the next `times` events lie in the queue for `ms` more. */
  delayNext(ms: number, times: number): void {
    for (let time = 0; time < times; time += 1) this.#extraDelaysMs.push(ms);
  }

  /** Events waiting or running. */
  get pending(): number {
    return this.#timers.size + this.#running;
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #queued(event: AsyncEvent): Queued {
    return { ...event, queuedMs: this.#account.clock.now(), attempts: 0, requeues: 0 };
  }

  #later(delayMs: number, event: Queued): void {
    if (this.#stopped) return;
    const { clock } = this.#account;
    const timer = clock.after(delayMs, () => {
      this.#timers.delete(timer);
      this.#running += 1;
      clock
        .work(() => this.#attempt(event))
        .catch((error: unknown) =>
          console.error(`embedded AWS: async event ${event.requestId} is lost:`, error),
        )
        .finally(() => {
          this.#running -= 1;
        });
    });
    this.#timers.add(timer);
  }

  async #attempt(event: Queued): Promise<void> {
    const target = this.#functions.target(event.reference);
    const config = this.#functions.eventInvokeConfig(event.reference);
    const maximumAgeMs = (config?.maximumEventAgeS ?? defaultEventAgeS) * 1000;
    if (this.#account.clock.now() - event.queuedMs > maximumAgeMs)
      return this.#settle(event, 'EventAgeExceeded', undefined);
    let invocation: Invocation;
    try {
      invocation = await this.#invocations.run(target, event.payload, event.requestId);
    } catch (error) {
      if (!(error instanceof AwsError && (error.status === 429 || error.status >= 500))) throw error;
      return this.#later(Math.min(requeueFirstMs * 2 ** event.requeues++, requeueMaxMs), event);
    }
    event.attempts += 1;
    if (invocation.outcome.kind === 'succeeded') return this.#settle(event, 'Success', invocation);
    const retryMs = retryDelaysMs[event.attempts - 1];
    const retries = config?.maximumRetryAttempts ?? defaultRetryAttempts;
    if (event.attempts > retries || retryMs === undefined)
      return this.#settle(event, 'RetriesExhausted', invocation);
    return this.#later(retryMs, event);
  }

  /** The event leaves the queue; the destination needs the function's role to let it publish. */
  #settle(event: Queued, condition: Condition, invocation: Invocation | undefined): void {
    const config = this.#functions.eventInvokeConfig(event.reference);
    const destination = condition === 'Success' ? config?.onSuccess : config?.onFailure;
    if (destination === undefined) return;
    const { version } = this.#functions.target(event.reference);
    requirePublish(this.#account, version.configuration.roleName, destination);
    const functionArn = this.#functions.arn({
      functionName: event.reference.functionName,
      qualifier: event.reference.qualifier ?? '$LATEST',
    });
    this.#account.deliver({
      targetArn: destination,
      principal: 'lambda.amazonaws.com',
      sourceArn: functionArn,
      payload: destinationRecord({
        atMs: this.#account.clock.now(),
        requestId: event.requestId,
        functionArn,
        condition,
        attempts: event.attempts,
        payload: event.payload,
        invocation,
      }),
    });
  }
}
