/** How many private addresses an interface has and may have, its primary one included; the limit is its instance's type's. */
import {
  DescribeInstancesCommand,
  DescribeInstanceTypesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import type { SlotLooks } from '../recovery/ports.ts';
import { couldNotLook, found } from '../recovery/reading.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/AvailableIpPerENI.html: a delegated prefix takes one slot. */
export function ec2Slots(ec2: EC2Client, retrying: Retrying): SlotLooks {
  return {
    look: (eniId) =>
      looking(async () => {
        const interfaces = await withRetries(retrying, 'ec2:DescribeNetworkInterfaces', () =>
          ec2.send(
            new DescribeNetworkInterfacesCommand({
              Filters: [{ Name: 'network-interface-id', Values: [eniId] }],
            }),
          ),
        );
        const [eni] = interfaces.NetworkInterfaces ?? [];
        const instanceId = eni?.Attachment?.InstanceId;
        if (eni === undefined || instanceId === undefined) return { kind: 'absent' };
        const most = await limitOf(ec2, retrying, instanceId);
        if (most === undefined) return couldNotLook(`EC2 does not say how many addresses ${eniId} may have`);
        return found({
          used: (eni.PrivateIpAddresses ?? []).length + (eni.Ipv4Prefixes ?? []).length,
          most,
        });
      }),
  };
}

async function limitOf(ec2: EC2Client, retrying: Retrying, instanceId: string): Promise<number | undefined> {
  const instances = await withRetries(retrying, 'ec2:DescribeInstances', () =>
    ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] })),
  );
  const type = instances.Reservations?.[0]?.Instances?.[0]?.InstanceType;
  if (type === undefined) return undefined;
  const types = await withRetries(retrying, 'ec2:DescribeInstanceTypes', () =>
    ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: [type] })),
  );
  return types.InstanceTypes?.[0]?.NetworkInfo?.Ipv4AddressesPerInterface;
}
