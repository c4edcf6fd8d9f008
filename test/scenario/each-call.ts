/** One course with bad luck at each of the calls that it makes; files of their own so that they run side by side. */
import { expect, test } from 'vitest';
import { answeredInVain, refusedThreeTimes } from './bad-luck.ts';
import { type Course, expectTheEndOf, play } from './courses.ts';

/**
 * @param operations every operation that the functions call on the way, in the order of the alphabet
 * @param tried those that bad luck befalls; all when absent
 */
export function survivesEachCall(
  course: Course,
  operations: readonly string[],
  tried: readonly string[] = operations,
): void {
  test(`the list of calls is complete: ${course.name}`, async () => {
    const incident = await play(course, () => undefined);
    await expectTheEndOf(course, incident);
    const calls = [...incident.callsBy('recover'), ...incident.callsBy('failover')];
    expect([...new Set(calls.map(({ operation }) => operation))].sort()).toEqual(operations);
  });

  for (const operation of tried) {
    test(`${course.name}, and every ${operation} is throttled, fails and gets lost before it is served: the same end`, async () => {
      const incident = await play(course, ({ misfortune }) =>
        refusedThreeTimes(operation).forEach(misfortune),
      );
      await expectTheEndOf(course, incident);
      expect(await incident.acted()).toEqual(course.recoveries);
    });

    test(`${course.name}, and every other answer of ${operation} is lost: the same end`, async () => {
      const incident = await play(course, ({ misfortune }) => answeredInVain(operation).forEach(misfortune));
      await expectTheEndOf(course, incident);
      expect(await incident.acted()).toEqual(course.recoveries);
    });
  }
}

/** The same bad luck at all of these calls together. */
export function survivesAllCalls(course: Course, operations: readonly string[]): void {
  const names = operations.join(', ');
  const everywhere = [
    [`every call of ${names} is throttled, fails and gets lost before it is served`, refusedThreeTimes],
    [`every other answer of ${names} is lost`, answeredInVain],
  ] as const;
  for (const [what, faultsOf] of everywhere)
    test(`${course.name}, and ${what}: the same end`, async () => {
      const incident = await play(course, ({ misfortune }) =>
        operations.flatMap(faultsOf).forEach(misfortune),
      );
      await expectTheEndOf(course, incident);
      expect(await incident.acted()).toEqual(course.recoveries);
    });
}
