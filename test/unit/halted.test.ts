/** What docs/operating.md says of a failover that has halted: how it goes on, and how everything stays where it is. */
import { expect, test } from 'vitest';
import { everyKind } from '../fakes/every-kind.ts';
import { tag } from '../fakes/fleets.ts';
import { type OrderScene, orderScene } from '../fakes/orders.ts';
import { told } from '../fakes/scene.ts';

const minute = 60_000;

/** Both interfaces of ServerA are broken, and its postgres does not stop; the fence is `halt`. */
async function halted(): Promise<OrderScene> {
  const orders = await orderScene({ resource: { dependents: everyKind } });
  const { scene } = orders;
  for (const { name } of everyKind) scene.ports.dependents.set(name, 'ServerA', 'in-service');
  scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
  scene.ports.dependents.plan('postgres', { verb: 'stop', luck: 'no-effect', times: 100 });
  expect(told(await scene.alarmToEnd())).toBe('failed: dependent-not-stopped');
  expect(scene.record).toMatchObject({ state: 'OSF', stateReason: 'dependent-not-stopped' });
  scene.world.clock.advance(minute);
  return orders;
}

async function statesOf(orders: OrderScene): Promise<readonly string[]> {
  const answer = await orders.ask({ action: 'status', tag });
  if (!answer.ok || answer.kind !== 'status') throw new Error(JSON.stringify(answer));
  return [...new Set(answer.status.dependents.map(({ state, server }) => `${state} ${server}`))];
}

test('its dependents are on their way, and its steps say which one was not stopped', async () => {
  const orders = await halted();
  expect(await statesOf(orders)).toEqual(['ILLSTATE ServerA']);
  const [summary] = orders.scene.ports.audit.summaries().toReversed();
  const answer = await orders.ask({ action: 'explain', recovery: summary?.recoveryId });
  if (!answer.ok || answer.kind !== 'explanation') throw new Error(JSON.stringify(answer));
  const said = answer.explanation.steps.flatMap(({ words }) => words ?? []);
  expect(said).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^postgres \(systemd\) could not be stopped on ServerA: /),
      expect.stringMatching(
        /^ServerA is not fenced, as the fleet file says; .*postgres.* may still run there, so nothing is moved$/,
      ),
    ]),
  );
});

test('once EC2 says that the server is stopped, the next minute goes on', async () => {
  const orders = await halted();
  orders.scene.world.stop(orders.scene.instanceId('ServerA'));
  await orders.scene.tick();
  expect((await orders.scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
  expect(await statesOf(orders)).toEqual(['ISP ServerB']);
});

test('once it was stopped there by hand, the next minute goes on', async () => {
  const orders = await halted();
  orders.scene.ports.dependents.set('postgres', 'ServerA', 'out-of-service');
  await orders.scene.tick();
  expect((await orders.scene.failovers()).map(told)).toEqual(['failed-over: failover-unfinished']);
});

test('an order brings everything into service where it was', async () => {
  const orders = await halted();
  orders.scene.guest('ServerA').links.set('eth0', 'up').set('eth1', 'up');
  const order = { action: 'in-service', tag, server: 'ServerA' } as const;
  expect(told(await orders.orderToEnd(order))).toBe('restored-in-place: ordered');
  expect(orders.scene.record).toMatchObject({ state: 'ISP', activeServer: 'ServerA', intent: null });
  expect(await statesOf(orders)).toEqual(['ISP ServerA']);
  orders.scene.world.clock.advance(minute);
  expect(await orders.scene.tick()).toEqual([]);
});

test('a forced failover obeys the same fence', async () => {
  const orders = await halted();
  const summary = await orders.orderToEnd({ action: 'failover', tag, force: true });
  expect(told(summary)).toMatch(/: dependent-not-stopped$/);
  expect(orders.scene.record.activeServer).toBe('ServerA');
});
