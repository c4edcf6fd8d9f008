/**
 * AWS Lambda: functions behind versions and aliases, invoked synchronously, or through the async queue by alarms, rules
 * and topics that the function's own policy lets in.
 */
import type { Account, CallRecord, Delivery } from '../account.ts';
import { AwsError } from '../errors.ts';
import { AsyncQueue } from './async-queue.ts';
import { outcomeOf } from './durable-answer.ts';
import { DurableExecutions } from './durable-executions.ts';
import { requireQualified, requireSmall } from './durable-start.ts';
import { invalid } from './durable-updates.ts';
import { Functions } from './functions.ts';
import { type Invocation, Invocations, type LogLine } from './invocations.ts';
import type { InvocationTarget } from './model.ts';
import { type FunctionReference, readReference } from './reference.ts';
import { requireAdmission } from './resource-policy.ts';
import type { FunctionRuntime } from './runtime.ts';
import { Sandboxes } from './sandboxes.ts';

export interface CrashFault {
  /** Says of each call of the function that took effect whether the sandbox dies right behind it. */
  readonly afterCall: (operation: string, call: CallRecord) => boolean;
  /** How many times it dies; 1 when absent. */
  readonly times?: number;
}

/** What a synchronous caller gets. */
export type InvocationAnswer = Pick<Invocation, 'outcome' | 'version' | 'lines'> & {
  readonly durableExecutionArn?: string;
};

/** Payload limits: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (6 MB synchronous, 1 MB asynchronous). */
const syncLimitBytes = 6_291_456;
const asyncLimitBytes = 1_048_576;

export class Lambda {
  readonly account: Account;
  readonly functions: Functions;
  /** Runs of durable functions. */
  readonly executions: DurableExecutions;
  readonly #sandboxes: Sandboxes;
  readonly #invocations: Invocations;
  readonly #queue: AsyncQueue;
  #crashes: { readonly functionName: string; readonly fault: CrashFault; left: number }[] = [];

