import { describe, expect, it } from 'vitest';
import { defaultPolicy, parseFleet } from '../../lib/recovery/fleet.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { example, faultOf, least, messageOf, problemsOf, twoZones } from './fleet-files.ts';

describe('the example', () => {
  const { definition, deployment } = parseFleetFile(example, 'fleet.yaml');

  it('is a definition that the functions accept', () => {
    expect(parseFleet(JSON.parse(JSON.stringify(definition)))).toEqual(definition);
  });

  it('protects ip-db on ServerA before ServerB, each with eth1 behind eth0', () => {
    expect(definition.resources).toEqual([
      {
        tag: 'ip-db',
        address: '10.0.1.50',
        subnet: '10.0.1.0/24',
        prefixLength: 24,
        pingList: ['10.0.1.100'],
        automation: 'on',
        candidates: [
          { server: 'ServerA', priority: 1, interface: 'eth0', backup: 'eth1' },
          { server: 'ServerB', priority: 2, interface: 'eth0', backup: 'eth1' },
        ],
      },
    ]);
  });

  it('says the defaults where it says a policy', () => {
    expect(definition.policy).toEqual(defaultPolicy);
    expect(deployment).toEqual({ notify: [], reservedConcurrency: {} });
  });
});

describe('what is left out', () => {
  const { definition, deployment } = parseFleetFile(least, 'fleet.yaml');

  it('is the default policy, automation on, no backup interface, nothing to ping', () => {
    expect(definition.policy).toEqual(defaultPolicy);
    expect(definition.resources).toMatchObject([
      { automation: 'on', pingList: [], candidates: [{ backup: null, priority: 1 }] },
    ]);
    expect(deployment).toEqual({ notify: [], reservedConcurrency: {} });
  });
});

describe('what is said', () => {
  it('reads durations in seconds, minutes, hours and days', () => {
    const { definition } = parseFleetFile(
      `${least}policy: { maxEventAge: 90s, claim: 1m, failoverBlock: 7d, fleetBrake: { max: 0, within: 2h } }\n`,
      'fleet.yaml',
    );
    expect(definition.policy).toEqual({
      ...defaultPolicy,
      maxEventAgeMs: 90_000,
      claimMs: 60_000,
      failoverBlockMs: 604_800_000,
      fleetBrake: { max: 0, windowMs: 7_200_000 },
    });
  });

  it('takes on, observe and off as words', () => {
    const automations = ['on', 'observe', 'off'].map((word) => {
      const text = least.replace('    servers:\n      -', `    automation: ${word}\n    servers:\n      -`);
      return parseFleetFile(text, 'fleet.yaml').definition.resources[0]?.automation;
    });
    expect(automations).toEqual(['on', 'observe', 'off']);
  });

  it('lets a resource live in another subnet than the fleet', () => {
    const text = least
      .replace('address: 10.0.1.50', 'address: 10.0.2.50\n    subnet: 10.0.2.0/25')
      .replace('address: 10.0.1.10', 'address: 10.0.2.10');
    const [resource] = parseFleetFile(text, 'fleet.yaml').definition.resources;
    expect(resource).toMatchObject({ subnet: '10.0.2.0/25', prefixLength: 25 });
  });

  it('lets a server be asked for its answer by the other servers', () => {
    const text = example.replace('[10.0.1.100]', '[10.0.1.20, 10.0.1.10]');
    expect(problemsOf(text)).toEqual([]);
  });

  it('passes on where the stack goes and who is paged', () => {
    const text = `${least}deployment:
  region: us-gov-east-1
  account: "012345678901"
  notify: [ops@example.com]
  reservedConcurrency: { recover: 4 }
`;
    expect(parseFleetFile(text, 'fleet.yaml').deployment).toEqual({
      region: 'us-gov-east-1',
      account: '012345678901',
      notify: ['ops@example.com'],
      reservedConcurrency: { recover: 4 },
    });
  });
});

