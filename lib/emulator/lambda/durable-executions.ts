/** The durable executions of the account: what starts, checkpoints, answers, looks at and stops them. */
import type { Account } from '../account.ts';
import { ConnectionLost } from '../errors.ts';
import {
  type CheckpointAnswer,
  callbackClosed,
  DurableExecution,
  readCallbackId,
} from './durable-execution.ts';
import { type CheckpointCrash, CheckpointCrashes } from './durable-faults.ts';
import type { ErrorObject } from './durable-model.ts';
import { DurableRun } from './durable-run.ts';
import { requireName, requireSamePayload, requireSynchronous } from './durable-start.ts';
import type { StatePage } from './durable-state.ts';
import { type CheckpointRequest, invalid } from './durable-updates.ts';
import { type Functions, notFound } from './functions.ts';
import type { Invocations } from './invocations.ts';
import type { InvocationTarget } from './model.ts';
import type { Sandboxes } from './sandboxes.ts';

export interface DurableStart {
  /** Of a durable function, by a qualifier. */
  readonly target: InvocationTarget;
  readonly payload: string;
  /** Absent: Lambda makes one up. */
  readonly name: string | undefined;
}

type CallbackAnswer = { readonly result: string | undefined } | { readonly error: ErrorObject };

/** A caller that waits looks again after this long, or a twentieth of the time it has waited. */
const lookAgainMs = 10;
const lookAgainShare = 0.05;
const dayMs = 86_400_000;

export class DurableExecutions {
  /** From what an execution waited for to the invocation that it causes; AWS publishes no figure (facts: 6.11). */
  resumeDelayMs = 50;
  readonly #account: Account;
  readonly #functions: Functions;
  readonly #invocations: Invocations;
  readonly #sandboxes: Sandboxes;
  /** By the ARN of the execution. */
  readonly #runs = new Map<string, DurableRun>();
  readonly #crashes = new CheckpointCrashes();
  #stopped = false;

  constructor(account: Account, functions: Functions, invocations: Invocations, sandboxes: Sandboxes) {
    this.#account = account;
    this.#functions = functions;
    this.#invocations = invocations;
    this.#sandboxes = sandboxes;
  }

