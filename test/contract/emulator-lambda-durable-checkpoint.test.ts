import { GetDurableExecutionStateCommand, type OperationUpdate } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { checkpointer, context, invoked, refusalOf, stale, step, wait } from './durable-checkpoints.ts';
import { type DurableEvent, durableWorld, scripted, second } from './durable-world.ts';

describe('a token', () => {
  test('is good for one checkpoint', async () => {
    const { execution } = await invoked(async (checkpoint, { CheckpointToken: token }) => {
      await checkpoint([step('a', 'START')]);
      expect(await refusalOf(checkpoint([step('b', 'START')], { token }))).toBe(stale);
      expect(await refusalOf(checkpoint([step('b', 'START')], { token: 'bm9uZQ==' }))).toBe(stale);
      await checkpoint([step('a', 'SUCCEED', { Payload: '1' })]);
    });
    expect(execution.operations.map(({ id }) => id)).toEqual([execution.id, 'a']);
    expect(execution.checkpoints.map(({ updates, outcome }) => [updates[0], outcome])).toEqual([
      ['STEP START', 'applied'],
      ['STEP SUCCEED', 'applied'],
    ]);
  });

  test('sent again with the same ClientToken has the same answer and no second effect', async () => {
    const { execution } = await invoked(async (checkpoint, { CheckpointToken: token }) => {
      const update = [wait('w', 60)];
      const first = await checkpoint(update, { clientToken: 'mine' });
      const again = await checkpoint(update, { token, clientToken: 'mine' });
      expect(again.CheckpointToken).toBe(first.CheckpointToken);
      expect(again.NewExecutionState).toEqual(first.NewExecutionState);
      expect(await refusalOf(checkpoint(update, { token, clientToken: 'other' }))).toBe(stale);
    });
    expect(execution.checkpoints.map(({ outcome }) => outcome)).toEqual(['applied', 'repeated']);
  });

  test('of an invocation that was given up is refused', async () => {
    const events: DurableEvent[] = [];
    const w = durableWorld(
      scripted(
        async (event) => {
          events.push(event);
          await w.clock.sleep(300 * second);
        },
        async (event, client) => {
          await checkpointer(event, client)([wait('w', 600)]);
          return { Status: 'PENDING' };
        },
      ),
    );
    const execution = await w.start();
    await w.clock.advance(70 * second);
    expect(execution.look().invocations).toMatchObject([
      { error: { ErrorType: 'Sandbox.Timedout' } },
      { error: undefined },
    ]);
    const [event] = events;
    if (event === undefined) throw new Error('never invoked');
    expect(await refusalOf(checkpointer(event, w.client)([step('late', 'START')]))).toBe(stale);
    const { DurableExecutionArn, CheckpointToken } = event;
    const state = new GetDurableExecutionStateCommand({ DurableExecutionArn, CheckpointToken });
    expect(await refusalOf(w.client.send(state))).toBe(stale);
  });

  test('of an execution that nobody knows is refused like all others', async () => {
    await invoked(async (_checkpoint, event, client) => {
      const DurableExecutionArn = `${event.DurableExecutionArn}x`;
      expect(await refusalOf(checkpointer({ ...event, DurableExecutionArn }, client)([]))).toBe(stale);
    });
  });
});

