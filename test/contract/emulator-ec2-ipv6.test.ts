import {
  AssignIpv6AddressesCommand,
  type AssignIpv6AddressesCommandInput,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  UnassignIpv6AddressesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { canonicalIpv6, parseIpv6 } from '../../lib/emulator/ec2/ipv6.ts';
import { refusal } from './two-servers.ts';
import {
  backupA,
  clientEni,
  clientWith,
  nobody,
  primaryA,
  primaryB,
  serverA,
  subnetA,
  type TwoZones,
  twoZones,
} from './two-zones.ts';

const held = '2001:db8:0:1::10';
let clock: VirtualClock;
let aws: TwoZones;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function assign(input: Partial<AssignIpv6AddressesCommandInput>) {
  return aws.ec2Client.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId: backupA, ...input }));
}

function unassign(NetworkInterfaceId: string, ...Ipv6Addresses: string[]) {
  return aws.ec2Client.send(new UnassignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6Addresses }));
}

async function holders(address: string) {
  const { NetworkInterfaces = [] } = await aws.ec2Client.send(
    new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'ipv6-addresses.ipv6-address', Values: [address] }],
    }),
  );
  return NetworkInterfaces.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
}

describe('IPv6 addresses', () => {
  test('an address is shown by its interface, its instance and its subnet', async () => {
    expect(await holders(held)).toEqual([primaryA]);
    const { NetworkInterfaces } = await aws.ec2Client.send(
      new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [primaryA] }),
    );
    expect(NetworkInterfaces).toMatchObject([{ Ipv6Addresses: [{ Ipv6Address: held }], Ipv6Address: held }]);
    const { Reservations } = await aws.ec2Client.send(
      new DescribeInstancesCommand({ InstanceIds: [serverA] }),
    );
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      Ipv6Address: held,
      NetworkInterfaces: [{ Ipv6Addresses: [{ Ipv6Address: held }] }, { Ipv6Addresses: [] }],
    });
    const { Subnets } = await aws.ec2Client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetA] }));
    expect(Subnets?.[0]?.Ipv6CidrBlockAssociationSet).toMatchObject([
      { Ipv6CidrBlock: '2001:db8:0:1::/64', Ipv6CidrBlockState: { State: 'associated' } },
    ]);
  });

  test('an address moves in two calls, and belongs to nobody in between', async () => {
    expect((await unassign(primaryA, held)).UnassignedIpv6Addresses).toEqual([held]);
    expect(await holders(held)).toEqual([]);
    expect(aws.ec2.eniOwning(held)).toBeUndefined();
    expect(await assign({ Ipv6Addresses: [held] })).toMatchObject({
      NetworkInterfaceId: backupA,
      AssignedIpv6Addresses: [held],
    });
    expect(await holders(held)).toEqual([backupA]);
    expect(aws.ec2.eniOwning('2001:DB8:0:1:0:0:0:10')?.hostId).toBe(serverA);
  });

  test('an address is taken in any spelling and shown in one', async () => {
    const { AssignedIpv6Addresses } = await assign({ Ipv6Addresses: ['2001:0DB8:0:1:0:0:0:00aB'] });
    expect(AssignedIpv6Addresses).toEqual(['2001:db8:0:1::ab']);
  });

  test('what the interface has already is accepted, and is not among the new ones', async () => {
    const { AssignedIpv6Addresses } = await assign({
      NetworkInterfaceId: primaryA,
      Ipv6Addresses: [held, '2001:db8:0:1::11'],
    });
    expect(AssignedIpv6Addresses).toEqual(['2001:db8:0:1::11']);
  });

  test('a count takes the lowest free addresses', async () => {
    const { AssignedIpv6Addresses } = await assign({ Ipv6AddressCount: 2 });
    expect(AssignedIpv6Addresses).toEqual(['2001:db8:0:1::4', '2001:db8:0:1::5']);
  });

  test('with a lag, a Describe shows the old interface until the lag is over', async () => {
    aws.ec2.describeLagMs = 4_000;
    await unassign(primaryA, held);
    expect(await holders(held)).toEqual([primaryA]);
    await clock.advance(4_000);
    expect(await holders(held)).toEqual([]);
  });

  test.each<[string, Partial<AssignIpv6AddressesCommandInput>, RegExp]>([
    [
      'an address that another interface has',
      { Ipv6Addresses: [held] },
      /^InvalidParameterValue: \[2001:db8:0:1::10\] assigned, but move is not allowed/,
    ],
    [
      'a batch of which another interface has one',
      { Ipv6Addresses: ['2001:db8:0:1::20', held] },
      /^InvalidParameterValue/,
    ],
    ['an address of another subnet', { Ipv6Addresses: ['2001:db8:0:2::20'] }, /^InvalidParameterValue/],
    ['a reserved address', { Ipv6Addresses: ['2001:db8:0:1::3'] }, /^InvalidParameterValue: .* reserved/],
    ['an IPv4 address', { Ipv6Addresses: ['10.0.1.60'] }, /^InvalidParameterValue: invalid value/],
    [
      'an interface of a subnet without IPv6',
      { NetworkInterfaceId: clientEni, Ipv6Addresses: [held] },
      /^InvalidParameterValue/,
    ],
    [
      'an interface that does not exist',
      { NetworkInterfaceId: `eni-${nobody}`, Ipv6Addresses: [held] },
      /^InvalidNetworkInterfaceID.NotFound/,
    ],
    ['neither addresses nor a count', {}, /^MissingParameter/],
    [
      'addresses and a count at once',
      { Ipv6Addresses: [held], Ipv6AddressCount: 1 },
      /^InvalidParameterCombination/,
    ],
    [
      'more than an interface of an m5.large takes',
      { Ipv6AddressCount: 11 },
      /^PrivateIpAddressLimitExceeded/,
    ],
    ['a prefix', { Ipv6PrefixCount: 1 }, /^UnknownParameter: The parameter Ipv6PrefixCount/],
  ])('refuses %s', async (_, input, expected) => {
    const before = aws.ec2.world.interfaces();
    expect(await refusal(assign(input))).toMatch(expected);
    expect(aws.ec2.world.interfaces()).toEqual(before);
  });

  test('an address that is not on the interface cannot be unassigned, and the others stay', async () => {
    expect(await refusal(unassign(primaryA, held, '2001:db8:0:1::11'))).toMatch(/^InvalidParameterValue/);
    expect(await holders(held)).toEqual([primaryA]);
  });

  test.each(['AssignIpv6Addresses', 'UnassignIpv6Addresses'])(
    '%s draws from its own bucket',
    async (action) => {
      aws.ec2.throttle.drain(action);
      const call =
        action === 'AssignIpv6Addresses' ? assign({ Ipv6AddressCount: 1 }) : unassign(primaryA, held);
      expect(await refusal(call)).toBe('RequestLimitExceeded: Request limit exceeded.');
    },
  );

  test('a role is authorised on the interface', async () => {
    const Action = ['ec2:AssignIpv6Addresses', 'ec2:UnassignIpv6Addresses'];
    const mover = clientWith(aws, { Action, Resource: `arn:aws:ec2:*:*:network-interface/${primaryA}` });
    const by = (NetworkInterfaceId: string) =>
      refusal(mover.send(new AssignIpv6AddressesCommand({ NetworkInterfaceId, Ipv6AddressCount: 1 })));
    expect(await by(primaryA)).toBe('accepted');
    expect(await by(primaryB)).toMatch(/^UnauthorizedOperation/);
  });
});

describe('the spelling of an IPv6 address', () => {
  test.each([
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['fe80::', 'fe80::'],
  ])('%s is %s', (text, expected) => {
    expect(canonicalIpv6(text)).toBe(expected);
  });

  test.each(['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '12345::', '::ffff:10.0.0.1'])(
    '%j is no address',
    (text) => {
      expect(parseIpv6(text)).toBeUndefined();
    },
  );
});
