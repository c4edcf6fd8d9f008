import {
  AttachVolumeCommand,
  type AttachVolumeCommandInput,
  DescribeInstancesCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type DetachVolumeCommandInput,
  type Filter,
  StopInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { refusal } from './two-servers.ts';
import {
  client,
  clientWith,
  nobody,
  serverA,
  serverB,
  type TwoZones,
  twoZones,
  volumeId,
} from './two-zones.ts';

let clock: VirtualClock;
let aws: TwoZones;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoZones(clock);
});

function attach(input: Partial<AttachVolumeCommandInput>) {
  return aws.ec2Client.send(
    new AttachVolumeCommand({ VolumeId: volumeId, InstanceId: client, Device: '/dev/sdf', ...input }),
  );
}

function detach(input: Partial<DetachVolumeCommandInput> = {}) {
  return aws.ec2Client.send(new DetachVolumeCommand({ VolumeId: volumeId, ...input }));
}

async function volumes(...Filters: Filter[]) {
  const { Volumes = [] } = await aws.ec2Client.send(new DescribeVolumesCommand({ Filters }));
  return Volumes;
}

/** Such as `in-use: attached to i-1 as /dev/sdf`. */
async function state(id = volumeId) {
  const [volume] = await volumes({ Name: 'volume-id', Values: [id] });
  const [attachment] = volume?.Attachments ?? [];
  return attachment === undefined
    ? volume?.State
    : `${volume?.State}: ${attachment.State} to ${attachment.InstanceId} as ${attachment.Device}`;
}

const attachedToA = `in-use: attached to ${serverA} as /dev/sdf`;

describe('describing volumes', () => {
  test('a volume shows its size, zone, state and attachment', async () => {
    expect(await volumes({ Name: 'tag:Cluster', Values: ['db'] })).toMatchObject([
      {
        VolumeId: volumeId,
        Size: 100,
        AvailabilityZone: 'us-east-1a',
        State: 'in-use',
        Attachments: [
          { InstanceId: serverA, Device: '/dev/sdf', State: 'attached', DeleteOnTermination: false },
        ],
      },
    ]);
  });

  test('its instance shows it as well', async () => {
    const { Reservations } = await aws.ec2Client.send(
      new DescribeInstancesCommand({ InstanceIds: [serverA] }),
    );
    expect(Reservations?.[0]?.Instances?.[0]?.BlockDeviceMappings).toMatchObject([
      { DeviceName: '/dev/sdf', Ebs: { VolumeId: volumeId, Status: 'attached' } },
    ]);
  });

  test.each<[Filter, number]>([
    [{ Name: 'attachment.instance-id', Values: [serverA] }, 1],
    [{ Name: 'attachment.status', Values: ['attached'] }, 1],
    [{ Name: 'status', Values: ['available'] }, 1],
    [{ Name: 'availability-zone', Values: ['us-east-1?'] }, 2],
  ])('volumes are filtered by %j', async (filter, expected) => {
    aws.ec2.volumes.add({ availabilityZone: 'us-east-1b' });
    expect(await volumes(filter)).toHaveLength(expected);
  });

  test('a volume that does not exist is refused by name', async () => {
    const named = (id: string) =>
      refusal(aws.ec2Client.send(new DescribeVolumesCommand({ VolumeIds: [volumeId, id] })));
    expect(await named(`vol-${nobody}`)).toBe(
      `InvalidVolume.NotFound: The volume 'vol-${nobody}' does not exist.`,
    );
    expect(await named('disk')).toMatch(/^InvalidVolumeID.Malformed/);
  });
});

