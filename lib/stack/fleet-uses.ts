/** Nothing in a fleet file is used twice: what AWS or a host has once, two would take away from each other. */
import { noBackup } from '../recovery/info.ts';
import {
  candidatesOf,
  type DependentPart,
  dependentsOf,
  type File,
  interfacesOf,
  resourcesOf,
  serversOf,
} from './fleet-parts.ts';
import { type Path, type Problem, printPath } from './fleet-problems.ts';

export interface Use {
  readonly path: Path;
  readonly value: string | undefined;
}

export function findSecondUses(file: File): readonly Problem[] {
  const parts = dependentsOf(file);
  return [
    ...usedTwice(instances(file), 'an instance of its own: one server is one instance'),
    ...usedTwice(enis(file), 'a network interface of its own: an ENI is one interface of one server'),
    ...usedTwice(addresses(file), 'an address nobody else in the file has'),
    ...usedTwice(
      [...allocations(file), ...parts.map((each) => useOf(each, ['elasticIp'], each.part.elasticIp))],
      'an Elastic IP of its own',
    ),
    ...usedTwice(
      publicPlaces(file),
      'an interface of its own for each Elastic IP: a private address has one public address',
    ),
    ...usedTwice(routes(file), 'a route table once for each destination'),
    ...usedTwice(
      parts.map((each) => useOf(each, ['volume', 'id'], each.part.volume?.id)),
      'a volume of its own for each dependent',
    ),
    ...usedTwice(
      parts.flatMap((each) => onServers(each, ['volume', 'device'], each.part.volume?.device)),
      'a device name of its own for each volume of a server',
    ),
    ...usedTwice(
      parts.flatMap((each) => onServers(each, ['systemd'], each.part.systemd)),
      'a unit once on a server',
    ),
    ...usedTwice(parts.map(registration), 'a registration once for each target group and port'),
    ...usedTwice(parts.map(record), 'a record once'),
    ...usedTwice(
      parts.map((each) => useOf(each, ['resource'], each.part.resource)),
      'a resource that moves along with one other',
    ),
  ];
}

export function usedTwice(uses: readonly Use[], allowed: string): readonly Problem[] {
  const first = new Map<string, Path>();
  return uses.flatMap(({ path, value }) => {
    if (value === undefined) return [];
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    return earlier === undefined ? [] : [{ path, wrong: `is already ${printPath(earlier)}`, allowed }];
  });
}

/** Of a list of the file that may have everything once. */
export function listed(path: Path, values: readonly (string | undefined)[] = []): readonly Use[] {
  return values.map((value, index) => ({ path: [...path, index], value }));
}

function instances(file: File): readonly Use[] {
  return Object.entries(file.servers ?? {}).map(([name, server]) => ({
    path: ['servers', name, 'instance'],
    value: server?.instance,
  }));
}

function enis(file: File): readonly Use[] {
  return interfacesOf(file).map(({ path, part }) => ({ path: [...path, 'eni'], value: part?.eni }));
}

function addresses(file: File): readonly Use[] {
  return [
    ...interfacesOf(file).map(({ path, part }) => ({ path: [...path, 'address'], value: part?.address })),
    ...resourcesOf(file).map(({ path, part }) => ({ path: [...path, 'address'], value: part.address })),
  ];
}

function allocations(file: File): readonly Use[] {
  return resourcesOf(file).map(({ path, part }) => ({
    path: [...path, 'allocation'],
    value: part.allocation,
  }));
}

/** Interfaces whose own private address gets a public one: of an Elastic IP, and of one that follows another kind. */
function publicPlaces(file: File): readonly Use[] {
  return resourcesOf(file).flatMap(({ path, part }) => {
    const follows = Object.values(part.dependents ?? {}).some((each) => each?.elasticIp !== undefined);
    if (part.kind !== 'elastic' && (part.kind === 'secondary' || !follows)) return [];
    return candidatesOf(part, path).flatMap(({ part: { server, interface: primary, backup }, path }) =>
      [
        { path: [...path, 'interface'], name: primary },
        { path: [...path, 'backup'], name: backup === noBackup ? undefined : backup },
      ].map(({ path, name }) => ({
        path,
        value: server === undefined || name === undefined ? undefined : `${server} ${name}`,
      })),
    );
  });
}

function routes(file: File): readonly Use[] {
  const to = (path: Path, destination: string | undefined, tables: readonly (string | undefined)[] = []) =>
    tables.map((table, index) => ({
      path: [...path, 'routeTables', index],
      value: table === undefined || destination === undefined ? undefined : `${destination} ${table}`,
    }));
  return [
    ...resourcesOf(file).flatMap(({ path, part }) =>
      to(path, part.address === undefined ? undefined : `${part.address}/32`, part.routeTables),
    ),
    ...dependentsOf(file).flatMap(({ path, part: { route } }) =>
      to([...path, 'route'], route?.destination, route?.routeTables),
    ),
  ];
}

function registration(each: DependentPart): Use {
  const { target } = each.part;
  const address = each.resource.kind === 'secondary' ? each.tag : 'its own address';
  const who = target?.as === 'address' ? address : 'instance';
  return useOf(
    each,
    ['target', 'group'],
    target?.group && `${target.group} ${who} ${target.port ?? 'its own'}`,
  );
}

function record(each: DependentPart): Use {
  const { dns } = each.part;
  const whole = dns?.zone !== undefined && dns.name !== undefined && dns.type !== undefined;
  return useOf(each, ['dns', 'name'], whole ? `${dns.zone} ${dns.name} ${dns.type}` : undefined);
}

function onServers(each: DependentPart, key: Path, value: string | undefined): readonly Use[] {
  return serversOf(each.resource).map((server) => useOf(each, key, value && `${server} ${value}`));
}

function useOf({ path }: DependentPart, key: Path, value: string | undefined): Use {
  return { path: [...path, ...key], value };
}