describe('a batch', () => {
  test('is applied as a whole or not at all', async () => {
    const { execution } = await invoked(async (checkpoint) => {
      const refused = checkpoint([step('a', 'START'), step('b', 'RETRY')]);
      expect(await refusalOf(refused)).toBe(
        'InvalidParameterValueException: Invalid StepOptions for the given action.',
      );
      // The token of a refused checkpoint is still good.
      await checkpoint([step('c', 'START'), step('c', 'SUCCEED', { Payload: '3' })]);
    });
    expect(execution.operations.map(({ id }) => id)).toEqual([execution.id, 'c']);
    expect(execution.checkpoints.map(({ outcome }) => outcome)).toEqual(['refused', 'applied']);
  });

  const pairs: readonly (readonly [string, OperationUpdate[], string])[] = [
    [
      'an action of another type',
      [{ Id: 'w', Type: 'WAIT', Action: 'SUCCEED' }],
      'Invalid action for the given operation type.',
    ],
    [
      'a parent that is no context',
      [step('a', 'START', { ParentId: 'nobody' })],
      'Invalid parent operation id.',
    ],
    ['the start of what runs', [step('open', 'START')], 'Invalid current STEP state to start.'],
    ['the end of what ended', [step('done', 'SUCCEED')], 'Invalid current STEP state to close.'],
    [
      'the retry of what ended',
      [step('done', 'RETRY', { StepOptions: { NextAttemptDelaySeconds: 1 } })],
      'Invalid current STEP state to re-attempt.',
    ],
    ['a second context of an id', [context('branch', 'START')], 'Cannot start a CONTEXT that already exist.'],
    [
      'another type under an id',
      [{ Id: 'open', Type: 'CONTEXT', Action: 'SUCCEED' }],
      'Inconsistent operation type.',
    ],
    [
      'another name under an id',
      [step('open', 'SUCCEED', { Name: 'other' })],
      'Inconsistent operation name.',
    ],
    [
      'an error with a success',
      [step('open', 'SUCCEED', { Error: { ErrorType: 'x' } })],
      'Cannot provide an Error for SUCCEED action.',
    ],
    [
      'a result with a failure',
      [step('open', 'FAIL', { Payload: '1' })],
      'Cannot provide a Payload for FAIL action.',
    ],
    [
      'two ends of one operation',
      [step('open', 'SUCCEED'), step('open', 'SUCCEED')],
      'Cannot update the same operation twice in a single request.',
    ],
    [
      'two ends of the execution',
      [1, 2].map(() => ({ Id: 'e', Type: 'EXECUTION', Action: 'SUCCEED' })),
      'Cannot checkpoint multiple EXECUTION updates.',
    ],
    [
      'more after the end',
      [{ Id: 'e', Type: 'EXECUTION', Action: 'SUCCEED' }, step('a', 'START')],
      'EXECUTION checkpoint must be the last update.',
    ],
    [
      'the cancelling of no wait',
      [{ Id: 'w', Type: 'WAIT', Action: 'CANCEL' }],
      'Cannot cancel a WAIT that does not exist or has already completed.',
    ],
    [
      'a long result',
      [step('open', 'SUCCEED', { Payload: 'x'.repeat(262_145) })],
      'STEP output payload size must be less than or equal to 262144 bytes.',
    ],
    [
      'a long error',
      [step('open', 'FAIL', { Error: { ErrorData: 'x'.repeat(262_144) } })],
      'Error object size must be less than or equal to 262144 bytes.',
    ],
  ] as const satisfies readonly (readonly [string, OperationUpdate[], string])[];

  test.each(pairs)('with %s is refused', async (_what, updates, message) => {
    await invoked(async (checkpoint) => {
      await checkpoint([
        step('open', 'START', { Name: 'open' }),
        step('done', 'START'),
        step('done', 'SUCCEED', { Payload: '1' }),
        context('branch', 'START'),
      ]);
      expect(await refusalOf(checkpoint([...updates]))).toBe(`InvalidParameterValueException: ${message}`);
    });
  });

  test.each<readonly [string, OperationUpdate]>([
    ['a wait of nothing', wait('w', 0)],
    ['a wait of more than a year', wait('w', 31_622_401)],
    ['an id with a blank', step('a b', 'START')],
    ['an id of 65', step('x'.repeat(65), 'START')],
    ['a type of tomorrow', { Id: 'a', Type: 'SIGNAL' as 'STEP', Action: 'START' }],
    ['an action of tomorrow', { Id: 'a', Type: 'STEP', Action: 'SKIP' as 'START' }],
  ])('with %s is no request at all', async (_what, update) => {
    await invoked(async (checkpoint) => {
      expect(await refusalOf(checkpoint([update]))).toMatch(
        /^ValidationException: 1 validation error detected: /,
      );
    });
  });

  test('with what is not modelled is refused by name', async () => {
    await invoked(async (checkpoint, event, client) => {
      const invoke = { Id: 'i', Type: 'CHAINED_INVOKE', Action: 'START' } satisfies OperationUpdate;
      expect(await refusalOf(checkpoint([invoke]))).toMatch(/CHAINED_INVOKE/);
      client.middlewareStack.add(
        (next) => (args) => {
          const { request } = args as unknown as { readonly request: { body: string } };
          request.body = JSON.stringify({ CheckpointToken: event.CheckpointToken, Deadline: 7 });
          return next(args);
        },
        { step: 'build' },
      );
      expect(await refusalOf(checkpoint([]))).toMatch(/Deadline/);
    });
  });
});
