/** EC2 for the gateway: which operations there are, each behind its token bucket. */
import type { Operation, Service } from '../service.ts';
import { allocateAddress, associateAddress, disassociateAddress } from './change-elastic-ips.ts';
import { startInstances, stopInstances, terminateInstances } from './change-instance-states.ts';
import { assignIpv6Addresses, unassignIpv6Addresses } from './change-ipv6-addresses.ts';
import { modifyNetworkInterfaceAttribute } from './change-network-interfaces.ts';
import { assignPrivateIpAddresses, unassignPrivateIpAddresses } from './change-private-addresses.ts';
import { createRoute, deleteRoute, replaceRoute } from './change-routes.ts';
import { attachVolume, detachVolume } from './change-volumes.ts';
import { describeAddresses } from './describe-addresses.ts';
import { describeInstanceStatus } from './describe-instance-status.ts';
import { describeInstanceTypes } from './describe-instance-types.ts';
import { describeInstances } from './describe-instances.ts';
import { describeNetworkInterfaces } from './describe-network-interfaces.ts';
import { describeRouteTables } from './describe-route-tables.ts';
import { describeSecurityGroups } from './describe-security-groups.ts';
import { describeSubnets } from './describe-subnets.ts';
import { describeVolumes } from './describe-volumes.ts';
import type { Ec2 } from './model.ts';

export function ec2Service(ec2: Ec2): Service {
  const operations = {
    AllocateAddress: allocateAddress(ec2),
    AssignIpv6Addresses: assignIpv6Addresses(ec2),
    AssignPrivateIpAddresses: assignPrivateIpAddresses(ec2),
    AssociateAddress: associateAddress(ec2),
    AttachVolume: attachVolume(ec2),
    CreateRoute: createRoute(ec2),
    DeleteRoute: deleteRoute(ec2),
    DescribeAddresses: describeAddresses(ec2),
    DescribeInstanceStatus: describeInstanceStatus(ec2),
    DescribeInstanceTypes: describeInstanceTypes(),
    DescribeInstances: describeInstances(ec2),
    DescribeNetworkInterfaces: describeNetworkInterfaces(ec2),
    DescribeRouteTables: describeRouteTables(ec2),
    DescribeSecurityGroups: describeSecurityGroups(ec2),
    DescribeSubnets: describeSubnets(ec2),
    DescribeVolumes: describeVolumes(ec2),
    DetachVolume: detachVolume(ec2),
    DisassociateAddress: disassociateAddress(ec2),
    ModifyNetworkInterfaceAttribute: modifyNetworkInterfaceAttribute(ec2),
    ReplaceRoute: replaceRoute(ec2),
    StartInstances: startInstances(ec2),
    StopInstances: stopInstances(ec2),
    TerminateInstances: terminateInstances(ec2),
    UnassignIpv6Addresses: unassignIpv6Addresses(ec2),
    UnassignPrivateIpAddresses: unassignPrivateIpAddresses(ec2),
  };
  return {
    signingName: 'ec2',
    iamPrefix: 'ec2',
    wires: ['ec2'],
    xmlNamespace: 'http://ec2.amazonaws.com/doc/2016-11-15/',
    operations: Object.fromEntries(
      Object.entries(operations).map(([name, operation]) => [name, throttled(ec2, name, operation)]),
    ),
  };
}

function throttled(ec2: Ec2, name: string, operation: Operation): Operation {
  return {
    ...operation,
    run: (input, call) => {
      const { Filter, MaxResults, NextToken } = input as DescribeInput;
      const bounded = (Filter?.length ?? 0) > 0 || MaxResults !== undefined || NextToken !== undefined;
      ec2.throttle.take(name, name.startsWith('Describe') && !bounded);
      return operation.run(input, call);
    },
  };
}

interface DescribeInput {
  readonly Filter?: readonly unknown[];
  readonly MaxResults?: number;
  readonly NextToken?: string;
}
