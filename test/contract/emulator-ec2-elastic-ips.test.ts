import {
  AllocateAddressCommand,
  AssignPrivateIpAddressesCommand,
  AssociateAddressCommand,
  type AssociateAddressCommandInput,
  DescribeAddressesCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  DisassociateAddressCommand,
  type Filter,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import {
  allocationId,
  backupA,
  backupB,
  client,
  clientEni,
  clientWith,
  nobody,
  primaryA,
  primaryB,
  publicIp,
  serverA,
  type TwoZones,
  twoZones,
  vip,
} from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function associate(input: Partial<AssociateAddressCommandInput>) {
  return aws.ec2Client.send(new AssociateAddressCommand({ AllocationId: allocationId, ...input }));
}

function disassociate(AssociationId: string) {
  return aws.ec2Client.send(new DisassociateAddressCommand({ AssociationId }));
}

async function addresses(...Filters: Filter[]) {
  const { Addresses = [] } = await aws.ec2Client.send(new DescribeAddressesCommand({ Filters }));
  return Addresses;
}

async function address() {
  const [found] = await addresses({ Name: 'allocation-id', Values: [allocationId] });
  return found;
}

async function publicAddressesOf(eniId: string) {
  const { NetworkInterfaces } = await aws.ec2Client.send(
    new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [eniId] }),
  );
  return NetworkInterfaces?.[0]?.PrivateIpAddresses?.map(({ Association }) => Association?.PublicIp);
}

describe('describing Elastic IP addresses', () => {
  test('an address shows where it is associated', async () => {
    expect(await address()).toMatchObject({
      PublicIp: publicIp,
      AllocationId: allocationId,
      Domain: 'vpc',
      InstanceId: serverA,
      NetworkInterfaceId: primaryA,
      PrivateIpAddress: '10.0.1.10',
      Tags: [{ Key: 'Cluster', Value: 'db' }],
    });
  });

  test('its interface and instance show it as well', async () => {
    const named = new DescribeNetworkInterfacesCommand({
      Filters: [{ Name: 'association.public-ip', Values: [publicIp] }],
    });
    const { NetworkInterfaces } = await aws.ec2Client.send(named);
    const association = {
      PublicIp: publicIp,
      AllocationId: allocationId,
      AssociationId: (await address())?.AssociationId,
    };
    expect(NetworkInterfaces).toMatchObject([
      {
        NetworkInterfaceId: primaryA,
        Association: association,
        PrivateIpAddresses: [{ PrivateIpAddress: '10.0.1.10', Association: association }, {}],
      },
    ]);
    const { Reservations } = await aws.ec2Client.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'ip-address', Values: [publicIp] }] }),
    );
    expect(Reservations?.[0]?.Instances).toMatchObject([
      {
        InstanceId: serverA,
        PublicIpAddress: publicIp,
        PublicDnsName: 'ec2-203-0-113-77.compute-1.amazonaws.com',
        NetworkInterfaces: [{ Association: { PublicIp: publicIp } }, {}],
      },
    ]);
  });

  test.each<[Filter, number]>([
    [{ Name: 'public-ip', Values: ['203.0.113.*'] }, 2],
    [{ Name: 'instance-id', Values: [serverA] }, 1],
    [{ Name: 'network-interface-id', Values: [primaryB] }, 0],
    [{ Name: 'private-ip-address', Values: ['10.0.1.10'] }, 1],
    [{ Name: 'tag:Cluster', Values: ['db'] }, 1],
  ])('addresses are filtered by %j', async (filter, expected) => {
    aws.ec2.elasticIps.add();
    expect(await addresses(filter)).toHaveLength(expected);
  });

  test('addresses that do not exist are refused by name', async () => {
    const named = (input: object) => refusal(aws.ec2Client.send(new DescribeAddressesCommand(input)));
    expect(await named({ AllocationIds: [`eipalloc-${nobody}`] })).toBe(
      `InvalidAllocationID.NotFound: The allocation ID 'eipalloc-${nobody}' does not exist`,
    );
    expect(await named({ PublicIps: ['203.0.113.200'] })).toBe(
      "InvalidAddress.NotFound: Address '203.0.113.200' not found.",
    );
  });

  test('with a lag, a Describe shows the old interface until the lag is over', async () => {
    aws.ec2.describeLagMs = 4_000;
    await associate({ NetworkInterfaceId: primaryB });
    expect((await address())?.NetworkInterfaceId).toBe(primaryA);
    expect(await publicAddressesOf(primaryA)).toEqual([publicIp, undefined]);
    await clock.advance(4_000);
    expect((await address())?.NetworkInterfaceId).toBe(primaryB);
    expect(await publicAddressesOf(primaryA)).toEqual([undefined, undefined]);
  });
});

