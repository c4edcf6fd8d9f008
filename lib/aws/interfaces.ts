/** Network interfaces as EC2 describes them, which most of what EC2 is asked begins with. */
import {
  DescribeNetworkInterfacesCommand,
  type EC2Client,
  type Filter,
  type NetworkInterface,
} from '@aws-sdk/client-ec2';
import { Fault } from '../recovery/fault.ts';
import type { InterfaceView } from '../recovery/observation.ts';
import { type Retrying, withRetries } from './retry.ts';

/** EC2's largest page; a filtered call also draws on the larger token bucket. */
const pageSize = 1000;
const maxPages = 10;

/** EC2, and how it is asked again. */
export interface AskedEc2 {
  readonly ec2: EC2Client;
  readonly retrying: Retrying;
}

/** @throws Fault */
export async function describeInterfaces(
  { ec2, retrying }: AskedEc2,
  filter: Filter,
): Promise<readonly NetworkInterface[]> {
  const interfaces: NetworkInterface[] = [];
  let next: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const command = new DescribeNetworkInterfacesCommand({
      Filters: [filter],
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

/** One that EC2 does not know is missing. @throws Fault */
export function interfacesById(
  asked: AskedEc2,
  eniIds: readonly string[],
): Promise<readonly NetworkInterface[]> {
  return describeInterfaces(asked, { Name: 'network-interface-id', Values: [...eniIds] });
}

/** @throws Fault `not-found` when EC2 does not know it */
export async function interfaceById(asked: AskedEc2, eniId: string): Promise<NetworkInterface> {
  const [eni] = await interfacesById(asked, [eniId]);
  if (eni === undefined) throw new Fault('not-found', `EC2 knows no interface ${eniId}`, 'never');
  return eni;
}

export function interfaceView(eni: NetworkInterface): InterfaceView {
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
