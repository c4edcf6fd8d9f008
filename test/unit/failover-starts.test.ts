/** A dependent that does not come into service: tried again, then left with a page, or taken on to the next server. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import { type FleetPlan, instanceOf, tag, vip } from '../fakes/fleets.ts';
import {
  database,
  dependOn,
  ordersOf,
  recorded,
  servingScene,
  unit,
  volume,
  whereabouts,
} from '../fakes/hierarchies.ts';
import { eth0B, eth0C, type Scene, told } from '../fakes/scene.ts';

const three: FleetPlan = { servers: ['ServerA', 'ServerB', 'ServerC'] };
const never = { verb: 'start', luck: 'fails', times: 1_000 } as const;
const minute = 60_000;

async function deadServer(dependents: readonly DependentDefinition[], plan: FleetPlan = {}): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents, {}, plan));
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

/** The first of them asks for the next server. */
const demanding = database.map((each) => ({ ...each, onFailure: 'next-server' as const }));

describe('stay', () => {
  test('a start that fails is tried again on the same server', async () => {
    const scene = await deadServer(database);
    scene.ports.dependents.plan('db', { verb: 'start', luck: 'fails' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(ordersOf(scene).filter((order) => order === 'start db ServerB')).toHaveLength(2);
    expect(scene.ports.pages.sent).toEqual([]);
  });

  test('when every try has failed the address stays where it works, and a person is called', async () => {
    const scene = await deadServer(database, three);
    scene.ports.dependents.plan('db', never);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, scene.world.inService(vip), scene.record.state]).toEqual([eth0B, true, 'ISP']);
    expect(scene.ports.pages.sent).toMatchObject([{ tag, subject: 'ip-db: db did not come into service' }]);
    expect(scene.ports.pages.sent[0]?.text).toContain('ServerB/eth0');
  });

  test('what needs it is not tried, and what it needs stays in service', async () => {
    const scene = await deadServer(database);
    scene.ports.dependents.plan('db', never);
    await scene.alarmToEnd();
    expect(ordersOf(scene)).not.toContain('start clients ServerB');
    expect(recorded(scene)).toEqual([
      'clients OSU ServerB',
      'data ISP ServerB',
      'db OSF ServerB',
      'mount ISP ServerB',
    ]);
  });

  test('one that hangs is given its time, as often as it may be tried, and no longer', async () => {
    const scene = await deadServer([unit('db', { startMs: 30_000, tries: 3 })]);
    scene.ports.dependents.plan('db', { verb: 'start', luck: 'hangs', times: 10 });
    const startedAtMs = scene.world.clock.now();
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    const tookMs = scene.world.clock.now() - startedAtMs;
    expect([tookMs >= 90_000, tookMs < 100_000]).toEqual([true, true]);
    expect(scene.record.dependents['db']?.why).toContain('3 tries');
  });

  test('one that comes up just before its time is over is in service', async () => {
    const scene = await deadServer([unit('db', { startMs: 30_000, tries: 1 })]);
    scene.ports.dependents.plan('db', { verb: 'start', luck: 'hangs' });
    const { clock } = scene.world;
    const { start } = scene.ports.dependents;
    Object.assign(scene.ports.dependents, {
      async start(...order: Parameters<typeof start>) {
        await start(...order);
        void clock.sleep(29_900).then(() => scene.ports.dependents.set('db', 'ServerB', 'in-service'));
      },
    });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  });

  test('what cannot help to try again is not tried again', async () => {
    const scene = await deadServer([unit('db', { tries: 5 })]);
    const { start } = scene.ports.dependents;
    const { dependents } = scene.ports;
    // Somebody younger has acted on that host.
    await start(definitionOf(scene, 'db'), at(scene, 'ServerB'), scene.world.clock.now() + 60 * minute);
    dependents.set('db', 'ServerB', 'out-of-service');
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect(scene.record.dependents['db']?.why).toBe('db ServerB: a younger order has run there');
    expect(dependents.refused).toHaveLength(1);
  });
});

