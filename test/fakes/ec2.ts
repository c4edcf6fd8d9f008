/** EC2 as the recovery sees it: interfaces, owners and instances of the world. */
import { Fault } from '../../lib/recovery/fault.ts';
import type { AddressView, InterfaceView } from '../../lib/recovery/observation.ts';
import type { Addresses, Instances } from '../../lib/recovery/ports.ts';
import { found } from '../../lib/recovery/reading.ts';
import { subnetOf } from './subnets.ts';
import type { World } from './world.ts';

export function fakeAddresses(world: World): Addresses {
  const former = new Map<string, string | undefined>();

  function view(eniIds: readonly string[], address: string): AddressView {
    const interfaces: Record<string, InterfaceView> = {};
    for (const eniId of eniIds) {
      const eni = world.enis.get(eniId);
      if (eni !== undefined) interfaces[eniId] = viewOf(eni);
    }
    const stale = world.staleLooks > 0 && former.has(address);
    if (stale) world.staleLooks -= 1;
    const owner = stale ? former.get(address) : world.owners.get(address);
    const primaries = [...world.enis.values()].filter((eni) => eni.primaryAddress === address);
    return {
      interfaces,
      owners: [
        ...(owner === undefined ? [] : [{ eniId: owner, asPrimary: false }]),
        ...primaries.map(({ eniId }) => ({ eniId, asPrimary: true })),
      ],
    };
  }

  function move(address: string, eniId: string): void {
    const eni = world.enis.get(eniId);
    if (eni === undefined) throw new Fault('not-found', `interface ${eniId} does not exist`, 'never');
    if ([...world.enis.values()].some((each) => each.primaryAddress === address))
      throw new Fault('refused', `${address} is a primary address`, 'never');
    if (!subnetOf(eni.primaryAddress, address))
      throw new Fault('refused', `${address} is not in the subnet of ${eniId}`, 'never');
    if (world.owners.get(address) === eniId) return;
    if (world.full.has(eniId)) throw new Fault('refused', `${eniId} has no room for ${address}`, 'never');
    former.set(address, world.owners.get(address));
    world.owners.set(address, eniId);
    world.moves.push({ address, eniId });
  }

  return {
    look: (eniIds, address) => world.faults.look('addresses.look', () => found(view(eniIds, address))),
    move: (address, eniId) => world.faults.effect('addresses.move', () => move(address, eniId)),
  };
}

function viewOf(eni: InterfaceView): InterfaceView {
  const { eniId, mac, subnetId, primaryAddress, instanceId, securityGroups, sourceDestCheck } = eni;
  return { eniId, mac, subnetId, primaryAddress, instanceId, securityGroups, sourceDestCheck };
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
  };
}
