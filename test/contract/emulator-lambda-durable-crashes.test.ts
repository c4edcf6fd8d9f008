import { StepSemantics } from '@aws/durable-execution-sdk-js';
import { SendDurableExecutionCallbackSuccessCommand } from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import type { DurableExecution } from '../../lib/emulator/lambda/durable-execution.ts';
import {
  type CheckpointCrash,
  checkpointOutage,
  checkpointThrottle,
} from '../../lib/emulator/lambda/durable-faults.ts';
import { durable, durableWorld, eventTypes, second } from './durable-world.ts';

/** Step, branches with a wait, a question to a person, a step: each effect sets a state, as ours do. */
function failoverLike() {
  const effects = new Map<string, number>();
  const asked = new Set<string>();
  const set = async (what: string): Promise<string> => {
    effects.set(what, (effects.get(what) ?? 0) + 1);
    return what;
  };
  const w = durableWorld(
    durable(async (_event, context) => {
      const moved = await context.step('move', () => set('moved'));
      await context.parallel('dependents', [
        async (branch) => branch.step('unit', () => set('unit')),
        async (branch) => {
          await branch.wait('settle', { seconds: 3 });
          return branch.step('volume', () => set('volume'));
        },
      ]);
      const answer = await context.waitForCallback('confirm', async (id) => void asked.add(id), {
        timeout: { minutes: 5 },
      });
      const told = await context.step('tell', () => set('told'));
      return [moved, answer, told];
    }),
  );
  const answered = new Set<string>();
  /** Lets time go by to the end, and answers whoever asks, as soon as it asks. */
  async function ended(execution: DurableExecution) {
    await w.clock.advanceUntil(async () => {
      for (const CallbackId of asked) {
        if (answered.has(CallbackId)) continue;
        answered.add(CallbackId);
        const Result = Buffer.from('yes');
        await w.client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result }));
      }
      return execution.status !== 'RUNNING';
    }, 900 * second);
    return execution.look();
  }
  return { ...w, ended, effects, asked };
}

const result = '["moved","yes","told"]';

describe('an execution whose sandbox dies at a checkpoint ends as if it had not:', () => {
  const moments: readonly CheckpointCrash['moment'][] = ['before', 'after'];

  test.each(moments)('at every one of them, %s it is applied', async (moment) => {
    const calm = failoverLike();
    const undisturbed = await calm.ended(await calm.start());
    expect(undisturbed).toMatchObject({ status: 'SUCCEEDED', result });
    const { length } = undisturbed.checkpoints;
    expect(length).toBeGreaterThanOrEqual(7);
    for (let at = 1; at <= length; at += 1) {
      const w = failoverLike();
      w.lambda.executions.crashAtCheckpoint({ at, moment });
      const disturbed = await w.ended(await w.start());
      expect({ at, status: disturbed.status, result: disturbed.result }).toEqual({
        at,
        status: 'SUCCEEDED',
        result,
      });
      expect(disturbed.checkpoints[at - 1]?.outcome).toBe(`killed-${moment}`);
      expect(disturbed.invocations.filter(({ error }) => error !== undefined)).toMatchObject([
        { error: { ErrorType: 'Runtime.ExitError' } },
      ]);
      expect([...w.effects.keys()].sort()).toEqual([...calm.effects.keys()].sort());
      expect(w.asked.size).toBe(1);
    }
  });

  test('what was applied is not run again, what was not is', async () => {
    const ran = async (moment: CheckpointCrash['moment']) => {
      const w = failoverLike();
      const isMove = ({ updates }: { readonly updates: readonly string[] }): boolean =>
        updates.includes('STEP move SUCCEED');
      w.lambda.executions.crashAtCheckpoint({ at: isMove, moment });
      await w.ended(await w.start());
      return w.effects.get('moved');
    };
    expect(await ran('before')).toBe(2);
    expect(await ran('after')).toBe(1);
  });

  test('at the same one three times in a row, with growing waits', async () => {
    const w = failoverLike();
    const isTell = ({ updates }: { readonly updates: readonly string[] }): boolean =>
      updates.includes('STEP tell SUCCEED');
    w.lambda.executions.crashAtCheckpoint({ at: isTell, moment: 'before', times: 3 });
    const { status, invocations } = await w.ended(await w.start());
    expect(status).toBe('SUCCEEDED');
    const [a, b, c, d] = invocations.slice(-4);
    const waits = [a, b, c].map((before, i) => ([b, c, d][i]?.startedMs ?? 0) - (before?.endedMs ?? 0));
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });
});

