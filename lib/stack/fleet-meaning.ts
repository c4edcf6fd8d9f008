/**
 * What the fleet file says as a whole: names that exist, addresses that can be where they are said to be, nothing
 * used twice. A part whose shape is wrong is absent here (its problem is already known), so that one reading of the
 * file finds everything that can be found.
 */
import { contains, isReserved, parseAddress, parseSubnet } from '../recovery/address.ts';
import { noBackup } from '../recovery/info.ts';
import { type Path, type Problem, printPath } from './fleet-problems.ts';
import { type FleetFileShape, maxPathTargets } from './fleet-schema.ts';

/** The file with holes where something was refused. */
export type Partly<T> = T extends readonly (infer E)[]
  ? readonly (Partly<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Partly<T[K]> | undefined }
    : T;

type File = Partly<FleetFileShape>;
type Servers = NonNullable<File['servers']>;
type Resource = Partly<FleetFileShape['resources'][string]>;
type Candidate = NonNullable<NonNullable<Resource['servers']>[number]>;

/**
 * Stated, not derived: CloudFormation's 500 resources and IAM's 10,240 characters of inline policy per role bound what
 * one stack can protect. `the largest fleet fits` in test/stack/permissions.test.ts holds both.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const fleetLimits = { servers: 20, interfaces: 60, resources: 50 } as const;

export function findContradictions(file: File): readonly Problem[] {
  return [
    ...tooMany(file),
    ...usedTwice(instances(file), 'an instance of its own: one server is one instance'),
    ...usedTwice(enis(file), 'a network interface of its own: an ENI is one interface of one server'),
    ...usedTwice(addresses(file), 'an address nobody else in the file has'),
    ...Object.entries(file.resources ?? {}).flatMap(([tag, resource]) =>
      resource === undefined ? [] : checkResource(file, resource, ['resources', tag]),
    ),
    ...usedTwice(
      (file.deployment?.notify ?? []).map((value, index) => ({
        path: ['deployment', 'notify', index],
        value,
      })),
      'each e-mail address once',
    ),
    ...usedTwice(
      (file.agent?.roles ?? []).map((value, index) => ({ path: ['agent', 'roles', index], value })),
      'each role once',
    ),
  ];
}

function checkResource(file: File, resource: Resource, path: Path): readonly Problem[] {
  const subnet = resource.subnet ?? file.subnet;
  const candidates = (resource.servers ?? []).map((candidate, index) => ({
    candidate,
    path: [...path, 'servers', index],
  }));
  return [
    ...outside(subnet, resource.address, [...path, 'address']),
    ...asksItself(resource, path),
    ...asksTooMany(resource, path),
    ...usedTwice(
      (resource.pingList ?? []).map((value, index) => ({ path: [...path, 'pingList', index], value })),
      'each target once',
    ),
    ...usedTwice(
      (resource.tcpList ?? []).map((value, index) => ({ path: [...path, 'tcpList', index], value })),
      'each target once',
    ),
    ...usedTwice(
      candidates.map(({ candidate, path }) => ({ path: [...path, 'server'], value: candidate?.server })),
      'each server once in a resource',
    ),
    ...candidates.flatMap(({ candidate, path }) =>
      candidate === undefined ? [] : checkCandidate(file.servers ?? {}, subnet, candidate, path),
    ),
  ];
}

function checkCandidate(
  servers: Servers,
  subnet: string | undefined,
  candidate: Candidate,
  path: Path,
): readonly Problem[] {
  if (candidate.server === undefined) return [];
  if (!Object.hasOwn(servers, candidate.server)) {
    const allowed = oneOf(Object.keys(servers));
    return [{ path: [...path, 'server'], wrong: 'is not a server of this file', allowed }];
  }
  const interfaces = servers[candidate.server]?.interfaces;
  if (interfaces === undefined) return [];
  const names = Object.keys(interfaces).filter((name) => name !== noBackup);
  const { server, interface: primary, backup } = candidate;
  const problems: Problem[] = [];
  for (const [key, name] of [
    ['interface', primary],
    ['backup', backup === noBackup ? undefined : backup],
  ] as const) {
    if (name === undefined) continue;
    if (!names.includes(name))
      problems.push({
        path: [...path, key],
        wrong: `is not an interface of ${server}`,
        allowed: oneOf([...names, ...(key === 'backup' ? [noBackup] : [])]),
      });
    else
      problems.push(
        ...outside(subnet, interfaces[name]?.address, ['servers', server, 'interfaces', name, 'address']),
      );
  }
  if (backup !== undefined && backup === primary)
    problems.push({
      path: [...path, 'backup'],
      wrong: 'is the primary interface itself',
      allowed: oneOf([...names.filter((name) => name !== primary), noBackup]),
    });
  return problems;
}

function oneOf(names: readonly string[]): string {
  return names.length === 0 ? 'none before it has one' : `one of ${names.join(', ')}`;
}

/** An address moves only between interfaces of its own subnet: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html */
function outside(cidr: string | undefined, text: string | undefined, path: Path): readonly Problem[] {
  if (cidr === undefined || text === undefined) return [];
  const subnet = parseSubnet(cidr, 'subnet');
  const address = parseAddress(text, 'address');
  const allowed = `an address of ${cidr} other than its first four and its last, which AWS keeps`;
  if (!contains(subnet, address)) return [{ path, wrong: `is outside the subnet ${cidr}`, allowed }];
  if (isReserved(subnet, address)) return [{ path, wrong: `is reserved by AWS in ${cidr}`, allowed }];
  return [];
}

