import {
  GetDurableExecutionCommand,
  InvokeCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { asText, durable, durableWorld, eventTypes, second } from './durable-world.ts';

const noRetry = { retryStrategy: () => ({ shouldRetry: false }) };

describe('a workflow', () => {
  test('of a step, a wait and another step takes two invocations', async () => {
    const ran: string[] = [];
    const w = durableWorld(
      durable(async (event, context) => {
        const moved = await context.step('move', async () => {
          ran.push('move');
          return `${event.tag} moved`;
        });
        await context.wait('settle', { seconds: 30 });
        return context.step('tell', async () => {
          ran.push('tell');
          return `${moved}, told`;
        });
      }),
    );
    const execution = await w.ended(await w.start({ tag: 'ip-db' }));
    expect(execution).toMatchObject({ status: 'SUCCEEDED', result: '"ip-db moved, told"' });
    expect(ran).toEqual(['move', 'tell']);
    const [first, next] = execution.invocations;
    expect((next?.startedMs ?? 0) - (first?.endedMs ?? 0)).toBe(30 * second + 50);
    const { arn } = execution;
    expect(await eventTypes(w.client, arn)).toEqual([
      'ExecutionStarted',
      'StepStarted',
      'StepSucceeded',
      'WaitStarted',
      'InvocationCompleted',
      'WaitSucceeded',
      'StepStarted',
      'StepSucceeded',
      'InvocationCompleted',
      'ExecutionSucceeded',
    ]);
    const shown = await w.client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
    expect(shown).toMatchObject({ Status: 'SUCCEEDED', Result: '"ip-db moved, told"', Version: '1' });
  });

  test('that waits is one timer, over which a virtual clock jumps', async () => {
    const w = durableWorld(
      durable(async (_event, context) => {
        await context.wait({ hours: 2 });
        return 'awake';
      }),
      { durable: { executionTimeoutS: 86_400, retentionDays: 14 } },
    );
    const execution = await w.start();
    await w.clock.advance(7_200 * second);
    expect(execution.isWaiting).toBe(true);
    await w.clock.advance(second);
    expect(execution.status).toBe('SUCCEEDED');
    expect(execution.look().invocations).toHaveLength(2);
  });

  test('tries a failing step again after the delay it asks for', async () => {
    const at: number[] = [];
    const w = durableWorld(
      durable(async (_event, context) =>
        context.step(
          'flaky',
          async ({ attempt }) => {
            at.push(w.clock.now());
            if (attempt < 3) throw new TypeError(`no luck at ${attempt}`);
            return attempt;
          },
          { retryStrategy: (_error, made) => ({ shouldRetry: made < 5, delay: { seconds: made * 2 } }) },
        ),
      ),
    );
    const execution = await w.ended(await w.start());
    expect(execution).toMatchObject({ status: 'SUCCEEDED', result: '3' });
    expect([(at[1] ?? 0) - (at[0] ?? 0), (at[2] ?? 0) - (at[1] ?? 0)]).toEqual([2_050, 4_050]);
    expect(execution.operations.at(-1)).toMatchObject({ type: 'STEP', attempt: 3, status: 'SUCCEEDED' });
  });

  test('that throws outside of a step fails at once', async () => {
    const w = durableWorld(
      durable(async () => {
        throw new RangeError('no such server');
      }),
    );
    const execution = await w.ended(await w.start());
    expect(execution).toMatchObject({
      status: 'FAILED',
      error: { ErrorType: 'RangeError', ErrorMessage: 'no such server' },
    });
    expect(execution.invocations).toHaveLength(1);
    expect(await eventTypes(w.client, execution.arn)).toEqual([
      'ExecutionStarted',
      'InvocationCompleted',
      'ExecutionFailed',
    ]);
  });

  test('runs its branches in one invocation and keeps each result', async () => {
    const w = durableWorld(
      durable(async (_event, context) => {
        const branches = await context.parallel('both', [
          async (branch) => branch.step('left', async () => 'l'),
          async (branch) => {
            await branch.wait({ seconds: 5 });
            return branch.step('right', async () => 'r');
          },
        ]);
        const items = await context.map('each', [1, 2, 3], async (item, n: number) =>
          item.step(`item-${n}`, async () => n * 10),
        );
        const nested = await context.runInChildContext('nested', async (child) =>
          child.step('inner', async () => 'deep'),
        );
        return [branches.getResults(), items.getResults(), nested];
      }),
    );
    const execution = await w.ended(await w.start());
    expect(JSON.parse(execution.result ?? '')).toEqual([['l', 'r'], [10, 20, 30], 'deep']);
    expect(execution.invocations).toHaveLength(2);
  });

  test('polls until its condition holds, with the state of the last look', async () => {
    const w = durableWorld(
      durable(async (_event, context) =>
        context.waitForCondition('ready', async (state: number) => state + 1, {
          initialState: 0,
          waitStrategy: (state) =>
            state < 3 ? { shouldContinue: true, delay: { seconds: 10 } } : { shouldContinue: false },
        }),
      ),
    );
    const execution = await w.ended(await w.start());
    expect(execution).toMatchObject({ status: 'SUCCEEDED', result: '3' });
    expect(execution.invocations).toHaveLength(3);
  });
});

describe('a callback', () => {
  const asking = (timeouts: object = {}) => {
    const asked: string[] = [];
    const world = durableWorld(
      durable(async (_event, context) => {
        try {
          return await context.waitForCallback(
            'confirm',
            async (callbackId) => void asked.push(callbackId),
            timeouts,
          );
        } catch (error) {
          return error instanceof Error ? `${error.name}: ${error.message}` : 'not an error';
        }
      }),
    );
    return { ...world, asked };
  };

  test('wakes the workflow with its result', async () => {
    const w = asking({ timeout: { minutes: 10 } });
    const execution = await w.start();
    await w.clock.advance(60 * second);
    expect(execution.isWaiting).toBe(true);
    const [CallbackId = ''] = w.asked;
    await w.client.send(
      new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('yes') }),
    );
    expect(await w.ended(execution)).toMatchObject({ status: 'SUCCEEDED', result: '"yes"' });
    expect(w.asked).toHaveLength(1);
  });

  test('hands on the failure that it is sent', async () => {
    const w = asking();
    const execution = await w.start();
    await w.clock.advance(second);
    const [CallbackId = ''] = w.asked;
    const refusal = { ErrorType: 'Refused', ErrorMessage: 'not tonight' };
    await w.client.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: refusal }));
    const { result, operations } = await w.ended(execution);
    expect(result).toBe('"CallbackExternalError: not tonight"');
    expect(operations.find(({ type }) => type === 'CALLBACK')).toMatchObject({
      status: 'FAILED',
      error: refusal,
    });
  });

  test('times out, and an answer that comes later is refused', async () => {
    const w = asking({ timeout: { seconds: 90 } });
    const execution = await w.ended(await w.start());
    expect(execution.result).toBe('"CallbackTimeoutError: Callback timed out"');
    expect(execution.operations.find(({ type }) => type === 'CALLBACK')).toMatchObject({
      status: 'TIMED_OUT',
      error: { ErrorType: 'Callback.Timeout' },
    });
    const [CallbackId = ''] = w.asked;
    const late = w.client.send(
      new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('yes') }),
    );
    await expect(late).rejects.toMatchObject({
      name: 'CallbackTimeoutException',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('stays open as long as heartbeats come', async () => {
    const w = asking({ heartbeatTimeout: { seconds: 20 } });
    const execution = await w.start();
    await w.clock.advance(15 * second);
    const [CallbackId = ''] = w.asked;
    await w.client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
    await w.clock.advance(15 * second);
    expect(execution.status).toBe('RUNNING');
    await w.clock.advance(6 * second);
    expect(execution.look().operations.find(({ type }) => type === 'CALLBACK')).toMatchObject({
      status: 'TIMED_OUT',
      error: { ErrorType: 'Callback.Heartbeat' },
    });
    expect(execution.status).toBe('SUCCEEDED');
  });

  test('is answered once: the second answer, and one to nobody, are refused', async () => {
    const w = asking();
    await w.start();
    await w.clock.advance(second);
    const answer = (CallbackId: string) =>
      w.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId })).then(
        () => 'accepted',
        (error: Error) => error.name,
      );
    const [id = ''] = w.asked;
    const stranger = Buffer.from('nobody').toString('base64');
    expect([await answer(id), await answer(id), await answer(stranger)]).toEqual([
      'accepted',
      'CallbackTimeoutException',
      'InvalidParameterValueException',
    ]);
  });
});

