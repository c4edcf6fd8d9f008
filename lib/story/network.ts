/**
 * The VPC of a fleet: a subnet for every one that the file names, and for every address that is in none of them, with an
 * internet gateway. A server that has a subnet of its own stands in another Availability Zone. The route tables that
 * the file names lead to the first server; subnets in which somebody needs one of them follow it.
 */
import type { Ec2 } from '../emulator/ec2/model.ts';
import {
  addressOfNumber,
  contains,
  containsIpv6,
  isReserved,
  parseAddress,
  parseSubnet,
  type Subnet,
} from '../recovery/address.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { dependentsOf, firstSpot, hostOfTarget } from './places.ts';

export interface Network {
  readonly vpcId: string;
  /** Of the one that an IPv4 address is in, or an IPv6 address by its block. @throws Error */
  subnetIdOf(address: string): string;
}

/** What stands around an address that is in no declared subnet is made as large as there is room. */
const undeclaredLengths = [24, 25, 26, 27, 28] as const;

export function layNetwork(ec2: Ec2, fleet: FleetDefinition): Network {
  const cidrs = subnetsOf(fleet);
  const vpc = ec2.networks.addVpc({ cidrs, internetGateway: true });
  const blocks = ipv6Blocks(fleet, cidrs);
  const zones = zonesOf(fleet);
  const ids = new Map<string, string>();
  for (const cidr of cidrs) {
    const ipv6Cidr = blocks.get(cidr);
    const { id } = ec2.addSubnet({
      cidr,
      vpcId: vpc.id,
      availabilityZone: `${ec2.account.region}${zones.get(cidr) ?? firstZone}`,
      ...(ipv6Cidr === undefined ? {} : { ipv6Cidr }),
    });
    ids.set(cidr, id);
  }
  return {
    vpcId: vpc.id,
    subnetIdOf(address) {
      const cidr = address.includes(':')
        ? [...blocks].find(([, block]) => containsIpv6(block, address))?.[0]
        : holding(cidrs, address);
      const id = ids.get(cidr ?? '');
      if (id === undefined) throw new Error(`${address} is in no subnet of the fleet`);
      return id;
    },
  };
}

/** Once the interfaces are there that routes lead to. */
export function layRoutes(ec2: Ec2, fleet: FleetDefinition, network: Network): void {
  const routed = routedIn(fleet);
  const tables = new Map<string, Record<string, string>>();
  for (const { routeTables, destination, eniId } of routed)
    for (const table of routeTables) tables.set(table, { ...tables.get(table), [destination]: eniId });
  const subnets = new Map<string, string[]>([...tables.keys()].map((table) => [table, []]));
  for (const [subnetId, wanted] of wantedBySubnet(fleet, network, routed)) {
    const table = wanted.find((each) => subnets.get(each)?.length === 0) ?? wanted[0];
    if (table !== undefined) subnets.get(table)?.push(subnetId);
  }
  const { internetGatewayId = '' } = ec2.networks.vpc(network.vpcId);
  for (const [id, routes] of tables)
    ec2.networks.addRouteTable({
      id,
      vpcId: network.vpcId,
      subnetIds: subnets.get(id) ?? [],
      routes: { ...routes, '0.0.0.0/0': internetGatewayId },
    });
}

/** Whether packets reach its servers that are for none of their interfaces' own addresses. */
export function isRouted(fleet: FleetDefinition): boolean {
  return routedIn(fleet).length > 0;
}

interface Routed {
  readonly resource: ResourceDefinition;
  readonly routeTables: readonly string[];
  readonly destination: string;
  readonly eniId: string;
}

function routedIn(fleet: FleetDefinition): readonly Routed[] {
  const overlays = fleet.resources.flatMap((resource) => {
    const { mechanism, address } = resource;
    if (mechanism?.kind !== 'overlay') return [];
    const { routeTables } = mechanism;
    return [{ resource, routeTables, destination: `${address}/32`, eniId: firstSpot(fleet, resource).eniId }];
  });
  const dependents = dependentsOf(fleet, 'route').map(({ resource, work }) => ({
    resource,
    routeTables: work.routeTables,
    destination: work.destination,
    eniId: firstSpot(fleet, resource).eniId,
  }));
  return [...overlays, ...dependents];
}

/** Tables of whatever is routed and has a client or a server in the subnet, its clients first. */
function wantedBySubnet(
  fleet: FleetDefinition,
  network: Network,
  routed: readonly Routed[],
): ReadonlyMap<string, readonly string[]> {
  const wanted = new Map<string, string[]>();
  const add = (address: string, tables: readonly string[]) => {
    const id = network.subnetIdOf(address);
    wanted.set(id, [...(wanted.get(id) ?? []), ...tables]);
  };
  for (const { resource, routeTables } of routed)
    for (const target of resource.pingList) add(hostOfTarget(target), routeTables);
  for (const { resource, routeTables } of routed)
    for (const { server } of resource.candidates)
      for (const { address } of Object.values(fleet.servers[server]?.interfaces ?? {}))
        add(address, routeTables);
  return wanted;
}

function subnetsOf(fleet: FleetDefinition): readonly string[] {
  const declared = [
    ...fleet.resources.map(({ subnet }) => subnet),
    ...Object.values(fleet.servers).flatMap(({ subnet }) => subnet ?? []),
  ].filter((cidr) => !cidr.includes(':'));
  const addresses = [
    ...Object.values(fleet.servers).flatMap(({ interfaces }) =>
      Object.values(interfaces).map(({ address }) => address),
    ),
    ...fleet.resources.flatMap(({ pingList }) => pingList.map(hostOfTarget)),
  ].filter((address) => !address.includes(':'));
  const cidrs = [...new Set(declared)];
  for (const address of addresses)
    if (holding(cidrs, address) === undefined) cidrs.push(around(address, cidrs));
  return cidrs;
}

function holding(cidrs: readonly string[], address: string): string | undefined {
  return cidrs.find((cidr) => contains(parseSubnet(cidr, 'subnet'), parseAddress(address, 'address')));
}

function around(text: string, others: readonly string[]): string {
  const address = parseAddress(text, 'address');
  for (const length of undeclaredLengths) {
    const size = 2 ** (32 - length);
    const base = Math.floor(address.number / size) * size;
    const subnet = parseSubnet(`${addressOfNumber(base).text}/${length}`, 'subnet');
    const overlaps = others.some((cidr) => {
      const other = parseSubnet(cidr, 'subnet');
      return subnet.base < endOf(other) && other.base < endOf(subnet);
    });
    if (!overlaps && !isReserved(subnet, address)) return subnet.cidr;
  }
  throw new Error(`there is no room for a subnet around ${text}`);
}

function endOf({ base, prefixLength }: Subnet): number {
  return base + 2 ** (32 - prefixLength);
}

const firstZone = 'a';

/** By subnet; the others are in the first. */
function zonesOf({ servers }: FleetDefinition): ReadonlyMap<string, string> {
  const others = [...new Set(Object.values(servers).flatMap(({ subnet }) => subnet ?? []))];
  return new Map(others.map((cidr, index) => [cidr, 'bcdef'[index] ?? 'f']));
}

/** By the subnet in which those have their interfaces that may hold an address of the block. */
function ipv6Blocks(fleet: FleetDefinition, cidrs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    fleet.resources
      .filter(({ mechanism }) => mechanism?.kind === 'ipv6')
      .map((resource) => [holding(cidrs, firstSpot(fleet, resource).own) ?? '', resource.subnet]),
  );
}
