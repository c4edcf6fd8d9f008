import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import {
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionEventInvokeConfigCommand,
  InvokeCommand,
  ListAliasesCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { Datum } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import { dynamoDbOf, inProcess, lambdaAccount, lambdaClient } from './lambda-account.ts';

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

const asText = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

describe('a synchronous invocation', () => {
  test('answers with what the handler returned and the version behind the alias', async () => {
    const { client } = setUp(echo);
    const Payload = Buffer.from('{"tag":"ip-db"}');
    const answer = await client.send(
      new InvokeCommand({ FunctionName: 'mover', Qualifier: 'live', Payload }),
    );
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' });
    expect(answer.FunctionError).toBeUndefined();
    expect(asText(answer.Payload)).toBe('{"tag":"ip-db"}');
  });

  test('takes a qualified name, a partial ARN and an ARN', async () => {
    const { client } = setUp(() => async (_event, context) => context.invokedFunctionArn);
    for (const name of ['mover:live', '123456789012:function:mover:live', aliasArn]) {
      const answer = await client.send(new InvokeCommand({ FunctionName: name }));
      expect(asText(answer.Payload)).toBe(`"${aliasArn}"`);
    }
  });

  test('reports a thrown error as Unhandled with type, message and trace', async () => {
    const { client } = setUp(failing);
    const answer = await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(answer.FunctionError).toBe('Unhandled');
    expect(JSON.parse(asText(answer.Payload))).toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'no such interface',
      trace: expect.arrayContaining(['TypeError: no such interface']),
    });
  });

  test('gives the tail of the log when asked', async () => {
    const { client } = setUp(
      (_config, { log }) =>
        async () =>
          log('looked'),
    );
    const answer = await client.send(new InvokeCommand({ FunctionName: 'mover', LogType: 'Tail' }));
    const tail = Buffer.from(answer.LogResult ?? '', 'base64').toString('utf8');
    expect(tail).toMatch(/^START RequestId: .* Version: \$LATEST\nlooked\nEND RequestId: /);
  });

  test('ends at the timeout, on the clock of the account', async () => {
    const clock = new VirtualClock();
    const { client } = lambdaAccount(
      clock,
      inProcess(() => () => clock.sleep(10_000)),
    );
    const startedMs = clock.now();
    const answer = await clock.run(client.send(new InvokeCommand({ FunctionName: 'mover' })));
    expect(clock.now() - startedMs).toBe(3_000);
    const { errorType, errorMessage } = JSON.parse(asText(answer.Payload));
    expect(errorType).toBe('Sandbox.Timedout');
    expect(errorMessage).toMatch(/Task timed out after 3\.00 seconds$/);
  });

  test('is refused over the reserved concurrency', async () => {
    const { client } = setUp(echo, 0);
    const refused = client.send(new InvokeCommand({ FunctionName: 'mover' }));
    await expect(refused).rejects.toMatchObject({
      name: 'TooManyRequestsException',
      $metadata: { httpStatusCode: 429 },
    });
  });

  test('is refused for an unknown function, payload and header, each with the code of AWS', async () => {
    const { client } = setUp(echo);
    const codeOf = (input: ConstructorParameters<typeof InvokeCommand>[0]) =>
      client.send(new InvokeCommand(input)).then(
        () => 'accepted',
        (error: Error) => error.name,
      );
    expect(await codeOf({ FunctionName: 'nobody' })).toBe('ResourceNotFoundException');
    expect(await codeOf({ FunctionName: 'mover', Qualifier: 'old' })).toBe('ResourceNotFoundException');
    expect(await codeOf({ FunctionName: 'mover', Payload: Buffer.from('{') })).toBe(
      'InvalidRequestContentException',
    );
    expect(await codeOf({ FunctionName: 'mover', Payload: Buffer.alloc(6_291_457, ' ') })).toBe(
      'RequestTooLargeException',
    );
    expect(await codeOf({ FunctionName: 'mover', DurableExecutionName: 'ip-db-7' })).toBe(
      'InvalidParameterValueException',
    );
  });

  test('runs nothing when dry', async () => {
    const { client, lambda } = setUp(failing);
    const answer = await client.send(new InvokeCommand({ FunctionName: 'mover', InvocationType: 'DryRun' }));
    expect(answer.StatusCode).toBe(204);
    expect(lambda.invocations()).toEqual([]);
  });

  test('keeps a warm sandbox between invocations and starts another while it is busy', async () => {
    let starts = 0;
    const clock = new VirtualClock();
    const { client } = lambdaAccount(
      clock,
      inProcess(() => {
        starts += 1;
        return () => clock.sleep(100);
      }),
    );
    const invoke = () => client.send(new InvokeCommand({ FunctionName: 'mover' }));
    await clock.run(invoke());
    await clock.run(invoke());
    expect(starts).toBe(1);
    await clock.run(Promise.all([invoke(), invoke()]));
    expect(starts).toBe(2);
  });
});

describe('IAM', () => {
  test('lets a role invoke only the ARN that its policy names', async () => {
    const { account, gateway } = setUp(echo);
    account.iam.putRole('caller');
    account.iam.putRolePolicy('caller', 'invoke', {
      Statement: [{ Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: aliasArn }],
    });
    const client = lambdaClient(gateway, account.iam.credentialsOf('caller').accessKeyId);
    const invoke = (FunctionName: string) => client.send(new InvokeCommand({ FunctionName }));
    await expect(invoke('mover:live')).resolves.toMatchObject({ StatusCode: 200 });
    await expect(invoke('mover')).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringContaining(`lambda:InvokeFunction on resource: ${functionArn} `),
    });
  });

  test('gives the function the rights of its own role', async () => {
    const { account, client } = setUp((_config, sandbox) => async () => {
      await dynamoDbOf(sandbox).send(new ListTablesCommand({}));
    });
    account.iam.putRolePolicy('mover-role', 'all', { Statement: [] });
    const answer = await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(JSON.parse(asText(answer.Payload)).errorType).toBe('AccessDeniedException');
  });
});

