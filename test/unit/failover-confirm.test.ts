/** A failover that asks a person first: what it does with an answer, without one, and with a world that has changed. */
import { describe, expect, test } from 'vitest';
import type { Confirmation } from '../../lib/recovery/confirmation.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { dependOn, ordersOf, servingScene, unit } from '../fakes/hierarchies.ts';
import { orderScene } from '../fakes/orders.ts';
import { armedScene, eth0A, eth0B, eth0C, type Scene, told } from '../fakes/scene.ts';

const minute = 60_000;
const hour = 60 * minute;

const yes: Confirmation = {
  answer: 'yes',
  arn: 'arn:aws:iam::123456789012:user/alice',
  via: 'command',
  reason: null,
  atMs: 0,
};
const no: Confirmation = { ...yes, answer: 'no' };

function asking(otherwise: 'proceed' | 'hold' = 'hold') {
  return { confirm: { withinMs: 10 * minute, otherwise } };
}

async function deadServer(otherwise: 'proceed' | 'hold' = 'hold'): Promise<Scene> {
  const scene = await armedScene(dependOn([], asking(otherwise)));
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

describe('asked', () => {
  test('in words, by a page that says how to answer and until when', async () => {
    const scene = await deadServer();
    await scene.alarmToEnd();
    const question = 'move ip-db (10.0.1.50) from ServerA/eth0 to ServerB/eth0? the instance is not running';
    expect(scene.ports.pages.sent[0]).toMatchObject({
      subject: 'ip-db: a failover waits for your answer',
      text: expect.stringContaining(
        `${question}. Answer with: holdfast confirm ip-db --yes (or --no). After 20`,
      ),
    });
  });

  test('the record shows the question as long as it stands, and nobody else can take the claim', async () => {
    const scene = await deadServer();
    scene.people.plan(5 * minute, yes);
    const seen: unknown[] = [];
    const { wait } = scene.people;
    Object.assign(scene.people, {
      async wait(...about: Parameters<typeof wait>) {
        const { waiting } = scene.record;
        seen.push(waiting?.otherwise, (waiting?.untilMs ?? 0) - (waiting?.askedAtMs ?? 0));
        scene.world.clock.advance(4 * minute);
        seen.push(told(await scene.alarm()));
        return wait(...about);
      },
    });
    await scene.alarmToEnd();
    expect(seen).toEqual(['hold', 10 * minute, 'held: claim-held']);
    expect(scene.record.waiting).toBeNull();
  });

  test('nobody is, for an order: who gives it is a person', async () => {
    const orders = await orderScene(dependOn([unit('db')], asking()));
    orders.scene.ports.dependents.set('db', 'ServerA', 'in-service');
    expect(told(await orders.orderToEnd({ action: 'switchover', tag, server: 'ServerB' }))).toBe(
      'failed-over: ordered',
    );
    expect(orders.scene.people.asked).toEqual([]);
  });

  test('nobody is, when the failover was interrupted after something had left its server', async () => {
    const scene = await servingScene(dependOn([unit('db')], asking()));
    scene.world.stop(instanceOf('ServerA'));
    const atMs = scene.world.clock.now();
    const dependents = { db: { state: 'ILLSTATE', server: 'ServerA', why: 'leaving', atMs } } as const;
    scene.ports.ledger.change(tag, { dependents });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(scene.people.asked).toEqual([]);
  });
});

describe('answered', () => {
  test('yes: it goes on', async () => {
    const scene = await deadServer();
    scene.people.plan(2 * minute, yes);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0B, true]);
  });

  test('no: nothing is moved, and nobody is asked again before the block is over', async () => {
    const scene = await deadServer();
    scene.people.plan(2 * minute, no);
    expect(told(await scene.alarmToEnd())).toBe('held: not-confirmed');
    expect([scene.owner, scene.record.state, scene.record.waiting]).toEqual([eth0A, 'OSF', null]);
    expect(scene.record).toMatchObject({ intent: null, claim: { holder: null } });
    scene.world.clock.advance(hour / 2);
    expect((await scene.tick()).map(told)).toEqual(['held: failover-blocked']);
    expect(scene.people.asked).toHaveLength(1);
    scene.world.clock.advance(hour / 2);
    scene.people.plan(0, yes);
    expect((await scene.tick()).map(told)).toEqual(['escalated']);
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
  });

  test('too late: that nobody has answered counts', async () => {
    const scene = await deadServer();
    scene.people.plan(11 * minute, yes);
    expect(told(await scene.alarmToEnd())).toBe('held: nobody-confirmed');
    const [callbackId = ''] = scene.people.asked;
    expect(await scene.people.answer(callbackId, yes)).toBe('too-late');
    expect(scene.owner).toBe(eth0A);
  });

  test.each([
    ['hold', 'held: nobody-confirmed', eth0A],
    ['proceed', 'failed-over: instance-not-running', eth0B],
  ] as const)('never: otherwise %s', async (otherwise, end, owner) => {
    const scene = await deadServer(otherwise);
    const startedAtMs = scene.world.clock.now();
    expect(told(await scene.alarmToEnd())).toBe(end);
    expect(scene.world.clock.now() - startedAtMs).toBeGreaterThanOrEqual(10 * minute);
    expect([scene.owner, scene.record.waiting]).toEqual([owner, null]);
  });

  test('the audit trail says who', async () => {
    const scene = await deadServer();
    scene.people.plan(0, yes);
    await scene.alarmToEnd();
    const steps = scene.ports.audit.of(tag).filter((each) => each.kind === 'step');
    expect(steps.find(({ step }) => step === 'answered')).toMatchObject({ evidence: yes });
    expect(steps.findIndex(({ step }) => step === 'asked')).toBeLessThan(
      steps.findIndex(({ step }) => step === 'answered'),
    );
  });
});

