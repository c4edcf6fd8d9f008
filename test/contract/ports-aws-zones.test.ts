/**
 * Adapters over EC2 keep the contract of the ports in a VPC of two zones: every mechanism of an address, what stops and
 * isolates a server, and the dependents that are EC2's.
 */
import {
  AssignPrivateIpAddressesCommand,
  DeleteRouteCommand,
  DescribeAddressesCommand,
  DescribeRouteTablesCommand,
  DisassociateAddressCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { describe, expect, test } from 'vitest';
import { ec2Addresses } from '../../lib/aws/addresses.ts';
import { createClients } from '../../lib/aws/clients.ts';
import { awsDependents } from '../../lib/aws/dependents.ts';
import { ec2Fences } from '../../lib/aws/fences.ts';
import { ec2Instances } from '../../lib/aws/instances.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { ec2Throttle } from '../../lib/emulator/faults.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';
import type { DependentDefinition, DependentWork } from '../../lib/recovery/dependent.ts';
import type { Held } from '../../lib/recovery/mechanism.ts';
import {
  addressesContract,
  type OverlaySubject,
  overlayContract,
  type PrivateSubject,
  privateContract,
} from './ports-addresses.ts';
import { type DependentsSubject, dependentsContract } from './ports-dependents.ts';
import { fencesContract } from './ports-fences.ts';
import {
  allocationId,
  backupA,
  clientTable,
  isolationGroup,
  overlay,
  primaryA,
  primaryB,
  publicIp,
  serverA,
  serverB,
  serverTable,
  twoZones,
  vip,
} from './two-zones.ts';

const tables = [clientTable, serverTable] as const;
const ipv6 = '2001:db8:0:1::10';
const helds = {
  secondary: { address: vip, mechanism: { kind: 'secondary' } },
  ipv6: { address: ipv6, mechanism: { kind: 'ipv6' } },
  overlay: { address: overlay, mechanism: { kind: 'overlay', routeTables: [...tables] } },
  elastic: { address: publicIp, mechanism: { kind: 'elastic', allocationId } },
} as const satisfies Record<string, Held>;
const tries = 1_000;

function open() {
  const clock = new VirtualClock();
  const aws = twoZones(clock);
  const clients = createClients({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(aws.gateway),
  });
  const retrying = { clock, chance: () => 0.5 };
  return {
    aws,
    clients,
    retrying,
    now: () => clock.now(),
    run: <T>(promise: Promise<T>) => clock.run(promise),
    throttle: (operation: string) => aws.account.faults.add({ operation, effect: ec2Throttle, times: tries }),
  };
}

async function addressesOf(kind: keyof typeof helds): Promise<OverlaySubject & PrivateSubject> {
  const opened = open();
  const { aws, clients, retrying, run, throttle } = opened;
  const { ec2 } = clients;
  const held: Held = helds[kind];
  const second: Held = { address: '10.0.1.51', mechanism: { kind: 'secondary' } };
  const own = { NetworkInterfaceId: primaryA, PrivateIpAddresses: [second.address] };
  await run(ec2.send(new AssignPrivateIpAddressesCommand(own)));
  const deleteRoute = (table: string) =>
    run(ec2.send(new DeleteRouteCommand({ RouteTableId: table, DestinationCidrBlock: `${overlay}/32` })));
  return {
    ...opened,
    addresses: ec2Addresses(ec2, retrying),
    held,
    second,
    primary: primaryA,
    backup: backupA,
    elsewhere: primaryB,
    instanceId: serverA,
    failLooks: () => throttle('DescribeNetworkInterfaces'),
    async lose() {
      const NetworkInterfaceId = primaryA;
      if (kind === 'secondary') {
        const gone = { NetworkInterfaceId, PrivateIpAddresses: [vip] };
        await run(ec2.send(new UnassignPrivateIpAddressesCommand(gone)));
      }
      if (kind === 'ipv6') {
        const gone = { NetworkInterfaceId, Ipv6Addresses: [ipv6] };
        await run(ec2.send(new UnassignIpv6AddressesCommand(gone)));
      }
      if (kind === 'elastic') {
        const { Addresses = [] } = await run(ec2.send(new DescribeAddressesCommand({})));
        const AssociationId = Addresses[0]?.AssociationId;
        await run(ec2.send(new DisassociateAddressCommand({ AssociationId })));
      }
      if (kind === 'overlay') for (const table of tables) await deleteRoute(table);
    },
    loseOneRoute: async () => void (await deleteRoute(serverTable)),
    refuse: () => {
      for (const operation of ['CreateRoute', 'ReplaceRoute'])
        aws.account.faults.add({
          operation,
          effect: { kind: 'refuse', code: 'UnsupportedOperation' },
          times: tries,
          when: ({ input }) => JSON.stringify(input).includes(serverTable),
        });
    },
    targets: () =>
      tables.map((table) => {
        const { routes } = aws.ec2.networks.routeTable(table);
        const route = routes.find(({ destination }) => destination.length === 32);
        return route?.target.kind === 'interface' ? route.target.eniId : null;
      }),
  };
}

for (const kind of Object.keys(helds) as (keyof typeof helds)[])
  describe(kind, () => addressesContract(() => addressesOf(kind)));
privateContract(() => addressesOf('secondary'));
overlayContract(() => addressesOf('overlay'));

describe('overlay addresses', () => {
  test('are made by whoever finds that somebody has made the route already', async () => {
    const { aws, clients, retrying, run } = open();
    const { ec2 } = clients;
    await run(
      ec2.send(new DeleteRouteCommand({ RouteTableId: clientTable, DestinationCidrBlock: `${overlay}/32` })),
    );
    // The first try takes effect and its answer is lost.
    aws.account.faults.add({ operation: 'CreateRoute', effect: { kind: 'lose-response' } });
    await run(ec2Addresses(ec2, retrying).move([helds.overlay], backupA));
    const { RouteTables = [] } = await run(ec2.send(new DescribeRouteTablesCommand({})));
    const targets = RouteTables.flatMap(({ Routes = [] }) =>
      Routes.filter((route) => route.DestinationCidrBlock === `${overlay}/32`),
    ).map((route) => route.NetworkInterfaceId);
    expect(targets).toEqual([backupA, backupA]);
  });

  test('are not moved at all when EC2 does not know one of their tables', async () => {
    const { clients, retrying, run } = open();
    const addresses = ec2Addresses(clients.ec2, retrying);
    const mechanism = { kind: 'overlay', routeTables: [...tables, 'rtb-0123456789abcdef9'] } as const;
    const held = { address: overlay, mechanism: { ...mechanism, routeTables: [...mechanism.routeTables] } };
    await expect(run(addresses.move([held], backupA))).rejects.toMatchObject({ code: 'not-found' });
    expect(await run(addresses.look([primaryA], held))).toMatchObject({
      value: { owners: [{ eniId: primaryA }], missingIn: ['rtb-0123456789abcdef9'] },
    });
  });
});

describe('IPv6 addresses', () => {
  test('go back to the interface that had them when the next one is refused', async () => {
    const { aws, clients, retrying, run } = open();
    const addresses = ec2Addresses(clients.ec2, retrying);
    aws.account.faults.add({
      operation: 'AssignIpv6Addresses',
      effect: { kind: 'refuse', code: 'Ipv6AddressLimitExceeded' },
    });
    await expect(run(addresses.move([helds.ipv6], backupA))).rejects.toMatchObject({ code: 'refused' });
    expect(await run(addresses.look([primaryA], helds.ipv6))).toMatchObject({
      value: { owners: [{ eniId: primaryA }] },
    });
  });

  test('are moved by the next move after one that died between giving up and getting', async () => {
    const { aws, clients, retrying, run } = open();
    const addresses = ec2Addresses(clients.ec2, retrying);
    const lost = { kind: 'lose-request' } as const;
    aws.account.faults.add({ operation: 'AssignIpv6Addresses', effect: lost, times: 5 });
    await expect(run(addresses.move([helds.ipv6], backupA))).rejects.toMatchObject({ code: 'no-answer' });
    expect(await run(addresses.look([primaryA], helds.ipv6))).toMatchObject({ value: { owners: [] } });
    await run(addresses.move([helds.ipv6], backupA));
    expect(await run(addresses.look([backupA], helds.ipv6))).toMatchObject({
      value: { owners: [{ eniId: backupA }] },
    });
  });

  test('whose owner gave them up with an answer that was lost are moved all the same', async () => {
    const { aws, clients, retrying, run } = open();
    const addresses = ec2Addresses(clients.ec2, retrying);
    aws.account.faults.add({ operation: 'UnassignIpv6Addresses', effect: { kind: 'lose-response' } });
    await run(addresses.move([helds.ipv6], backupA));
    expect(await run(addresses.look([backupA], helds.ipv6))).toMatchObject({
      value: { owners: [{ eniId: backupA }] },
    });
  });
});

describe('Elastic IPs', () => {
  test('that are another address than the fleet says are neither looked at nor moved', async () => {
    const { clients, retrying, run } = open();
    const addresses = ec2Addresses(clients.ec2, retrying);
    const wrong = { ...helds.elastic, address: '203.0.113.78' };
    await expect(run(addresses.move([wrong], primaryB))).rejects.toMatchObject({ code: 'refused' });
    expect(await run(addresses.look([primaryA], wrong))).toMatchObject({ kind: 'could-not-look' });
  });
});

fencesContract(async () => {
  const { throttle, ...opened } = open();
  const { clients, retrying } = opened;
  return {
    ...opened,
    fences: ec2Fences({ ec2: clients.ec2, retrying }),
    instances: ec2Instances(clients, retrying),
    instanceId: serverA,
    eniIds: [primaryA, backupA],
    isolation: isolationGroup,
    settle: () => retrying.clock.advance(600_000),
    failLooks: () => throttle('DescribeNetworkInterfaces'),
  };
});

const stopMs = 60_000;

async function dependentsOf(work: DependentWork, look: string): Promise<DependentsSubject> {
  const { throttle, ...opened } = open();
  const { clients, retrying } = opened;
  const common = { name: 'it', startMs: stopMs, stopMs, tries: 1, onFailure: 'stay' } as const;
  const dependent: DependentDefinition = { ...common, needs: [], work };
  const here = { instanceId: serverA, eniId: primaryA, address: '10.0.1.10' };
  const far = { instanceId: serverB, eniId: primaryB, address: '10.0.2.10' };
  return {
    ...opened,
    dependents: awsDependents(clients, 'none', retrying),
    dependent,
    here: { tag: 'ip-db', server: 'ServerA', ...here },
    there: { tag: 'ip-db', server: 'ServerB', ...far },
    settle: () => retrying.clock.advance(stopMs),
    failLooks: () => throttle(look),
  };
}

describe('elasticIp', () => {
  dependentsContract({ exclusive: true, stops: true, moves: true }, () =>
    dependentsOf({ kind: 'elasticIp', allocationId }, 'DescribeAddresses'),
  );
});

describe('route', () => {
  const work = { kind: 'route', destination: `${overlay}/32`, routeTables: [...tables] } as const;
  dependentsContract({ exclusive: true, stops: true, moves: true }, () =>
    dependentsOf({ ...work, routeTables: [...tables] }, 'DescribeRouteTables'),
  );
});
