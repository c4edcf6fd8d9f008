/** What the agents' words set off, stand for and prove. */
import { expect, test } from 'vitest';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, eth0B, eth1A, type Scene, told } from '../fakes/scene.ts';
import { noCarrier, type Said, saidAt } from '../fakes/words-said.ts';

async function quickScene(): Promise<Scene> {
  const scene = await armedScene({ fastLane: true });
  scene.guest('ServerA').links.set('eth0', 'broken');
  return scene;
}

/** A word that has just been said, and what became of it. */
async function hear(scene: Scene, said: Said = { answer: noCarrier }): Promise<readonly string[]> {
  return (await scene.respond(saidAt(scene.world.clock.now(), said))).map(told);
}

const acted = 'moved-to-backup: no-carrier';

// ---- The fast lane

test('a failure that the agent tells of is recovered at once, without asking the host again', async () => {
  const scene = await quickScene();
  const asked: string[] = [];
  const { hosts } = scene.ports;
  Object.assign(scene.ports, {
    hosts: {
      ask: (...question: Parameters<typeof hosts.ask>) => {
        asked.push(question[1].action);
        return hosts.ask(...question);
      },
    },
  });
  expect(await hear(scene)).toEqual([acted]);
  expect([scene.owner, scene.world.inService(vip)]).toEqual([eth1A, true]);
  expect(asked).toEqual(['restore']);
});

test('without the fast lane a word is kept and starts nothing', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').links.set('eth0', 'broken');
  expect(await hear(scene)).toEqual([]);
  const kept = await scene.ports.words.last(tag, instanceOf('ServerA'));
  expect(kept).toMatchObject({ kind: 'found', value: { answer: { why: 'no-carrier' } } });
  expect(scene.world.moves).toEqual([]);
});

test('a failure that is only said again starts nothing', async () => {
  const scene = await quickScene();
  scene.ports.ledger.change(tag, { automation: 'observe' });
  expect(await hear(scene)).toEqual(['held: automation-observes']);
  scene.world.clock.advance(10_000);
  expect(await hear(scene)).toEqual([]);
});

test('a failure after a time without a word starts a recovery, even if it is the same', async () => {
  const scene = await quickScene();
  scene.ports.ledger.change(tag, { automation: 'observe' });
  await hear(scene);
  scene.world.clock.advance(60_000);
  expect(await hear(scene)).toEqual(['held: automation-observes']);
});

test('an event that is delivered twice moves the address once', async () => {
  const scene = await quickScene();
  const event = saidAt(scene.world.clock.now(), { answer: noCarrier });
  expect((await scene.respond(event)).map(told)).toEqual([acted]);
  scene.world.clock.advance(2_000);
  expect((await scene.respond(event)).map(told)).toEqual(['held: already-healthy']);
  expect(scene.world.moves).toHaveLength(1);
});

test('the alarm that comes after the fast lane finds nothing left to do', async () => {
  const scene = await quickScene();
  await hear(scene);
  scene.world.clock.advance(20_000);
  expect(told(await scene.alarm())).toBe('held: already-healthy');
  expect(scene.world.moves).toHaveLength(1);
});

test('a word that comes after a younger one is not kept', async () => {
  const scene = await quickScene();
  const early = saidAt(scene.world.clock.now() - 3_000, { answer: noCarrier });
  expect(await hear(scene, {})).toEqual([]);
  expect(await scene.respond(early)).toEqual([]);
  expect(await scene.ports.words.last(tag, instanceOf('ServerA'))).toMatchObject({
    value: { answer: { verdict: 'ok' } },
  });
});

test.each([
  ['of another fleet', { fleet: 'other' }, 'held: tag-unknown'],
  ['of an address that nobody declared', { tag: 'ip-web' }, 'held: tag-unknown'],
  ['from an instance that nobody declared', { server: 'ServerZ' }, 'held: server-not-active'],
  ['from a server that has not got the address', { server: 'ServerB' }, 'held: server-not-active'],
] as const)('a word %s moves nothing', async (_, said, held) => {
  const scene = await quickScene();
  expect(await hear(scene, { answer: noCarrier, ...said })).toEqual([held]);
  expect(scene.world.moves).toEqual([]);
});

