/** AssignIpv6Addresses and UnassignIpv6Addresses on the wire. Prefixes the shapes refuse by name. */
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { interfaceTarget } from './iam-targets.ts';
import { assignIpv6, unassignIpv6 } from './ipv6-addresses.ts';
import type { Ec2 } from './model.ts';
import { required } from './reply-items.ts';

const assignInput = structure({
  NetworkInterfaceId: 'string',
  Ipv6Addresses: list('string'),
  Ipv6AddressCount: 'integer',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssignIpv6Addresses.html */
export function assignIpv6Addresses(ec2: Ec2): Operation {
  return operation(
    assignInput,
    ({ NetworkInterfaceId, Ipv6Addresses: addresses, Ipv6AddressCount: count }) => {
      const interfaceId = required(NetworkInterfaceId, 'networkInterfaceId');
      const assignedIpv6Addresses = assignIpv6(ec2.world, { interfaceId, addresses, count });
      return { networkInterfaceId: interfaceId, assignedIpv6Addresses };
    },
    ({ NetworkInterfaceId = '' }) => [interfaceTarget(ec2, NetworkInterfaceId)],
  );
}

const unassignInput = structure({ NetworkInterfaceId: 'string', Ipv6Addresses: list('string') });

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_UnassignIpv6Addresses.html */
export function unassignIpv6Addresses(ec2: Ec2): Operation {
  return operation(
    unassignInput,
    ({ NetworkInterfaceId, Ipv6Addresses = [] }) => {
      const networkInterfaceId = required(NetworkInterfaceId, 'networkInterfaceId');
      return {
        networkInterfaceId,
        unassignedIpv6Addresses: unassignIpv6(ec2.world, networkInterfaceId, Ipv6Addresses),
      };
    },
    ({ NetworkInterfaceId = '' }) => [interfaceTarget(ec2, NetworkInterfaceId)],
  );
}
