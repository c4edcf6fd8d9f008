/**
 * The resources that IAM is asked about, with their condition keys. An action that may name one of several resources is
 * asked about each that the request names: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
 */
import type { IamTarget } from '../iam.ts';
import type { Ec2 } from './model.ts';

type Keys = { readonly [key: string]: string };

export function instanceTarget(ec2: Ec2, id: string): IamTarget {
  const instance = ec2.world.findInstance(id);
  return target(ec2, 'instance', id, instance?.tags, {
    'ec2:InstanceID': id,
    'ec2:InstanceType': instance?.type,
    'ec2:AvailabilityZone': instance?.availabilityZone,
  });
}

export function interfaceTarget(ec2: Ec2, id: string): IamTarget {
  const eni = ec2.world.findInterface(id);
  const subnet = eni && ec2.world.subnet(eni.subnetId);
  return target(ec2, 'network-interface', id, eni?.tags, {
    'ec2:NetworkInterfaceID': id,
    'ec2:Subnet': subnet && ec2.account.arn('ec2', `subnet/${subnet.id}`),
    'ec2:Vpc': subnet && ec2.account.arn('ec2', `vpc/${subnet.vpcId}`),
    'ec2:AvailabilityZone': subnet?.availabilityZone,
  });
}

export function routeTableTarget(ec2: Ec2, id: string): IamTarget {
  const table = ec2.networks.findRouteTable(id);
  return target(ec2, 'route-table', id, table?.tags, {
    'ec2:RouteTableID': id,
    'ec2:Vpc': table && ec2.account.arn('ec2', `vpc/${table.vpcId}`),
  });
}

export function elasticIpTarget(ec2: Ec2, allocationId: string): IamTarget {
  const address = ec2.elasticIps.find(allocationId);
  return target(ec2, 'elastic-ip', allocationId, address?.tags, {
    'ec2:AllocationId': allocationId,
    'ec2:Domain': 'vpc',
    'ec2:PublicIpAddress': address?.publicIp,
  });
}

export function volumeTarget(ec2: Ec2, id: string): IamTarget {
  const volume = ec2.volumes.find(id);
  return target(ec2, 'volume', id, volume?.tags, {
    'ec2:VolumeID': id,
    'ec2:AvailabilityZone': volume?.availabilityZone,
  });
}

export function securityGroupTarget(ec2: Ec2, id: string): IamTarget {
  const group = ec2.securityGroups.find(id);
  return target(ec2, 'security-group', id, group?.tags, {
    'ec2:SecurityGroupID': id,
    'ec2:Vpc': group && ec2.account.arn('ec2', `vpc/${group.vpcId}`),
  });
}

/** One that does not exist has an ARN and no keys. */
function target(
  { account }: Ec2,
  type: string,
  id: string,
  tags: Keys | undefined,
  own: { readonly [key: string]: string | undefined },
): IamTarget {
  const arn = account.arn('ec2', `${type}/${id}`);
  if (tags === undefined) return { arn };
  const known = Object.entries(own).filter((each): each is [string, string] => each[1] !== undefined);
  const tagged = Object.entries(tags).flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value],
    [`ec2:ResourceTag/${key}`, value],
  ]);
  return { arn, keys: Object.fromEntries([...known, ['ec2:Region', account.region], ...tagged]) };
}
