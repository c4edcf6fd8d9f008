import { expect, test } from 'vitest';
import { fleetOf, healthEvent, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, eth0B, eth1A, Scene, told } from '../fakes/scene.ts';

async function firstTick(prepare: (scene: Scene) => void): Promise<Scene> {
  const scene = new Scene(fleetOf());
  prepare(scene);
  await scene.tick();
  return scene;
}

test('a new resource that is healthy where it was declared is armed at the first look', async () => {
  const scene = await firstTick(() => undefined);
  expect(scene.record).toMatchObject({ state: 'ISP', armed: true, activeServer: 'ServerA' });
  expect(scene.record.claim.holder).toBeNull();
  expect(scene.world.moves).toEqual([]);
});

test('the record learns the MAC address of every declared interface', async () => {
  const scene = await firstTick(() => undefined);
  expect(scene.record.macs[eth0A]).toBe(scene.world.eni(eth0A).mac);
  expect(Object.keys(scene.record.macs)).toHaveLength(4);
});

test('a new resource that lives on the backup interface is armed there, its INFO record swapped', async () => {
  const scene = await firstTick(({ world }) => world.serve(vip, eth1A));
  expect(scene.info).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  expect(scene.record).toMatchObject({ state: 'ISP', armed: true });
});

test('a new resource that lives on the second server is armed there', async () => {
  const scene = await firstTick(({ world }) => world.serve(vip, eth0B));
  expect(scene.record).toMatchObject({ armed: true, activeServer: 'ServerB' });
});

test.each([
  ['is on no interface', (scene: Scene): unknown => scene.world.owners.delete(vip), 'OSU'],
  [
    'is on an interface that nobody declared',
    (scene: Scene): unknown => scene.world.owners.set(vip, 'eni-x'),
    'OSU',
  ],
  ['does not work yet', (scene: Scene) => scene.guest('ServerA').addresses.clear(), 'OSU'],
  [
    'is on a host that gives no answer',
    (scene: Scene): unknown => Object.assign(scene.guest('ServerA'), { answers: false }),
    'ISU',
  ],
  ['cannot be looked at', (scene: Scene) => scene.world.faults.plant('addresses.look'), 'ILLSTATE'],
] as const)('a new resource that %s is not armed, and nothing is moved', async (_, prepare, state) => {
  const scene = await firstTick(prepare);
  expect(scene.record).toMatchObject({ state, armed: false });
  expect(scene.world.moves).toEqual([]);
});

test('an alarm that a deploy alone has raised moves nothing', async () => {
  const scene = new Scene(fleetOf());
  scene.guest('ServerA').links.set('eth0', 'broken');
  const [run] = await scene.respond(healthEvent(scene.world.clock.now()));
  expect(run && told(run)).toBe('held: not-armed');
  expect(scene.world.moves).toEqual([]);
});

test('a resource is armed as soon as it is seen healthy', async () => {
  const scene = await firstTick(({ world }) => world.faults.plant('hosts.ask'));
  expect(scene.record.armed).toBe(false);
  await scene.tick();
  expect(scene.record).toMatchObject({ armed: true, state: 'ISP' });
});

test('a resource that is only observed is in service without protection', async () => {
  const scene = new Scene(fleetOf({ resource: { automation: 'observe' } }));
  await scene.tick();
  expect(scene.record).toMatchObject({ armed: true, state: 'ISU' });
});

test('a deploy that gives the resource another address disarms it: the new one was never seen healthy', async () => {
  const before = await armedScene();
  const scene = new Scene(fleetOf({ resource: { address: '10.0.1.60' } }));
  scene.world.owners.clear();
  scene.ports.ledger.records.set('ip-db', before.record);
  await scene.tick();
  expect(scene.record).toMatchObject({ address: '10.0.1.60', armed: false, activeServer: null });
  expect(scene.world.moves).toEqual([]);
});

test('a deploy that switches automation off takes effect, one that leaves it alone keeps what the operator set', async () => {
  const before = await armedScene();
  const off = new Scene(fleetOf({ resource: { automation: 'off' } }));
  off.ports.ledger.records.set('ip-db', before.record);
  await off.tick();
  expect(off.record).toMatchObject({ automation: 'off', armed: true });
  const other = new Scene(fleetOf({ resource: { pingList: [] } }));
  other.ports.ledger.records.set('ip-db', { ...before.record, automation: 'observe' });
  await other.tick();
  expect(other.record).toMatchObject({ automation: 'observe', pingList: [] });
});

test('a deploy that takes away the server of the resource disarms it', async () => {
  const before = await armedScene();
  const scene = new Scene(fleetOf({ servers: ['ServerB'] }));
  scene.ports.ledger.records.set('ip-db', before.record);
  await scene.tick();
  expect(scene.record).toMatchObject({ activeServer: 'ServerB', armed: true });
  expect(Object.keys(scene.record.servers)).toEqual(['ServerB']);
});
