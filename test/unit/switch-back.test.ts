/** `switchback: automatic`: an address goes back by itself, once, and never against a switch or a person. */
import { describe, expect, test } from 'vitest';
import type { ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { defaultFailover } from '../../lib/recovery/fleet.ts';
import { needing, postgres } from '../fakes/every-kind.ts';
import { type FleetPlan, fleetOf, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { OrderScene } from '../fakes/orders.ts';
import { armedScene, eth0A, eth0B, Scene, told } from '../fakes/scene.ts';

const minute = 60_000;
const block = 60 * minute;
const automatic = { ...defaultFailover, switchback: 'automatic' } as const;

/** ServerA died, ServerB has taken over, ServerA is well again; the block is over. */
async function cameToB(plan: FleetPlan = {}, waitMs = block): Promise<Scene> {
  const scene = await armedScene({ ...plan, resource: { failover: automatic, ...plan.resource } });
  scene.world.stop(instanceOf('ServerA'));
  expect(told(await scene.alarmToEnd())).toContain('failed-over');
  start(scene, 'ServerA');
  scene.world.clock.advance(waitMs);
  scene.world.moves.length = 0;
  scene.ports.audit.records.clear();
  return scene;
}

/** A minute of the reconcile, and the workflows that it starts. */
async function minuteOf(scene: Scene): Promise<readonly string[]> {
  const runs = (await scene.tick()).map(told);
  return [...runs.filter((run) => run !== 'escalated'), ...(await scene.failovers()).map(told)];
}

test('once the block is over and a server of higher priority is ready, the address goes back', async () => {
  const scene = await cameToB();
  expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  expect([scene.owner, scene.record.activeServer, scene.world.inService(vip)]).toEqual([
    eth0A,
    'ServerA',
    true,
  ]);
  expect(scene.record).toMatchObject({ state: 'ISP', claim: { holder: null }, intent: null });
  expect(scene.ports.audit.summaries()).toMatchObject([
    {
      outcome: 'failed-over',
      trigger: {
        kind: 'operator',
        order: 'switchover',
        arn: 'holdfast:switchback',
        reason: 'switchback is automatic',
      },
    },
  ]);
  const { recoveryId = '' } = scene.ports.audit.summaries()[0] ?? {};
  const steps = scene.ports.audit.of(tag).filter((each) => each.kind === 'step');
  expect(steps.map(({ step }) => step).slice(0, 3)).toEqual(['ordered', 'observed', 'decided']);
  expect(new Set(steps.map((each) => each.recoveryId))).toEqual(new Set([recoveryId]));
});

test('with everything that depends on it, gracefully', async () => {
  const scene = await cameToB({ resource: { failover: automatic, dependents: [needing('db', postgres)] } });
  const { dependents } = scene.ports;
  expect(dependents.servers('db')).toEqual(['ServerB']);
  dependents.log.length = 0;
  expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  expect(dependents.log).toEqual(['stop db ServerB', 'start db ServerA']);
});

describe('it stays', () => {
  type Case = readonly [when: string, prepare: (scene: Scene) => void];
  const cases: readonly Case[] = [
    [
      'when the resource is paused',
      ({ ports, world }) => ports.ledger.change(tag, { pausedUntilMs: world.clock.now() + minute }),
    ],
    [
      'when the resource is only observed',
      ({ ports }) => ports.ledger.change(tag, { automation: 'observe' }),
    ],
    ['when the resource is switched off', ({ ports }) => ports.ledger.change(tag, { automation: 'off' })],
    [
      'when the fleet is paused',
      (scene) => fleetIs(scene, { pausedUntilMs: scene.world.clock.now() + minute }),
    ],
    ['when the fleet is only observed', (scene) => fleetIs(scene, { automation: 'observe' })],
    ['when the fleet is switched off', (scene) => fleetIs(scene, { automation: 'off' })],
    [
      'when somebody holds the claim',
      ({ ports, world, record }) =>
        ports.ledger.change(tag, {
          claim: { ...record.claim, holder: 'somebody', expiresAtMs: world.clock.now() + minute },
        }),
    ],
    [
      'when it is not protected',
      ({ ports }) => ports.ledger.change(tag, { state: 'ISU', stateReason: 'ordered' }),
    ],
    [
      'when nobody has heard of the other server',
      (scene) => {
        scene.guest('ServerA').heard = false;
      },
    ],
    [
      'when the other server fails its status check',
      ({ world }) => world.setInstance(instanceOf('ServerA'), { instanceStatus: 'impaired' }),
    ],
    [
      'when nobody could be asked for a sign of life',
      ({ world }) => world.faults.plant('instances.reachable'),
    ],
    ['when the alarms could not be asked', ({ world }) => world.faults.plant('alarms.look')],
    ["when the fleet's switches could not be read", ({ world }) => world.faults.plant('ledger.fleet')],
    ['when the claim could not be taken', ({ world }) => world.faults.plant('ledger.claim')],
  ];
  test.each(cases)('%s', async (_, prepare) => {
    const scene = await cameToB();
    prepare(scene);
    expect(await minuteOf(scene)).toEqual([]);
    expect([scene.owner, scene.world.moves]).toEqual([eth0B, []]);
    expect(scene.ports.audit.records.size).toBe(0);
  });

  test('before the block is over, and not after it has been acknowledged', async () => {
    const scene = await cameToB({}, block - minute);
    expect(await minuteOf(scene)).toEqual([]);
    await new OrderScene(scene).order({ action: 'acknowledge', tag, comment: 'looked at it' });
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  });

  test('with `intelligent`, which is the default', async () => {
    const scene = await cameToB({ resource: { failover: defaultFailover } });
    expect(await minuteOf(scene)).toEqual([]);
    expect(scene.owner).toBe(eth0B);
  });

  test('where a person has put it', async () => {
    const scene = await armedScene({ resource: { failover: automatic } });
    const orders = new OrderScene(scene);
    await orders.orderToEnd({ action: 'switchover', tag, server: 'ServerB' });
    scene.world.clock.advance(2 * block);
    expect(await minuteOf(scene)).toEqual([]);
    expect(scene.owner).toBe(eth0B);
  });

  test('where it was found when it was declared', async () => {
    const scene = new Scene(fleetOf({ resource: { failover: automatic } }));
    scene.world.serve(vip, eth0B);
    await scene.tick();
    expect(scene.record.activeServer).toBe('ServerB');
    scene.world.clock.advance(2 * block);
    expect(await minuteOf(scene)).toEqual([]);
  });

  test('when it is the one that another resource takes along', async () => {
    const child: ResourceDefinition = {
      ...(fleetOf().resources[0] as ResourceDefinition),
      tag: 'ip-admin',
      address: '10.0.1.51',
      failover: automatic,
    };
    const fleet = fleetOf({
      resource: { dependents: [needing('admin', { kind: 'resource', tag: 'ip-admin' })] },
    });
    const scene = new Scene({ ...fleet, resources: [...fleet.resources, child] });
    scene.world.serve('10.0.1.51', eth0A);
    await scene.tick();
    scene.world.stop(instanceOf('ServerA'));
    await scene.alarmToEnd();
    expect(scene.world.ownersOf('10.0.1.51')).toEqual([eth0B]);
    start(scene, 'ServerA');
    scene.world.clock.advance(2 * block);
    expect(await minuteOf(scene)).toEqual([]);
  });
});

describe('a switch that is thrown meanwhile', () => {
  const thrown: readonly (readonly [string, (scene: Scene) => void])[] = [
    [
      'a pause of the resource',
      ({ ports, world }) => ports.ledger.change(tag, { pausedUntilMs: world.clock.now() + minute }),
    ],
    ['automation off', ({ ports }) => ports.ledger.change(tag, { automation: 'off' })],
    ['automation observe', ({ ports }) => ports.ledger.change(tag, { automation: 'observe' })],
    ['a pause of the fleet', (scene) => fleetIs(scene, { pausedUntilMs: scene.world.clock.now() + minute })],
  ];
  test.each(thrown)('is honoured just before the claim: %s', async (_, change) => {
    const scene = await cameToB();
    scene.world.faults.beforeCall = async (call) => {
      if (call !== 'ledger.claim') return;
      scene.world.faults.beforeCall = async () => undefined;
      change(scene);
    };
    expect(await minuteOf(scene)).toEqual([]);
    expect(scene.world.moves).toEqual([]);
    expect(scene.record.claim.holder).toBeNull();
  });

  test('is refused once the claim is taken, as during any recovery', async () => {
    const scene = await cameToB();
    const orders = new OrderScene(scene);
    let answer: unknown;
    scene.world.faults.beforeCall = async (call) => {
      if (call !== 'addresses.move') return;
      scene.world.faults.beforeCall = async () => undefined;
      answer = await orders.order({ action: 'pause', tag, forMs: minute });
    };
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
    expect(answer).toMatchObject({ ok: false, code: 'claim-held' });
  });
});

describe('once in a block window', () => {
  test('it is tried, whatever came of it', async () => {
    const scene = await cameToB();
    scene.guest('ServerA').answers = false;
    expect(await minuteOf(scene)).toEqual(['failed: not-verified']);
    expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0B, true]);
    for (let minutes = 1; minutes < 60; minutes += 1) {
      scene.world.clock.advance(minute);
      expect(await minuteOf(scene)).toEqual([]);
    }
    scene.guest('ServerA').answers = true;
    scene.world.clock.advance(minute);
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  });

  test('it is tried, also when the workflow could not be started', async () => {
    const scene = await cameToB({ resource: { failover: automatic, dependents: [needing('db', postgres)] } });
    scene.world.faults.plant('failovers.start');
    expect(await minuteOf(scene)).toEqual(['failed: ordered']);
    expect(scene.record.claim.holder).toBeNull();
    scene.world.clock.advance(minute);
    expect(await minuteOf(scene)).toEqual([]);
    scene.world.clock.advance(block);
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  });

  test('a server that fails again and again gets it back no more often than that', async () => {
    const scene = await cameToB();
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
    scene.world.clock.advance(minute);
    scene.world.stop(instanceOf('ServerA'));
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    start(scene, 'ServerA');
    scene.world.clock.advance(block - minute);
    expect(await minuteOf(scene)).toEqual([]);
    scene.world.clock.advance(minute);
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
  });
});

