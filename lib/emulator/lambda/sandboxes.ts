/**
 * The sandboxes of all functions: one invocation at a time each, reused while warm, more started when all are busy
 * (https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html).
 */
import { AwsError } from '../errors.ts';
import type { FunctionVersion, InvocationTarget } from './model.ts';
import {
  type FunctionRuntime,
  failureOf,
  type Instance,
  type InvocationContext,
  type Outcome,
} from './runtime.ts';

interface Sandbox {
  readonly functionName: string;
  /** Of the version it was started from: a changed function needs a new sandbox. */
  readonly revisionId: string;
  readonly instance: Instance;
  /** Of the invocation that it runs. */
  requestId: string | undefined;
  onLine: ((line: string) => void) | undefined;
  retired: boolean;
}

export class Sandboxes {
  readonly #runtime: FunctionRuntime;
  readonly #idle: Sandbox[] = [];
  readonly #busy = new Set<Sandbox>();

  constructor(runtime: FunctionRuntime) {
    this.#runtime = runtime;
  }

  /**
   * https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: reserved guarantees and caps; 0 is off.
   * @throws AwsError TooManyRequestsException
   */
  requireConcurrency({ functionName, reservedConcurrency }: InvocationTarget): void {
    const running = [...this.#busy].filter((sandbox) => sandbox.functionName === functionName).length;
    if (reservedConcurrency !== undefined && running >= reservedConcurrency)
      throw tooManyRequests('ReservedFunctionConcurrentInvocationLimitExceeded');
    if (this.#busy.size >= this.#runtime.sandboxLimit)
      throw tooManyRequests('ConcurrentInvocationLimitExceeded');
  }

  /** After `requireConcurrency`, without a pause between the two. */
  async run(
    target: InvocationTarget,
    event: string,
    context: InvocationContext,
    onLine: (line: string) => void,
  ): Promise<Outcome> {
    const sandbox = this.#take(target.version);
    sandbox.onLine = onLine;
    sandbox.requestId = context.requestId;
    this.#busy.add(sandbox);
    try {
      const outcome = await sandbox.instance.invoke(event, context);
      if (outcome.kind === 'failed' && outcome.sandboxLost) sandbox.retired = true;
      return outcome;
    } catch (error) {
      sandbox.retired = true;
      return { kind: 'failed', failure: failureOf(error), sandboxLost: true };
    } finally {
      this.#busy.delete(sandbox);
      sandbox.onLine = undefined;
      sandbox.requestId = undefined;
      if (sandbox.retired) sandbox.instance.stop();
      else this.#keepWarm(sandbox);
    }
  }

  /** Kills what runs for that function now; each invocation ends as `Runtime.ExitError`. */
  crash(functionName: string): void {
    for (const sandbox of this.#busy) if (sandbox.functionName === functionName) sandbox.instance.stop();
  }

  /** Kills the one that runs that invocation. */
  kill(requestId: string): void {
    for (const sandbox of this.#busy) if (sandbox.requestId === requestId) sandbox.instance.stop();
  }

  /** The function changed or is gone: warm sandboxes end, busy ones after their invocation. */
  retire(functionName: string, isCurrent: (revisionId: string) => boolean): void {
    const outdated = (sandbox: Sandbox): boolean =>
      sandbox.functionName === functionName && !isCurrent(sandbox.revisionId);
    for (const sandbox of this.#busy) if (outdated(sandbox)) sandbox.retired = true;
    for (const sandbox of this.#idle.filter(outdated)) {
      this.#idle.splice(this.#idle.indexOf(sandbox), 1);
      sandbox.instance.stop();
    }
  }

  stop(): void {
    for (const sandbox of [...this.#idle.splice(0), ...this.#busy]) {
      sandbox.retired = true;
      sandbox.instance.stop();
    }
  }

  #keepWarm(sandbox: Sandbox): void {
    this.#idle.push(sandbox);
    if (this.#idle.length > this.#runtime.warmLimit) this.#idle.shift()?.instance.stop();
  }

  #take({ configuration, version, arn, revisionId }: FunctionVersion): Sandbox {
    const index = this.#idle.findIndex((sandbox) => sandbox.revisionId === revisionId);
    const warm = index === -1 ? undefined : this.#idle.splice(index, 1)[0];
    if (warm !== undefined) return warm;
    if (this.#idle.length + this.#busy.size >= this.#runtime.sandboxLimit)
      this.#idle.shift()?.instance.stop();
    const {
      functionName,
      codeDirectory,
      handler,
      environment,
      timeoutMs,
      memorySize,
      roleName,
      logGroupName,
    } = configuration;
    const cold: Sandbox = {
      functionName,
      revisionId,
      instance: this.#runtime.start(
        {
          functionName,
          version,
          functionArn: arn,
          codeDirectory,
          handler,
          environment,
          timeoutMs,
          memorySize,
          roleName,
          logGroupName,
        },
        (line) => cold.onLine?.(line),
      ),
      requestId: undefined,
      onLine: undefined,
      retired: false,
    };
    return cold;
  }
}

function tooManyRequests(reason: string): AwsError {
  return new AwsError('TooManyRequestsException', `Rate Exceeded. (${reason})`, 429);
}
