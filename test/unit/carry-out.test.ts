/** Orders that move an address, from the operator's word to the end, over the fakes. */
import { describe, expect, test } from 'vitest';
import type { Explanation } from '../../lib/recovery/order.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { alice, type OrderScene, orderScene } from '../fakes/orders.ts';
import { eth0A, eth0B, eth0C, eth1A, eth1B } from '../fakes/scene.ts';

const minute = 60_000;
const toBackup = { action: 'move-to-backup', tag } as const;
const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
const failover = { action: 'failover', tag, force: true } as const;
const out = { action: 'out-of-service', tag } as const;
const into = { action: 'in-service', tag } as const;

function infoOf(orders: OrderScene, server: string): string | undefined {
  return orders.scene.record.servers[server]?.info;
}

function expectInService(orders: OrderScene, eniId: string): void {
  expect(orders.scene.owner).toBe(eniId);
  expect(orders.scene.world.inService(vip)).toBe(true);
  expect(orders.scene.record).toMatchObject({ intent: null, claim: { holder: null } });
}

async function explained(orders: OrderScene, recovery: string): Promise<Explanation> {
  const answer = await orders.ask({ action: 'explain', recovery });
  if (!answer.ok || answer.kind !== 'explanation') throw new Error(JSON.stringify(answer));
  return answer.explanation;
}