/** A host always answers itself, so that target would call every interface healthy. */
function asksItself(resource: Resource, path: Path): readonly Problem[] {
  return (['pingList', 'tcpList'] as const).flatMap((list) =>
    (resource[list] ?? []).flatMap((target, index) =>
      target !== undefined && target.split(':')[0] === resource.address
        ? [
            {
              path: [...path, list, index],
              wrong: 'is the protected address itself, which always answers where it is',
              allowed: 'addresses of other machines',
            },
          ]
        : [],
    ),
  );
}

function asksTooMany({ pingList = [], tcpList = [] }: Resource, path: Path): readonly Problem[] {
  if (pingList.length + tcpList.length <= maxPathTargets) return [];
  const allowed = `at most ${maxPathTargets} in pingList and tcpList together`;
  return [{ path: [...path, 'tcpList'], wrong: 'makes too many targets', allowed }];
}

interface Use {
  readonly path: Path;
  readonly value: string | undefined;
}

function instances(file: File): readonly Use[] {
  return Object.entries(file.servers ?? {}).map(([name, server]) => ({
    path: ['servers', name, 'instance'],
    value: server?.instance,
  }));
}

function enis(file: File): readonly Use[] {
  return interfacesOf(file).map(({ path, settings }) => ({ path: [...path, 'eni'], value: settings?.eni }));
}

function addresses(file: File): readonly Use[] {
  return [
    ...interfacesOf(file).map(({ path, settings }) => ({
      path: [...path, 'address'],
      value: settings?.address,
    })),
    ...Object.entries(file.resources ?? {}).map(([tag, resource]) => ({
      path: ['resources', tag, 'address'],
      value: resource?.address,
    })),
  ];
}

function interfacesOf(file: File) {
  return Object.entries(file.servers ?? {}).flatMap(([server, settings]) =>
    Object.entries(settings?.interfaces ?? {}).map(([name, settings]) => ({
      path: ['servers', server, 'interfaces', name],
      settings,
    })),
  );
}

function usedTwice(uses: readonly Use[], allowed: string): readonly Problem[] {
  const first = new Map<string, Path>();
  return uses.flatMap(({ path, value }) => {
    if (value === undefined) return [];
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, path);
    return earlier === undefined ? [] : [{ path, wrong: `is already ${printPath(earlier)}`, allowed }];
  });
}

function tooMany(file: File): readonly Problem[] {
  const counts = [
    ['servers', Object.keys(file.servers ?? {}).length, fleetLimits.servers],
    ['servers', interfacesOf(file).length, fleetLimits.interfaces],
    ['resources', Object.keys(file.resources ?? {}).length, fleetLimits.resources],
  ] as const;
  return counts
    .filter(([, count, most]) => count > most)
    .map(([key, count, most]) => ({
      path: [key],
      wrong: `has ${count} ${most === fleetLimits.interfaces ? 'interfaces' : key}`,
      allowed: `at most ${most}; a second fleet file makes a second stack`,
    }));
}
