import { describe, expect, it } from 'vitest';
import { example, least, problemsOf } from './fleet-files.ts';

const inSubnet = 'an address of 10.0.1.0/24 other than its first four and its last, which AWS keeps';
const oneAddress = 'an address nobody else in the file has';
const device =
  'a Linux device name such as eth0: at most 15 letters, digits, dots, dashes and underscores, and not "none"';
const candidateKeys = 'server, interface, backup, accept';

/** What is written instead of what, and the problem that it makes. */
const refused: readonly (readonly [fact: string, from: string | RegExp, to: string, problem: string])[] = [
  [
    'a version it does not know',
    'version: 1',
    'version: 2',
    'version: 2 is not valid; allowed: 1, the version of this layout',
  ],
  [
    'no name',
    'name: main\n',
    '',
    'name: is missing; allowed: a fleet name: lower-case letters and digits, at most 32, starting with a letter',
  ],
  [
    'a fleet name in capitals',
    'name: main',
    'name: Example',
    'name: "Example" is not valid; allowed: a fleet name: lower-case letters and digits, at most 32, starting with a letter',
  ],
  [
    'a subnet with host bits',
    '10.0.1.0/24',
    '10.0.1.1/24',
    'subnet: "10.0.1.1/24" is not valid; allowed: a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28',
  ],
  [
    'a subnet that AWS does not make',
    '10.0.1.0/24',
    '10.0.1.0/29',
    'subnet: "10.0.1.0/29" is not valid; allowed: a subnet such as 10.0.1.0/24: host bits zero, prefix length /16 to /28',
  ],
  [
    'an unknown key at the top',
    'version: 1',
    'version: 1\nregion: eu-central-1',
    'region: "region" is not a key here; allowed: version, name, subnet, servers, resources, agent, runbooks, policy, deployment',
  ],
  [
    'an unknown key further down',
    'interface: eth0, backup: eth1 }',
    'interface: eth0, bakcup: eth1 }',
    `resources.ip-db.servers[0].bakcup: "bakcup" is not a key here; allowed: ${candidateKeys}`,
  ],
  [
    'an instance id of the wrong length',
    'i-0a1b2c3d4e5f60001',
    'i-0a1b2c3d4e5f6000',
    'servers.ServerA.instance: "i-0a1b2c3d4e5f6000" is not valid; allowed: i- and 8 or 17 hex digits in lower case',
  ],
  [
    'an ENI id that is none',
    'eni-0a1b2c3d4e5f60010',
    'eth-0a1b2c3d4e5f60010',
    'servers.ServerA.interfaces.eth0.eni: "eth-0a1b2c3d4e5f60010" is not valid; allowed: eni- and 8 or 17 hex digits in lower case',
  ],
  [
    'the same instance for two servers',
    'i-0b1b2c3d4e5f60002',
    'i-0a1b2c3d4e5f60001',
    'servers.ServerB.instance: "i-0a1b2c3d4e5f60001" is already servers.ServerA.instance; allowed: an instance of its own: one server is one instance',
  ],
  [
    'the same ENI for two interfaces',
    'eni-0b1b2c3d4e5f60020',
    'eni-0a1b2c3d4e5f60011',
    'servers.ServerB.interfaces.eth0.eni: "eni-0a1b2c3d4e5f60011" is already servers.ServerA.interfaces.eth1.eni; allowed: a network interface of its own: an ENI is one interface of one server',
  ],
  [
    'the same address for two interfaces',
    '10.0.1.21',
    '10.0.1.10',
    `servers.ServerB.interfaces.eth1.address: "10.0.1.10" is already servers.ServerA.interfaces.eth0.address; allowed: ${oneAddress}`,
  ],
  [
    "an interface's own address as a protected one",
    '10.0.1.50',
    '10.0.1.11',
    `resources.ip-db.address: "10.0.1.11" is already servers.ServerA.interfaces.eth1.address; allowed: ${oneAddress}`,
  ],
  [
    'an interface outside the subnet of the resource that uses it',
    '10.0.1.11',
    '10.0.2.11',
    `servers.ServerA.interfaces.eth1.address: "10.0.2.11" is outside the subnet 10.0.1.0/24; allowed: ${inSubnet}`,
  ],
  [
    'an interface that would read as no backup',
    /eth1/g,
    'none',
    `servers.ServerA.interfaces.none: "none" is not valid; allowed: ${device}`,
  ],
  [
    'a device name longer than Linux has',
    'eth1: { eni: eni-0a',
    'a-device-name-16: { eni: eni-0a',
    `servers.ServerA.interfaces.a-device-name-16: "a-device-name-16" is not valid; allowed: ${device}`,
  ],
  [
    'a server name with a space',
    '  ServerB:',
    '  Server B:',
    'servers["Server B"]: "Server B" is not valid; allowed: a server name: letters, digits, dot, dash and underscore, at most 63, starting with a letter or digit',
  ],
  [
    'a name that JavaScript keeps to itself',
    '  ServerB:',
    '  constructor:',
    'servers.constructor: "constructor" cannot be a name; allowed: any other name',
  ],
  [
    'a tag in capitals',
    '  ip-db:',
    '  IP-DB:',
    'resources.IP-DB: "IP-DB" is not valid; allowed: a tag: lower-case letters, digits and dashes, at most 63, starting with a letter or digit',
  ],
  [
    'an address that is none',
    '10.0.1.50',
    '10.0.1.256',
    'resources.ip-db.address: "10.0.1.256" is not valid; allowed: an IPv4 address such as 10.0.1.50, or for kind ipv6 one such as 2600:1f14:a:b::50',
  ],
  [
    'an address outside the subnet',
    '10.0.1.50',
    '10.0.2.50',
    `resources.ip-db.address: "10.0.2.50" is outside the subnet 10.0.1.0/24; allowed: ${inSubnet}`,
  ],
  [
    'the fourth address of the subnet',
    '10.0.1.50',
    '10.0.1.3',
    `resources.ip-db.address: "10.0.1.3" is reserved by AWS in 10.0.1.0/24; allowed: ${inSubnet}`,
  ],
  [
    'the last address of the subnet',
    '10.0.1.50',
    '10.0.1.255',
    `resources.ip-db.address: "10.0.1.255" is reserved by AWS in 10.0.1.0/24; allowed: ${inSubnet}`,
  ],
  [
    'a ping target that is the protected address',
    '10.0.1.100',
    '10.0.1.50',
    'resources.ip-db.pingList[0]: "10.0.1.50" is the protected address itself, which always answers where it is; allowed: addresses of other machines',
  ],
  [
    'a ping target twice',
    '[10.0.1.100]',
    '[10.0.1.100, 10.0.1.100]',
    'resources.ip-db.pingList[1]: "10.0.1.100" is already resources.ip-db.pingList[0]; allowed: each target once',
  ],
  [
    'more ping targets than the host is told',
    '[10.0.1.100]',
    '[10.0.1.101, 10.0.1.102, 10.0.1.103, 10.0.1.104, 10.0.1.105, 10.0.1.106, 10.0.1.107, 10.0.1.108, 10.0.1.109]',
    'resources.ip-db.pingList: this list is not valid; allowed: at most 8 addresses',
  ],
  [
    'automation: true',
    'automation: on',
    'automation: true',
    'resources.ip-db.automation: true is not valid; allowed: one of the words on, observe, off (true and false are not among them)',
  ],
  [
    'a resource without servers',
    /servers:\n.*\n.*backup: eth1 \}\n/,
    'servers: []\n',
    'resources.ip-db.servers: this list is not valid; allowed: at least one server, the preferred one first',
  ],
  [
    'the same server twice in a resource',
    'server: ServerB',
    'server: ServerA',
    'resources.ip-db.servers[1].server: "ServerA" is already resources.ip-db.servers[0].server; allowed: each server once in a resource',
  ],
  [
    'a server that is not in the file',
    'server: ServerB',
    'server: ServerC',
    'resources.ip-db.servers[1].server: "ServerC" is not a server of this file; allowed: one of ServerA, ServerB',
  ],
  [
    'an interface the server does not have',
    'interface: eth0',
    'interface: eth2',
    'resources.ip-db.servers[0].interface: "eth2" is not an interface of ServerA; allowed: one of eth0, eth1',
  ],
  [
    'a backup the server does not have',
    'backup: eth1',
    'backup: eth2',
    'resources.ip-db.servers[0].backup: "eth2" is not an interface of ServerA; allowed: one of eth0, eth1, none',
  ],
  [
    'a backup that is the primary',
    'backup: eth1',
    'backup: eth0',
    'resources.ip-db.servers[0].backup: "eth0" is the primary interface itself; allowed: one of eth1, none',
  ],
  [
    'a number without its unit',
    'claim: 45s',
    'claim: 45',
    'policy.claim: 45 is not valid; allowed: a duration with its unit (s, m, h or d) from 15s to 5m, such as 5m',
  ],
  [
    'a duration out of bounds',
    'maxEventAge: 5m',
    'maxEventAge: 30s',
    'policy.maxEventAge: "30s" is not valid; allowed: a duration with its unit (s, m, h or d) from 1m to 6h, such as 6h',
  ],
  [
    'a key with nothing behind it',
    /localRecoveries: \{.*\}/,
    'localRecoveries:',
    'policy.localRecoveries: has no value; allowed: a mapping with the keys max, within',
  ],
  [
    'half a recovery',
    '{ max: 3',
    '{ max: 2.5',
    'policy.localRecoveries.max: 2.5 is not valid; allowed: a whole number from 0 to 100',
  ],
  [
    'an account number that lost its zero',
    '# account: "123456789012"',
    'account: 012345678901',
    'deployment.account: 12345678901 is not valid; allowed: an account number of twelve digits in quotes, such as "123456789012"',
  ],
  [
    'a Region that is a place',
    '# region: eu-central-1',
    'region: Frankfurt',
    'deployment.region: "Frankfurt" is not valid; allowed: a Region such as eu-central-1',
  ],
  [
    'a page to nowhere',
    'notify: []',
    'notify: [ops]',
    'deployment.notify[0]: "ops" is not valid; allowed: an e-mail address',
  ],
  [
    'concurrency of one, which is no lock',
    '# reservedConcurrency: { recover: 10',
    'reservedConcurrency: { recover: 1',
    'deployment.reservedConcurrency.recover: 1 is not valid; allowed: a whole number from 2 to 1000',
  ],
];

describe('refuses', () => {
  it.each(refused)('%s', (_, from, to, problem) => {
    expect(example.replace(from, to)).not.toBe(example);
    expect(problemsOf(example.replace(from, to))).toContain(problem);
  });

  it('the same address for two resources', () => {
    const second =
      '\n  ip-web:\n    address: 10.0.1.50\n    servers: [{ server: ServerB, interface: eth1 }]\npolicy:';
    expect(problemsOf(example.replace('\npolicy:', second))).toEqual([
      `resources.ip-web.address: "10.0.1.50" is already resources.ip-db.address; allowed: ${oneAddress}`,
    ]);
  });

  it('more than one stack can carry', () => {
    const resources = Array.from(
      { length: 51 },
      (_, index) =>
        `  ip-${index}: { address: 10.0.1.${index + 100}, servers: [{ server: ServerA, interface: eth0 }] }\n`,
    );
    const text = least.slice(0, least.indexOf('resources:'));
    expect(problemsOf(`${text}resources:\n${resources.join('')}`)).toEqual([
      'resources: this mapping has 51 resources; allowed: at most 50; a second fleet file makes a second stack',
    ]);
  });
});
