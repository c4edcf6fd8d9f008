/** The ground under a fleet whose file says everything that one can: each kind of address and of dependent. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { FleetDefinition, ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { parseFleetFile } from '../../lib/stack/fleet-file.ts';
import { openClientViews } from '../../lib/story/client-view.ts';
import { ownerOf } from '../../lib/story/owner.ts';
import { namesOfInterfaces } from '../../lib/story/places.ts';
import { standingOf } from '../../lib/story/standing.ts';
import { buildWorld, type World } from '../../lib/story/world.ts';

const everything = `version: 1
name: main
subnet: 10.0.1.0/24
servers:
  ServerA:
    instance: i-0a1b2c3d4e5f60001
    interfaces:
      eth0: { eni: eni-0a1b2c3d4e5f60010, address: 10.0.1.10 }
      eth1: { eni: eni-0a1b2c3d4e5f60011, address: 10.0.1.11 }
  ServerB:
    instance: i-0b1b2c3d4e5f60002
    interfaces:
      eth0: { eni: eni-0b1b2c3d4e5f60020, address: 10.0.1.20 }
  ServerC:
    instance: i-0c1b2c3d4e5f60003
    subnet: 10.0.2.0/24
    interfaces:
      eth0: { eni: eni-0c1b2c3d4e5f60030, address: 10.0.2.30 }
resources:
  ip-db:
    address: 10.0.1.50
    pingList: [10.0.1.100]
    servers: [{ server: ServerA, interface: eth0, backup: eth1 }, { server: ServerB, interface: eth0 }]
    failover: { fence: { isolate: sg-0a1b2c3d4e5f60040 } }
    dependents:
      disk: { volume: { id: vol-0a1b2c3d4e5f60070, device: /dev/sdf } }
      data: { systemd: data.mount, needs: [disk] }
      licence:
        command: { start: [/opt/licence, up], stop: [/opt/licence, down], check: [/opt/licence, 'is it up?'] }
      database: { systemd: db@1.service, needs: [data, licence] }
      clients:
        target:
          group: arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/db/0a1b2c3d4e5f6080
          as: address
          port: 5432
        needs: [database]
      public: { elasticIp: eipalloc-0a1b2c3d4e5f60051 }
      routed: { route: { destination: 192.168.10.0/24, routeTables: [rtb-0a1b2c3d4e5f60032] } }
      name:
        dns:
          zone: Z0123456789ABCDEFGHIJ
          name: db.example.com
          type: TXT
          values: { ServerA: one, ServerB: two }
      other: { resource: ip-second }
  ip-second:
    address: 10.0.1.51
    servers: [{ server: ServerA, interface: eth0, backup: eth1 }, { server: ServerB, interface: eth0 }]
  ip-six:
    kind: ipv6
    address: 2600:1f14:a:b::50
    subnet: 2600:1f14:a:b::/64
    pingList: ['2600:1f14:a:b::100']
    servers: [{ server: ServerA, interface: eth0, backup: eth1 }, { server: ServerB, interface: eth0 }]
  ip-app:
    kind: overlay
    address: 172.30.0.50
    routeTables: [rtb-0a1b2c3d4e5f60030, rtb-0a1b2c3d4e5f60031]
    pingList: [10.0.7.100, 10.0.2.100]
    servers: [{ server: ServerA, interface: eth0, backup: eth1 }, { server: ServerC, interface: eth0 }]
  ip-web:
    kind: elastic
    address: 203.0.113.50
    allocation: eipalloc-0a1b2c3d4e5f60050
    pingList: [10.0.1.100]
    servers: [{ server: ServerA, interface: eth0, backup: eth1 }, { server: ServerC, interface: eth0 }]
`;

const { definition: fleet } = parseFleetFile(everything, 'everything.yaml');
const second = 1_000;

let clock: VirtualClock;
let aws: EmbeddedAws;
let world: World;
let health: Map<string, number>;
beforeEach(async () => {
  clock = new VirtualClock();
  aws = new EmbeddedAws({ clock, seed: 'ground', runtime: () => async () => null });
  health = new Map();
  world = buildWorld(aws, fleet, async (_, tag, value) => void health.set(tag, value));
  await clock.advance(second);
});
afterEach(() => aws.stop());

test('every address is at its first interface, by the word of EC2', () => {
  const names = namesOfInterfaces(fleet);
  const owners = fleet.resources.map((each) => names.get(ownerOf(aws.ec2, each)?.eniId ?? ''));
  expect(owners).toEqual(fleet.resources.map(() => 'ServerA eth0'));
});

test('every dependent is in service on the first server, and on no other', () => {
  const ground = { aws, fleet, world };
  for (const dependent of ipDb().dependents ?? [])
    expect([dependent.name, standingOf(ground, ipDb(), dependent).servers]).toEqual([
      dependent.name,
      ['ServerA'],
    ]);
});

test('clients reach every address: beside it, by their own route tables, and from the internet', () => {
  const answers = fleet.resources.flatMap((resource) =>
    openClientViews({ clock, world } as never, resource).map((client) => {
      client.close();
      return `${resource.tag} ${client.who} ${client.answered()}`;
    }),
  );
  expect(answers).toEqual([
    'ip-db 10.0.1.100 true',
    'ip-six 2600:1f14:a:b::100 true',
    'ip-app 10.0.7.100 true',
    'ip-app 10.0.2.100 true',
    'ip-web the internet true',
  ]);
});

test('the probe finds every kind of address healthy', async () => {
  await clock.advance(15 * second);
  expect(Object.fromEntries(health)).toEqual({
    'ip-db': 1,
    'ip-second': 1,
    'ip-six': 1,
    'ip-app': 1,
    'ip-web': 1,
  });
});

test('the probe finds every kind of address failed once the link is down', async () => {
  world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await clock.advance(15 * second);
  expect([...health.values()]).toEqual(fleet.resources.map(() => 0));
});

test('a server with a subnet of its own stands in another zone', () => {
  const zones = Object.values(fleet.servers).map(
    ({ instanceId }) => aws.ec2.world.findInstance(instanceId)?.availabilityZone,
  );
  expect(zones).toEqual(['us-east-1a', 'us-east-1a', 'us-east-1b']);
});

test('a command is a program of the guest, with the exit codes of a service', async () => {
  const run = async (server: string, line: string) =>
    (await clock.run(world.hosts.get(server)?.exec(line, { timeoutMs: second }) ?? Promise.reject()))
      .exitCode;
  expect(await run('ServerA', "/opt/licence 'is it up?'")).toBe(0);
  expect(await run('ServerB', "/opt/licence 'is it up?'")).toBe(3);
  expect(await run('ServerA', '/opt/licence down')).toBe(0);
  expect(await run('ServerA', "/opt/licence 'is it up?'")).toBe(3);
  expect(await run('ServerA', '/opt/licence sideways')).toBe(1);
});

test('a unit does not come up where what it needs is missing', async () => {
  const other = world.hosts.get('ServerB');
  other?.units.start('data.mount');
  await clock.advance(second);
  expect(other?.units.stateOf('data.mount')).toBe('failed');
});

test('a target is healthy as long as what it needs is active behind it', async () => {
  const [clients] = (ipDb().dependents ?? []).filter(({ name }) => name === 'clients');
  if (clients === undefined) throw new Error('no such dependent');
  world.hosts.get('ServerA')?.units.die('db@1.service');
  await clock.advance(30 * second);
  expect(standingOf({ aws, fleet, world }, ipDb(), clients)).toEqual({ state: 'unhealthy', servers: [] });
});

test('a target group of another account is refused by name', () => {
  const elsewhere: FleetDefinition = JSON.parse(
    JSON.stringify(fleet).replaceAll('123456789012', '210987654321'),
  );
  const other = new EmbeddedAws({ clock, seed: 'ground', runtime: () => async () => null });
  expect(() => buildWorld(other, elsewhere, async () => undefined)).toThrow(
    'targetgroup/db/0a1b2c3d4e5f6080 is not of the embedded account 123456789012 in us-east-1',
  );
});

function ipDb(): ResourceDefinition {
  const [first] = fleet.resources;
  if (first === undefined) throw new Error('the fleet has no resources');
  return first;
}