describe('what was seen before the answer is not believed after it', () => {
  test('an address that is well again stays where it is, whatever the answer', async () => {
    const scene = await armedScene(dependOn([], asking()));
    scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
    scene.guest('ServerA').answers = false;
    scene.people.plan(2 * minute, yes);
    void scene.world.clock.sleep(minute).then(() => {
      scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'ok' });
      scene.guest('ServerA').answers = true;
    });
    expect(told(await scene.alarmToEnd())).toBe('held: already-healthy');
    expect([scene.owner, scene.record.state, scene.world.moves]).toEqual([eth0A, 'ISP', []]);
    expect(scene.record).toMatchObject({ intent: null, waiting: null, failoverBlockedUntilMs: 0 });
  });

  test('another server takes the address when the one that was asked about has died', async () => {
    const plan = dependOn([], asking(), { servers: ['ServerA', 'ServerB', 'ServerC'] });
    const scene = await armedScene(plan);
    scene.world.stop(instanceOf('ServerA'));
    scene.people.plan(2 * minute, yes);
    void scene.world.clock.sleep(minute).then(() => scene.world.stop(instanceOf('ServerB')));
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(scene.owner).toBe(eth0C);
  });

  test('a pause that began while it waited is honoured', async () => {
    const scene = await deadServer();
    scene.people.plan(2 * minute, yes);
    void scene.world.clock.sleep(minute).then(() => {
      scene.ports.ledger.fleetView = {
        ...scene.ports.ledger.fleetView,
        pausedUntilMs: Number.MAX_SAFE_INTEGER,
      };
    });
    expect(told(await scene.alarmToEnd())).toBe('held: automation-paused');
    expect(scene.owner).toBe(eth0A);
  });

  test('a silent host is asked again, since its silence is long ago', async () => {
    const scene = await servingScene(dependOn([unit('db')], asking()));
    scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
    scene.guest('ServerA').answers = false;
    scene.people.plan(2 * minute, yes);
    void scene.world.clock.sleep(minute).then(() => {
      scene.guest('ServerA').answers = true;
      scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
    });
    const summary = await scene.alarmToEnd();
    expect(told(summary)).toBe('held: owner-changed');
    expect(ordersOf(scene)).toEqual([]);
  });
});

test('a question that is left over from a failover that died is taken out of the record by whoever comes next', async () => {
  const scene = await armedScene();
  const nowMs = scene.world.clock.now();
  const waiting = {
    callbackId: 'c',
    askedAtMs: nowMs,
    untilMs: nowMs,
    otherwise: 'hold',
    question: '?',
    answered: null,
  } as const;
  scene.ports.ledger.change(tag, { waiting });
  expect(told(await scene.alarm())).toBe('held: already-healthy');
  expect(scene.record.waiting).toBeNull();
});
