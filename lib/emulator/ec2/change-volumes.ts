/** AttachVolume and DetachVolume on the wire. */
import { type Operation, operation, type Reply } from '../service.ts';
import { structure } from '../shapes.ts';
import { instanceTarget, volumeTarget } from './iam-targets.ts';
import type { Ec2 } from './model.ts';
import type { VolumeAttachment } from './records.ts';
import { refuseDryRun, required } from './reply-items.ts';

const attachInput = structure({
  VolumeId: 'string',
  InstanceId: 'string',
  Device: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html */
export function attachVolume(ec2: Ec2): Operation {
  return operation(
    attachInput,
    ({ VolumeId, InstanceId, Device, DryRun }) => {
      const volumeId = required(VolumeId, 'volumeId');
      const instanceId = required(InstanceId, 'instanceId');
      const device = required(Device, 'device');
      refuseDryRun(DryRun);
      return attachmentItem(volumeId, ec2.volumes.attach(volumeId, instanceId, device));
    },
    ({ VolumeId = '', InstanceId = '' }) => [volumeTarget(ec2, VolumeId), instanceTarget(ec2, InstanceId)],
  );
}

const detachInput = structure({
  VolumeId: 'string',
  InstanceId: 'string',
  Device: 'string',
  Force: 'boolean',
  DryRun: 'boolean',
});

/** Whether AWS asks about an instance that is not named is not documented: the stricter reading. */
export function detachVolume(ec2: Ec2): Operation {
  return operation(
    detachInput,
    ({ VolumeId, InstanceId: instanceId, Device: device, Force: force = false, DryRun }) => {
      const volumeId = required(VolumeId, 'volumeId');
      refuseDryRun(DryRun);
      return attachmentItem(volumeId, ec2.volumes.detach({ volumeId, instanceId, device, force }));
    },
    ({ VolumeId = '', InstanceId }) => {
      const instanceId = InstanceId ?? ec2.volumes.find(VolumeId)?.attachment?.instanceId;
      const volume = volumeTarget(ec2, VolumeId);
      return instanceId === undefined ? [volume] : [volume, instanceTarget(ec2, instanceId)];
    },
  );
}

export function attachmentItem(volumeId: string, attachment: VolumeAttachment): Reply {
  return {
    volumeId,
    instanceId: attachment.instanceId,
    device: attachment.device,
    status: attachment.state,
    attachTime: new Date(attachment.attachedAtMs),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}
