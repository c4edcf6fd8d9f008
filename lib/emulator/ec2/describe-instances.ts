import { type Operation, operation, type Reply } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { statusOf } from './describe-network-interfaces.ts';
import { type FilterTable, filterShape, select, tagFilters } from './filters.ts';
import type { Ec2 } from './model.ts';
import { page } from './pages.ts';
import { type Instance, type NetworkInterface, stateCodes } from './records.ts';
import {
  addressSet,
  associationItem,
  elasticIpOf,
  groupSet,
  instanceProfile,
  ipv6Set,
  privateDnsName,
  publicDnsName,
  refuseDryRun,
  stateItem,
  tagSet,
} from './reply-items.ts';

const input = structure({
  InstanceId: list('string'),
  Filter: filterShape,
  MaxResults: 'integer',
  NextToken: 'string',
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstances.html: one reservation per instance here. */
export function describeInstances(ec2: Ec2): Operation {
  const filters = filterTable(ec2);
  return operation(input, ({ InstanceId: ids, Filter, MaxResults, NextToken, DryRun }) => {
    refuseDryRun(DryRun);
    const named = ids === undefined ? ec2.world.instances() : ec2.world.instancesById(ids);
    const { items, nextToken } = page(select(named, Filter, filters), {
      ids,
      maxResults: MaxResults,
      nextToken: NextToken,
    });
    return { reservationSet: items.map((instance) => reservationItem(ec2, instance)), nextToken };
  });
}

function filterTable(ec2: Ec2): FilterTable<Instance> {
  const { world } = ec2;
  const interfaces = ({ id }: Instance) => world.interfacesOf(id).map((eni) => world.shown(eni));
  const subnets = (instance: Instance) =>
    interfaces(instance)
      .slice(0, 1)
      .map((eni) => world.subnet(eni.subnetId));
  return {
    ...tagFilters((instance: Instance) => instance.tags),
    'instance-id': ({ id }) => [id],
    'instance-state-name': ({ state }) => [state],
    'instance-state-code': ({ state }) => [String(stateCodes[state])],
    'instance-type': ({ type }) => [type],
    'availability-zone': ({ availabilityZone }) => [availabilityZone],
    'private-ip-address': (instance) =>
      interfaces(instance)
        .slice(0, 1)
        .map((eni) => eni.primaryAddress),
    'subnet-id': (instance) => subnets(instance).map(({ id }) => id),
    'vpc-id': (instance) => subnets(instance).map(({ vpcId }) => vpcId),
    'network-interface.network-interface-id': (instance) => interfaces(instance).map(({ id }) => id),
    'network-interface.mac-address': (instance) => interfaces(instance).map(({ macAddress }) => macAddress),
    'ip-address': (instance) =>
      interfaces(instance)
        .slice(0, 1)
        .map((eni) => elasticIpOf(ec2, eni.primaryAddress)?.publicIp),
    'network-interface.ipv6-addresses.ipv6-address': (instance) =>
      interfaces(instance).flatMap((eni) => eni.ipv6Addresses),
    'network-interface.addresses.private-ip-address': (instance) =>
      interfaces(instance).flatMap((eni) => [eni.primaryAddress, ...eni.secondaryAddresses]),
  };
}

function reservationItem(ec2: Ec2, instance: Instance): Reply {
  return {
    reservationId: `r-${instance.id.slice('i-'.length)}`,
    ownerId: ec2.account.id,
    groupSet: [],
    instancesSet: [instanceItem(ec2, instance)],
  };
}

/** What is not modelled (image, root volume, platform) is left out rather than made up. */
function instanceItem(ec2: Ec2, instance: Instance): Reply {
  const { account, world } = ec2;
  const interfaces = world.interfacesOf(instance.id).map((eni) => world.shown(eni));
  const first = interfaces[0];
  const publicIp = first && elasticIpOf(ec2, first.primaryAddress)?.publicIp;
  return {
    instanceId: instance.id,
    instanceState: stateItem(instance.state),
    privateDnsName: first === undefined ? '' : privateDnsName(account, first.primaryAddress),
    dnsName: publicIp === undefined ? '' : publicDnsName(account, publicIp),
    reason: instance.transitionReason,
    amiLaunchIndex: 0,
    productCodes: [],
    instanceType: instance.type,
    launchTime: new Date(instance.launchedAtMs),
    placement: { availabilityZone: instance.availabilityZone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId: first?.subnetId,
    vpcId: first && world.subnet(first.subnetId).vpcId,
    privateIpAddress: first?.primaryAddress,
    ipAddress: publicIp,
    ipv6Address: first?.ipv6Addresses[0],
    sourceDestCheck: first?.sourceDestCheck,
    groupSet: groupSet(ec2, first?.securityGroupIds ?? []),
    stateReason: instance.stateReason,
    blockDeviceMapping: blockDevices(ec2, instance),
    iamInstanceProfile: instanceProfile(account, instance.role),
    tagSet: tagSet(instance.tags),
    networkInterfaceSet: interfaces.map((eni) => interfaceItem(ec2, eni)),
    ebsOptimized: false,
    enaSupport: true,
  };
}

function blockDevices({ volumes }: Ec2, { id: instanceId }: Instance): readonly Reply[] {
  return volumes
    .all()
    .map((volume) => volumes.shown(volume))
    .flatMap(({ id: volumeId, attachment }) =>
      attachment?.instanceId === instanceId
        ? {
            deviceName: attachment.device,
            ebs: {
              volumeId,
              status: attachment.state,
              attachTime: new Date(attachment.attachedAtMs),
              deleteOnTermination: attachment.deleteOnTermination,
            },
          }
        : [],
    );
}

function interfaceItem(ec2: Ec2, eni: NetworkInterface): Reply {
  const { account, world } = ec2;
  const { attachment } = eni;
  return {
    networkInterfaceId: eni.id,
    subnetId: eni.subnetId,
    vpcId: world.subnet(eni.subnetId).vpcId,
    description: '',
    ownerId: account.id,
    status: statusOf(eni),
    macAddress: eni.macAddress,
    privateIpAddress: eni.primaryAddress,
    privateDnsName: privateDnsName(account, eni.primaryAddress),
    sourceDestCheck: eni.sourceDestCheck,
    groupSet: groupSet(ec2, eni.securityGroupIds),
    attachment: attachment && {
      attachmentId: attachment.id,
      deviceIndex: attachment.deviceIndex,
      networkCardIndex: 0,
      status: 'attached',
      attachTime: new Date(attachment.attachedAtMs),
      deleteOnTermination: attachment.deleteOnTermination,
    },
    association: associationItem(ec2, eni.primaryAddress),
    privateIpAddressesSet: addressSet(ec2, eni),
    ipv6AddressesSet: ipv6Set(eni),
    interfaceType: 'interface',
  };
}
