import { expect, test } from 'vitest';
import { openFollower } from '../../lib/operator/follower.ts';
import type { Answer, Explanation, HistoryEntry, ListEntry } from '../../lib/recovery/order.ts';
import { fakeEngine, recoveryName } from '../fakes/engine.ts';

/** A fleet whose claim and history a test writes, and what was told of it. */
async function watching() {
  const engine = fakeEngine({ now: () => 0 });
  const sample = await engine.ask({ action: 'explain', recovery: recoveryName });
  const listed = await engine.ask({ action: 'list' });
  if (!sample.ok || sample.kind !== 'explanation' || !listed.ok || listed.kind !== 'list')
    throw new Error('fake');
  const [entry] = listed.resources;
  if (entry === undefined) throw new Error('fake');
  const running = new Map<string, Explanation>();
  const history: HistoryEntry[] = [];
  const told: string[] = [];
  const follower = openFollower(
    undefined,
    async (request): Promise<Answer> => {
      if (request.action === 'history') return { ok: true, kind: 'history', entries: history };
      const explanation = request.action === 'explain' ? running.get(request.recovery) : undefined;
      return explanation === undefined
        ? { ok: false, code: 'unknown-recovery', message: 'no such recovery' }
        : { ok: true, kind: 'explanation', explanation };
    },
    (explanation, fresh) => {
      for (const { step } of fresh) told.push(step);
      if (explanation.ended) told.push('end');
    },
  );
  const step = (name: string) => ({ id: name, atMs: 0, ms: 1, step: name, words: null, evidence: null });
  const has = (recovery: string, ended: boolean, ...steps: readonly string[]): void => {
    const explanation = { ...sample.explanation, recovery, ended, steps: steps.map(step) };
    running.set(recovery, explanation);
    if (ended) history.push(explanation);
  };
  const at = (holder: string | null): readonly ListEntry[] => [
    { ...entry, claim: holder === null ? null : { holder, expiresAtMs: 0, doing: null } },
  ];
  return { follower, told, has, at };
}

test('tells the steps of a running recovery as they come, each once, and its end', async () => {
  const { follower, told, has, at } = await watching();
  has('r-1', false, 'claimed');
  expect(await follower.round(at('r-1'), false)).toBe(true);
  has('r-1', false, 'claimed', 'observed');
  expect(await follower.round(at('r-1'), false)).toBe(true);
  has('r-1', true, 'claimed', 'observed', 'committed');
  expect(await follower.round(at(null), true)).toBe(true);
  expect(told).toEqual(['claimed', 'observed', 'committed', 'end']);
});

test('tells a step that comes late and stands before one that was told, and no step twice', async () => {
  const { follower, told, has, at } = await watching();
  has('r-1', false, 'claimed', 'licence stopped');
  await follower.round(at('r-1'), false);
  has('r-1', false, 'claimed', 'disk stopped', 'licence stopped');
  await follower.round(at('r-1'), false);
  expect(told).toEqual(['claimed', 'licence stopped', 'disk stopped']);
});

test('tells of a recovery that its claim does not name once the history has it', async () => {
  const { follower, told, has, at } = await watching();
  has('old', true, 'claimed');
  expect(await follower.round(at('invocation-1'), false)).toBe(true);
  expect(await follower.round(at(null), true)).toBe(true);
  has('ip-db@1@invocation-1', true, 'claimed', 'committed');
  expect(await follower.round(at(null), false)).toBe(false);
  expect(told).toEqual(['claimed', 'committed', 'end']);
});

test('tells of a recovery that came and went between two looks', async () => {
  const { follower, told, has, at } = await watching();
  expect(await follower.round(at(null), false)).toBe(false);
  has('r-2', true, 'claimed');
  expect(await follower.round(at(null), true)).toBe(false);
  expect(told).toEqual(['claimed', 'end']);
});

test('does not wait for ever for an end that nobody writes', async () => {
  const { follower, told, at } = await watching();
  await follower.round(at('invocation-1'), false);
  const busy: boolean[] = [];
  for (let round = 0; round < 6; round += 1) busy.push(await follower.round(at(null), false));
  expect(busy.at(-1)).toBe(false);
  expect(told).toEqual([]);
});
