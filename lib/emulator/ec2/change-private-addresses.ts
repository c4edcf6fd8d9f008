/** AssignPrivateIpAddresses and UnassignPrivateIpAddresses on the wire, and what IAM is asked about them. */
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { interfaceTarget } from './iam-targets.ts';
import type { Ec2 } from './model.ts';
import { assign, losers, unassign } from './private-addresses.ts';

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
      ec2.elasticIps.drop(PrivateIpAddress); // an Elastic IP goes with it, where a reassignment takes it along
      return { return: true };
    },
    ({ NetworkInterfaceId = '' }) => [interfaceTarget(ec2, NetworkInterfaceId)],
  );
}