  /** In the order in which they started. */
  list(functionName?: string): readonly DurableExecution[] {
    const all = [...this.#runs.values()].map(({ execution }) => execution);
    return all.filter(({ identity }) => (functionName ?? identity.functionName) === identity.functionName);
  }

  named(functionName: string, name: string): DurableExecution | undefined {
    return this.list(functionName).find(({ identity }) => identity.name === name);
  }

  /** @throws AwsError ResourceNotFoundException */
  get(arn: string): DurableExecution {
    return this.#known(arn).execution;
  }

  /** Fault: the sandbox of an invocation dies at a checkpoint. */
  crashAtCheckpoint(crash: CheckpointCrash): void {
    this.#crashes.add(crash);
  }

  clearCrashes(): void {
    this.#crashes.clear();
  }

  /** Executions whose function runs or is about to. */
  get busy(): number {
    return [...this.#runs.values()].filter(({ isBusy }) => isBusy).length;
  }

  /**
   * Starts one, or finds the one of that name, which is unique within the function whatever the version
   * (https://docs.aws.amazon.com/lambda/latest/dg/durable-execution-idempotency.html).
   * @throws AwsError ValidationException, DurableExecutionAlreadyStartedException
   */
  start(start: DurableStart, delayMs: number): DurableExecution {
    return this.#existing(start) ?? this.#begin(start, delayMs, true);
  }

  /** Starts one, or finds it, and waits for its end. @throws AwsError as `start`, InvalidParameterValueException, TooManyRequestsException */
  async startAndWait(start: DurableStart): Promise<DurableExecution> {
    requireSynchronous(start.target);
    const existing = this.#existing(start);
    if (existing === undefined) this.#invocations.requireConcurrency(start.target);
    const execution = existing ?? this.#begin(start, 0, false);
    const { clock } = this.#account;
    const startedMs = clock.now();
    // Bounded by the execution's own timeout, which a synchronous caller must not set above 15 minutes.
    while (execution.status === 'RUNNING' && !this.#stopped)
      await clock.sleep(Math.max(lookAgainMs, (clock.now() - startedMs) * lookAgainShare));
    return execution;
  }

  /** @throws AwsError InvalidParameterValueException; ConnectionLost when a fault kills the caller */
  checkpoint(arn: string, request: CheckpointRequest): CheckpointAnswer {
    const run = this.#writable(arn);
    const { execution } = run;
    const nowMs = this.#account.clock.now();
    const heardBefore = execution.repeated(request, nowMs);
    if (heardBefore !== undefined) {
      execution.noteOutcome(execution.noteCheckpoint(request.updates, nowMs), 'repeated');
      return heardBefore;
    }
    execution.requireToken(request.token);
    const record = execution.noteCheckpoint(request.updates, nowMs);
    if (this.#crashes.take('before', execution.identity.name, record)) {
      execution.noteOutcome(record, 'killed-before');
      throw this.#kill(execution);
    }
    const answer = execution.checkpoint(request, nowMs);
    run.arm();
    if (this.#crashes.take('after', execution.identity.name, record)) {
      execution.noteOutcome(record, 'killed-after');
      throw this.#kill(execution);
    }
    execution.noteOutcome(record, 'applied');
    return answer;
  }

  /** @throws AwsError InvalidParameterValueException */
  state(arn: string, token: string, marker: string | undefined, maxItems: number): StatePage {
    return this.#writable(arn).execution.state(token, marker, maxItems);
  }

  /** @throws AwsError InvalidParameterValueException, CallbackTimeoutException */
  answerCallback(callbackId: string, answer: CallbackAnswer): void {
    const { run, operationId } = this.#callback(callbackId);
    run.execution.answerCallback(operationId, answer, this.#account.clock.now());
    run.resume();
  }

  /** @throws AwsError InvalidParameterValueException, CallbackTimeoutException */
  heartbeat(callbackId: string): void {
    const { run, operationId } = this.#callback(callbackId);
    run.execution.heartbeat(operationId, this.#account.clock.now());
    run.arm();
  }

  /**
   * Ends the execution, not the invocation that runs: that one finds out at its next checkpoint
   * (https://docs.aws.amazon.com/durable-execution/getting-started/manage-executions/).
   * @returns when it ended @throws AwsError ResourceNotFoundException
   */
  stopExecution(arn: string, error: ErrorObject): number {
    const run = this.#known(arn);
    run.end('STOPPED', { error });
    return run.execution.endedMs ?? this.#account.clock.now();
  }

  /** Nothing happens by itself any more. */
  stop(): void {
    this.#stopped = true;
    for (const run of this.#runs.values()) run.halt();
  }

  /** @throws AwsError ValidationException, DurableExecutionAlreadyStartedException */
  #existing({ target, payload, name }: DurableStart): DurableExecution | undefined {
    if (name === undefined) return undefined;
    requireName(name);
    this.#forgetExpired();
    const existing = this.named(target.functionName, name);
    if (existing !== undefined) requireSamePayload(existing, payload);
    return existing;
  }

  #begin({ target, payload, name }: DurableStart, delayMs: number, asynchronous: boolean): DurableExecution {
    const { random, clock } = this.#account;
    const { functionName, version } = target;
    const durable = version.configuration.durable ?? { executionTimeoutS: 0, retentionDays: 0 };
    const functionArn = `${this.#account.arn('lambda', `function:${functionName}`)}:${version.version}`;
    const id = random.uuid();
    const given = name ?? random.uuid();
    const execution = new DurableExecution({
      ...durable,
      arn: `${functionArn}/durable-execution/${given}/${id}`,
      id,
      name: given,
      functionName,
      version: version.version,
      functionArn,
      input: payload,
      startedMs: clock.now(),
    });
    const surroundings = {
      account: this.#account,
      functions: this.#functions,
      invocations: this.#invocations,
      resumeDelayMs: () => this.resumeDelayMs,
    };
    const run = new DurableRun(surroundings, execution, target, asynchronous);
    this.#runs.set(execution.identity.arn, run);
    run.begin(delayMs);
    return execution;
  }

  /** Past its retention an execution is gone, and its name free. */
  #forgetExpired(): void {
    const nowMs = this.#account.clock.now();
    for (const [arn, { execution }] of this.#runs) {
      const { endedMs, identity } = execution;
      if (endedMs !== undefined && endedMs + identity.retentionDays * dayMs < nowMs) this.#runs.delete(arn);
    }
  }

  #kill({ runningRequestId }: DurableExecution): ConnectionLost {
    if (runningRequestId !== undefined) this.#sandboxes.kill(runningRequestId);
    return new ConnectionLost();
  }

  #known(arn: string): DurableRun {
    const run = this.#runs.get(arn);
    if (run === undefined) throw notFound('Durable Execution does not exist');
    return run;
  }

  /** An unknown execution is not told from an overtaken token; seen by https://github.com/floci-io/floci. */
  #writable(arn: string): DurableRun {
    const run = this.#runs.get(arn);
    if (run === undefined) throw invalid('Invalid checkpoint token');
    return run;
  }

  #callback(callbackId: string): { readonly run: DurableRun; readonly operationId: string } {
    const { executionArn, operationId } = readCallbackId(callbackId);
    const run = this.#runs.get(executionArn);
    if (run === undefined) throw callbackClosed();
    return { run, operationId };
  }
}