describe('two zones', () => {
  const { definition } = parseFleetFile(twoZones, 'fleet.yaml');
  const [overlay, elastic, ipv6, secondary] = definition.resources;

  it('are a definition that the functions accept', () => {
    expect(parseFleet(JSON.parse(JSON.stringify(definition)))).toEqual(definition);
  });

  it('say of a server only what is not as everywhere', () => {
    expect(Object.values(definition.servers).map(({ subnet, maintenance }) => [subnet, maintenance])).toEqual(
      [
        [undefined, undefined],
        ['10.0.2.0/24', true],
        [undefined, undefined],
      ],
    );
  });

  it('move each address by its own means', () => {
    expect(
      definition.resources.map(({ mechanism, subnet, prefixLength }) => [mechanism, subnet, prefixLength]),
    ).toEqual([
      [
        { kind: 'overlay', routeTables: ['rtb-0a1b2c3d4e5f60070', 'rtb-0a1b2c3d4e5f60071'] },
        '10.0.1.0/24',
        32,
      ],
      [{ kind: 'elastic', allocationId: 'eipalloc-0a1b2c3d4e5f60050' }, '10.0.1.0/24', 32],
      [{ kind: 'ipv6' }, '2600:1f14:a:b::/64', 64],
      [undefined, '10.0.1.0/24', 24],
    ]);
  });

  it('ask the machines of an IPv6 address by IPv6', () => {
    expect(ipv6?.pingList).toEqual(['2600:1f14:a:b::100', '[2600:1f14:a:b::100]:5432']);
  });

  it('accept a difference of one candidate', () => {
    expect(overlay?.candidates.map(({ accepts }) => accepts)).toEqual([undefined, ['security-groups']]);
  });

  it('have rules of failover where they are not the default ones', () => {
    expect(overlay?.failover).toEqual({
      confirm: { withinMs: 900_000, otherwise: 'hold' },
      switchback: 'intelligent',
      shutdownStrategy: 'switchover',
      fence: { kind: 'stop-instance' },
    });
    expect(elastic?.failover?.fence).toEqual({ kind: 'isolate', securityGroup: 'sg-0a1b2c3d4e5f60040' });
    expect(secondary?.failover).toBeUndefined();
  });

  it('have every kind of dependent', () => {
    const works = definition.resources.flatMap(({ dependents = [] }) =>
      dependents.map(({ name, work }) => [name, work]),
    );
    expect(Object.fromEntries(works)).toEqual({
      volume: { kind: 'volume', volumeId: 'vol-0a1b2c3d4e5f60080', device: '/dev/sdf' },
      data: { kind: 'systemd', unit: 'data.mount' },
      database: { kind: 'systemd', unit: 'postgresql.service' },
      warm: { kind: 'command', start: ['/opt/app/warm', '--all'], stop: ['/bin/true'], check: null },
      nlb: {
        kind: 'target',
        targetGroupArn:
          'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/db/0123456789abcdef',
        as: 'address',
        port: 5432,
      },
      name: {
        kind: 'dns',
        zoneId: 'Z0123456789ABCDEFGHIJ',
        name: 'db.example.com',
        type: 'CNAME',
        ttlS: 60,
        values: { ServerA: 'a.example.com', ServerB: 'b.example.com' },
      },
      clients: { kind: 'route', destination: '192.168.10.0/24', routeTables: ['rtb-0a1b2c3d4e5f60070'] },
      web: { kind: 'resource', tag: 'ip-web' },
      public: { kind: 'elasticIp', allocationId: 'eipalloc-0a1b2c3d4e5f60051' },
    });
  });

  it('give a dependent a minute, two tries and a call for help, unless they say otherwise', () => {
    const [volume, , database] = overlay?.dependents ?? [];
    const patience = { startMs: 60_000, stopMs: 60_000, tries: 2, onFailure: 'stay' };
    expect(volume).toMatchObject({ ...patience, needs: [], stopMs: 120_000 });
    expect(database).toMatchObject({
      ...patience,
      needs: ['data'],
      startMs: 240_000,
      tries: 3,
      onFailure: 'next-server',
    });
  });
});

describe('a file with many problems', () => {
  const wrong = least
    .replace('name: least', 'name: Least')
    .replace('i-0a1b2c3d', 'i-xyz')
    .replace('10.0.1.50', '10.0.1.1')
    .replace('interface: eth0', 'interface: eth9, backup: eth0');

  it('is told all of them at once, in the order of its lines', () => {
    expect(
      messageOf(wrong)
        .split('\n')
        .map((line) => line.split(': ').slice(0, 2)),
    ).toEqual([
      ['fleet.yaml:2', 'name'],
      ['fleet.yaml:6', 'servers.ServerA.instance'],
      ['fleet.yaml:11', 'resources.ip-db.address'],
      ['fleet.yaml:13', 'resources.ip-db.servers[0].interface'],
    ]);
  });

  it('is a fault that trying again does not help', () => {
    expect(faultOf(wrong)).toMatchObject({ code: 'invalid-fleet', retry: 'never' });
  });

  it('is not told of a problem that only follows from another', () => {
    const text = least
      .replace('instance: i-0a1b2c3d', 'instance: 5')
      .replace('address: 10.0.1.10', 'address: no');
    expect(problemsOf(text)).toHaveLength(2);
  });
});

describe('a file that is no fleet at all', () => {
  it.each([
    [
      'nothing',
      '',
      'fleet.yaml:1: has no value; allowed: a mapping with the keys version, name, subnet, servers, resources, agent, runbooks, policy, deployment',
    ],
    [
      'broken YAML',
      'name: [a',
      'fleet.yaml:1: Flow sequence in block collection must be sufficiently indented and end with a ]; allowed: YAML 1.2, one document',
    ],
    [
      'a key twice',
      'name: a\nname: b',
      'fleet.yaml:2: Map keys must be unique; allowed: YAML 1.2, one document',
    ],
    [
      'an alias without its anchor',
      'name: *fleet',
      'fleet.yaml: Unresolved alias (the anchor must be set before the alias): fleet; allowed: YAML 1.2, one document',
    ],
  ])('%s', (_, text, message) => {
    expect(messageOf(text)).toBe(message);
  });

  it('YAML 1.1, where on is true', () => {
    expect(problemsOf(`%YAML 1.1\n---\n${example}`)).toEqual([
      'resources.ip-db.automation: true is not valid; allowed: one of the words on, observe, off (true and false are not among them)',
    ]);
  });
});
