import {
  type Execution,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  type GetDurableExecutionHistoryCommandOutput,
  GetFunctionConfigurationCommand,
  ListDurableExecutionsByFunctionCommand,
  type ListDurableExecutionsByFunctionCommandInput,
  type ListDurableExecutionsByFunctionCommandOutput,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import { durable, durableRights, durableWorld, functionArn, second } from './durable-world.ts';
import { lambdaClient } from './lambda-account.ts';

/** Does as its event says: fails, or asks somebody, or is done. */
function obedient() {
  const asked: string[] = [];
  const world = durableWorld(
    durable(async ({ what }, context) => {
      const heard = await context.step('hear', async () => what);
      if (heard === 'fail') throw new TypeError('as told');
      if (heard !== 'ask') return 'done';
      return context.waitForCallback('confirm', async (id) => void asked.push(id), {
        timeout: { seconds: 300 },
        heartbeatTimeout: { seconds: 100 },
      });
    }),
  );
  return { ...world, asked };
}

const unknownArn = `${functionArn}:1/durable-execution/nobody/00000000-0000-0000-0000-000000000000`;

describe('an execution is shown', () => {
  test('as it runs and as it ended', async () => {
    const w = obedient();
    const execution = await w.start({ what: 'ask' }, 'mine');
    await w.clock.advance(second);
    const { arn, startedMs } = execution.identity;
    const get = () => w.client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    const running = await get();
    expect(running).toMatchObject({
      DurableExecutionArn: arn,
      DurableExecutionName: 'mine',
      FunctionArn: `${functionArn}:1`,
      InputPayload: '{"what":"ask"}',
      Status: 'RUNNING',
      StartTimestamp: new Date(startedMs),
      Version: '1',
    });
    expect(running.EndTimestamp).toBeUndefined();
    const [CallbackId = ''] = w.asked;
    await w.client.send(
      new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('ok') }),
    );
    const { endedMs } = await w.ended(execution);
    expect(await get()).toMatchObject({
      Status: 'SUCCEEDED',
      Result: '"ok"',
      EndTimestamp: new Date(endedMs ?? 0),
    });
  });

  test('with the error of its failure', async () => {
    const w = obedient();
    const { arn } = await w.ended(await w.start({ what: 'fail' }));
    const shown = await w.client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    expect(shown).toMatchObject({
      Status: 'FAILED',
      Error: { ErrorType: 'TypeError', ErrorMessage: 'as told' },
    });
  });

  test('to nobody when it does not exist', async () => {
    const w = obedient();
    for (const command of [
      new GetDurableExecutionCommand({ DurableExecutionArn: unknownArn }),
      new GetDurableExecutionHistoryCommand({ DurableExecutionArn: unknownArn }),
      new StopDurableExecutionCommand({ DurableExecutionArn: unknownArn }),
    ])
      await expect(w.client.send(command as GetDurableExecutionCommand)).rejects.toMatchObject({
        name: 'ResourceNotFoundException',
        $metadata: { httpStatusCode: 404 },
      });
    const odd = new GetDurableExecutionCommand({ DurableExecutionArn: functionArn });
    await expect(w.client.send(odd)).rejects.toMatchObject({ name: 'ValidationException' });
  });
});

