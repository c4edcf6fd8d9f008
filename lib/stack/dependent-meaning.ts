/** Whether what depends on addresses can be started and stopped as the fleet file says. */
import { canonicalIpv6 } from '../recovery/address.ts';
import { cycleOf } from '../recovery/dependent.ts';
import { dependentKinds } from './dependent-schema.ts';
import {
  type DependentPart,
  dependentsOf,
  type File,
  oneOf,
  type Resource,
  resourcesOf,
  serversOf,
} from './fleet-parts.ts';
import type { Path, Problem } from './fleet-problems.ts';
import { listed, usedTwice } from './fleet-uses.ts';
import { isIpv4 } from './fleet-values.ts';

export function findImpossibleDependents(file: File): readonly Problem[] {
  return [
    ...dependentsOf(file).flatMap((each) => [
      ...checkKind(each),
      ...checkNeeds(each),
      ...checkPatience(each),
      ...checkValues(each),
      ...checkElasticIp(each),
      ...checkAlong(file, each),
    ]),
    ...resourcesOf(file).flatMap(({ part, path }) => circle(part.dependents ?? {}, path)),
    ...circleOfResources(file),
  ];
}

/** A key that is none of them is a problem of its own already. */
function checkKind({ part, path }: DependentPart): readonly Problem[] {
  const others = ['needs', 'start', 'stop', 'tries', 'onFailure'];
  const keys = Object.keys(part);
  const kinds = dependentKinds.filter((kind) => keys.includes(kind));
  const unknown = keys.some((key) => !others.includes(key) && !kinds.some((kind) => kind === key));
  if (kinds.length === 1 || unknown) return [];
  const wrong = kinds.length === 0 ? 'does not say what it is' : `is ${kinds.join(' and ')} at once`;
  return [{ path, wrong, allowed: `one of ${dependentKinds.join(', ')}` }];
}

/** All tries on a server are one step of the failover, and its function has 15 minutes at a time (functions.ts). */
const longestTriesMs = 13 * 60_000;

function checkPatience({ part: { start = 0, tries = 1 }, path }: DependentPart): readonly Problem[] {
  if (start * tries <= longestTriesMs) return [];
  const wrong = `is too long for ${tries} tries`;
  const allowed = `at most ${longestTriesMs / 60_000}m for all tries together`;
  return [{ path: [...path, 'start'], wrong, allowed }];
}

function checkNeeds({ part, path, name, resource }: DependentPart): readonly Problem[] {
  const names = Object.keys(resource.dependents ?? {});
  const uses = listed([...path, 'needs'], part.needs);
  return [
    ...uses
      .filter(({ value }) => value !== undefined && !names.includes(value))
      .map(({ path }) => ({
        path,
        wrong: 'is not a dependent of this resource',
        allowed: oneOf(names.filter((each) => each !== name)),
      })),
    ...usedTwice(uses, 'each need once'),
  ];
}

/** Every server that may hold the address needs a value, of the record's type. */
function checkValues({ part: { dns }, path, resource }: DependentPart): readonly Problem[] {
  if (dns?.values === undefined) return [];
  const at = [...path, 'dns', 'values'];
  const servers = serversOf(resource);
  const { type } = dns;
  return [
    ...servers
      .filter((server) => !Object.hasOwn(dns.values ?? {}, server))
      .map((server) => ({
        path: at,
        wrong: `has no value for ${server}`,
        allowed: `one for each of ${servers.join(', ')}`,
      })),
    ...Object.entries(dns.values).flatMap(([server, value]) => {
      if (!servers.includes(server))
        return [
          { path: [...at, server], wrong: 'is for no server of this resource', allowed: oneOf(servers) },
        ];
      return value === undefined || type === undefined || isOfType[type](value)
        ? []
        : [{ path: [...at, server], wrong: `is no value of type ${type}`, allowed: valueOfType[type] }];
    }),
  ];
}

type RecordType = 'A' | 'AAAA' | 'CNAME' | 'TXT';

