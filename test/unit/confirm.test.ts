/** A person answers a failover that waits: once, twice, two at the same time, late, or never. */
import { describe, expect, test } from 'vitest';
import type { FailoverRules } from '../../lib/recovery/fleet.ts';
import type { Answer, AskedRequest } from '../../lib/recovery/order.ts';
import { asking } from '../fakes/every-kind.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { alice, bob, type OrderScene, orderScene } from '../fakes/orders.ts';
import { eth0A, eth0B, told } from '../fakes/scene.ts';

const minute = 60_000;
const yes = { action: 'confirm', tag, answer: 'yes' } as const;
const no = { action: 'confirm', tag, answer: 'no' } as const;

/** ServerA has died, and the failover has asked; `meanwhile` is what people do while it waits. */
async function whileItWaits(
  meanwhile: (orders: OrderScene) => Promise<void>,
  failover: FailoverRules = asking,
): Promise<OrderScene> {
  const orders = await orderScene({ resource: { failover } });
  const { people, world } = orders.scene;
  const { wait } = people;
  Object.assign(people, {
    async wait(...asked: Parameters<typeof wait>) {
      if (!people.asked.includes(asked[0])) people.asked.push(asked[0]);
      await meanwhile(orders);
      return wait(...asked);
    },
  });
  world.stop(instanceOf('ServerA'));
  return orders;
}

/** What the failover came to. */
async function ended(orders: OrderScene): Promise<string> {
  return told(await orders.scene.alarmToEnd());
}

function said(answer: Answer | undefined): string {
  if (answer === undefined) return 'nothing';
  if (!answer.ok) return `${answer.code}: ${answer.message}`;
  return answer.kind === 'done'
    ? `${answer.changed ? 'changed' : 'unchanged'}: ${answer.message}`
    : answer.kind;
}

test('yes lets it go on, although the failover holds the claim', async () => {
  let answer: Answer | undefined;
  const orders = await whileItWaits(async (each) => {
    answer = await each.order({ ...yes, reason: 'it is dead' });
  });
  expect(await ended(orders)).toBe('failed-over: instance-not-running');
  const { audit } = orders.scene.ports;
  const failover = audit.summaries().find(({ outcome }) => outcome === 'failed-over')?.recoveryId;
  expect(said(answer)).toBe(
    `changed: the failover of ip-db looks again and goes on: holdfast explain ${failover}`,
  );
  expect([orders.scene.owner, orders.scene.world.inService(vip)]).toEqual([eth0B, true]);
  expect(audit.summaries()).toMatchObject([
    { outcome: 'ordered', trigger: { order: 'confirm', arn: alice, reason: 'it is dead' } },
    { outcome: 'failed-over' },
  ]);
  expect(orders.scene.record.waiting).toBeNull();
});

test('no leaves everything where it is, and nobody is asked again at once', async () => {
  const orders = await whileItWaits(async (each) => {
    expect(said(await each.order(no))).toContain(
      'changed: ip-db is not moved, and no failover of it is tried for a while (holdfast ack ip-db ends that)',
    );
  });
  expect(await ended(orders)).toBe('held: not-confirmed');
  expect(orders.scene.owner).toBe(eth0A);
  orders.scene.world.clock.advance(minute);
  expect(await ended(orders)).toBe('held: failover-blocked');
  expect(orders.scene.people.asked).toHaveLength(1);
});

test('while it waits, the status and the list show the question, and what was answered', async () => {
  const seen: unknown[] = [];
  const orders = await whileItWaits(async (each) => {
    seen.push(await each.ask({ action: 'status', tag }), await each.ask({ action: 'list' }));
    await each.order(yes, bob);
    seen.push(await each.ask({ action: 'status', tag }));
  });
  const askedAtMs = orders.scene.world.clock.now();
  await ended(orders);
  const question = 'move ip-db (10.0.1.50) from ServerA/eth0 to ServerB/eth0? the instance is not running';
  const waiting = {
    question,
    askedAtMs: expect.any(Number),
    untilMs: expect.any(Number),
    otherwise: 'hold',
    answered: null,
  };
  const words = "waiting for a person's answer whether to move to ServerB/eth0";
  expect(seen).toMatchObject([
    { status: { waiting, claim: { doing: { rung: 'fail-over', waits: true, words } } } },
    { resources: [{ waiting }] },
    {
      status: { waiting: { question, answered: { answer: 'yes', arn: bob, via: 'command', reason: null } } },
    },
  ]);
  expect(JSON.stringify(seen)).not.toContain('callbackId');
  expect(orders.scene.world.clock.now() - askedAtMs).toBeLessThan(minute);
});