test('of three servers it goes to the best that is ready, and on from there', async () => {
  const scene = await cameToB({ servers: ['ServerA', 'ServerB', 'ServerC'] });
  await new OrderScene(scene).order({ action: 'pause', tag, forMs: minute });
  scene.world.stop(instanceOf('ServerA'));
  scene.world.stop(instanceOf('ServerB'));
  scene.world.clock.advance(2 * minute);
  await scene.tick();
  await scene.failovers();
  expect(scene.record.activeServer).toBe('ServerC');
  for (const server of ['ServerB', 'ServerA']) {
    start(scene, server);
    scene.world.clock.advance(block);
    expect(await minuteOf(scene)).toEqual(['failed-over: ordered']);
    expect(scene.record.activeServer).toBe(server);
  }
});

test('a recovery that is due in the same minute is not kept waiting by a way back that fails', async () => {
  const other: ResourceDefinition = {
    ...(fleetOf().resources[0] as ResourceDefinition),
    tag: 'ip-web',
    address: '10.0.1.52',
  };
  const fleet = fleetOf({ resource: { failover: automatic } });
  const scene = new Scene({ ...fleet, resources: [...fleet.resources, other] });
  scene.world.serve('10.0.1.52', eth0A);
  await scene.tick();
  scene.ports.ledger.change(tag, { recent: [{ atMs: 0, epoch: 0, outcome: 'failed-over' }] });
  scene.world.serve(vip, eth0B);
  scene.ports.ledger.change(tag, { activeServer: 'ServerB' });
  scene.world.owners.delete('10.0.1.52');
  scene.world.clock.advance(minute);
  scene.world.faults.beforeCall = async (call) => {
    if (call === 'instances.reachable') throw new Error('planted by the test');
  };
  await expect(scene.tick()).rejects.toThrow('planted by the test');
  expect(scene.world.ownersOf('10.0.1.52')).toEqual([eth0A]);
});

function start(scene: Scene, server: string): void {
  scene.world.setInstance(instanceOf(server), { state: 'running' });
  scene.guest(server).answers = true;
  scene.guest(server).heard = true;
}

function fleetIs({ ports }: Scene, change: Partial<Scene['ports']['ledger']['fleetView']>): void {
  ports.ledger.fleetView = { ...ports.ledger.fleetView, ...change };
}
