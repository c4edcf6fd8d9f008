/** Whether addresses can be where the fleet file says they are: each kind of resource has its own place. */
import { canonicalIpv6, contains, isReserved, parseAddress, parseSubnet } from '../recovery/address.ts';
import { noBackup } from '../recovery/info.ts';
import {
  type Candidate,
  candidatesOf,
  type File,
  interfacesOf,
  oneOf,
  type Resource,
  resourcesOf,
} from './fleet-parts.ts';
import type { Path, Problem } from './fleet-problems.ts';
import { isIpv4 } from './fleet-values.ts';
import { isIpv6Subnet, placeInIpv6Subnet } from './ipv6.ts';

export function findMisplaced(file: File): readonly Problem[] {
  return [
    ...interfacesOf(file).flatMap(({ server, part, path }) =>
      outside(file.servers?.[server]?.subnet, part?.address, [...path, 'address']),
    ),
    ...resourcesOf(file).flatMap(({ part, path }) => [
      ...keysOfKind(part, path),
      ...checkAddress(file, part, path),
      ...oneSubnet(file, part, path),
      ...candidatesOf(part, path).flatMap(({ part: candidate, path }) =>
        checkCandidate(file, part, candidate, path),
      ),
    ]),
  ];
}

/** What the kind needs, and what only another kind has. */
function keysOfKind(resource: Resource, path: Path): readonly Problem[] {
  const { kind } = resource;
  if (kind === undefined) return [];
  const has = (key: keyof Resource) => Object.hasOwn(resource, key);
  const missing = (key: keyof Resource, allowed: string): Problem[] =>
    has(key) ? [] : [{ path: [...path, key], wrong: 'is missing', allowed }];
  const foreign = (key: keyof Resource, wrong: string, allowed: string): Problem[] =>
    has(key) ? [{ path: [...path, key], wrong, allowed }] : [];
  return [
    ...(kind === 'overlay'
      ? missing('routeTables', 'for kind overlay the route tables by which its clients reach it')
      : foreign('routeTables', `has no meaning for kind ${kind}`, 'routeTables for kind overlay alone')),
    ...(kind === 'elastic'
      ? missing('allocation', 'for kind elastic the id of the Elastic IP, such as eipalloc-0a1b2c3d4e5f60050')
      : foreign('allocation', `has no meaning for kind ${kind}`, 'allocation for kind elastic alone')),
    ...(kind === 'ipv6'
      ? missing('subnet', 'for kind ipv6 the IPv6 block of the subnet, such as 2600:1f14:a:b::/64')
      : []),
    ...(kind === 'overlay' || kind === 'elastic'
      ? foreign(
          'subnet',
          `has no meaning for kind ${kind}, whose address is in no subnet`,
          'the subnets of the servers, in servers',
        )
      : []),
  ];
}

function checkAddress(file: File, { kind, address, subnet }: Resource, path: Path): readonly Problem[] {
  if (kind === undefined || address === undefined) return [];
  const at = [...path, 'address'];
  if (kind === 'ipv6') return checkIpv6(address, subnet, path);
  if (!isIpv4(address))
    return [{ path: at, wrong: `is no address of kind ${kind}`, allowed: 'an IPv4 address, or kind: ipv6' }];
  switch (kind) {
    case 'secondary':
      if (subnet !== undefined && isIpv6Subnet(subnet))
        return [{ path: [...path, 'subnet'], wrong: 'is an IPv6 block', allowed: 'a subnet, or kind: ipv6' }];
      return outside(subnet ?? file.subnet, address, at);
    case 'overlay':
      return checkOverlay(file, address, at);
    case 'elastic':
      return notPublic(address)
        ? [{ path: at, wrong: 'is no public address', allowed: 'the public IPv4 address of the Elastic IP' }]
        : [];
  }
}

function checkIpv6(address: string, subnet: string | undefined, path: Path): readonly Problem[] {
  const at = [...path, 'address'];
  const short = canonicalIpv6(address);
  if (short === null)
    return [
      { path: at, wrong: 'is no address of kind ipv6', allowed: 'an address such as 2600:1f14:a:b::50' },
    ];
  if (short !== address) return [{ path: at, wrong: 'is not written in short', allowed: short }];
  if (subnet === undefined) return [];
  if (!isIpv6Subnet(subnet))
    return [
      {
        path: [...path, 'subnet'],
        wrong: 'is an IPv4 block',
        allowed: 'for kind ipv6 the IPv6 block of the subnet, such as 2600:1f14:a:b::/64',
      },
    ];
  const allowed = `an address of ${subnet} other than its first four and its last, which AWS keeps`;
  switch (placeInIpv6Subnet(subnet, address)) {
    case 'outside':
      return [{ path: at, wrong: `is outside the subnet ${subnet}`, allowed }];
    case 'reserved':
      return [{ path: at, wrong: `is reserved by AWS in ${subnet}`, allowed }];
    case 'inside':
      return [];
  }
}

