import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GetPolicyCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { Delivery } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import type { Lambda } from '../../lib/emulator/lambda/lambda.ts';
import { dynamoDbOf, inProcess, lambdaAccount } from './lambda-account.ts';

const functionArn = 'arn:aws:lambda:us-east-1:123456789012:function:mover';
const aliasArn = `${functionArn}:live`;
const reference = { functionName: 'mover', qualifier: 'live' };

function setUp(factory: HandlerFactory, reservedConcurrency?: number) {
  const clock = new VirtualClock();
  return { clock, ...lambdaAccount(clock, inProcess(factory), {}, reservedConcurrency) };
}

const echo: HandlerFactory = () => async (event) => event;

const failing: HandlerFactory = () => async () => {
  throw new TypeError('no such interface');
};

/** Milliseconds after `fromMs` at which each invocation began. */
const begun = (lambda: Lambda, fromMs: number): readonly number[] =>
  lambda.invocations('mover').map((invocation) => invocation.startedMs - fromMs);

const toMover = { FunctionName: 'mover', InvocationType: 'Event', Payload: Buffer.from('{}') } as const;

describe('the async queue', () => {
  test('accepts at once and runs a moment later', async () => {
    const { clock, client, lambda } = setUp(echo);
    const answer = await client.send(new InvokeCommand(toMover));
    expect(answer.StatusCode).toBe(202);
    expect(lambda.invocations()).toEqual([]);
    await clock.advance(50);
    expect(lambda.invocations()).toHaveLength(1);
  });

  test('tries a failing event again after one minute and after two more, then gives it up', async () => {
    const { clock, client, lambda } = setUp(failing);
    const startedMs = clock.now();
    await client.send(new InvokeCommand(toMover));
    await clock.advance(3_600_000);
    expect(begun(lambda, startedMs)).toEqual([50, 60_050, 180_050]);
    expect(new Set(lambda.invocations().map((each) => each.requestId)).size).toBe(1);
  });

  test('gives an event that failed for good to the failure destination', async () => {
    const { clock, account, lambda } = setUp(failing);
    const delivered: Delivery[] = [];
    account.onDelivery('sns', (delivery) => void delivered.push(delivery));
    const onFailure = account.arn('sns', 'pages');
    lambda.functions.putEventInvokeConfig(reference, {
      maximumRetryAttempts: 0,
      maximumEventAgeS: 60,
      onFailure,
      lastModifiedMs: clock.now(),
    });
    lambda.invokeLater(reference, '{"tag":"ip-db"}', 'request-1');
    await clock.advance(1_000);
    expect(delivered).toMatchObject([
      { targetArn: onFailure, principal: 'lambda.amazonaws.com', sourceArn: aliasArn },
    ]);
    expect(JSON.parse(delivered[0]?.payload ?? '')).toMatchObject({
      version: '1.0',
      requestContext: {
        requestId: 'request-1',
        functionArn: aliasArn,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 1,
      },
      requestPayload: { tag: 'ip-db' },
      responseContext: { statusCode: 200, executedVersion: '1', functionError: 'Unhandled' },
      responsePayload: { errorType: 'TypeError', errorMessage: 'no such interface' },
    });
  });

  test('puts a throttled event back with growing waits and drops it when it is too old', async () => {
    const { clock, account, lambda } = setUp(echo, 0);
    const delivered: Delivery[] = [];
    account.onDelivery('sns', (delivery) => void delivered.push(delivery));
    const throttledAt: number[] = [];
    const startedMs = clock.now();
    account.onMetric(({ name, timestampMs, dimensions }) => {
      if (name === 'Throttles' && dimensions['Resource'] === undefined)
        throttledAt.push(timestampMs - startedMs);
    });
    lambda.functions.putEventInvokeConfig(reference, {
      maximumRetryAttempts: 2,
      maximumEventAgeS: 60,
      onFailure: account.arn('sns', 'pages'),
      lastModifiedMs: startedMs,
    });
    lambda.invokeLater(reference, '{}', 'request-1');
    await clock.advance(600_000);
    expect(throttledAt).toEqual([50, 1_050, 3_050, 7_050, 15_050, 31_050]);
    expect(JSON.parse(delivered[0]?.payload ?? '')).toMatchObject({
      requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 0 },
    });
    expect(lambda.pendingAsync).toBe(0);
  });

  test('delivers twice or late when a fault says so', async () => {
    const { clock, client, lambda } = setUp(echo);
    lambda.duplicateAsync();
    lambda.delayAsync(30_000);
    const startedMs = clock.now();
    await client.send(new InvokeCommand(toMover));
    await clock.advance(29_000);
    expect(lambda.invocations()).toEqual([]);
    await clock.advance(2_000);
    expect(begun(lambda, startedMs)).toEqual([30_050, 30_100]);
  });
});

