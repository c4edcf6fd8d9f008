/**
 * An EBS volume. It is never detached by force: what the other server has not written would be lost, and a volume that
 * does not come off says that the other server still has it.
 */
import {
  AttachVolumeCommand,
  DescribeVolumesCommand,
  DetachVolumeCommand,
  type Volume,
  type VolumeAttachment,
} from '@aws-sdk/client-ec2';
import type { DependentView } from '../recovery/dependent.ts';
import { Fault } from '../recovery/fault.ts';
import type { KindOf } from './dependents.ts';
import type { AskedEc2 } from './interfaces.ts';
import { withRetries } from './retry.ts';

export function volumes(asked: AskedEc2): KindOf<'volume'> {
  return {
    look: async ({ volumeId }, { instanceId }) => viewOf(await volumeOf(asked, volumeId), instanceId),
    async start({ volumeId, device }, { instanceId }) {
      const held = attachmentsOf(await volumeOf(asked, volumeId));
      if (held.some((each) => each.InstanceId === instanceId && isComing(each))) return;
      const [attachment] = held;
      if (attachment !== undefined)
        throw new Fault(
          'refused',
          `${volumeId} is still ${attachment.State} at ${attachment.InstanceId}`,
          'later',
        );
      const command = new AttachVolumeCommand({
        VolumeId: volumeId,
        InstanceId: instanceId,
        Device: device,
      });
      await withRetries(asked.retrying, 'ec2:AttachVolume', () => asked.ec2.send(command));
    },
    async stop({ volumeId }, { instanceId }) {
      const held = attachmentsOf(await volumeOf(asked, volumeId));
      if (!held.some((each) => each.InstanceId === instanceId && isComing(each))) return;
      const command = new DetachVolumeCommand({ VolumeId: volumeId, InstanceId: instanceId });
      await withRetries(asked.retrying, 'ec2:DetachVolume', () => asked.ec2.send(command));
    },
  };
}

async function volumeOf({ ec2, retrying }: AskedEc2, volumeId: string): Promise<Volume> {
  const command = new DescribeVolumesCommand({ Filters: [{ Name: 'volume-id', Values: [volumeId] }] });
  const reply = await withRetries(retrying, 'ec2:DescribeVolumes', () => ec2.send(command));
  const [volume] = reply.Volumes ?? [];
  if (volume === undefined) throw new Fault('not-found', `EC2 knows no volume ${volumeId}`, 'never');
  return volume;
}

function attachmentsOf({ Attachments }: Volume): readonly VolumeAttachment[] {
  return (Attachments ?? []).filter(({ State }) => State !== 'detached');
}

function isComing({ State }: VolumeAttachment): boolean {
  return State === 'attached' || State === 'attaching';
}

function viewOf(volume: Volume, instanceId: string): DependentView {
  const held = attachmentsOf(volume);
  const here = held.find((each) => each.InstanceId === instanceId);
  const there = held.find((each) => each.State === 'attached') ?? held[0];
  const { VolumeId, State } = volume;
  if (here !== undefined)
    return {
      state: here.State === 'attached' ? 'in-service' : 'changing',
      detail: `${VolumeId} is ${here.State} here as ${here.Device}`,
    };
  if (there !== undefined)
    return {
      state: there.State === 'attached' ? 'elsewhere' : 'changing',
      detail: `${VolumeId} is ${there.State} at ${there.InstanceId}`,
    };
  if (State === 'available') return { state: 'out-of-service', detail: `${VolumeId} is available` };
  return { state: State === 'creating' ? 'changing' : 'failed', detail: `${VolumeId} is ${State}` };
}
