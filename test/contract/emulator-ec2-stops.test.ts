/** Why an instance was stopped: what tells a person's order from a failure. */
import {
  DescribeInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  type StopInstancesCommandInput,
} from '@aws-sdk/client-ec2';
import { beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import { serverA, type TwoZones, twoZones } from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function stop(input: Partial<StopInstancesCommandInput> = {}) {
  return aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA], ...input }));
}

async function shown() {
  const { Reservations } = await aws.ec2Client.send(new DescribeInstancesCommand({ InstanceIds: [serverA] }));
  const { State, StateReason, StateTransitionReason } = Reservations?.[0]?.Instances?.[0] ?? {};
  return { state: State?.Name, reason: StateReason?.Code, transition: StateTransitionReason };
}

test('a stop that was called for is initiated by a user, as soon as it begins', async () => {
  await stop();
  const reason = 'Client.UserInitiatedShutdown';
  const transition = 'User initiated (2026-01-05 10:00:00 GMT)';
  expect(await shown()).toEqual({ state: 'stopping', reason, transition });
  await clock.advance(8_000);
  expect(await shown()).toEqual({ state: 'stopped', reason, transition });
});

test('a shutdown from the operating system is initiated by the instance', async () => {
  aws.ec2.shutDownFromWithin(serverA);
  expect(aws.ec2.host(serverA)?.isUp()).toBe(false);
  expect(await shown()).toMatchObject({ state: 'stopping', reason: 'Client.InstanceInitiatedShutdown' });
  await clock.advance(4_000);
  expect(await shown()).toMatchObject({ state: 'stopped', reason: 'Client.InstanceInitiatedShutdown' });
});

test.each(['Server.ScheduledStop', 'Server.InternalError'] as const)(
  'a failure of the hardware is %s, when EC2 says so',
  async (stopReason) => {
    aws.ec2.failHost(serverA, { stopsAfterMs: 1_000, stopReason });
    await clock.advance(1_000);
    expect(await shown()).toMatchObject({ state: 'stopping', reason: stopReason });
    await clock.advance(4_000);
    expect(await shown()).toMatchObject({ state: 'stopped', reason: stopReason });
  },
);

test('a start forgets the reason', async () => {
  aws.ec2.shutDownFromWithin(serverA);
  await clock.advance(4_000);
  await aws.ec2Client.send(new StartInstancesCommand({ InstanceIds: [serverA] }));
  expect(await shown()).toEqual({ state: 'pending', reason: undefined, transition: '' });
});

test('a stop without shutdown cuts the power at once and takes as long as another', async () => {
  await stop({ SkipOsShutdown: true });
  expect(aws.ec2.host(serverA)?.isUp()).toBe(false);
  await clock.advance(7_999);
  expect((await shown()).state).toBe('stopping');
  await clock.advance(1);
  expect((await shown()).state).toBe('stopped');
});

test('hibernation is refused: no instance here is enabled for it', async () => {
  expect(await refusal(stop({ Hibernate: true }))).toMatch(/^UnsupportedHibernationConfiguration/);
  expect((await shown()).state).toBe('running');
});
