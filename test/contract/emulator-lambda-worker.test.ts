import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InvocationType, InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Datum } from '../../lib/emulator/account.ts';
import { WallClock } from '../../lib/emulator/clock.ts';
import { WorkerRuntime } from '../../lib/emulator/lambda/worker-runtime.ts';
import { listen } from '../../lib/emulator/transports.ts';
import { lambdaAccount } from './lambda-account.ts';

/** What a bundle looks like from outside, without any dependency: it signs nothing but names its key and service. */
const bundle = `
let invocations = 0;
const { now } = Date;
const call = async (service, target, body) => {
  const response = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      authorization: 'AWS4-HMAC-SHA256 Credential=' + process.env.AWS_ACCESS_KEY_ID
        + '/20260105/us-east-1/' + service + '/aws4_request, SignedHeaders=host, Signature=x',
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-date': '20260105T100000Z',
      'x-amz-target': target,
    },
    body: JSON.stringify(body),
  });
  return response.json();
};
export const handler = async (event, context) => {
  invocations += 1;
  switch (event.do) {
    case 'look': return {
      environment: Object.keys(process.env).sort(),
      stage: process.env.STAGE,
      alias: context.invokedFunctionArn,
      remainingMs: context.getRemainingTimeInMillis(),
      now: now(),
      newDate: new Date().getTime(),
      isDate: new Date() instanceof Date,
      epoch: new Date(0).toISOString(),
    };
    case 'count': return invocations;
    case 'list': return call('dynamodb', 'DynamoDB_20120810.ListTables', {});
    case 'list-twice': await call('dynamodb', 'DynamoDB_20120810.ListTables', {});
      return call('dynamodb', 'DynamoDB_20120810.ListTables', {});
    case 'log': console.log(JSON.stringify({ _aws: { Timestamp: 1, CloudWatchMetrics: [
      { Namespace: 'Holdfast', Dimensions: [[]], Metrics: [{ Name: 'Detected' }] }] }, Detected: 7 }));
      console.error('second line'); return null;
    case 'throw': throw new RangeError('too far');
    case 'exit': process.exit(3);
    case 'reject': Promise.reject(new Error('nobody waits for it')); return new Promise(() => {});
    case 'spin': for (;;);
  }
};
`;

const startMs = Date.UTC(2026, 0, 5, 10, 0, 0);
const clock = new WallClock({ startMs });
let server: Server;
let endpoint = '';
let directory = '';
let under: ReturnType<typeof lambdaAccount>;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'bundle-'));
  writeFileSync(join(directory, 'index.mjs'), bundle);
  under = lambdaAccount(clock, (account) => new WorkerRuntime(account, () => endpoint), {
    codeDirectory: directory,
    timeoutMs: 2_000,
  });
  const listening = await listen(under.gateway, 0);
  server = listening.server;
  endpoint = `http://127.0.0.1:${listening.port}`;
});

afterAll(async () => {
  under.lambda.stop();
  clock.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true });
});

async function invoke(what: string, type: InvocationType = 'RequestResponse') {
  const { Payload, FunctionError } = await under.client.send(
    new InvokeCommand({
      FunctionName: 'mover:live',
      InvocationType: type,
      Payload: Buffer.from(JSON.stringify({ do: what })),
    }),
  );
  return { error: FunctionError, answer: JSON.parse(Buffer.from(Payload ?? []).toString('utf8') || 'null') };
}

test('a bundle sees the environment of its function and nothing of the host process', async () => {
  const { answer } = await invoke('look');
  expect(answer).toMatchObject({
    stage: 'test',
    alias: 'arn:aws:lambda:us-east-1:123456789012:function:mover:live',
    isDate: true,
    epoch: '1970-01-01T00:00:00.000Z',
  });
  expect(answer.environment).toEqual([
    'AWS_ACCESS_KEY_ID',
    'AWS_DEFAULT_REGION',
    'AWS_ENDPOINT_URL',
    'AWS_EXECUTION_ENV',
    'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
    'AWS_LAMBDA_FUNCTION_NAME',
    'AWS_LAMBDA_FUNCTION_VERSION',
    'AWS_LAMBDA_INITIALIZATION_TYPE',
    'AWS_LAMBDA_LOG_GROUP_NAME',
    'AWS_LAMBDA_LOG_STREAM_NAME',
    'AWS_REGION',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    'LAMBDA_TASK_ROOT',
    'LANG',
    'STAGE',
    'TZ',
    '_HANDLER',
  ]);
});

test('its Date is the emulated one', async () => {
  const before = clock.now();
  const { answer } = await invoke('look');
  expect(answer.now).toBeGreaterThanOrEqual(before);
  expect(answer.now).toBeLessThanOrEqual(clock.now() + 1);
  expect(answer.newDate).toBeGreaterThanOrEqual(answer.now);
  expect(answer.remainingMs).toBeLessThanOrEqual(2_000);
});

test('the thread stays warm between invocations', async () => {
  const { answer: first } = await invoke('count');
  const { answer: second } = await invoke('count');
  expect(second).toBe(first + 1);
});

test('it reaches the embedded AWS over HTTP with the rights of its role', async () => {
  expect((await invoke('list')).answer).toEqual({ TableNames: [] });
  const [call] = under.account.calls('ListTables').slice(-1);
  expect(call?.callerArn).toBe('arn:aws:sts::123456789012:assumed-role/mover-role/mover-role');
});

test('its output is the log, and metrics in it are data of the account', async () => {
  const data: Datum[] = [];
  under.account.onMetric((datum) => void data.push(datum));
  await invoke('log');
  expect(data).toContainEqual(expect.objectContaining({ namespace: 'Holdfast', name: 'Detected', value: 7 }));
  expect(under.lambda.logs('mover').map(({ line }) => line)).toContain('second line');
});

test('a thrown error is the answer, and the thread lives on', async () => {
  const { answer: before } = await invoke('count');
  const { error, answer } = await invoke('throw');
  expect({ error, answer }).toMatchObject({
    error: 'Unhandled',
    answer: { errorType: 'RangeError', errorMessage: 'too far' },
  });
  expect((await invoke('count')).answer).toBe(before + 2);
});

test.each([
  ['exit', 'Runtime.ExitError', /Runtime exited with error: exit status 3$/],
  ['reject', 'Runtime.UnhandledPromiseRejection', /nobody waits for it/],
  ['spin', 'Sandbox.Timedout', /Task timed out after 2\.00 seconds$/],
])('a thread that ends by %s answers %s, and the next one starts cold', async (what, errorType, message) => {
  const { answer } = await invoke(what);
  expect(answer.errorType).toBe(errorType);
  expect(answer.errorMessage).toMatch(message);
  expect((await invoke('count')).answer).toBe(1);
});

test('a fault kills the thread right after a call took effect', async () => {
  const earlier = under.account.calls('ListTables').length;
  under.lambda.crashFunction('mover', { afterCall: (operation) => operation === 'ListTables' });
  expect((await invoke('list-twice')).answer.errorType).toBe('Runtime.ExitError');
  expect(under.account.calls('ListTables')).toHaveLength(earlier + 1);
});
