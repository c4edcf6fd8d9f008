import { expect, test } from 'vitest';
import { operate } from '../../lib/recovery/operate.ts';
import { tag } from '../fakes/fleets.ts';
import { armedScene, eth1A, type Scene } from '../fakes/scene.ts';

function ask(scene: Scene, change: object = {}) {
  return operate(scene.ports, { action: 'status', tag, ...change });
}

test('the status of a resource in service is its record, and EC2 agrees', async () => {
  expect(await ask(await armedScene())).toEqual({
    ok: true,
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
    },
  });
});

test('the primary interface is down when EC2 says that another owns the address', async () => {
  const scene = await armedScene();
  scene.world.owners.set('10.0.1.50', eth1A);
  expect(await ask(scene)).toMatchObject({ status: { primary: { name: 'eth0', up: false } } });
});

test('the primary interface is down on a server where the address is not, and while it is out of service', async () => {
  const scene = await armedScene();
  expect(await ask(scene, { machine: 'ServerB' })).toMatchObject({
    status: { server: 'ServerB', activeServer: 'ServerA', primary: { up: false } },
  });
  scene.ports.ledger.change(tag, { state: 'OSF' });
  expect(await ask(scene)).toMatchObject({ status: { state: 'OSF', primary: { up: false } } });
});

test('a resource on no server is shown as its first server knows it', async () => {
  const scene = await armedScene();
  scene.ports.ledger.change(tag, { activeServer: null, state: 'OSU' });
  expect(await ask(scene)).toMatchObject({ status: { server: 'ServerA', activeServer: null } });
});

test.each([
  ['no action', {}, 'usage'],
  ['an action nobody knows', { action: 'dance', tag }, 'usage'],
  ['a field nobody knows', { action: 'status', tag, force: true }, 'usage'],
  ['nothing at all', null, 'usage'],
  ['an unknown tag', { action: 'status', tag: 'ip-none' }, 'unknown-tag'],
  ['an unknown server', { action: 'status', tag, machine: 'ServerZ' }, 'unknown-server'],
])('a request with %s is answered with a code, not thrown', async (_, request, code) => {
  const scene = await armedScene();
  expect(await operate(scene.ports, request)).toMatchObject({ ok: false, code });
});

test.each(['ledger.read', 'addresses.look'] as const)(
  'a status that could not be looked at says so: %s',
  async (call) => {
    const scene = await armedScene();
    scene.world.faults.plant(call);
    expect(await ask(scene)).toMatchObject({ ok: false, code: 'service-unavailable' });
  },
);
