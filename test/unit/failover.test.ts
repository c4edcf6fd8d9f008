import { expect, test } from 'vitest';
import { failOver } from '../../lib/recovery/failover.ts';
import { type FleetPlan, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0A, eth0B, eth0C, eth1B, type Scene, told } from '../fakes/scene.ts';
import { plainSteps } from '../fakes/steps.ts';

const hour = 60 * 60_000;

/** ServerA has just died. */
async function deadServer(plan: FleetPlan = {}): Promise<Scene> {
  const scene = await armedScene(plan);
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

const three: FleetPlan = { servers: ['ServerA', 'ServerB', 'ServerC'] };

test('the address comes up on the next server, on the interface on which it was last configured there', async () => {
  const scene = await deadServer();
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect([scene.owner, scene.record.activeServer, scene.world.inService(vip)]).toEqual([
    eth0B,
    'ServerB',
    true,
  ]);
  expect(scene.record).toMatchObject({ state: 'ISP', stateReason: 'failed-over', intent: null });
  expect(scene.record.claim.holder).toBeNull();
  expect(scene.world.moves).toEqual([{ address: vip, eniId: eth0B }]);
});

test('the summary times every stage from the alarm on, under the recovery that began it', async () => {
  const scene = await deadServer();
  const summary = await scene.alarmToEnd();
  expect(Object.keys(summary.stagesMs)).toEqual(
    expect.arrayContaining(['detect', 'claim', 'observe', 'recheck', 'assign', 'host', 'settle', 'commit']),
  );
  const ids = new Set(scene.ports.audit.of(tag).map(({ recoveryId }) => recoveryId));
  expect(ids).toEqual(new Set([summary.recoveryId]));
});

test('on the new server the backup interface is tried when the address does not work on the first', async () => {
  const scene = await deadServer();
  scene.guest('ServerB').links.set('eth0', 'broken');
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect(scene.owner).toBe(eth1B);
  expect(scene.info).toBe('ServerB eth1 10.0.1.50 ffffff00 eth0');
});

test('on the new server the backup interface is tried when the first has no room for the address', async () => {
  const scene = await deadServer();
  scene.world.full.add(eth0B);
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect(scene.owner).toBe(eth1B);
});

test('the server after the next is tried when the next does not get the address to work', async () => {
  const scene = await deadServer(three);
  scene.guest('ServerB').answers = false;
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect([scene.owner, scene.record.activeServer]).toEqual([eth0C, 'ServerC']);
});

test('a server without room on either interface does not stand in the way of the one after it', async () => {
  const scene = await deadServer(three);
  for (const eniId of [eth0B, eth1B]) scene.world.full.add(eniId);
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
  expect(scene.owner).toBe(eth0C);
});

test('a person is called when no server gets the address to work', async () => {
  const scene = await deadServer();
  scene.guest('ServerB').answers = false;
  expect(told(await scene.alarmToEnd())).toBe('failed: no-failover-target');
  expect(scene.record.state).toBe('OSF');
  expect(scene.ports.pages.sent).toHaveLength(1);
});

test('an address that is well again when the failover looks is left where it is', async () => {
  const scene = await armedScene();
  scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  expect(told(await scene.alarm())).toBe('escalated');
  scene.guest('ServerA').answers = true;
  scene.world.clock.advance(60_000);
  expect((await scene.failovers()).map(told)).toEqual(['held: serving-though-impaired']);
  expect(scene.owner).toBe(eth0A);
});

test('a host that was silent a moment ago is not waited for again', async () => {
  const scene = await armedScene();
  scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  await scene.alarm();
  const startedAtMs = scene.world.clock.now();
  await scene.failovers();
  const observed = scene.ports.audit
    .of(tag)
    .filter((each) => each.kind === 'step' && each.step === 'observed')
    .at(-1);
  expect(observed).toMatchObject({ atMs: startedAtMs, evidence: { host: { kind: 'could-not-look' } } });
});

test('a source that still lives is told to take the address off', async () => {
  const scene = await armedScene();
  scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
  expect(told(await scene.alarmToEnd())).toBe('failed-over: move-unfinished');
  expect([...(scene.guest('ServerA').addresses.get(vip) ?? [])]).toEqual([]);
});

// ---- Handing over

test('the failover takes the claim over from the epoch that started it', async () => {
  const scene = await deadServer();
  await scene.alarm();
  const { epoch } = scene.record.claim;
  await scene.failovers();
  expect(scene.record.claim.epoch).toBe(epoch + 1);
});

test('a second start of the same failover finds the claim gone', async () => {
  const scene = await deadServer();
  await scene.alarm();
  const [escalation] = scene.ports.failovers.started;
  if (escalation === undefined) throw new Error('no failover was started');
  const ends = await Promise.all(
    [1, 2].map(() => failOver(scene.ports, scene.fleet, escalation, plainSteps(scene.world.clock))),
  );
  expect(ends.flat().map(told)).toEqual(['failed-over: instance-not-running', 'held: claim-lost']);
  expect(scene.world.moves).toHaveLength(1);
});

test('a failover that comes after another recovery finds the claim gone', async () => {
  const scene = await deadServer();
  await scene.alarm();
  scene.world.clock.advance(60_000);
  expect((await scene.tick()).map(told)).toEqual(['escalated']);
  expect((await scene.failovers()).map(told)).toEqual([
    'held: claim-lost',
    'failed-over: instance-not-running',
  ]);
});

// ---- Blocks and brakes

test('a second failover within the hour is held, and a person is called', async () => {
  const scene = await deadServer(three);
  await scene.alarmToEnd();
  scene.world.stop(instanceOf('ServerB'));
  scene.world.clock.advance(hour / 2);
  expect(told(await scene.alarmToEnd())).toBe('held: failover-blocked');
  expect(scene.record).toMatchObject({ state: 'OSF', activeServer: 'ServerB' });
  expect(scene.ports.pages.sent).toHaveLength(1);
});

test('after the hour the next tick does what was held', async () => {
  const scene = await deadServer(three);
  await scene.alarmToEnd();
  scene.world.stop(instanceOf('ServerB'));
  scene.world.clock.advance(hour / 2);
  await scene.alarmToEnd();
  scene.world.clock.advance(hour / 2);
  expect((await scene.tick()).map(told)).toEqual(['escalated']);
  await scene.failovers();
  expect(scene.owner).toBe(eth0C);
});

test('a local recovery on the new server is not held by what happened on the old one', async () => {
  const scene = await armedScene();
  for (let count = 0; count < 3; count += 1) {
    scene.guest('ServerA').addresses.clear();
    scene.world.clock.advance(60_000);
    expect(told(await scene.alarm())).toBe('restored-in-place: address-absent');
  }
  scene.guest('ServerA').addresses.clear();
  scene.world.clock.advance(60_000);
  expect(told(await scene.alarmToEnd())).toBe('failed-over: local-recoveries-too-frequent');
  scene.guest('ServerB').links.set('eth0', 'broken');
  scene.world.clock.advance(60_000);
  expect(told(await scene.alarmToEnd())).toBe('moved-to-backup: no-carrier');
  expect(scene.owner).toBe(eth1B);
});

test('the brake of the fleet holds the failover that is one too many', async () => {
  const scene = await deadServer({ policy: { fleetBrake: { max: 1, windowMs: hour } } });
  await scene.alarm();
  const { ledger } = scene.ports;
  // Another resource fails over between this resource's decision and its failover.
  scene.world.faults.beforeCall = async (call) => {
    if (call !== 'ledger.takeFailover') return;
    ledger.fleetView = { ...ledger.fleetView, failovers: { other: scene.world.clock.now() - 1 } };
  };
  expect((await scene.failovers()).map(told)).toEqual(['held: fleet-brake']);
  expect(scene.record).toMatchObject({ state: 'OSF', stateReason: 'fleet-brake' });
  expect(scene.owner).toBe(eth0A);
});

test('the brake counts one failover however many servers it tries', async () => {
  const scene = await deadServer(three);
  scene.guest('ServerB').answers = false;
  await scene.alarmToEnd();
  expect(Object.keys(scene.ports.ledger.fleetView.failovers)).toEqual(['ip-db']);
});

test('a fault while counting is tried again, under the claim that was taken', async () => {
  const scene = await deadServer();
  await scene.alarm();
  scene.world.faults.plant('ledger.takeFailover', 'before', 3);
  expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
  expect(scene.world.moves).toHaveLength(1);
});

test('a fault while counting that does not end stops the failover before anything is moved', async () => {
  const scene = await deadServer();
  await scene.alarm();
  scene.world.faults.plant('ledger.takeFailover', 'before', Number.POSITIVE_INFINITY);
  await expect(scene.failovers()).rejects.toMatchObject({ code: 'no-answer' });
  expect(scene.world.moves).toEqual([]);
});

test('a pause that comes while the failover is on its way is honoured', async () => {
  const scene = await deadServer();
  await scene.alarm();
  scene.ports.ledger.fleetView = { ...scene.ports.ledger.fleetView, pausedUntilMs: Number.MAX_SAFE_INTEGER };
  expect((await scene.failovers()).map(told)).toEqual(['held: automation-paused']);
  expect(scene.owner).toBe(eth0A);
});
