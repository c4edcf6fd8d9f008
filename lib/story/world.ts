/**
 * The ground on which a fleet stands, built in an embedded AWS from the fleet's definition: its subnets, interfaces and
 * instances, each with a guest, and one bystander per ping target, which answers. Every address and all that depends on
 * it starts in service at its first candidate, as an administrator would have configured it. The world is the ground
 * with guests in memory, what is installed on them, and the probe on each.
 */
import { networkLimits } from '../emulator/ec2/instance-types.ts';
import { freeAddresses } from '../emulator/ec2/world.ts';
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { HostDriver } from '../emulator/host/driver.ts';
import { Fabric } from '../emulator/host/fabric.ts';
import { ModelHost } from '../emulator/host/model-host.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { addressCommand } from './address-command.ts';
import { equipGuests } from './guests.ts';
import { isRouted, layNetwork, layRoutes, type Network } from './network.ts';
import { ownerOf } from './owner.ts';
import { firstSpot, hostOfTarget, kindOf } from './places.ts';
import { installProbe, type PutHealth } from './probe.ts';
import { layOut } from './surroundings.ts';

const usualType = 'm5.large';
const scriptTimeoutMs = 15_000;

export interface Ground<Host extends HostDriver> {
  /** By server. */
  readonly hosts: ReadonlyMap<string, Host>;
  /** By ping target: who stands beside and answers. */
  readonly bystanders: ReadonlyMap<string, Host>;
}

export interface World extends Ground<ModelHost> {
  readonly fabric: Fabric;
}

export function buildWorld(aws: EmbeddedAws, fleet: FleetDefinition, putHealth: PutHealth): World {
  const fabric = new Fabric(aws.ec2);
  const { clock } = aws.account;
  const ground = buildGround(aws, fleet, (id) => new ModelHost({ id, clock, fabric }));
  equipGuests(aws, fleet, ground.hosts);
  for (const resource of fleet.resources) routeReplies(aws, fleet, resource, ground.hosts);
  for (const host of ground.hosts.values()) installProbe(host, aws, fleet, putHealth);
  return { ...ground, fabric };
}

/**
 * Replies leave by the interface of the address: by itself the first one alone does so, and only of IPv4. What is needed
 * beside that the guest does with the script that recoveries run; one that is down by then does nothing.
 */
function routeReplies(
  { ec2 }: EmbeddedAws,
  fleet: FleetDefinition,
  resource: ResourceDefinition,
  hosts: ReadonlyMap<string, HostDriver>,
): void {
  const { server, device } = firstSpot(fleet, resource);
  const [first] = Object.keys(fleet.servers[server]?.interfaces ?? {});
  const owner = ownerOf(ec2, resource);
  if ((device === first && kindOf(resource) !== 'ipv6') || owner === undefined) return;
  const script = addressCommand('restore', fleet, resource, owner);
  hosts
    .get(server)
    ?.exec(script, { timeoutMs: scriptTimeoutMs })
    .catch(() => undefined);
}

/** @param newHost makes the guest of an instance, by its id; it is wired and booted here */
export function buildGround<Host extends HostDriver>(
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  newHost: (instanceId: string) => Host,
): Ground<Host> {
  const { ec2 } = aws;
  const hosts = new Map<string, Host>();
  const network = layNetwork(ec2, fleet);
  addIsolationGroups(aws, fleet, network);
  // The check drops what is for none of an interface's own addresses.
  const sourceDestCheck = !isRouted(fleet);
  for (const [name, server] of Object.entries(fleet.servers)) {
    for (const { eniId, address } of Object.values(server.interfaces))
      ec2.addNetworkInterface({
        id: eniId,
        subnetId: network.subnetIdOf(address),
        privateAddress: address,
        secondaryAddresses: addressesAt(fleet, eniId, 'secondary'),
        ipv6Addresses: addressesAt(fleet, eniId, 'ipv6'),
        sourceDestCheck,
      });
    const interfaces = Object.entries(server.interfaces).map(([device, { eniId }]) => ({ device, eniId }));
    const host = newHost(server.instanceId);
    const type = typeFor(fleet, name);
    ec2.addInstance({ id: server.instanceId, name, type, interfaces, host: () => host });
    hosts.set(name, host);
  }
  for (const resource of fleet.resources) configure(fleet, hosts, resource);
  const bystanders = addBystanders(aws, fleet, newHost, network);
  layRoutes(ec2, fleet, network);
  layOut(aws, fleet, network);
  return { hosts, bystanders };
}

