/** A failover that died, one that was overtaken, and a source that comes back in the middle of one. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import { failOver } from '../../lib/recovery/failover.ts';
import type { FailoverRules } from '../../lib/recovery/fleet.ts';
import type { Call } from '../fakes/faults.ts';
import { type FleetPlan, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { database, dependOn, ordersOf, servingScene, unit, whereabouts } from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import { Crash, replayedSteps } from '../fakes/replayed-steps.ts';
import { eth0A, eth0B, eth0C, type Scene, told } from '../fakes/scene.ts';
import { plainSteps } from '../fakes/steps.ts';

const minute = 60_000;
const three: FleetPlan = { servers: ['ServerA', 'ServerB', 'ServerC'] };

async function deadServer(
  dependents: readonly DependentDefinition[] = database,
  plan: FleetPlan = {},
  rules: Partial<FailoverRules> = {},
): Promise<Scene> {
  const scene = await servingScene(dependOn(dependents, rules, plan));
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

const onB = { clients: ['ServerB'], db: ['ServerB'], mount: ['ServerB'], data: ['ServerB'] };

/** The failover that was started dies for good just after a call of this kind; nobody replays it. */
async function dieAfter(scene: Scene, call: Call, count = 1): Promise<void> {
  const [incident] = scene.ports.failovers.started.splice(0);
  if (incident === undefined) throw new Error('no failover was started');
  let left = count;
  let dead = false;
  scene.world.faults.afterEffect = (each) => {
    if (each !== call || --left > 0 || dead) return;
    dead = true;
    throw new Crash(`after ${call}`);
  };
  scene.world.faults.beforeCall = () => (dead ? new Promise<never>(() => undefined) : Promise.resolve());
  const steps = replayedSteps(scene.world.clock, scene.people);
  await expect(steps.run((each) => failOver(scene.ports, scene.fleet, incident, each))).rejects.toThrow(
    Crash,
  );
  scene.world.faults.afterEffect = () => undefined;
  scene.world.faults.beforeCall = async () => undefined;
  scene.world.clock.advance(10 * minute);
}

/** A minute of the reconcile and what it starts. */
async function oneMinute(scene: Scene): Promise<readonly string[]> {
  await scene.tick();
  const ends = (await scene.failovers()).map(told);
  scene.world.clock.advance(minute);
  return ends;
}

