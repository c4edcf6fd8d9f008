/** Orders of a person that take dependents along: graceful, and all as it was when they cannot be carried out. */
import { describe, expect, test } from 'vitest';
import type { DependentDefinition } from '../../lib/recovery/dependent.ts';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import { type FleetPlan, instanceOf, tag, vip } from '../fakes/fleets.ts';
import {
  database,
  dependOn,
  ordersOf,
  recorded,
  servingScene,
  unit,
  whereabouts,
} from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import { eth0A, eth0B, told } from '../fakes/scene.ts';

const minute = 60_000;
const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
const out = { action: 'out-of-service', tag } as const;
const into = { action: 'in-service', tag } as const;

const onA = { clients: ['ServerA'], db: ['ServerA'], mount: ['ServerA'], data: ['ServerA'] };
const onB = { clients: ['ServerB'], db: ['ServerB'], mount: ['ServerB'], data: ['ServerB'] };
const nowhere = { clients: [], db: [], mount: [], data: [] };

async function ordering(
  dependents: readonly DependentDefinition[] = database,
  plan: FleetPlan = {},
): Promise<OrderScene> {
  return new OrderScene(await servingScene(dependOn(dependents, {}, plan)));
}

async function carriedOut(orders: OrderScene, order: AskedRequest): Promise<string> {
  return told(await orders.orderToEnd(order));
}

function stateOf({ scene }: OrderScene): object {
  const { record, owner, world } = scene;
  const { state, activeServer, intent, claim } = record;
  return {
    state,
    activeServer,
    intent,
    holder: claim.holder,
    owner,
    serves: world.inService(vip),
    whereabouts: whereabouts(scene),
  };
}

const wellOnA = {
  state: 'ISP',
  activeServer: 'ServerA',
  intent: null,
  holder: null,
  owner: eth0A,
  serves: true,
  whereabouts: onA,
};

