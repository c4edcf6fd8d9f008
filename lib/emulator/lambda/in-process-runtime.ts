/**
 * Functions as plain handlers in this process, for tests and simulation: a factory makes the handler on whatever clock
 * and ports the test chooses. A killed sandbox cannot end its JavaScript, so it is cut off: its calls reach the embedded
 * AWS no more and never settle, as those of a dead process.
 */
import type { Account } from '../account.ts';
import type { Timer } from '../clock.ts';
import type { Gateway } from '../gateway.ts';
import type { Credentials } from '../iam.ts';
import { sdkRequestHandler } from '../transports.ts';
import {
  exited,
  type FunctionRuntime,
  failureOf,
  type Instance,
  type InvocationContext,
  type LambdaContext,
  type Outcome,
  type SandboxConfig,
  timedOut,
} from './runtime.ts';

type Handler = (event: unknown, context: LambdaContext) => Promise<unknown>;

/** What a handler has of its sandbox. */
export interface InProcessSandbox {
  readonly config: SandboxConfig;
  /** For SDK clients: dies with the sandbox. */
  readonly requestHandler: ReturnType<typeof sdkRequestHandler>;
  /** Of the function's role. */
  readonly credentials: Credentials;
  readonly log: (line: string) => void;
  /** Ends the sandbox in the middle of whatever it does. */
  readonly crash: () => void;
}

/** Called once per cold start; what it keeps lives as long as the sandbox. */
export type HandlerFactory = (config: SandboxConfig, sandbox: InProcessSandbox) => Handler;

export class InProcessRuntime implements FunctionRuntime {
  /** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, concurrent executions. */
  readonly sandboxLimit = 1_000;
  readonly warmLimit = 1_000;
  readonly #account: Account;
  readonly #gateway: Gateway;
  readonly #factory: HandlerFactory;

  constructor(account: Account, gateway: Gateway, factory: HandlerFactory) {
    this.#account = account;
    this.#gateway = gateway;
    this.#factory = factory;
  }

  start(config: SandboxConfig, log: (line: string) => void): Instance {
    return new InProcessInstance(this.#account, this.#gateway, this.#factory, config, log);
  }
}

class InProcessInstance implements Instance {
  readonly #account: Account;
  readonly #config: SandboxConfig;
  readonly #makeHandler: () => Handler;
  #handler: Handler | undefined;
  #dead = false;
  #end: ((outcome: Outcome) => void) | undefined;
  #requestId = '';

  constructor(
    account: Account,
    gateway: Gateway,
    factory: HandlerFactory,
    config: SandboxConfig,
    log: (line: string) => void,
  ) {
    this.#account = account;
    this.#config = config;
    const sandbox: InProcessSandbox = {
      config,
      requestHandler: this.#mortal(sdkRequestHandler(gateway)),
      credentials: account.iam.credentialsOf(config.roleName),
      log: (line) => {
        if (!this.#dead) log(line);
      },
      crash: () => this.stop(),
    };
    this.#makeHandler = () => factory(config, sandbox);
  }

  invoke(event: string, context: InvocationContext): Promise<Outcome> {
    this.#requestId = context.requestId;
    return new Promise((resolve) => {
      const timeout: Timer = this.#account.clock.after(this.#config.timeoutMs, () => {
        this.#dead = true;
        end(timedOut(context.requestId, this.#config.timeoutMs));
      });
      const end = (outcome: Outcome): void => {
        timeout.cancel();
        this.#end = undefined;
        resolve(outcome);
      };
      this.#end = end;
      this.#run(event, context).then(end, (error: unknown) =>
        end({ kind: 'failed', failure: failureOf(error), sandboxLost: false }),
      );
    });
  }

  stop(): void {
    this.#dead = true;
    this.#end?.(exited(this.#requestId));
  }

  async #run(event: string, context: InvocationContext): Promise<Outcome> {
    this.#handler ??= this.#makeHandler();
    const result = await this.#handler(JSON.parse(event), this.#context(context));
    return { kind: 'succeeded', payload: JSON.stringify(result) ?? 'null' };
  }

  #context({ requestId, invokedFunctionArn }: InvocationContext): LambdaContext {
    const { clock } = this.#account;
    const deadlineMs = clock.now() + this.#config.timeoutMs;
    return {
      awsRequestId: requestId,
      functionName: this.#config.functionName,
      functionVersion: this.#config.version,
      invokedFunctionArn,
      memoryLimitInMB: String(this.#config.memorySize),
      logGroupName: this.#config.logGroupName,
      logStreamName: `in-process/[${this.#config.version}]`,
      getRemainingTimeInMillis: () => Math.max(0, deadlineMs - clock.now()),
    };
  }

  #mortal(inner: ReturnType<typeof sdkRequestHandler>): ReturnType<typeof sdkRequestHandler> {
    return {
      handle: async (request) => {
        if (this.#dead) return never();
        try {
          const response = await inner.handle(request);
          return this.#dead ? never() : response;
        } catch (error) {
          if (this.#dead) return never();
          throw error;
        }
      },
    };
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
