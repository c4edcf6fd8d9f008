import {
  AssignPrivateIpAddressesCommand,
  type AssignPrivateIpAddressesCommandInput,
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  DescribeSubnetsCommand,
  type EC2Client,
  type Filter,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import {
  backupA,
  backupB,
  ec2Client,
  otherSubnetId,
  primaryA,
  primaryB,
  refusal,
  serverA,
  serverB,
  spare,
  subnetId,
  type TwoServers,
  twoServers,
  vip,
} from './two-servers.ts';

let clock: VirtualClock;
let aws: TwoServers;
let client: EC2Client;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoServers(clock);
  client = ec2Client(aws);
});

function assign(input: AssignPrivateIpAddressesCommandInput) {
  return client.send(new AssignPrivateIpAddressesCommand(input));
}

function move(eniId: string, address = vip) {
  return assign({ NetworkInterfaceId: eniId, PrivateIpAddresses: [address], AllowReassignment: true });
}

async function interfaces(...filters: Filter[]) {
  const { NetworkInterfaces = [] } = await client.send(
    new DescribeNetworkInterfacesCommand({
      Filters: filters,
      ...(filters.length > 0 ? {} : { MaxResults: 100 }),
    }),
  );
  return NetworkInterfaces;
}

async function holders(address: string): Promise<(string | undefined)[]> {
  const found = await interfaces({ Name: 'addresses.private-ip-address', Values: [address] });
  return found.map(({ NetworkInterfaceId }) => NetworkInterfaceId);
}

