import {
  CreateRouteCommand,
  type CreateRouteCommandInput,
  DeleteRouteCommand,
  DescribeRouteTablesCommand,
  type Filter,
  ReplaceRouteCommand,
  type ReplaceRouteCommandInput,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import {
  backupA,
  client,
  clientEni,
  clientTable,
  clientWith,
  nobody,
  overlay,
  primaryA,
  primaryB,
  serverA,
  serverTable,
  subnetA,
  subnetB,
  type TwoZones,
  twoZones,
  vpcId,
} from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;
const cidr = `${overlay}/32`;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function create(input: Partial<CreateRouteCommandInput>) {
  return aws.ec2Client.send(new CreateRouteCommand({ RouteTableId: clientTable, ...input }));
}

function replace(input: Partial<ReplaceRouteCommandInput>) {
  return aws.ec2Client.send(
    new ReplaceRouteCommand({ RouteTableId: clientTable, DestinationCidrBlock: cidr, ...input }),
  );
}

function remove(DestinationCidrBlock: string, RouteTableId = clientTable) {
  return aws.ec2Client.send(new DeleteRouteCommand({ RouteTableId, DestinationCidrBlock }));
}

async function tables(...Filters: Filter[]) {
  const { RouteTables = [] } = await aws.ec2Client.send(new DescribeRouteTablesCommand({ Filters }));
  return RouteTables;
}

async function routes(tableId = clientTable) {
  const [table] = await tables({ Name: 'route-table-id', Values: [tableId] });
  return table?.Routes ?? [];
}

async function routeTo(destination: string, tableId = clientTable) {
  return (await routes(tableId)).find(({ DestinationCidrBlock }) => DestinationCidrBlock === destination);
}

describe('describing route tables', () => {
  test('a table shows its subnets, its local routes and its other routes with their targets', async () => {
    const [table] = await tables({ Name: 'association.subnet-id', Values: [subnetB] });
    const local = { GatewayId: 'local', Origin: 'CreateRouteTable', State: 'active' };
    expect(table).toMatchObject({
      RouteTableId: serverTable,
      VpcId: vpcId,
      Associations: [
        { SubnetId: subnetA, Main: false, AssociationState: { State: 'associated' } },
        { SubnetId: subnetB, Main: false },
      ],
      Routes: [
        { DestinationCidrBlock: '10.0.0.0/16', ...local },
        { DestinationIpv6CidrBlock: '2001:db8:0:1::/64', ...local },
        { DestinationIpv6CidrBlock: '2001:db8:0:2::/64', ...local },
        {
          DestinationCidrBlock: cidr,
          NetworkInterfaceId: primaryA,
          InstanceId: serverA,
          InstanceOwnerId: '123456789012',
          Origin: 'CreateRoute',
          State: 'active',
        },
        { DestinationCidrBlock: '0.0.0.0/0', GatewayId: aws.gatewayId },
      ],
      Tags: [{ Key: 'Cluster', Value: 'db' }],
    });
  });

  test.each<[Filter, number]>([
    [{ Name: 'association.main', Values: ['true'] }, 1],
    [{ Name: 'vpc-id', Values: [vpcId] }, 3],
    [{ Name: 'route.destination-cidr-block', Values: [cidr] }, 2],
    [{ Name: 'route.instance-id', Values: [serverA] }, 2],
    [{ Name: 'route.state', Values: ['blackhole'] }, 0],
    [{ Name: 'tag:Cluster', Values: ['db'] }, 1],
  ])('tables are filtered by %j', async (filter, expected) => {
    expect(await tables(filter)).toHaveLength(expected);
  });

  test('tables come in pages of at most a hundred', async () => {
    const page = (MaxResults: number) =>
      refusal(aws.ec2Client.send(new DescribeRouteTablesCommand({ MaxResults })));
    expect(await page(5)).toBe('accepted');
    expect(await page(101)).toMatch(/^InvalidParameterValue: .*between 5 and 100/);
  });

  test('a table that does not exist is refused by name', async () => {
    const named = (id: string) =>
      refusal(aws.ec2Client.send(new DescribeRouteTablesCommand({ RouteTableIds: [clientTable, id] })));
    expect(await named(`rtb-${nobody}`)).toBe(
      `InvalidRouteTableID.NotFound: The routeTable ID 'rtb-${nobody}' does not exist`,
    );
    expect(await named('main')).toMatch(/^InvalidRouteTableId.Malformed/);
  });

  test('a route is a blackhole while its instance is stopped or its interface is attached to none', async () => {
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA] }));
    expect((await routeTo(cidr))?.State).toBe('active');
    await clock.advance(8_000);
    expect(await routeTo(cidr)).toMatchObject({ State: 'blackhole', InstanceId: serverA });
    aws.ec2.detachInterface(primaryA);
    expect(await routeTo(cidr)).toMatchObject({ State: 'blackhole', NetworkInterfaceId: primaryA });
    expect((await routeTo(cidr))?.InstanceId).toBeUndefined();
  });

  test('with a lag, a Describe shows the old target until the lag is over', async () => {
    aws.ec2.describeLagMs = 4_000;
    await replace({ NetworkInterfaceId: primaryB });
    expect((await routeTo(cidr))?.NetworkInterfaceId).toBe(primaryA);
    await clock.advance(4_000);
    expect((await routeTo(cidr))?.NetworkInterfaceId).toBe(primaryB);
  });
});

