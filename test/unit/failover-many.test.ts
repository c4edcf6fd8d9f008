/** All resources of a dead server in one incident: few calls, one count, and no resource that waits for another. */
import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/recovery/fault.ts';
import type { ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { healthEvent, instanceOf, statusEvent, tag } from '../fakes/fleets.ts';
import { dependOn, servingScene, unit, whereabouts } from '../fakes/hierarchies.ts';
import { armedScene, eth0B, eth1B, type Scene, told } from '../fakes/scene.ts';

const minute = 60_000;
const hour = 60 * minute;

/** Further addresses beside ip-db. */
function others(count: number): readonly (Pick<ResourceDefinition, 'tag' | 'address'> & object)[] {
  return Array.from({ length: count }, (_, index) => ({
    tag: `ip-${index}`,
    address: `10.0.1.${100 + index}`,
  }));
}

/** The calls of a kind, as they come. */
function countCalls(scene: Scene, verb: 'move'): { calls: string[] } {
  const counted = { calls: [] as string[] };
  const { addresses } = scene.ports;
  const { move } = addresses;
  Object.assign(addresses, {
    async [verb](...asked: Parameters<typeof move>) {
      counted.calls.push(`${asked[0].length} to ${asked[1]}`);
      return move(...asked);
    },
  });
  return counted;
}

async function deadServer(count: number): Promise<Scene> {
  const scene = await armedScene({ others: others(count) });
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

function owners(scene: Scene): readonly (string | undefined)[] {
  return scene.fleet.resources.map(({ address }) => scene.world.ownersOf(address)[0]);
}

async function statusAlarm(scene: Scene): Promise<readonly string[]> {
  const runs = await scene.respond(statusEvent(scene.world.clock.now(), 'ServerA'));
  return runs.map(told);
}

describe('fifty addresses of a dead server', () => {
  test('go to the same interface in at most three calls, in one incident', async () => {
    const scene = await deadServer(49);
    expect(new Set(await statusAlarm(scene))).toEqual(new Set(['escalated']));
    expect(scene.ports.failovers.started).toHaveLength(1);
    const { calls } = countCalls(scene, 'move');
    const ends = await scene.failovers();
    expect(new Set(ends.map(told))).toEqual(new Set(['failed-over: instance-not-running']));
    expect(new Set(owners(scene))).toEqual(new Set([eth0B]));
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(scene.fleet.resources.every(({ address }) => scene.world.inService(address))).toBe(true);
  });

  test('count once for the brake of the fleet', async () => {
    const scene = await deadServer(49);
    await statusAlarm(scene);
    await scene.failovers();
    expect(Object.keys(scene.ports.ledger.fleetView.failovers)).toEqual([tag]);
  });

  test('are found by the reconcile when every alarm was lost, as one incident', async () => {
    const scene = await deadServer(49);
    await scene.tick();
    expect(scene.ports.failovers.started.map(({ members }) => members.length)).toEqual([50]);
  });
});

test('one that EC2 refuses is named, takes the backup interface, and the others go', async () => {
  const scene = await deadServer(4);
  await statusAlarm(scene);
  const { addresses } = scene.ports;
  const { move } = addresses;
  Object.assign(addresses, {
    async move(...asked: Parameters<typeof move>) {
      if (asked[1] === eth0B && asked[0].some(({ address }) => address === '10.0.1.102'))
        throw new Fault('refused', 'AssignPrivateIpAddresses: PrivateIpAddressLimitExceeded', 'never');
      return move(...asked);
    },
  });
  const ends = await scene.failovers();
  expect(ends.map(({ outcome }) => outcome)).toEqual(Array(5).fill('failed-over'));
  expect(owners(scene)).toEqual([eth0B, eth0B, eth0B, eth1B, eth0B]);
  const blamed = scene.fleet.resources
    .map((each) => each.tag)
    .filter((each) =>
      scene.ports.audit.of(each).some((record) => record.kind === 'step' && record.step === 'fault'),
    );
  expect(blamed).toEqual(['ip-2']);
});

test('EC2 that gives no answer for all of them is asked again', async () => {
  const scene = await deadServer(4);
  await statusAlarm(scene);
  scene.world.faults.plant('addresses.move', 'before', 1);
  const ends = await scene.failovers();
  expect(new Set(ends.map(told))).toEqual(new Set(['failed-over: instance-not-running']));
  expect(new Set(owners(scene))).toEqual(new Set([eth0B]));
});

test('an address without dependents does not wait for the dependents of another', async () => {
  const plan = dependOn([unit('db', { startMs: 120_000 })], {}, { others: others(1) });
  const scene = await servingScene(plan);
  scene.world.stop(instanceOf('ServerA'));
  await statusAlarm(scene);
  const startedAtMs = scene.world.clock.now();
  const { start } = scene.ports.dependents;
  Object.assign(scene.ports.dependents, {
    async start(...order: Parameters<typeof start>) {
      await scene.world.clock.sleep(90_000);
      return start(...order);
    },
  });
  const [first, second] = await scene.failovers();
  expect((second?.atMs ?? 0) - startedAtMs).toBeLessThan(5_000);
  expect((first?.atMs ?? 0) - startedAtMs).toBeGreaterThan(90_000);
});

test('dependents of many resources share the bound, and no claim expires in the queue', async () => {
  const plan = dependOn(
    [unit('u-db', { startMs: 60_000 })],
    {},
    {
      others: others(20).map((each) => ({
        ...each,
        dependents: [unit(`u-${each.tag}`, { startMs: 60_000 })],
      })),
    },
  );
  const scene = await servingScene(plan);
  scene.world.stop(instanceOf('ServerA'));
  await statusAlarm(scene);
  let running = 0;
  let most = 0;
  const { start } = scene.ports.dependents;
  Object.assign(scene.ports.dependents, {
    async start(...order: Parameters<typeof start>) {
      running += 1;
      most = Math.max(most, running);
      await scene.world.clock.sleep(55_000);
      const expired = scene.fleet.resources.filter(({ tag: each }) => {
        const { claim } = scene.ports.ledger.record(each);
        return claim.holder !== null && claim.expiresAtMs <= scene.world.clock.now();
      });
      expect(expired.map(({ tag: each }) => each)).toEqual([]);
      await start(...order);
      running -= 1;
    },
  });
  const ends = await scene.failovers();
  expect(new Set(ends.map(told))).toEqual(new Set(['failed-over: instance-not-running']));
  expect(most).toBe(8);
  expect(Object.values(whereabouts(scene))).toEqual(Array(21).fill(['ServerB']));
});

test('one that fails does not hold up the others', async () => {
  const scene = await deadServer(3);
  await statusAlarm(scene);
  const { ledger } = scene.ports;
  const { commit } = ledger;
  Object.assign(ledger, {
    async commit(...asked: Parameters<typeof commit>) {
      if (asked[0] === 'ip-1') throw new Fault('access-denied', 'planted by the test', 'never');
      return commit(...asked);
    },
  });
  await expect(scene.failovers()).rejects.toThrow('planted by the test');
  expect(['ip-db', 'ip-0', 'ip-2'].map((each) => ledger.record(each).activeServer)).toEqual(
    Array(3).fill('ServerB'),
  );
});

describe('two incidents of the same server', () => {
  test('that begin one after the other end both, each under its own claim', async () => {
    const scene = await deadServer(1);
    await scene.respond(healthEvent(scene.world.clock.now()));
    await scene.respond(healthEvent(scene.world.clock.now(), 'ALARM', 'ip-0'));
    expect(scene.ports.failovers.started.map(({ name }) => name)).toHaveLength(2);
    const ends = await scene.failovers();
    expect(ends.map(told)).toEqual(Array(2).fill('failed-over: instance-not-running'));
    expect(new Set(owners(scene))).toEqual(new Set([eth0B]));
  });

  test('that run at the same time do not touch each other', async () => {
    const scene = await deadServer(1);
    await scene.respond(healthEvent(scene.world.clock.now()));
    await scene.respond(healthEvent(scene.world.clock.now(), 'ALARM', 'ip-0'));
    const ends = (await Promise.all([scene.failovers(), scene.failovers()])).flat();
    expect(ends.map(told)).toEqual(Array(2).fill('failed-over: instance-not-running'));
    expect(scene.world.moves).toHaveLength(2);
    for (const each of [tag, 'ip-0'])
      expect(scene.ports.ledger.record(each)).toMatchObject({
        activeServer: 'ServerB',
        claim: { holder: null },
      });
  });

  test('a second alarm for a resource that is in the incident already finds its claim held', async () => {
    const scene = await deadServer(1);
    await statusAlarm(scene);
    const [run] = await scene.respond(healthEvent(scene.world.clock.now()));
    expect(run === undefined ? run : told(run)).toBe('held: claim-held');
    expect((await scene.failovers()).map(told)).toEqual(Array(2).fill('failed-over: instance-not-running'));
  });
});

test('the brake holds an incident as a whole, and a person hears of it', async () => {
  const scene = await armedScene({
    others: others(2),
    policy: { fleetBrake: { max: 1, windowMs: hour } },
  });
  scene.world.stop(instanceOf('ServerA'));
  await statusAlarm(scene);
  const nowMs = scene.world.clock.now();
  scene.ports.ledger.fleetView = { ...scene.ports.ledger.fleetView, failovers: { another: nowMs } };
  expect((await scene.failovers()).map(told)).toEqual(Array(3).fill('held: fleet-brake'));
  expect(scene.world.moves).toEqual([]);
  expect(scene.ports.pages.sent.length).toBeGreaterThan(0);
});

test('an incident has one summary for the fleet, which names what became of each resource', async () => {
  const scene = await deadServer(2);
  await statusAlarm(scene);
  await scene.failovers();
  const records = [...scene.ports.audit.records.values()].filter((each) => each.tag === 'fleet');
  expect(records.filter(({ kind }) => kind === 'summary')).toMatchObject([{ outcome: 'failed-over' }]);
  const [step] = records.filter(({ kind }) => kind === 'step');
  expect(step).toMatchObject({
    step: 'incident',
    evidence: {
      members: [tag, 'ip-0', 'ip-1'].map((each) => ({
        tag: each,
        outcome: 'failed-over',
        to: { server: 'ServerB' },
      })),
    },
  });
});