test('another order is refused meanwhile, and told of the question', async () => {
  const orders = await whileItWaits(async (each) => {
    expect(await each.order({ action: 'pause', tag, forMs: minute })).toMatchObject({
      code: 'claim-held',
      message: expect.stringContaining('holdfast confirm ip-db --yes (or --no)'),
    });
    await each.order(no);
  });
  await ended(orders);
});

describe('the first answer counts', () => {
  type Case = readonly [title: string, second: AskedRequest, arn: string, told: RegExp];
  const cases: readonly Case[] = [
    [
      'and the same again is no news',
      yes,
      alice,
      /^unchanged: the failover of ip-db was answered "yes" by .*alice at /,
    ],
    ['and the same of another person is told who was first', yes, bob, /^unchanged: .* by .*alice at /],
    [
      'and another one has no effect and is told so',
      no,
      bob,
      /^nothing-waits: the failover of ip-db was answered "yes" by .*alice at .*; that stands$/,
    ],
  ];
  test.each(cases)('%s', async (_, second, arn, expected) => {
    const orders = await whileItWaits(async (each) => {
      await each.order(yes);
      expect(said(await each.order(second, arn))).toMatch(expected);
    });
    expect(await ended(orders)).toBe('failed-over: instance-not-running');
  });

  test('of two people at the same moment', async () => {
    let answers: readonly Answer[] = [];
    const orders = await whileItWaits(async (each) => {
      answers = await Promise.all([each.order(no, bob), each.order(yes, alice)]);
    });
    expect(await ended(orders)).toBe('held: not-confirmed');
    expect(answers.map(said)).toEqual([
      expect.stringMatching(/^changed: ip-db is not moved/),
      expect.stringMatching(
        /^nothing-waits: the failover of ip-db was answered "no" by .*bob at .*; that stands$/,
      ),
    ]);
  });

  test('also when the one who was first died before it was written down', async () => {
    const orders = await whileItWaits(async (each) => {
      const [callbackId = ''] = each.scene.people.asked;
      const answer = { answer: 'yes', arn: bob, via: 'command', reason: null, atMs: 0 } as const;
      await each.ports.confirmations.answer(callbackId, answer);
      expect(said(await each.order(no))).toBe(
        'nothing-waits: the failover of ip-db waits for an answer no more',
      );
    });
    expect(await ended(orders)).toBe('failed-over: instance-not-running');
  });

  test('and whoever comes when it has gone on is told by whom, as long as it runs and after', async () => {
    const orders = await whileItWaits(async (each) => {
      await each.order(no, bob);
    });
    await ended(orders);
    orders.scene.world.clock.advance(minute);
    await orders.scene.tick();
    expect(said(await orders.order(yes))).toMatch(
      /^nothing-waits: the failover of ip-db was answered "no" by .*bob at .*; that stands$/,
    );
    orders.scene.world.clock.advance(60 * minute);
    expect(said(await orders.order(yes))).toBe('nothing-waits: no failover of ip-db waits for an answer');
  });
});

test('an order that is sent again, because its answer was lost, is answered as it was', async () => {
  const orders = await whileItWaits(async (each) => {
    const order = each.proven(yes);
    const first = await each.ask(order);
    expect(first).toMatchObject({ kind: 'done', changed: true });
    expect(await each.ask(order)).toEqual(first);
  });
  expect(await ended(orders)).toBe('failed-over: instance-not-running');
  expect(orders.scene.ports.audit.summaries()).toHaveLength(2);
});

describe('never', () => {
  test.each([
    ['hold', 'held: nobody-confirmed', 'nothing is moved'],
    ['proceed', 'failed-over: instance-not-running', 'it goes on'],
  ] as const)('answered, with %s the rule of the fleet file holds', async (otherwise, end, words) => {
    const orders = await whileItWaits(async () => {}, {
      ...asking,
      confirm: { withinMs: 5 * minute, otherwise },
    });
    expect(await ended(orders)).toBe(end);
    expect(said(await orders.order(yes))).toBe(
      `nothing-waits: the failover of ip-db waits no more: nobody has answered in time, and ${words}`,
    );
  });

  test('waited for: there is no failover, or none that asks', async () => {
    const orders = await orderScene();
    expect(said(await orders.order(yes))).toBe('nothing-waits: no failover of ip-db waits for an answer');
    orders.scene.world.stop(instanceOf('ServerA'));
    await ended(orders);
    expect(said(await orders.order(yes))).toBe('nothing-waits: no failover of ip-db waits for an answer');
  });
});