describe('changing routes', () => {
  test('a route gets another interface in one call, in another zone as well', async () => {
    await replace({ NetworkInterfaceId: primaryB });
    expect((await routeTo(cidr))?.NetworkInterfaceId).toBe(primaryB);
    expect((await routeTo(cidr, serverTable))?.NetworkInterfaceId).toBe(primaryA);
  });

  test('a route that is deleted may be created again, to the only interface of an instance too', async () => {
    await remove(cidr);
    expect(await routeTo(cidr)).toBeUndefined();
    expect((await create({ DestinationCidrBlock: cidr, InstanceId: client })).Return).toBe(true);
    expect((await routeTo(cidr))?.NetworkInterfaceId).toBe(clientEni);
  });

  test('a destination is made canonical', async () => {
    await create({ DestinationCidrBlock: '100.68.0.18/18', NetworkInterfaceId: primaryA });
    expect(await routeTo('100.68.0.0/18')).toBeDefined();
  });

  test('inside the VPC a route may lead a whole subnet to an interface', async () => {
    await create({ DestinationCidrBlock: '10.0.2.0/24', NetworkInterfaceId: primaryA });
    expect((await routeTo('10.0.2.0/24'))?.NetworkInterfaceId).toBe(primaryA);
  });

  test.each<[string, Partial<CreateRouteCommandInput>, string]>([
    [
      'a destination that has a route',
      { DestinationCidrBlock: cidr, NetworkInterfaceId: primaryB },
      `RouteAlreadyExists: The route identified by ${cidr} already exists.`,
    ],
    [
      'the block of the VPC',
      { DestinationCidrBlock: '10.0.0.0/16', NetworkInterfaceId: primaryB },
      'RouteAlreadyExists: The route identified by 10.0.0.0/16 already exists.',
    ],
    [
      'a destination inside the VPC that is no whole subnet',
      { DestinationCidrBlock: '10.0.1.60/32', NetworkInterfaceId: primaryB },
      'InvalidParameterValue: The destination CIDR block 10.0.1.60/32 does not match the CIDR block of a subnet in this VPC.',
    ],
    [
      'a destination for the services of AWS',
      { DestinationCidrBlock: '169.254.169.254/32', NetworkInterfaceId: primaryB },
      'InvalidParameterValue: The destination CIDR block 169.254.169.254/32 is reserved for use by AWS services.',
    ],
    [
      'an address without the length of its prefix',
      { DestinationCidrBlock: overlay, NetworkInterfaceId: primaryB },
      `InvalidParameterValue: Value (${overlay}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    ],
    [
      'no destination',
      { NetworkInterfaceId: primaryB },
      'MissingParameter: The request must contain exactly one of: destinationCidrBlock',
    ],
    [
      'no target',
      { DestinationCidrBlock: '192.168.50.6/32' },
      'MissingParameter: The request must contain exactly one of gatewayId, networkInterfaceId or instanceId',
    ],
    [
      'two targets',
      { DestinationCidrBlock: '192.168.50.6/32', NetworkInterfaceId: primaryB, InstanceId: client },
      'InvalidParameterCombination: The request must contain exactly one of gatewayId, networkInterfaceId or instanceId',
    ],
    [
      'an instance with two interfaces',
      { DestinationCidrBlock: '192.168.50.6/32', InstanceId: serverA },
      `InvalidInstanceID: There are multiple interfaces attached to instance '${serverA}'. Please specify an interface ID for the operation instead.`,
    ],
    [
      'an interface that does not exist',
      { DestinationCidrBlock: '192.168.50.6/32', NetworkInterfaceId: `eni-${nobody}` },
      `InvalidNetworkInterfaceID.NotFound: The networkInterface ID 'eni-${nobody}' does not exist`,
    ],
    [
      'a gateway of nobody',
      { DestinationCidrBlock: '192.168.50.6/32', GatewayId: `igw-${nobody}` },
      `InvalidGatewayID.NotFound: The gateway ID 'igw-${nobody}' does not exist`,
    ],
    [
      'a table that does not exist',
      {
        RouteTableId: `rtb-${nobody}`,
        DestinationCidrBlock: '192.168.50.6/32',
        NetworkInterfaceId: primaryB,
      },
      `InvalidRouteTableID.NotFound: The routeTable ID 'rtb-${nobody}' does not exist`,
    ],
  ])('refuses %s', async (_, input, expected) => {
    const before = await tables();
    expect(await refusal(create(input))).toBe(expected);
    expect(await tables()).toEqual(before);
  });

  test('a subnet of the VPC cannot be led to a gateway', async () => {
    const call = create({ DestinationCidrBlock: '10.0.2.0/24', GatewayId: aws.gatewayId });
    expect(await refusal(call)).toMatch(
      /^InvalidParameterValue: .* is equal to or more specific than one of this VPC's CIDR blocks/,
    );
  });

  test('a route cannot be replaced where there is none, nor deleted', async () => {
    const other = '192.168.50.6/32';
    expect(await refusal(replace({ DestinationCidrBlock: other, NetworkInterfaceId: primaryB }))).toBe(
      `InvalidParameterValue: There is no route defined for '${other}' in the route table. Use CreateRoute instead.`,
    );
    expect(await refusal(remove(other))).toBe(
      `InvalidRoute.NotFound: no route with destination-cidr-block ${other} in route table ${clientTable}`,
    );
  });

  test('the local route stays', async () => {
    expect(await refusal(remove('10.0.0.0/16'))).toBe(
      `InvalidParameterValue: cannot remove local route 10.0.0.0/16 in route table ${clientTable}`,
    );
    const call = replace({ DestinationCidrBlock: '10.0.0.0/16', NetworkInterfaceId: primaryA });
    expect(await refusal(call)).toMatch(/^InvalidParameterValue: .*another target for a local route/);
  });

  test('an interface of another VPC is refused', async () => {
    const { id: subnetId } = aws.ec2.addSubnet({ cidr: '10.9.0.0/24' });
    const { id } = aws.ec2.addNetworkInterface({ subnetId, privateAddress: '10.9.0.10' });
    expect(await refusal(replace({ NetworkInterfaceId: id }))).toBe(
      `InvalidParameterValue: route table ${clientTable} and interface ${id} belong to different networks`,
    );
  });

  test('targets that are not modelled are refused by name', async () => {
    expect(await refusal(replace({ TransitGatewayId: 'tgw-1' }))).toMatch(
      /^UnknownParameter: The parameter TransitGatewayId/,
    );
  });

  test('a dry run changes nothing', async () => {
    const call = replace({ NetworkInterfaceId: primaryB, DryRun: true });
    expect(await refusal(call)).toMatch(/^DryRunOperation/);
    expect((await routeTo(cidr))?.NetworkInterfaceId).toBe(primaryA);
  });

  test.each(['CreateRoute', 'ReplaceRoute', 'DeleteRoute'])(
    '%s draws from its own bucket',
    async (action) => {
      aws.ec2.throttle.drain(action);
      const call =
        action === 'ReplaceRoute'
          ? replace({ NetworkInterfaceId: backupA })
          : action === 'DeleteRoute'
            ? remove(cidr)
            : create({ DestinationCidrBlock: '192.168.50.6/32', NetworkInterfaceId: backupA });
      expect(await refusal(call)).toBe('RequestLimitExceeded: Request limit exceeded.');
    },
  );

  test('a role is authorised on the route table', async () => {
    const mover = clientWith(aws, {
      Action: 'ec2:ReplaceRoute',
      Resource: 'arn:aws:ec2:*:*:route-table/*',
      Condition: { StringEquals: { 'aws:ResourceTag/Cluster': 'db' } },
    });
    const by = (RouteTableId: string) =>
      mover.send(
        new ReplaceRouteCommand({ RouteTableId, DestinationCidrBlock: cidr, NetworkInterfaceId: primaryB }),
      );
    expect(await refusal(by(serverTable))).toBe('accepted');
    expect(await refusal(by(clientTable))).toMatch(
      new RegExp(`^UnauthorizedOperation: .* on resource: .*:route-table/${clientTable}`),
    );
  });
});