/** One on which every interface can take all the addresses that may come to the server; the usual one if none can. */
function typeFor({ servers, resources }: FleetDefinition, server: string): string {
  const interfaces = Object.keys(servers[server]?.interfaces ?? {}).length;
  const addresses = resources.filter(
    (each) => kindOf(each) === 'secondary' && each.candidates.some((one) => one.server === server),
  ).length;
  const fits = (type: string): boolean => {
    const limits = networkLimits.get(type);
    return (
      limits !== undefined && limits.interfaces >= interfaces && limits.addressesPerInterface > addresses
    );
  };
  return [usualType, ...networkLimits.keys()].find(fits) ?? usualType;
}

/** Of this kind, that are at first on the interface. */
function addressesAt(fleet: FleetDefinition, eniId: string, kind: 'secondary' | 'ipv6'): readonly string[] {
  return fleet.resources
    .filter((each) => kindOf(each) === kind && firstSpot(fleet, each).eniId === eniId)
    .map(({ address }) => address);
}

/** In the operating system; an Elastic IP is known to EC2 alone. */
function configure(
  fleet: FleetDefinition,
  hosts: ReadonlyMap<string, HostDriver>,
  resource: ResourceDefinition,
): void {
  const kind = kindOf(resource);
  if (kind === 'elastic') return;
  const { server, device } = firstSpot(fleet, resource);
  hosts.get(server)?.addAddress(device, resource.address, kind === 'ipv6' ? 128 : 32);
}

/** Groups that let nothing through, for a fence that isolates. */
function addIsolationGroups({ ec2 }: EmbeddedAws, { resources }: FleetDefinition, { vpcId }: Network): void {
  const ids = resources.flatMap(({ failover }) =>
    failover?.fence.kind === 'isolate' ? failover.fence.securityGroup : [],
  );
  for (const id of new Set(ids)) ec2.securityGroups.add({ id, name: 'isolated', vpcId, hasRules: false });
}

function addBystanders<Host extends HostDriver>(
  { ec2 }: EmbeddedAws,
  fleet: FleetDefinition,
  newHost: (instanceId: string) => Host,
  network: Network,
): ReadonlyMap<string, Host> {
  const bystanders = new Map<string, Host>();
  const targets = fleet.resources.flatMap(({ pingList }) => pingList.map(hostOfTarget));
  // Those of IPv6 take what addresses of IPv4 are left over.
  for (const target of targets.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')))) {
    if (ec2.eniOwning(target) !== undefined) continue;
    const subnetId = network.subnetIdOf(target);
    const isIpv6 = target.includes(':');
    const [free = ''] = isIpv6 ? freeAddresses(ec2.world, ec2.world.subnet(subnetId)) : [];
    const eni = ec2.addNetworkInterface({
      subnetId,
      privateAddress: isIpv6 ? free : target,
      ipv6Addresses: isIpv6 ? [target] : [],
    });
    ec2.addInstance({
      name: `Client-${target}`,
      type: usualType,
      interfaces: [{ eniId: eni.id, device: 'eth0' }],
      host: ({ instanceId }) => {
        const host = newHost(instanceId);
        bystanders.set(target, host);
        return host;
      },
    });
    if (isIpv6) bystanders.get(target)?.addAddress('eth0', target, 128);
  }
  return bystanders;
}
