/** One invocation as Lambda sees it: the sandbox, the log lines around it, the metrics and the record that stay. */
import type { Account } from '../account.ts';
import { readEmbeddedMetrics } from './embedded-metrics.ts';
import type { InvocationTarget } from './model.ts';
import type { Outcome } from './runtime.ts';
import type { Sandboxes } from './sandboxes.ts';

export interface LogLine {
  readonly atMs: number;
  readonly requestId: string;
  readonly line: string;
}

export interface Invocation {
  readonly requestId: string;
  readonly functionName: string;
  /** As invoked: unqualified, version or alias. */
  readonly functionArn: string;
  readonly version: string;
  readonly event: string;
  readonly startedMs: number;
  readonly durationMs: number;
  readonly outcome: Outcome;
  readonly lines: readonly string[];
}

const keptInvocations = 1_000;
const keptLinesPerFunction = 2_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, invocation payload. */
const responseLimitBytes = 6_291_556;

export class Invocations {
  readonly #account: Account;
  readonly #sandboxes: Sandboxes;
  readonly #done: Invocation[] = [];
  readonly #lines = new Map<string, LogLine[]>();

  constructor(account: Account, sandboxes: Sandboxes) {
    this.#account = account;
    this.#sandboxes = sandboxes;
  }

  /** @throws AwsError TooManyRequestsException */
  async run(target: InvocationTarget, event: string, requestId: string): Promise<Invocation> {
    const { clock } = this.#account;
    const { functionName, arn, version } = target;
    const lines: string[] = [];
    const mayLog = this.#mayLog(target);
    const log = (line: string): void => {
      lines.push(line);
      if (mayLog) this.#keep(functionName, requestId, line);
    };
    this.requireConcurrency(target);
    log(`START RequestId: ${requestId} Version: ${version.version}`);
    const startedMs = clock.now();
    const context = { requestId, invokedFunctionArn: arn };
    const outcome = withinLimit(await this.#sandboxes.run(target, event, context, log));
    const durationMs = clock.now() - startedMs;
    if (outcome.kind === 'failed') log(`ERROR ${outcome.failure.errorType}: ${outcome.failure.errorMessage}`);
    log(`END RequestId: ${requestId}`);
    log(`REPORT RequestId: ${requestId}\tDuration: ${durationMs} ms`);
    this.#measure(target, 'Invocations', 1, 'Count');
    this.#measure(target, 'Errors', outcome.kind === 'failed' ? 1 : 0, 'Count');
    this.#measure(target, 'Duration', durationMs, 'Milliseconds');
    const invocation: Invocation = {
      requestId,
      functionName,
      functionArn: arn,
      version: version.version,
      event,
      startedMs,
      durationMs,
      outcome,
      lines,
    };
    this.#done.push(invocation);
    if (this.#done.length > keptInvocations) this.#done.shift();
    return invocation;
  }

  /** Newest last. */
  done(functionName?: string): readonly Invocation[] {
    return functionName === undefined
      ? this.#done
      : this.#done.filter((each) => each.functionName === functionName);
  }

  lines(functionName: string): readonly LogLine[] {
    return this.#lines.get(functionName) ?? [];
  }

  /** A refusal is a throttle of the function's metrics. @throws AwsError TooManyRequestsException */
  requireConcurrency(target: InvocationTarget): void {
    try {
      this.#sandboxes.requireConcurrency(target);
    } catch (error) {
      this.#measure(target, 'Throttles', 1, 'Count');
      throw error;
    }
  }

  /** Without the permission the function runs and its log, with the metrics in it, is lost: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html */
  #mayLog({ version: { version, configuration } }: InvocationTarget): boolean {
    const { iam } = this.#account;
    const role = iam.caller(iam.credentialsOf(configuration.roleName).accessKeyId);
    const stream = this.#account.arn(
      'logs',
      `log-group:${configuration.logGroupName}:log-stream:[${version}]`,
    );
    return iam.firstDenied(role, 'logs:PutLogEvents', [{ arn: stream }]) === undefined;
  }

  #keep(functionName: string, requestId: string, line: string): void {
    const kept = this.#lines.get(functionName) ?? [];
    kept.push({ atMs: this.#account.clock.now(), requestId, line });
    if (kept.length > keptLinesPerFunction) kept.shift();
    this.#lines.set(functionName, kept);
    for (const datum of readEmbeddedMetrics(line)) this.#account.putMetric(datum);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html */
  #measure({ functionName, arn }: InvocationTarget, name: string, value: number, unit: string): void {
    const qualifier = arn.split(':')[7];
    const dimensionSets: Record<string, string>[] = [{ FunctionName: functionName }];
    if (qualifier !== undefined)
      dimensionSets.push({ FunctionName: functionName, Resource: `${functionName}:${qualifier}` });
    for (const dimensions of dimensionSets)
      this.#account.putMetric({
        namespace: 'AWS/Lambda',
        name,
        dimensions,
        value,
        unit,
        storageResolution: 60,
        timestampMs: this.#account.clock.now(),
      });
  }
}

function withinLimit(outcome: Outcome): Outcome {
  if (outcome.kind === 'failed' || Buffer.byteLength(outcome.payload) <= responseLimitBytes) return outcome;
  return {
    kind: 'failed',
    failure: {
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${responseLimitBytes} bytes).`,
    },
    sandboxLost: false,
  };
}
