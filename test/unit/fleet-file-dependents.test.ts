/** What a fleet file may not say of what depends on an address, and of its failover. */
import { describe, expect, it } from 'vitest';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { messageOf, problemsOf, twoZones } from './fleet-files.ts';

const kinds = 'systemd, command, elasticIp, route, dns, volume, target, resource';

/** What is written instead of what, and the problems that it makes. */
const refused: readonly (readonly [
  fact: string,
  from: string | RegExp,
  to: string,
  problems: string | readonly string[],
])[] = [
  [
    'a dependent in capitals',
    '      warm:',
    '      WARM:',
    'resources.ip-db.dependents.WARM: "WARM" is not valid; allowed: the name of a dependent: lower-case letters, digits and dashes, at most 63, starting with a letter or digit',
  ],
  [
    'a dependent that does not say what it is',
    'data: { systemd: data.mount, needs: [volume] }',
    'data: { needs: [volume] }',
    `resources.ip-db.dependents.data: this mapping does not say what it is; allowed: one of ${kinds}`,
  ],
  [
    'a dependent that is two things',
    'data: { systemd: data.mount,',
    'data: { systemd: data.mount, command: { start: [a], stop: [b] },',
    `resources.ip-db.dependents.data: this mapping is systemd and command at once; allowed: one of ${kinds}`,
  ],
  [
    'a misspelt key, once',
    'data: { systemd: data.mount,',
    'data: { sytemd: data.mount,',
    `resources.ip-db.dependents.data.sytemd: "sytemd" is not a key here; allowed: ${kinds}, needs, start, stop, tries, onFailure`,
  ],
  [
    'a unit without its type',
    'systemd: postgresql.service',
    'systemd: postgresql',
    'resources.ip-db.dependents.database.systemd: "postgresql" is not valid; allowed: a systemd unit with its type, such as postgresql.service or data.mount; of a template an instance, such as db@1.service',
  ],
  [
    'a template, which is no unit yet',
    'systemd: postgresql.service',
    'systemd: postgresql@.service',
    'resources.ip-db.dependents.database.systemd: "postgresql@.service" is not valid; allowed: a systemd unit with its type, such as postgresql.service or data.mount; of a template an instance, such as db@1.service',
  ],
  [
    'a unit twice on a server',
    'systemd: data.mount',
    'systemd: postgresql.service',
    'resources.ip-db.dependents.database.systemd: "postgresql.service" is already resources.ip-db.dependents.data.systemd; allowed: a unit once on a server',
  ],
  [
    'a command that is one line of text',
    'stop: [/bin/true]',
    'stop: /bin/true',
    'resources.ip-db.dependents.warm.command.stop: "/bin/true" is not valid; allowed: a program with its arguments, such as [/opt/app/bin/start, --now]',
  ],
  [
    'a command that cannot be stopped',
    ', stop: [/bin/true]',
    '',
    'resources.ip-db.dependents.warm.command.stop: is missing; allowed: a program with its arguments, such as [/opt/app/bin/start, --now]',
  ],
  [
    'an argument that Systems Manager would replace',
    '--all',
    '"{{ Tag }}"',
    'resources.ip-db.dependents.warm.command.start[1]: "{{ Tag }}" is not valid; allowed: text without control characters and without {{',
  ],
  [
    'a device that is none',
    '/dev/sdf',
    'sdf',
    'resources.ip-db.dependents.volume.volume.device: "sdf" is not valid; allowed: a device name such as /dev/sdf',
  ],
  [
    'a target group by its name',
    /group: arn.*/,
    'group: db',
    'resources.ip-db.dependents.nlb.target.group: "db" is not valid; allowed: the ARN of a target group: arn:aws:elasticloadbalancing:<Region>:<account>:targetgroup/<name>/<16 hex digits>',
  ],
  [
    'a route with host bits',
    '192.168.10.0/24',
    '192.168.10.1/24',
    'resources.ip-db.dependents.clients.route.destination: "192.168.10.1/24" is not valid; allowed: an IPv4 block such as 192.168.10.0/24: host bits zero, prefix length /0 to /32',
  ],
  [
    'a route that the address itself has',
    '192.168.10.0/24',
    '192.168.255.10/32',
    'resources.ip-db.dependents.clients.route.routeTables[0]: "rtb-0a1b2c3d4e5f60070" is already resources.ip-db.routeTables[0]; allowed: a route table once for each destination',
  ],
  [
    'a record with a dot at its end',
    'db.example.com',
    'db.example.com.',
    'resources.ip-db.dependents.name.dns.name: "db.example.com." is not valid; allowed: a full name such as db.example.com: lower case, no dot at the end, at most 253 characters',
  ],
  [
    'a record without a value for a server',
    ', ServerB: b.example.com',
    '',
    'resources.ip-db.dependents.name.dns.values: this mapping has no value for ServerB; allowed: one for each of ServerA, ServerB',
  ],
  [
    'a value for a server that may not hold the address',
    'ServerB: b.example.com',
    'ServerB: b.example.com, ServerC: c.example.com',
    'resources.ip-db.dependents.name.dns.values.ServerC: "c.example.com" is for no server of this resource; allowed: one of ServerA, ServerB',
  ],
  [
    'a value of another type',
    'type: CNAME',
    'type: A',
    [
      'resources.ip-db.dependents.name.dns.values.ServerA: "a.example.com" is no value of type A; allowed: an IPv4 address',
      'resources.ip-db.dependents.name.dns.values.ServerB: "b.example.com" is no value of type A; allowed: an IPv4 address',
    ],
  ],
  [
    'a need that is no dependent',
    'needs: [data]',
    'needs: [disk]',
    'resources.ip-db.dependents.database.needs[0]: "disk" is not a dependent of this resource; allowed: one of volume, data, warm, nlb, name, clients, web',
  ],
  [
    'needs that go in a circle',
    'stop: 2m }',
    'needs: [database] }',
    'resources.ip-db.dependents.volume.needs: this list leads back to itself: volume, database, data, volume; allowed: needs that come to an end',
  ],
  [
    'a start that takes longer than one step may',
    'start: 4m',
    'start: 1h',
    'resources.ip-db.dependents.database.start: "1h" is not valid; allowed: a duration with its unit (s, m, h or d) from 1s to 10m, such as 10m',
  ],
  [
    'more patience in all than one step has',
    'start: 4m, tries: 3',
    'start: 4m, tries: 4',
    'resources.ip-db.dependents.database.start: "4m" is too long for 4 tries; allowed: at most 13m for all tries together',
  ],
  [
    'no try at all',
    'tries: 3',
    'tries: 0',
    'resources.ip-db.dependents.database.tries: 0 is not valid; allowed: a whole number from 1 to 5',
  ],
  [
    'a resource that is not there',
    'resource: ip-web',
    'resource: ip-wep',
    'resources.ip-db.dependents.web.resource: "ip-wep" is not a resource of this file; allowed: one of ip-web, ip-six, ip-app',
  ],
  [
    'a resource that cannot come along',
    'resource: ip-web',
    'resource: ip-app',
    'resources.ip-db.dependents.web.resource: "ip-app" may be on ServerA, ServerC, and ip-db on ServerA, ServerB; allowed: a resource that may be on the same servers',
  ],
  [
    'a resource that moves along with itself',
    'failover: { fence: { isolate: sg-0a1b2c3d4e5f60040 } }',
    'dependents: { db: { resource: ip-db } }',
    'resources.ip-db.dependents.web.resource: "ip-web" leads back to itself: ip-db, ip-web, ip-db; allowed: resources that move along with no other of them',
  ],
  [
    'a resource that moves along with two',
    'public: {',
    'web: { resource: ip-six }\n      six: { resource: ip-six }\n      public: {',
    'resources.ip-app.dependents.six.resource: "ip-six" is already resources.ip-app.dependents.web.resource; allowed: a resource that moves along with one other',
  ],
  [
    'a second Elastic IP of one address',
    'public: {',
    'other: { elasticIp: eipalloc-0a1b2c3d4e5f60052 }\n      public: {',
    'resources.ip-app.dependents.public.elasticIp: "eipalloc-0a1b2c3d4e5f60051" is the second one of this resource, besides other; allowed: one Elastic IP: a private address has one public address',
  ],
  [
    'an Elastic IP of an Elastic IP',
    'failover: { fence: { isolate: sg-0a1b2c3d4e5f60040 } }',
    'dependents: { other: { elasticIp: eipalloc-0a1b2c3d4e5f60052 } }',
    [
      'resources.ip-db.dependents.web.resource: "ip-web" has dependents of its own: other; allowed: a resource without; make them dependents of ip-db',
      'resources.ip-web.dependents.other.elasticIp: "eipalloc-0a1b2c3d4e5f60052" is the second one of this resource; allowed: none for kind elastic',
    ],
  ],
  // ---- failover
  [
    'a confirmation that does not say what happens without',
    '{ within: 15m, otherwise: hold }',
    '{ within: 15m }',
    'resources.ip-db.failover.confirm.otherwise: is missing; allowed: one of the words proceed, hold',
  ],
  [
    'a fence it does not know',
    'fence: stop-instance',
    'fence: reboot',
    'resources.ip-db.failover.fence: "reboot" is not valid; allowed: one of the words none, halt, stop-instance, or a mapping such as { isolate: sg-0a1b2c3d4e5f60040 }',
  ],
  [
    'an isolation without a group',
    '{ isolate: sg-0a1b2c3d4e5f60040 }',
    '{ isolate: no-rules }',
    'resources.ip-web.failover.fence.isolate: "no-rules" is not valid; allowed: sg- and 8 or 17 hex digits in lower case',
  ],
];

