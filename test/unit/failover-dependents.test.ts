/** Dependents leave one server and come into service on the next: in which order, and what counts as stopped. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import {
  command,
  database,
  dependOn,
  ordersOf,
  recorded,
  servingScene,
  unit,
  volume,
  whereabouts,
} from '../fakes/hierarchies.ts';
import { eth0B, type Scene, told } from '../fakes/scene.ts';

/** ServerA's interfaces are broken, the server itself lives: everything can be stopped there. */
function breakLinks(scene: Scene): void {
  scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
}

async function brokenLinks(dependents: readonly DependentDefinition[]): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents));
  breakLinks(scene);
  return scene;
}

async function deadServer(dependents: readonly DependentDefinition[]): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents));
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

describe('in order', () => {
  test('parents leave service first, then the address moves, then children come into service first', async () => {
    const scene = await brokenLinks(database);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect(ordersOf(scene)).toEqual([
      'stop clients ServerA',
      'stop db ServerA',
      'stop mount ServerA',
      'stop data ServerA',
      'start data ServerB',
      'start mount ServerB',
      'start db ServerB',
      'start clients ServerB',
    ]);
    const steps = scene.ports.audit.of(tag).map((each) => (each.kind === 'step' ? each.step : each.kind));
    expect(steps.lastIndexOf('dependent-stopped')).toBeLessThan(steps.lastIndexOf('verified'));
    expect(steps.lastIndexOf('verified')).toBeLessThan(steps.indexOf('dependent-started'));
    expect(steps.at(-1)).toBe('summary');
  });

  test('the record says where each of them is, and the address is in service', async () => {
    const scene = await brokenLinks(database);
    await scene.alarmToEnd();
    expect(recorded(scene)).toEqual([
      'clients ISP ServerB',
      'data ISP ServerB',
      'db ISP ServerB',
      'mount ISP ServerB',
    ]);
    expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0B, true]);
    expect(scene.record).toMatchObject({ state: 'ISP', intent: null, claim: { holder: null } });
    expect(scene.ports.dependents.doubles).toEqual([]);
  });

  test('what stands in one rank is worked on at the same time', async () => {
    const slow = ['a', 'b', 'c'].map((name) => unit(name));
    const scene = await brokenLinks([...slow, unit('top', { needs: ['a', 'b', 'c'] })]);
    let running = 0;
    let most = 0;
    const { start } = scene.ports.dependents;
    Object.assign(scene.ports.dependents, {
      async start(...order: Parameters<typeof start>) {
        running += 1;
        most = Math.max(most, running);
        await scene.world.clock.sleep(3_000);
        await start(...order);
        running -= 1;
      },
    });
    await scene.alarmToEnd();
    expect(most).toBe(3);
    expect(ordersOf(scene).at(-1)).toBe('start top ServerB');
  });

  test('no more than eight are worked on at once', async () => {
    const many = Array.from({ length: 12 }, (_, index) => unit(`u${index}`));
    const scene = await deadServer(many);
    let running = 0;
    let most = 0;
    const { start } = scene.ports.dependents;
    Object.assign(scene.ports.dependents, {
      async start(...order: Parameters<typeof start>) {
        running += 1;
        most = Math.max(most, running);
        await scene.world.clock.sleep(3_000);
        await start(...order);
        running -= 1;
      },
    });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(most).toBe(8);
    expect(Object.values(whereabouts(scene)).flat()).toHaveLength(12);
  });

  test('a child that two parents share is stopped once, after both, and started once, before both', async () => {
    const scene = await brokenLinks([
      unit('web', { needs: ['app', 'batch'] }),
      unit('app', { needs: ['files'] }),
      unit('batch', { needs: ['files'] }),
      volume('files'),
    ]);
    await scene.alarmToEnd();
    const orders = ordersOf(scene);
    expect(orders).toHaveLength(8);
    expect([orders[0], orders[3], orders[4], orders[7]]).toEqual([
      'stop web ServerA',
      'stop files ServerA',
      'start files ServerB',
      'start web ServerB',
    ]);
  });

  test('a claim outlives the slowest of a rank, although the quickest renewed it last', async () => {
    const scene = await brokenLinks([unit('slow', { stopMs: 200_000 }), unit('quick', { stopMs: 1_000 })]);
    const { stop } = scene.ports.dependents;
    const leases: number[] = [];
    Object.assign(scene.ports.dependents, {
      async stop(...order: Parameters<typeof stop>) {
        await scene.world.clock.sleep(order[0].name === 'slow' ? 150_000 : 10);
        leases.push(scene.record.claim.expiresAtMs - scene.world.clock.now());
        return stop(...order);
      },
    });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect(Math.min(...leases)).toBeGreaterThan(0);
  });
});

