import { expect, test } from 'vitest';
import { fleetOf, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, eth0B, eth1A, Scene, told } from '../fakes/scene.ts';

async function tick(scene: Scene): Promise<readonly string[]> {
  return (await scene.tick()).map(told);
}

test('a resource that is well costs no claim, no host question and no write', async () => {
  const scene = await armedScene();
  scene.world.faults.plant('hosts.ask');
  expect(await tick(scene)).toEqual([]);
  expect(scene.ports.ledger.writes).toEqual([]);
  expect(scene.ports.audit.records.size).toBe(0);
});

test('a resource that nobody has seen yet is registered and looked at', async () => {
  const scene = new Scene(fleetOf());
  expect(await tick(scene)).toEqual(['held: already-healthy']);
  expect(scene.ports.ledger.writes.map(({ verb }) => verb)).toEqual(['register', 'claim', 'commit']);
});

test.each([
  [
    'another interface owns the address',
    (scene: Scene) => scene.world.serve(vip, eth1A),
    'address-on-wrong-interface',
  ],
  [
    'another server owns the address',
    (scene: Scene) => scene.world.serve(vip, eth0B),
    'address-on-wrong-interface',
  ],
  ['nobody owns the address', (scene: Scene) => scene.world.owners.delete(vip), 'address-unassigned'],
  [
    'the alarm of the address stands in ALARM',
    (scene: Scene) => scene.guest('ServerA').addresses.clear(),
    'address-absent',
  ],
] as const)('drift is repaired without any alarm: %s', async (_, drift, reason) => {
  const scene = await armedScene();
  drift(scene);
  if (reason === 'address-on-wrong-interface') scene.guest('ServerA').addresses.set(vip, new Set(['eth2']));
  expect(await tick(scene)).toEqual([`restored-in-place: ${reason}`]);
  expect([scene.owner, scene.world.inService(vip)]).toEqual([eth0A, true]);
  expect(scene.record.state).toBe('ISP');
});

test('a dead instance is found without any alarm', async () => {
  const scene = await armedScene();
  scene.world.stop(instanceOf('ServerA'));
  expect(await tick(scene)).toEqual(['escalated']);
});

test('an impaired instance whose host is silent is found without any alarm', async () => {
  const scene = await armedScene();
  scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  expect(await tick(scene)).toEqual(['escalated']);
});

test('an impaired instance that serves is looked at and left alone', async () => {
  const scene = await armedScene();
  scene.world.setInstance(instanceOf('ServerA'), { instanceStatus: 'impaired' });
  expect(await tick(scene)).toEqual(['held: serving-though-impaired']);
  expect(scene.record.state).toBe('ISP');
});

test('a resource that is out of service is looked at every minute, and is in service again when it is well', async () => {
  const scene = await armedScene();
  scene.ports.ledger.change(tag, { state: 'OSF', stateReason: 'no-failover-target' });
  expect(await tick(scene)).toEqual(['held: already-healthy']);
  expect(scene.record).toMatchObject({ state: 'ISP', stateReason: 'already-healthy' });
});

test('what an interrupted recovery meant to do is looked into', async () => {
  const scene = await armedScene();
  const to = { server: 'ServerA', interface: 'eth0' };
  scene.ports.ledger.change(tag, { intent: { epoch: 1, rung: 'restore-in-place', to } });
  expect(await tick(scene)).toEqual(['held: already-healthy']);
  expect(scene.record.intent).toBeNull();
});

test('a newer deploy is taken up', async () => {
  const scene = await armedScene();
  const [resource] = scene.fleet.resources;
  Object.assign(scene.fleet, { resources: [{ ...resource, pingList: [] }] });
  expect(await tick(scene)).toEqual(['held: already-healthy']);
  expect(scene.record.pingList).toEqual([]);
});

test.each(['ledger.read', 'addresses.look', 'instances.look', 'alarms.look'] as const)(
  'could-not-look is no suspicion: %s',
  async (call) => {
    const scene = await armedScene();
    scene.world.faults.plant(call, 'before', Number.POSITIVE_INFINITY);
    expect(await tick(scene)).toEqual([]);
    expect(scene.ports.ledger.writes).toEqual([]);
  },
);

test('a resource that is out of service on purpose is left alone', async () => {
  const scene = await armedScene();
  scene.ports.ledger.change(tag, { activeServer: null, state: 'OSU' });
  scene.world.owners.delete(vip);
  expect(await tick(scene)).toEqual([]);
});

test('what somebody is at work on is left to them; whoever died over it is followed once the claim has run out', async () => {
  const scene = await armedScene();
  scene.world.stop(instanceOf('ServerA'));
  const to = { server: 'ServerB', interface: 'eth0' };
  const epoch = 7;
  const expiresAtMs = scene.world.clock.now() + 90_000;
  scene.ports.ledger.change(tag, {
    claim: { epoch, holder: 'another', expiresAtMs },
    intent: { epoch, rung: 'fail-over', to },
  });
  expect(await tick(scene)).toEqual([]);
  expect(scene.ports.audit.records.size).toBe(0);
  scene.world.clock.advance(90_000);
  expect(await tick(scene)).toEqual(['escalated']);
});