describe('a switchover', () => {
  test('stops everything, moves, and starts everything there', async () => {
    const orders = await ordering();
    expect(await carriedOut(orders, toB)).toBe('failed-over: ordered');
    expect(stateOf(orders)).toEqual({ ...wellOnA, activeServer: 'ServerB', owner: eth0B, whereabouts: onB });
    expect(ordersOf(orders.scene).slice(0, 5)).toEqual([
      'stop clients ServerA',
      'stop db ServerA',
      'stop mount ServerA',
      'stop data ServerA',
      'start data ServerB',
    ]);
    expect(orders.scene.ports.dependents.doubles).toEqual([]);
  });

  test('sets no block: a failure afterwards moves it on', async () => {
    const orders = await ordering();
    await orders.orderToEnd(toB);
    expect(orders.scene.record.failoverBlockedUntilMs).toBe(0);
    orders.scene.world.clock.advance(minute);
    orders.scene.world.stop(instanceOf('ServerB'));
    expect(told(await orders.scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(stateOf(orders)).toEqual(wellOnA);
  });

  test('is carried out once, however often its event comes', async () => {
    const orders = await ordering();
    await orders.order(toB);
    const [event] = orders.carried;
    await orders.carryOut();
    const before = ordersOf(orders.scene).length;
    orders.scene.world.clock.advance(minute);
    await orders.scene.respond(event);
    expect(await orders.scene.failovers()).toEqual([]);
    expect(ordersOf(orders.scene)).toHaveLength(before);
    expect(orders.scene.record.claim.holder).toBeNull();
  });

  test('to a server that is not ready any more touches nothing', async () => {
    const orders = await ordering();
    await orders.order(toB);
    orders.scene.world.setInstance(instanceOf('ServerB'), { systemStatus: 'impaired' });
    expect((await orders.carryOut()).map(told)).toEqual(['held: server-impaired']);
    expect([stateOf(orders), ordersOf(orders.scene)]).toEqual([wellOnA, []]);
  });

  test('to a server without room touches nothing', async () => {
    const orders = await ordering();
    await orders.order(toB);
    orders.scene.world.full.add(eth0B);
    expect((await orders.carryOut()).map(told)).toEqual(['held: no-free-slot']);
    expect([stateOf(orders), ordersOf(orders.scene)]).toEqual([wellOnA, []]);
  });

  test('of an address that has moved meanwhile means nothing any more', async () => {
    const orders = await ordering(database, { servers: ['ServerA', 'ServerB', 'ServerC'] });
    await orders.order({ ...toB, server: 'ServerC' });
    const late = orders.carried.shift();
    expect(await carriedOut(orders, toB)).toBe('failed-over: ordered');
    const [run] = await orders.scene.respond(late);
    expect(run?.kind === 'ended' ? told(run) : run?.kind).toBe('held: event-superseded');
    expect(orders.scene.owner).toBe(eth0B);
  });

  test('with one that cannot be stopped starts again what it has stopped, and the address stays', async () => {
    const orders = await ordering();
    orders.scene.ports.dependents.plan('mount', { verb: 'stop', luck: 'no-effect', times: 1_000 });
    expect(await carriedOut(orders, toB)).toBe('failed: dependent-not-stopped');
    expect(stateOf(orders)).toEqual(wellOnA);
    expect(orders.scene.world.moves).toEqual([]);
    expect(orders.scene.ports.fences.log).toEqual([]);
    expect(recorded(orders.scene)).toEqual([
      'clients ISP ServerA',
      'data ISP ServerA',
      'db ISP ServerA',
      'mount ISP ServerA',
    ]);
  });

  test('to a place that does not prove it goes home, and everything is started there again', async () => {
    const orders = await ordering();
    orders.scene.guest('ServerB').deadPaths.add('eth0');
    expect(await carriedOut(orders, toB)).toBe('failed: not-verified');
    expect(stateOf(orders)).toEqual(wellOnA);
    expect([...(orders.scene.guest('ServerB').addresses.get(vip) ?? [])]).toEqual([]);
  });

  test('that EC2 gives no answer to, however often it is asked, starts everything again where it was', async () => {
    const orders = await ordering();
    orders.scene.world.faults.plant('addresses.move', 'before', 12);
    expect(await carriedOut(orders, toB)).toBe('failed: ec2-gave-no-answer');
    expect(stateOf(orders)).toEqual(wellOnA);
  });

  test('that EC2 has carried out without an answer is one like any other', async () => {
    const orders = await ordering();
    orders.scene.world.faults.plant('addresses.move', 'after');
    expect(await carriedOut(orders, toB)).toBe('failed-over: ordered');
    expect(stateOf(orders)).toMatchObject({ owner: eth0B, whereabouts: onB });
  });

  test('whose dependents do not start stays where the address works, and calls a person', async () => {
    const orders = await ordering();
    orders.scene.ports.dependents.plan('db', { verb: 'start', luck: 'fails', server: 'ServerB', times: 100 });
    expect(await carriedOut(orders, toB)).toBe('failed-over: dependent-not-started');
    expect(orders.scene.owner).toBe(eth0B);
    expect(orders.scene.ports.pages.sent).toHaveLength(1);
  });

  test('that finds no way home either leaves it out of service, and the ladder goes on from there', async () => {
    const orders = await ordering([unit('db')]);
    orders.scene.guest('ServerB').deadPaths.add('eth0');
    orders.scene.world.faults.afterEffect = (call) => {
      if (call === 'addresses.move') orders.scene.guest('ServerA').deadPaths.add('eth0').add('eth1');
    };
    expect(await carriedOut(orders, toB)).toBe('failed: not-verified');
    expect(orders.scene.record).toMatchObject({ state: 'OSF', claim: { holder: null } });
    expect(orders.scene.ports.pages.sent).toHaveLength(1);
    orders.scene.guest('ServerB').deadPaths.clear();
    orders.scene.world.clock.advance(minute);
    await orders.scene.tick();
    expect((await orders.scene.failovers()).map(told)).toEqual(['failed-over: failover-unfinished']);
    expect([orders.scene.owner, whereabouts(orders.scene)]).toEqual([eth0B, { db: ['ServerB'] }]);
  });
});

describe('a failover by force', () => {
  test('fences what cannot be stopped, as the fleet file says', async () => {
    const plan = dependOn([unit('db')], { fence: { kind: 'stop-instance' } });
    const orders = new OrderScene(await servingScene(plan));
    orders.scene.guest('ServerA').answers = false;
    expect(await carriedOut(orders, { action: 'failover', tag, force: true })).toBe('failed-over: ordered');
    expect(orders.scene.ports.fences.log).toEqual([`stop ${instanceOf('ServerA')}`]);
    expect(whereabouts(orders.scene)).toEqual({ db: ['ServerB'] });
  });
});

describe('out of service', () => {
  test('takes the dependents out first; the address stays with its interface', async () => {
    const orders = await ordering();
    expect(await carriedOut(orders, out)).toBe('ordered: ordered');
    expect(stateOf(orders)).toEqual({
      ...wellOnA,
      state: 'OSU',
      activeServer: null,
      serves: false,
      whereabouts: nowhere,
    });
    expect(recorded(orders.scene)).toEqual([
      'clients OSU null',
      'data OSU null',
      'db OSU null',
      'mount OSU null',
    ]);
    orders.scene.world.clock.advance(minute);
    expect(await orders.scene.tick()).toEqual([]);
  });

  test('with one that cannot be stopped leaves everything in service', async () => {
    const orders = await ordering();
    orders.scene.ports.dependents.plan('data', { verb: 'stop', luck: 'no-effect', times: 1_000 });
    expect(await carriedOut(orders, out)).toBe('failed: dependent-not-stopped');
    expect(stateOf(orders)).toEqual(wellOnA);
  });

  test('of a host that does not let go of the address brings everything into service again', async () => {
    const orders = await ordering();
    let removing = false;
    const { ask } = orders.scene.ports.hosts;
    Object.assign(orders.scene.ports.hosts, {
      async ask(...asked: Parameters<typeof ask>) {
        if (asked[1].action !== 'remove') return ask(...asked);
        removing = true;
        return { kind: 'could-not-look', why: 'planted by the test' };
      },
    });
    expect(await carriedOut(orders, out)).toBe('failed: host-could-not-look');
    expect(removing).toBe(true);
    expect(stateOf(orders)).toEqual(wellOnA);
    expect(recorded(orders.scene)).toEqual([
      'clients ISP ServerA',
      'data ISP ServerA',
      'db ISP ServerA',
      'mount ISP ServerA',
    ]);
  });

  test('of a dead server needs nobody there', async () => {
    const orders = await ordering();
    orders.scene.world.stop(instanceOf('ServerA'));
    expect(await carriedOut(orders, out)).toBe('ordered: ordered');
    expect(whereabouts(orders.scene)).toEqual(nowhere);
  });
});

describe('in service', () => {
  test('brings the address, then its dependents, where they are ordered', async () => {
    const orders = await ordering();
    await orders.orderToEnd(out);
    orders.scene.world.clock.advance(minute);
    expect(await carriedOut(orders, { ...into, server: 'ServerB' })).toBe('failed-over: ordered');
    expect(stateOf(orders)).toEqual({ ...wellOnA, activeServer: 'ServerB', owner: eth0B, whereabouts: onB });
    expect(ordersOf(orders.scene).slice(4)).toEqual([
      'start data ServerB',
      'start mount ServerB',
      'start db ServerB',
      'start clients ServerB',
    ]);
  });

  test('where it was: nothing has to leave for it', async () => {
    const orders = await ordering();
    await orders.orderToEnd(out);
    orders.scene.world.clock.advance(minute);
    expect(await carriedOut(orders, { ...into, server: 'ServerA' })).toBe('failed-over: ordered');
    expect(stateOf(orders)).toEqual(wellOnA);
  });

  test('where it cannot be verified leaves it on no server, with nothing started', async () => {
    const orders = await ordering();
    await orders.orderToEnd(out);
    orders.scene.world.clock.advance(minute);
    orders.scene.guest('ServerB').deadPaths.add('eth0').add('eth1');
    expect(await carriedOut(orders, { ...into, server: 'ServerB' })).toBe('failed: not-verified');
    expect(orders.scene.record).toMatchObject({ activeServer: null, claim: { holder: null } });
    expect(whereabouts(orders.scene)).toEqual(nowhere);
  });
});

test('a move to the backup interface of the same server leaves the dependents alone', async () => {
  const orders = await ordering();
  expect(await carriedOut(orders, { action: 'move-to-backup', tag })).toBe('moved-to-backup: ordered');
  expect([ordersOf(orders.scene), whereabouts(orders.scene)]).toEqual([[], onA]);
});