test('a dead invocation can write no more, whatever its code still does', async () => {
  const heard: string[] = [];
  const w = durableWorld(
    durable(async (_event, context) => {
      const first = await context.step('first', async () => 1);
      heard.push('first');
      const next = await context.step('next', async () => 2);
      heard.push('next');
      return first + next;
    }),
  );
  w.lambda.executions.crashAtCheckpoint({ at: 1, moment: 'after' });
  const { status, checkpoints, result: sum } = await w.ended(await w.start());
  expect({ status, sum }).toEqual({ status: 'SUCCEEDED', sum: '3' });
  expect(heard).toEqual(['first', 'next']);
  expect(new Set(checkpoints.map(({ requestId }) => requestId)).size).toBe(2);
});

test('an at-most-once step that was interrupted is not run again, and says so', async () => {
  let runs = 0;
  const w = durableWorld(
    durable(async (_event, context, { crash }) => {
      try {
        return await context.step(
          'once',
          async () => {
            runs += 1;
            if (runs === 1) {
              crash();
              await new Promise(() => undefined);
            }
            return 'done';
          },
          { semantics: StepSemantics.AtMostOncePerRetry, retryStrategy: () => ({ shouldRetry: false }) },
        );
      } catch (error) {
        return error instanceof Error && error.cause instanceof Error ? error.cause.name : 'unknown';
      }
    }),
  );
  const execution = await w.ended(await w.start());
  expect({ runs, result: execution.result }).toEqual({ runs: 1, result: '"StepInterruptedError"' });
  expect(await eventTypes(w.client, execution.arn)).toEqual([
    'ExecutionStarted',
    'StepStarted',
    'InvocationCompleted',
    'StepFailed',
    'InvocationCompleted',
    'ExecutionSucceeded',
  ]);
});

describe('a checkpoint API', () => {
  test.each([
    ['throttles', checkpointThrottle],
    ['answers with server errors', checkpointOutage],
  ])('that %s for a while delays the execution and no more', async (_what, effect) => {
    const w = failoverLike();
    w.account.faults.add({ operation: 'CheckpointDurableExecution', effect, times: 3 });
    const { status, invocations } = await w.ended(await w.start());
    expect(status).toBe('SUCCEEDED');
    expect(invocations.slice(0, 3).map(({ error }) => error?.ErrorMessage)).toEqual([
      expect.stringContaining('Checkpoint failed'),
      expect.stringContaining('Checkpoint failed'),
      expect.stringContaining('Checkpoint failed'),
    ]);
  });

  test('that fails for good ends in the timeout of the execution', async () => {
    const w = failoverLike();
    const effect = checkpointOutage;
    w.account.faults.add({
      operation: 'CheckpointDurableExecution',
      effect,
      times: Number.POSITIVE_INFINITY,
    });
    const execution = await w.ended(await w.start());
    expect(execution).toMatchObject({
      status: 'TIMED_OUT',
      error: { ErrorMessage: 'Execution timed out after 900 seconds.' },
      checkpoints: [],
    });
    expect((execution.endedMs ?? 0) - execution.startedMs).toBe(900 * second);
  });

  test('whose answer is lost has applied what it was sent', async () => {
    const w = failoverLike();
    w.account.faults.add({
      operation: 'CheckpointDurableExecution',
      effect: { kind: 'lose-response' },
    });
    const { status, invocations } = await w.ended(await w.start());
    expect(status).toBe('SUCCEEDED');
    expect(invocations[0]?.error?.ErrorMessage).toMatch(/connection was lost/);
    expect(w.effects.get('moved')).toBe(1);
  });
});
