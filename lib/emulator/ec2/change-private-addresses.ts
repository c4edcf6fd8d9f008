/** AssignPrivateIpAddresses and UnassignPrivateIpAddresses on the wire, and what IAM is asked about them. */
import type { IamTarget } from '../iam.ts';
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import type { Ec2 } from './model.ts';
import { assign, losers, unassign } from './private-addresses.ts';
import type { NetworkInterface } from './records.ts';

/** Ipv4Prefix and Ipv4PrefixCount are left out: the shape refuses them by name. */
const assignInput = structure({
  NetworkInterfaceId: 'string',
  PrivateIpAddress: list('string'),
  SecondaryPrivateIpAddressCount: 'integer',
  AllowReassignment: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignPrivateIpAddresses.html */
export function assignPrivateIpAddresses(ec2: Ec2): Operation {
  return operation(
    assignInput,
    ({
      NetworkInterfaceId: id = '',
      PrivateIpAddress,
      SecondaryPrivateIpAddressCount,
      AllowReassignment,
    }) => {
      const held = assign(ec2.world, {
        interfaceId: id,
        addresses: PrivateIpAddress,
        count: SecondaryPrivateIpAddressCount,
        allowReassignment: AllowReassignment ?? false,
      });
      return {
        networkInterfaceId: id,
        assignedPrivateIpAddressesSet: held.map((privateIpAddress) => ({ privateIpAddress })),
      };
    },
    // Whether AWS asks about the interface that loses the address is not documented: the stricter reading.
    ({ NetworkInterfaceId: id = '', PrivateIpAddress = [], AllowReassignment }) => [
      interfaceTarget(ec2, id),
      ...(AllowReassignment ? losers(ec2.world, id, PrivateIpAddress) : []).map((eni) =>
        interfaceTarget(ec2, eni.id),
      ),
    ],
  );
}

const unassignInput = structure({ NetworkInterfaceId: 'string', PrivateIpAddress: list('string') });

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignPrivateIpAddresses.html */
export function unassignPrivateIpAddresses(ec2: Ec2): Operation {
  return operation(
    unassignInput,
    ({ NetworkInterfaceId = '', PrivateIpAddress = [] }) => {
      unassign(ec2.world, NetworkInterfaceId, PrivateIpAddress);
      return { return: true };
    },
    ({ NetworkInterfaceId = '' }) => [interfaceTarget(ec2, NetworkInterfaceId)],
  );
}

/** Keys: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html */
function interfaceTarget(ec2: Ec2, id: string): IamTarget {
  const eni = ec2.world.findInterface(id);
  const arn = ec2.account.arn('ec2', `network-interface/${id}`);
  return eni === undefined ? { arn } : { arn, keys: interfaceKeys(ec2, eni) };
}

function interfaceKeys({ account, world }: Ec2, eni: NetworkInterface): { readonly [key: string]: string } {
  const subnet = world.subnet(eni.subnetId);
  return {
    'ec2:NetworkInterfaceID': eni.id,
    'ec2:Subnet': account.arn('ec2', `subnet/${subnet.id}`),
    'ec2:Vpc': account.arn('ec2', `vpc/${subnet.vpcId}`),
    'ec2:AvailabilityZone': subnet.availabilityZone,
    'ec2:Region': account.region,
    ...resourceTagKeys(eni.tags),
  };
}

export function resourceTagKeys(tags: { readonly [key: string]: string }): {
  readonly [key: string]: string;
} {
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ec2:ResourceTag/${key}`, value],
    ]),
  );
}
