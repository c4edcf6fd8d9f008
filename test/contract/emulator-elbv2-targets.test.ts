import {
  ElasticLoadBalancingV2 as Client,
  type ElasticLoadBalancingV2ClientConfig,
  type TargetDescription,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { LoadBalancer, TargetGroup } from '../../lib/emulator/elbv2/records.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { type Elbv2Account, elbv2Account } from './elbv2-account.ts';
import { refusal, serverA, serverB, vip } from './two-servers.ts';

const a = `${serverA}:5432`;

let clock: VirtualClock;
let aws: Elbv2Account['aws'];
let elbv2: Elbv2Account['elbv2'];
let client: Elbv2Account['client'];
let clientOf: Elbv2Account['clientOf'];
let addGroup: Elbv2Account['addGroup'];
let register: Elbv2Account['register'];
let health: Elbv2Account['health'];
let vpcId: string;
let network: LoadBalancer;
let group: TargetGroup;

beforeEach(() => {
  clock = new VirtualClock();
  const account = elbv2Account(clock);
  ({ aws, elbv2, client, clientOf, addGroup, register, health, vpcId, network, db: group } = account);
});

describe('a target of type ip', () => {
  beforeEach(() => {
    group = addGroup({ name: 'addresses', targetType: 'ip', loadBalancer: network });
  });

  test('inside the VPC is in the zone of its subnet', async () => {
    await register(group.arn, { Id: vip, Port: 6432 });
    const { TargetHealthDescriptions } = await client.describeTargetHealth({ TargetGroupArn: group.arn });
    expect(TargetHealthDescriptions).toMatchObject([
      { Target: { Id: vip, Port: 6432, AvailabilityZone: 'us-east-1a' }, HealthCheckPort: '6432' },
    ]);
  });

  test('outside of the VPC is in the zone that is given', async () => {
    await register(group.arn, { Id: '192.168.7.7', AvailabilityZone: 'all' });
    const [found] = elbv2.targetHealth(group.arn);
    expect(found?.target).toEqual({ id: '192.168.7.7', port: 5432, availabilityZone: 'all' });
  });

  const wrongs: readonly [TargetDescription, string][] = [
    [{ Id: '10.0.1' }, "The IP address '10.0.1' is not a valid IPv4 address"],
    [
      { Id: vip, AvailabilityZone: 'all' },
      `The IP address '${vip}' is within the VPC, and cannot have its Availability Zone overridden to 'all' from 'us-east-1a'`,
    ],
    [
      { Id: '192.168.7.7' },
      "The Availability Zone is required for IP address '192.168.7.7' because it is not in the VPC",
    ],
    [
      { Id: '192.168.7.7', AvailabilityZone: 'eu-west-1a' },
      "You must specify a valid Availability Zone or select 'all' for all enabled Availability zones, since the IP address '192.168.7.7' is outside the VPC",
    ],
    [
      { Id: '198.51.100.7', AvailabilityZone: 'all' },
      "The IP address '198.51.100.7' is publicly routable and cannot be a target",
    ],
  ];

  test.each(wrongs)('%o is refused', async (target, message) => {
    expect(await refusal(register(group.arn, target))).toBe(`ValidationError: ${message}`);
  });
});

describe('registering', () => {
  test('an instance that is none, not there, elsewhere or not running is refused, and nothing is registered', async () => {
    expect(await refusal(register(group.arn, { Id: vip }))).toBe(
      `ValidationError: Instance ID '${vip}' is not valid`,
    );
    const gone = ['i-0cccccccccccccccc', 'i-0dddddddddddddddd'];
    expect(await refusal(register(group.arn, { Id: serverB }, ...gone.map((Id) => ({ Id }))))).toBe(
      `InvalidTargetException: The following instances do not exist: '${gone[0]}', '${gone[1]}'`,
    );
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
    aws.ec2.failHost(serverB, { stopsAfterMs: 0 });
    await clock.advanceUntil(() => aws.ec2.world.findInstance(serverB)?.state !== 'running', 600_000);
    expect(await refusal(register(group.arn, { Id: serverB }))).toBe(
      `InvalidTargetException: The following targets are not in a running state and cannot be registered: '${serverB}'`,
    );
    group = addGroup({ name: 'far', port: 1, vpcId: 'vpc-0fffffffffffffff0' });
    expect(await refusal(register(group.arn, { Id: serverA }))).toBe(
      `InvalidTargetException: The following targets are not in the target group VPC 'vpc-0fffffffffffffff0': '${serverA}'`,
    );
  });

  test('one target more than a thousand times behind an application load balancer is refused', async () => {
    const front = elbv2.addLoadBalancer({ name: 'web', kind: 'application' });
    const [one, two] = (['one', 'two'] as const).map((name) =>
      addGroup({ name, protocol: 'HTTP', port: 80, loadBalancer: front }),
    );
    const ports = Array.from({ length: 999 }, (_, index) => ({ Id: serverA, Port: 1_000 + index }));
    await register(one?.arn ?? '', ...ports);
    const arn = two?.arn ?? '';
    await register(arn, { Id: serverA });
    expect(await refusal(register(arn, { Id: serverA, Port: 81 }))).toContain(
      'TooManyRegistrationsForTargetIdException: ',
    );
    await register(arn, { Id: serverB });
  });

  test('more than a thousand targets in a group is refused', async () => {
    const ports = Array.from({ length: 1_000 }, (_, index) => ({ Id: serverA, Port: 1_000 + index }));
    expect(await refusal(register(group.arn, ...ports))).toContain('TooManyTargetsException: ');
  });

  test('in a group that is not there, or without a target, is refused', async () => {
    const TargetGroupArn = `${group.arn.slice(0, -1)}x`;
    const Targets = [{ Id: serverA }];
    await expect(client.registerTargets({ TargetGroupArn, Targets })).rejects.toMatchObject({
      name: 'TargetGroupNotFoundException',
      message: `Target groups '${TargetGroupArn}' not found`,
      $metadata: { httpStatusCode: 400 },
    });
    expect(await refusal(client.describeTargetHealth({ TargetGroupArn: 'db' }))).toBe(
      "ValidationError: 'db' is not a valid target group ARN",
    );
    expect(await refusal(register(group.arn))).toContain('ValidationError: ');
  });
});

describe('target groups', () => {
  test('are described by ARN, by name, by load balancer and page by page', async () => {
    const other = addGroup({ name: 'web', targetType: 'ip', port: 80 });
    const named = async (input: Parameters<Client['describeTargetGroups']>[0]) => {
      const { TargetGroups = [] } = await client.describeTargetGroups(input ?? {});
      return TargetGroups.map(({ TargetGroupName }) => TargetGroupName);
    };
    expect(await named({})).toEqual(['db', 'web']);
    expect(await named({ TargetGroupArns: [other.arn] })).toEqual(['web']);
    expect(await named({ Names: ['db'] })).toEqual(['db']);
    expect(await named({ LoadBalancerArn: network.arn })).toEqual(['db']);
    const { NextMarker } = await client.describeTargetGroups({ PageSize: 1 });
    expect(await named({ PageSize: 1, Marker: NextMarker })).toEqual(['web']);
    expect(await refusal(named({ Names: ['db', 'no-such'] }))).toBe(
      'TargetGroupNotFoundException: One or more target groups not found',
    );
    const { TargetGroups } = await client.describeTargetGroups({ Names: ['db'] });
    expect(TargetGroups).toEqual([
      {
        TargetGroupArn: group.arn,
        TargetGroupName: 'db',
        Protocol: 'TCP',
        Port: 5432,
        VpcId: vpcId,
        HealthCheckProtocol: 'TCP',
        HealthCheckPort: 'traffic-port',
        HealthCheckEnabled: true,
        HealthCheckIntervalSeconds: 10,
        HealthCheckTimeoutSeconds: 10,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 2,
        LoadBalancerArns: [network.arn],
        TargetType: 'instance',
        IpAddressType: 'ipv4',
      },
    ]);
  });
});

test('permissions are asked for the group, and for everything when it is only looked at', async () => {
  const { iam } = aws.account;
  const allow = (Action: string[], Resource: string) => ({
    Statement: [{ Effect: 'Allow', Action, Resource }],
  });
  const actions = ['elasticloadbalancing:*Targets', 'elasticloadbalancing:DescribeTargetHealth'];
  iam.putRole('failover');
  iam.putRolePolicy('failover', 'targets', allow(actions, group.arn));
  const asRole = clientOf(iam.credentialsOf('failover'));
  const Targets = [{ Id: serverB }];
  await asRole.registerTargets({ TargetGroupArn: group.arn, Targets });
  await asRole.deregisterTargets({ TargetGroupArn: group.arn, Targets });
  await expect(asRole.describeTargetHealth({ TargetGroupArn: group.arn })).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('elasticloadbalancing:DescribeTargetHealth on resource: *'),
    $metadata: { httpStatusCode: 403 },
  });
  const other = addGroup({ name: 'x', targetType: 'ip', port: 1 });
  const elsewhere = asRole.registerTargets({ TargetGroupArn: other.arn, Targets: [{ Id: vip }] });
  expect(await refusal(elsewhere)).toContain(
    `elasticloadbalancing:RegisterTargets on resource: ${other.arn}`,
  );
});

test('the embedded AWS has it behind its front door', async () => {
  const embedded = new EmbeddedAws({
    clock,
    seed: 'elbv2',
    runtime: () => () => Promise.reject(new Error('nothing is invoked here')),
  });
  embedded.elbv2.addTargetGroup({ name: 'db', targetType: 'ip', protocol: 'TCP', port: 1, vpcId });
  const outside = new Client({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: embedded.requestHandler() as NonNullable<
      ElasticLoadBalancingV2ClientConfig['requestHandler']
    >,
  });
  expect((await outside.describeTargetGroups({})).TargetGroups).toMatchObject([{ TargetGroupName: 'db' }]);
  await embedded.stop();
});

test('what is not modelled is refused by name', async () => {
  expect(await refusal(client.describeLoadBalancers({}))).toContain('DescribeLoadBalancers');
  expect(await refusal(register(group.arn, { Id: serverA, QuicServerId: '0x1' }))).toContain('QuicServerId');
  expect(
    await refusal(client.describeTargetHealth({ TargetGroupArn: group.arn, Include: ['All'] })),
  ).toContain('Include');
});
