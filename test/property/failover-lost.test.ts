/**
 * The failover's workflow, interrupted after every single moment, and lost for good: nobody replays it, and the reconcile
 * finds what it has left. Or it is replayed after all, when somebody else has acted since.
 */
import { describe, expect, test } from 'vitest';
import { instanceOf, tag } from '../fakes/fleets.ts';
import { whereabouts } from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import type { Scene } from '../fakes/scene.ts';
import { crashed, type Started, start, uninterrupted } from './interruptions.ts';
import { endOf, type Workflow, workflows } from './workflows.ts';

const minute = 60_000;

/** A minute of the reconcile and all that it starts, until it finds nothing more to do. */
async function untilQuiet(scene: Scene): Promise<void> {
  for (let count = 0; count < 6; count += 1) {
    const runs = await scene.tick();
    await scene.failovers();
    scene.world.clock.advance(minute);
    if (runs.length === 0) return;
  }
}

interface Service {
  readonly whereabouts: ReturnType<typeof whereabouts>;
  readonly resources: readonly object[];
}

/** What is true at the end whichever way it was reached. */
function serviceOf(scene: Scene): Service {
  return {
    whereabouts: whereabouts(scene),
    resources: scene.fleet.resources.map(({ tag: each, address }) => {
      const { activeServer, state, intent, waiting, claim, dependents } = scene.ports.ledger.record(each);
      const left = Object.values(dependents).filter((dependent) => dependent.state === 'ILLSTATE').length;
      const [owner, ...others] = scene.world.ownersOf(address);
      const serves = scene.world.inService(address);
      const isHeld = claim.holder !== null && claim.expiresAtMs > scene.world.clock.now();
      return { tag: each, owner, others, serves, activeServer, state, intent, waiting, isHeld, left };
    }),
  };
}

/** As before an order was given. */
function onServerA(there: Service): Service {
  const one = Object.fromEntries(Object.keys(there.whereabouts).map((name) => [name, ['ServerA']]));
  const resources = there.resources.map((each) => ({
    ...each,
    owner: 'eni-a0',
    serves: true,
    activeServer: 'ServerA',
    state: 'ISP',
  }));
  return { whereabouts: one, resources };
}

/** The run that dies at this moment is never replayed. */
async function lost(
  workflow: Workflow,
  k: number,
): Promise<{ readonly at: string; readonly started: Started }> {
  const started = await start(workflow);
  const at = await crashed(started, k);
  started.scene.world.clock.advance(20 * minute);
  await untilQuiet(started.scene);
  return { at, started };
}

const found = workflows.filter(({ isFromNowhere }) => isFromNowhere !== true);

describe('lost for good, it is found by the reconcile, and everything comes into service once', () => {
  test.each(found)('$name', async (workflow) => {
    const whole = await start(workflow);
    await whole.run();
    const there = serviceOf(whole.scene);
    const ends = workflow.order === true ? [there, onServerA(there)] : [there];
    for (let k = 1; k <= whole.replay.moments.length; k += 1) {
      const { at, started } = await lost(workflow, k);
      const end = serviceOf(started.scene);
      if (ends.length === 1) expect({ at, ...end }).toEqual({ at, ...there });
      else expect(ends, at).toContainEqual(end);
      expect(started.scene.ports.dependents.doubles).toEqual([]);
    }
  });
});

/** A person moves the address to the other server, once what was lost has ended there; every server is well. */
async function movedBack(scene: Scene): Promise<void> {
  for (const server of Object.keys(scene.fleet.servers)) startAgain(scene, server);
  scene.world.clock.advance(minute);
  const orders = new OrderScene(scene);
  const { activeServer } = scene.record;
  const server = activeServer === 'ServerA' ? 'ServerB' : 'ServerA';
  const order =
    activeServer === null
      ? ({ action: 'in-service', tag, server } as const)
      : ({ action: 'failover', tag, server, force: true } as const);
  await orders.order(order);
  await orders.carryOut();
}

function startAgain(scene: Scene, server: string): void {
  const { world, ports, fleet } = scene;
  const units = fleet.resources
    .flatMap(({ dependents = [] }) => dependents)
    .filter(({ work }) => work.kind === 'systemd');
  if (world.instances.get(instanceOf(server))?.state !== 'running')
    for (const { name } of units) ports.dependents.set(name, server, 'out-of-service');
  world.setInstance(instanceOf(server), { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' });
  const guest = scene.guest(server);
  guest.answers = true;
  guest.links.clear();
  guest.deadPaths.clear();
}

/** @returns what a replay has changed that comes after somebody else has acted */
async function lateReplay(
  workflow: Workflow,
  k: number,
  plant: (scene: Scene) => void = () => undefined,
): Promise<{ readonly before: object; readonly after: object }> {
  const { at, started } = await lost(workflow, k);
  const { scene } = started;
  await movedBack(scene);
  const stateOf = () => ({
    at,
    records: scene.fleet.resources.map(({ tag: each }) => {
      const { claim, ...record } = scene.ports.ledger.record(each);
      return { ...record, epoch: claim.epoch, holder: claim.holder };
    }),
    moves: scene.world.moves.length,
    orders: scene.ports.dependents.log.length,
    fences: scene.ports.fences.log.length,
    whereabouts: whereabouts(scene),
    pages: scene.ports.pages.sent.length,
  });
  const before = structuredClone(stateOf());
  plant(scene);
  await started.run().catch(() => undefined);
  return { before, after: stateOf() };
}

describe('replayed when somebody else has acted since, it changes nothing', () => {
  test.each(workflows)('$name', async (workflow) => {
    const whole = await uninterrupted(workflow);
    for (let k = 1; k <= whole.moments; k += 1) {
      const { before, after } = await lateReplay(workflow, k);
      expect(after).toEqual(before);
    }
  });
});

describe('a planted bug is caught:', () => {
  const [hierarchy] = workflows.filter(({ name }) => name === 'a hierarchy of a dead server');
  if (hierarchy === undefined) throw new Error('there is no such workflow');

  test('a ledger that asks nobody for the epoch', async () => {
    const whole = await uninterrupted(hierarchy);
    const changed: number[] = [];
    for (let k = 1; k <= whole.moments; k += 1) {
      const { before, after } = await lateReplay(hierarchy, k, ({ ports: { ledger } }) => {
        const { intend, commit } = ledger;
        const current = (each: string) => ledger.record(each).claim.epoch;
        Object.assign(ledger, {
          intend: (...[each, , ...rest]: Parameters<typeof intend>) => intend(each, current(each), ...rest),
          commit: (...[each, , ...rest]: Parameters<typeof commit>) => commit(each, current(each), ...rest),
        });
      });
      if (JSON.stringify(after) !== JSON.stringify(before)) changed.push(k);
    }
    expect(changed.length).toBeGreaterThan(whole.moments / 2);
  });

  test('dependents that say of everything that it is in service', async () => {
    const whole = await uninterrupted(hierarchy);
    const started = await start(hierarchy);
    const { dependents } = started.scene.ports;
    Object.assign(dependents, {
      look: async () => ({ kind: 'found', value: { state: 'in-service', detail: 'planted' } }),
    });
    await started.run();
    expect(endOf(started.scene)).not.toEqual(whole.end);
  });
});
