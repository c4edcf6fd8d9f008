import {
  GetDurableExecutionStateCommand,
  type Operation,
  type OperationUpdate,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { checkpointer, context, invoked, refusalOf, step, wait } from './durable-checkpoints.ts';
import { type DurableEvent, durable, durableWorld, scripted, second } from './durable-world.ts';

describe('an execution', () => {
  test('has 3,000 operations at most', async () => {
    await invoked(async (checkpoint) => {
      for (let batch = 0; batch < 3; batch += 1)
        await checkpoint(Array.from({ length: 1_000 }, (_, n) => step(`${batch}-${n}`, 'START')));
      expect(await refusalOf(checkpoint([step('one-more', 'START')]))).toMatch(/3000 operations/);
      await checkpoint([step('2-999', 'SUCCEED')]);
    });
  });

  test('hears at its next checkpoint what ended meanwhile', async () => {
    const news: (Operation[] | undefined)[] = [];
    const w = durableWorld(
      scripted(async (event, client) => {
        const checkpoint = checkpointer(event, client);
        const look = async (updates: OperationUpdate[]): Promise<void> =>
          void news.push((await checkpoint(updates)).NewExecutionState?.Operations);
        await look([wait('w', 5)]);
        await w.clock.sleep(6 * second);
        await look([]);
        await look([]);
        return { Status: 'SUCCEEDED' };
      }),
    );
    expect(await w.ended(await w.start())).toMatchObject({ status: 'SUCCEEDED' });
    expect(news).toMatchObject([
      [{ Id: 'w', Status: 'STARTED', WaitDetails: { ScheduledEndTimestamp: expect.any(Date) } }],
      [{ Id: 'w', Status: 'SUCCEEDED', EndTimestamp: expect.any(Date) }],
      [],
    ]);
  });

  test('that says how it ended is over when its function answers, whatever that says', async () => {
    const w = durableWorld(
      scripted(async (event, client) => {
        const checkpoint = checkpointer(event, client);
        const end = { Id: 'end', Type: 'EXECUTION', Action: 'SUCCEED', Payload: '"big"' } as const;
        const { CheckpointToken } = await checkpoint([end]);
        return { Status: 'SUCCEEDED', Result: String(CheckpointToken) };
      }),
    );
    expect(await w.ended(await w.start())).toMatchObject({ status: 'SUCCEEDED', result: '"big"' });
  });

  test('carries the children of open contexts, and of those that want it', async () => {
    const events: DurableEvent[] = [];
    const w = durableWorld(
      scripted(
        async (event, client) => {
          const checkpoint = checkpointer(event, client);
          for (const id of ['open', 'done', 'kept'])
            await checkpoint([context(id, 'START'), step(`in-${id}`, 'START', { ParentId: id })]);
          await checkpoint([
            context('done', 'SUCCEED', { Payload: '1' }),
            context('kept', 'SUCCEED', { Payload: '', ContextOptions: { ReplayChildren: true } }),
            wait('w', 1),
          ]);
          return { Status: 'PENDING' };
        },
        async (event) => {
          events.push(event);
          return { Status: 'SUCCEEDED' };
        },
      ),
    );
    await w.ended(await w.start());
    const [{ InitialExecutionState, UpdatedOperationIds } = { InitialExecutionState: undefined }] = events;
    const ids = InitialExecutionState?.Operations.map(({ Id }) => Id);
    expect(ids?.slice(1)).toEqual(['open', 'in-open', 'done', 'kept', 'in-kept', 'w']);
    expect(UpdatedOperationIds).toEqual(['w']);
  });

  test.each<readonly [string, unknown, string]>([
    ['nothing', undefined, 'Invalid Status in invocation output.'],
    ['a plain value', 'done', 'Invalid Status in invocation output.'],
    ['another status', { Status: 'STOPPED' }, 'Invalid Status in invocation output.'],
    [
      'a success with an error',
      { Status: 'SUCCEEDED', Error: {} },
      'Cannot provide an Error for SUCCEEDED status.',
    ],
    [
      'a failure with a result',
      { Status: 'FAILED', Result: '1' },
      'Cannot provide a Result for FAILED status.',
    ],
  ])('whose function answers %s fails', async (_what, answer, ErrorMessage) => {
    const w = durableWorld(scripted(() => answer));
    expect(await w.ended(await w.start())).toMatchObject({ status: 'FAILED', error: { ErrorMessage } });
  });

  test('that waits for nothing four times fails', async () => {
    const w = durableWorld(scripted(() => ({ Status: 'PENDING' })));
    const { status, error, invocations } = await w.ended(await w.start());
    expect({ status, invoked: invocations.length, error }).toMatchObject({
      status: 'FAILED',
      invoked: 4,
      error: { ErrorMessage: 'Cannot return PENDING status with no pending operations.' },
    });
  });

  test('whose function fails is invoked again, ever later, until its time is up', async () => {
    const w = durableWorld(
      scripted(() => {
        throw new RangeError('no memory of it');
      }),
    );
    const { status, invocations } = await w.ended(await w.start());
    expect(status).toBe('TIMED_OUT');
    const gaps = invocations.slice(1).map(({ startedMs }, n) => startedMs - (invocations[n]?.startedMs ?? 0));
    expect(gaps.slice(0, 8).map((ms) => Math.round(ms / second))).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
    expect(invocations.at(0)?.error).toMatchObject({ ErrorType: 'RangeError' });
  });
});

describe('a large state', () => {
  const payload = 'x'.repeat(250_000);

  test('comes in pages', async () => {
    const seen: (string | undefined)[] = [];
    const sizes: number[] = [];
    const w = durableWorld(
      scripted(
        async (event, client) => {
          const checkpoint = checkpointer(event, client);
          for (let n = 0; n < 30; n += 1)
            await checkpoint([step(`s${n}`, 'START'), step(`s${n}`, 'SUCCEED', { Payload: payload })]);
          await checkpoint([wait('w', 1)]);
          return { Status: 'PENDING' };
        },
        async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState }, client) => {
          const { Operations, NextMarker } = InitialExecutionState;
          seen.push(...Operations.map(({ Id }) => String(Id)));
          sizes.push(Operations.length);
          let Marker: string | undefined = NextMarker;
          while (Marker !== undefined) {
            const page = new GetDurableExecutionStateCommand({
              DurableExecutionArn,
              CheckpointToken,
              Marker,
              MaxItems: 7,
            });
            const answer: { Operations: Operation[] | undefined; NextMarker?: string | undefined } =
              await client.send(page);
            seen.push(...(answer.Operations ?? []).map(({ Id }) => Id));
            sizes.push(answer.Operations?.length ?? 0);
            Marker = answer.NextMarker;
          }
          return { Status: 'SUCCEEDED' };
        },
      ),
    );
    const { id } = await w.ended(await w.start());
    expect(seen).toEqual([id, ...Array.from({ length: 30 }, (_, n) => `s${n}`), 'w']);
    expect(sizes).toEqual([21, 7, 4]);
  });

  test("is no different to the SDK's workflow", async () => {
    let ran = 0;
    const w = durableWorld(
      durable(async (_event, ctx) => {
        let sum = 0;
        for (let n = 0; n < 30; n += 1) {
          const text = await ctx.step(`s${n}`, async () => {
            ran += 1;
            return payload;
          });
          sum += text.length;
        }
        await ctx.wait({ seconds: 1 });
        return sum;
      }),
    );
    expect(await w.ended(await w.start())).toMatchObject({ status: 'SUCCEEDED', result: '7500000' });
    expect(ran).toBe(30);
    expect(w.account.calls('GetDurableExecutionState').length).toBeGreaterThan(0);
  });
});
