/** Any sequence of moves, accepted or refused: what can never be true of an address. */
import {
  AssignIpv6AddressesCommand,
  AssignPrivateIpAddressesCommand,
  AssociateAddressCommand,
  CreateRouteCommand,
  DeleteRouteCommand,
  ReplaceRouteCommand,
  UnassignIpv6AddressesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import {
  allocationId,
  backupA,
  backupB,
  clientTable,
  overlay,
  primaryA,
  primaryB,
  serverTable,
  type TwoZones,
  twoZones,
  vip,
} from './two-zones.ts';

const otherAllocation = 'eipalloc-0bbbbbbbbbbbbbbbb';
const addresses = [vip, '10.0.1.51', '10.0.2.51'];
const ipv6 = ['2001:db8:0:1::10', '2001:db8:0:1::20', '2001:db8:0:2::20'];

const move = fc.record({
  what: fc.constantFrom(
    'assign',
    'unassign',
    'assign6',
    'unassign6',
    'associate',
    'create',
    'replace',
    'delete',
  ),
  eni: fc.constantFrom(primaryA, backupA, primaryB, backupB),
  address: fc.nat({ max: addresses.length - 1 }),
  allocation: fc.constantFrom(allocationId, otherAllocation),
  table: fc.constantFrom(clientTable, serverTable),
  allow: fc.boolean(),
});

type Move = typeof move extends fc.Arbitrary<infer T> ? T : never;

function send({ ec2Client }: TwoZones, { what, eni, address, allocation, table, allow }: Move) {
  const NetworkInterfaceId = eni;
  const PrivateIpAddresses = [addresses[address] ?? ''];
  const Ipv6Addresses = [ipv6[address] ?? ''];
  const route = { RouteTableId: table, DestinationCidrBlock: `${overlay}/32` };
  switch (what) {
    case 'assign':
      return ec2Client.send(
        new AssignPrivateIpAddressesCommand({
          NetworkInterfaceId,
          PrivateIpAddresses,
          AllowReassignment: allow,
        }),
      );
    case 'unassign':
      return ec2Client.send(
        new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId, PrivateIpAddresses }),
      );
    case 'assign6':
      return ec2Client.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses }));
    case 'unassign6':
      return ec2Client.send(new UnassignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses }));
    case 'associate':
      return ec2Client.send(
        new AssociateAddressCommand({
          AllocationId: allocation,
          NetworkInterfaceId,
          PrivateIpAddress: allow ? addresses[address] : undefined,
          AllowReassociation: allow,
        }),
      );
    case 'create':
      return ec2Client.send(new CreateRouteCommand({ ...route, NetworkInterfaceId }));
    case 'replace':
      return ec2Client.send(new ReplaceRouteCommand({ ...route, NetworkInterfaceId }));
    case 'delete':
      return ec2Client.send(new DeleteRouteCommand(route));
  }
}

function state({ ec2 }: TwoZones) {
  return {
    interfaces: ec2.world.interfaces(),
    elasticIps: ec2.elasticIps.all(),
    tables: ec2.networks.routeTables(),
  };
}

function isUnique(values: readonly (string | undefined)[]): boolean {
  const given = values.filter((each) => each !== undefined);
  return new Set(given).size === given.length;
}

test('no sequence of moves gives an address two owners, and a refused call changes nothing', async () => {
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 20 }), async (moves) => {
      const aws = twoZones(new VirtualClock());
      aws.ec2.elasticIps.add({ allocationId: otherAllocation });
      for (const each of moves) {
        const before = state(aws);
        const answer = await refusal(send(aws, each));
        const after = state(aws);
        if (answer === 'accepted') accepted += 1;
        else {
          refused += 1;
          expect(after).toEqual(before);
        }
        const { interfaces, elasticIps, tables } = after;
        expect(isUnique(interfaces.flatMap(({ secondaryAddresses }) => secondaryAddresses))).toBe(true);
        expect(isUnique(interfaces.flatMap(({ ipv6Addresses }) => ipv6Addresses))).toBe(true);
        expect(isUnique(elasticIps.map(({ association }) => association?.privateAddress))).toBe(true);
        for (const { association } of elasticIps)
          if (association !== undefined)
            expect(aws.ec2.world.holder(association.privateAddress)).toBeDefined();
        for (const { routes } of tables)
          expect(isUnique(routes.map(({ destination }) => `${destination.base}/${destination.length}`))).toBe(
            true,
          );
        const owned = aws.ec2.owned().map(({ address }) => address);
        expect(isUnique(owned)).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
  expect(accepted).toBeGreaterThan(0);
  expect(refused).toBeGreaterThan(0);
});