test('late, it is told that the time was over, even before the failover has noticed', async () => {
  const orders = await whileItWaits(async (each) => {
    const { waiting } = each.scene.record;
    each.scene.world.clock.advance(10 * minute);
    expect(said(await each.order(yes))).toBe(
      `nothing-waits: the time to answer for ip-db was over at ${new Date(waiting?.untilMs ?? 0).toISOString()}: nothing is moved`,
    );
  });
  expect(await ended(orders)).toBe('held: nobody-confirmed');
});

test('a dry run says what would be answered, and answers nothing', async () => {
  const orders = await whileItWaits(async (each) => {
    const until = new Date(each.scene.record.waiting?.untilMs ?? 0).toISOString();
    expect(await each.order({ ...yes, dryRun: true })).toEqual({
      ok: true,
      kind: 'plan',
      plan: {
        steps: [
          'answer "yes" to: move ip-db (10.0.1.50) from ServerA/eth0 to ServerB/eth0? the instance is not running',
          'the failover of ip-db looks again and goes on',
          `without an answer until ${until}: nothing is moved`,
        ],
        leftOut: [],
      },
    });
    expect(each.scene.record.waiting?.answered).toBeNull();
  });
  expect(await ended(orders)).toBe('held: nobody-confirmed');
});

test('an answer that may have arrived and may not is told as that', async () => {
  const orders = await whileItWaits(async (each) => {
    each.scene.world.faults.plant('confirmations.answer', 'after');
    expect(await each.order(yes)).toMatchObject({
      ok: false,
      code: 'no-answer',
      message: expect.stringContaining(
        'the answer may have been taken all the same: holdfast status ip-db shows it',
      ),
    });
  });
  expect(await ended(orders)).toBe('failed-over: instance-not-running');
});

test('what stands in the record of a failover that died is no question any more', async () => {
  const orders = await orderScene();
  const { ledger, clock } = orders.scene.ports;
  const waiting = {
    callbackId: 'c',
    askedAtMs: clock.now(),
    untilMs: clock.now() + 10 * minute,
    otherwise: 'hold',
    question: 'move?',
    answered: null,
  } as const;
  ledger.change(tag, { waiting });
  expect(await orders.ask({ action: 'status', tag })).toMatchObject({ status: { waiting: null } });
  expect(await orders.order(yes)).toMatchObject({ code: 'nothing-waits' });
});

test('an answer is not written into a record whose failover has gone on already', async () => {
  const orders = await whileItWaits(async (each) => {
    const { faults } = each.scene.world;
    const { ledger } = each.scene.ports;
    faults.beforeCall = async (call) => {
      if (call !== 'ledger.read' || each.scene.record.waiting === null) return;
      if (each.scene.people.asked.length === 0 || !answered) return;
      ledger.change(tag, { waiting: null });
    };
    let answered = false;
    const { answer } = each.ports.confirmations;
    Object.assign(each.ports.confirmations, {
      async answer(...given: Parameters<typeof answer>) {
        const result = await answer(...given);
        answered = true;
        return result;
      },
    });
    expect(await each.order(yes)).toMatchObject({ changed: true });
    faults.beforeCall = async () => undefined;
    expect(each.scene.record.waiting).toBeNull();
  });
  expect(await ended(orders)).toBe('failed-over: instance-not-running');
});

test('an instance may not answer for a resource that cannot be on it', async () => {
  const stranger = `arn:aws:sts::123456789012:assumed-role/holdfast-agent/${instanceOf('ServerC')}`;
  const orders = await whileItWaits(async (each) => {
    expect(await each.order(yes, stranger)).toMatchObject({ ok: false, code: 'access-denied' });
    expect(await each.ask({ ...yes })).toMatchObject({ ok: false, code: 'who-unknown' });
  });
  expect(await ended(orders)).toBe('held: nobody-confirmed');
});
