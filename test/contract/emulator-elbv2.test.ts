import { StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { TargetGroup } from '../../lib/emulator/elbv2/records.ts';
import { type Elbv2Account, elbv2Account } from './elbv2-account.ts';
import { ec2Client, serverA, serverB } from './two-servers.ts';

const a = `${serverA}:5432`;
const b = `${serverB}:5432`;

let clock: VirtualClock;
let aws: Elbv2Account['aws'];
let elbv2: Elbv2Account['elbv2'];
let client: Elbv2Account['client'];
let addGroup: Elbv2Account['addGroup'];
let register: Elbv2Account['register'];
let deregister: Elbv2Account['deregister'];
let health: Elbv2Account['health'];
let group: TargetGroup;

beforeEach(() => {
  clock = new VirtualClock();
  const account = elbv2Account(clock);
  ({ aws, elbv2, client, addGroup, register, deregister, health, db: group } = account);
});

describe('a target that is registered', () => {
  test('registers, is looked at as often as the threshold says, and is healthy', async () => {
    await register(group.arn, { Id: serverB });
    expect(await health(group.arn)).toEqual({ [a]: 'healthy', [b]: 'initial Elb.RegistrationInProgress' });
    await clock.advance(20_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy', [b]: 'initial Elb.InitialHealthChecking' });
    await clock.advance(10_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy', [b]: 'healthy' });
  });

  test('behind an application load balancer is healthy after its first check', async () => {
    const front = elbv2.addLoadBalancer({ name: 'web', kind: 'application' });
    group = addGroup({ name: 'web', protocol: 'HTTP', port: 80, loadBalancer: front });
    await register(group.arn, { Id: serverA });
    await clock.advance(20_000);
    expect(await health(group.arn)).toEqual({ [`${serverA}:80`]: 'healthy' });
  });

  test('and is registered again stays as it is', async () => {
    await register(group.arn, { Id: serverA }, { Id: serverA, Port: 5432 });
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
  });

  test('on another port is another target', async () => {
    await register(group.arn, { Id: serverA, Port: 6432 });
    expect(await health(group.arn)).toEqual({
      [a]: 'healthy',
      [`${serverA}:6432`]: 'initial Elb.RegistrationInProgress',
    });
  });

  test('says how it is in full', async () => {
    await register(group.arn, { Id: serverB });
    const { TargetHealthDescriptions } = await client.describeTargetHealth({
      TargetGroupArn: group.arn,
      Targets: [{ Id: serverB }, { Id: 'i-0cccccccccccccccc' }],
    });
    expect(TargetHealthDescriptions).toEqual([
      {
        Target: { Id: serverB, Port: 5432 },
        HealthCheckPort: '5432',
        TargetHealth: {
          State: 'initial',
          Reason: 'Elb.RegistrationInProgress',
          Description: 'Target registration is in progress',
        },
      },
      {
        Target: { Id: 'i-0cccccccccccccccc', Port: 5432 },
        TargetHealth: {
          State: 'unused',
          Reason: 'Target.NotRegistered',
          Description: 'Target is not registered to the target group',
        },
      },
    ]);
  });
});

describe('the health of a target', () => {
  test('turns at the thresholds, by what the hook finds', async () => {
    let up = false;
    elbv2.isHealthy = ({ id }) => id !== serverA || up;
    await clock.advance(10_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
    await clock.advance(10_000);
    expect(await health(group.arn)).toEqual({ [a]: 'unhealthy Target.FailedHealthChecks' });
    up = true;
    await clock.advance(10_000);
    expect(await health(group.arn)).toEqual({ [a]: 'unhealthy Target.FailedHealthChecks' });
    await clock.advance(10_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
  });

  test('is what a slow hook says, if the target is still there by then', async () => {
    elbv2.isHealthy = async () => {
      await clock.sleep(3_000);
      return false;
    };
    await clock.advance(10_000);
    await deregister(group.arn, { Id: serverA });
    await clock.advance(3_000);
    expect(await health(group.arn)).toEqual({ [a]: 'draining Target.DeregistrationInProgress' });
    await clock.advance(27_000);
    expect(await health(group.arn)).toEqual({});
  });

  test('never becomes healthy when it never passes', async () => {
    elbv2.isHealthy = ({ id }) => id !== serverB;
    await register(group.arn, { Id: serverB });
    await clock.advance(30_000);
    expect(await health(group.arn)).toMatchObject({ [b]: 'unhealthy Target.FailedHealthChecks' });
  });

  test('is unused while the instance is stopped, and begins anew when it runs again', async () => {
    const ec2 = ec2Client(aws);
    await ec2.send(new StopInstancesCommand({ InstanceIds: [serverA], Force: true }));
    await clock.advanceUntil(() => aws.ec2.world.findInstance(serverA)?.state === 'stopped', 600_000);
    expect(await health(group.arn)).toEqual({ [a]: 'unused Target.InvalidState' });
    await clock.advance(10_000);
    await ec2.send(new StartInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advanceUntil(() => aws.ec2.world.findInstance(serverA)?.state === 'running', 600_000);
    expect(await health(group.arn)).toEqual({ [a]: 'initial Elb.InitialHealthChecking' });
    await clock.advance(20_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
  });

  test('is unused in a group that no listener sends to, and in a zone that is not enabled', async () => {
    group = addGroup({ name: 'idle', port: 1, targets: [{ id: serverA }] });
    expect(await health(group.arn)).toEqual({ [`${serverA}:1`]: 'unused Target.NotInUse' });
    await deregister(group.arn, { Id: serverA });
    expect(await health(group.arn)).toEqual({});
    const oneZone = elbv2.addLoadBalancer({
      ...{ name: 'b', kind: 'network', availabilityZones: ['us-east-1b'] },
    });
    group = addGroup({ name: 'zonal', port: 1, loadBalancer: oneZone, targets: [{ id: serverA }] });
    expect(await health(group.arn)).toEqual({ [`${serverA}:1`]: 'unused Target.NotInUse' });
  });
});

describe('a target that is deregistered', () => {
  test('drains for the delay and is gone then', async () => {
    await deregister(group.arn, { Id: serverA });
    expect(await health(group.arn)).toEqual({ [a]: 'draining Target.DeregistrationInProgress' });
    await clock.advance(29_999);
    expect(await health(group.arn, { Id: serverA })).toEqual({
      [a]: 'draining Target.DeregistrationInProgress',
    });
    await clock.advance(1);
    expect(await health(group.arn, { Id: serverA })).toEqual({ [a]: 'unused Target.NotRegistered' });
    expect(await health(group.arn)).toEqual({});
  });

  test('is gone at once when the delay is zero', async () => {
    elbv2.setDeregistrationDelay(group.arn, 0);
    await deregister(group.arn, { Id: serverA });
    expect(await health(group.arn)).toEqual({});
  });

  test('and registered again while it drains begins anew, and does not go', async () => {
    await deregister(group.arn, { Id: serverA });
    await clock.advance(10_000);
    await register(group.arn, { Id: serverA });
    expect(await health(group.arn)).toEqual({ [a]: 'initial Elb.RegistrationInProgress' });
    await clock.advance(30_000);
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
  });

  test('again, or never registered, or on another port, is passed over', async () => {
    await deregister(group.arn, { Id: serverB }, { Id: serverA, Port: 6432 });
    expect(await health(group.arn)).toEqual({ [a]: 'healthy' });
    await deregister(group.arn, { Id: serverA });
    await clock.advance(10_000);
    await deregister(group.arn, { Id: serverA });
    await clock.advance(20_000);
    expect(await health(group.arn)).toEqual({});
  });
});