describe('a delivery from another service', () => {
  const alarm = 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db-eth0';
  const delivery = {
    targetArn: aliasArn,
    principal: 'lambda.alarms.cloudwatch.amazonaws.com',
    sourceArn: alarm,
    payload: '{}',
  };
  const permission = {
    statementId: 'alarms',
    principal: delivery.principal,
    action: 'lambda:InvokeFunction',
    sourceArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db-*',
    sourceAccount: '123456789012',
  };

  test('runs when the policy of that very alias admits principal, account and source', async () => {
    const { clock, account, lambda } = setUp(echo);
    lambda.functions.addPermission(reference, permission);
    account.deliver(delivery);
    await clock.advance(100);
    expect(lambda.invocations()).toMatchObject([{ functionArn: aliasArn }]);
  });

  test('is refused for another qualifier, source or principal, and for a missing function', () => {
    const { account, lambda } = setUp(echo);
    lambda.functions.addPermission(reference, permission);
    const codeOf = (changes: Partial<Delivery>): unknown => {
      try {
        account.deliver({ ...delivery, ...changes });
        return 'accepted';
      } catch (error) {
        return (error as { readonly code?: unknown }).code;
      }
    };
    expect(codeOf({ targetArn: functionArn })).toBe('AccessDeniedException');
    expect(codeOf({ sourceArn: alarm.replace('ip-db', 'ip-web') })).toBe('AccessDeniedException');
    expect(codeOf({ principal: 'events.amazonaws.com' })).toBe('AccessDeniedException');
    expect(codeOf({ targetArn: `${functionArn}-gone` })).toBe('ResourceNotFoundException');
  });

  test('shows in GetPolicy of that qualifier alone', async () => {
    const { client, lambda } = setUp(echo);
    lambda.functions.addPermission(reference, permission);
    const { Policy } = await client.send(new GetPolicyCommand({ FunctionName: 'mover', Qualifier: 'live' }));
    expect(JSON.parse(Policy ?? '').Statement).toEqual([
      {
        Sid: 'alarms',
        Effect: 'Allow',
        Principal: { Service: permission.principal },
        Action: 'lambda:InvokeFunction',
        Resource: aliasArn,
        Condition: {
          StringEquals: { 'AWS:SourceAccount': '123456789012' },
          ArnLike: { 'AWS:SourceArn': permission.sourceArn },
        },
      },
    ]);
    const unqualified = client.send(new GetPolicyCommand({ FunctionName: 'mover' }));
    await expect(unqualified).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

test('a sandbox that died in the middle is retried by the queue like every function error', async () => {
  let finished = 0;
  const { clock, client, lambda } = setUp((_config, sandbox) => async () => {
    await dynamoDbOf(sandbox).send(new ListTablesCommand({}));
    finished += 1;
  });
  lambda.crashFunction('mover', { afterCall: () => true });
  await client.send(new InvokeCommand(toMover));
  await clock.advance(60_000);
  expect(finished).toBe(0);
  await clock.advance(100);
  expect(finished).toBe(1);
  expect(lambda.invocations().map(({ outcome }) => outcome.kind)).toEqual(['failed', 'succeeded']);
});