test('a failure that is minutes old moves nothing', async () => {
  const scene = await quickScene();
  const event = saidAt(scene.world.clock.now(), { answer: noCarrier });
  scene.world.clock.advance(6 * 60_000);
  expect((await scene.respond(event)).map(told)).toEqual(['held: event-too-old']);
});

test('an agent that says meanwhile that all is well again makes the recovery look again', async () => {
  const scene = await quickScene();
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'ledger.intend') return;
    scene.world.faults.beforeCall = async () => undefined;
    scene.guest('ServerA').links.clear();
    scene.world.clock.advance(1_000);
    await hear(scene, {});
  };
  expect(await hear(scene)).toEqual(['held: already-healthy']);
  expect(scene.world.moves).toEqual([]);
});

test('a path without an answer is looked at by the host itself, which asks a witness', async () => {
  const scene = await armedScene({ fastLane: true });
  scene.guest('ServerA').deadPaths.add('eth0');
  const unanswered = { path: 'unanswered', verdict: 'failed', why: 'path-unanswered' } as const;
  expect(await hear(scene, { answer: unanswered })).toEqual(['moved-to-backup: path-unanswered']);
});

// ---- In place of Systems Manager

/** The agent follows EC2, as soon as it has the address on eth1 it says so; SSM reaches nobody. */
async function withoutSsm(scene: Scene, agent: 'follows' | 'is frozen'): Promise<void> {
  scene.guest('ServerA').answers = false;
  scene.world.faults.afterEffect = (call) => {
    if (call !== 'addresses.move' || agent === 'is frozen' || scene.owner !== eth1A) return;
    scene.world.faults.afterEffect = () => undefined;
    scene.guest('ServerA').addresses.set(vip, new Set(['eth1']));
    scene.guest('ServerA').rules.set(vip, 'eth1');
    void hear(scene, { device: 'eth1', id: 'on-eth1' });
  };
}

test('with SSM cut off the move is proven by the word of the agent', async () => {
  const scene = await quickScene();
  await withoutSsm(scene, 'follows');
  expect(await hear(scene)).toEqual([acted]);
  expect([scene.owner, scene.world.inService(vip)]).toEqual([eth1A, true]);
});

test('with SSM cut off an alarm is answered by the word of the agent', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').links.set('eth0', 'broken');
  await hear(scene);
  await withoutSsm(scene, 'follows');
  scene.world.clock.advance(9_000);
  expect(told(await scene.alarm())).toBe(acted);
});

test('with SSM cut off and the agent silent for long nothing is known, and nothing is done', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').links.set('eth0', 'broken');
  await hear(scene);
  await withoutSsm(scene, 'follows');
  scene.world.clock.advance(60_000);
  expect(told(await scene.alarm())).toBe('held: host-could-not-look');
});

test('with both gone nothing is verified, nothing is swapped, and the ladder goes on', async () => {
  const scene = await quickScene();
  await withoutSsm(scene, 'is frozen');
  expect(await hear(scene)).toEqual(['escalated']);
  expect(scene.info).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
  expect((await scene.failovers()).map(told)).toEqual(['failed-over: move-unfinished']);
  expect([scene.owner, scene.record.activeServer]).toEqual([eth0B, 'ServerB']);
});

test('a word from before the move proves nothing', async () => {
  const scene = await quickScene();
  await hear(scene, { device: 'eth1', id: 'earlier' });
  scene.world.clock.advance(5_000);
  await withoutSsm(scene, 'is frozen');
  expect(await hear(scene)).toEqual(['escalated']);
});

test('what an agent said before the last recovery is not believed any more', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').addresses.clear();
  await hear(scene, { answer: { os: 'absent', verdict: 'failed', why: 'address-absent' } });
  scene.world.clock.advance(3_000);
  expect(told(await scene.alarm())).toBe('restored-in-place: address-absent');
  scene.guest('ServerA').answers = false;
  scene.world.clock.advance(3_000);
  expect(told(await scene.alarm())).toBe('held: host-could-not-look');
  expect(scene.owner).toBe(eth0A);
});
