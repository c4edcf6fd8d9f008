/** What every implementation of Steps must do about branches side by side. */
import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/recovery/fault.ts';
import type { Steps } from '../../lib/recovery/steps.ts';
import { faultOf, type StepsSubject, yes } from './ports-steps.ts';

export function branchesContract(open: () => StepsSubject): void {
  const later = (message: string) => new Fault('throttled', message, 'later');
  const never = (message: string) => new Fault('access-denied', message, 'never');

  describe('branches', () => {
    test('give their results in their order, and keep them over a sleep of one of them', async () => {
      const { run } = open();
      const ran: string[] = [];
      const branch = (name: string, ms: number) => ({
        name,
        run: async (steps: Steps) => {
          const first = await steps.step('same name', async () => {
            ran.push(name);
            return name;
          });
          if (ms > 0) await steps.sleep('pause', ms);
          return first.toUpperCase();
        },
      });
      const given = await run((steps) =>
        steps.together('all', [branch('slow', 20_000), branch('quick', 0), branch('other', 1_000)], 3),
      );
      expect(given).toEqual(['SLOW', 'QUICK', 'OTHER']);
      expect(ran.toSorted()).toEqual(['other', 'quick', 'slow']);
    });

    test('run at most so many at a time', async () => {
      const { run, now } = open();
      let running = 0;
      let most = 0;
      const names = ['a', 'b', 'c', 'd', 'e'];
      await run((steps) =>
        steps.together(
          'bounded',
          names.map((name) => ({
            name,
            run: (inside) =>
              inside.step('work', async () => {
                running += 1;
                most = Math.max(most, running);
                for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
                running -= 1;
                return now();
              }),
          })),
          2,
        ),
      );
      expect(most).toBe(2);
    });

    test('that fail do so when all of them have ended, with the fault of the first of them', async () => {
      const { run } = open();
      const ended: string[] = [];
      const caught = await run((steps) =>
        faultOf(
          steps.together(
            'some fail',
            [
              {
                name: 'well',
                run: async (inside) => {
                  await inside.sleep('pause', 10_000);
                  return inside.step('end', async () => ended.push('well'));
                },
              },
              { name: 'ill', run: (inside) => inside.step('fail', async () => Promise.reject(never('ill'))) },
              {
                name: 'worse',
                run: (inside) => inside.step('fail', async () => Promise.reject(never('worse'))),
              },
            ],
            3,
          ),
        ),
      );
      expect(caught).toEqual({ code: 'access-denied', retry: 'never', message: 'ill' });
      expect(ended).toEqual(['well']);
    });

    test('may have branches, questions and faults of their own', async () => {
      const { run, confirmations, later: after } = open();
      const given = await run((steps) =>
        steps.together(
          'outer',
          [
            {
              name: 'asks',
              run: async (inside) =>
                (
                  await inside.confirm('sure', 60_000, async (id) =>
                    after(3_000, () => confirmations.answer(id, yes)),
                  )
                )?.answer,
            },
            {
              name: 'fails within',
              run: async (inside) =>
                faultOf(
                  inside.together('inner', [{ name: 'deep', run: () => Promise.reject(later('deep')) }], 1),
                ),
            },
          ],
          2,
        ),
      );
      expect(given).toEqual(['yes', { code: 'throttled', retry: 'later', message: 'deep' }]);
    });

    test('of which there are none end at once', async () => {
      const { run } = open();
      expect(await run((steps) => steps.together('none', [], 3))).toEqual([]);
    });
  });
}