describe('the sandbox', () => {
  /** Three calls; says which ones it came back from. */
  const threeCalls =
    (came: number[]): HandlerFactory =>
    (_config, sandbox) => {
      const dynamoDb = dynamoDbOf(sandbox);
      return async () => {
        for (const step of [1, 2, 3]) {
          await dynamoDb.send(new ListTablesCommand({}));
          came.push(step);
        }
      };
    };

  test('dies right after the call that a fault picks, and the next invocation is a new sandbox', async () => {
    const came: number[] = [];
    const { client, lambda, account } = setUp(threeCalls(came));
    let calls = 0;
    lambda.crashFunction('mover', { afterCall: (operation) => operation === 'ListTables' && ++calls === 2 });
    const crashed = await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(JSON.parse(asText(crashed.Payload))).toEqual({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringMatching(/Runtime exited with error: exit status 1$/),
    });
    expect(came).toEqual([1]);
    expect(account.calls('ListTables')).toHaveLength(2);
    const answer = await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(answer.FunctionError).toBeUndefined();
    expect(came).toEqual([1, 1, 2, 3]);
  });

  test('may crash itself in the middle', async () => {
    const { client } = setUp((_config, sandbox) => () => {
      sandbox.crash();
      return new Promise(() => undefined);
    });
    const crashed = await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(JSON.parse(asText(crashed.Payload)).errorType).toBe('Runtime.ExitError');
  });
});

describe('metrics', () => {
  test('in the embedded format become data of the account', async () => {
    const { client, account } = setUp((_config, { log }) => async () => {
      const CloudWatchMetrics = [
        {
          Namespace: 'Holdfast',
          Dimensions: [['Tag'], []],
          Metrics: [{ Name: 'Detected', Unit: 'Milliseconds', StorageResolution: 1 }],
        },
      ];
      log(JSON.stringify({ _aws: { Timestamp: 1_000, CloudWatchMetrics }, Tag: 'ip-db', Detected: 12 }));
      log('{"_aws": broken');
    });
    const data: Datum[] = [];
    account.onMetric((datum) => void data.push(datum));
    await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    const common = {
      namespace: 'Holdfast',
      name: 'Detected',
      value: 12,
      unit: 'Milliseconds',
      storageResolution: 1,
      timestampMs: 1_000,
    };
    expect(data.filter(({ namespace }) => namespace === 'Holdfast')).toEqual([
      { ...common, dimensions: { Tag: 'ip-db' } },
      { ...common, dimensions: {} },
    ]);
  });

  test('and log are lost when the role may not write the log', async () => {
    const { client, account, lambda } = setUp(
      (_config, { log }) =>
        async () =>
          log('looked'),
    );
    account.iam.putRolePolicy('mover-role', 'all', { Statement: [] });
    await client.send(new InvokeCommand({ FunctionName: 'mover' }));
    expect(lambda.logs('mover')).toEqual([]);
  });

  test('of AWS/Lambda count invocations and errors of function and alias', async () => {
    const { client, account } = setUp(failing);
    const data: Datum[] = [];
    account.onMetric((datum) => void data.push(datum));
    await client.send(new InvokeCommand({ FunctionName: 'mover:live' }));
    const errors = data.filter(({ name }) => name === 'Errors');
    expect(errors.map(({ dimensions, value }) => ({ ...dimensions, value }))).toEqual([
      { FunctionName: 'mover', value: 1 },
      { FunctionName: 'mover', Resource: 'mover:live', value: 1 },
    ]);
  });
});

test('the read operations show function, versions, aliases and async settings', async () => {
  const { client, lambda, clock } = setUp(echo);
  const named = { FunctionName: 'mover' };
  lambda.functions.putEventInvokeConfig(reference, {
    maximumRetryAttempts: 1,
    maximumEventAgeS: 120,
    lastModifiedMs: clock.now(),
  });
  const [one, all, versions, aliases, alias, config] = await Promise.all([
    client.send(new GetFunctionCommand(named)),
    client.send(new ListFunctionsCommand({})),
    client.send(new ListVersionsByFunctionCommand(named)),
    client.send(new ListAliasesCommand(named)),
    client.send(new GetAliasCommand({ ...named, Name: 'live' })),
    client.send(new GetFunctionEventInvokeConfigCommand({ ...named, Qualifier: 'live' })),
  ]);
  expect(one.Configuration).toMatchObject({
    FunctionArn: functionArn,
    Runtime: 'nodejs24.x',
    Role: 'arn:aws:iam::123456789012:role/mover-role',
    Timeout: 3,
    Environment: { Variables: { STAGE: 'test' } },
    State: 'Active',
  });
  expect(all.Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['mover']);
  expect(versions.Versions?.map(({ Version }) => Version)).toEqual(['$LATEST', '1']);
  expect(aliases.Aliases?.map(({ Name }) => Name)).toEqual(['live']);
  expect(alias).toMatchObject({ AliasArn: aliasArn, FunctionVersion: '1' });
  expect(config).toMatchObject({ MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 120 });
  expect(config.LastModified?.getTime()).toBe(clock.now());
});
