import type { Account } from '../account.ts';
import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import type { NetworkInterface } from './records.ts';
import {
  addressSet,
  associationItem,
  elasticIpOf,
  groupSet,
  ipv6Set,
  privateDnsName,
  refuseDryRun,
  tagSet,
} from './reply-items.ts';

const input = structure({
  NetworkInterfaceId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html */
export function describeNetworkInterfaces(ec2: Ec2): Operation {
  const filters = filterTable(ec2);
  return operation(input, ({ NetworkInterfaceId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids?.map((id) => ec2.world.interface(id)) ?? ec2.world.interfaces();
    const shown = named.map((eni) => ec2.world.shown(eni));
    const { items, nextToken } = page(select(shown, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return { networkInterfaceSet: items.map((eni) => interfaceItem(ec2, eni)), nextToken };
  });
}

export function statusOf(eni: NetworkInterface): 'in-use' | 'available' {
  return eni.attachment === undefined ? 'available' : 'in-use';
}

function filterTable(ec2: Ec2): FilterTable<NetworkInterface> {
  const addresses = (eni: NetworkInterface) => [eni.primaryAddress, ...eni.secondaryAddresses];
  const elasticIps = (eni: NetworkInterface) =>
    addresses(eni).flatMap((address) => elasticIpOf(ec2, address) ?? []);
  const subnetOf = (eni: NetworkInterface) => ec2.world.subnet(eni.subnetId);
  return {
    ...tagFilters((eni: NetworkInterface) => eni.tags),
    'network-interface-id': (eni) => [eni.id],
    'addresses.private-ip-address': addresses,
    'addresses.association.public-ip': (eni) => elasticIps(eni).map(({ publicIp }) => publicIp),
    'association.public-ip': (eni) => elasticIps(eni).map(({ publicIp }) => publicIp),
    'association.allocation-id': (eni) => elasticIps(eni).map(({ allocationId }) => allocationId),
    'association.association-id': (eni) => elasticIps(eni).map(({ association }) => association?.id),
    'ipv6-addresses.ipv6-address': (eni) => eni.ipv6Addresses,
    'private-ip-address': addresses,
    'subnet-id': (eni) => [eni.subnetId],
    'vpc-id': (eni) => [subnetOf(eni).vpcId],
    'availability-zone': (eni) => [subnetOf(eni).availabilityZone],
    'attachment.instance-id': (eni) => [eni.attachment?.instanceId],
    'attachment.device-index': (eni) => [eni.attachment?.deviceIndex.toString()],
    'attachment.attachment-id': (eni) => [eni.attachment?.id],
    'attachment.status': (eni) => [eni.attachment && 'attached'],
    'mac-address': (eni) => [eni.macAddress],
    'group-id': (eni) => eni.securityGroupIds,
    'source-dest-check': (eni) => [String(eni.sourceDestCheck)],
    'owner-id': () => [ec2.account.id],
    status: (eni) => [statusOf(eni)],
  };
}

function interfaceItem(ec2: Ec2, eni: NetworkInterface): Reply {
  const { account, world } = ec2;
  const subnet = world.subnet(eni.subnetId);
  return {
    networkInterfaceId: eni.id,
    subnetId: subnet.id,
    vpcId: subnet.vpcId,
    availabilityZone: subnet.availabilityZone,
    description: '',
    ownerId: account.id,
    requesterManaged: false,
    status: statusOf(eni),
    macAddress: eni.macAddress,
    privateIpAddress: eni.primaryAddress,
    privateDnsName: privateDnsName(account, eni.primaryAddress),
    sourceDestCheck: eni.sourceDestCheck,
    groupSet: groupSet(ec2, eni.securityGroupIds),
    attachment: attachmentItem(account, eni),
    tagSet: tagSet(eni.tags),
    association: associationItem(ec2, eni.primaryAddress),
    privateIpAddressesSet: addressSet(ec2, eni),
    ipv6AddressesSet: ipv6Set(eni),
    ipv6Address: eni.ipv6Addresses[0],
    interfaceType: 'interface',
  };
}

function attachmentItem(account: Account, { attachment }: NetworkInterface): Reply | undefined {
  if (attachment === undefined) return undefined;
  return {
    attachmentId: attachment.id,
    instanceId: attachment.instanceId,
    instanceOwnerId: account.id,
    deviceIndex: attachment.deviceIndex,
    networkCardIndex: 0,
    status: 'attached',
    attachTime: new Date(attachment.attachedAtMs),
    deleteOnTermination: attachment.deleteOnTermination,
  };
}
