import { expect, test } from 'vitest';
import { Fault } from '../../lib/recovery/fault.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, eth0B, eth1A, eth1B, type Scene, told } from '../fakes/scene.ts';

type Damage = (scene: Scene) => unknown;

const linkBroken: Damage = (scene) => scene.guest('ServerA').links.set('eth0', 'broken');
const addressLost: Damage = (scene) => scene.guest('ServerA').addresses.clear();

async function damaged(...damages: readonly Damage[]): Promise<Scene> {
  const scene = await armedScene();
  for (const damage of damages) damage(scene);
  return scene;
}

const swapped = 'ServerA eth1 10.0.1.50 ffffff00 eth0';
const unswapped = 'ServerA eth0 10.0.1.50 ffffff00 eth1';

// ---- Rung 1

test.each([
  ['the operating system has lost the address', addressLost, 'address-absent'],
  ['the link was set down', (scene: Scene) => scene.guest('ServerA').links.set('eth0', 'down'), 'link-down'],
  ['the policy rule is gone', (scene: Scene) => scene.guest('ServerA').rules.clear(), 'rule-absent'],
  ['nobody owns the address', (scene: Scene) => scene.world.owners.delete(vip), 'address-unassigned'],
] as const)('restores in place when %s', async (_, damage, reason) => {
  const scene = await damaged(damage);
  expect(told(await scene.alarm())).toBe(`restored-in-place: ${reason}`);
  expect([scene.owner, scene.info, scene.world.inService(vip)]).toEqual([eth0A, unswapped, true]);
  expect(scene.record).toMatchObject({ state: 'ISP', intent: null, claim: { holder: null } });
});

test('does not call EC2 when EC2 has the address in the right place already', async () => {
  const scene = await damaged(addressLost);
  await scene.alarm();
  expect(scene.world.moves).toEqual([]);
});

test('finds out by itself that an alarm was wrong', async () => {
  const scene = await armedScene();
  expect(told(await scene.alarm())).toBe('held: already-healthy');
  expect(scene.ports.ledger.writes.map(({ verb }) => verb)).toEqual(['claim', 'commit']);
});

// ---- Rung 2

test('moves to the backup interface and swaps the INFO record when the link stays down', async () => {
  const scene = await damaged(linkBroken);
  expect(told(await scene.alarm())).toBe('moved-to-backup: no-carrier');
  expect([scene.owner, scene.info, scene.world.inService(vip)]).toEqual([eth1A, swapped, true]);
  expect(scene.world.moves).toEqual([{ address: vip, eniId: eth1A }]);
  expect([...(scene.guest('ServerA').addresses.get(vip) ?? [])]).toEqual(['eth1']);
});

test('moves back the same way: the old primary is the backup now', async () => {
  const scene = await damaged(linkBroken);
  await scene.alarm();
  scene.guest('ServerA').links.clear();
  scene.guest('ServerA').links.set('eth1', 'broken');
  scene.world.clock.advance(60_000);
  expect(told(await scene.alarm())).toBe('moved-to-backup: no-carrier');
  expect([scene.owner, scene.info]).toEqual([eth0A, unswapped]);
});

test('goes straight to the backup interface when the primary is detached', async () => {
  const scene = await damaged((each) => each.world.change(eth0A, { instanceId: null }));
  expect(told(await scene.alarm())).toBe('moved-to-backup: interface-detached');
  expect(scene.info).toBe(swapped);
});

test('does not swap the INFO record when the address does not work on the backup interface either', async () => {
  const scene = await damaged(linkBroken, (each) => each.guest('ServerA').deadPaths.add('eth1'));
  expect(told(await scene.alarm())).toBe('escalated');
  expect(scene.info).toBe(unswapped);
  expect(scene.record.intent).toMatchObject({ rung: 'move-to-backup' });
});

test('waits for EC2 to show the move that it has accepted', async () => {
  const scene = await damaged(linkBroken, ({ world }) => world.faults.plant('alarms.look'));
  scene.world.faults.afterEffect = (call) => {
    if (call === 'addresses.move') scene.world.staleLooks = 3;
  };
  expect(told(await scene.alarm())).toBe('moved-to-backup: no-carrier');
});

test('does not believe in a move that EC2 never shows', async () => {
  const scene = await damaged(linkBroken);
  scene.world.faults.afterEffect = (call) => {
    if (call === 'addresses.move') scene.world.staleLooks = Number.POSITIVE_INFINITY;
  };
  await scene.alarm();
  expect(scene.info).toBe(unswapped);
});

// ---- Rung 3

