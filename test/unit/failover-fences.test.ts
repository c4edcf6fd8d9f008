/** What could not be stopped may still act: nothing moves before the fence of the fleet file has made sure. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import { Fault } from '../../lib/recovery/fault.ts';
import type { FailoverRules, Fence } from '../../lib/recovery/fleet.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import {
  database,
  dependOn,
  ordersOf,
  recorded,
  servingScene,
  unit,
  whereabouts,
} from '../fakes/hierarchies.ts';
import { eth0A, eth0B, eth1A, type Scene, told } from '../fakes/scene.ts';

const a = instanceOf('ServerA');
const minute = 60_000;

/** ServerA fails its status check and gives no answer; it may be alive all the same. */
async function silentServer(
  fence: Fence,
  dependents: readonly DependentDefinition[] = [unit('db')],
  rules: Partial<FailoverRules> = {},
): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents, { fence, ...rules }));
  scene.world.setInstance(a, { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  return scene;
}

function stepsOf(scene: Scene): readonly string[] {
  return scene.ports.audit.of(tag).map((each) => (each.kind === 'step' ? each.step : each.kind));
}

describe('halt', () => {
  test('leaves everything where it is, and calls a person once', async () => {
    const scene = await silentServer({ kind: 'halt' });
    expect(told(await scene.alarmToEnd())).toBe('held: dependent-not-stopped');
    expect([scene.owner, ordersOf(scene), scene.ports.fences.log]).toEqual([eth0A, [], []]);
    expect(scene.record).toMatchObject({ state: 'OSF', activeServer: 'ServerA', claim: { holder: null } });
    await scene.tick();
    await scene.failovers();
    expect(scene.ports.pages.sent).toMatchObject([
      { subject: 'ip-db is out of service: dependent-not-stopped' },
    ]);
  });

  test('goes on by itself once EC2 says that the server is stopped', async () => {
    const scene = await silentServer({ kind: 'halt' }, database);
    await scene.alarmToEnd();
    scene.world.clock.advance(minute);
    scene.world.stop(a);
    expect((await scene.tick()).map(told)).toEqual(['escalated']);
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
    expect([scene.owner, scene.record.state]).toEqual([eth0B, 'ISP']);
    expect(whereabouts(scene)).toEqual({
      clients: ['ServerB'],
      db: ['ServerB'],
      mount: ['ServerB'],
      data: ['ServerB'],
    });
  });

  test('goes on by itself once the server answers, and can be made to stop', async () => {
    const scene = await silentServer({ kind: 'halt' });
    await scene.alarmToEnd();
    scene.guest('ServerA').answers = true;
    scene.world.clock.advance(minute);
    await scene.tick();
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: failover-unfinished']);
    expect(ordersOf(scene)).toEqual(['stop db ServerA', 'start db ServerB']);
  });
});

describe('none', () => {
  test('goes on although the dependent may still run', async () => {
    const scene = await silentServer({ kind: 'none' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect([scene.owner, ordersOf(scene)]).toEqual([eth0B, ['start db ServerB']]);
    expect(scene.ports.fences.log).toEqual([]);
    expect(stepsOf(scene)).toContain('fenced');
  });
});

describe('stop-instance', () => {
  test('stops the server, and then takes off it what outlives it', async () => {
    const scene = await silentServer({ kind: 'stop-instance' }, database);
    scene.ports.fences.stopMs = 45_000;
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect(scene.ports.fences.log).toEqual([`stop ${a}`]);
    expect(ordersOf(scene)).toEqual([
      'stop clients ServerA',
      'stop data ServerA',
      'start data ServerB',
      'start mount ServerB',
      'start db ServerB',
      'start clients ServerB',
    ]);
    expect(scene.ports.dependents.doubles).toEqual([]);
  });

  test('nothing comes into service elsewhere before EC2 says that the server is stopped', async () => {
    const scene = await silentServer({ kind: 'stop-instance' });
    scene.ports.fences.stopMs = 90_000;
    const states: unknown[] = [];
    scene.world.faults.beforeCall = async (call) => {
      if (call === 'dependents.start' || call === 'addresses.move')
        states.push(scene.world.instances.get(a)?.state);
    };
    await scene.alarmToEnd();
    expect(states).toEqual(['stopped', 'stopped']);
  });

  test('a server that does not stop holds the failover, and a person is called', async () => {
    const scene = await silentServer({ kind: 'stop-instance' });
    scene.ports.fences.stopMs = 24 * 60 * minute;
    const startedAtMs = scene.world.clock.now();
    expect(told(await scene.alarmToEnd())).toBe('held: not-fenced');
    expect(scene.world.clock.now() - startedAtMs).toBeGreaterThan(4 * minute);
    expect([scene.owner, scene.record.state, scene.ports.pages.sent.length]).toEqual([eth0A, 'OSF', 1]);
  });

  test('an order to stop whose answer was lost counts when a look shows it', async () => {
    const scene = await silentServer({ kind: 'stop-instance' });
    scene.world.faults.plant('fences.stop', 'after');
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
  });

  test('a server that may not be stopped holds the failover at once', async () => {
    const scene = await silentServer({ kind: 'stop-instance' });
    scene.world.faults.plant(
      'fences.stop',
      'before',
      1,
      new Fault('access-denied', 'ec2:StopInstances', 'never'),
    );
    expect(told(await scene.alarmToEnd())).toBe('held: not-fenced');
    expect(scene.ports.pages.sent[0]?.text).toContain('ec2:StopInstances');
  });

  test('its stop is no stop that a person has asked for', async () => {
    const scene = await silentServer({ kind: 'stop-instance' }, [unit('db')], { shutdownStrategy: 'hold' });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect(scene.world.stopReasons.get(a)).toBe('asked-for');
  });

  test('a server that could be asked is not fenced', async () => {
    const scene = await servingScene(dependOn([unit('db')], { fence: { kind: 'stop-instance' } }));
    scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
    await scene.alarmToEnd();
    expect(scene.ports.fences.log).toEqual([]);
  });
});

describe('isolate', () => {
  const isolate: Fence = { kind: 'isolate', securityGroup: 'sg-none' };

  test('takes the server off the network, and goes on when EC2 shows it', async () => {
    const scene = await silentServer(isolate);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect(scene.ports.fences.log).toEqual([`isolate ${eth0A} sg-none`, `isolate ${eth1A} sg-none`]);
    expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0B, true]);
    expect(recorded(scene)).toEqual(['db ISP ServerB']);
  });

  test('a volume that is still attached to an isolated server holds the failover', async () => {
    const scene = await silentServer(isolate, database);
    scene.ports.dependents.plan('data', { verb: 'stop', luck: 'no-effect', times: 100 });
    expect(told(await scene.alarmToEnd())).toBe('held: dependent-not-stopped');
    expect(scene.owner).toBe(eth0A);
  });
});
