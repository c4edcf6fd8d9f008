/** Who owns an address, and making another interface own it: EC2's network interfaces. */
import {
  AssignPrivateIpAddressesCommand,
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  type Filter,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import type { AddressView, InterfaceView } from '../recovery/observation.ts';
import type { Addresses } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { looking, type Retrying, withRetries } from './retry.ts';

/** EC2's largest page; a filtered call also draws on the larger token bucket. */
const pageSize = 1000;
const maxPages = 10;

export function ec2Addresses(ec2: EC2Client, retrying: Retrying): Addresses {
  return {
    look: (eniIds, address) =>
      looking(async () => {
        // An address may be held by an interface that nobody declared, so both questions are asked, at the same time.
        const [declared, holders] = await Promise.all([
          describe(ec2, retrying, [{ Name: 'network-interface-id', Values: [...eniIds] }]),
          describe(ec2, retrying, [{ Name: 'addresses.private-ip-address', Values: [address] }]),
        ]);
        return found(viewOf(declared, holders, address));
      }),
    move: async (address, eniId) => {
      await withRetries(retrying, 'ec2:AssignPrivateIpAddresses', () =>
        ec2.send(
          new AssignPrivateIpAddressesCommand({
            NetworkInterfaceId: eniId,
            PrivateIpAddresses: [address],
            AllowReassignment: true,
          }),
        ),
      );
    },
  };
}

async function describe(
  ec2: EC2Client,
  retrying: Retrying,
  filters: Filter[],
): Promise<readonly NetworkInterface[]> {
  const interfaces: NetworkInterface[] = [];
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const command = new DescribeNetworkInterfacesCommand({
      Filters: filters,
      MaxResults: pageSize,
      NextToken: next,
    });
    const reply = await withRetries(retrying, 'ec2:DescribeNetworkInterfaces', () => ec2.send(command));
    interfaces.push(...(reply.NetworkInterfaces ?? []));
    next = reply.NextToken;
    if (next === undefined || next === '') return interfaces;
  }
  return interfaces;
}

function viewOf(
  declared: readonly NetworkInterface[],
  holders: readonly NetworkInterface[],
  address: string,
): AddressView {
  // The same private address may exist in another VPC; only the declared interfaces' own subnets count.
  const subnets = new Set(declared.map((each) => each.SubnetId));
  return {
    interfaces: Object.fromEntries(
      declared.map((each) => [each.NetworkInterfaceId ?? '', interfaceView(each)]),
    ),
    owners: holders
      .filter((holder) => subnets.has(holder.SubnetId))
      .map((holder) => ({
        eniId: holder.NetworkInterfaceId ?? '',
        asPrimary: holder.PrivateIpAddress === address,
      })),
  };
}

function interfaceView(eni: NetworkInterface): InterfaceView {
  const attachment = eni.Attachment?.Status === 'attached' ? eni.Attachment : undefined;
  return {
    eniId: eni.NetworkInterfaceId ?? '',
    mac: (eni.MacAddress ?? '').toLowerCase(),
    subnetId: eni.SubnetId ?? '',
    primaryAddress: eni.PrivateIpAddress ?? '',
    instanceId: attachment?.InstanceId ?? null,
    securityGroups: (eni.Groups ?? []).map((group) => group.GroupId ?? '').sort(),
    sourceDestCheck: eni.SourceDestCheck ?? true,
  };
}
