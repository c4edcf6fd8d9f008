/** Durable executions as the AWS CLI starts, shows, answers and stops them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { awsCli, awsCliJson, cliTimeoutMs, cliTitle, isCliInstalled } from './aws-cli.ts';
import { callbackOf, durableHttpWorld } from './durable-http-world.ts';

describe.skipIf(!isCliInstalled)(cliTitle, { timeout: 12 * cliTimeoutMs }, () => {
  const home = mkdtempSync(join(tmpdir(), 'durable-cli-'));
  const file = (name: string): string => join(home, name);
  let w: Awaited<ReturnType<typeof durableHttpWorld>>;
  /** A version that is older than durable functions. */
  let isOld = false;

  beforeAll(async () => {
    w = await durableHttpWorld(1);
    const { stderr } = await awsCli(w.endpoint, home, ['lambda', 'get-durable-execution']);
    isOld = stderr.includes('Invalid choice');
  }, 60_000);

  afterAll(async () => {
    await w.close();
    rmSync(home, { recursive: true });
  });

  const json = (...words: string[]) => awsCliJson(w.endpoint, home, ['lambda', ...words]);
  const invoke = (...words: string[]) =>
    awsCli(w.endpoint, home, [
      'lambda',
      'invoke',
      '--payload',
      `file://${file('event')}`,
      ...words,
      file('answer'),
    ]);

  test('starts, lists, shows, answers and stops', async ({ skip }) => {
    if (isOld) skip('this AWS CLI is older than durable functions');
    writeFileSync(file('event'), '{"tag":"ip-db","ask":true}');
    const live = ['--function-name', 'mover:live', '--invocation-type', 'Event'];
    const named = [...live, '--durable-execution-name', 'mine'];
    const started = JSON.parse((await invoke(...named)).stdout);
    expect(started).toMatchObject({
      StatusCode: 202,
      DurableExecutionArn: expect.stringContaining('/mine/'),
    });
    expect(JSON.parse((await invoke(...named)).stdout)).toEqual(started);
    const arn: string = started.DurableExecutionArn;
    const of = ['--durable-execution-arn', arn];
    const execution = await w.settled(w.lambda.executions.get(arn));
    expect(await json('list-durable-executions-by-function', '--function-name', 'mover:live')).toMatchObject({
      DurableExecutions: [{ DurableExecutionArn: arn, DurableExecutionName: 'mine', Status: 'RUNNING' }],
    });
    const callback = ['--callback-id', callbackOf(execution) ?? ''];
    await json('send-durable-execution-callback-heartbeat', ...callback);
    writeFileSync(file('result'), 'go');
    await json(
      'send-durable-execution-callback-success',
      ...callback,
      '--result',
      `file://${file('result')}`,
    );
    const late = ['send-durable-execution-callback-failure', ...callback, '--error', 'ErrorMessage=no'];
    expect((await awsCli(w.endpoint, home, ['lambda', ...late])).stderr).toContain(
      '(CallbackTimeoutException)',
    );
    await w.settled(execution);
    expect(await json('get-durable-execution', ...of)).toMatchObject({
      Status: 'SUCCEEDED',
      Result: '"ip-db moved, unit, go"',
      InputPayload: '{"tag":"ip-db","ask":true}',
    });
    const { Events } = (await json('get-durable-execution-history', ...of, '--reverse-order')) as {
      readonly Events: readonly { readonly EventType: string }[];
    };
    expect(Events.slice(-2).map(({ EventType }) => EventType)).toEqual(['StepStarted', 'ExecutionStarted']);
    expect(Events[0]).toMatchObject({ EventType: 'ExecutionSucceeded' });

    const other = JSON.parse((await invoke(...live)).stdout).DurableExecutionArn;
    await w.settled(w.lambda.executions.get(other));
    await json('stop-durable-execution', '--durable-execution-arn', other);
    expect(await json('get-durable-execution', '--durable-execution-arn', other)).toMatchObject({
      Status: 'STOPPED',
    });
  });

  test('waits for the end, and is refused without a qualifier', async () => {
    writeFileSync(file('event'), '{"tag":"ip-db"}');
    expect((await invoke('--function-name', 'mover:live')).code).toBe(0);
    expect(readFileSync(file('answer'), 'utf8')).toBe('"ip-db moved, unit, nobody asked"');
    expect((await invoke('--function-name', 'mover')).stderr).toContain(
      'You cannot invoke a durable function using an unqualified ARN.',
    );
  });
});
