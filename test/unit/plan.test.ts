/** What an order would do, in words: with what depends on the address, by each mechanism, and where it is refused. */
import { describe, expect, test } from 'vitest';
import type { Fence, ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { defaultFailover } from '../../lib/recovery/fleet.ts';
import type { Mechanism } from '../../lib/recovery/mechanism.ts';
import type { Plan } from '../../lib/recovery/order.ts';
import { planMove } from '../../lib/recovery/plan.ts';
import { entryOf, newRecord } from '../../lib/recovery/resource.ts';
import { everyKind, needing, postgres } from '../fakes/every-kind.ts';
import { type FleetPlan, fleetOf, instanceOf, tag } from '../fakes/fleets.ts';
import { OrderScene, orderScene } from '../fakes/orders.ts';
import { armedScene, Scene } from '../fakes/scene.ts';

const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
const failover = { action: 'failover', tag, force: true } as const;
const all: FleetPlan = { resource: { dependents: everyKind } };

/** Every dependent is in service on ServerA. */
async function databaseScene(plan: FleetPlan = all): Promise<OrderScene> {
  const orders = await orderScene(plan);
  for (const { name } of everyKind) orders.scene.ports.dependents.set(name, 'ServerA', 'in-service');
  return orders;
}

async function planOf(orders: OrderScene, order: object): Promise<Plan> {
  const answer = await orders.ask(
    orders.proven({ ...order, dryRun: true } as Parameters<typeof orders.order>[0]),
  );
  if (!answer.ok || answer.kind !== 'plan') throw new Error(JSON.stringify(answer));
  return answer.plan;
}

test('a switchover takes out of service parents first, moves, and brings into service children first', async () => {
  const { steps } = await planOf(await databaseScene(), toB);
  expect(steps).toEqual([
    'take the claim of ip-db',
    'ServerA takes web (target) out of service',
    'ServerA takes postgres (systemd postgresql.service) out of service',
    'ServerA takes backup (command /opt/backup) out of service',
    'ServerA takes data (volume vol-0a1b2c3d4e5f60001) out of service',
    'if one of them cannot be stopped: the others are started again, and ip-db stays on ServerA',
    'EC2 makes ServerB/eth0 the owner of 10.0.1.50, in one call (AssignPrivateIpAddresses)',
    'ServerB brings it up on eth0, and packets are answered',
    'if it cannot be verified: back to ServerA/eth0, its dependents are started there again, and INFO stays',
    'ServerA takes it off eth0, if it answers',
    'ServerB brings data (volume vol-0a1b2c3d4e5f60001) into service',
    'ServerB brings public (elasticIp eipalloc-0a1b2c3d4e5f60001) into service',
    'ServerB brings vpn (route 10.9.0.0/16 in rtb-0a1b2c3d4e5f60001, rtb-0a1b2c3d4e5f60002) into service',
    'ServerB brings name (dns CNAME db.example.com) into service',
    'ServerB brings postgres (systemd postgresql.service) into service, at most 2 tries',
    'ServerB brings backup (command /opt/backup) into service',
    'ServerB brings web (target) into service',
    'if one of them does not come into service: what needs it stays out of service, and a person is called',
    'INFO of ServerB stays',
  ]);
});

test.each([
  ['a switchover', toB],
  ['a forced failover', failover],
  ['going out of service', { action: 'out-of-service', tag }],
] as const)('the plan of %s names the dependents that are then stopped and started', async (_, order) => {
  const orders = await databaseScene();
  const { steps } = await planOf(orders, order);
  const planned = steps.flatMap((step) => {
    const [, server, verb, name] = /^(\w+) (takes|brings) (\w+) \(/.exec(step) ?? [];
    return server === undefined ? [] : [`${verb === 'takes' ? 'stop' : 'start'} ${name} ${server}`];
  });
  await orders.orderToEnd(order);
  expect(orders.scene.ports.dependents.log).toEqual(planned);
  expect(planned.length).toBeGreaterThan(3);
});

test('a move to the backup interface leaves the dependents alone', async () => {
  const { steps } = await planOf(await databaseScene(), { action: 'move-to-backup', tag });
  expect(steps.filter((step) => step.includes('service'))).toEqual([]);
});

test('out of service the dependents go before the address, and come after it', async () => {
  const orders = await databaseScene();
  const out = await planOf(orders, { action: 'out-of-service', tag });
  expect(out.steps.at(0)).toBe('ServerA takes web (target) out of service');
  expect(out.steps.slice(-2)).toEqual([
    'ip-db becomes OSU, on no server: nothing recovers it any more',
    'ServerA takes 10.0.1.50 off eth0; in EC2 it stays assigned, so that nobody else gets it',
  ]);
  await orders.orderToEnd({ action: 'out-of-service', tag });
  const into = await planOf(orders, { action: 'in-service', tag, server: 'ServerB' });
  expect(into.steps.filter((step) => step.includes('takes'))).toEqual([]);
  expect(into.steps).toContain('ServerB brings web (target) into service');
});

describe('a forced failover says what it does about a server that cannot be stopped:', () => {
  const fences: readonly (readonly [Fence, string])[] = [
    [{ kind: 'halt' }, 'nothing is moved, and a person is called (fence: halt)'],
    [{ kind: 'none' }, 'it goes on all the same (fence: none)'],
    [
      { kind: 'stop-instance' },
      'EC2 stops the instance of ServerA, and it goes on once that is stopped (fence: stop-instance)',
    ],
    [
      { kind: 'isolate', securityGroup: 'sg-0' },
      'the interfaces of ServerA get sg-0 and no other security group (fence: isolate)',
    ],
  ];
  test.each(fences)('%j', async (fence, words) => {
    const rules = { ...defaultFailover, fence };
    const orders = await databaseScene({ resource: { dependents: everyKind, failover: rules } });
    expect((await planOf(orders, failover)).steps).toContain(`if one of them cannot be stopped: ${words}`);
  });
});

describe('the address moves by the call of its mechanism:', () => {
  const mechanisms: readonly (readonly [Mechanism, readonly string[]])[] = [
    [
      { kind: 'ipv6' },
      [
        'EC2 takes 2600:1f14::50 off ServerA/eth0 and gives it to ServerB/eth0, in two calls (UnassignIpv6Addresses, AssignIpv6Addresses)',
        'ServerA takes it off eth0, if it answers',
      ],
    ],
    [
      { kind: 'overlay', routeTables: ['rtb-1', 'rtb-2'] },
      [
        'EC2 leads the route to 192.0.2.50/32 to ServerB/eth0 in 2 route tables, in all or in none (ReplaceRoute)',
      ],
    ],
    [
      { kind: 'overlay', routeTables: ['rtb-1'] },
      [
        'EC2 leads the route to 192.0.2.50/32 to ServerB/eth0 in route table rtb-1, in all or in none (ReplaceRoute)',
      ],
    ],
    [
      { kind: 'elastic', allocationId: 'eipalloc-1' },
      [
        'EC2 associates 198.51.100.50 with ServerB/eth0, in one call (AssociateAddress)',
        'ServerB makes sure that eth0 serves its own address 10.0.1.20, and packets are answered',
        'ServerA keeps eth0 and its own address',
      ],
    ],
  ];
  const addresses = { ipv6: '2600:1f14::50', overlay: '192.0.2.50', elastic: '198.51.100.50', secondary: '' };

  test.each(mechanisms)('%j', (mechanism, expected) => {
    const address = addresses[mechanism.kind];
    const fleet = fleetOf({
      resource: { mechanism, address, prefixLength: mechanism.kind === 'ipv6' ? 64 : 32 },
    });
    const [definition] = fleet.resources;
    if (definition === undefined) throw new Error('no resource');
    const { world } = new Scene(fleet);
    const record = { ...newRecord(fleet, definition), activeServer: 'ServerA', state: 'ISP' } as const;
    const interfaces = Object.fromEntries(
      [...world.enis].map(([eniId, eni]) => [
        eniId,
        { ...eni, sourceDestCheck: mechanism.kind !== 'overlay' },
      ]),
    );
    const view = { state: 'running', systemStatus: 'ok', instanceStatus: 'ok' } as const;
    const planned = planMove({ ...toB, dryRun: false }, record, {
      addresses: { interfaces, owners: [], missingIn: [] },
      instances: { [instanceOf('ServerA')]: view, [instanceOf('ServerB')]: view },
    });
    expect(planned).toMatchObject({ kind: 'carry', plan: { steps: expect.arrayContaining([...expected]) } });
  });
});

describe('a switchover is refused', () => {
  type Case = readonly [why: string, words: string, prepare: (orders: OrderScene) => void];
  const cases: readonly Case[] = [
    [
      'when nobody has heard of the server lately',
      "ServerB/eth0: Systems Manager does not hear the server's agent",
      ({ scene }) => {
        scene.guest('ServerB').heard = false;
      },
    ],
    [
      'when the server is in maintenance',
      'ServerB/eth0: the fleet file says that the server is in maintenance',
      ({ scene }) => maintain(scene, 'ServerB'),
    ],
    [
      'when its interface has no room',
      "ServerB/eth0: the server's interface has as many addresses as it may have",
      (orders) => {
        orders.slots = { used: 10, most: 10 };
      },
    ],
  ];
  test.each(cases)('%s', async (_, message, prepare) => {
    const orders = await orderScene();
    prepare(orders);
    expect(await orders.order(toB)).toMatchObject({ ok: false, code: 'target-not-ready', message });
    expect(orders.carried).toEqual([]);
  });

  test('of what another resource takes along', async () => {
    const child: ResourceDefinition = { ...resourceOf(), tag: 'ip-admin', address: '10.0.1.51' };
    const dependents = [needing('admin', { kind: 'resource', tag: 'ip-admin' }), needing('db', postgres)];
    const fleet = fleetOf({ resource: { dependents } });
    const scene = new Scene({ ...fleet, resources: [...fleet.resources, child] });
    scene.world.serve('10.0.1.51', 'eni-a0');
    await scene.tick();
    const orders = new OrderScene(scene);
    const message =
      'ip-admin goes where ip-db goes, which it depends on; switch ip-db over, and it moves along';
    expect(await orders.order({ ...toB, tag: 'ip-admin' })).toMatchObject({ code: 'refused', message });
    expect((await planOf(orders, toB)).steps).toContain('admin (resource ip-admin) moves along to ServerB');
    const forced = { ...failover, tag: 'ip-admin', dryRun: true } as const;
    expect(await orders.order(forced)).toMatchObject({ kind: 'plan' });
  });
});

test('a forced failover asks for no sign of life, and takes a server in maintenance only by name', async () => {
  const orders = await orderScene({ servers: ['ServerA', 'ServerB', 'ServerC'] });
  const { scene } = orders;
  for (const server of ['ServerB', 'ServerC']) scene.guest(server).heard = false;
  maintain(scene, 'ServerB');
  const { steps, leftOut } = await planOf(orders, failover);
  expect(steps[1]).toContain('EC2 makes ServerC/eth0 the owner');
  expect(leftOut).toMatchObject([
    { at: 'ServerB/eth0', reason: 'server-in-maintenance' },
    { at: 'ServerB/eth1', reason: 'server-in-maintenance' },
  ]);
  const named = await planOf(orders, { ...failover, server: 'ServerB' });
  expect(named.steps[1]).toContain('EC2 makes ServerB/eth0 the owner');
});

test('in service where it is, neither silence nor maintenance stands in the way', async () => {
  const scene = await armedScene();
  maintain(scene, 'ServerA');
  scene.ports.ledger.change(tag, { state: 'OSF' });
  scene.guest('ServerA').heard = false;
  expect(await planOf(new OrderScene(scene), { action: 'in-service', tag })).toMatchObject({ leftOut: [] });
});

function maintain({ ports, record }: Scene, server: string): void {
  const entry = { ...entryOf(record, server), maintenance: true };
  ports.ledger.change(tag, { servers: { ...record.servers, [server]: entry } });
}

function resourceOf(): ResourceDefinition {
  const [resource] = fleetOf().resources;
  if (resource === undefined) throw new Error('no resource');
  return resource;
}
