import { expect, test } from 'vitest';
import { localMove } from './courses.ts';
import { crashBehindEach, manyPlaysMs } from './crashes.ts';

/** As many as a run makes: with one more to die behind, it goes through. */
const changes = 6;

test(
  'eth0 dies, and the recover function behind any of its changes: the address ends on eth1, moved once',
  async () => {
    expect(await crashBehindEach(localMove, { from: 1, to: changes + 1 })).toBe(changes);
  },
  manyPlaysMs,
);

test('eth0 dies, and two runs in a row behind the same change: the third ends it', async () => {
  expect(await crashBehindEach(localMove, { from: 1, to: changes, step: 3, times: 2 })).toBeGreaterThan(1);
});
