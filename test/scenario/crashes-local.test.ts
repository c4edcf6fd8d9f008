import { expect, test } from 'vitest';
import { localMove } from './courses.ts';
import { crashBehindEach } from './crashes.ts';

test('the recover function dies behind any of its first ten changes: the address ends on eth1, moved once', async () => {
  expect(await crashBehindEach(localMove, { from: 1, to: 10 })).toBe(10);
});

test('the recover function dies behind any later change: the same, up to the run that has no more to die behind', async () => {
  expect(await crashBehindEach(localMove, { from: 11, to: 40 })).toBeLessThan(30);
});

test('two runs in a row die behind the same change: the third ends it', async () => {
  expect(await crashBehindEach(localMove, { from: 2, to: 20, step: 4, times: 2 })).toBeGreaterThan(2);
});