describe('in service', () => {
  test('the address moves to the backup interface in one call, and INFO changes places once it is verified', async () => {
    const orders = await orderScene();
    const answer = await orders.order({ ...toBackup, reason: 'cable test' });
    expect(answer).toMatchObject({ ok: true, kind: 'started' });
    expect(infoOf(orders, 'ServerA')).toContain('eth0 10.0.1.50');
    const [summary] = await orders.carryOut();
    expect(summary).toMatchObject({
      outcome: 'moved-to-backup',
      reason: 'ordered',
      from: { server: 'ServerA', interface: 'eth0' },
      to: { server: 'ServerA', interface: 'eth1' },
      trigger: { kind: 'operator', order: 'move-to-backup', arn: alice, reason: 'cable test' },
    });
    expectInService(orders, eth1A);
    expect(infoOf(orders, 'ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
    expect(orders.scene.world.moves).toEqual([{ address: vip, eniId: eth1A }]);
    expect(orders.scene.record.state).toBe('ISP');
  });

  test('the plan says every step, and a dry run is nothing else', async () => {
    const orders = await orderScene({ servers: ['ServerA', 'ServerB', 'ServerC'] });
    orders.scene.world.setInstance(instanceOf('ServerB'), { state: 'stopped' });
    expect(await orders.order({ ...failover, dryRun: true })).toEqual({
      ok: true,
      kind: 'plan',
      plan: {
        steps: [
          'take the claim of ip-db',
          'EC2 makes ServerC/eth0 the owner of 10.0.1.50, in one call (AssignPrivateIpAddresses)',
          'ServerC brings it up on eth0, and packets are answered',
          'if that cannot be verified: the same at ServerC/eth1',
          'if it cannot be verified: back to ServerA/eth0, and INFO stays',
          'ServerA takes it off eth0, if it answers',
          'INFO of ServerC stays',
        ],
        leftOut: [
          { at: 'ServerB/eth0', reason: 'server-not-running', words: "the server's instance is not running" },
          { at: 'ServerB/eth1', reason: 'server-not-running', words: "the server's instance is not running" },
        ],
      },
    });
    expect(orders.carried).toEqual([]);
    expect(orders.scene.ports.audit.records.size).toBe(0);
  });

  test('a switchover goes to the primary interface of that server, and the source lets go of the address', async () => {
    const orders = await orderScene();
    expect(await orders.orderToEnd(toB)).toMatchObject({ outcome: 'failed-over', reason: 'ordered' });
    expectInService(orders, eth0B);
    expect(orders.scene.guest('ServerA').addresses.get(vip)?.size ?? 0).toBe(0);
    expect(orders.scene.record).toMatchObject({ activeServer: 'ServerB', failoverBlockedUntilMs: 0 });
  });

  test('a move goes to any interface that INFO names', async () => {
    const orders = await orderScene();
    await orders.orderToEnd({ action: 'move', tag, server: 'ServerB', interface: 'eth1' });
    expectInService(orders, eth1B);
    expect(infoOf(orders, 'ServerB')).toBe('ServerB eth1 10.0.1.50 ffffff00 eth0');
    await orders.orderToEnd({ action: 'move', tag, server: 'ServerA' });
    expectInService(orders, eth0A);
    await orders.orderToEnd({ action: 'move', tag, interface: 'eth1' });
    expectInService(orders, eth1A);
    for (const there of [{ interface: 'eth1' }, { server: 'ServerA', interface: 'eth1' }])
      expect(await orders.order({ action: 'move', tag, ...there })).toMatchObject({ changed: false });
  });

  test('pauses, automation that is off, a block and the brake do not hold an operator', async () => {
    const orders = await orderScene();
    const { ledger, clock } = orders.scene.ports;
    const pausedUntilMs = clock.now() + minute;
    ledger.change(tag, {
      automation: 'off',
      pausedUntilMs,
      failoverBlockedUntilMs: pausedUntilMs,
      state: 'ISU',
    });
    ledger.fleetView = { ...ledger.fleetView, automation: 'off', pausedUntilMs };
    expect(await orders.orderToEnd(failover)).toMatchObject({ outcome: 'failed-over' });
    expectInService(orders, eth0B);
    expect(orders.scene.record).toMatchObject({ state: 'ISU', automation: 'off' });
  });

  test('a failover by force takes a server that is ailing or unlike; a switchover does not', async () => {
    const orders = await orderScene();
    const { world } = orders.scene;
    world.setInstance(instanceOf('ServerB'), { systemStatus: 'impaired' });
    world.change(eth0B, { securityGroups: ['sg-9'] });
    expect(await orders.order(toB)).toMatchObject({ code: 'target-not-ready' });
    expect(await orders.orderToEnd(failover)).toMatchObject({ outcome: 'failed-over' });
    expectInService(orders, eth0B);
  });

  test('a failover by force leaves a server that is dead', async () => {
    const orders = await orderScene();
    orders.scene.world.stop(instanceOf('ServerA'));
    orders.scene.ports.ledger.change(tag, { state: 'OSF' });
    expect(await orders.orderToEnd(failover)).toMatchObject({ outcome: 'failed-over' });
    expectInService(orders, eth0B);
  });

  test('a failover by force goes on to the next server when the first does not prove it', async () => {
    const orders = await orderScene({ servers: ['ServerA', 'ServerB', 'ServerC'] });
    orders.scene.guest('ServerB').deadPaths.add('eth0').add('eth1');
    expect(await orders.orderToEnd(failover)).toMatchObject({
      outcome: 'failed-over',
      to: { server: 'ServerC', interface: 'eth0' },
    });
    expectInService(orders, eth0C);
    expect(orders.scene.guest('ServerB').addresses.get(vip)?.size ?? 0).toBe(0);
  });
});

describe('not verified', () => {
  test.each([
    ['the backup interface', toBackup, 'ServerA', 'eth1'],
    ['another server', toB, 'ServerB', 'eth0'],
  ] as const)('%s: the address goes back and INFO stays', async (_, order, server, device) => {
    const orders = await orderScene();
    const before = orders.scene.record.servers;
    orders.scene.guest(server).deadPaths.add(device);
    expect(await orders.orderToEnd(order)).toMatchObject({
      outcome: 'failed',
      reason: 'not-verified',
      from: { server: 'ServerA', interface: 'eth0' },
      to: null,
    });
    expectInService(orders, eth0A);
    expect(orders.scene.record).toMatchObject({ servers: before, state: 'ISP', activeServer: 'ServerA' });
    expect(orders.scene.guest('ServerB').addresses.get(vip)?.size ?? 0).toBe(0);
    expect(orders.scene.ports.pages.sent).toEqual([]);
  });

  test('back at home neither: the state is OSF, a person is called, and the ladder goes on', async () => {
    const orders = await orderScene();
    orders.scene.guest('ServerB').deadPaths.add('eth0');
    orders.scene.guest('ServerA').deadPaths.add('eth0');
    expect(await orders.orderToEnd(toB)).toMatchObject({ outcome: 'failed', reason: 'not-verified' });
    expect(orders.scene.record).toMatchObject({ state: 'OSF', intent: null, claim: { holder: null } });
    expect(orders.scene.ports.pages.sent).toHaveLength(1);
    orders.scene.world.clock.advance(minute);
    await orders.scene.tick();
    expectInService(orders, eth1A);
  });

  test('EC2 gives no answer: the address stays where it was, and so does INFO', async () => {
    const orders = await orderScene();
    orders.scene.world.faults.plant('addresses.move', 'before', 10);
    expect(await orders.orderToEnd(toBackup)).toMatchObject({
      outcome: 'failed',
      reason: 'ec2-gave-no-answer',
    });
    expectInService(orders, eth0A);
  });

  test('EC2 refuses for want of room: the address stays where it was', async () => {
    const orders = await orderScene();
    orders.scene.world.full.add(eth1A);
    expect(await orders.orderToEnd(toBackup)).toMatchObject({ outcome: 'failed', reason: 'not-verified' });
    expectInService(orders, eth0A);
  });
});

describe('out of service', () => {
  test('the host lets go, the record says so, and EC2 still keeps the address', async () => {
    const orders = await orderScene();
    expect(await orders.orderToEnd(out)).toMatchObject({ outcome: 'ordered', to: null });
    expect(orders.scene.record).toMatchObject({ state: 'OSU', activeServer: null, claim: { holder: null } });
    expect(orders.scene.owner).toBe(eth0A);
    expect(orders.scene.world.inService(vip)).toBe(false);
    const { alarm } = { alarm: await orders.scene.alarm() };
    expect(alarm).toMatchObject({ summary: { outcome: 'held', reason: 'out-of-service' } });
    expect(await orders.order(out)).toMatchObject({ kind: 'done', changed: false });
  });

  test('two interfaces only change places, and no address moves', async () => {
    const orders = await orderScene();
    await orders.orderToEnd(out);
    expect(await orders.order(toBackup)).toMatchObject({ kind: 'done', changed: true });
    expect(infoOf(orders, 'ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
    expect(orders.scene.world.moves).toEqual([]);
  });

  test('on a server that is not active the same', async () => {
    const orders = await orderScene();
    expect(await orders.order({ ...toBackup, machine: 'ServerB' })).toMatchObject({ kind: 'done' });
    expect(infoOf(orders, 'ServerB')).toBe('ServerB eth1 10.0.1.50 ffffff00 eth0');
    expectInService(orders, eth0A);
  });

  test('the address comes back where INFO says, or on the server that is named', async () => {
    const orders = await orderScene();
    await orders.orderToEnd(out);
    expect(await orders.orderToEnd(into)).toMatchObject({ outcome: 'restored-in-place', from: null });
    expectInService(orders, eth0A);
    expect(orders.scene.record).toMatchObject({ state: 'ISP', activeServer: 'ServerA' });
    await orders.orderToEnd(out);
    await orders.orderToEnd({ ...into, server: 'ServerB' });
    expectInService(orders, eth0B);
    expect(await orders.order(into)).toMatchObject({ kind: 'done', changed: false });
  });

  test('a resource that was never armed is armed by an order that verifies it', async () => {
    const orders = await orderScene();
    await orders.orderToEnd(out);
    orders.scene.ports.ledger.change(tag, { armed: false });
    await orders.orderToEnd(into);
    expect(orders.scene.record).toMatchObject({ armed: true, state: 'ISP' });
  });

  test('in service cannot be verified: it stays out', async () => {
    const orders = await orderScene();
    await orders.orderToEnd(out);
    orders.scene.guest('ServerA').deadPaths.add('eth0');
    expect(await orders.orderToEnd(into)).toMatchObject({ outcome: 'failed', reason: 'not-verified' });
    expect(orders.scene.record).toMatchObject({ state: 'OSU', activeServer: null, intent: null });
  });

  test('a host that does not answer keeps the address, and the record says so again', async () => {
    const orders = await orderScene();
    orders.scene.guest('ServerA').answers = false;
    expect(await orders.orderToEnd(out)).toMatchObject({
      outcome: 'failed',
      reason: 'host-could-not-look',
    });
    expect(orders.scene.record).toMatchObject({ state: 'ISP', activeServer: 'ServerA' });
  });

  test('a server that is not running has nothing to let go of', async () => {
    const orders = await orderScene();
    orders.scene.world.stop(instanceOf('ServerA'));
    expect(await orders.orderToEnd(out)).toMatchObject({ outcome: 'ordered' });
    expect(orders.scene.record).toMatchObject({ state: 'OSU', activeServer: null });
  });
});

describe('an order that comes to the recover function', () => {
  test('late is not carried out', async () => {
    const orders = await orderScene();
    await orders.order(toBackup);
    orders.scene.world.clock.advance(10 * minute);
    expect(await orders.carryOut()).toMatchObject([{ outcome: 'held', reason: 'event-too-old' }]);
    expectInService(orders, eth0A);
  });

  test('after a failover has changed what it was about is not carried out', async () => {
    const orders = await orderScene();
    await orders.order(toBackup);
    orders.scene.world.stop(instanceOf('ServerA'));
    await orders.scene.alarmToEnd();
    expect(await orders.carryOut()).toMatchObject([{ outcome: 'held', reason: 'owner-changed' }]);
    expectInService(orders, eth0B);
  });

  test('twice is done once, and its summary says the same', async () => {
    const orders = await orderScene();
    await orders.order(toBackup);
    const [event] = orders.carried;
    const [first] = await orders.carryOut();
    await orders.scene.respond(event);
    expectInService(orders, eth1A);
    expect(orders.scene.world.moves).toHaveLength(1);
    const summaries = orders.scene.ports.audit.summaries();
    expect(summaries).toHaveLength(1);
    expect(summaries[0]).toMatchObject({ outcome: first?.outcome, from: first?.from, to: first?.to });
  });

  test('and finds that the target is not ready any more moves nothing', async () => {
    const orders = await orderScene();
    await orders.order(toB);
    orders.scene.world.setInstance(instanceOf('ServerB'), { state: 'stopped' });
    expect(await orders.carryOut()).toMatchObject([{ outcome: 'held', reason: 'server-not-running' }]);
    expect(orders.scene.world.moves).toEqual([]);
  });

  test.each([
    ['addresses.look', 'interfaces-could-not-look'],
    ['instances.look', 'instance-could-not-look'],
    ['ledger.fleet', 'fleet-could-not-look'],
  ] as const)('and cannot look (%s) moves nothing', async (call, reason) => {
    const orders = await orderScene();
    await orders.order(toB);
    orders.scene.world.faults.plant(call);
    expect(await orders.carryOut()).toMatchObject([{ outcome: 'held', reason }]);
    expectInService(orders, eth0A);
  });

  test('while another recovery acts is held, and explained under its own name', async () => {
    const orders = await orderScene();
    const started = await orders.order(toBackup);
    const { clock, ledger } = orders.scene.ports;
    ledger.change(tag, { claim: { epoch: 9, holder: 'faster', expiresAtMs: clock.now() + minute } });
    expect(await orders.carryOut()).toMatchObject([{ outcome: 'held', reason: 'claim-held' }]);
    const recovery = started.ok && started.kind === 'started' ? started.recovery : '';
    expect(await explained(orders, recovery)).toMatchObject({
      ended: true,
      outcome: 'held',
      reason: 'claim-held',
      who: { kind: 'operator', name: alice, via: 'command' },
    });
  });

  test('with a tag that the fleet has no more is refused by name', async () => {
    const orders = await orderScene();
    await orders.order(toBackup);
    const event = { ...orders.carried[0], order: { ...toBackup, tag: 'ip-none', dryRun: false } };
    expect(await orders.scene.respond(event)).toMatchObject([{ summary: { reason: 'tag-unknown' } }]);
    expect(await orders.scene.respond({ ...event, order: { action: 'status', tag } })).toMatchObject([
      { summary: { reason: 'event-not-understood' } },
    ]);
  });
});
