/** Where the code of a function runs: one instance is one sandbox, which takes one invocation at a time. */

export interface SandboxConfig {
  readonly functionName: string;
  readonly version: string;
  readonly functionArn: string;
  readonly codeDirectory: string;
  /** Such as `index.handler`. */
  readonly handler: string;
  readonly environment: { readonly [name: string]: string };
  readonly timeoutMs: number;
  /** MB. */
  readonly memorySize: number;
  readonly roleName: string;
  readonly logGroupName: string;
}

export interface InvocationContext {
  readonly requestId: string;
  readonly invokedFunctionArn: string;
}

/** The body of a failed invocation (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html). */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

export type Outcome =
  | { readonly kind: 'succeeded'; readonly payload: string }
  /** `sandboxLost`: the process is gone, the next invocation starts cold. */
  | { readonly kind: 'failed'; readonly failure: FunctionFailure; readonly sandboxLost: boolean };

export interface Instance {
  /** Never rejects for what the function's code does. */
  invoke(event: string, context: InvocationContext): Promise<Outcome>;
  /** Ends the sandbox at once; a running invocation ends as `Runtime.ExitError` and has no further effect. */
  stop(): void;
}

export interface FunctionRuntime {
  /** Sandboxes at once in the whole account; more invocations are throttled. */
  readonly sandboxLimit: number;
  /** Idle sandboxes kept warm; the one idle for longest ends first. */
  readonly warmLimit: number;
  start(config: SandboxConfig, log: (line: string) => void): Instance;
}

/** What the in-process runtime and the worker hand to the function (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html). */
export interface LambdaContext {
  readonly awsRequestId: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly invokedFunctionArn: string;
  /** As the real one: a string. */
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  getRemainingTimeInMillis(): number;
}

/** seen: responses of nodejs functions in public issue threads, `Sandbox.Timedout`. */
export function timedOut(requestId: string, timeoutMs: number): Outcome {
  const errorMessage = `RequestId: ${requestId} Error: Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
  return {
    kind: 'failed',
    failure: { errorType: 'Sandbox.Timedout', errorMessage },
    sandboxLost: true,
  };
}

/** seen: responses of functions whose process ended, `Runtime.ExitError`. */
export function exited(requestId: string, reason = 'exit status 1'): Outcome {
  const errorMessage = `RequestId: ${requestId} Error: Runtime exited with error: ${reason}`;
  return {
    kind: 'failed',
    failure: { errorType: 'Runtime.ExitError', errorMessage },
    sandboxLost: true,
  };
}

/** How the Node.js runtime reports what a handler threw. */
export function failureOf(error: unknown): FunctionFailure {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return {
    errorType: error.name,
    errorMessage: error.message,
    trace: (error.stack ?? '').split('\n').slice(0, keptTraceLines),
  };
}

/** Node's own limit is ten frames. */
const keptTraceLines = 11;
