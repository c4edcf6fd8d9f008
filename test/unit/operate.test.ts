import { expect, test } from 'vitest';
import { healthEvent, instanceOf, tag } from '../fakes/fleets.ts';
import { type OrderScene, orderScene } from '../fakes/orders.ts';
import { eth1A } from '../fakes/scene.ts';

function ask(orders: OrderScene, change: object = {}) {
  return orders.ask({ action: 'status', tag, ...change });
}

test('the status of a resource in service is its record, and EC2 agrees', async () => {
  const orders = await orderScene();
  expect(await ask(orders)).toEqual({
    ok: true,
    kind: 'status',
    status: {
      tag,
      state: 'ISP',
      reason: 'already-healthy',
      activeServer: 'ServerA',
      server: 'ServerA',
      address: '10.0.1.50',
      netmask: '255.255.255.0',
      primary: { name: 'eth0', up: true },
      backup: 'eth1',
      info: {
        ServerA: 'ServerA eth0 10.0.1.50 ffffff00 eth1',
        ServerB: 'ServerB eth0 10.0.1.50 ffffff00 eth1',
      },
      mechanism: {
        kind: 'secondary',
        words: 'AssignPrivateIpAddresses: a private address, inside its subnet',
      },
      automation: 'on',
      pausedUntilMs: null,
      failoverBlockedUntilMs: null,
      armed: true,
      claim: null,
      waiting: null,
      dependents: [],
      recent: [],
      agent: null,
      targets: [
        { at: { server: 'ServerA', interface: 'eth1' }, ready: true, why: null },
        { at: { server: 'ServerB', interface: 'eth0' }, ready: true, why: null },
      ],
    },
  });
});

test('the primary interface is down when EC2 says that another owns the address', async () => {
  const orders = await orderScene();
  orders.scene.world.owners.set('10.0.1.50', eth1A);
  expect(await ask(orders)).toMatchObject({ status: { primary: { name: 'eth0', up: false } } });
});

test('the primary interface is down on a server where the address is not, and while it is out of service', async () => {
  const orders = await orderScene();
  expect(await ask(orders, { machine: 'ServerB' })).toMatchObject({
    status: { server: 'ServerB', activeServer: 'ServerA', primary: { up: false } },
  });
  orders.scene.ports.ledger.change(tag, { state: 'OSF' });
  expect(await ask(orders)).toMatchObject({ status: { state: 'OSF', primary: { up: false } } });
});

test('a resource on no server is shown as its first server knows it', async () => {
  const orders = await orderScene();
  orders.scene.ports.ledger.change(tag, { activeServer: null, state: 'OSU' });
  expect(await ask(orders)).toMatchObject({ status: { server: 'ServerA', activeServer: null } });
});

test('a place that is not ready says why, and one that nobody could look at does too', async () => {
  const orders = await orderScene();
  const { world } = orders.scene;
  world.change(eth1A, { securityGroups: ['sg-2'] });
  world.setInstance(instanceOf('ServerB'), { state: 'stopped' });
  expect(await ask(orders)).toMatchObject({
    status: {
      targets: [
        { ready: false, why: 'the backup interface has other security groups' },
        { ready: false, why: "the server's instance is not running" },
      ],
    },
  });
  world.faults.plant('instances.look');
  expect(await ask(orders)).toMatchObject({
    status: { targets: [{ ready: false, why: expect.stringContaining('could not be asked') }, {}] },
  });
});

test('the claim shows who holds it and what they are doing; an expired one is nobody’s', async () => {
  const orders = await orderScene();
  const { ledger, clock } = orders.scene.ports;
  const claim = { epoch: 7, holder: 'somebody', expiresAtMs: clock.now() + 10_000 };
  const to = { server: 'ServerA', interface: 'eth1' };
  ledger.change(tag, { claim, intent: { epoch: 7, rung: 'move-to-backup', to } });
  expect(await ask(orders)).toMatchObject({
    status: {
      claim: {
        holder: 'somebody',
        expiresAtMs: clock.now() + 10_000,
        doing: { rung: 'move-to-backup', to },
      },
    },
  });
  ledger.change(tag, { intent: { epoch: 6, rung: 'move-to-backup', to } });
  expect(await ask(orders)).toMatchObject({ status: { claim: { doing: null } } });
  orders.scene.world.clock.advance(10_000);
  expect(await ask(orders)).toMatchObject({ status: { claim: null } });
});

test('a pause that has ended is no pause, and the switch of the fleet leaves no resource protected', async () => {
  const orders = await orderScene();
  const { ledger, clock } = orders.scene.ports;
  ledger.change(tag, { state: 'ISU', pausedUntilMs: clock.now() + 1_000 });
  expect(await ask(orders)).toMatchObject({
    status: { state: 'ISU', pausedUntilMs: clock.now() + 1_000 },
  });
  orders.scene.world.clock.advance(1_000);
  expect(await ask(orders)).toMatchObject({ status: { state: 'ISP', pausedUntilMs: null } });
  ledger.fleetView = { ...ledger.fleetView, automation: 'observe' };
  expect(await ask(orders)).toMatchObject({ status: { state: 'ISU', automation: 'on' } });
});

