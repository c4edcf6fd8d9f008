/** What the fleet file says as a whole: names that exist, addresses that can be where they are said to be, nothing used twice. */
import { findMisplaced } from './address-meaning.ts';
import { findImpossibleDependents } from './dependent-meaning.ts';
import { dependentsOf, type File, interfacesOf, type Resource, resourcesOf } from './fleet-parts.ts';
import type { Path, Problem } from './fleet-problems.ts';
import { maxPathTargets } from './fleet-schema.ts';
import { findSecondUses, listed, usedTwice } from './fleet-uses.ts';
import { hostOf, isIpv4 } from './fleet-values.ts';

/**
 * Stated, not derived: CloudFormation's 500 resources, IAM's 10,240 characters of inline policy and ten managed policies
 * per role bound what one stack can protect. `the largest fleet` in test/stack/permissions.test.ts holds them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export const fleetLimits = {
  servers: 20,
  interfaces: 60,
  resources: 50,
  routeTables: 20,
  dependents: 100,
} as const;

export function findContradictions(file: File): readonly Problem[] {
  return [
    ...tooMany(file),
    ...findSecondUses(file),
    ...findMisplaced(file),
    ...resourcesOf(file).flatMap(({ part, path }) => checkLists(part, path)),
    ...findImpossibleDependents(file),
    ...usedTwice(listed(['deployment', 'notify'], file.deployment?.notify), 'each e-mail address once'),
    ...usedTwice(listed(['agent', 'roles'], file.agent?.roles), 'each role once'),
  ];
}

function checkLists(resource: Resource, path: Path): readonly Problem[] {
  const { pingList = [], tcpList = [], servers = [] } = resource;
  return [
    ...checkTargets(resource, path),
    ...(pingList.length + tcpList.length <= maxPathTargets
      ? []
      : [
          {
            path: [...path, 'tcpList'],
            wrong: 'makes too many targets',
            allowed: `at most ${maxPathTargets} in pingList and tcpList together`,
          },
        ]),
    ...usedTwice(listed([...path, 'pingList'], pingList), 'each target once'),
    ...usedTwice(listed([...path, 'tcpList'], tcpList), 'each target once'),
    ...usedTwice(
      servers.map((candidate, index) => ({
        path: [...path, 'servers', index, 'server'],
        value: candidate?.server,
      })),
      'each server once in a resource',
    ),
    ...servers.flatMap((candidate, index) =>
      usedTwice(listed([...path, 'servers', index, 'accept'], candidate?.accept), 'each difference once'),
    ),
  ];
}

/** A host always answers itself, so that target would call every interface healthy. What answers is of its family. */
function checkTargets(
  { kind, address, pingList = [], tcpList = [] }: Resource,
  path: Path,
): readonly Problem[] {
  const targets = [
    ...pingList.map((host, index) => ({ host, path: [...path, 'pingList', index] })),
    ...tcpList.map((target, index) => ({
      host: target && hostOf(target),
      path: [...path, 'tcpList', index],
    })),
  ];
  return targets.flatMap(({ host, path }) => {
    if (host === undefined) return [];
    if (host === address)
      return [
        {
          path,
          wrong: 'is the protected address itself, which always answers where it is',
          allowed: 'addresses of other machines',
        },
      ];
    if (kind === undefined || isIpv4(host) === (kind !== 'ipv6')) return [];
    const allowed = `${kind === 'ipv6' ? 'IPv6' : 'IPv4'} addresses`;
    return [{ path, wrong: `cannot answer an address of kind ${kind}`, allowed }];
  });
}

function tooMany(file: File): readonly Problem[] {
  const tables = [
    ...resourcesOf(file).map(({ part }) => part.routeTables),
    ...dependentsOf(file).map(({ part }) => part.route?.routeTables),
  ].flatMap((each) => each ?? []);
  const counts = [
    ['servers', 'servers', Object.keys(file.servers ?? {}).length],
    ['servers', 'interfaces', interfacesOf(file).length],
    ['resources', 'resources', Object.keys(file.resources ?? {}).length],
    ['resources', 'routeTables', new Set(tables).size],
    ['resources', 'dependents', dependentsOf(file).length],
  ] as const;
  return counts
    .filter(([, what, count]) => count > fleetLimits[what])
    .map(([key, what, count]) => ({
      path: [key],
      wrong: `has ${count} ${what === 'routeTables' ? 'route tables' : what}`,
      allowed: `at most ${fleetLimits[what]}; a second fleet file makes a second stack`,
    }));
}