describe('a failover that died', () => {
  test.each([
    ['after its first stop', 'dependents.stop', 1, 'instance-not-running'],
    ['after the address has moved', 'addresses.move', 1, 'instance-not-running'],
    ['after its second start', 'dependents.start', 2, 'instance-not-running'],
  ] as const)('%s is found by the reconcile, and goes on', async (_, call, count, reason) => {
    const scene = await deadServer();
    await scene.alarm();
    await dieAfter(scene, call, count);
    expect(await oneMinute(scene)).toEqual([`failed-over: ${reason}`]);
    expect([scene.owner, scene.record.state, whereabouts(scene)]).toEqual([eth0B, 'ISP', onB]);
    expect(scene.record).toMatchObject({ intent: null, claim: { holder: null } });
    expect(scene.ports.dependents.doubles).toEqual([]);
  });

  test('on a server that lives goes on, too: what has been stopped does not stay so', async () => {
    const scene = await servingScene(dependOn(database));
    scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
    await scene.alarm();
    await dieAfter(scene, 'dependents.stop', 2);
    scene.guest('ServerA').links.clear();
    expect(await oneMinute(scene)).toEqual(['failed-over: failover-unfinished']);
    expect([scene.owner, whereabouts(scene)]).toEqual([eth0B, onB]);
  });

  test('once the address had moved, first tries the server that it had reached', async () => {
    const scene = await deadServer(database, three);
    scene.guest('ServerB').heard = false;
    await scene.alarm();
    await dieAfter(scene, 'dependents.start');
    scene.guest('ServerB').heard = true;
    expect(await oneMinute(scene)).toEqual(['failed-over: instance-not-running']);
    expect(scene.owner).toBe(eth0C);
  });

  test('takes out of service what it had brought to a server that cannot be gone on with', async () => {
    const scene = await deadServer([unit('low'), unit('high', { needs: ['low'] })], three);
    await scene.alarm();
    await dieAfter(scene, 'dependents.start');
    expect(whereabouts(scene)['low']).toEqual(['ServerB']);
    // It lives, and cannot be moved to.
    scene.world.change(eth0B, { securityGroups: ['sg-2'] });
    expect(await oneMinute(scene)).toEqual(['failed-over: instance-not-running']);
    expect([scene.owner, whereabouts(scene)]).toEqual([eth0C, { low: ['ServerC'], high: ['ServerC'] }]);
    expect(scene.ports.dependents.doubles).toEqual([]);
    expect([...(scene.guest('ServerB').addresses.get(vip) ?? [])]).toEqual([]);
  });

  test('and comes to nothing keeps the address out of service, and is tried every minute', async () => {
    const scene = await deadServer();
    await scene.alarm();
    await dieAfter(scene, 'dependents.stop');
    scene.world.stop(instanceOf('ServerB'));
    expect(await oneMinute(scene)).toEqual([]);
    expect([scene.record.state, scene.record.stateReason]).toEqual(['OSF', 'no-failover-target']);
    scene.world.setInstance(instanceOf('ServerB'), {
      state: 'running',
      systemStatus: 'ok',
      instanceStatus: 'ok',
    });
    scene.guest('ServerB').answers = true;
    expect(await oneMinute(scene)).toEqual(['failed-over: instance-not-running']);
    expect(whereabouts(scene)).toEqual(onB);
    expect(scene.ports.pages.sent).toHaveLength(1);
  });

  test('in a minute in which nobody can look leaves the state out of service, not as it was', async () => {
    const scene = await deadServer();
    await scene.alarm();
    await dieAfter(scene, 'dependents.stop');
    scene.world.faults.plant('addresses.look', 'before', Number.POSITIVE_INFINITY);
    expect(await oneMinute(scene)).toEqual([]);
    expect(scene.record).toMatchObject({ state: 'OSF', stateReason: 'interfaces-could-not-look' });
  });

  test('while it waited for an answer leaves no question behind', async () => {
    const scene = await deadServer(
      [unit('db')],
      {},
      { confirm: { withinMs: 10 * minute, otherwise: 'hold' } },
    );
    await scene.alarm();
    await dieAfter(scene, 'pages.page');
    expect(scene.record.waiting).not.toBeNull();
    scene.world.clock.advance(10 * minute);
    scene.people.plan(0, { answer: 'yes', arn: 'a', via: 'command', reason: null, atMs: 0 });
    expect(await oneMinute(scene)).toEqual(['failed-over: instance-not-running']);
    expect(scene.record.waiting).toBeNull();
  });

  test('an order that died goes home, however ready another server is', async () => {
    const orders = new OrderScene(await servingScene(dependOn(database, {}, three)));
    const { scene } = orders;
    await orders.order({ action: 'out-of-service', tag });
    await scene.respond(orders.carried.shift());
    await dieAfter(scene, 'dependents.stop', 2);
    expect(await oneMinute(scene)).toEqual(['restored-in-place: failover-unfinished']);
    expect([scene.owner, scene.record.state]).toEqual([eth0A, 'ISP']);
    expect(whereabouts(scene)).toEqual({
      clients: ['ServerA'],
      db: ['ServerA'],
      mount: ['ServerA'],
      data: ['ServerA'],
    });
    expect(scene.record.failoverBlockedUntilMs).toBe(0);
  });
});

