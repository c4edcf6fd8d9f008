import { expect, test } from 'vitest';
import { tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, type Scene, told } from '../fakes/scene.ts';
import { noCarrier, type Said, saidAt } from '../fakes/words-said.ts';

async function hear(scene: Scene, said: Said, atMs = scene.world.clock.now()): Promise<readonly string[]> {
  return (await scene.respond(saidAt(atMs, said))).map(told);
}

test('a failed word that comes after the ok of the same second does not move a healthy address unasked', async () => {
  const scene = await armedScene({ fastLane: true });
  await hear(scene, { id: 'ok-second', uptimeMs: 60_200 });
  await hear(scene, { id: 'failed-first', uptimeMs: 60_100, answer: noCarrier });
  expect(scene.world.moves).toEqual([]);
});

test('the same when EventBridge delivers the failed word again after the ok of the same second', async () => {
  const scene = await armedScene({ fastLane: true });
  scene.ports.ledger.change(tag, { automation: 'observe' });
  await hear(scene, { id: 'failed-first', uptimeMs: 60_100, answer: noCarrier });
  scene.ports.ledger.change(tag, { automation: 'on', state: 'ISP' });
  await hear(scene, { id: 'ok-second', uptimeMs: 60_200 });
  await hear(scene, { id: 'failed-first', uptimeMs: 60_100, answer: noCarrier });
  expect(scene.world.moves).toEqual([]);
});

test('a word of the same second as the last recovery, from before it, is no evidence after it', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').addresses.clear();
  await hear(scene, { answer: { os: 'absent', verdict: 'failed', why: 'address-absent' } });
  scene.world.clock.advance(500);
  expect(told(await scene.alarm())).toBe('restored-in-place: address-absent');
  expect((scene.record.recent.at(-1)?.atMs ?? 0) % 1000).toBeGreaterThan(0);
  scene.guest('ServerA').answers = false;
  scene.world.clock.advance(3_000);
  expect(told(await scene.alarm())).toBe('held: host-could-not-look');
  expect(scene.owner).toBe(eth0A);
});

test('an ok from before the failure, in the same second and delivered after it, proves no restore', async () => {
  const scene = await armedScene({ fastLane: true });
  // The host cannot be helped: a path that is dead on eth0.
  scene.guest('ServerA').deadPaths.add('eth0');
  const { hosts } = scene.ports;
  Object.assign(scene.ports, {
    hosts: {
      ask: async (...q: Parameters<typeof hosts.ask>) => {
        await scene.world.clock.sleep(q[1].action === 'restore' ? 1_500 : 100);
        return hosts.ask(...q);
      },
    },
  });
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'ledger.intend') return;
    scene.world.faults.beforeCall = async () => undefined;
    await hear(
      scene,
      { id: 'ok-before', uptimeMs: 60_100 },
      Math.floor(scene.world.clock.now() / 1000) * 1000,
    );
  };
  const runs = await hear(scene, {
    id: 'failed-after',
    uptimeMs: 60_200,
    answer: { path: 'unanswered', witness: 'answered', verdict: 'failed', why: 'path-unanswered' },
  });
  expect({ runs, serves: scene.world.inService(vip) }).not.toEqual({
    runs: ['restored-in-place: path-unanswered'],
    serves: false,
  });
});

test('a word from the future neither silences the agent for good nor proves a move', async () => {
  const scene = await armedScene({ fastLane: true });
  await hear(scene, { device: 'eth1', id: 'future' }, scene.world.clock.now() + 86_400_000);
  scene.world.clock.advance(600_000);
  scene.guest('ServerA').links.set('eth0', 'broken');
  scene.guest('ServerA').links.set('eth1', 'broken');
  const runs = await hear(scene, { answer: noCarrier });
  expect(runs).not.toEqual([]);
});
test('a word from the future does not prove a move that did not work', async () => {
  const scene = await armedScene();
  await hear(scene, { device: 'eth1', id: 'future' }, scene.world.clock.now() + 86_400_000);
  scene.world.clock.advance(600_000);
  scene.guest('ServerA').links.set('eth0', 'broken');
  scene.guest('ServerA').links.set('eth1', 'broken');
  const { hosts } = scene.ports;
  Object.assign(scene.ports, {
    hosts: {
      ask: async (...q: Parameters<typeof hosts.ask>) => {
        await scene.world.clock.sleep(1_500);
        return hosts.ask(...q);
      },
    },
  });
  expect(told(await scene.alarm())).not.toBe('moved-to-backup: no-carrier');
});

test('a healthy host that answers after 2.5 s is believed, not its agent of 12 s ago', async () => {
  const scene = await armedScene();
  await hear(scene, { answer: noCarrier });
  scene.world.clock.advance(12_000);
  const { hosts } = scene.ports;
  Object.assign(scene.ports, {
    hosts: {
      ask: async (...q: Parameters<typeof hosts.ask>) => {
        await scene.world.clock.sleep(2_500);
        return hosts.ask(...q);
      },
    },
  });
  expect(told(await scene.alarm())).toBe('held: already-healthy');
  expect(scene.owner).toBe(eth0A);
});

test('a failure in the second of the last recovery is not lost to the fast lane for good', async () => {
  const scene = await armedScene({ fastLane: true });
  scene.guest('ServerA').links.set('eth0', 'broken');
  scene.world.clock.advance(300);
  expect(await hear(scene, { answer: noCarrier }, Math.floor(scene.world.clock.now() / 1000) * 1000)).toEqual(
    ['moved-to-backup: no-carrier'],
  );
  scene.guest('ServerA').addresses.clear();
  const said = {
    device: 'eth1',
    answer: { os: 'absent', verdict: 'failed', why: 'address-absent' },
  } as const;
  const first = await hear(scene, { ...said, id: 'f1' }, Math.floor(scene.world.clock.now() / 1000) * 1000);
  scene.world.clock.advance(10_000);
  const second = await hear(scene, { ...said, id: 'f2' });
  expect([...first, ...second]).toContain('restored-in-place: address-absent');
});

test('a word from the near future is no evidence when the host is silent', async () => {
  const scene = await armedScene();
  await hear(scene, { answer: noCarrier }, scene.world.clock.now() + 50_000);
  scene.guest('ServerA').answers = false;
  scene.world.clock.advance(2_000);
  expect(told(await scene.alarm())).toBe('held: host-could-not-look');
});