  constructor(account: Account, runtime: FunctionRuntime) {
    this.account = account;
    this.functions = new Functions(account);
    this.#sandboxes = new Sandboxes(runtime);
    this.#invocations = new Invocations(account, this.#sandboxes);
    this.executions = new DurableExecutions(account, this.functions, this.#invocations, this.#sandboxes);
    this.#queue = new AsyncQueue(account, this.functions, this.#invocations);
    account.onDelivery('lambda', (delivery) => this.#receive(delivery));
    account.onCall((call) => this.#crashAfter(call));
  }

  /**
   * A durable function runs to the end of its execution.
   * @param executionName only for a durable function
   * @throws AwsError ResourceNotFoundException, InvalidRequestContentException, TooManyRequestsException,
   * InvalidParameterValueException, DurableExecutionAlreadyStartedException
   */
  async invoke(
    reference: FunctionReference,
    payload: string,
    requestId: string,
    executionName?: string,
  ): Promise<InvocationAnswer> {
    const target = this.target(reference, executionName);
    const event = readEvent(payload, syncLimitBytes);
    if (target.version.configuration.durable === undefined)
      return this.account.clock.work(() => this.#invocations.run(target, event, requestId));
    const execution = await this.executions.startAndWait({ target, payload: event, name: executionName });
    const { arn, version } = execution.identity;
    return { outcome: outcomeOf(execution), version, lines: [], durableExecutionArn: arn };
  }

  /**
   * Queues the event, which for a durable function is an execution from now on.
   * @returns the ARN of that execution @throws AwsError as `invoke`
   */
  invokeLater(
    reference: FunctionReference,
    payload: string,
    requestId: string,
    executionName?: string,
  ): string | undefined {
    const target = this.target(reference, executionName);
    const event = readEvent(payload, asyncLimitBytes);
    if (target.version.configuration.durable === undefined) {
      this.#queue.accept({ requestId, reference, payload: event });
      return undefined;
    }
    requireSmall(event);
    const start = { target, payload: event, name: executionName };
    const delayMs = this.#queue.takeDelay();
    const { arn } = this.executions.start(start, delayMs).identity;
    // An event that arrives twice is two executions, unless its sender gave a name.
    if (this.#queue.takeDuplicate()) this.executions.start(start, delayMs + this.#queue.delayMs);
    return arn;
  }

  /** What the caller may invoke so. @throws AwsError ResourceNotFoundException, InvalidParameterValueException */
  target(reference: FunctionReference, executionName?: string): InvocationTarget {
    const target = this.functions.target(reference);
    if (target.version.configuration.durable !== undefined) requireQualified(reference);
    // AWS's words are UNCONFIRMED.
    else if (executionName !== undefined)
      throw invalid('DurableExecutionName is only for durable functions.');
    return target;
  }

  /** Finished invocations, newest last. */
  invocations(functionName?: string): readonly Invocation[] {
    return this.#invocations.done(functionName);
  }

  logs(functionName: string): readonly LogLine[] {
    return this.#invocations.lines(functionName);
  }

  /** Async events that wait or run, and durable executions that do more than wait. */
  get pendingAsync(): number {
    return this.#queue.pending + this.executions.busy;
  }

  /** Emulated milliseconds from accepting an async event to its first attempt. */
  set asyncDelayMs(ms: number) {
    this.#queue.delayMs = ms;
  }

  /** Fault: the next `times` async events are delivered twice. */
  duplicateAsync(times = 1): void {
    this.#queue.duplicateNext(times);
  }

  /** Fault: the next `times` async events come `ms` late. */
  delayAsync(ms: number, times = 1): void {
    this.#queue.delayNext(ms, times);
  }

  /** Fault: the function's sandbox dies right after the AWS calls that `afterCall` picks took effect. */
  crashFunction(functionName: string, fault: CrashFault): void {
    this.#crashes.push({ functionName, fault, left: fault.times ?? 1 });
  }

  clearCrashes(): void {
    this.#crashes = [];
  }

  /** The function's code or configuration changed: warm sandboxes of versions that are gone end. */
  retire(functionName: string): void {
    const current = this.functions.names().includes(functionName)
      ? new Set(this.functions.versions(functionName).map((version) => version.revisionId))
      : new Set<string>();
    this.#sandboxes.retire(functionName, (revisionId) => current.has(revisionId));
  }

  stop(): void {
    this.#queue.stop();
    this.executions.stop();
    this.#sandboxes.stop();
  }

  #receive({ targetArn, principal, sourceArn, payload }: Delivery): void {
    const reference = readReference(targetArn);
    const target = this.functions.target(reference);
    requireAdmission(this.functions.permissions(reference), target.arn, {
      principal,
      sourceArn,
      sourceAccount: sourceArn.split(':')[4] || this.account.id,
    });
    this.invokeLater(reference, payload, this.account.random.uuid());
  }

  #crashAfter(call: CallRecord): void {
    if (call.error !== undefined && call.error !== 'ConnectionLost') return;
    for (const crash of this.#crashes) {
      const { functionName, fault } = crash;
      if (crash.left === 0 || !this.#calledBy(functionName, call.callerArn)) continue;
      if (!fault.afterCall(call.operation, call)) continue;
      crash.left -= 1;
      this.#sandboxes.crash(functionName);
    }
  }

  #calledBy(functionName: string, callerArn: string): boolean {
    if (!this.functions.names().includes(functionName)) return false;
    const { iam } = this.account;
    const { version } = this.functions.target({ functionName, qualifier: undefined });
    const { accessKeyId } = iam.credentialsOf(version.configuration.roleName);
    return iam.caller(accessKeyId).arn === callerArn;
  }
}

/** An absent payload is an empty event. */
function readEvent(payload: string, limitBytes: number): string {
  if (payload === '') return '{}';
  if (Buffer.byteLength(payload) > limitBytes)
    throw new AwsError(
      'RequestTooLargeException',
      `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`,
      413,
    );
  try {
    JSON.parse(payload);
  } catch (error) {
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return payload;
}