describe('refuses', () => {
  it.each(refused)('%s', (_, from, to, problems) => {
    const wrong = twoZones.replace(from, to);
    expect(wrong).not.toBe(twoZones);
    expect(problemsOf(wrong)).toEqual([problems].flat());
  });

  it('more dependents than one stack can carry', () => {
    const many = Array.from(
      { length: 101 },
      (_, index) => `      d${index}: { systemd: d${index}.service }\n`,
    );
    expect(problemsOf(twoZones.replace(/ {6}public: .*\n/, many.join('')))).toEqual([
      'resources: this mapping has 109 dependents; allowed: at most 100; a second fleet file makes a second stack',
    ]);
  });

  it('commands that no document of Systems Manager holds', () => {
    const wrong = twoZones.replace('/bin/true', `/bin/true, ${'x'.repeat(60_000)}`);
    expect(messageOf(wrong)).toMatch(
      /^fleet\.yaml:21: resources: this mapping has more dependents on servers than Systems Manager carries: the SSM document of 3 dependents is \d+ bytes; allowed: at most 65536 bytes: shorter commands, or programs in files on the servers$/,
    );
  });
});

it('takes one unit on different servers for different addresses', () => {
  const text = twoZones.replace('public: {', 'agent: { systemd: app.service }\n      public: {');
  const { resources } = parseFleetFile(text, 'fleet.yaml').definition;
  expect(resources.at(-1)?.dependents?.map(({ name }) => name)).toEqual(['agent', 'public']);
});
