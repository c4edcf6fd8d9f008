import {
  AssignPrivateIpAddressesCommand,
  type AssignPrivateIpAddressesCommandInput,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  type Filter,
  StopInstancesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import fc from 'fast-check';
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

describe('assigning a private address', () => {
  test('an address moves from one interface to another in one call when reassignment is allowed', async () => {
    const reply = await move(backupA);
    expect(reply.NetworkInterfaceId).toBe(backupA);
    expect(reply.AssignedPrivateIpAddresses).toEqual([{ PrivateIpAddress: vip }]);
    expect(await holders(vip)).toEqual([backupA]);
    expect(aws.ec2.eniOwning(vip)?.hostId).toBe(serverA);
  });

  test('an address that the interface holds already is accepted again and nothing changes', async () => {
    const before = await interfaces();
    await assign({ NetworkInterfaceId: primaryA, PrivateIpAddresses: [vip] });
    expect(await interfaces()).toEqual(before);
  });

  test('a count takes the lowest free addresses of the subnet', async () => {
    const reply = await assign({ NetworkInterfaceId: backupA, SecondaryPrivateIpAddressCount: 2 });
    expect(reply.AssignedPrivateIpAddresses).toEqual([
      { PrivateIpAddress: '10.0.1.4' },
      { PrivateIpAddress: '10.0.1.5' },
    ]);
  });

  test.each<[string, AssignPrivateIpAddressesCommandInput, string]>([
    [
      'an address held elsewhere without leave to move it',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: [vip] },
      'InvalidParameterValue: [10.0.1.50] assigned, but move is not allowed.',
    ],
    [
      'the primary address of another interface',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.20'], AllowReassignment: true },
      'InvalidParameterValue: secondary-addresses',
    ],
    [
      'an address outside the subnet of the interface',
      { NetworkInterfaceId: spare, PrivateIpAddresses: [vip], AllowReassignment: true },
      "InvalidParameterValue: Address does not fall within the subnet's address range",
    ],
    [
      'the address of the VPC router',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.1'] },
      "InvalidParameterValue: Address 10.0.1.1 is in subnet's reserved address range",
    ],
    [
      'the last address of the subnet',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.255'] },
      "InvalidParameterValue: Address 10.0.1.255 is in subnet's reserved address range",
    ],
    [
      'a text that is no address',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.500'] },
      'InvalidParameterValue: invalid value for parameter address: 10.0.1.500',
    ],
    [
      'an interface that does not exist',
      { NetworkInterfaceId: 'eni-0dddddddddddddddd', PrivateIpAddresses: [vip] },
      "InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-0dddddddddddddddd' does not exist",
    ],
    [
      'an interface id that cannot be one',
      { NetworkInterfaceId: 'eth0', PrivateIpAddresses: [vip] },
      'InvalidNetworkInterfaceId.Malformed: Invalid id: "eth0"',
    ],
    [
      'neither addresses nor a count',
      { NetworkInterfaceId: backupA },
      'MissingParameter: The request must contain either privateIpAddresses or secondaryPrivateIpAddressCount',
    ],
    [
      'addresses and a count at once',
      { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.60'], SecondaryPrivateIpAddressCount: 1 },
      'InvalidParameterCombination: The parameters privateIpAddresses and secondaryPrivateIpAddressCount may not be used together',
    ],
    [
      'more addresses than an interface of a t3.small takes',
      { NetworkInterfaceId: backupB, SecondaryPrivateIpAddressCount: 4 },
      'PrivateIpAddressLimitExceeded: Number of private addresses will exceed limit.',
    ],
    [
      'more addresses than the subnet has left',
      { NetworkInterfaceId: spare, SecondaryPrivateIpAddressCount: 251 },
      `InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request: ${otherSubnetId}`,
    ],
  ])('refuses %s', async (_, input, expected) => {
    const before = await interfaces();
    expect(await refusal(assign(input))).toBe(expected);
    expect(await interfaces()).toEqual(before);
  });

  test('prefixes are refused by name', async () => {
    expect(await refusal(assign({ NetworkInterfaceId: backupA, Ipv4PrefixCount: 1 }))).toMatch(
      /^UnknownParameter: The parameter Ipv4PrefixCount/,
    );
  });

  test('a batch with one bad address changes nothing', async () => {
    const batch = { NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.60', vip, '10.0.2.60'] };
    expect(await refusal(assign({ ...batch, AllowReassignment: true }))).toMatch(/^InvalidParameterValue/);
    expect(await holders(vip)).toEqual([primaryA]);
    expect(await holders('10.0.1.60')).toEqual([]);
  });
});

describe('unassigning a private address', () => {
  function unassign(NetworkInterfaceId: string, ...PrivateIpAddresses: string[]) {
    return client.send(new UnassignPrivateIpAddressesCommand({ NetworkInterfaceId, PrivateIpAddresses }));
  }

  test('a secondary address that is unassigned belongs to nobody', async () => {
    await unassign(primaryA, vip);
    expect(await holders(vip)).toEqual([]);
    expect(aws.ec2.eniOwning(vip)).toBeUndefined();
  });

  test('an address that is not on the interface is an error, and the others of the batch stay', async () => {
    expect(await refusal(unassign(primaryA, vip, '10.0.1.60'))).toBe(
      `InvalidParameterValue: Some of the specified addresses are not assigned to interface ${primaryA}`,
    );
    expect(await holders(vip)).toEqual([primaryA]);
  });

  test('the primary address cannot be unassigned', async () => {
    expect(await refusal(unassign(primaryA, '10.0.1.10'))).toMatch(/^InvalidParameterValue: The primary/);
  });
});

test('no sequence of calls puts an address on two interfaces, and a refused call changes nothing', async () => {
  const addresses = [vip, '10.0.1.51', '10.0.1.52', '10.0.1.53', '10.0.1.20', '10.0.2.7', '10.0.1.0'];
  const step = fc.record({
    assigns: fc.boolean(),
    eni: fc.constantFrom(primaryA, backupA, primaryB, backupB, spare),
    batch: fc.uniqueArray(fc.constantFrom(...addresses), { minLength: 1, maxLength: 4 }),
    allow: fc.boolean(),
  });
  let accepted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 20 }), async (steps) => {
      aws = twoServers(new VirtualClock());
      client = ec2Client(aws);
      for (const { assigns, eni, batch, allow } of steps) {
        const before = aws.ec2.world.interfaces();
        const call = { NetworkInterfaceId: eni, PrivateIpAddresses: batch };
        const answer = await refusal(
          assigns
            ? assign({ ...call, AllowReassignment: allow })
            : client.send(new UnassignPrivateIpAddressesCommand(call)),
        );
        const after = aws.ec2.world.interfaces();
        const held = after.flatMap(({ primaryAddress, secondaryAddresses }) => [
          primaryAddress,
          ...secondaryAddresses,
        ]);
        expect(new Set(held).size).toBe(held.length);
        if (answer === 'accepted') accepted += 1;
        else expect(after).toEqual(before);
      }
    }),
    { numRuns: 60 },
  );
  expect(accepted).toBeGreaterThan(0);
});

