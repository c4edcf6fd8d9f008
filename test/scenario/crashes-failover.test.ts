import { expect, test } from 'vitest';
import { failover } from './courses.ts';
import { crashBehindEach } from './crashes.ts';

test('recover or failover dies behind any of their first 15 changes: the address ends on ServerB, moved once', async () => {
  expect(await crashBehindEach(failover, { from: 1, to: 15 })).toBe(15);
});

test('either dies behind the 16th to the 30th change: the same', async () => {
  expect(await crashBehindEach(failover, { from: 16, to: 30 })).toBe(15);
});

test('either dies behind any later change: the same, up to the run that has no more to die behind', async () => {
  expect(await crashBehindEach(failover, { from: 31, to: 80 })).toBeLessThan(50);
});

test('two runs in a row die behind the same change: the third ends it', async () => {
  expect(await crashBehindEach(failover, { from: 3, to: 40, step: 6, times: 2 })).toBeGreaterThan(4);
});
