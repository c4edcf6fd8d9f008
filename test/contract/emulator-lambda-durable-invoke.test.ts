import {
  GetDurableExecutionCommand,
  type InvocationType,
  InvokeCommand,
  type InvokeCommandInput,
  type LambdaClient,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { AwsEvent, Datum, Delivery } from '../../lib/emulator/account.ts';
import type { Lambda } from '../../lib/emulator/lambda/lambda.ts';
import type { FunctionConfiguration } from '../../lib/emulator/lambda/model.ts';
import { asText, durable, durableWorld, eventTypes, functionArn, second } from './durable-world.ts';

/** Waits in the middle, and says on which version each of its invocations ran. */
function sleeper() {
  const versions: string[] = [];
  const world = durableWorld(
    durable(async (event, context, { config }) => {
      versions.push(config.version);
      const before = await context.step('before', async () => config.version);
      await context.wait('sleep', { seconds: 60 });
      return { tag: event.tag, before, after: config.version };
    }),
  );
  return { ...world, versions };
}

const input = (changes: Partial<InvokeCommandInput>) =>
  new InvokeCommand({ FunctionName: 'mover:live', Payload: Buffer.from('{"tag":"ip-db"}'), ...changes });

function configurationOf({ functions }: Lambda): FunctionConfiguration {
  return functions.target({ functionName: 'mover', qualifier: '1' }).version.configuration;
}

/** Status, name and message of the error. */
async function refusalOf(client: LambdaClient, changes: Partial<InvokeCommandInput>) {
  return client.send(input(changes)).then(
    () => 'accepted',
    ({ name, message, $metadata }) => `${$metadata.httpStatusCode} ${name}: ${message}`,
  );
}

describe('a durable function is invoked', () => {
  test.each<InvocationType>(['RequestResponse', 'Event', 'DryRun'])(
    'never without a qualifier: %s',
    async (InvocationType) => {
      const w = sleeper();
      for (const FunctionName of ['mover', functionArn])
        expect(await refusalOf(w.client, { FunctionName, InvocationType })).toBe(
          '400 InvalidParameterValueException: You cannot invoke a durable function using an unqualified ARN.',
        );
      expect(w.lambda.executions.list()).toEqual([]);
    },
  );

  test.each([
    ['mover:live', '1'],
    ['mover:1', '1'],
    ['mover:$LATEST', '$LATEST'],
    [`${functionArn}:live`, '1'],
  ])('as %s', async (FunctionName, version) => {
    const w = sleeper();
    const answer = await w.client.send(input({ FunctionName, InvocationType: 'Event' }));
    expect(answer.StatusCode).toBe(202);
    expect(answer.DurableExecutionArn?.startsWith(`${functionArn}:${version}/durable-execution/`)).toBe(true);
    const execution = w.lambda.executions.get(answer.DurableExecutionArn ?? '');
    expect(await w.ended(execution)).toMatchObject({ status: 'SUCCEEDED', version });
  });

  test('with a qualifier of its own, and dry', async () => {
    const w = sleeper();
    const answer = await w.client.send(
      input({ FunctionName: 'mover', Qualifier: 'live', InvocationType: 'DryRun' }),
    );
    expect(answer.StatusCode).toBe(204);
    expect(w.lambda.executions.list()).toEqual([]);
  });

  test('synchronously only when it ends within 15 minutes', async () => {
    const w = durableWorld(
      durable(async () => 'quick'),
      { durable: { executionTimeoutS: 901, retentionDays: 1 } },
    );
    expect(await refusalOf(w.client, {})).toBe(
      '400 InvalidParameterValueException: You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.',
    );
    expect(await w.ended(await w.start())).toMatchObject({ status: 'SUCCEEDED', result: '"quick"' });
  });

  test('with at most 256 KB when nobody waits for it', async () => {
    const w = sleeper();
    const Payload = Buffer.from(JSON.stringify({ tag: 'x'.repeat(262_144) }));
    expect(await refusalOf(w.client, { InvocationType: 'Event', Payload })).toMatch(
      /^413 RequestTooLargeException/,
    );
  });
});

describe('a name', () => {
  const named = (DurableExecutionName: string, changes: Partial<InvokeCommandInput> = {}) =>
    input({ InvocationType: 'Event', DurableExecutionName, ...changes });

  test('given twice is one execution, running or ended', async () => {
    const w = sleeper();
    const first = await w.client.send(named('ip-db-epoch-7'));
    await w.clock.advance(5 * second);
    const again = await w.client.send(named('ip-db-epoch-7'));
    const [execution] = w.lambda.executions.list();
    if (execution === undefined) throw new Error('nothing started');
    await w.ended(execution);
    const late = await w.client.send(named('ip-db-epoch-7', { FunctionName: 'mover:1' }));
    const answered = await w.clock.run(
      w.client.send(named('ip-db-epoch-7', { InvocationType: 'RequestResponse' })),
    );
    const arns = [first, again, late, answered].map(({ DurableExecutionArn }) => DurableExecutionArn);
    expect(new Set(arns)).toEqual(new Set([execution.identity.arn]));
    expect(JSON.parse(asText(answered.Payload))).toMatchObject({ tag: 'ip-db' });
    expect(w.lambda.executions.list()).toHaveLength(1);
    expect(w.versions).toHaveLength(2);
    expect(w.lambda.executions.named('mover', 'ip-db-epoch-7')).toBe(execution);
  });

  test('given to two callers that wait: both get the one result', async () => {
    const w = sleeper();
    const call = () => w.client.send(named('same', { InvocationType: 'RequestResponse' }));
    const [a, b] = await w.clock.run(Promise.all([call(), call()]));
    expect(asText(a?.Payload)).toBe(asText(b?.Payload));
    expect(w.lambda.executions.list()).toHaveLength(1);
  });

  test('given with another payload is refused', async () => {
    const w = sleeper();
    const { DurableExecutionArn } = await w.client.send(named('same'));
    const other = w.client.send(named('same', { Payload: Buffer.from('{"tag":"other"}') }));
    await expect(other).rejects.toMatchObject({
      name: 'DurableExecutionAlreadyStartedException',
      message: `Execution already started: ${DurableExecutionArn}`,
      $metadata: { httpStatusCode: 409 },
    });
  });

  test('is of 64 letters, digits, dashes and underscores', async () => {
    const w = sleeper();
    for (const DurableExecutionName of ['with space', 'x'.repeat(65), 'a/b'])
      expect(await refusalOf(w.client, { DurableExecutionName })).toMatch(/^400 ValidationException: /);
  });

  test('is free again when its retention is over', async () => {
    const w = sleeper();
    const first = await w.start({}, 'same');
    await w.ended(first);
    await w.clock.advance(15 * 86_400 * second);
    const next = await w.start({ other: true }, 'same');
    expect(next.identity.arn).not.toBe(first.identity.arn);
  });

  test('means nothing to a function that is not durable', async () => {
    const w = sleeper();
    const { durable: _none, ...plain } = configurationOf(w.lambda);
    w.lambda.functions.update(plain);
    const refused = await refusalOf(w.client, { FunctionName: 'mover:$LATEST', DurableExecutionName: 'x' });
    expect(refused).toMatch(/^400 InvalidParameterValueException: DurableExecutionName/);
  });
});

test('an execution stays on the version of its beginning when the alias moves', async () => {
  const w = sleeper();
  const begun = await w.start({ tag: 'ip-db' });
  await w.clock.advance(5 * second);
  w.lambda.functions.update({ ...configurationOf(w.lambda), memorySize: 256 });
  const { version } = w.lambda.functions.publish('mover', 'second');
  w.lambda.functions.putAlias('mover', 'live', version.version, '');
  w.lambda.retire('mover');
  const after = await w.start({ tag: 'ip-db' });
  expect(JSON.parse((await w.ended(begun)).result ?? '')).toEqual({ tag: 'ip-db', before: '1', after: '1' });
  expect(JSON.parse((await w.ended(after)).result ?? '')).toEqual({ tag: 'ip-db', before: '2', after: '2' });
});

describe('an execution ends without its function', () => {
  test('when its time is up', async () => {
    const w = durableWorld(
      durable(async (_event, context) => context.wait({ hours: 1 })),
      { durable: { executionTimeoutS: 600, retentionDays: 1 } },
    );
    const execution = await w.ended(await w.start(), 3_600 * second);
    expect(execution).toMatchObject({ status: 'TIMED_OUT' });
    expect((execution.endedMs ?? 0) - execution.startedMs).toBe(600 * second);
    expect(await eventTypes(w.client, execution.arn)).toEqual([
      'ExecutionStarted',
      'WaitStarted',
      'InvocationCompleted',
      'ExecutionTimedOut',
    ]);
  });

  test('when it is stopped, once and for all', async () => {
    const w = sleeper();
    const execution = await w.start();
    await w.clock.advance(5 * second);
    const { arn } = execution.identity;
    const stop = (ErrorMessage: string) =>
      w.client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn, Error: { ErrorMessage } }));
    const { StopTimestamp } = await stop('planned work');
    await w.clock.advance(900 * second);
    expect((await stop('again')).StopTimestamp).toEqual(StopTimestamp);
    const shown = await w.client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    expect(shown).toMatchObject({
      Status: 'STOPPED',
      Error: { ErrorMessage: 'planned work' },
      EndTimestamp: StopTimestamp,
    });
    expect(w.versions).toHaveLength(1);
  });

  test('when it is stopped while it runs: the invocation goes on, and can write no more', async () => {
    const heard: string[] = [];
    const w = durableWorld(
      durable(async (_event, context) => {
        await context.step('long', async () => {
          await w.clock.sleep(10 * second);
          heard.push('the step ran to its end');
        });
        heard.push('and the next began');
      }),
    );
    const execution = await w.start();
    await w.clock.advance(5 * second);
    const { arn } = execution.identity;
    await w.client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn }));
    await w.clock.advance(60 * second);
    expect(heard).toEqual(['the step ran to its end']);
    expect(execution.look()).toMatchObject({ status: 'STOPPED', invocations: [expect.anything()] });
  });
});

