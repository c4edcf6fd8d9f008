/** Failovers of every shape, each just handed over and not yet begun: what the interruptions are tried on. */
import type { Summary } from '../../lib/recovery/audit.ts';
import type { Incident } from '../../lib/recovery/escalation.ts';
import { failOver } from '../../lib/recovery/failover.ts';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import type { Steps } from '../../lib/recovery/steps.ts';
import { noRules } from '../fakes/fences.ts';
import { type FleetPlan, instanceOf, statusEvent, tag } from '../fakes/fleets.ts';
import { along, database, dependOn, servingScene, unit, whereabouts } from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import { Crash, replayedSteps } from '../fakes/replayed-steps.ts';
import { armedScene, type Scene } from '../fakes/scene.ts';

const minute = 60_000;
const three: FleetPlan = { servers: ['ServerA', 'ServerB', 'ServerC'] };
const beside = [
  { tag: 'ip-web', address: '10.0.1.51' },
  { tag: 'ip-api', address: '10.0.1.52', dependents: [unit('api')] },
];
const yes = { answer: 'yes', arn: 'alice', via: 'command', reason: null, atMs: 0 } as const;

export interface Workflow {
  readonly name: string;
  readonly build: () => Promise<Scene>;
  /** An order that nobody carries out any more may come to its end, or leave all as it was. */
  readonly order?: boolean;
  /** On no server, on purpose: whoever has ordered it has to order it again, when it is lost. */
  readonly isFromNowhere?: boolean;
}

function breakLinks(scene: Scene): Scene {
  scene.guest('ServerA').links.set('eth0', 'broken').set('eth1', 'broken');
  return scene;
}

function silence(scene: Scene): Scene {
  scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  return scene;
}

function die(scene: Scene): Scene {
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

async function ordered(scene: Scene, order: AskedRequest): Promise<Scene> {
  const orders = new OrderScene(scene);
  await orders.order(order);
  await scene.respond(orders.carried.shift());
  return scene;
}

async function alarmed(scene: Scene): Promise<Scene> {
  await scene.respond(statusEvent(scene.world.clock.now(), 'ServerA'));
  return scene;
}

const demanding = database.map((each) => ({ ...each, onFailure: 'next-server' as const }));
const toB = { action: 'switchover', tag, server: 'ServerB' } as const;

export const workflows: readonly Workflow[] = [
  {
    name: 'no dependents',
    build: async () => alarmed(die(await armedScene())),
  },
  {
    name: 'a hierarchy with volume, mount, unit and target, stopped one by one',
    build: async () => alarmed(breakLinks(await servingScene(dependOn(database)))),
  },
  {
    name: 'a hierarchy of a dead server',
    build: async () => alarmed(die(await servingScene(dependOn(database)))),
  },
  {
    name: 'on to the next server',
    build: async () => {
      const scene = die(await servingScene(dependOn(demanding, {}, three)));
      scene.ports.dependents.plan('db', { verb: 'start', luck: 'fails', server: 'ServerB', times: 1_000 });
      return alarmed(scene);
    },
  },
  {
    name: 'a person confirms it',
    build: async () => {
      const confirm = { withinMs: 10 * minute, otherwise: 'hold' } as const;
      const scene = die(await servingScene(dependOn([unit('db')], { confirm })));
      scene.people.plan(2 * minute, yes);
      return alarmed(scene);
    },
  },
  {
    name: 'the source is fenced',
    build: async () => {
      const scene = silence(await servingScene(dependOn(database, { fence: { kind: 'stop-instance' } })));
      scene.ports.fences.stopMs = 45_000;
      return alarmed(scene);
    },
  },
  {
    name: 'the source is isolated',
    build: async () => {
      const fence = { kind: 'isolate', securityGroup: noRules } as const;
      return alarmed(silence(await servingScene(dependOn([unit('db')], { fence }))));
    },
  },
  {
    name: 'a switchover',
    order: true,
    build: async () => ordered(await servingScene(dependOn(database)), toB),
  },
  {
    name: 'a switchover that has to go back',
    order: true,
    build: async () => {
      const scene = await servingScene(dependOn(database));
      scene.guest('ServerB').deadPaths.add('eth0').add('eth1');
      return ordered(scene, toB);
    },
  },
  {
    name: 'a switchover with a stop that fails',
    order: true,
    build: async () => {
      const scene = await servingScene(dependOn(database));
      scene.ports.dependents.plan('mount', { verb: 'stop', luck: 'no-effect', times: 1_000 });
      return ordered(scene, toB);
    },
  },
  {
    name: 'out of service',
    order: true,
    build: async () => ordered(await servingScene(dependOn(database)), { action: 'out-of-service', tag }),
  },
  {
    name: 'in service',
    order: true,
    isFromNowhere: true,
    build: async () => {
      const scene = await servingScene(dependOn(database));
      await ordered(scene, { action: 'out-of-service', tag });
      await scene.failovers();
      scene.world.clock.advance(minute);
      return ordered(scene, { action: 'in-service', tag, server: 'ServerB' });
    },
  },
  {
    name: 'one that goes on where another has died, after its stops',
    build: async () => goesOn(await alarmed(die(await servingScene(dependOn(database)))), '/choose-left'),
  },
  {
    name: 'one that goes on where another has died, and finds another server than that',
    build: async () => {
      const scene = die(await servingScene(dependOn(database, {}, three)));
      await goesOn(await alarmed(scene), '/start:mount:1', () =>
        scene.world.change('eni-b0', { securityGroups: ['sg-2'] }),
      );
      return scene;
    },
  },
  {
    name: 'an incident of three',
    build: async () => alarmed(die(await servingScene(dependOn([unit('db')], {}, { others: beside })))),
  },
  {
    name: 'an address that moves along',
    build: async () => {
      const dependents = [along('ip-web'), unit('db', { needs: ['with-ip-web'] })];
      return alarmed(die(await servingScene(dependOn(dependents, {}, { others: beside.slice(0, 1) }))));
    },
  },
];

/** The failover dies after that step, for good; the reconcile finds what it has left. */
async function goesOn(scene: Scene, last: string, meanwhile: () => void = () => undefined): Promise<Scene> {
  const workflow = workflowOf(scene, incidentOf(scene));
  const replay = replayedSteps(scene.world.clock, scene.people);
  // Each life is one step long: before it, between its effect and the memory of it, after it.
  while (replay.remembered.at(-1) !== last)
    await replay.run(workflow, 3).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
    });
  scene.world.clock.advance(20 * minute);
  meanwhile();
  await scene.tick();
  return scene;
}

