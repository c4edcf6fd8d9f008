import { expect, test } from 'vitest';
import { hierarchy } from './courses.ts';
import { crashAtEachCheckpoint, manyPlaysMs } from './crashes.ts';

/** Begin and end of: take, leave, four stops, choose, move, four starts, commit. */
const updates = 26;
/** Of them in one failover: it then lives four times. */
const inOne = 3;

test(
  'a database fails over with its volume, unit and target, and the function is killed before any of its checkpoints is applied: the same end',
  async () => {
    expect(await crashAtEachCheckpoint(hierarchy, 'before', inOne)).toBeGreaterThanOrEqual(updates);
  },
  manyPlaysMs,
);

test(
  'a database fails over with its volume, unit and target, and the function is killed behind any of its checkpoints, whose answer it never hears: the same end',
  async () => {
    expect(await crashAtEachCheckpoint(hierarchy, 'after', inOne)).toBeGreaterThanOrEqual(updates);
  },
  manyPlaysMs,
);
