/** What every implementation of Steps must do: a workflow that stands on one of them stands on all. */
import { describe, expect, test } from 'vitest';
import type { Confirmation, Confirmations } from '../../lib/recovery/confirmation.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import type { Steps } from '../../lib/recovery/steps.ts';

export interface StepsSubject {
  /** Runs a workflow of its own to its end, however often it has to be begun again. */
  run<T>(workflow: (steps: Steps) => Promise<T>): Promise<T>;
  now(): number;
  readonly confirmations: Confirmations;
  /** Tells when to look again while a workflow waits for it; time goes by meanwhile. */
  later(ms: number, then: () => Promise<unknown>): void;
  /** Ends the function in the middle of a body, once; what it gives never comes. */
  crash(): Promise<never>;
}

export const yes: Confirmation = {
  answer: 'yes',
  arn: 'arn:aws:iam::123456789012:user/alice',
  via: 'command',
  reason: null,
  atMs: 1_767_607_200_000,
};

/** @param mortal whether anything can end the function */
export function stepsContract(open: () => StepsSubject, mortal: boolean): void {
  const later = (message: string) => new Fault('throttled', message, 'later');
  const never = (message: string) => new Fault('access-denied', message, 'never');

  describe('a step', () => {
    test('gives what its body gives, as JSON holds it', async () => {
      const { run } = open();
      const given = await run(async (steps) => [
        await steps.step('text', async () => 'a'),
        await steps.step('object', async () => ({ a: [1, null], left: undefined as string | undefined })),
        (await steps.step('nothing', async () => undefined)) === undefined,
      ]);
      expect(given).toEqual(['a', { a: [1, null] }, true]);
    });

    test('runs its body once, however often what is around it runs', async () => {
      const { run } = open();
      const ran: string[] = [];
      const given = await run(async (steps) => {
        const first = await steps.step('first', async () => ran.push('first'));
        await steps.sleep('pause', 5_000);
        const second = await steps.step('second', async () => ran.push('second'));
        await steps.sleep('another pause', 5_000);
        return [first, second];
      });
      expect(given).toEqual([1, 2]);
      expect(ran).toEqual(['first', 'second']);
    });

    test('is tried again after a fault that may pass', async () => {
      const { run, now } = open();
      const at: number[] = [];
      const given = await run(async (steps) =>
        steps.step('flaky', async () => {
          at.push(now());
          if (at.length < 3) throw later(`no luck at ${at.length}`);
          return at.length;
        }),
      );
      expect(given).toBe(3);
      const pauses = at.slice(1).map((each, index) => Math.floor((each - (at[index] ?? 0)) / 1_000));
      expect(pauses).toEqual([1, 2]);
    });

    test('gives up after four more tries, with the fault of the last', async () => {
      const { run } = open();
      let tries = 0;
      const workflow = (steps: Steps) =>
        steps.step('hopeless', async () => {
          tries += 1;
          throw later(`try ${tries}`);
        });
      const caught = await run((steps) => faultOf(workflow(steps)));
      expect(caught).toEqual({ code: 'throttled', retry: 'later', message: 'try 5' });
      expect(tries).toBe(5);
    });

    test('is not tried again after a fault that does not pass, nor after a bug', async () => {
      const { run } = open();
      let tries = 0;
      const caught = await run(async (steps) => [
        await faultOf(
          steps.step('denied', async () => {
            tries += 1;
            throw never('no');
          }),
        ),
        await steps
          .step('bug', async () => {
            tries += 1;
            throw new TypeError('a bug');
          })
          .catch((error: Error) => error.message),
      ]);
      expect(caught).toEqual([{ code: 'access-denied', retry: 'never', message: 'no' }, 'a bug']);
      expect(tries).toBe(2);
    });

    test('throws the same fault when it is replayed', async () => {
      const { run } = open();
      const seen: unknown[] = [];
      await run(async (steps) => {
        seen.push(await faultOf(steps.step('denied', async () => Promise.reject(never('no entry')))));
        await steps.sleep('pause', 3_000);
        return steps.step('end', async () => 'end');
      });
      expect(seen.length).toBeGreaterThan(0);
      const denied = { code: 'access-denied', retry: 'never', message: 'no entry' };
      expect(seen).toEqual(seen.map(() => denied));
    });

    const why = mortal ? '' : ' (nothing ends the function of plain steps)';
    test.runIf(mortal)(`whose function died runs again, and those before it do not${why}`, async () => {
      const { run, crash } = open();
      const ran: string[] = [];
      const given = await run(async (steps) => {
        await steps.step('first', async () => void ran.push('first'));
        return steps.step('second', async () => {
          ran.push('second');
          if (ran.length === 2) await crash();
          return 'done';
        });
      });
      expect(given).toBe('done');
      expect(ran).toEqual(['first', 'second', 'second']);
    });
  });

  describe('an execution', () => {
    test('has an id that is the same all along, and another one each time', async () => {
      const { run } = open();
      const ids: string[] = [];
      const workflow = async (steps: Steps) => {
        ids.push(steps.id);
        await steps.sleep('pause', 2_000);
        await steps.together('both', [{ name: 'one', run: async (inside) => void ids.push(inside.id) }], 1);
        return steps.id;
      };
      const first = await run(workflow);
      expect(ids).toEqual(ids.map(() => first));
      expect(await run(workflow)).not.toBe(first);
    });
  });

  describe('a sleep', () => {
    test('is at least as long as it says, in whole seconds', async () => {
      const { run, now } = open();
      const [from = 0, first = 0, to = 0] = await run(async (steps) => {
        const from = await steps.step('from', async () => now());
        await steps.sleep('a moment', 1);
        const first = await steps.step('first', async () => now());
        await steps.sleep('a while', 2_400);
        return [from, first, await steps.step('to', async () => now())];
      });
      expect(first - from).toBeGreaterThanOrEqual(1_000);
      expect(to - first).toBeGreaterThanOrEqual(3_000);
    });
  });

  describe('a question', () => {
    test('gives the answer of whoever was told its id', async () => {
      const { run, confirmations, later } = open();
      const ids: string[] = [];
      const answered: string[] = [];
      const given = await run((steps) =>
        steps.confirm('sure', 60_000, async (id) => {
          ids.push(id);
          later(5_000, async () => answered.push(await confirmations.answer(id, yes)));
        }),
      );
      expect(given).toEqual(yes);
      expect(new Set(ids).size).toBe(1);
      expect(answered).toEqual(['taken']);
    });

    test('that nobody answers in time gives null, and an answer is too late then', async () => {
      const { run, confirmations, now } = open();
      const ids: string[] = [];
      const given = await run(async (steps) => {
        const from = await steps.step('from', async () => now());
        const answer = await steps.confirm('sure', 30_000, async (id) => void ids.push(id));
        const ms = (await steps.step('to', async () => now())) - from;
        const late = await steps.step('late', () => confirmations.answer(ids.at(-1) ?? '', yes));
        return { answer, late, inTime: ms >= 30_000 && ms < 40_000 };
      });
      expect(given).toEqual({ answer: null, late: 'too-late', inTime: true });
    });

    test('is answered once: the second answer is too late', async () => {
      const { run, confirmations, later } = open();
      const answered: string[] = [];
      const given = await run(async (steps) => {
        const answer = await steps.confirm('sure', 60_000, async (id) =>
          later(2_000, async () => {
            answered.push(await confirmations.answer(id, yes));
            answered.push(await confirmations.answer(id, { ...yes, answer: 'no' }));
          }),
        );
        await steps.sleep('for the second', 2_000);
        return answer?.answer;
      });
      expect(given).toBe('yes');
      expect(answered).toEqual(['taken', 'too-late']);
    });

    test('that could not be asked throws the fault of asking', async () => {
      const { run } = open();
      const caught = await run((steps) =>
        faultOf(
          steps.confirm('sure', 60_000, async () => {
            throw new Fault('refused', 'a later recovery has taken the claim', 'never');
          }),
        ),
      );
      expect(caught).toEqual({
        code: 'refused',
        retry: 'never',
        message: 'a later recovery has taken the claim',
      });
    });

    test('to which nobody has the id is answered too late', async () => {
      const { run, confirmations } = open();
      const given = await run((steps) =>
        steps.step('answer', () => confirmations.answer('bm8gc3VjaCBjYWxsYmFjaw', yes)),
      );
      expect(given).toBe('too-late');
    });
  });
}

/** What JSON holds of it: a workflow may give it away. */
export async function faultOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    return { gave: await promise };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { code, retry, message } = error;
    return { code, retry, message };
  }
}
