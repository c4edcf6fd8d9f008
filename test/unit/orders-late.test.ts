import { expect, test } from 'vitest';
import { explain } from '../../lib/recovery/explain.ts';
import { fleetOf, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { OrderScene, orderScene } from '../fakes/orders.ts';
import { eth0A, eth0B, eth1A, Scene, told } from '../fakes/scene.ts';
import { plainSteps } from '../fakes/steps.ts';

const minute = 60_000;
const toBackup = { action: 'move-to-backup', tag } as const;
const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
const out = { action: 'out-of-service', tag } as const;
const into = { action: 'in-service', tag } as const;

test('a backup taken by force does not cost the failover to a server that is as it was declared', async () => {
  const orders = await orderScene({ backup: false });
  const { scene } = orders;
  scene.world.change(eth1A, { securityGroups: ['sg-2'] });
  await orders.order({ action: 'add-backup', tag, interface: 'eth1', force: true });
  scene.guest('ServerA').links.set('eth0', 'broken');
  expect(told(await scene.alarm())).toBe('moved-to-backup: no-carrier');
  scene.world.clock.advance(minute);
  scene.world.stop(instanceOf('ServerA'));
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect(scene.owner).toBe(eth0B);
});

test('out of service after a recovery in between takes the address off where it is', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await orders.order(out);
  scene.guest('ServerA').links.set('eth0', 'broken');
  await scene.alarm();
  expect(scene.owner).toBe(eth1A);
  const [summary] = await orders.carryOut();
  expect({
    told: summary?.outcome,
    state: scene.record.state,
    serves: scene.world.inService(vip),
  }).not.toMatchObject({ state: 'OSU', serves: true });
});

test('out of service when EC2 and the host have it on the backup (a move that died)', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  scene.world.serve(vip, eth1A);
  const summary = await orders.orderToEnd(out);
  expect({
    told: summary.outcome,
    state: scene.record.state,
    serves: scene.world.inService(vip),
  }).not.toMatchObject({ state: 'OSU', serves: true });
});

test('an older order that comes late does not undo younger ones', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await orders.order(toB);
  const late = orders.carried.shift();
  scene.world.clock.advance(20_000);
  await orders.orderToEnd(toB);
  scene.world.clock.advance(20_000);
  await orders.orderToEnd({ action: 'switchover', tag, server: 'ServerA' });
  expect(scene.owner).toBe(eth0A);
  scene.world.clock.advance(20_000);
  await scene.respond(late);
  expect(scene.owner).toBe(eth0A);
});

test('out of service, died half-way; brought in service by hand; Lambda tries the old order again', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await orders.order(out);
  const late = orders.carried.shift();
  scene.world.clock.advance(10_000);
  await orders.orderToEnd(out);
  scene.world.clock.advance(10_000);
  await orders.orderToEnd(into);
  expect(scene.world.inService(vip)).toBe(true);
  scene.world.clock.advance(60_000);
  await scene.respond(late);
  expect(scene.world.inService(vip)).toBe(true);
});

test('the same order delivered twice at once: one run acts, and it is not told failed', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  const started = await orders.order(toB);
  const recovery = started.ok && started.kind === 'started' ? started.recovery : '';
  const event = orders.carried.shift();
  let second: Promise<unknown> | undefined;
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'hosts.ask') return;
    scene.world.faults.beforeCall = async () => undefined;
    second = scene.respond(event);
    await second;
  };
  const first = await scene.respond(event);
  await second;
  const types = scene.ports.announcements.told.map(({ type }) => type);
  expect({
    first: first.map(told),
    types,
    e: (await explain(orders.ports, recovery))?.outcome,
  }).toMatchObject({
    types: expect.not.arrayContaining(['Holdfast Switchover Failed']),
  });
});

test('an order of the whole fleet that is sent again does not undo a younger one', async () => {
  const orders = await orderScene();
  const resume = orders.proven({ action: 'automation', mode: 'on' });
  await orders.ask(resume);
  await orders.order({ action: 'automation', mode: 'off' });
  await orders.ask(resume);
  expect(orders.scene.ports.ledger.fleetView.automation).toBe('off');
});

test('in service on another server keeps to the rule of like security groups', async () => {
  const orders = await orderScene();
  await orders.orderToEnd(out);
  orders.scene.world.change(eth0B, { securityGroups: ['sg-9'] });
  expect(await orders.order({ ...into, server: 'ServerB' })).toMatchObject({
    ok: false,
    code: 'target-not-ready',
  });
});

test('a page that OpsCenter refuses does not end the run of a failover that could not start', async () => {
  const orders = await orderScene({ backup: false });
  const { scene } = orders;
  scene.world.stop(instanceOf('ServerA'));
  scene.world.faults.plant('failovers.start');
  scene.world.faults.plant('pages.page', 'after');
  expect(told(await scene.alarm())).toBe('failed: instance-not-running');
});