describe('a history', () => {
  test('comes in pages, in either order, with data or without', async () => {
    const w = obedient();
    const { arn: DurableExecutionArn } = await w.ended(await w.start({ what: 'fail' }));
    const read = async (changes: { readonly ReverseOrder?: boolean } = {}) => {
      const pages: GetDurableExecutionHistoryCommandOutput[] = [];
      let Marker: string | undefined;
      do {
        const page: GetDurableExecutionHistoryCommandOutput = await w.client.send(
          new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 2, Marker, ...changes }),
        );
        pages.push(page);
        Marker = page.NextMarker;
      } while (Marker !== undefined);
      return pages.map(({ Events = [] }) => Events.map(({ EventId }) => EventId));
    };
    expect(await read()).toEqual([[1, 2], [3, 4], [5]]);
    expect(await read({ ReverseOrder: true })).toEqual([[5, 4], [3, 2], [1]]);
    const whole = await w.client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn }));
    expect(whole.Events).toMatchObject([
      {
        EventType: 'ExecutionStarted',
        ExecutionStartedDetails: { Input: { Payload: '{"what":"fail"}' }, ExecutionTimeout: 900 },
      },
      { EventType: 'StepStarted', Name: 'hear', SubType: 'Step' },
      {
        EventType: 'StepSucceeded',
        StepSucceededDetails: { Result: { Payload: '"fail"', Truncated: false } },
      },
      { EventType: 'InvocationCompleted', InvocationCompletedDetails: { RequestId: expect.any(String) } },
      {
        EventType: 'ExecutionFailed',
        ExecutionFailedDetails: { Error: { Payload: { ErrorType: 'TypeError' } } },
      },
    ]);
    const bare = await w.client.send(
      new GetDurableExecutionHistoryCommand({ DurableExecutionArn, IncludeExecutionData: false }),
    );
    expect(bare.Events?.[0]?.ExecutionStartedDetails?.Input?.Payload).toBeUndefined();
    expect(bare.Events).toHaveLength(5);
  });

  test('knows only its own markers', async () => {
    const w = obedient();
    const { arn: DurableExecutionArn } = await w.ended(await w.start());
    const read = w.client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn, Marker: 'abc' }));
    await expect(read).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'Invalid Marker',
    });
  });
});

describe('the executions of a function', () => {
  const names = ({ DurableExecutions = [] }: { DurableExecutions?: Execution[] | undefined }) =>
    DurableExecutions.map(({ DurableExecutionName }) => DurableExecutionName);

  async function three() {
    const w = obedient();
    const list = (changes: Partial<ListDurableExecutionsByFunctionCommandInput> = {}) =>
      w.client.send(
        new ListDurableExecutionsByFunctionCommand({ FunctionName: 'mover', Qualifier: 'live', ...changes }),
      );
    for (const what of ['done', 'fail', 'ask']) {
      await w.start({ what }, what);
      await w.clock.advance(10 * second);
    }
    return { ...w, list };
  }

  test('are listed by name, status, time and version', async () => {
    const { list, lambda } = await three();
    const startedMs = lambda.executions.named('mover', 'fail')?.identity.startedMs ?? 0;
    expect(names(await list())).toEqual(['done', 'fail', 'ask']);
    expect(names(await list({ ReverseOrder: true }))).toEqual(['ask', 'fail', 'done']);
    expect(names(await list({ Statuses: ['RUNNING'] }))).toEqual(['ask']);
    expect(names(await list({ Statuses: ['FAILED'] }))).toEqual(['fail']);
    expect(names(await list({ DurableExecutionName: 'done' }))).toEqual(['done']);
    expect(names(await list({ StartedAfter: new Date(startedMs) }))).toEqual(['ask']);
    expect(names(await list({ StartedBefore: new Date(startedMs) }))).toEqual(['done']);
    expect(names(await list({ Qualifier: '$LATEST' }))).toEqual([]);
    expect(names(await list({ Qualifier: '1' }))).toHaveLength(3);
  });

  test('are listed in pages', async () => {
    const { list } = await three();
    const first: ListDurableExecutionsByFunctionCommandOutput = await list({ MaxItems: 2 });
    const next = await list({ MaxItems: 2, Marker: first.NextMarker });
    expect([names(first), names(next), next.NextMarker]).toEqual([['done', 'fail'], ['ask'], undefined]);
  });

  test('are listed by one status at most, and of a function that exists', async () => {
    const { list } = await three();
    await expect(list({ Statuses: ['FAILED', 'RUNNING'] })).rejects.toMatchObject({
      name: 'InvalidParameterValueException',
    });
    await expect(list({ FunctionName: 'nobody' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });
});

test('a durable function shows its configuration', async () => {
  const w = obedient();
  const shown = await w.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'mover:live' }));
  expect(shown.DurableConfig).toEqual({ ExecutionTimeout: 900, RetentionPeriodInDays: 14 });
});