const isOfType: { readonly [type in RecordType]: (value: string) => boolean } = {
  A: isIpv4,
  AAAA: (value) => canonicalIpv6(value) !== null,
  CNAME: (value) => /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+\.?$/.test(value),
  TXT: () => true,
};

const valueOfType: { readonly [type in RecordType]: string } = {
  A: 'an IPv4 address',
  AAAA: 'an IPv6 address',
  CNAME: 'a full name such as a.example.com',
  TXT: 'text',
};

/** It is the public address of a private one, which has only one. */
function checkElasticIp({ part, path, name, resource }: DependentPart): readonly Problem[] {
  if (part.elasticIp === undefined) return [];
  const at = [...path, 'elasticIp'];
  if (resource.kind === 'elastic')
    return [{ path: at, wrong: 'is the second one of this resource', allowed: 'none for kind elastic' }];
  const names = Object.entries(resource.dependents ?? {}).flatMap(([other, each]) =>
    each?.elasticIp === undefined ? [] : [other],
  );
  const [first] = names;
  if (first === undefined || first === name) return [];
  const wrong = `is the second one of this resource, besides ${first}`;
  return [{ path: at, wrong, allowed: 'one Elastic IP: a private address has one public address' }];
}

/** A resource that moves along must be able to come to where its parent goes. */
function checkAlong(file: File, { part, path, tag, resource }: DependentPart): readonly Problem[] {
  const other = part.resource;
  if (other === undefined) return [];
  const at = [...path, 'resource'];
  const others = Object.keys(file.resources ?? {}).filter((each) => each !== tag);
  if (!others.includes(other) && other !== tag)
    return [{ path: at, wrong: 'is not a resource of this file', allowed: oneOf(others) }];
  const moved = file.resources?.[other];
  const [servers, own] = [serversOf(resource), moved === undefined ? null : serversOf(moved)];
  if (own === null) return [];
  if (servers.toSorted().join() === own.toSorted().join()) return ownDependents(moved, at, tag);
  return [
    {
      path: at,
      wrong: `may be on ${own.join(', ')}, and ${tag} on ${servers.join(', ')}`,
      allowed: 'a resource that may be on the same servers',
    },
  ];
}

/** They would have to leave and return with it, in an order that nobody has declared. */
function ownDependents(moved: Resource | undefined, at: Path, parent: string): readonly Problem[] {
  const below = moved?.dependents ?? {};
  // One that leads back is told as such.
  const back = Object.values(below).some((each) => each?.resource === parent);
  const names = Object.keys(below).join(', ');
  if (names === '' || back) return [];
  const allowed = `a resource without; make them dependents of ${parent}`;
  return [{ path: at, wrong: `has dependents of its own: ${names}`, allowed }];
}

function circle(
  dependents: { readonly [name: string]: DependentPart['part'] | undefined },
  path: Path,
): readonly Problem[] {
  const graph = Object.entries(dependents).map(([name, each]) => ({
    name,
    needs: (each?.needs ?? []).filter((need) => need !== undefined),
  }));
  const cycle = cycleOf(graph);
  if (cycle === null) return [];
  const [first = ''] = cycle;
  const wrong = `leads back to itself: ${cycle.join(', ')}`;
  return [{ path: [...path, 'dependents', first, 'needs'], wrong, allowed: 'needs that come to an end' }];
}

function circleOfResources(file: File): readonly Problem[] {
  const along = dependentsOf(file).filter(({ part }) => part.resource !== undefined);
  const graph = resourcesOf(file).map(({ tag }) => ({
    name: tag,
    needs: along.flatMap((each) => (each.tag === tag ? (each.part.resource ?? []) : [])),
  }));
  const cycle = cycleOf(graph);
  const closing = along.find(({ tag, part }) => tag === cycle?.[0] && part.resource === cycle[1]);
  if (cycle === null || closing === undefined) return [];
  const wrong = `leads back to itself: ${cycle.join(', ')}`;
  return [
    {
      path: [...closing.path, 'resource'],
      wrong,
      allowed: 'resources that move along with no other of them',
    },
  ];
}