describe('associating', () => {
  test('an address moves to an interface in another zone in one call', async () => {
    const before = (await address())?.AssociationId;
    const { AssociationId } = await associate({ NetworkInterfaceId: primaryB, AllowReassociation: true });
    expect(AssociationId).toMatch(/^eipassoc-[0-9a-f]{17}$/);
    expect(AssociationId).not.toBe(before);
    expect(await address()).toMatchObject({
      NetworkInterfaceId: primaryB,
      PrivateIpAddress: '10.0.2.10',
      AssociationId,
    });
  });

  test('once more is no error and keeps the association', async () => {
    const before = await addresses();
    const again = { NetworkInterfaceId: primaryA, AllowReassociation: false };
    expect((await associate(again)).AssociationId).toBe(before[0]?.AssociationId);
    expect(await addresses()).toEqual(before);
  });

  test('a secondary address may have one, and the only interface of an instance', async () => {
    await associate({ NetworkInterfaceId: primaryA, PrivateIpAddress: vip });
    expect(await publicAddressesOf(primaryA)).toEqual([undefined, publicIp]);
    await associate({ InstanceId: client });
    expect((await address())?.NetworkInterfaceId).toBe(clientEni);
  });

  test('an address that comes to an interface with another takes its place', async () => {
    const { allocationId: other } = aws.ec2.elasticIps.add({ privateAddress: '10.0.2.10' });
    await associate({ NetworkInterfaceId: primaryB });
    const [found] = await addresses({ Name: 'allocation-id', Values: [other] });
    expect(found?.AssociationId).toBeUndefined();
    expect(await publicAddressesOf(primaryB)).toEqual([publicIp]);
  });

  test('nothing is taken away where reassociation is forbidden', async () => {
    const forbidden = { NetworkInterfaceId: primaryB, AllowReassociation: false };
    expect(await refusal(associate(forbidden))).toBe(
      `Resource.AlreadyAssociated: resource ${allocationId} is already associated with associate-id ${(await address())?.AssociationId}`,
    );
    const { allocationId: other } = aws.ec2.elasticIps.add();
    const second = { ...forbidden, AllocationId: other, NetworkInterfaceId: primaryA };
    expect(await refusal(associate(second))).toBe(
      `Resource.AlreadyAssociated: resource ${primaryA} and 10.0.1.10 is already associated with public address ${publicIp}`,
    );
  });

  test.each<[string, Partial<AssociateAddressCommandInput>, RegExp]>([
    [
      'an address that does not exist',
      { AllocationId: `eipalloc-${nobody}`, NetworkInterfaceId: primaryB },
      /^InvalidAllocationID.NotFound/,
    ],
    [
      'an interface that does not exist',
      { NetworkInterfaceId: `eni-${nobody}` },
      /^InvalidNetworkInterfaceID.NotFound/,
    ],
    ['an instance with two interfaces', { InstanceId: serverA }, /^InvalidInstanceID: There are multiple/],
    [
      'a private address that the interface does not have',
      { NetworkInterfaceId: primaryB, PrivateIpAddress: vip },
      /^InvalidParameterValue/,
    ],
    ['neither interface nor instance', {}, /^MissingParameter/],
    [
      'interface and instance at once',
      { NetworkInterfaceId: primaryB, InstanceId: client },
      /^InvalidParameterCombination/,
    ],
    [
      'a public address in place of an id',
      { PublicIp: publicIp },
      /^UnknownParameter: The parameter PublicIp/,
    ],
  ])('refuses %s', async (_, input, expected) => {
    const before = await addresses();
    expect(await refusal(associate(input))).toMatch(expected);
    expect(await addresses()).toEqual(before);
  });

  test('refuses an interface of a VPC without internet gateway', async () => {
    const { id: subnetId } = aws.ec2.addSubnet({ cidr: '10.9.0.0/24' });
    const { id } = aws.ec2.addNetworkInterface({ subnetId, privateAddress: '10.9.0.10' });
    expect(await refusal(associate({ NetworkInterfaceId: id }))).toMatch(/^Gateway.NotAttached/);
  });

  test('refuses the interface of an instance that is only just starting', async () => {
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA], Force: true }));
    await clock.advance(4_000);
    await aws.ec2Client.send(new StartInstancesCommand({ InstanceIds: [serverA] }));
    expect(await refusal(associate({ NetworkInterfaceId: backupA }))).toMatch(/^IncorrectInstanceState/);
    await clock.advance(5_000);
    expect(await refusal(associate({ NetworkInterfaceId: backupA }))).toBe('accepted');
  });
});

