/** Makes sure that a server can no longer do anything: its instance is stopped, or its interfaces hear nobody. */
import { ModifyNetworkInterfaceAttributeCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import type { Fences } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { type AskedEc2, interfacesById, interfaceView } from './interfaces.ts';
import { looking, withRetries } from './retry.ts';

export function ec2Fences(asked: AskedEc2): Fences {
  const { ec2, retrying } = asked;
  return {
    async stop(instanceId) {
      // An operating system that does not shut down is not waited for.
      const command = new StopInstancesCommand({ InstanceIds: [instanceId], Force: true });
      await withRetries(retrying, 'ec2:StopInstances', () => ec2.send(command));
    },
    async isolate(eniIds, securityGroup) {
      for (const eniId of eniIds) {
        const command = new ModifyNetworkInterfaceAttributeCommand({
          NetworkInterfaceId: eniId,
          Groups: [securityGroup],
        });
        await withRetries(retrying, 'ec2:ModifyNetworkInterfaceAttribute', () => ec2.send(command));
      }
    },
    isolated: (eniIds, securityGroup) =>
      looking(async () => {
        const known = new Map(
          (await interfacesById(asked, eniIds)).map((each) => [each.NetworkInterfaceId, interfaceView(each)]),
        );
        const isAlone = (eniId: string) => known.get(eniId)?.securityGroups.join() === securityGroup;
        return found(eniIds.every(isAlone));
      }),
  };
}