describe('next-server', () => {
  test('what was started is stopped there, and everything comes into service on the next server', async () => {
    const scene = await deadServer(demanding, three);
    scene.ports.dependents.plan('db', { ...never, server: 'ServerB' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(ordersOf(scene).slice(2)).toEqual([
      'start data ServerB',
      'start mount ServerB',
      'start db ServerB',
      'start db ServerB',
      'stop mount ServerB',
      'stop data ServerB',
      'start data ServerC',
      'start mount ServerC',
      'start db ServerC',
      'start clients ServerC',
    ]);
    expect([scene.owner, scene.record.activeServer]).toEqual([eth0C, 'ServerC']);
    expect(recorded(scene)).toEqual([
      'clients ISP ServerC',
      'data ISP ServerC',
      'db ISP ServerC',
      'mount ISP ServerC',
    ]);
    expect(scene.ports.pages.sent).toEqual([]);
  });

  test('the server that is left takes the address off its interface', async () => {
    const scene = await deadServer(demanding, three);
    scene.ports.dependents.plan('db', { ...never, server: 'ServerB' });
    await scene.alarmToEnd();
    expect([...(scene.guest('ServerB').addresses.get(vip) ?? [])]).toEqual([]);
  });

  test('without a further server everything stays, and nothing that works is stopped for it', async () => {
    const scene = await deadServer(demanding);
    scene.ports.dependents.plan('db', never);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect(ordersOf(scene).filter((order) => order.startsWith('stop') && order.endsWith('ServerB'))).toEqual(
      [],
    );
    expect([scene.owner, scene.record.state, scene.ports.pages.sent.length]).toEqual([eth0B, 'ISP', 1]);
  });

  test('when no server brings it into service, the last one keeps the address', async () => {
    const scene = await deadServer(demanding, three);
    scene.ports.dependents.plan('db', never);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, scene.record.activeServer]).toEqual([eth0C, 'ServerC']);
    expect(whereabouts(scene)).toEqual({ clients: [], db: [], mount: ['ServerC'], data: ['ServerC'] });
  });

  test('what cannot be stopped again keeps everything there, and starts again what was stopped', async () => {
    const scene = await deadServer(demanding, three);
    scene.ports.dependents.plan('db', { ...never, server: 'ServerB' });
    scene.ports.dependents.plan('data', { verb: 'stop', luck: 'no-effect', server: 'ServerB', times: 1_000 });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, scene.record.activeServer]).toEqual([eth0B, 'ServerB']);
    expect(whereabouts(scene)).toEqual({ clients: [], db: [], mount: ['ServerB'], data: ['ServerB'] });
  });

  test('a server that nothing else is ready for is found out before anything is stopped for it', async () => {
    const scene = await deadServer(demanding, three);
    scene.ports.dependents.plan('db', { ...never, server: 'ServerB' });
    scene.guest('ServerC').heard = false;
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect(scene.owner).toBe(eth0B);
  });
});

describe('the target', () => {
  test('is passed over before anything is stopped when its interfaces have no room', async () => {
    const scene = await deadServer([unit('db')], three);
    for (const name of ['eth0', 'eth1']) scene.world.full.add(`eni-b${name.at(-1)}`);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, ordersOf(scene)]).toEqual([eth0C, ['start db ServerC']]);
  });

  test('takes the address on its backup interface when only that has room', async () => {
    const scene = await deadServer([unit('db')], three);
    scene.world.full.add(eth0B);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, scene.record.activeServer]).toEqual(['eni-b1', 'ServerB']);
  });

  test('that dies before the address moves is passed over', async () => {
    const scene = await servingScene(dependOn([unit('db')], {}, three));
    scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
    scene.world.faults.afterEffect = (call) => {
      if (call === 'dependents.stop') scene.world.stop(instanceOf('ServerB'));
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect([scene.owner, ordersOf(scene)]).toEqual([eth0C, ['stop db ServerA', 'start db ServerC']]);
  });

  test('that dies after the address has moved is left for the next', async () => {
    const scene = await deadServer(database, three);
    scene.world.faults.beforeCall = async (call) => {
      if (call === 'dependents.start' && scene.owner === eth0B) scene.world.stop(instanceOf('ServerB'));
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, scene.record.activeServer]).toEqual([eth0C, 'ServerC']);
    expect(whereabouts(scene)).toEqual({
      clients: ['ServerC'],
      db: ['ServerC'],
      mount: ['ServerC'],
      data: ['ServerC'],
    });
  });

  test('that dies after the address has moved, and was the last: out of service, until a server is well again', async () => {
    const scene = await deadServer([unit('db')]);
    scene.world.faults.beforeCall = async (call) => {
      if (call === 'dependents.start') scene.world.stop(instanceOf('ServerB'));
    };
    expect(told(await scene.alarmToEnd())).toBe('failed: no-failover-target');
    expect(scene.record).toMatchObject({ state: 'OSF', claim: { holder: null } });
    scene.world.faults.beforeCall = async () => undefined;
    scene.world.clock.advance(minute);
    scene.world.setInstance(instanceOf('ServerA'), {
      state: 'running',
      systemStatus: 'ok',
      instanceStatus: 'ok',
    });
    scene.guest('ServerA').answers = true;
    await scene.tick();
    expect((await scene.failovers()).map(told)).toEqual(['restored-in-place: failover-unfinished']);
    expect([scene.record.state, scene.world.inService(vip), whereabouts(scene)]).toEqual([
      'ISP',
      true,
      { db: ['ServerA'] },
    ]);
  });

  test('whose host gives no answer after the address has moved is left for the next, with nothing started on it', async () => {
    const scene = await deadServer([unit('db')], three);
    scene.world.faults.afterEffect = (call) => {
      if (call === 'addresses.move') scene.guest('ServerB').answers = false;
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, ordersOf(scene)]).toEqual([eth0C, ['start db ServerC']]);
  });

  test('whose host gives no answer once the address is verified keeps it; the dependent is out of service', async () => {
    const scene = await deadServer([volume('data'), unit('db', { needs: ['data'] })], three);
    scene.world.faults.afterEffect = (call) => {
      if (call === 'dependents.start') scene.guest('ServerB').answers = false;
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, recorded(scene)]).toEqual([eth0B, ['data ISP ServerB', 'db OSF ServerB']]);
  });
});

function definitionOf(scene: Scene, name: string): DependentDefinition {
  const found = scene.fleet.resources[0]?.dependents?.find((each) => each.name === name);
  if (found === undefined) throw new Error(`nothing is called ${name}`);
  return found;
}

function at(scene: Scene, server: string) {
  return { tag, server, instanceId: scene.instanceId(server), eniId: eth0B, address: vip };
}
