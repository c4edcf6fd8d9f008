/**
 * The ground on which a fleet stands, built in an embedded AWS from the fleet's definition: its subnets, interfaces and
 * instances, each with a guest, and one bystander per ping target, which answers. Every address starts in service at
 * its first candidate, as an administrator would have configured it. The world is the ground with guests in memory and
 * the probe on each.
 */
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { HostDriver } from '../emulator/host/driver.ts';
import { Fabric } from '../emulator/host/fabric.ts';
import { ModelHost } from '../emulator/host/model-host.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { installProbe, type PutHealth } from './probe.ts';

const instanceType = 'm5.large';

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
  for (const host of ground.hosts.values()) installProbe(host, aws, fleet, putHealth);
  return { ...ground, fabric };
}

/** @param newHost makes the guest of an instance, by its id; it is wired and booted here */
export function buildGround<Host extends HostDriver>(
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  newHost: (instanceId: string) => Host,
): Ground<Host> {
  const hosts = new Map<string, Host>();
  const subnetIds = new Map<string, string>();
  for (const { subnet } of fleet.resources)
    if (!subnetIds.has(subnet)) subnetIds.set(subnet, aws.ec2.addSubnet({ cidr: subnet }).id);
  for (const [name, server] of Object.entries(fleet.servers)) {
    for (const { eniId, address } of Object.values(server.interfaces))
      aws.ec2.addNetworkInterface({
        id: eniId,
        subnetId: subnetOf(fleet, subnetIds, name),
        privateAddress: address,
        secondaryAddresses: fleet.resources
          .filter((each) => startsAt(each, fleet) === eniId)
          .map((each) => each.address),
      });
    const interfaces = Object.entries(server.interfaces).map(([device, { eniId }]) => ({ device, eniId }));
    const host = newHost(server.instanceId);
    aws.ec2.addInstance({ id: server.instanceId, name, type: instanceType, interfaces, host: () => host });
    hosts.set(name, host);
  }
  for (const resource of fleet.resources) configure(hosts, resource);
  return { hosts, bystanders: addBystanders(aws, fleet, newHost, subnetIds) };
}

/** ENI where the address is at first. */
function startsAt(resource: ResourceDefinition, fleet: FleetDefinition): string | undefined {
  const [first] = resource.candidates;
  return first === undefined ? undefined : fleet.servers[first.server]?.interfaces[first.interface]?.eniId;
}

function configure(hosts: ReadonlyMap<string, HostDriver>, resource: ResourceDefinition): void {
  const [first] = resource.candidates;
  if (first === undefined) return;
  hosts.get(first.server)?.addAddress(first.interface, resource.address, 32);
}

/** A server stands in the subnet of the resources that may come to it. */
function subnetOf(fleet: FleetDefinition, subnetIds: ReadonlyMap<string, string>, server: string): string {
  const resource =
    fleet.resources.find(({ candidates }) => candidates.some((candidate) => candidate.server === server)) ??
    fleet.resources[0];
  const id = resource === undefined ? undefined : subnetIds.get(resource.subnet);
  if (id === undefined) throw new Error(`no subnet for ${server}: the fleet has no resources`);
  return id;
}

function addBystanders<Host extends HostDriver>(
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  newHost: (instanceId: string) => Host,
  subnetIds: ReadonlyMap<string, string>,
): ReadonlyMap<string, Host> {
  const bystanders = new Map<string, Host>();
  for (const { pingList, subnet } of fleet.resources)
    for (const each of pingList) {
      const target = each.split(':')[0] ?? each;
      if (aws.ec2.eniOwning(target) !== undefined) continue;
      const eni = aws.ec2.addNetworkInterface({
        subnetId: subnetIds.get(subnet) ?? '',
        privateAddress: target,
      });
      const interfaces = [{ eniId: eni.id, device: 'eth0' }];
      const name = `Client-${target}`;
      aws.ec2.addInstance({
        name,
        type: instanceType,
        interfaces,
        host: ({ instanceId }) => {
          const host = newHost(instanceId);
          bystanders.set(target, host);
          return host;
        },
      });
    }
  return bystanders;
}
