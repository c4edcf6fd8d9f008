import {
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  type Filter,
  StartInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import {
  backupA,
  ec2Client,
  primaryA,
  refusal,
  serverA,
  serverB,
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

async function stateOf(instanceId: string) {
  const { Reservations } = await client.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const instance = Reservations?.[0]?.Instances?.[0];
  return { state: instance?.State?.Name, reason: instance?.StateReason?.Code };
}

describe('the life of an instance', () => {
  const stop = (Force = false) => client.send(new StopInstancesCommand({ InstanceIds: [serverA], Force }));
  const start = () => client.send(new StartInstancesCommand({ InstanceIds: [serverA] }));
  const told = () => aws.events.map(({ detail }) => (detail as { state: string }).state);

  test('a stop passes through stopping, takes the guest down and leaves the addresses with the interfaces', async () => {
    const { StoppingInstances } = await stop();
    expect(StoppingInstances?.[0]).toMatchObject({
      PreviousState: { Name: 'running' },
      CurrentState: { Name: 'stopping', Code: 64 },
    });
    expect(aws.ec2.host(serverA)?.isUp()).toBe(true);
    await clock.advance(8_000);
    expect(await stateOf(serverA)).toEqual({ state: 'stopped', reason: 'Client.UserInitiatedShutdown' });
    expect(aws.ec2.host(serverA)?.isUp()).toBe(false);
    expect(await holders(vip)).toEqual([primaryA]);
    expect(told()).toEqual(['stopping', 'stopped']);
  });

  test('a start boots the guest and tells EventBridge each state', async () => {
    await stop();
    expect(await refusal(start())).toMatch(/^IncorrectInstanceState/);
    await clock.advance(8_000);
    await start();
    expect(await stateOf(serverA)).toEqual({ state: 'pending', reason: undefined });
    await clock.advance(5_000);
    expect(await stateOf(serverA)).toEqual({ state: 'running', reason: undefined });
    expect(aws.ec2.host(serverA)?.isUp()).toBe(true);
    expect(told()).toEqual(['stopping', 'stopped', 'pending', 'running']);
    expect(aws.events[0]).toMatchObject({
      source: 'aws.ec2',
      detailType: 'EC2 Instance State-change Notification',
      resources: [`arn:aws:ec2:us-east-1:123456789012:instance/${serverA}`],
      detail: { 'instance-id': serverA, state: 'stopping' },
    });
  });

  test('a forced stop takes the guest down at once', async () => {
    await stop(true);
    expect(aws.ec2.host(serverA)?.isUp()).toBe(false);
    await clock.advance(4_000);
    expect(await stateOf(serverA)).toMatchObject({ state: 'stopped' });
  });

  test('starting what runs and stopping what is stopped changes nothing', async () => {
    expect((await start()).StartingInstances?.[0]?.PreviousState?.Name).toBe('running');
    await stop();
    await clock.advance(8_000);
    expect((await stop()).StoppingInstances?.[0]?.CurrentState?.Name).toBe('stopped');
    expect(told()).toEqual(['stopping', 'stopped']);
  });

  test('a terminated instance loses its first interface, frees the second, and is seen for an hour', async () => {
    await client.send(new TerminateInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(5_000);
    expect(await stateOf(serverA)).toMatchObject({ state: 'terminated' });
    expect(await interfaces({ Name: 'network-interface-id', Values: [primaryA] })).toEqual([]);
    const [second] = await interfaces({ Name: 'network-interface-id', Values: [backupA] });
    expect(second?.Status).toBe('available');
    await clock.advance(3_600_000);
    expect(await refusal(stateOf(serverA))).toMatch(/^InvalidInstanceID.NotFound/);
  });

  test('one unknown instance in a list keeps all others as they are', async () => {
    const call = client.send(new StopInstancesCommand({ InstanceIds: [serverA, 'i-0dddddddddddddddd'] }));
    expect(await refusal(call)).toMatch(/^InvalidInstanceID.NotFound/);
    expect(await stateOf(serverA)).toMatchObject({ state: 'running' });
  });

  test('a dry run is refused with DryRunOperation and does nothing', async () => {
    const call = client.send(new StopInstancesCommand({ InstanceIds: [serverA], DryRun: true }));
    expect(await refusal(call)).toMatch(/^DryRunOperation/);
    expect(await stateOf(serverA)).toMatchObject({ state: 'running' });
  });

  test('events come as often as a planted fault says', async () => {
    aws.ec2.duplicateEvents(3);
    await stop();
    expect(told()).toEqual(['stopping', 'stopping', 'stopping']);
  });
});

describe('status checks', () => {
  async function statusOf(instanceId: string) {
    const { InstanceStatuses } = await client.send(
      new DescribeInstanceStatusCommand({ InstanceIds: [instanceId], IncludeAllInstances: true }),
    );
    const status = InstanceStatuses?.[0];
    return `${status?.InstanceState?.Name}: system ${status?.SystemStatus?.Status}, instance ${status?.InstanceStatus?.Status}`;
  }

  test('every minute a running instance passes both checks and has three metrics', async () => {
    await clock.advance(60_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance ok');
    expect(aws.metrics.filter(({ dimensions }) => dimensions['InstanceId'] === serverA)).toMatchObject([
      { namespace: 'AWS/EC2', name: 'StatusCheckFailed', value: 0, storageResolution: 60 },
      { namespace: 'AWS/EC2', name: 'StatusCheckFailed_Instance', value: 0 },
      { namespace: 'AWS/EC2', name: 'StatusCheckFailed_System', value: 0 },
    ]);
  });

  test('a guest that is down is noticed by the instance check of the next minute, not before', async () => {
    aws.ec2.host(serverA)?.halt();
    await clock.advance(59_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance ok');
    await clock.advance(1_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance impaired');
    const { InstanceStatuses } = await client.send(
      new DescribeInstanceStatusCommand({
        Filters: [{ Name: 'instance-status.status', Values: ['impaired'] }],
      }),
    );
    expect(InstanceStatuses?.[0]?.InstanceStatus?.Details).toEqual([
      { Name: 'reachability', Status: 'failed', ImpairedSince: new Date('2026-01-05T10:01:00Z') },
    ]);
  });

  test('an impaired instance is reported although its guest is up, until it is mended', async () => {
    aws.ec2.impairInstance(serverA);
    await clock.advance(60_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance impaired');
    aws.ec2.impairInstance(serverA, []);
    await clock.advance(60_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance ok');
  });

  test('dead hardware fails both checks, and EC2 stops the instance on its own account', async () => {
    aws.ec2.failHost(serverA, { stopsAfterMs: 90_000 });
    expect(aws.ec2.host(serverA)?.isUp()).toBe(false);
    await clock.advance(60_000);
    expect(await statusOf(serverA)).toBe('running: system impaired, instance impaired');
    await clock.advance(34_000);
    expect(await stateOf(serverA)).toEqual({ state: 'stopped', reason: 'Server.ScheduledStop' });
    expect(aws.events).toHaveLength(2);
  });

  test('a stop without force hangs on dead hardware, a forced one does not', async () => {
    aws.ec2.failHost(serverA, { stopHangsMs: 600_000 });
    await client.send(new StopInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(120_000);
    expect(await stateOf(serverA)).toMatchObject({ state: 'stopping' });
    await client.send(new StopInstancesCommand({ InstanceIds: [serverA], Force: true }));
    await clock.advance(4_000);
    expect(await stateOf(serverA)).toMatchObject({ state: 'stopped' });
  });

  test('a stopped instance has no checks and no metrics, and is listed only when all are asked for', async () => {
    await client.send(new StopInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(8_000);
    aws.metrics.length = 0;
    await clock.advance(120_000);
    expect(aws.metrics.filter(({ dimensions }) => dimensions['InstanceId'] === serverA)).toEqual([]);
    expect(await statusOf(serverA)).toBe('stopped: system not-applicable, instance not-applicable');
    const { InstanceStatuses } = await client.send(new DescribeInstanceStatusCommand({ MaxResults: 50 }));
    expect(InstanceStatuses?.map(({ InstanceId }) => InstanceId)).toEqual([serverB]);
  });

  test('after a start the checks are initializing until they have run', async () => {
    await client.send(new StopInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(8_000);
    await client.send(new StartInstancesCommand({ InstanceIds: [serverA] }));
    await clock.advance(5_000);
    expect(await statusOf(serverA)).toBe('running: system initializing, instance initializing');
    await clock.advance(60_000);
    expect(await statusOf(serverA)).toBe('running: system ok, instance ok');
  });

  test('nothing happens by itself after the service is stopped', async () => {
    aws.ec2.failHost(serverA, { stopsAfterMs: 1_000 });
    aws.ec2.stop();
    await clock.advance(600_000);
    expect(aws.events).toEqual([]);
    expect(aws.metrics).toEqual([]);
  });
});

describe('faults of the wiring', () => {
  test('a detached interface leaves the guest and keeps its addresses', async () => {
    aws.ec2.detachInterface(primaryA);
    const links = await clock.run(
      aws.ec2.host(serverA)?.exec('ip -o link', { timeoutMs: 1_000 }) ?? Promise.reject(new Error('no host')),
    );
    expect(links.stdout).not.toContain('eth0');
    expect(await holders(vip)).toEqual([primaryA]);
    expect(aws.ec2.eniOwning(vip)).toEqual({ mac: '02:00:00:00:0a:00', hostId: undefined });
    aws.ec2.attachInterface(primaryA, serverA, { deviceIndex: 0, device: 'eth0' });
    expect(aws.ec2.eniOwning(vip)?.hostId).toBe(serverA);
  });
});
