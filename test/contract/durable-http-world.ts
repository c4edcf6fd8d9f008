/** A durable function as it ships: a bundle with AWS's own SDK in a worker thread, whose AWS is the embedded one over HTTP. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { build } from 'esbuild';
import { WallClock } from '../../lib/emulator/clock.ts';
import type { DurableExecution } from '../../lib/emulator/lambda/durable-execution.ts';
import { WorkerRuntime } from '../../lib/emulator/lambda/worker-runtime.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { durableRights, second } from './durable-world.ts';
import { lambdaAccount } from './lambda-account.ts';

const source = `
import { withDurableExecution } from '@aws/durable-execution-sdk-js';
export const handler = withDurableExecution(async (event, context) => {
  const moved = await context.step('move', async () => event.tag + ' moved');
  const [unit] = (await context.parallel('dependents', [
    async (branch) => branch.step('unit', async () => 'unit'),
    async (branch) => branch.wait('settle', { seconds: 2 }),
  ])).getResults();
  const answer = event.ask
    ? await context.waitForCallback('confirm', async () => {}, { timeout: { minutes: 60 } })
    : 'nobody asked';
  return context.step('tell', async () => [moved, unit, answer].join(', '));
});
`;

/** @param speed of time while nothing runs */
export async function durableHttpWorld(speed: number) {
  const directory = mkdtempSync(join(tmpdir(), 'durable-bundle-'));
  await build({
    stdin: { contents: source, resolveDir: import.meta.dirname },
    entryNames: 'index',
    outdir: directory,
    outExtension: { '.js': '.mjs' },
    // The SDK loads its client when it first needs it.
    splitting: true,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const clock = new WallClock({ startMs: Date.UTC(2026, 0, 5, 10), speed });
  let endpoint = '';
  const account = lambdaAccount(clock, (of) => new WorkerRuntime(of, () => endpoint), {
    codeDirectory: directory,
    memorySize: 512,
    timeoutMs: 30 * second,
    durable: { executionTimeoutS: 900, retentionDays: 14 },
  });
  account.account.iam.putRolePolicy('mover-role', 'durable', durableRights);
  const { server, port } = await listen(account.gateway, 0);
  endpoint = `http://127.0.0.1:${port}`;
  const client = new LambdaClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });

  /** Until it has ended, or asks somebody. */
  async function settled(execution: DurableExecution): Promise<DurableExecution> {
    while (execution.status === 'RUNNING' && callbackOf(execution) === undefined) {
      const { invocations } = execution.look();
      if (invocations.length > 8) throw new Error(JSON.stringify(invocations.at(-1)?.error));
      await clock.sleep(second);
    }
    return execution;
  }

  async function close(): Promise<void> {
    account.lambda.stop();
    clock.stop();
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
  }

  return { ...account, clock, endpoint, client, settled, close };
}

/** Id of the callback that it waits for, and for nothing else. */
export function callbackOf(execution: DurableExecution): string | undefined {
  const { operations, runningRequestId } = {
    ...execution.look(),
    runningRequestId: execution.runningRequestId,
  };
  const open = operations.find(({ type, status }) => type === 'CALLBACK' && status === 'STARTED');
  return runningRequestId === undefined ? open?.callback?.id : undefined;
}