test('hands over to the failover when nothing on this server helps, and keeps the claim for it', async () => {
  const scene = await damaged(linkBroken, (each) => each.guest('ServerA').links.set('eth1', 'broken'));
  expect(told(await scene.alarm())).toBe('escalated');
  const [incident] = scene.ports.failovers.started;
  const { epoch } = scene.record.claim;
  expect(incident).toMatchObject({
    name: `${tag}-${epoch}`,
    members: [{ tag, epoch, tried: ['move-to-backup'] }],
  });
  expect(scene.record.claim.holder).not.toBeNull();
  expect((await scene.failovers()).map(told)).toEqual(['failed-over: move-unfinished']);
  expect([scene.owner, scene.record.activeServer]).toEqual([eth0B, 'ServerB']);
});

test.each([
  ['gives no answer', new Fault('no-answer', 'planted', 'later')],
  ['is throttled', new Fault('throttled', 'planted', 'later')],
] as const)(
  'a move that %s counts as no failed rung and takes the address to no other server',
  async (_, fault) => {
    const scene = await damaged(linkBroken);
    scene.world.faults.plant('addresses.move', 'before', 100, fault);
    expect(told(await scene.alarm())).toBe('failed: ec2-gave-no-answer');
    expect(scene.ports.failovers.started).toEqual([]);
    expect([scene.owner, scene.info]).toEqual([eth0A, unswapped]);
    scene.world.faults.clear();
    expect((await scene.tick()).map(told)).toEqual(['moved-to-backup: no-carrier']);
  },
);

test('a move that EC2 refuses for good counts as a failed rung, and the ladder goes on', async () => {
  const scene = await damaged(linkBroken);
  scene.world.faults.plant(
    'addresses.move',
    'before',
    1,
    new Fault('refused', 'PrivateIpAddressLimitExceeded', 'never'),
  );
  expect(told(await scene.alarm())).toBe('escalated');
});

test('calls a person and gives the claim back when the failover cannot be started', async () => {
  const scene = await damaged(({ world }) => world.stop(instanceOf('ServerA')));
  scene.world.faults.plant('failovers.start');
  expect(told(await scene.alarm())).toBe('failed: instance-not-running');
  expect(scene.ports.pages.sent).toMatchObject([{ subject: 'ip-db: the failover could not be started' }]);
  expect(scene.record.claim.holder).toBeNull();
});

test('goes out of service and calls a person once when there is nowhere left to go', async () => {
  const scene = await damaged(({ world }) => {
    world.stop(instanceOf('ServerA'));
    world.stop(instanceOf('ServerB'));
  });
  expect(told(await scene.alarm())).toBe('held: no-failover-target');
  expect(scene.record).toMatchObject({ state: 'OSF', stateReason: 'no-failover-target' });
  await scene.tick();
  expect(scene.ports.pages.sent).toHaveLength(1);
});

test('puts the address back where the INFO record says it is when nothing has helped', async () => {
  const scene = await damaged(
    linkBroken,
    (each) => each.guest('ServerA').deadPaths.add('eth1'),
    ({ world }) => world.stop(instanceOf('ServerB')),
  );
  expect(told(await scene.alarm())).toBe('failed: no-failover-target');
  expect([scene.owner, scene.info]).toEqual([eth0A, unswapped]);
});

// ---- Could not look, faults, switches

test.each([
  ['addresses.look', 'interfaces-could-not-look'],
  ['instances.look', 'instance-could-not-look'],
  ['hosts.ask', 'host-could-not-look'],
] as const)('holds when it could not look: %s', async (call, reason) => {
  const scene = await damaged(addressLost);
  scene.world.faults.plant(call, 'before', Number.POSITIVE_INFINITY);
  expect(told(await scene.alarm())).toBe(`held: ${reason}`);
  expect(scene.record).toMatchObject({ state: 'ISP', claim: { holder: null } });
});

test('a person is called once when nobody could look for three minutes, and again only on a new occasion', async () => {
  const scene = await damaged(addressLost);
  scene.world.faults.plant('hosts.ask', 'before', Number.POSITIVE_INFINITY);
  const pages: number[] = [];
  for (const minutes of [0, 1, 1, 1, 1, 10, 1, 1, 1]) {
    scene.world.clock.advance(minutes * 60_000);
    await scene.alarm();
    pages.push(scene.ports.pages.sent.length);
  }
  expect(pages).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 2]);
  expect(scene.ports.pages.sent[0]?.subject).toBe('ip-db may be out of service: host-could-not-look');
  scene.world.faults.clear();
  expect(told(await scene.alarm())).toBe('restored-in-place: address-absent');
  expect(scene.record.blind).toBeNull();
});