describe('stopped is what a look says:', () => {
  test('what is out of service already is not stopped', async () => {
    const scene = await brokenLinks(database);
    scene.ports.dependents.set('clients', 'ServerA', 'out-of-service');
    await scene.alarmToEnd();
    expect(ordersOf(scene)).not.toContain('stop clients ServerA');
  });

  test('what EC2 says is stopped is not asked', async () => {
    const scene = await deadServer([unit('db')]);
    const asked: string[] = [];
    const { look } = scene.ports.dependents;
    Object.assign(scene.ports.dependents, {
      look(...about: Parameters<typeof look>) {
        asked.push(about[1].server);
        return look(...about);
      },
    });
    const startedAtMs = scene.world.clock.now();
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(asked).not.toContain('ServerA');
    expect(ordersOf(scene)).toEqual(['start db ServerB']);
    expect(scene.world.clock.now() - startedAtMs).toBeLessThan(2_000);
  });

  test('a volume of a server that is stopped is taken off it', async () => {
    const scene = await deadServer(database);
    await scene.alarmToEnd();
    expect(ordersOf(scene).slice(0, 3)).toEqual([
      'stop clients ServerA',
      'stop data ServerA',
      'start data ServerB',
    ]);
  });

  test('an instance that is stopping is waited for', async () => {
    const scene = await servingScene(dependOn([unit('db')]));
    scene.world.stop(instanceOf('ServerA'));
    scene.world.setInstance(instanceOf('ServerA'), { state: 'stopping' });
    const startedAtMs = scene.world.clock.now();
    void scene.world.clock
      .sleep(7_000)
      .then(() => scene.world.setInstance(instanceOf('ServerA'), { state: 'stopped' }));
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(scene.world.clock.now() - startedAtMs).toBeGreaterThanOrEqual(7_000);
    expect(ordersOf(scene)).toEqual(['start db ServerB']);
  });

  test('a host that gave no answer a moment ago is not waited for', async () => {
    const scene = await servingScene(
      dependOn([unit('db', { stopMs: 120_000 })], { fence: { kind: 'none' } }),
    );
    scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
    scene.guest('ServerA').answers = false;
    const looks: string[] = [];
    const { look } = scene.ports.dependents;
    Object.assign(scene.ports.dependents, {
      look(...about: Parameters<typeof look>) {
        looks.push(about[1].server);
        return look(...about);
      },
    });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect(looks).not.toContain('ServerA');
  });

  test('a unit that systemd calls failed runs no more', async () => {
    const scene = await brokenLinks([unit('db')]);
    scene.ports.dependents.plan('db', { verb: 'stop', luck: 'fails' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect(ordersOf(scene)).toEqual(['stop db ServerA', 'start db ServerB']);
  });

  test('a stop that was refused for now is ordered again, of a command that nobody can look at too', async () => {
    const scene = await brokenLinks([command('job', false)]);
    scene.ports.dependents.plan('job', { verb: 'stop', luck: 'refused', times: 2 });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect(ordersOf(scene)).toEqual(['stop job ServerA', 'start job ServerB']);
    expect(scene.ports.dependents.doubles).toEqual([]);
  });

  test('a stop that comes to nothing is ordered again', async () => {
    const scene = await brokenLinks([unit('db')]);
    scene.ports.dependents.plan('db', { verb: 'stop', luck: 'no-effect' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
    expect(ordersOf(scene)).toEqual(['stop db ServerA', 'stop db ServerA', 'start db ServerB']);
  });

  test('what is needed by something that may still run is left alone', async () => {
    const scene = await brokenLinks(database);
    scene.ports.dependents.plan('db', { verb: 'stop', luck: 'hangs' });
    expect(told(await scene.alarmToEnd())).toBe('failed: dependent-not-stopped');
    expect(ordersOf(scene)).toEqual(['stop clients ServerA', 'stop db ServerA']);
  });
});

describe('in service is what a look says:', () => {
  test('what is in service there already is not started', async () => {
    const scene = await deadServer([unit('db')]);
    scene.ports.dependents.set('db', 'ServerB', 'in-service');
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(ordersOf(scene)).toEqual([]);
  });

  test('a start that comes to nothing is no start', async () => {
    const scene = await deadServer([unit('db')]);
    scene.ports.dependents.plan('db', { verb: 'start', luck: 'no-effect', times: 100 });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect(recorded(scene)).toEqual(['db OSF ServerB']);
  });

  test('a command without a check counts as started when it ends well', async () => {
    const scene = await deadServer([command('job', false)]);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([ordersOf(scene), recorded(scene)]).toEqual([['start job ServerB'], ['job ISP ServerB']]);
  });

  test('a command with a check counts as started when the check says so', async () => {
    const scene = await deadServer([command('job', true)]);
    scene.ports.dependents.plan('job', { verb: 'start', luck: 'no-effect' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(ordersOf(scene)).toEqual(['start job ServerB', 'start job ServerB']);
  });

  test('a volume that is still attached elsewhere is refused until it is not', async () => {
    const rules = { fence: { kind: 'none' } } as const;
    const scene = await servingScene(dependOn([volume('data', { startMs: 60_000 })], rules));
    scene.world.stop(instanceOf('ServerA'));
    scene.ports.dependents.plan('data', { verb: 'stop', luck: 'no-effect', times: 1_000 });
    void scene.world.clock
      .sleep(40_000)
      .then(() => scene.ports.dependents.set('data', 'ServerA', 'out-of-service'));
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(whereabouts(scene)).toEqual({ data: ['ServerB'] });
    expect(ordersOf(scene).filter((order) => order === 'start data ServerB').length).toBeGreaterThan(1);
  });

  test('a volume that EC2 has not let go yet is asked for again', async () => {
    const scene = await deadServer([volume('data')]);
    scene.ports.dependents.plan('data', { verb: 'start', luck: 'refused', times: 3 });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(ordersOf(scene)).toEqual(['stop data ServerA', 'start data ServerB']);
    expect(whereabouts(scene)).toEqual({ data: ['ServerB'] });
  });
});
