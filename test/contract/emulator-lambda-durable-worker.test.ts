import { InvokeCommand, SendDurableExecutionCallbackSuccessCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fault } from '../../lib/emulator/faults.ts';
import type { CheckpointCrash } from '../../lib/emulator/lambda/durable-faults.ts';
import { callbackOf, durableHttpWorld } from './durable-http-world.ts';
import { asText } from './durable-world.ts';

let w: Awaited<ReturnType<typeof durableHttpWorld>>;
beforeAll(async () => {
  w = await durableHttpWorld(20);
}, 60_000);
afterAll(() => w.close());

async function start(name: string, event: object = { tag: 'ip-db' }) {
  const { DurableExecutionArn = '', StatusCode } = await w.client.send(
    new InvokeCommand({
      FunctionName: 'mover:live',
      InvocationType: 'Event',
      DurableExecutionName: name,
      Payload: Buffer.from(JSON.stringify(event)),
    }),
  );
  expect(StatusCode).toBe(202);
  return w.lambda.executions.get(DurableExecutionArn);
}

describe('a bundle with the SDK in a worker thread', () => {
  test('runs to its end while its caller waits', async () => {
    const answer = await w.client.send(
      new InvokeCommand({ FunctionName: 'mover:live', Payload: Buffer.from('{"tag":"ip-db"}') }),
    );
    expect(asText(answer.Payload)).toBe('"ip-db moved, unit, nobody asked"');
    expect(w.lambda.executions.get(answer.DurableExecutionArn ?? '').look().invocations).toHaveLength(2);
  });

  test('waits for an answer without a thread, and goes on with it', async () => {
    const execution = await w.settled(await start('asked', { tag: 'ip-db', ask: true }));
    const CallbackId = callbackOf(execution) ?? '';
    expect(w.lambda.pendingAsync).toBe(0);
    const Result = Buffer.from('go');
    await w.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result }));
    await w.settled(execution);
    expect(execution.look()).toMatchObject({ status: 'SUCCEEDED', result: '"ip-db moved, unit, go"' });
  });

  test.each<readonly [CheckpointCrash['moment'], number]>([
    ['before', 1],
    ['after', 1],
    ['before', 4],
    ['after', 4],
  ])('whose thread dies %s its checkpoint %i takes effect ends the same', async (moment, at) => {
    const executionName = `killed-${moment}-${at}`;
    w.lambda.executions.crashAtCheckpoint({ moment, at, executionName });
    const execution = await w.settled(await start(executionName));
    const { status, result, checkpoints, invocations } = execution.look();
    expect({ status, result }).toEqual({ status: 'SUCCEEDED', result: '"ip-db moved, unit, nobody asked"' });
    expect(checkpoints[at - 1]?.outcome).toBe(`killed-${moment}`);
    expect(invocations.filter(({ error }) => error !== undefined)).toMatchObject([
      { error: { ErrorType: 'Runtime.ExitError' } },
    ]);
  });

  test.each<readonly [string, Fault['effect'], number, number]>([
    ['lost', { kind: 'lose-response' }, 1, 1],
    ['refused', { kind: 'refuse', code: 'TooManyRequestsException', status: 429 }, 2, 0],
  ])('asks again when an answer is %s, and nothing is done twice', async (name, effect, times, repeated) => {
    const when = ({ input }: { readonly input: unknown }): boolean =>
      JSON.stringify(input).includes(`/${name}/`);
    w.account.faults.add({ operation: 'CheckpointDurableExecution', effect, when, times });
    const execution = await w.settled(await start(name));
    const { status, checkpoints, invocations } = execution.look();
    expect({ status, failed: invocations.filter(({ error }) => error !== undefined) }).toEqual({
      status: 'SUCCEEDED',
      failed: [],
    });
    expect(checkpoints.filter(({ outcome }) => outcome === 'repeated')).toHaveLength(repeated);
  });
});
