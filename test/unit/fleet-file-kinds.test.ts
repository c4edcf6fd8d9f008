/** What a fleet file may not say of the kinds of addresses: where each can be, and what moves it. */
import { describe, expect, it } from 'vitest';
import { example, problemsOf, twoZones } from './fleet-files.ts';

const allowedOverlay = "allowed: an IPv4 address outside of the VPC's own blocks, such as 192.168.255.10";

/** What is written instead of what, and the problems that it makes. */
const refused: readonly (readonly [
  fact: string,
  from: string | RegExp,
  to: string,
  problems: string | readonly string[],
])[] = [
  [
    'a kind it does not know',
    'kind: overlay',
    'kind: floating',
    'resources.ip-db.kind: "floating" is not valid; allowed: one of the words secondary, ipv6, overlay, elastic',
  ],
  [
    'a server in another subnet than a private address: nothing takes it there',
    '{ server: ServerA, interface: eth0 }, { server: ServerC, interface: eth0 }]\n    dependents',
    '{ server: ServerA, interface: eth0 }, { server: ServerB, interface: eth0 }]\n    dependents',
    'resources.ip-app.servers[1].server: "ServerB" is in the subnet 10.0.2.0/24: a private address cannot leave its subnet, here 10.0.1.0/24, and so its Availability Zone; allowed: servers in 10.0.1.0/24, or kind overlay or elastic, whose addresses can',
  ],
  [
    'the same of an IPv6 address',
    /(tcpList.*\n.*)ServerC/,
    '$1ServerB',
    'resources.ip-six.servers[1].server: "ServerB" is in the subnet 10.0.2.0/24: a private address cannot leave its subnet, here 10.0.1.0/24, and so its Availability Zone; allowed: servers in 10.0.1.0/24, or kind overlay or elastic, whose addresses can',
  ],
  [
    'an interface outside the subnet of its server',
    '10.0.2.21',
    '10.0.1.21',
    'servers.ServerB.interfaces.eth1.address: "10.0.1.21" is outside the subnet 10.0.2.0/24; allowed: an address of 10.0.2.0/24 other than its first four and its last, which AWS keeps',
  ],
  [
    'maintenance that is no flag',
    'maintenance: true',
    'maintenance: yes',
    'servers.ServerB.maintenance: "yes" is not valid; allowed: true or false',
  ],
  [
    'a difference that cannot be accepted',
    '[security-groups]',
    '[subnet]',
    'resources.ip-db.servers[1].accept[0]: "subnet" is not valid; allowed: one of the words security-groups, source-dest-check',
  ],
  // ---- overlay
  [
    'an overlay address inside of a subnet',
    '192.168.255.10',
    '10.0.2.50',
    `resources.ip-db.address: "10.0.2.50" is inside the subnet 10.0.2.0/24; ${allowedOverlay}`,
  ],
  [
    'an overlay address of the link, to which no route can lead',
    '192.168.255.10',
    '169.254.10.10',
    `resources.ip-db.address: "169.254.10.10" is in 169.254.0.0/16, which no route can lead to; ${allowedOverlay}`,
  ],
  [
    'an overlay address of the host, to which no route can lead',
    '192.168.255.10',
    '127.0.0.10',
    `resources.ip-db.address: "127.0.0.10" is in 127.0.0.0/8, which no route can lead to; ${allowedOverlay}`,
  ],
  [
    'an overlay address of a group, to which no route can lead',
    '192.168.255.10',
    '224.0.0.10',
    `resources.ip-db.address: "224.0.0.10" is in 224.0.0.0/4, which no route can lead to; ${allowedOverlay}`,
  ],
  [
    'an overlay address without its route tables',
    /\n {4}routeTables: .*/,
    '',
    'resources.ip-db.routeTables: is missing; allowed: for kind overlay the route tables by which its clients reach it',
  ],
  [
    'no route table at all',
    'routeTables: [rtb-0a1b2c3d4e5f60070, rtb-0a1b2c3d4e5f60071]',
    'routeTables: []',
    'resources.ip-db.routeTables: this list is not valid; allowed: at least one route table',
  ],
  [
    'a route table twice',
    'rtb-0a1b2c3d4e5f60070, rtb-0a1b2c3d4e5f60071',
    'rtb-0a1b2c3d4e5f60070, rtb-0a1b2c3d4e5f60070',
    'resources.ip-db.routeTables[1]: "rtb-0a1b2c3d4e5f60070" is already resources.ip-db.routeTables[0]; allowed: a route table once for each destination',
  ],
  [
    'route tables of another kind',
    'allocation: eipalloc-0a1b2c3d4e5f60050',
    'allocation: eipalloc-0a1b2c3d4e5f60050\n    routeTables: [rtb-0a1b2c3d4e5f60071]',
    'resources.ip-web.routeTables: this list has no meaning for kind elastic; allowed: routeTables for kind overlay alone',
  ],
  [
    'a subnet of an address that is in none',
    'address: 192.168.255.10',
    'address: 192.168.255.10\n    subnet: 10.0.1.0/24',
    'resources.ip-db.subnet: "10.0.1.0/24" has no meaning for kind overlay, whose address is in no subnet; allowed: the subnets of the servers, in servers',
  ],
  // ---- elastic
  [
    'an Elastic IP without its id',
    /\n {4}allocation: .*/,
    '',
    'resources.ip-web.allocation: is missing; allowed: for kind elastic the id of the Elastic IP, such as eipalloc-0a1b2c3d4e5f60050',
  ],
  [
    'an Elastic IP that is private',
    '203.0.113.10',
    '172.16.0.10',
    'resources.ip-web.address: "172.16.0.10" is no public address; allowed: the public IPv4 address of the Elastic IP',
  ],
  [
    'an Elastic IP twice',
    'eipalloc-0a1b2c3d4e5f60051',
    'eipalloc-0a1b2c3d4e5f60050',
    'resources.ip-app.dependents.public.elasticIp: "eipalloc-0a1b2c3d4e5f60050" is already resources.ip-web.allocation; allowed: an Elastic IP of its own',
  ],
  [
    'two Elastic IPs on one interface, whose private address has one',
    '  ip-six:',
    '  ip-two:\n    kind: elastic\n    address: 203.0.113.11\n    allocation: eipalloc-0a1b2c3d4e5f60059\n    servers: [{ server: ServerB, interface: eth0, backup: eth1 }]\n  ip-six:',
    'resources.ip-two.servers[0].backup: "eth1" is already resources.ip-web.servers[1].interface; allowed: an interface of its own for each Elastic IP: a private address has one public address',
  ],
  // ---- ipv6
  [
    'an IPv6 address outside of its block',
    'a:b::50',
    'a:c::50',
    'resources.ip-six.address: "2600:1f14:a:c::50" is outside the subnet 2600:1f14:a:b::/64; allowed: an address of 2600:1f14:a:b::/64 other than its first four and its last, which AWS keeps',
  ],
  [
    'the fourth address of its block',
    'a:b::50',
    'a:b::3',
    'resources.ip-six.address: "2600:1f14:a:b::3" is reserved by AWS in 2600:1f14:a:b::/64; allowed: an address of 2600:1f14:a:b::/64 other than its first four and its last, which AWS keeps',
  ],
  [
    'an IPv6 address in capitals',
    'a:b::50',
    'A:B::50',
    'resources.ip-six.address: "2600:1f14:A:B::50" is not written in short; allowed: 2600:1f14:a:b::50',
  ],
  [
    'an IPv6 address without its block',
    /\n {4}subnet: 2600.*/,
    '',
    'resources.ip-six.subnet: is missing; allowed: for kind ipv6 the IPv6 block of the subnet, such as 2600:1f14:a:b::/64',
  ],
  [
    'a block of a size that no subnet has',
    '2600:1f14:a:b::/64',
    '2600:1f14:a:b::/80',
    'resources.ip-six.subnet: "2600:1f14:a:b::/80" is not valid; allowed: a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28; for kind ipv6 one such as 2600:1f14:a:b::/64: /44 to /64 in steps of 4',
  ],
  [
    'a block with host bits',
    '2600:1f14:a:b::/64',
    '2600:1f14:a:b::/60',
    'resources.ip-six.subnet: "2600:1f14:a:b::/60" is not valid; allowed: a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28; for kind ipv6 one such as 2600:1f14:a:b::/64: /44 to /64 in steps of 4',
  ],
  [
    'an IPv4 block of an IPv6 address',
    '2600:1f14:a:b::/64',
    '10.0.1.0/24',
    'resources.ip-six.subnet: "10.0.1.0/24" is an IPv4 block; allowed: for kind ipv6 the IPv6 block of the subnet, such as 2600:1f14:a:b::/64',
  ],
  [
    'an IPv4 address as an IPv6 one',
    'address: 2600:1f14:a:b::50',
    'address: 10.0.1.50',
    'resources.ip-six.address: "10.0.1.50" is no address of kind ipv6; allowed: an address such as 2600:1f14:a:b::50',
  ],
  [
    'an IPv6 address as a secondary one',
    'kind: ipv6\n',
    'kind: secondary\n',
    [
      'resources.ip-six.address: "2600:1f14:a:b::50" is no address of kind secondary; allowed: an IPv4 address, or kind: ipv6',
      'resources.ip-six.pingList[0]: "2600:1f14:a:b::100" cannot answer an address of kind secondary; allowed: IPv4 addresses',
      'resources.ip-six.tcpList[0]: "[2600:1f14:a:b::100]:5432" cannot answer an address of kind secondary; allowed: IPv4 addresses',
    ],
  ],
  [
    'a ping target that cannot answer it',
    "['2600:1f14:a:b::100']",
    '[10.0.1.100]',
    'resources.ip-six.pingList[0]: "10.0.1.100" cannot answer an address of kind ipv6; allowed: IPv6 addresses',
  ],
  [
    'itself with a port as a target',
    '[2600:1f14:a:b::100]:5432',
    '[2600:1f14:a:b::50]:5432',
    'resources.ip-six.tcpList[0]: "[2600:1f14:a:b::50]:5432" is the protected address itself, which always answers where it is; allowed: addresses of other machines',
  ],
];