test('an unarmed resource that is out of service on purpose stays so when the host is silent', async () => {
  const scene = new Scene(fleetOf());
  scene.guest('ServerA').answers = false;
  await scene.tick();
  scene.guest('ServerA').answers = true;
  const orders = new OrderScene(scene);
  expect(scene.record).toMatchObject({ armed: false, activeServer: 'ServerA' });
  await orders.orderToEnd(out);
  expect(scene.record).toMatchObject({ state: 'OSU', activeServer: null });
  scene.guest('ServerA').answers = false;
  scene.world.clock.advance(minute);
  await scene.tick();
  expect(scene.record).toMatchObject({ state: 'OSU', activeServer: null });
});

test('places left out stay in the audit trail after the order was carried out', async () => {
  const orders = await orderScene({ servers: ['ServerA', 'ServerB', 'ServerC'] });
  orders.scene.world.setInstance(instanceOf('ServerB'), { state: 'stopped' });
  const summary = await orders.orderToEnd({ action: 'failover', tag, force: true });
  const e = await explain(orders.ports, summary.recoveryId);
  expect(JSON.stringify(e?.steps.filter(({ step }) => step === 'ordered'))).toContain('leftOut');
});

test('an order about a server that the deploy has dropped leaves no claim behind', async () => {
  const orders = await orderScene({ servers: ['ServerA', 'ServerB', 'ServerC'] });
  const [resource] = orders.scene.fleet.resources;
  if (resource === undefined) throw new Error('no');
  Object.assign(resource, { candidates: resource.candidates.slice(0, 2) });
  expect(
    await orders.order({ action: 'remove-backup', tag, interface: 'eth1', machine: 'ServerC' }),
  ).toMatchObject({ ok: false });
  expect(orders.scene.record.claim.holder).toBe(null);
});

test('a refused switch is not announced as a recovery that was held', async () => {
  const orders = await orderScene();
  orders.scene.ports.announcements.told.length = 0;
  await orders.ask({ action: 'resume', tag });
  expect(orders.scene.ports.announcements.told.map(({ type }) => type)).toEqual([]);
});

test('a redeploy that codifies a removed backup does not move a healthy address', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await orders.orderToEnd(toBackup);
  await orders.order({ action: 'remove-backup', tag, interface: 'eth0' });
  expect(scene.info).toBe('ServerA eth1 10.0.1.50 ffffff00 none');
  const [resource] = scene.fleet.resources;
  if (resource === undefined) throw new Error('no');
  Object.assign(resource, {
    candidates: resource.candidates.map((c) => (c.server === 'ServerA' ? { ...c, backup: null } : c)),
  });
  scene.world.clock.advance(minute);
  scene.world.moves.length = 0;
  await scene.tick();
  expect(scene.world.moves).toEqual([]);
});

test('move-to-backup of an address that is down while automation is off moves it, or is refused', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  scene.guest('ServerA').links.set('eth0', 'broken');
  scene.ports.ledger.change(tag, { automation: 'off' });
  await scene.alarm();
  expect(scene.record.state).toBe('OSF');
  const answer = await orders.order(toBackup);
  await orders.carryOut();
  expect({ ok: answer.ok, serves: scene.world.inService(vip) }).not.toEqual({ ok: true, serves: false });
});

test('a second start of a failover does not end its explanation while the first one runs', async () => {
  const { scene } = await orderScene({ backup: false });
  scene.world.stop(instanceOf('ServerA'));
  await scene.alarm();
  const [escalation] = scene.ports.failovers.started;
  if (escalation === undefined) throw new Error('no failover');
  const { failOver } = await import('../../lib/recovery/failover.ts');
  const orders = new OrderScene(scene);
  let early: unknown;
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'addresses.move') return;
    scene.world.faults.beforeCall = async () => undefined;
    await failOver(scene.ports, scene.fleet, escalation, plainSteps(scene.world.clock));
    const e = await explain(orders.ports, escalation.members[0]?.recoveryId ?? '');
    early = { ended: e?.ended, reason: e?.reason };
  };
  await failOver(scene.ports, scene.fleet, escalation, plainSteps(scene.world.clock));
  expect(early).toMatchObject({ ended: false });
});

test('an order that is given again with its proof minutes after it was done is not told failed', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  const move = orders.proven(toB);
  await orders.ask(move);
  await orders.carryOut();
  scene.world.clock.advance(6 * minute);
  await orders.ask(move);
  await orders.carryOut();
  expect(scene.ports.announcements.told.map(({ type }) => type)).not.toContain('Holdfast Switchover Failed');
});

test('an in-service order that died is not looked at every minute for ever', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await orders.orderToEnd(out);
  await orders.order({ ...into, server: 'ServerB' });
  scene.world.faults.afterEffect = (call) => {
    if (call !== 'ledger.intend') return;
    scene.world.faults.afterEffect = () => undefined;
    throw new Error('crash');
  };
  await orders.carryOut().catch(() => undefined);
  for (let i = 0; i < 10; i += 1) {
    scene.world.clock.advance(minute);
    await scene.tick();
  }
  scene.ports.audit.records.clear();
  scene.world.clock.advance(minute);
  await scene.tick();
  expect(scene.ports.audit.summaries()).toHaveLength(0);
});
