/**
 * What an administrator has installed on the servers: the units and the programs that dependents name, running on the
 * first server and stopped on the others, and a load balancer's health check that finds what listens there.
 *
 * A program is a script of a few lines over a unit of its own, so that a daemon dies with its machine. A unit comes up
 * only where what it needs is there: the volume attached, the units below it active.
 */
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { ModelHost } from '../emulator/host/model-host.ts';
import { quoted } from '../host/quoted.ts';
import { type DependentDefinition, ranks } from '../recovery/dependent.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { dependentsOf, firstSpot } from './places.ts';

type Hosts = ReadonlyMap<string, ModelHost>;

export function equipGuests(aws: EmbeddedAws, fleet: FleetDefinition, hosts: Hosts): void {
  for (const resource of fleet.resources)
    for (const { server } of resource.candidates) {
      const host = hosts.get(server);
      if (host === undefined) continue;
      for (const dependent of resource.dependents ?? []) installUnit(aws, resource, dependent, host);
    }
  writePrograms(fleet, hosts);
  for (const resource of fleet.resources) startAll(fleet, resource, hosts);
  listen(aws, fleet, hosts);
}

/** The unit behind a dependent; undefined when none is on the server. */
export function unitOf({ tag }: Pick<ResourceDefinition, 'tag'>, { name, work }: DependentDefinition) {
  if (work.kind === 'systemd') return work.unit;
  return work.kind === 'command' ? `${tag}-${name}.service` : undefined;
}

function installUnit(
  { ec2 }: EmbeddedAws,
  resource: ResourceDefinition,
  dependent: DependentDefinition,
  host: ModelHost,
): void {
  const unit = unitOf(resource, dependent);
  if (unit === undefined) return;
  const children = (resource.dependents ?? []).filter(({ name }) => dependent.needs.includes(name));
  const isThere = (child: DependentDefinition): boolean => {
    const below = unitOf(resource, child);
    if (below !== undefined) return host.units.stateOf(below) === 'active';
    if (child.work.kind !== 'volume') return true;
    const { attachment } = ec2.volumes.get(child.work.volumeId);
    return attachment?.instanceId === host.id && attachment.state === 'attached';
  };
  // An instance of a template is installed as itself.
  host.units.install({ name: unit, canStart: () => children.every(isThere) });
}

/** Programs by path: several dependents may have one, told apart by its arguments. */
function writePrograms(fleet: FleetDefinition, hosts: Hosts): void {
  for (const [server, host] of hosts) {
    const cases = new Map<string, string[]>();
    for (const { resource, dependent, work } of dependentsOf(fleet, 'command')) {
      if (!resource.candidates.some((each) => each.server === server)) continue;
      const verbs = [
        ['start', work.start],
        ['stop', work.stop],
        ['is-active', work.check],
      ] as const;
      for (const [verb, argv] of verbs) {
        if (argv === null) continue;
        const [path = '', ...args] = argv;
        const line = `  ${quoted(args.join(' '))}) systemctl ${verb} ${unitOf(resource, dependent)} ;;`;
        cases.set(path, [...(cases.get(path) ?? []), line]);
      }
    }
    for (const [path, lines] of cases)
      host.writeProgram(
        path,
        ['#!/bin/sh', 'case "$*" in', ...lines, '  *) false ;;', 'esac', ''].join('\n'),
      );
  }
}

function startAll(fleet: FleetDefinition, resource: ResourceDefinition, hosts: Hosts): void {
  const host = hosts.get(firstSpot(fleet, resource).server);
  for (const dependent of ranks(resource.dependents ?? []).flat()) {
    const unit = unitOf(resource, dependent);
    if (unit !== undefined) host?.units.start(unit);
  }
}

/** A target answers where its host is up and every unit that it needs is active. */
function listen({ ec2, elbv2 }: EmbeddedAws, fleet: FleetDefinition, hosts: Hosts): void {
  const targets = dependentsOf(fleet, 'target');
  if (targets.length === 0) return;
  elbv2.isHealthy = (target, group) => {
    const instanceId = target.id.startsWith('i-') ? target.id : ec2.eniOwning(target.id)?.hostId;
    const host = [...hosts.values()].find(({ id }) => id === instanceId);
    const behind = targets.filter(
      ({ work }) => work.targetGroupArn === group.arn && (work.port ?? group.port) === target.port,
    );
    return (
      host?.isUp() === true &&
      behind.every(({ resource, dependent }) =>
        below(resource, dependent).every((each) => {
          const unit = unitOf(resource, each);
          return unit === undefined || host.units.stateOf(unit) === 'active';
        }),
      )
    );
  };
}

/** All that it needs, directly and through others. */
function below(resource: ResourceDefinition, { needs }: DependentDefinition): readonly DependentDefinition[] {
  const children = (resource.dependents ?? []).filter(({ name }) => needs.includes(name));
  return children.flatMap((child) => [child, ...below(resource, child)]);
}