test('a switch that cannot be read stands in the way of acting, and the address counts as down', async () => {
  const scene = await damaged(addressLost);
  scene.world.faults.plant('ledger.fleet');
  expect(told(await scene.alarm())).toBe('held: fleet-could-not-look');
  expect(scene.record.state).toBe('OSF');
});

test('a move whose answer was lost counts when a look shows it', async () => {
  const scene = await damaged(linkBroken);
  scene.world.faults.plant('addresses.move', 'after');
  expect(told(await scene.alarm())).toBe('moved-to-backup: no-carrier');
});

test('a pause that comes between looking and acting is honoured', async () => {
  const scene = await damaged(addressLost);
  const pausedUntilMs = scene.world.clock.now() + 3_600_000;
  scene.world.faults.beforeCall = async (call) => {
    if (call === 'ledger.intend') scene.ports.ledger.change(tag, { pausedUntilMs });
  };
  expect(told(await scene.alarm())).toBe('held: automation-paused');
  expect(scene.world.inService(vip)).toBe(false);
});

test('an owner that changes between looking and acting is looked at again', async () => {
  const scene = await damaged(({ world }) => world.owners.delete(vip));
  let turns = 0;
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'ledger.intend') return;
    turns += 1;
    scene.world.owners.set(vip, turns % 2 === 0 ? eth1A : eth1B);
  };
  expect(told(await scene.alarm())).toBe('held: owner-changed');
  expect(scene.world.moves).toEqual([]);
});

test('a recovery whose claim was taken by another writes nothing more', async () => {
  const scene = await damaged(linkBroken);
  const taken = { epoch: 99, holder: 'another', expiresAtMs: Number.MAX_SAFE_INTEGER };
  scene.world.faults.afterEffect = (call) => {
    if (call === 'addresses.move') scene.ports.ledger.change(tag, { claim: taken });
  };
  expect(told(await scene.alarm())).toBe('held: claim-lost');
  expect(scene.record.claim).toEqual(taken);
  expect(scene.info).toBe(unswapped);
});

test('a recovery whose claim was taken by another does not put the address back', async () => {
  const scene = await damaged(
    linkBroken,
    (each) => each.guest('ServerA').deadPaths.add('eth1'),
    ({ world }) => world.stop(instanceOf('ServerB')),
  );
  const taken = { epoch: 99, holder: 'another', expiresAtMs: Number.MAX_SAFE_INTEGER };
  scene.world.faults.afterEffect = (call) => {
    if (call === 'addresses.move') scene.ports.ledger.change(tag, { claim: taken });
  };
  expect(told(await scene.alarm())).toBe('failed: claim-lost');
  expect(scene.world.moves).toEqual([{ address: vip, eniId: eth1A }]);
});

test('an audit trail that cannot be written stops no recovery', async () => {
  const scene = await damaged(addressLost);
  scene.world.faults.plant('audit.write', 'before', Number.POSITIVE_INFINITY);
  expect(told(await scene.alarm())).toBe('restored-in-place: address-absent');
});

test('the audit trail tells every step of a recovery, in order, under its epoch', async () => {
  const scene = await damaged((each) => each.guest('ServerA').deadPaths.add('eth0'));
  await scene.alarm();
  const records = scene.ports.audit.of(tag);
  expect(records.map((record) => (record.kind === 'step' ? record.step : record.kind))).toEqual([
    'claimed',
    'observed',
    'decided',
    'host-asked',
    'not-verified',
    'observed',
    'decided',
    'assigned',
    'host-asked',
    'verified',
    'committed',
    'summary',
  ]);
  expect(new Set(records.map(({ epoch }) => epoch))).toEqual(new Set([scene.record.claim.epoch]));
});

test('an address that only the fleet definition does not know is no resource', async () => {
  const scene = await armedScene();
  Object.assign(scene.fleet, { resources: [] });
  expect(told(await scene.alarm())).toBe('held: tag-unknown');
});

test('what was only observed says what it would have done, and does not touch anything', async () => {
  const scene = await damaged(linkBroken);
  scene.ports.ledger.change(tag, { automation: 'observe' });
  expect(told(await scene.alarm())).toBe('held: automation-observes');
  expect(scene.record.state).toBe('OSF');
  expect(scene.world.moves).toEqual([]);
  const decided = scene.ports.audit.of(tag).find((each) => each.kind === 'step' && each.step === 'decided');
  expect(decided).toMatchObject({
    evidence: { wouldHave: { rung: 'move-to-backup', reason: 'no-carrier' } },
  });
});