test('a synchronous invocation waits for the end and gets the result itself', async () => {
  const w = durableWorld(
    durable(async (event, context) => {
      await context.wait({ seconds: 20 });
      if (event.fail) throw new Error('in the end');
      return { tag: event.tag };
    }),
  );
  const invoke = (input: object) =>
    w.clock.run(
      w.client.send(
        new InvokeCommand({ FunctionName: 'mover:live', Payload: Buffer.from(JSON.stringify(input)) }),
      ),
    );
  const answer = await invoke({ tag: 'ip-db' });
  expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '1' });
  expect(answer.DurableExecutionArn).toMatch(/:function:mover:1\/durable-execution\/[^/]+\/[^/]+$/);
  expect(asText(answer.Payload)).toBe('{"tag":"ip-db"}');
  const failed = await invoke({ fail: true });
  expect(failed.FunctionError).toBe('Unhandled');
  expect(JSON.parse(asText(failed.Payload))).toMatchObject({
    errorType: 'Error',
    errorMessage: 'in the end',
  });
});

test('a workflow whose step finds an error that it must not retry goes on without it', async () => {
  const w = durableWorld(
    durable(async (_event, context) => {
      try {
        await context.step(
          'try',
          async () => {
            throw new Error('refused');
          },
          noRetry,
        );
      } catch {
        return context.step('instead', async () => 'other way');
      }
      return 'first way';
    }),
  );
  expect(await w.ended(await w.start())).toMatchObject({ status: 'SUCCEEDED', result: '"other way"' });
});