describe('an association', () => {
  test('goes along when its private address is reassigned', async () => {
    await associate({ NetworkInterfaceId: primaryA, PrivateIpAddress: vip });
    const { AssociationId } = (await address()) ?? {};
    await aws.ec2Client.send(
      new AssignPrivateIpAddressesCommand({
        NetworkInterfaceId: backupA,
        PrivateIpAddresses: [vip],
        AllowReassignment: true,
      }),
    );
    expect(await address()).toMatchObject({ NetworkInterfaceId: backupA, AssociationId });
  });

  test('ends when its private address is unassigned, and does not come back with it', async () => {
    await associate({ NetworkInterfaceId: primaryA, PrivateIpAddress: vip });
    const moved = { NetworkInterfaceId: primaryA, PrivateIpAddresses: [vip] };
    await aws.ec2Client.send(new UnassignPrivateIpAddressesCommand(moved));
    expect((await address())?.AssociationId).toBeUndefined();
    await aws.ec2Client.send(new AssignPrivateIpAddressesCommand(moved));
    expect((await address())?.AssociationId).toBeUndefined();
  });

  test('stays while its instance is stopped, and ends with an interface that goes with its instance', async () => {
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(8_000);
    expect((await address())?.NetworkInterfaceId).toBe(primaryA);
    await aws.ec2Client.send(new TerminateInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(5_000);
    expect(await address()).toMatchObject({ PublicIp: publicIp });
    expect((await address())?.AssociationId).toBeUndefined();
  });

  test('is ended by its id, and a second time is no error', async () => {
    const { AssociationId = '' } = (await address()) ?? {};
    await disassociate(AssociationId);
    expect((await address())?.InstanceId).toBeUndefined();
    expect(await refusal(disassociate(AssociationId))).toBe('accepted');
    expect(await refusal(disassociate(`eipassoc-${nobody}`))).toBe(
      `InvalidAssociationID.NotFound: The association ID 'eipassoc-${nobody}' does not exist`,
    );
  });
});

test('addresses are allocated up to the quota of the Region', async () => {
  const allocate = () =>
    aws.ec2Client.send(
      new AllocateAddressCommand({
        Domain: 'vpc',
        TagSpecifications: [{ ResourceType: 'elastic-ip', Tags: [{ Key: 'Name', Value: 'web' }] }],
      }),
    );
  const { AllocationId = '', PublicIp } = await allocate();
  expect(PublicIp).toBe('203.0.113.1');
  expect(await addresses({ Name: 'tag:Name', Values: ['web'] })).toMatchObject([{ AllocationId }]);
  for (let more = 0; more < 3; more++) await allocate();
  expect(await refusal(allocate())).toMatch(/^AddressLimitExceeded/);
});

test.each(['AllocateAddress', 'AssociateAddress', 'DisassociateAddress'])(
  '%s draws from its own bucket',
  async (action) => {
    aws.ec2.throttle.drain(action);
    const call =
      action === 'AllocateAddress'
        ? aws.ec2Client.send(new AllocateAddressCommand({}))
        : action === 'AssociateAddress'
          ? associate({ NetworkInterfaceId: primaryB })
          : disassociate(`eipassoc-${nobody}`);
    expect(await refusal(call)).toBe('RequestLimitExceeded: Request limit exceeded.');
  },
);

test('a role is authorised on the address and on the interface', async () => {
  const Action = ['ec2:AssociateAddress', 'ec2:DisassociateAddress'];
  const onTagged = { StringEquals: { 'aws:ResourceTag/Cluster': 'db' } };
  const mover = clientWith(aws, { Action, Resource: '*', Condition: onTagged });
  const by = (AllocationId: string, NetworkInterfaceId: string) =>
    refusal(mover.send(new AssociateAddressCommand({ AllocationId, NetworkInterfaceId })));
  expect(await by(allocationId, backupB)).toBe('accepted');
  expect(await by(allocationId, clientEni)).toMatch(/on resource: .*:network-interface\/eni-0c/);
  const { allocationId: untagged } = aws.ec2.elasticIps.add();
  expect(await by(untagged, primaryB)).toMatch(
    /^UnauthorizedOperation: .* on resource: .*:elastic-ip\/eipalloc-/,
  );
});
