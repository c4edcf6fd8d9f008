import { describe, expect, test } from 'vitest';
import type { Invoke } from '../../lib/aws/invoke.ts';
import { operatorEngine, questions, type Reach } from '../../lib/operator/engine.ts';
import { moving } from '../../lib/operator/orders.ts';
import type { Fleet } from '../../lib/operator/settings.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import { questions as contractQuestions, movingOrders } from '../../lib/recovery/order.ts';
import { manualClock } from '../fakes/clock.ts';

const list = { action: 'list' } as const;
const move = { action: 'move-to-backup', tag: 'ip-db' } as const;
const proof = { kind: 'signed-identity', headers: { authorization: 'signed' }, body: 'Action' } as const;
const main: Fleet = { name: 'main', named: false };

interface Called {
  readonly functionName: string;
  readonly payload: unknown;
}

/** Functions by name, as one account and Region has them; and the fleets that SSM knows. */
function account(functions: { readonly [name: string]: Invoke }, fleets: Record<string, string> = {}) {
  const calls: Called[] = [];
  let looks = 0;
  const reach: Reach = {
    async invoke(functionName, qualifier, payload) {
      calls.push({ functionName, payload: JSON.parse(payload) });
      const own = functions[functionName];
      if (own === undefined) throw new Fault('not-found', `Function not found: ${functionName}`, 'never');
      return own(functionName, qualifier, payload);
    },
    async findFleets() {
      looks += 1;
      return new Map(Object.entries(fleets));
    },
    sign: async () => proof,
  };
  const engineOf = (fleet: Fleet) =>
    operatorEngine(fleet, reach, { clock: manualClock(), chance: () => 0.5 });
  return { calls, engineOf, looks: () => looks };
}

const answers: Invoke = async () => ({ payload: '{"ok":true,"kind":"answer"}', functionError: undefined });

function failing(...faults: readonly (Fault | undefined)[]): Invoke {
  let turn = 0;
  return async (...call) => {
    const fault = faults[Math.min(turn, faults.length - 1)];
    turn += 1;
    if (fault !== undefined) throw fault;
    return answers(...call);
  };
}

test('knows the questions and the moving orders of the contract', () => {
  expect([...moving]).toEqual([...movingOrders]);
  expect([...questions]).toEqual([...contractQuestions]);
});

describe('the fleet', () => {
  test('main is one round trip, and nobody is asked which fleets there are', async () => {
    const aws = account({ 'holdfast-main-operate': answers });
    expect(await aws.engineOf(main).ask(list)).toEqual({ ok: true, kind: 'answer' });
    expect([aws.calls.length, aws.looks()]).toEqual([1, 0]);
  });

  test('that is the only one is found when nobody named one, and remembered', async () => {
    const aws = account({ other: answers }, { db: 'other' });
    const engine = aws.engineOf(main);
    await engine.ask(list);
    await engine.ask(list);
    expect(aws.calls.map(({ functionName }) => functionName)).toEqual([
      'holdfast-main-operate',
      'other',
      'other',
    ]);
    expect(aws.looks()).toBe(1);
  });

  test('that was named is asked under the name that its parameter says', async () => {
    const aws = account({ renamed: answers }, { db: 'renamed', web: 'x' });
    await aws.engineOf({ name: 'db', named: true }).ask(list);
    expect(aws.calls.map(({ functionName }) => functionName)).toEqual(['holdfast-db-operate', 'renamed']);
  });

  test.each([
    [
      'one of several',
      main,
      { web: 'x', db: 'y' },
      'there are db, web: name one with --fleet or HOLDFAST_FLEET',
    ],
    [
      'not there',
      { name: 'dbb', named: true },
      { db: 'y' },
      'no fleet "dbb" (function holdfast-dbb-operate); there are db',
    ],
    ['nowhere', main, {}, 'there is none: deploy one, or look at --region and --profile'],
    ['without its function', main, { main: 'holdfast-main-operate' }, 'no fleet "main"'],
  ] as const)('that is %s is told with the ones that are there', async (_, fleet, fleets, words) => {
    const aws = account({}, fleets);
    await expect(aws.engineOf(fleet).ask(list)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(words),
    });
  });
});

describe('an order', () => {
  test('bears the proof of who gives it; a question does not', async () => {
    const aws = account({ 'holdfast-main-operate': answers });
    await aws.engineOf(main).ask(list);
    await aws.engineOf(main).ask(move);
    expect(aws.calls.map(({ payload }) => payload)).toEqual([list, { ...move, proof }]);
  });

  test('without an answer is sent again with the same proof, by which the engine knows it', async () => {
    const noAnswer = new Fault('no-answer', 'lambda:Invoke: TimeoutError', 'later');
    const aws = account({ 'holdfast-main-operate': failing(noAnswer, undefined) });
    expect(await aws.engineOf(main).ask(move)).toMatchObject({ ok: true });
    expect(aws.calls).toHaveLength(2);
    expect(aws.calls[1]).toEqual(aws.calls[0]);
  });

  test('that is never answered may have been taken all the same, and that is said', async () => {
    const noAnswer = new Fault('no-answer', 'lambda:Invoke: TimeoutError', 'later');
    const aws = account({ 'holdfast-main-operate': failing(noAnswer) });
    await expect(aws.engineOf(main).ask(move)).rejects.toMatchObject({
      code: 'no-answer',
      message: expect.stringContaining('may have been taken all the same: holdfast history'),
    });
    await expect(aws.engineOf(main).ask(list)).rejects.not.toMatchObject({
      message: expect.stringContaining('may have been taken'),
    });
  });

  test.each([
    ['throttled', new Fault('throttled', 'Rate exceeded', 'later')],
    [
      'not connected',
      new Fault('no-answer', 'refused', 'later', {
        cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
      }),
    ],
  ])('that was %s certainly was not taken', async (_, fault) => {
    const aws = account({ 'holdfast-main-operate': failing(fault) });
    await expect(aws.engineOf(main).ask(move)).rejects.toBe(fault);
  });
});

test.each([
  [
    'has failed',
    { payload: '{"errorMessage":"out of memory"}', functionError: 'Unhandled' },
    'service-unavailable',
  ],
  ['answers with no JSON', { payload: 'hello', functionError: undefined }, 'invalid-answer'],
  ['answers with another shape', { payload: '{"status":{}}', functionError: undefined }, 'invalid-answer'],
] as const)('a function that %s is a fault with its words', async (_, reply, code) => {
  const aws = account({ 'holdfast-main-operate': async () => reply });
  await expect(aws.engineOf(main).ask(list)).rejects.toMatchObject({
    code,
    message: expect.stringContaining('holdfast-main-operate'),
  });
});
