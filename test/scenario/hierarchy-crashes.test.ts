import { expect, test } from 'vitest';
import { hierarchy } from './courses.ts';
import { crashBehindEach, manyPlaysMs } from './crashes.ts';

const functions = ['failover'] as const;
/** Of the failover function alone, at least; beyond the last it goes through. */
const changes = 29;
const most = 60;

test(
  'a database fails over with its volume, unit and target, and the function dies between any effect and its checkpoint: the same end',
  async () => {
    expect(await crashBehindEach(hierarchy, { from: 1, to: most, functions })).toBeGreaterThanOrEqual(
      changes,
    );
  },
  manyPlaysMs,
);

test(
  'the same, and two runs in a row die behind the same effect: the third ends it',
  async () => {
    expect(
      await crashBehindEach(hierarchy, { from: 2, to: 8, step: 2, times: 2, functions }),
    ).toBeGreaterThan(1);
  },
  manyPlaysMs,
);