test('the list has every resource, where it is, and whether it could go elsewhere', async () => {
  const orders = await orderScene();
  expect(await orders.ask({ action: 'list' })).toEqual({
    ok: true,
    kind: 'list',
    fleet: { name: 'test', automation: 'on', pausedUntilMs: null, brake: { counted: 0, max: 5 } },
    resources: [
      {
        tag,
        address: '10.0.1.50',
        server: 'ServerA',
        interface: 'eth0',
        state: 'ISP',
        reason: 'already-healthy',
        automation: 'on',
        pausedUntilMs: null,
        sinceMs: null,
        claim: null,
        waiting: null,
        dependentsOut: [],
        ready: true,
      },
    ],
  });
  const { world } = orders.scene;
  world.setInstance(instanceOf('ServerB'), { state: 'stopped' });
  world.change(eth1A, { instanceId: null });
  expect(await orders.ask({ action: 'list' })).toMatchObject({ resources: [{ ready: false }] });
  world.faults.plant('addresses.look');
  expect(await orders.ask({ action: 'list' })).toMatchObject({ resources: [{ ready: null }] });
});

test('a resource that is declared and was never looked at is listed as unknown', async () => {
  const orders = await orderScene();
  orders.scene.ports.ledger.records.clear();
  expect(await orders.ask({ action: 'list' })).toMatchObject({
    resources: [{ tag, state: 'ILLSTATE', server: null, sinceMs: null }],
  });
});

test('a recovery that still runs is explained with what set it off; one that held, with why', async () => {
  const orders = await orderScene();
  const { scene } = orders;
  await scene.respond(healthEvent(scene.world.clock.now()));
  scene.world.stop(instanceOf('ServerA'));
  await scene.alarm();
  const [running] = scene.ports.failovers.started;
  const recovery = running?.members[0]?.recoveryId ?? '';
  expect(await orders.ask({ action: 'explain', recovery })).toMatchObject({
    kind: 'explanation',
    explanation: {
      recovery,
      ended: false,
      who: { kind: 'alarm', name: 'holdfast-test-health-ip-db' },
      reason: 'instance-not-running',
      to: { server: 'ServerB', interface: 'eth0' },
    },
  });
  await scene.failovers();
  expect(await orders.ask({ action: 'explain', recovery })).toMatchObject({
    explanation: { ended: true, outcome: 'failed-over', stagesMs: { claim: 0 } },
  });
  const answer = await orders.ask({ action: 'history', tag });
  if (!answer.ok || answer.kind !== 'history') throw new Error('no history');
  expect(answer.entries).toMatchObject([
    { recovery, outcome: 'failed-over' },
    { outcome: 'held', reason: 'already-healthy', who: { kind: 'alarm' } },
  ]);
  const [, held] = answer.entries;
  expect(await orders.ask({ action: 'explain', recovery: held?.recovery })).toMatchObject({
    explanation: { ended: true, outcome: 'held', steps: [{ step: 'claimed' }, { step: 'observed' }, {}] },
  });
  expect(await orders.ask({ action: 'history', limit: 1 })).toMatchObject({ entries: [{ recovery }] });
  const sinceMs = scene.world.clock.now() + 1;
  expect(await orders.ask({ action: 'history', sinceMs })).toMatchObject({ entries: [] });
});

test.each([
  ['no action', {}, 'usage'],
  ['an action nobody knows', { action: 'dance', tag }, 'usage'],
  ['a field nobody knows', { action: 'status', tag, force: true }, 'usage'],
  ['nothing at all', null, 'usage'],
  ['a tag that cannot be one', { action: 'status', tag: 'IP DB' }, 'usage'],
  ['an unknown tag', { action: 'status', tag: 'ip-none' }, 'unknown-tag'],
  ['an unknown server', { action: 'status', tag, machine: 'ServerZ' }, 'unknown-server'],
  ['an unknown tag in its history', { action: 'history', tag: 'ip-none' }, 'unknown-tag'],
  ['a recovery that nobody knows', { action: 'explain', recovery: `${tag}@1@x` }, 'unknown-recovery'],
  ['a recovery that is none', { action: 'explain', recovery: 'ip db' }, 'unknown-recovery'],
  [
    'a recovery far beyond time',
    { action: 'explain', recovery: `${tag}@999999999999999@x` },
    'unknown-recovery',
  ],
])('a request with %s is answered with a code, not thrown', async (_, request, code) => {
  const orders = await orderScene();
  expect(await orders.ask(request)).toMatchObject({ ok: false, code });
});

test.each([
  ['ledger.read', { action: 'status', tag }],
  ['addresses.look', { action: 'status', tag }],
  ['ledger.fleet', { action: 'list' }],
  ['ledger.read', { action: 'list' }],
  ['history.look', { action: 'history' }],
  ['history.look', { action: 'explain', recovery: `${tag}@1@x` }],
] as const)('what could not be looked at says so: %s of %j', async (call, request) => {
  const orders = await orderScene();
  orders.scene.world.faults.plant(call);
  expect(await orders.ask(request)).toMatchObject({ ok: false, code: 'service-unavailable' });
});