describe('a right', () => {
  test('that the role lacks is missed at the first checkpoint', async () => {
    const w = obedient();
    w.account.iam.putRolePolicy('mover-role', 'durable', { Statement: [] });
    const execution = await w.ended(await w.start());
    expect(execution).toMatchObject({ status: 'FAILED', checkpoints: [] });
    expect(execution.error?.ErrorMessage).toMatch(
      /not authorized to perform: lambda:CheckpointDurableExecution/,
    );
  });

  test('to checkpoint must cover the version, not only the function or its alias', async () => {
    for (const [Resource, status] of [
      [functionArn, 'FAILED'],
      [`${functionArn}:live`, 'FAILED'],
      [`${functionArn}:1/durable-execution/*`, 'SUCCEEDED'],
      [`${functionArn}:*`, 'SUCCEEDED'],
    ] as const) {
      const w = obedient();
      const [statement] = durableRights.Statement;
      w.account.iam.putRolePolicy('mover-role', 'durable', { Statement: [{ ...statement, Resource }] });
      expect(await w.ended(await w.start())).toMatchObject({ status });
    }
  });

  test('of an operator is one of its own for each thing that an operator does', async () => {
    const w = obedient();
    const { iam } = w.account;
    const execution = await w.start({ what: 'ask' });
    await w.clock.advance(second);
    const { arn: DurableExecutionArn } = execution.identity;
    const [CallbackId = ''] = w.asked;
    iam.putRole('operator');
    const credentials = iam.credentialsOf('operator');
    const client = lambdaClient(w.gateway, credentials.accessKeyId);
    const list = { FunctionName: 'mover:live' };
    const calls: readonly (readonly [string, string, () => Promise<unknown>])[] = [
      [
        'GetDurableExecution',
        DurableExecutionArn,
        () => client.send(new GetDurableExecutionCommand({ DurableExecutionArn })),
      ],
      [
        'GetDurableExecutionHistory',
        DurableExecutionArn,
        () => client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn })),
      ],
      [
        'ListDurableExecutionsByFunction',
        `${functionArn}:live`,
        () => client.send(new ListDurableExecutionsByFunctionCommand(list)),
      ],
      [
        'SendDurableExecutionCallbackHeartbeat',
        DurableExecutionArn,
        () => client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId })),
      ],
      [
        'SendDurableExecutionCallbackFailure',
        DurableExecutionArn,
        () =>
          client.send(
            new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: { ErrorMessage: 'no' } }),
          ),
      ],
      [
        'StopDurableExecution',
        DurableExecutionArn,
        () => client.send(new StopDurableExecutionCommand({ DurableExecutionArn })),
      ],
    ];
    for (const [action, resource, call] of calls) {
      await expect(call()).rejects.toMatchObject({ name: 'AccessDeniedException' });
      const statement = { Effect: 'Allow', Action: `lambda:${action}`, Resource: resource };
      iam.putRolePolicy('operator', 'one', { Statement: [statement] });
      await call();
    }
    await expect(
      client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('what is not of the interface is refused by name:', () => {
  const request = (w: ReturnType<typeof obedient>, path: string, query: Record<string, string> = {}) =>
    sdkRequestHandler(w.gateway).handle({
      method: 'GET',
      protocol: 'https:',
      hostname: 'lambda.us-east-1.amazonaws.com',
      path,
      query,
      headers: {
        host: 'lambda.us-east-1.amazonaws.com',
        'x-amz-date': '22000106T100000Z',
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/22000106/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=x',
      },
    } as never) as Promise<{ response: { headers: Record<string, string>; statusCode: number } }>;

  test('a parameter, a path', async () => {
    const w = obedient();
    const path = `/2025-12-01/durable-executions/${encodeURIComponent(unknownArn)}`;
    for (const [of, query] of [
      [`${path}/history`, { Since: '1' }],
      [`${path}/stop`, {}],
      ['/2025-12-01/functions/mover/durable-executions', { SortBy: 'name' }],
    ] as const) {
      const { response } = await request(w, of, query);
      expect(response.statusCode).toBeGreaterThanOrEqual(400);
      expect(response.headers['x-amzn-errortype']).toMatch(/InvalidParameterValue|UnknownOperation/);
    }
  });
});