describe('started by others, without a name, it is an execution of its own:', () => {
  test('a rule that delivers an event', async () => {
    const w = sleeper();
    const rule = 'arn:aws:events:us-east-1:123456789012:rule/stopped';
    const principal = 'events.amazonaws.com';
    w.lambda.functions.addPermission(
      { functionName: 'mover', qualifier: 'live' },
      {
        statementId: 'rule',
        principal,
        action: 'lambda:InvokeFunction',
        sourceArn: rule,
      },
    );
    const deliver = (targetArn: string) =>
      w.account.deliver({ targetArn, principal, sourceArn: rule, payload: '{"tag":"ip-db"}' });
    deliver(`${functionArn}:live`);
    deliver(`${functionArn}:live`);
    const [first, next] = w.lambda.executions.list('mover');
    if (first === undefined || next === undefined) throw new Error('nothing started');
    expect(await w.ended(first)).toMatchObject({ status: 'SUCCEEDED', input: '{"tag":"ip-db"}' });
    expect(await w.ended(next)).toMatchObject({ status: 'SUCCEEDED' });
    expect(first.identity.name).not.toBe(next.identity.name);
    expect(w.lambda.pendingAsync).toBe(0);
  });

  test('an event that Lambda delivers twice is two, and with a name it is one', async () => {
    const w = sleeper();
    w.lambda.duplicateAsync();
    await w.start();
    expect(w.lambda.executions.list()).toHaveLength(2);
    w.lambda.duplicateAsync();
    await w.start({}, 'mine');
    expect(w.lambda.executions.list()).toHaveLength(3);
  });
});

