/** EC2 as the recovery sees it: interfaces, owners and instances of the world, by each mechanism of an address. */
import { Fault } from '../../lib/recovery/fault.ts';
import type { Held } from '../../lib/recovery/mechanism.ts';
import type { AddressView, InterfaceView } from '../../lib/recovery/observation.ts';
import type { Addresses, Instances, SlotLooks } from '../../lib/recovery/ports.ts';
import { couldNotLook, found } from '../../lib/recovery/reading.ts';
import { subnetOf } from './subnets.ts';
import { type Eni, subnetId, type World } from './world.ts';

export function fakeAddresses(world: World): Addresses {
  const former = new Map<string, string | undefined>();

  function view(eniIds: readonly string[], held: Held): AddressView {
    const { address } = held;
    const interfaces: Record<string, InterfaceView> = {};
    for (const eniId of eniIds) {
      const eni = world.enis.get(eniId);
      if (eni !== undefined) interfaces[eniId] = viewOf(eni);
    }
    const stale = world.staleLooks > 0 && former.has(address);
    if (stale) world.staleLooks -= 1;
    const owners = stale ? [former.get(address)].filter((each) => each !== undefined) : ownersOf(world, held);
    const primaries = [...world.enis.values()].filter((eni) => eni.primaryAddress === address);
    return {
      interfaces,
      owners: [
        ...owners.map((eniId) => ({ eniId, asPrimary: false })),
        ...primaries.map(({ eniId }) => ({ eniId, asPrimary: true })),
      ],
      missingIn: missingIn(world, held),
    };
  }

  async function move(held: Held, eniId: string): Promise<void> {
    const { address, mechanism } = held;
    const [before, ...others] = ownersOf(world, held);
    const missing = missingIn(world, held);
    if (before === eniId && others.length + missing.length === 0) return;
    former.set(address, before);
    if (mechanism.kind === 'overlay') await moveRoutes(world, address, mechanism.routeTables, eniId);
    else if (mechanism.kind === 'elastic') world.elastic.set(mechanism.allocationId, eniId);
    else {
      if (mechanism.kind === 'ipv6' && before !== undefined)
        await world.faults.effect('addresses.unassign', () => void world.owners.delete(address));
      world.owners.set(address, eniId);
    }
    world.moves.push({ address, eniId });
  }

  return {
    look: (eniIds, held) => world.faults.look('addresses.look', () => found(view(eniIds, held))),
    lookAll: (eniIds, helds) =>
      world.faults.look('addresses.look', () => found(helds.map((held) => view(eniIds, held)))),
    move: (helds, eniId) =>
      world.faults.effect('addresses.move', async () => {
        const eni = world.enis.get(eniId);
        if (eni === undefined) throw new Fault('not-found', `interface ${eniId} does not exist`, 'never');
        for (const held of helds.filter(({ mechanism }) => mechanism.kind === 'secondary'))
          requireRoom(world, held, eni);
        for (const held of helds) {
          requireRoom(world, held, eni);
          await move(held, eniId);
        }
      }),
  };
}

/** By the mechanism that the question names, which is all that EC2 is told. */
function ownersOf(world: World, { address, mechanism }: Held): readonly string[] {
  if (mechanism.kind === 'overlay') {
    const targets = mechanism.routeTables.map((table) => world.routes.get(table)?.get(address));
    return [...new Set(targets.filter((target) => target !== undefined))];
  }
  const owner =
    mechanism.kind === 'elastic' ? world.elastic.get(mechanism.allocationId) : world.owners.get(address);
  return owner === undefined ? [] : [owner];
}

function missingIn(world: World, { address, mechanism }: Held): readonly string[] {
  if (mechanism.kind !== 'overlay') return [];
  return mechanism.routeTables.filter((table) => world.routes.get(table)?.has(address) !== true);
}

/** @throws Fault when EC2 would refuse */
function requireRoom(world: World, { address, mechanism }: Held, eni: Eni): void {
  if (mechanism.kind === 'overlay' || mechanism.kind === 'elastic') return;
  if ([...world.enis.values()].some((each) => each.primaryAddress === address))
    throw new Fault('refused', `${address} is a primary address`, 'never');
  const inside =
    mechanism.kind === 'ipv6' ? eni.subnetId === subnetId : subnetOf(eni.primaryAddress, address);
  if (!inside) throw new Fault('refused', `${address} is not in the subnet of ${eni.eniId}`, 'never');
  if (world.full.has(eni.eniId) && world.owners.get(address) !== eni.eniId)
    throw new Fault('refused', `${eni.eniId} has no room for ${address}`, 'never');
}

/** All or none: what was replaced before a table refused is put back. A crash puts nothing back. */
async function moveRoutes(
  world: World,
  address: string,
  tables: readonly string[],
  eniId: string,
): Promise<void> {
  const replaced: { readonly table: string; readonly before: string | null }[] = [];
  for (const table of tables) {
    const before = world.routes.get(table)?.get(address) ?? null;
    if (before === eniId) continue;
    try {
      await world.faults.effect('addresses.route', () => {
        if (world.refusingTables.has(table))
          throw new Fault('refused', `${table} refuses the route to ${address}`, 'never');
        world.route(table, address, eniId);
      });
      replaced.push({ table, before });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      for (const each of replaced) world.route(each.table, address, each.before);
      throw new Fault(error.code, `${table}: ${error.message}`, error.retry, { cause: error });
    }
  }
}

function viewOf(eni: InterfaceView): InterfaceView {
  const { eniId, mac, subnetId: subnet, primaryAddress, instanceId, securityGroups, sourceDestCheck } = eni;
  return { eniId, mac, subnetId: subnet, primaryAddress, instanceId, securityGroups, sourceDestCheck };
}

export function fakeInstances(world: World): Instances {
  return {
    look: (instanceIds) =>
      world.faults.look('instances.look', () =>
        found(
          Object.fromEntries(
            instanceIds.flatMap((id) => {
              const instance = world.instances.get(id);
              return instance === undefined ? [] : [[id, instance] as const];
            }),
          ),
        ),
      ),
    whyStopped: (instanceId) =>
      world.faults.look('instances.whyStopped', () => {
        const reason = world.stopReasons.get(instanceId);
        return reason === undefined ? couldNotLook(`EC2 gives no reason for ${instanceId}`) : found(reason);
      }),
    reachable: (instanceIds) =>
      world.faults.look('instances.reachable', () =>
        found(new Set(instanceIds.filter((id) => world.guests.get(id)?.heard === true))),
      ),
  };
}

/** As many as an interface of the smaller instance types may have. */
const mostAddresses = 10;

export function fakeSlots(world: World): SlotLooks {
  return {
    look: (eniId) =>
      world.faults.look('slots.look', () => {
        if (!world.enis.has(eniId)) return { kind: 'absent' };
        const owned = [...world.owners.values()].filter((owner) => owner === eniId).length;
        return found({ used: world.full.has(eniId) ? mostAddresses : 1 + owned, most: mostAddresses });
      }),
  };
}