describe('refuses', () => {
  it.each(refused)('%s', (_, from, to, problems) => {
    const wrong = twoZones.replace(from, to);
    expect(wrong).not.toBe(twoZones);
    expect(problemsOf(wrong)).toEqual([problems].flat());
  });

  it('more route tables than one stack can carry', () => {
    const tables = Array.from({ length: 21 }, (_, index) => `rtb-0000${(index + 16).toString(16)}00`);
    expect(problemsOf(twoZones.replace(/routeTables: \[rtb.*/, `routeTables: [${tables}]`))).toEqual([
      'resources: this mapping has 22 route tables; allowed: at most 20; a second fleet file makes a second stack',
    ]);
  });
});

it('refuses more targets than the document of the agents holds', () => {
  const targets = Array.from({ length: 8 }, (_, index) => `'2600:1f14:a:b:1111:2222:3333:${index + 1000}'`);
  const servers = '[{ server: ServerA, interface: eth0 }]';
  const resources = Array.from(
    { length: 50 },
    (_, index) =>
      `  ip-${index}: { kind: ipv6, address: '2600:1f14:a:b::${index + 100}', subnet: '2600:1f14:a:b::/64', pingList: [${targets}], servers: ${servers} }\n`,
  );
  const text = `${example.slice(0, example.indexOf('resources:'))}resources:\n${resources.join('')}`;
  expect(problemsOf(text).map((problem) => problem.replace(/\d{5} bytes/, 'N bytes'))).toEqual([
    'resources: this mapping makes a document of N bytes for the agents; allowed: at most 65536: fewer or shorter targets, or a second fleet file',
  ]);
});

describe('takes', () => {
  it('a server that says the subnet of the fleet', () => {
    expect(problemsOf(example.replace('instance: i-0a', 'subnet: 10.0.1.0/24\n    instance: i-0a'))).toEqual(
      [],
    );
  });

  it('a server that says the subnet of its resource, where that is another one', () => {
    const elsewhere = example
      .replace('10.0.1.50', '10.0.3.50\n    subnet: 10.0.3.0/24')
      .replace(/address: 10\.0\.1\.(\d+) }/g, 'address: 10.0.3.$1 }');
    expect(
      problemsOf(elsewhere.replace('instance: i-0a', 'subnet: 10.0.3.0/24\n    instance: i-0a')),
    ).toEqual([]);
  });
});
