/** What hangs on an interface follows the address to another one of the same server; the rest stays as it is. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import { tag } from '../fakes/fleets.ts';
import { dependOn, ordersOf, recorded, servingScene, unit } from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import { eth0A, eth1A, type Scene, told } from '../fakes/scene.ts';

function hanging(name: string, work: DependentWork): DependentDefinition {
  return { name, needs: [], startMs: 10_000, stopMs: 10_000, tries: 1, onFailure: 'stay', work };
}

const onward = hanging('onward', { kind: 'route', destination: '192.168.77.0/24', routeTables: ['rtb-1'] });
const group = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/db/1';
const clients = (as: 'instance' | 'address') =>
  hanging('clients', { kind: 'target', targetGroupArn: group, as, port: null });

/** All of it in service behind ServerA's eth0, whose carrier is gone. */
async function eth0Dies(...dependents: readonly DependentDefinition[]): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents));
  for (const { name } of dependents) scene.ports.dependents.set(name, 'ServerA', 'in-service', eth0A);
  scene.guest('ServerA').links.set('eth0', 'broken');
  return scene;
}

describe('a local move', () => {
  test('takes a route along to the backup interface, and touches no unit', async () => {
    const scene = await eth0Dies(onward, unit('db'));
    const summary = await scene.alarmToEnd();
    expect([summary.outcome, summary.to?.interface]).toEqual(['moved-to-backup', 'eth1']);
    expect(scene.owner).toBe(eth1A);
    expect(scene.ports.dependents.leads('onward')).toBe(eth1A);
    expect(ordersOf(scene)).toEqual(['start onward ServerA']);
    expect(recorded(scene)).toEqual(['onward ISP ServerA']);
    expect(scene.ports.pages.sent).toEqual([]);
  });

  test.each(['instance', 'address'] as const)(
    'does not even look at a target that is registered by its %s, which is the same on the other interface',
    async (as) => {
      const scene = await eth0Dies(clients(as));
      const looks: string[] = [];
      scene.world.faults.beforeCall = async (call) => void looks.push(call);
      await scene.alarmToEnd();
      expect(looks).not.toContain('dependents.look');
      expect(recorded(scene)).toEqual([]);
    },
  );

  test('is not undone by a route that cannot be changed: a person is called, and the record says so', async () => {
    const scene = await eth0Dies(onward);
    scene.ports.dependents.plan('onward', { verb: 'start', luck: 'refused', times: 1_000 });
    const summary = await scene.alarmToEnd();
    expect(told(summary)).toBe('moved-to-backup: dependent-not-started');
    expect(scene.owner).toBe(eth1A);
    expect(scene.record).toMatchObject({ state: 'ISP', claim: { holder: null } });
    expect(recorded(scene)).toEqual(['onward OSF ServerA']);
    expect(scene.ports.pages.sent.map(({ subject }) => subject)).toEqual([
      `${tag}: onward did not come into service`,
    ]);
  });

  test('asks again for what was refused for now', async () => {
    const scene = await eth0Dies(onward);
    scene.ports.dependents.plan('onward', { verb: 'start', luck: 'refused', times: 2 });
    await scene.alarmToEnd();
    expect(recorded(scene)).toEqual(['onward ISP ServerA']);
    expect(scene.ports.dependents.leads('onward')).toBe(eth1A);
  });

  test('leads nothing anywhere once somebody else has taken over', async () => {
    const scene = await eth0Dies(onward);
    const { ledger } = scene.ports;
    let looked = false;
    scene.world.faults.beforeCall = async (call) => {
      if (call !== 'dependents.look' || looked) return;
      looked = true;
      const { claim } = scene.record;
      const nowMs = scene.world.clock.now();
      const wish = { holder: 'another', nowMs, untilMs: nowMs + 60_000, fromEpoch: claim.epoch };
      await ledger.claim(tag, wish);
    };
    expect(told(await scene.alarmToEnd())).toBe('held: claim-lost');
    expect(looked).toBe(true);
    expect(ordersOf(scene)).toEqual([]);
  });

  test('is not called followed when nobody could look at the route', async () => {
    const scene = await eth0Dies(onward);
    scene.world.faults.plant('dependents.look', 'before', 1_000);
    expect(told(await scene.alarmToEnd())).toBe('moved-to-backup: dependent-not-started');
    expect(recorded(scene)).toEqual(['onward OSF ServerA']);
  });
});

test('an order to move to the backup interface takes a route along too, and its plan says so', async () => {
  const scene = await servingScene(dependOn([onward, unit('db')]));
  scene.ports.dependents.set('onward', 'ServerA', 'in-service', eth0A);
  const orders = new OrderScene(scene);
  const toBackup = { action: 'move-to-backup', tag } as const;
  const answer = await orders.order({ ...toBackup, dryRun: true });
  const steps = answer.ok && answer.kind === 'plan' ? answer.plan.steps : [];
  expect(steps.filter((each) => /onward|database/.test(each))).toEqual([
    'onward (route 192.168.77.0/24 in rtb-1) is led to ServerA/eth1, unless it is already',
  ]);
  expect((await orders.orderToEnd(toBackup)).outcome).toBe('moved-to-backup');
  expect(scene.ports.dependents.leads('onward')).toBe(eth1A);
  expect(ordersOf(scene)).toEqual(['start onward ServerA']);
});

test('an order that led a route along, died, and then has to go back, leads it back too', async () => {
  const scene = await servingScene(dependOn([onward]));
  scene.ports.dependents.set('onward', 'ServerA', 'in-service', eth0A);
  const orders = new OrderScene(scene);
  await orders.order({ action: 'move-to-backup', tag });
  const [order] = orders.carried;
  scene.world.faults.afterEffect = (call) => {
    if (call === 'dependents.start') throw new Error('the function dies');
  };
  await expect(orders.carryOut()).rejects.toThrow('the function dies');
  scene.world.faults.afterEffect = () => undefined;
  expect(scene.ports.dependents.leads('onward')).toBe(eth1A);

  scene.guest('ServerA').links.set('eth1', 'broken');
  scene.world.clock.advance(60_000);
  const [run] = await scene.respond(order);
  expect(run?.kind === 'ended' && told(run.summary)).toBe('failed: not-verified');
  expect(scene.owner).toBe(eth0A);
  expect(scene.ports.dependents.leads('onward')).toBe(eth0A);
  expect(recorded(scene)).toEqual(['onward ISP ServerA']);
});