/** A route to it leads to an interface; what is inside of the VPC is reached without one. */
function checkOverlay(file: File, address: string, path: Path): readonly Problem[] {
  const allowed = "an IPv4 address outside of the VPC's own blocks, such as 192.168.255.10";
  const block = specialBlocks.find((each) => isIn(each, address));
  if (block !== undefined) return [{ path, wrong: `is in ${block}, which no route can lead to`, allowed }];
  const subnets = [
    file.subnet,
    ...Object.values(file.servers ?? {}).map((server) => server?.subnet),
    ...resourcesOf(file).map(({ part }) => part.subnet),
  ].filter((subnet) => subnet !== undefined && !isIpv6Subnet(subnet));
  const inside = subnets.find((subnet) => subnet !== undefined && isIn(subnet, address));
  return inside === undefined ? [] : [{ path, wrong: `is inside the subnet ${inside}`, allowed }];
}

/** Of this host, of the link, multicast and reserved: https://www.iana.org/assignments/iana-ipv4-special-registry */
const specialBlocks = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/4', '240.0.0.0/4'] as const;
const privateBlocks = ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16'] as const;

function notPublic(address: string): boolean {
  return [...specialBlocks, ...privateBlocks].some((block) => isIn(block, address));
}

function isIn(block: string, address: string): boolean {
  const [base = '', length = ''] = block.split('/');
  const { number } = parseAddress(base, 'block');
  return contains(
    { cidr: block, base: number, prefixLength: Number(length) },
    parseAddress(address, 'address'),
  );
}

/** An address moves only between interfaces of its own subnet: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html */
function oneSubnet(file: File, resource: Resource, path: Path): readonly Problem[] {
  if (resource.kind !== 'secondary' && resource.kind !== 'ipv6') return [];
  const homes = candidatesOf(resource, path).flatMap(({ part: { server }, path }) => {
    const subnet = server === undefined ? undefined : subnetOf(file, resource, server);
    return subnet === undefined ? [] : [{ server, subnet, path: [...path, 'server'] }];
  });
  const home = resource.kind === 'secondary' ? (resource.subnet ?? file.subnet) : homes[0]?.subnet;
  if (home === undefined || isIpv6Subnet(home)) return [];
  return homes
    .filter(({ subnet }) => subnet !== home)
    .map(({ path, subnet }) => ({
      path,
      wrong: `is in the subnet ${subnet}: a private address cannot leave its subnet, here ${home}, and so its Availability Zone`,
      allowed: `servers in ${home}, or kind overlay or elastic, whose addresses can`,
    }));
}

/** Of a server's interfaces; undefined where the file does not tell. */
function subnetOf(file: File, { kind, subnet }: Resource, server: string): string | undefined {
  const settings = file.servers?.[server];
  if (settings === undefined) return undefined;
  if (Object.hasOwn(settings, 'subnet')) return settings.subnet;
  return kind === 'secondary' ? (subnet ?? file.subnet) : file.subnet;
}

function checkCandidate(
  file: File,
  resource: Resource,
  candidate: Candidate,
  path: Path,
): readonly Problem[] {
  const servers = file.servers ?? {};
  const { server, interface: primary, backup } = candidate;
  if (server === undefined) return [];
  if (!Object.hasOwn(servers, server)) {
    const allowed = oneOf(Object.keys(servers));
    return [{ path: [...path, 'server'], wrong: 'is not a server of this file', allowed }];
  }
  const interfaces = servers[server]?.interfaces;
  if (interfaces === undefined) return [];
  const names = Object.keys(interfaces).filter((name) => name !== noBackup);
  const subnet = subnetOf(file, resource, server);
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

function outside(cidr: string | undefined, text: string | undefined, path: Path): readonly Problem[] {
  if (cidr === undefined || text === undefined || isIpv6Subnet(cidr)) return [];
  const subnet = parseSubnet(cidr, 'subnet');
  const address = parseAddress(text, 'address');
  const allowed = `an address of ${cidr} other than its first four and its last, which AWS keeps`;
  if (!contains(subnet, address)) return [{ path, wrong: `is outside the subnet ${cidr}`, allowed }];
  if (isReserved(subnet, address)) return [{ path, wrong: `is reserved by AWS in ${cidr}`, allowed }];
  return [];
}
