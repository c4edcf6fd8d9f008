/**
 * AWS Lambda: functions behind versions and aliases, invoked synchronously, or through the async queue by alarms, rules
 * and topics that the function's own policy lets in.
 */
import type { Account, CallRecord, Delivery } from '../account.ts';
import { AwsError } from '../errors.ts';
import { AsyncQueue } from './async-queue.ts';
import { Functions } from './functions.ts';
import { type Invocation, Invocations, type LogLine } from './invocations.ts';
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

/** Payload limits: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html (6 MB synchronous, 1 MB asynchronous). */
const syncLimitBytes = 6_291_456;
const asyncLimitBytes = 1_048_576;

export class Lambda {
  readonly account: Account;
  readonly functions: Functions;
  readonly #sandboxes: Sandboxes;
  readonly #invocations: Invocations;
  readonly #queue: AsyncQueue;
  #crashes: { readonly functionName: string; readonly fault: CrashFault; left: number }[] = [];

  constructor(account: Account, runtime: FunctionRuntime) {
    this.account = account;
    this.functions = new Functions(account);
    this.#sandboxes = new Sandboxes(runtime);
    this.#invocations = new Invocations(account, this.#sandboxes);
    this.#queue = new AsyncQueue(account, this.functions, this.#invocations);
    account.onDelivery('lambda', (delivery) => this.#receive(delivery));
    account.onCall((call) => this.#crashAfter(call));
  }

  /** @throws AwsError ResourceNotFoundException, InvalidRequestContentException, TooManyRequestsException */
  async invoke(reference: FunctionReference, payload: string, requestId: string): Promise<Invocation> {
    const target = this.functions.target(reference);
    const event = readEvent(payload, syncLimitBytes);
    return this.account.clock.work(() => this.#invocations.run(target, event, requestId));
  }

  /** Queues the event. @throws AwsError ResourceNotFoundException, InvalidRequestContentException */
  invokeLater(reference: FunctionReference, payload: string, requestId: string): void {
    this.functions.target(reference);
    this.#queue.accept({ requestId, reference, payload: readEvent(payload, asyncLimitBytes) });
  }

  /** Finished invocations, newest last. */
  invocations(functionName?: string): readonly Invocation[] {
    return this.#invocations.done(functionName);
  }

  logs(functionName: string): readonly LogLine[] {
    return this.#invocations.lines(functionName);
  }

  /** Async events that wait or run. */
  get pendingAsync(): number {
    return this.#queue.pending;
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