describe('permissions', () => {
  function clientOf(statement: object) {
    aws.account.iam.putRole('mover');
    aws.account.iam.putRolePolicy('mover', 'inline', { Statement: [{ Effect: 'Allow', ...statement }] });
    client = ec2Client(aws, aws.account.iam.credentialsOf('mover'));
  }
  const Action = ['ec2:AssignPrivateIpAddresses', 'ec2:StopInstances'];

  test('a role that may assign to tagged interfaces is refused at an untagged one', async () => {
    clientOf({ Action, Resource: '*', Condition: { StringEquals: { 'aws:ResourceTag/Cluster': 'db' } } });
    expect(await refusal(move(backupA))).toBe('accepted');
    expect(await refusal(move(backupB))).toMatch(
      /^UnauthorizedOperation: .* on resource: arn:aws:ec2:us-east-1:123456789012:network-interface\/eni-0bbbbbbbbbbbbbbb1/,
    );
  });

  test('a move is authorised on the interface that loses the address as well', async () => {
    clientOf({ Action, Resource: `arn:aws:ec2:*:*:network-interface/${backupA}` });
    expect(await refusal(assign({ NetworkInterfaceId: backupA, PrivateIpAddresses: ['10.0.1.60'] }))).toBe(
      'accepted',
    );
    expect(await refusal(move(backupA))).toMatch(new RegExp(`^UnauthorizedOperation: .*${primaryA}`));
  });

  test('the subnet of an interface is a condition key with its ARN', async () => {
    const subnet = `arn:aws:ec2:us-east-1:123456789012:subnet/${subnetId}`;
    clientOf({ Action, Resource: '*', Condition: { ArnEquals: { 'ec2:Subnet': subnet } } });
    expect(await refusal(move(backupA))).toBe('accepted');
    expect(await refusal(move(spare, '10.0.2.60'))).toMatch(/^UnauthorizedOperation/);
  });

  test('stopping is authorised per instance', async () => {
    clientOf({ Action, Resource: `arn:aws:ec2:us-east-1:123456789012:instance/${serverB}` });
    expect(await refusal(client.send(new StopInstancesCommand({ InstanceIds: [serverB] })))).toBe('accepted');
    expect(await refusal(client.send(new StopInstancesCommand({ InstanceIds: [serverA] })))).toMatch(
      /^UnauthorizedOperation/,
    );
  });
});
