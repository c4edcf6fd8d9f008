/**
 * From a fleet file that is right to the definition that every function carries. What is as it is by default is left out
 * of it, so that a definition changes with the file alone.
 */
import { parseSubnet } from '../recovery/address.ts';
import type { DependentDefinition, DependentWork } from '../recovery/dependent.ts';
import {
  defaultFailover,
  type FailoverRules,
  type Fence,
  type FleetDefinition,
  type ResourceDefinition,
  type ServerDefinition,
} from '../recovery/fleet.ts';
import { noBackup } from '../recovery/info.ts';
import type { FleetFileShape } from './fleet-schema.ts';
import { ipv6PrefixLength } from './ipv6.ts';

type ResourceShape = FleetFileShape['resources'][string];
type DependentShape = ResourceShape['dependents'][string];

/** @param file without contradictions */
export function definitionOf(file: FleetFileShape): FleetDefinition {
  const { maxEventAge, claim, localRecoveries, failoverBlock, fleetBrake } = file.policy;
  return {
    version: 1,
    name: file.name,
    servers: Object.fromEntries(
      Object.entries(file.servers).map(([name, server]) => [name, serverOf(file, server)]),
    ),
    fastLane: file.agent.fastLane,
    resources: Object.entries(file.resources).map(([tag, resource]) => resourceOf(file, tag, resource)),
    policy: {
      maxEventAgeMs: maxEventAge,
      claimMs: claim,
      localRecoveries: { max: localRecoveries.max, windowMs: localRecoveries.within },
      failoverBlockMs: failoverBlock,
      fleetBrake: { max: fleetBrake.max, windowMs: fleetBrake.within },
    },
  };
}

function serverOf(file: FleetFileShape, server: FleetFileShape['servers'][string]): ServerDefinition {
  const { instance, subnet, maintenance } = server;
  const interfaces = Object.entries(server.interfaces).map(
    ([name, { eni, address }]) => [name, { eniId: eni, address }] as const,
  );
  return {
    instanceId: instance,
    ...(subnet === undefined || subnet === file.subnet ? {} : { subnet }),
    ...(maintenance ? { maintenance } : {}),
    interfaces: Object.fromEntries(interfaces),
  };
}

function resourceOf(file: FleetFileShape, tag: string, resource: ResourceShape): ResourceDefinition {
  const mechanism = mechanismOf(resource);
  const subnet = resource.subnet ?? file.subnet;
  const failover = failoverOf(resource.failover);
  const dependents = Object.entries(resource.dependents).map(([name, each]) => dependentOf(name, each));
  return {
    tag,
    address: resource.address,
    ...(mechanism === undefined ? {} : { mechanism }),
    subnet,
    prefixLength: prefixLengthOf(resource, subnet),
    pingList: [...resource.pingList, ...resource.tcpList],
    automation: resource.automation,
    candidates: resource.servers.map(({ server, interface: primary, backup, accept }, index) => ({
      server,
      priority: index + 1,
      interface: primary,
      backup: backup === noBackup ? null : backup,
      ...(accept.length === 0 ? {} : { accepts: accept }),
    })),
    ...(dependents.length === 0 ? {} : { dependents }),
    ...(failover === undefined ? {} : { failover }),
  };
}

function mechanismOf({
  kind,
  routeTables = [],
  allocation = '',
}: ResourceShape): ResourceDefinition['mechanism'] {
  switch (kind) {
    case 'secondary':
      return undefined;
    case 'ipv6':
      return { kind };
    case 'overlay':
      return { kind, routeTables };
    case 'elastic':
      return { kind, allocationId: allocation };
  }
}

/** As the INFO record has it: an address that is in no subnet stands for itself alone. */
function prefixLengthOf({ kind }: ResourceShape, subnet: string): number {
  switch (kind) {
    case 'secondary':
      return parseSubnet(subnet, 'subnet').prefixLength;
    case 'ipv6':
      return ipv6PrefixLength(subnet);
    case 'overlay':
    case 'elastic':
      return 32;
  }
}

function failoverOf(failover: ResourceShape['failover']): FailoverRules | undefined {
  const { confirm, switchback, shutdownStrategy, fence } = failover;
  const rules: FailoverRules = {
    confirm: confirm === undefined ? null : { withinMs: confirm.within, otherwise: confirm.otherwise },
    switchback,
    shutdownStrategy,
    fence: fenceOf(fence),
  };
  return JSON.stringify(rules) === JSON.stringify(defaultFailover) ? undefined : rules;
}

function fenceOf(fence: ResourceShape['failover']['fence']): Fence {
  return typeof fence === 'string' ? { kind: fence } : { kind: 'isolate', securityGroup: fence.isolate };
}

function dependentOf(name: string, dependent: DependentShape): DependentDefinition {
  const { needs, start, stop, tries, onFailure } = dependent;
  return { name, needs, startMs: start, stopMs: stop, tries, onFailure, work: workOf(dependent) };
}

/** Exactly one of them is there. */
function workOf(dependent: DependentShape): DependentWork {
  const { systemd, command, elasticIp, route, dns, volume, target, resource = '' } = dependent;
  if (systemd !== undefined) return { kind: 'systemd', unit: systemd };
  if (command !== undefined) return { kind: 'command', ...command, check: command.check ?? null };
  if (elasticIp !== undefined) return { kind: 'elasticIp', allocationId: elasticIp };
  if (route !== undefined) return { kind: 'route', ...route };
  if (dns !== undefined)
    return {
      kind: 'dns',
      zoneId: dns.zone,
      name: dns.name,
      type: dns.type,
      ttlS: dns.ttl / 1000,
      values: dns.values,
    };
  if (volume !== undefined) return { kind: 'volume', volumeId: volume.id, device: volume.device };
  if (target !== undefined)
    return { kind: 'target', targetGroupArn: target.group, as: target.as, port: target.port ?? null };
  return { kind: 'resource', tag: resource };
}