test('its end is an event, metrics, and for a failure the event again for the dead-letter topic', async () => {
  const topic = 'arn:aws:sns:us-east-1:123456789012:dead';
  const w = durableWorld(
    durable(async () => {
      throw new Error('no way');
    }),
    { deadLetterArn: topic },
  );
  const events: AwsEvent[] = [];
  const data: Datum[] = [];
  const dead: Delivery[] = [];
  w.account.onEvent((event) => void events.push(event));
  w.account.onMetric((datum) => void data.push(datum));
  w.account.onDelivery('sns', (delivery) => void dead.push(delivery));
  const { arn } = await w.ended(await w.start({ tag: 'ip-db' }, 'mine'));
  expect(events.map(({ detailType, detail }) => ({ detailType, detail }))).toMatchObject([
    {
      detailType: 'Durable Execution Status Change',
      detail: { status: 'RUNNING', durableExecutionArn: arn },
    },
    {
      detailType: 'Durable Execution Status Change',
      detail: { status: 'FAILED', durableExecutionName: 'mine' },
    },
  ]);
  expect(data.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['DurableExecutionStarted', 'DurableExecutionFailed', 'DurableExecutionDuration']),
  );
  expect(dead).toMatchObject([{ targetArn: topic, payload: '{"tag":"ip-db"}' }]);
});

test('without a free sandbox it is invoked later', async () => {
  const w = sleeper();
  const reserve = (count: number) => w.lambda.functions.update(configurationOf(w.lambda), count);
  reserve(0);
  const execution = await w.start();
  await w.clock.advance(20 * second);
  expect(w.versions).toEqual([]);
  reserve(1);
  expect(await w.ended(execution)).toMatchObject({ status: 'SUCCEEDED' });
});
