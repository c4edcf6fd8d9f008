/** Orders that move an address, interrupted after every single effect: Lambda starts them again, or the reconcile comes first. */
import { describe, expect, test } from 'vitest';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import type { Call } from '../fakes/faults.ts';
import { tag, vip } from '../fakes/fleets.ts';
import { type OrderScene, orderScene } from '../fakes/orders.ts';

const minute = 60_000;
const toBackup = { action: 'move-to-backup', tag } as const;
const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
const failover = { action: 'failover', tag, force: true } as const;
const out = { action: 'out-of-service', tag } as const;
const into = { action: 'in-service', tag } as const;

describe('interrupted after any effect', () => {
  class Crash extends Error {}
  const counted = (call: Call) => call !== 'audit.write' && call !== 'announcements.tell';

  interface Case {
    readonly order: AskedRequest;
    readonly prepare?: (orders: OrderScene) => void;
    readonly before?: readonly AskedRequest[];
  }
  const cases: readonly (readonly [string, Case])[] = [
    ['move to backup', { order: toBackup }],
    ['switchover', { order: toB }],
    ['failover', { order: failover }],
    ['out of service', { order: out }],
    ['in service elsewhere', { order: { ...into, server: 'ServerB' }, before: [out] }],
    [
      'move that goes back',
      { order: toBackup, prepare: ({ scene }) => void scene.guest('ServerA').deadPaths.add('eth1') },
    ],
    [
      'switchover that goes back',
      { order: toB, prepare: ({ scene }) => void scene.guest('ServerB').deadPaths.add('eth0') },
    ],
  ];

  async function start({ order, prepare, before = [] }: Case): Promise<OrderScene> {
    const orders = await orderScene();
    for (const each of before) await orders.orderToEnd(each);
    prepare?.(orders);
    await orders.order(order);
    return orders;
  }

  function endOf(orders: OrderScene): object {
    const { activeServer, servers, state, stateReason, intent, claim } = orders.scene.record;
    const configured = ['ServerA', 'ServerB'].map((server) => [
      ...(orders.scene.guest(server).addresses.get(vip) ?? []),
    ]);
    return {
      activeServer,
      servers,
      state,
      stateReason,
      intent,
      holder: claim.holder,
      owner: orders.scene.owner,
      configured,
    };
  }

  /** @returns how many effects the whole order has */
  async function count(plan: Case): Promise<{ readonly effects: number; readonly end: object }> {
    const orders = await start(plan);
    let effects = 0;
    orders.scene.world.faults.afterEffect = (call) => {
      if (counted(call)) effects += 1;
    };
    await orders.carryOut();
    return { effects, end: endOf(orders) };
  }

  /** The run that meets the crash does nothing from then on. @returns the event, which Lambda sends again */
  async function crashedAfter(orders: OrderScene, k: number): Promise<unknown> {
    const { faults, clock } = orders.scene.world;
    const [event] = orders.carried;
    let effects = 0;
    const crashed = Promise.withResolvers<void>();
    let dead = false;
    faults.afterEffect = (call) => {
      if (!counted(call)) return;
      effects += 1;
      if (effects !== k) return;
      dead = true;
      crashed.resolve();
      throw new Crash();
    };
    faults.beforeCall = () => (dead ? new Promise<never>(() => undefined) : Promise.resolve());
    orders.carryOut().catch(() => undefined);
    await crashed.promise;
    faults.afterEffect = () => undefined;
    faults.beforeCall = async () => undefined;
    clock.advance(minute);
    return event;
  }

  test.each(cases)('%s, and started again by Lambda: it ends as it would have', async (_, plan) => {
    const whole = await count(plan);
    expect(whole.effects).toBeGreaterThan(2);
    for (let k = 1; k <= whole.effects; k += 1) {
      const orders = await start(plan);
      const event = await crashedAfter(orders, k);
      await orders.scene.respond(event);
      await orders.scene.tick();
      expect({ k, ...endOf(orders) }).toMatchObject(whole.end);
    }
  });

  test.each(cases)(
    '%s, and found by the reconcile first: the address is not left in between',
    async (_, plan) => {
      const { effects } = await count(plan);
      for (let k = 1; k <= effects; k += 1) {
        const orders = await start(plan);
        const event = await crashedAfter(orders, k);
        for (let minutes = 0; minutes < 3; minutes += 1) {
          await orders.scene.tick();
          await orders.scene.failovers();
          if (minutes === 0) await orders.scene.respond(event);
          orders.scene.world.clock.advance(minute);
        }
        const inService = orders.scene.world.inService(vip);
        expect({ k, inService }).toEqual({ k, inService: plan.order.action !== 'out-of-service' });
        expect(orders.scene.record).toMatchObject({ intent: null, claim: { holder: null } });
      }
    },
  );
});