describe('describing', () => {
  test('an interface is described with its addresses, attachment, groups and tags', async () => {
    const [eni] = await interfaces({ Name: 'network-interface-id', Values: [primaryA] });
    expect(eni).toMatchObject({
      NetworkInterfaceId: primaryA,
      Status: 'in-use',
      SubnetId: subnetId,
      MacAddress: '02:00:00:00:0a:00',
      PrivateIpAddress: '10.0.1.10',
      SourceDestCheck: true,
      AvailabilityZone: 'us-east-1a',
      PrivateIpAddresses: [
        { PrivateIpAddress: '10.0.1.10', Primary: true, PrivateDnsName: 'ip-10-0-1-10.ec2.internal' },
        { PrivateIpAddress: vip, Primary: false },
      ],
      Attachment: { InstanceId: serverA, DeviceIndex: 0, Status: 'attached', DeleteOnTermination: true },
      Groups: [{ GroupId: 'sg-0123456789abcdef0' }],
      TagSet: [{ Key: 'Cluster', Value: 'db' }],
    });
    expect(eni?.Attachment?.AttachTime).toEqual(new Date('2026-01-05T10:00:00Z'));
  });

  test('an interface that is not attached is available and has no attachment', async () => {
    const [eni] = await interfaces({ Name: 'status', Values: ['available'] });
    expect(eni?.NetworkInterfaceId).toBe(spare);
    expect(eni?.Attachment).toBeUndefined();
  });

  test.each<[Filter[], string[]]>([
    [[{ Name: 'private-ip-address', Values: ['10.0.1.1?'] }], [primaryA, backupA]],
    [[{ Name: 'addresses.private-ip-address', Values: ['*.50'] }], [primaryA]],
    [
      [
        { Name: 'attachment.instance-id', Values: [serverA, serverB] },
        { Name: 'attachment.device-index', Values: ['1'] },
      ],
      [backupA, backupB],
    ],
    [[{ Name: 'subnet-id', Values: [otherSubnetId] }], [spare]],
    [[{ Name: 'mac-address', Values: ['02:00:00:00:0a:00'] }], [primaryA]],
    [[{ Name: 'tag:Cluster', Values: ['d*'] }], [primaryA, backupA, primaryB]],
    [[{ Name: 'tag-key', Values: ['Owner'] }], []],
    [
      [
        { Name: 'group-id', Values: ['sg-*'] },
        { Name: 'vpc-id', Values: ['vpc-*'] },
        { Name: 'status', Values: ['in-use'] },
      ],
      [primaryA, backupA, primaryB, backupB],
    ],
  ])('interfaces are filtered by %j', async (filters, expected) => {
    expect((await interfaces(...filters)).map(({ NetworkInterfaceId }) => NetworkInterfaceId)).toEqual(
      expected,
    );
  });

  test('a filter that is not known is refused by its name', async () => {
    expect(await refusal(interfaces({ Name: 'colour', Values: ['red'] }))).toMatch(
      /^InvalidParameterValue: .*'colour'/,
    );
  });

  test('an instance is described with its state, addresses and interfaces', async () => {
    const { Reservations } = await client.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'tag:Name', Values: ['ServerA'] }] }),
    );
    expect(Reservations).toHaveLength(1);
    expect(Reservations?.[0]?.Instances?.[0]).toMatchObject({
      InstanceId: serverA,
      InstanceType: 'm5.large',
      State: { Code: 16, Name: 'running' },
      PrivateIpAddress: '10.0.1.10',
      SubnetId: subnetId,
      Placement: { AvailabilityZone: 'us-east-1a' },
      SecurityGroups: [{ GroupId: 'sg-0123456789abcdef0' }],
      NetworkInterfaces: [
        {
          NetworkInterfaceId: primaryA,
          Attachment: { DeviceIndex: 0 },
          PrivateIpAddresses: [{}, { PrivateIpAddress: vip }],
        },
        { NetworkInterfaceId: backupA, Attachment: { DeviceIndex: 1 } },
      ],
    });
  });

  test('pages of five follow each other by their tokens until all are shown', async () => {
    for (let last = 30; last < 37; last++)
      aws.ec2.addNetworkInterface({ subnetId: otherSubnetId, privateAddress: `10.0.2.${last}` });
    const sizes: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(
        new DescribeNetworkInterfacesCommand({ MaxResults: 5, ...(NextToken && { NextToken }) }),
      );
      sizes.push(page.NetworkInterfaces?.length ?? 0);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(sizes).toEqual([5, 5, 2]);
  });

  test('ids and MaxResults exclude each other', async () => {
    const call = client.send(new DescribeInstancesCommand({ InstanceIds: [serverA], MaxResults: 5 }));
    expect(await refusal(call)).toMatch(/^InvalidParameterCombination/);
  });

  test('unknown and malformed instance ids are refused by name', async () => {
    const describe = (id: string) =>
      client.send(new DescribeInstancesCommand({ InstanceIds: [serverA, id] }));
    expect(await refusal(describe('i-0dddddddddddddddd'))).toBe(
      "InvalidInstanceID.NotFound: The instance ID 'i-0dddddddddddddddd' does not exist",
    );
    expect(await refusal(describe('ServerA'))).toBe('InvalidInstanceID.Malformed: Invalid id: "ServerA"');
  });

  test('a subnet tells its block and how many addresses are free', async () => {
    const { Subnets } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
    expect(Subnets?.[0]).toMatchObject({ CidrBlock: '10.0.1.0/24', AvailableIpAddressCount: 246 });
  });

  test('an instance type tells how many interfaces and addresses it takes', async () => {
    const { InstanceTypes } = await client.send(
      new DescribeInstanceTypesCommand({ InstanceTypes: ['m5.large'] }),
    );
    expect(InstanceTypes?.[0]?.NetworkInfo).toMatchObject({
      MaximumNetworkInterfaces: 3,
      Ipv4AddressesPerInterface: 10,
    });
  });

  test('with a lag, a Describe shows the old owner until the lag is over, while packets follow the new one', async () => {
    aws.ec2.describeLagMs = 4_000;
    await move(backupA);
    expect(await holders(vip)).toEqual([primaryA]);
    expect(aws.ec2.eniOwning(vip)?.mac).not.toBe('02:00:00:00:0a:00');
    await clock.advance(4_000);
    expect(await holders(vip)).toEqual([backupA]);
  });
});

describe('request throttling', () => {
  test('the 101st assignment at once is throttled, and five more go through a second later', async () => {
    const burst = async (size: number) => {
      const answers: string[] = [];
      for (let call = 0; call < size; call++) answers.push(await refusal(move(primaryA)));
      return answers.filter((answer) => answer === 'accepted').length;
    };
    expect(await burst(101)).toBe(100);
    expect(await refusal(move(primaryA))).toBe('RequestLimitExceeded: Request limit exceeded.');
    await clock.advance(1_000);
    expect(await burst(7)).toBe(5);
  });

  test('a throttled call is a server error with status 503', async () => {
    aws.ec2.throttle.drain('StopInstances');
    const error: unknown = await client
      .send(new StopInstancesCommand({ InstanceIds: [serverA] }))
      .catch((e) => e);
    expect(error).toMatchObject({ name: 'RequestLimitExceeded', $metadata: { httpStatusCode: 503 } });
  });

  test('a Describe without filter or page draws from a bucket of its own, half the size', async () => {
    const unbounded = () => refusal(client.send(new DescribeNetworkInterfacesCommand({})));
    for (let call = 0; call < 50; call++) expect(await unbounded()).toBe('accepted');
    expect(await unbounded()).toMatch(/^RequestLimitExceeded/);
    expect(await holders(vip)).toEqual([primaryA]);
  });
});
