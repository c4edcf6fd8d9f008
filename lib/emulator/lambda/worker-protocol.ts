/** What the worker runtime and the thread inside say to each other. */
import type { FunctionFailure } from './runtime.ts';

/** `workerData` of a sandbox thread. */
export interface SandboxStart {
  readonly codeDirectory: string;
  readonly handler: string;
  readonly functionName: string;
  readonly version: string;
  readonly memorySize: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  /** Emulated now, so that code that runs at import has the emulated time too. */
  readonly nowMs: number;
}

export interface InvokeMessage {
  readonly requestId: string;
  readonly invokedFunctionArn: string;
  readonly event: string;
  /** Emulated now; from here it runs at real speed until the invocation ends. */
  readonly nowMs: number;
  readonly timeoutMs: number;
}

export type SandboxMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'result'; readonly payload: string }
  /** `fatal`: the sandbox ends with it. */
  | { readonly kind: 'failure'; readonly failure: FunctionFailure; readonly fatal: boolean };
