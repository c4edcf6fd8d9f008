/**
 * Functions as the bundles that ship, each sandbox one worker thread: its environment is the template's plus what Lambda
 * itself sets, its credentials are the function's role, its AWS is the embedded one over HTTP.
 */
import { Worker } from 'node:worker_threads';
import type { Account } from '../account.ts';
import {
  exited,
  type FunctionRuntime,
  type Instance,
  type InvocationContext,
  type Outcome,
  type SandboxConfig,
  timedOut,
} from './runtime.ts';
import type { InvokeMessage, SandboxMessage, SandboxStart } from './worker-protocol.ts';

/** https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html, the Init phase is limited to 10 s. */
const initLimitMs = 10_000;
/** Share of the function's memory that its heap may take; the rest is for buffers and the runtime, as on Lambda. */
const heapShare = 0.9;
const youngGenerationMb = 4;

export class WorkerRuntime implements FunctionRuntime {
  /** A thread with a bundle in it takes some 70 MB (measured), and the demo runs on a workstation. */
  readonly sandboxLimit = 4;
  readonly warmLimit = 2;
  readonly #account: Account;
  readonly #endpoint: () => string;

  /** @param endpoint URL of the embedded AWS's HTTP listener, asked for at each cold start */
  constructor(account: Account, endpoint: () => string) {
    this.#account = account;
    this.#endpoint = endpoint;
  }

  start(config: SandboxConfig, log: (line: string) => void): Instance {
    const { clock, random } = this.#account;
    const day = new Date(clock.now()).toISOString().slice(0, 10).replaceAll('-', '/');
    const logStreamName = `${day}/[${config.version}]${random.hex(32)}`;
    const data: SandboxStart = {
      codeDirectory: config.codeDirectory,
      handler: config.handler,
      functionName: config.functionName,
      version: config.version,
      memorySize: config.memorySize,
      logGroupName: config.logGroupName,
      logStreamName,
      nowMs: clock.now(),
    };
    const worker = new Worker(new URL('./worker-main.ts', import.meta.url), {
      workerData: data,
      env: this.#environment(config, logStreamName),
      execArgv: [],
      argv: [],
      stdin: false,
      stdout: true,
      stderr: true,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.floor(config.memorySize * heapShare),
        maxYoungGenerationSizeMb: youngGenerationMb,
      },
    });
    return new WorkerInstance(worker, config.timeoutMs, () => clock.now(), log);
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, defined runtime environment variables. */
  #environment(config: SandboxConfig, logStreamName: string): Record<string, string> {
    const { accessKeyId, secretAccessKey, sessionToken } = this.#account.iam.credentialsOf(config.roleName);
    return {
      ...config.environment,
      _HANDLER: config.handler,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_DEFAULT_REGION: this.#account.region,
      AWS_ENDPOINT_URL: this.#endpoint(),
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(config.memorySize),
      AWS_LAMBDA_FUNCTION_NAME: config.functionName,
      AWS_LAMBDA_FUNCTION_VERSION: config.version,
      AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
      AWS_LAMBDA_LOG_GROUP_NAME: config.logGroupName,
      AWS_LAMBDA_LOG_STREAM_NAME: logStreamName,
      AWS_REGION: this.#account.region,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
      LAMBDA_TASK_ROOT: config.codeDirectory,
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
    };
  }
}

class WorkerInstance implements Instance {
  readonly #worker: Worker;
  readonly #timeoutMs: number;
  readonly #now: () => number;
  readonly #ready: Promise<void>;
  #end: ((outcome: Outcome) => void) | undefined;
  #requestId = '';
  #dead = false;

  constructor(worker: Worker, timeoutMs: number, now: () => number, log: (line: string) => void) {
    this.#worker = worker;
    this.#timeoutMs = timeoutMs;
    this.#now = now;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ready = promise;
    worker.on('message', (message: SandboxMessage) => {
      if (this.#dead) return;
      if (message.kind === 'ready') resolve();
      else if (message.kind === 'line') log(message.line);
      else this.#finish(outcomeOf(message));
    });
    worker.on('error', (error) => this.#lose(error instanceof Error ? error.message : String(error)));
    worker.on('exit', (code) => this.#lose(`exit status ${code}`));
  }

  async invoke(event: string, context: InvocationContext): Promise<Outcome> {
    this.#requestId = context.requestId;
    if (this.#dead) return exited(context.requestId);
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    this.#end = resolve;
    let limit = this.#expireAfter(initLimitMs);
    try {
      await Promise.race([this.#ready, promise]);
      clearTimeout(limit);
      limit = this.#expireAfter(this.#timeoutMs);
      const message: InvokeMessage = {
        requestId: context.requestId,
        invokedFunctionArn: context.invokedFunctionArn,
        event,
        nowMs: this.#now(),
        timeoutMs: this.#timeoutMs,
      };
      this.#worker.postMessage(message);
      return await promise;
    } finally {
      clearTimeout(limit);
    }
  }

  stop(): void {
    this.#lose('exit status 1');
    this.#worker.terminate().catch((error: unknown) => console.error('embedded AWS: sandbox:', error));
  }

  #expireAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#finish(timedOut(this.#requestId, ms));
      this.stop();
    }, ms);
  }

  #lose(reason: string): void {
    this.#dead = true;
    this.#finish(exited(this.#requestId, reason));
  }

  #finish(outcome: Outcome): void {
    const end = this.#end;
    this.#end = undefined;
    end?.(outcome);
  }
}

function outcomeOf(message: Extract<SandboxMessage, { kind: 'result' | 'failure' }>): Outcome {
  return message.kind === 'result'
    ? { kind: 'succeeded', payload: message.payload }
    : { kind: 'failed', failure: message.failure, sandboxLost: message.fatal };
}
