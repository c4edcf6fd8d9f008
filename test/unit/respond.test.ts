import { expect, test } from 'vitest';
import { alarmEvent, healthEvent, instanceOf, statusEvent, tag, vip } from '../fakes/fleets.ts';
import { armedScene, eth0B, type Scene, told } from '../fakes/scene.ts';

const minute = 60_000;

async function brokenScene(): Promise<Scene> {
  const scene = await armedScene();
  scene.guest('ServerA').addresses.clear();
  return scene;
}

async function say(scene: Scene, event: unknown): Promise<readonly string[]> {
  return (await scene.respond(event)).map(told);
}

test('an alarm of the address starts its recovery', async () => {
  const scene = await brokenScene();
  expect(await say(scene, healthEvent(scene.world.clock.now()))).toEqual([
    'restored-in-place: address-absent',
  ]);
  expect(scene.world.inService(vip)).toBe(true);
});

test.each(['OK', 'INSUFFICIENT_DATA'])('an alarm in state %s moves nothing', async (value) => {
  const scene = await brokenScene();
  expect(await say(scene, healthEvent(scene.world.clock.now(), value))).toEqual(['held: not-in-alarm']);
  expect(scene.world.inService(vip)).toBe(false);
});

test('an alarm that is five minutes old is still heard, one that is older is not', async () => {
  const scene = await armedScene();
  scene.world.clock.advance(10 * minute);
  const now = scene.world.clock.now();
  expect(await say(scene, healthEvent(now - 5 * minute))).toEqual(['held: already-healthy']);
  expect(await say(scene, healthEvent(now - 5 * minute - 1))).toEqual(['held: event-too-old']);
});

test('an alarm from before the last recovery is superseded', async () => {
  const scene = await brokenScene();
  const raisedAt = scene.world.clock.now();
  scene.world.clock.advance(1_000);
  await say(scene, healthEvent(raisedAt));
  scene.guest('ServerA').addresses.clear();
  expect(await say(scene, healthEvent(raisedAt))).toEqual(['held: event-superseded']);
});

test('the same alarm twice at the same time is answered once', async () => {
  const scene = await brokenScene();
  const event = healthEvent(scene.world.clock.now());
  const told = (await Promise.all([say(scene, event), say(scene, event)])).flat().sort();
  expect(told.filter((each) => each.startsWith('restored'))).toHaveLength(1);
  expect(scene.record.recent).toHaveLength(1);
});

test('an alarm while another recovery holds the claim moves nothing', async () => {
  const scene = await brokenScene();
  const expiresAtMs = scene.world.clock.now() + minute;
  scene.ports.ledger.change(tag, { claim: { epoch: 9, holder: 'somebody', expiresAtMs } });
  expect(await say(scene, healthEvent(scene.world.clock.now()))).toEqual(['held: claim-held']);
  expect(scene.record.claim).toEqual({ epoch: 9, holder: 'somebody', expiresAtMs });
});

test.each([
  ['another alarm', 'somebody-elses-alarm', 'alarm-unknown'],
  ["another fleet's alarm", 'holdfast-other-health-ip-db', 'alarm-unknown'],
  ['the alarm that watches the engine', 'holdfast-test-engine', 'alarm-unknown'],
  ['the alarm of a resource that is no more', 'holdfast-test-health-ip-old', 'tag-unknown'],
  ['the alarm of a server that is no more', 'holdfast-test-status-ServerZ', 'alarm-unknown'],
])('%s is refused', async (_, name, reason) => {
  const scene = await brokenScene();
  expect(await say(scene, alarmEvent(name, scene.world.clock.now()))).toEqual([`held: ${reason}`]);
  expect(scene.ports.ledger.writes).toEqual([]);
});

test("a status alarm looks at the server's addresses, and only at those it holds", async () => {
  const scene = await brokenScene();
  const now = scene.world.clock.now();
  expect(await say(scene, statusEvent(now, 'ServerB'))).toEqual(['held: server-not-active']);
  expect(await say(scene, statusEvent(now, 'ServerA'))).toEqual(['restored-in-place: address-absent']);
});

function instanceEvent(instanceId: string, state: string, atMs: number): unknown {
  return {
    source: 'aws.ec2',
    'detail-type': 'EC2 Instance State-change Notification',
    time: new Date(atMs).toISOString(),
    detail: { 'instance-id': instanceId, state },
  };
}

test('the end of an instance starts the failover of its addresses', async () => {
  const scene = await armedScene();
  scene.world.stop(instanceOf('ServerA'));
  const event = instanceEvent(instanceOf('ServerA'), 'stopping', scene.world.clock.now());
  expect(await say(scene, event)).toEqual(['escalated']);
  expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
  expect(scene.owner).toBe(eth0B);
});

test('the end of an instance that holds no address moves nothing', async () => {
  const scene = await armedScene();
  const now = scene.world.clock.now();
  expect(await say(scene, instanceEvent('i-unknown', 'stopping', now))).toEqual(['held: server-not-active']);
  expect(await say(scene, instanceEvent(instanceOf('ServerB'), 'stopping', now))).toEqual([
    'held: server-not-active',
  ]);
});

test('an event that nobody understands is refused in the audit trail, with what was wrong', async () => {
  const scene = await armedScene();
  expect(await say(scene, { hello: 1 })).toEqual(['held: event-not-understood']);
  const [step, summary] = scene.ports.audit.of('fleet');
  expect(step).toMatchObject({ step: 'decided', evidence: { refused: 'event-not-understood' } });
  expect(summary).toMatchObject({
    kind: 'summary',
    outcome: 'held',
    words: expect.stringContaining('shapes'),
  });
});

test('a refused event is no failure: the function ends well even when the audit trail cannot be written', async () => {
  const scene = await armedScene();
  scene.world.faults.plant('audit.write', 'before', Number.POSITIVE_INFINITY);
  expect(await say(scene, { hello: 1 })).toEqual(['held: event-not-understood']);
});

test('a fault in the recovery of one resource does not end that of another', async () => {
  const scene = await brokenScene();
  const [resource] = scene.fleet.resources;
  if (resource === undefined) throw new Error('the fleet has no resource');
  // The second resource's first write fails while the first resource is still being restored.
  const second = { ...resource, tag: 'ip-web', address: '10.0.1.51' };
  Object.assign(scene.fleet, { resources: [second, resource] });
  const { faults } = scene.world;
  faults.plant('ledger.claim', 'before', 1);
  await expect(say(scene, statusEvent(scene.world.clock.now(), 'ServerA'))).rejects.toThrow('ledger.claim');
  expect(scene.world.inService(vip)).toBe(true);
  expect(scene.record.claim.holder).toBeNull();
});
