/** Who has a protected address by EC2's word now, whatever its kind: the truth behind every Describe. */
import type { Ec2 } from '../emulator/ec2/model.ts';
import { parseAddress, parsePrefix } from '../emulator/host/ipv4.ts';
import type { ResourceDefinition } from '../recovery/fleet.ts';

export interface Owner {
  readonly eniId: string;
  readonly mac: string;
  /** Undefined for an interface that is attached to none. */
  readonly instanceId: string | undefined;
  /** The address as the operating system has it there. */
  readonly address: string;
}

/** Undefined while nobody has it, or route tables disagree, or what they lead to cannot take it. */
export function ownerOf(ec2: Ec2, resource: ResourceDefinition): Owner | undefined {
  const eni = holderOf(ec2, resource);
  if (eni === undefined) return undefined;
  const { id: eniId, macAddress: mac, attachment, primaryAddress } = eni;
  const address = resource.mechanism?.kind === 'elastic' ? primaryAddress : resource.address;
  return { eniId, mac, instanceId: attachment?.instanceId, address };
}

function holderOf({ world, network, networks }: Ec2, { address, mechanism }: ResourceDefinition) {
  switch (mechanism?.kind) {
    case undefined:
    case 'secondary':
    case 'ipv6':
      return world.holder(address);
    case 'overlay': {
      const { routeTables } = mechanism;
      const [first, ...others] = new Set(
        routeTables.map((table) => leadsTo({ networks }, table, `${address}/32`)),
      );
      const takes = network.overlays().some((each) => each.address === parseAddress(address));
      return first === undefined || others.length > 0 || !takes ? undefined : world.findInterface(first);
    }
    case 'elastic':
      return world.interfaces().find((each) => each.macAddress === network.elasticOwner(address)?.eni.mac);
  }
}

/** ENI to which a route table sends the destination, such as 192.168.10.0/24. */
export function leadsTo(
  { networks }: Pick<Ec2, 'networks'>,
  table: string,
  destination: string,
): string | undefined {
  const wanted = parsePrefix(destination);
  const route = networks
    .routeTable(table)
    .routes.find(
      (each) => each.destination.base === wanted?.base && each.destination.length === wanted.length,
    );
  return route?.target.kind === 'interface' ? route.target.eniId : undefined;
}