export function incidentOf(scene: Scene): Incident {
  const [incident, ...others] = scene.ports.failovers.started.splice(0);
  if (incident === undefined || others.length > 0) throw new Error('not exactly one failover was started');
  return incident;
}

export function workflowOf(scene: Scene, incident: Incident): (steps: Steps) => Promise<readonly Summary[]> {
  return (steps) => failOver(scene.ports, scene.fleet, incident, steps);
}

/** What is true of the world, and of the records as far as it must not depend on how often something was tried. */
export function endOf(scene: Scene): object {
  const { world, ports, fleet } = scene;
  return {
    whereabouts: whereabouts(scene),
    resources: fleet.resources.map(({ tag: each, address }) => {
      const record = ports.ledger.record(each);
      return {
        tag: each,
        owners: world.ownersOf(address),
        serves: world.inService(address),
        configured: Object.keys(fleet.servers).map((server) => [
          ...(scene.guest(server).addresses.get(address) ?? []),
        ]),
        activeServer: record.activeServer,
        info: Object.values(record.servers).map(({ info }) => info),
        state: record.state,
        stateReason: record.stateReason,
        intent: record.intent,
        waiting: record.waiting,
        holder: record.claim.holder,
        dependents: Object.entries(record.dependents).map(
          ([name, { state, server }]) => `${name} ${state} ${server}`,
        ),
        recent: record.recent.map(({ outcome }) => outcome),
        blocked: record.failoverBlockedUntilMs > 0,
      };
    }),
  };
}

/** Throws at the moment at which something is in service on two servers that run. */
export function watch(scene: Scene): void {
  const single = new Set(
    scene.fleet.resources
      .flatMap(({ dependents = [] }) => dependents)
      .filter(({ work }) => work.kind === 'systemd' || work.kind === 'volume')
      .map(({ name }) => name),
  );
  const { afterEffect } = scene.world.faults;
  scene.world.faults.afterEffect = (call) => {
    afterEffect(call);
    for (const [name, servers] of Object.entries(whereabouts(scene)))
      if (single.has(name) && servers.length > 1)
        throw new Error(`after ${call}, ${name} is in service on ${servers.join(' and ')}`);
    for (const { address } of scene.fleet.resources)
      if (scene.world.ownersOf(address).length > 1) throw new Error(`${address} has two owners`);
  };
}
