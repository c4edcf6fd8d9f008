/** What can go wrong in a world of two or three servers, so that some rung of the ladder still helps. */
import fc from 'fast-check';
import { eniOf, type FleetPlan, instanceOf, serverNames, tag, vip } from '../fakes/fleets.ts';
import { armedScene, type Scene } from '../fakes/scene.ts';

type Damage = (scene: Scene) => unknown;

const guestA = (scene: Scene) => scene.guest('ServerA');

/** On the server and interface where the address is. */
const atHome: { readonly [what: string]: (device: string) => Damage } = {
  'address lost': () => (scene) => guestA(scene).addresses.clear(),
  'link set down': (device) => (scene) => guestA(scene).links.set(device, 'down'),
  'link broken': (device) => (scene) => guestA(scene).links.set(device, 'broken'),
  'rule lost': () => (scene) => guestA(scene).rules.clear(),
  'address unassigned':
    () =>
    ({ world }) =>
      world.owners.delete(vip),
  'interface detached':
    (device) =>
    ({ world }) =>
      world.change(eniOf('ServerA', device), { instanceId: null }),
  'path dead': (device) => (scene) => guestA(scene).deadPaths.add(device),
  'on the backup in EC2':
    (device) =>
    ({ world }) =>
      world.owners.set(vip, eniOf('ServerA', device === 'eth0' ? 'eth1' : 'eth0')),
  'on another server in EC2':
    () =>
    ({ world }) =>
      world.owners.set(vip, eniOf('ServerB', 'eth0')),
  'instance stopped':
    () =>
    ({ world }) =>
      world.stop(instanceOf('ServerA')),
  'instance impaired and silent': () => (scene) => {
    scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
    guestA(scene).answers = false;
  },
};

/** Elsewhere, where a later rung would go. */
const further: { readonly [what: string]: (other: string) => Damage } = {
  'backup link broken': (other) => (scene) => guestA(scene).links.set(other, 'broken'),
  'backup path dead': (other) => (scene) => guestA(scene).deadPaths.add(other),
  'backup full':
    (other) =>
    ({ world }) =>
      world.full.add(eniOf('ServerA', other)),
  'backup with other security groups':
    (other) =>
    ({ world }) =>
      world.change(eniOf('ServerA', other), { securityGroups: ['sg-2'] }),
  'next server without link': () => (scene) => scene.guest('ServerB').links.set('eth0', 'broken'),
  'next server full':
    () =>
    ({ world }) =>
      world.full.add(eniOf('ServerB', 'eth0')),
  'next server stopped':
    () =>
    ({ world }) =>
      world.stop(instanceOf('ServerB')),
};

export interface Plan {
  readonly fleet: FleetPlan;
  /** Whether the address has been moved to the backup interface before: its INFO record is swapped. */
  readonly swapped: boolean;
  readonly home: string;
  readonly further: readonly string[];
}

export const plans: fc.Arbitrary<Plan> = fc.record({
  fleet: fc
    .record({ three: fc.boolean(), backup: fc.boolean() })
    .map(({ three, backup }) => ({ servers: serverNames.slice(0, three ? 3 : 2), backup })),
  swapped: fc.boolean(),
  home: fc.constantFrom(...Object.keys(atHome)),
  further: fc.subarray(Object.keys(further)),
});

/** A scene in which that has just happened. */
export async function damagedScene(plan: Plan): Promise<Scene> {
  const scene = await armedScene(plan.fleet);
  const swapped = plan.swapped && plan.fleet.backup === true;
  if (swapped) {
    const { ServerA, ...others } = scene.record.servers;
    if (ServerA === undefined) throw new Error('the fleet has no ServerA');
    const info = 'ServerA eth1 10.0.1.50 ffffff00 eth0';
    scene.ports.ledger.change(tag, { servers: { ...others, ServerA: { ...ServerA, info } } });
    scene.world.serve(vip, eniOf('ServerA', 'eth1'));
  }
  const [home, other] = swapped ? ['eth1', 'eth0'] : ['eth0', 'eth1'];
  for (const what of plan.further) further[what]?.(other)(scene);
  atHome[plan.home]?.(home)(scene);
  return scene;
}

const ticks = 8;

/** Lets the engine run by itself, once a minute, until it finds nothing more to do. */
export async function untilQuiet(scene: Scene): Promise<void> {
  for (let tick = 0; tick < ticks; tick += 1) {
    await scene.failovers();
    scene.world.clock.advance(60_000);
    if ((await scene.tick()).length === 0) return;
  }
}

/** The end of a plan as far as it must not depend on how it was reached. */
export function endOf(scene: Scene): object {
  const { record, owner, world } = scene;
  return {
    owner,
    activeServer: record.activeServer,
    info: Object.values(record.servers).map(({ info }) => info),
    state: record.state,
    holder: record.claim.holder,
    intent: record.intent,
    inService: world.inService(vip),
  };
}

/** How often an INFO record was swapped by a write of the ledger. */
export function swapsOf(scene: Scene): number {
  const infos = scene.ports.ledger.writes.map(({ record }) =>
    Object.values(record.servers)
      .map(({ info }) => info)
      .join(),
  );
  return infos.filter((info, index) => index > 0 && info !== infos[index - 1]).length;
}
