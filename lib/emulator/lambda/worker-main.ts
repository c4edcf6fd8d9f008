/**
 * The inside of a sandbox thread: the Node.js runtime interface as far as a handler sees it. It loads the bundle, runs
 * one event at a time, and its `Date` follows the emulated clock. Only environment given by the runtime is visible.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, workerData } from 'node:worker_threads';
import { type FunctionFailure, failureOf, type LambdaContext } from './runtime.ts';
import type { InvokeMessage, SandboxMessage, SandboxStart } from './worker-protocol.ts';

type Handler = (event: unknown, context: LambdaContext) => unknown;

const port = parentPort;
if (port === null) throw new Error('a sandbox runs in a worker thread');
const start = workerData as SandboxStart;
const clock = followEmulatedClock(start.nowMs);

const say = (message: SandboxMessage): void => port.postMessage(message);
captureOutput((line) => say({ kind: 'line', line }));

process.on('unhandledRejection', (reason) => {
  const failure = failureOf(reason);
  const errorMessage = `${failure.errorType}: ${failure.errorMessage}`;
  say({
    kind: 'failure',
    failure: { ...failure, errorType: 'Runtime.UnhandledPromiseRejection', errorMessage },
    fatal: true,
  });
});
process.on('uncaughtException', (error) => say({ kind: 'failure', failure: failureOf(error), fatal: true }));

const loaded = await load();
port.on('message', (message: InvokeMessage) => void invoke(message));
say({ kind: 'ready' });

async function invoke(message: InvokeMessage): Promise<void> {
  clock.set(message.nowMs);
  if (typeof loaded !== 'function') return say({ kind: 'failure', failure: loaded, fatal: true });
  try {
    const result = await loaded(JSON.parse(message.event), contextOf(message));
    say({ kind: 'result', payload: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    say({ kind: 'failure', failure: failureOf(error), fatal: false });
  }
}

function contextOf({ requestId, invokedFunctionArn, nowMs, timeoutMs }: InvokeMessage): LambdaContext {
  return {
    awsRequestId: requestId,
    functionName: start.functionName,
    functionVersion: start.version,
    invokedFunctionArn,
    memoryLimitInMB: String(start.memorySize),
    logGroupName: start.logGroupName,
    logStreamName: start.logStreamName,
    getRemainingTimeInMillis: () => Math.max(0, nowMs + timeoutMs - clock.now()),
  };
}

/** `index.handler` is the export `handler` of `index.mjs` or `index.js` (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html). */
async function load(): Promise<Handler | FunctionFailure> {
  const [file = '', exported = ''] = start.handler.split('.');
  const path = ['.mjs', '.js'].map((ending) => join(start.codeDirectory, file + ending)).find(existsSync);
  if (path === undefined)
    return {
      errorType: 'Runtime.ImportModuleError',
      errorMessage: `Error: Cannot find module '${file}'`,
      trace: [],
    };
  try {
    const module = (await import(pathToFileURL(path).href)) as Record<string, unknown>;
    const handler =
      module[exported] ?? (module['default'] as Record<string, unknown> | undefined)?.[exported];
    if (typeof handler === 'function') return handler as Handler;
  } catch (error) {
    return failureOf(error);
  }
  return {
    errorType: 'Runtime.HandlerNotFound',
    errorMessage: `${start.handler} is undefined or not exported`,
    trace: [],
  };
}

/** Whole lines of stdout and stderr, in order with the result. */
function captureOutput(onLine: (line: string) => void): void {
  for (const stream of [process.stdout, process.stderr]) {
    let rest = '';
    stream.write = (chunk: string | Uint8Array): boolean => {
      const lines = (rest + (typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8'))).split(
        '\n',
      );
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      return true;
    };
  }
}

/** Replaces `Date`: the emulated time of the last `set`, running on at real speed. */
function followEmulatedClock(nowMs: number): { now(): number; set(nowMs: number): void } {
  let anchorMs = nowMs;
  let anchorRealMs = performance.now();
  const now = (): number => Math.floor(anchorMs + performance.now() - anchorRealMs);
  const RealDate = globalThis.Date;
  const EmulatedDate = new Proxy(RealDate, {
    construct: (target, parameters, newTarget) =>
      Reflect.construct(target, parameters.length === 0 ? [now()] : parameters, newTarget),
    apply: () => new RealDate(now()).toString(),
    get: (target, property) => (property === 'now' ? now : Reflect.get(target, property)),
  });
  RealDate.prototype.constructor = EmulatedDate;
  globalThis.Date = EmulatedDate;
  return {
    now,
    set(toMs) {
      anchorMs = toMs;
      anchorRealMs = performance.now();
    },
  };
}
