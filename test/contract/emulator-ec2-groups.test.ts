import {
  DescribeNetworkInterfacesCommand,
  DescribeSecurityGroupsCommand,
  type Filter,
  ModifyNetworkInterfaceAttributeCommand,
  type ModifyNetworkInterfaceAttributeCommandInput,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import {
  clientWith,
  isolationGroup,
  nobody,
  openGroup,
  primaryA,
  type TwoZones,
  twoZones,
  vpcId,
} from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function modify(input: Partial<ModifyNetworkInterfaceAttributeCommandInput>) {
  return aws.ec2Client.send(
    new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: primaryA, ...input }),
  );
}

async function shown() {
  const { NetworkInterfaces } = await aws.ec2Client.send(
    new DescribeNetworkInterfacesCommand({ NetworkInterfaceIds: [primaryA] }),
  );
  const { Groups, SourceDestCheck } = NetworkInterfaces?.[0] ?? {};
  return { groups: Groups?.map(({ GroupId, GroupName }) => `${GroupName} ${GroupId}`), SourceDestCheck };
}

async function groups(...Filters: Filter[]) {
  const { SecurityGroups = [] } = await aws.ec2Client.send(new DescribeSecurityGroupsCommand({ Filters }));
  return SecurityGroups;
}

describe('security groups', () => {
  test('a group shows its name, its VPC and whether it lets anything through', async () => {
    expect(await groups({ Name: 'group-name', Values: ['isolated'] })).toMatchObject([
      { GroupId: isolationGroup, VpcId: vpcId, IpPermissions: [], IpPermissionsEgress: [] },
    ]);
    expect(await groups({ Name: 'group-id', Values: [openGroup] })).toMatchObject([
      { IpPermissions: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }] },
    ]);
  });

  test('a group that does not exist is refused by name', async () => {
    const named = (id: string) =>
      refusal(aws.ec2Client.send(new DescribeSecurityGroupsCommand({ GroupIds: [id] })));
    expect(await named(`sg-${nobody}`)).toBe(
      `InvalidGroup.NotFound: The security group 'sg-${nobody}' does not exist`,
    );
    expect(await named('servers')).toMatch(/^InvalidGroupId.Malformed/);
  });

  test('the groups of an interface are replaced as a whole', async () => {
    await modify({ Groups: [isolationGroup] });
    expect((await shown()).groups).toEqual([`isolated ${isolationGroup}`]);
    await modify({ Groups: [openGroup, isolationGroup] });
    expect((await shown()).groups).toEqual([`servers ${openGroup}`, `isolated ${isolationGroup}`]);
  });

  test('with a lag, a Describe shows the old groups until the lag is over', async () => {
    aws.ec2.describeLagMs = 4_000;
    await modify({ Groups: [isolationGroup] });
    expect((await shown()).groups).toEqual([`servers ${openGroup}`]);
    await clock.advance(4_000);
    expect((await shown()).groups).toEqual([`isolated ${isolationGroup}`]);
  });
});

test('the source/destination check of an interface is switched on and off', async () => {
  expect((await shown()).SourceDestCheck).toBe(false);
  await modify({ SourceDestCheck: { Value: true } });
  expect(await shown()).toEqual({ groups: [`servers ${openGroup}`], SourceDestCheck: true });
});

test.each<[string, Partial<ModifyNetworkInterfaceAttributeCommandInput>, RegExp]>([
  ['a group that does not exist', { Groups: [openGroup, `sg-${nobody}`] }, /^InvalidGroup.NotFound/],
  ['a name in place of a group id', { Groups: ['servers'] }, /^InvalidGroupId.Malformed/],
  [
    'an interface that does not exist',
    { NetworkInterfaceId: `eni-${nobody}`, Groups: [openGroup] },
    /^InvalidNetworkInterfaceID.NotFound/,
  ],
  [
    'two attributes at once',
    { Groups: [openGroup], SourceDestCheck: { Value: true } },
    /^InvalidParameterCombination/,
  ],
  ['no attribute', {}, /^InvalidParameterCombination: No attributes/],
  [
    'six groups',
    { Groups: [openGroup, openGroup, openGroup, openGroup, openGroup, isolationGroup] },
    /^SecurityGroupsPerInterfaceLimitExceeded/,
  ],
  [
    'an attribute that is not modelled',
    { Description: { Value: 'x' } },
    /^UnknownParameter: The parameter Description/,
  ],
  ['a dry run', { Groups: [isolationGroup], DryRun: true }, /^DryRunOperation/],
])('refuses %s, and nothing changes', async (_, input, expected) => {
  const before = await shown();
  expect(await refusal(modify(input))).toMatch(expected);
  expect(await shown()).toEqual(before);
});

test('a group of another VPC is not found', async () => {
  const { vpcId: other } = aws.ec2.addSubnet({ cidr: '10.9.0.0/24' });
  const { id } = aws.ec2.securityGroups.add({ name: 'elsewhere', vpcId: other, hasRules: true });
  expect(await refusal(modify({ Groups: [id] }))).toMatch(/^InvalidGroup.NotFound/);
});

test('ModifyNetworkInterfaceAttribute goes through a hundred times at once, and not once more', async () => {
  for (let call = 0; call < 100; call++)
    expect(await refusal(modify({ SourceDestCheck: { Value: true } }))).toBe('accepted');
  expect(await refusal(modify({ SourceDestCheck: { Value: true } }))).toMatch(/^RequestLimitExceeded/);
});

test('a role is authorised on the interface and on each group', async () => {
  const on = (...Resource: string[]) =>
    clientWith(aws, { Action: 'ec2:ModifyNetworkInterfaceAttribute', Resource });
  const isolate = new ModifyNetworkInterfaceAttributeCommand({
    NetworkInterfaceId: primaryA,
    Groups: [isolationGroup],
  });
  const eni = `arn:aws:ec2:us-east-1:123456789012:network-interface/${primaryA}`;
  const group = `arn:aws:ec2:us-east-1:123456789012:security-group/${isolationGroup}`;
  expect(await refusal(on(eni).send(isolate))).toContain(`on resource: ${group}`);
  expect(await refusal(on(eni, group).send(isolate))).toBe('accepted');
});