describe('moving a volume', () => {
  test('it is detached, free, attached elsewhere, each after its time', async () => {
    expect(await detach()).toMatchObject({ State: 'detaching', InstanceId: serverA });
    await clock.advance(2_999);
    expect(await state()).toBe(`in-use: detaching to ${serverA} as /dev/sdf`);
    await clock.advance(1);
    expect(await state()).toBe('available');
    expect(await attach({ Device: '/dev/sdg' })).toMatchObject({ State: 'attaching', InstanceId: client });
    expect(await state()).toBe(`in-use: attaching to ${client} as /dev/sdg`);
    await clock.advance(2_000);
    expect(await state()).toBe(`in-use: attached to ${client} as /dev/sdg`);
  });

  test('the times are what the world says', async () => {
    aws.ec2.volumes.detachMs = 60_000;
    await detach();
    await clock.advance(59_999);
    expect(await state()).toContain('detaching');
    await clock.advance(1);
    expect(await state()).toBe('available');
  });

  test('a second detachment while the first is under way changes nothing', async () => {
    await detach();
    await clock.advance(2_000);
    expect((await detach()).State).toBe('detaching');
    await clock.advance(1_000);
    expect(await state()).toBe('available');
  });

  test('with a lag, a Describe shows the old state until the lag is over', async () => {
    aws.ec2.describeLagMs = 4_000;
    await detach();
    expect(await state()).toBe(attachedToA);
    await clock.advance(4_000);
    expect(await state()).toContain('detaching');
    await clock.advance(3_000);
    expect(await state()).toBe('available');
  });

  test.each<[string, Partial<AttachVolumeCommandInput>, string]>([
    ['a volume that is attached', {}, `VolumeInUse: ${volumeId} is already attached to an instance`],
    [
      'a volume that does not exist',
      { VolumeId: `vol-${nobody}` },
      `InvalidVolume.NotFound: The volume 'vol-${nobody}' does not exist.`,
    ],
    [
      'an instance that does not exist',
      { InstanceId: `i-${nobody}` },
      `InvalidInstanceID.NotFound: The instance ID 'i-${nobody}' does not exist`,
    ],
    ['no device', { Device: '' }, 'MissingParameter: The request must contain the parameter device'],
  ])('refuses to attach %s', async (_, input, expected) => {
    expect(await refusal(attach(input))).toBe(expected);
    expect(await state()).toBe(attachedToA);
  });

  test('refuses an instance in another zone, a device that is taken, and an instance on its way down', async () => {
    const { id: VolumeId } = aws.ec2.volumes.add({ availabilityZone: 'us-east-1a' });
    expect(await refusal(attach({ VolumeId, InstanceId: serverB }))).toBe(
      `InvalidVolume.ZoneMismatch: The volume '${VolumeId}' is not in the same availability zone as instance '${serverB}'`,
    );
    expect(await refusal(attach({ VolumeId, InstanceId: serverA }))).toBe(
      "InvalidParameterValue: Invalid value '/dev/sdf' for unixDevice. Attachment point /dev/sdf is already in use",
    );
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [client] }));
    expect(await refusal(attach({ VolumeId }))).toMatch(/^IncorrectState: Instance/);
    await clock.advance(8_000);
    expect(await refusal(attach({ VolumeId }))).toBe('accepted');
  });

  test('refuses to detach what is not attached, or not there', async () => {
    const { id: VolumeId } = aws.ec2.volumes.add();
    expect(await refusal(detach({ VolumeId }))).toBe(
      `IncorrectState: Volume '${VolumeId}' is in the 'available' state.`,
    );
    expect(await refusal(detach({ InstanceId: serverB }))).toMatch(/^InvalidAttachment.NotFound/);
    expect(await refusal(detach({ Device: '/dev/sdz' }))).toMatch(/^InvalidAttachment.NotFound/);
    expect(await state()).toBe(attachedToA);
  });
});

describe('a detachment that hangs', () => {
  const busy = `in-use: busy to ${serverA} as /dev/sdf`;

  test('is busy while the guest holds on, and ends when it lets go', async () => {
    aws.ec2.volumes.hold(volumeId, true);
    await detach();
    await clock.advance(600_000);
    expect(await state()).toBe(busy);
    expect(await refusal(attach({}))).toMatch(/^VolumeInUse/);
    aws.ec2.volumes.hold(volumeId, false);
    expect(await state()).toBe('available');
  });

  test('ends by force', async () => {
    aws.ec2.volumes.hold(volumeId, true);
    await detach();
    await clock.advance(3_000);
    expect((await detach({ Force: true })).State).toBe('detaching');
    await clock.advance(3_000);
    expect(await state()).toBe('available');
  });

  test('ends when its instance is stopped', async () => {
    aws.ec2.volumes.hold(volumeId, true);
    await detach();
    await clock.advance(3_000);
    await aws.ec2Client.send(new StopInstancesCommand({ InstanceIds: [serverA], Force: true }));
    await clock.advance(4_000);
    expect(await state()).toBe('available');
  });

  test('is what becomes of it on dead hardware, until EC2 has stopped the instance', async () => {
    aws.ec2.failHost(serverA, { stopsAfterMs: 60_000 });
    await detach();
    await clock.advance(59_000);
    expect(await state()).toBe(busy);
    await clock.advance(5_000);
    expect(await state()).toBe('available');
  });
});

test('a volume outlives its instance unless it goes with it', async () => {
  const { id } = aws.ec2.volumes.add({
    attachedTo: { instanceId: serverA, device: '/dev/sdg' },
    deleteOnTermination: true,
  });
  await aws.ec2Client.send(new TerminateInstancesCommand({ InstanceIds: [serverA] }));
  await clock.advance(5_000);
  expect(await state()).toBe('available');
  expect(await state(id)).toBeUndefined();
});

test('nothing happens by itself after the service is stopped', async () => {
  await detach();
  aws.ec2.stop();
  await clock.advance(600_000);
  expect(await state()).toContain('detaching');
});

test.each(['AttachVolume', 'DetachVolume'])('%s draws from its own bucket', async (action) => {
  aws.ec2.throttle.drain(action);
  const call = action === 'AttachVolume' ? attach({}) : detach();
  expect(await refusal(call)).toBe('RequestLimitExceeded: Request limit exceeded.');
});

test('a role is authorised on the volume and on the instance', async () => {
  const Action = ['ec2:AttachVolume', 'ec2:DetachVolume'];
  const onVolumes = { Action, Resource: 'arn:aws:ec2:*:*:volume/*' };
  const detached = (statement: object) =>
    refusal(clientWith(aws, statement).send(new DetachVolumeCommand({ VolumeId: volumeId })));
  expect(await detached(onVolumes)).toMatch(
    new RegExp(`^UnauthorizedOperation: .* on resource: .*:instance/${serverA}`),
  );
  expect(await detached({ ...onVolumes, Resource: `arn:aws:ec2:*:*:*/*0aaaaaaaaaaaaaaaa` })).toBe('accepted');
});