describe('overtaken', () => {
  /** The failover stands still at its next call of this kind; `go` lets it go on. */
  function freeze(scene: Scene, call: Call): { readonly reached: Promise<void>; readonly go: () => void } {
    const reached = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    let frozen = false;
    scene.world.faults.beforeCall = async (each) => {
      if (each !== call || frozen) return;
      frozen = true;
      reached.resolve();
      await gone.promise;
    };
    return { reached: reached.promise, go: gone.resolve };
  }

  async function frozenAt(call: Call) {
    const scene = await deadServer([unit('db')]);
    await scene.alarm();
    const [incident] = scene.ports.failovers.started.splice(0);
    if (incident === undefined) throw new Error('no failover was started');
    const ice = freeze(scene, call);
    const first = failOver(scene.ports, scene.fleet, incident, plainSteps(scene.world.clock, scene.people));
    await ice.reached;
    scene.world.clock.advance(30 * minute);
    expect(await oneMinute(scene)).toEqual(['failed-over: instance-not-running']);
    return { scene, first, go: ice.go };
  }

  /** Everything went back to ServerA by hand. */
  async function failback(scene: Scene): Promise<void> {
    scene.world.setInstance(instanceOf('ServerA'), {
      state: 'running',
      systemStatus: 'ok',
      instanceStatus: 'ok',
    });
    scene.guest('ServerA').answers = true;
    scene.world.clock.advance(minute);
    const orders = new OrderScene(scene);
    expect(told(await orders.orderToEnd({ action: 'switchover', tag, server: 'ServerA' }))).toBe(
      'failed-over: ordered',
    );
  }

  test.each([
    'ledger.takeFailover',
    'ledger.intend',
    'addresses.move',
    'dependents.start',
    'ledger.commit',
  ] as const)('at %s it does nothing more, and says so', async (call) => {
    const { scene, first, go } = await frozenAt(call);
    await failback(scene);
    const before = { record: scene.record, orders: [...ordersOf(scene)], moves: [...scene.world.moves] };
    go();
    const ends = (await first).map(told);
    expect(ends.every((end) => end.startsWith('held: ') || end.startsWith('failed'))).toBe(true);
    expect(scene.record).toEqual(before.record);
    expect(ordersOf(scene)).toEqual(before.orders);
    expect(whereabouts(scene)).toEqual({ db: ['ServerA'] });
    // EC2 takes a call that was on its way whoever sent it: the next look puts it right.
    if (call !== 'addresses.move') expect(scene.world.moves).toEqual(before.moves);
  });

  test('a planted bug is caught: hosts that take whatever comes have it in service twice', async () => {
    const { scene, first, go } = await frozenAt('dependents.start');
    await failback(scene);
    scene.ports.dependents.takesOldOrders = true;
    go();
    await first;
    expect(whereabouts(scene)).toEqual({ db: ['ServerA', 'ServerB'] });
    expect(scene.ports.dependents.doubles).toEqual(['db ServerA ServerB']);
  });

  test('a start that was on its way before a failback is refused by the host', async () => {
    const { scene, first, go } = await frozenAt('dependents.start');
    await failback(scene);
    go();
    await first;
    expect(scene.ports.dependents.refused).toEqual(['db ServerB']);
    expect(whereabouts(scene)).toEqual({ db: ['ServerA'] });
  });
});

describe('a source that comes back in the middle', () => {
  function comesBack(scene: Scene): void {
    scene.world.setInstance(instanceOf('ServerA'), {
      state: 'running',
      systemStatus: 'ok',
      instanceStatus: 'ok',
    });
    const guest = scene.guest('ServerA');
    guest.answers = true;
    // Its own network configuration brings the address up again.
    guest.addresses.set(vip, new Set(['eth0']));
    guest.rules.set(vip, 'eth0');
  }

  test('does not get the address again, and takes it off when it is asked to', async () => {
    const scene = await deadServer([unit('db')]);
    scene.world.faults.afterEffect = (call) => {
      if (call === 'addresses.move') comesBack(scene);
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0B, true]);
    expect([...(scene.guest('ServerA').addresses.get(vip) ?? [])]).toEqual([]);
  });

  test.each([
    ['without dependents', []],
    ['with dependents', [unit('db')]],
  ])('that gave no answer a moment ago is asked to let go all the same, %s', async (_, dependents) => {
    const scene = await servingScene(dependOn(dependents, { fence: { kind: 'none' } }));
    scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
    scene.guest('ServerA').answers = false;
    scene.world.faults.afterEffect = (call) => {
      if (call === 'addresses.move') comesBack(scene);
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-impaired');
    expect([...(scene.guest('ServerA').addresses.get(vip) ?? [])]).toEqual([]);
  });

  test('and takes the address back in EC2 is seen before the commit, and the failover goes on', async () => {
    const scene = await deadServer([unit('db')]);
    let thefts = 0;
    scene.world.faults.beforeCall = async (call) => {
      if (call !== 'hosts.ask' || thefts > 0 || scene.owner !== eth0B) return;
      thefts += 1;
      comesBack(scene);
      scene.world.owners.set(vip, eth0A);
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([thefts, scene.record.activeServer, scene.world.inService(vip)]).toEqual([1, 'ServerB', true]);
  });

  test('is no server that is starting when its dependents have left it: nobody waits for it', async () => {
    const scene = await deadServer([unit('db')]);
    scene.world.faults.afterEffect = (call) => {
      if (call === 'ledger.commit') scene.world.setInstance(instanceOf('ServerA'), { state: 'pending' });
    };
    const end = told(await scene.alarmToEnd());
    expect(['failed-over: instance-not-running', 'held: dependent-not-stopped']).toContain(end);
    scene.world.faults.afterEffect = () => undefined;
    if (end.startsWith('held')) {
      scene.world.clock.advance(minute);
      comesBack(scene);
      expect(await oneMinute(scene)).toEqual(['failed-over: failover-unfinished']);
    }
    expect([scene.owner, whereabouts(scene)]).toEqual([eth0B, { db: ['ServerB'] }]);
  });
});
