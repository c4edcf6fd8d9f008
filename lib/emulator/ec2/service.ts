/** EC2 for the gateway: which operations there are, each behind its token bucket. */
import type { Operation, Service } from '../service.ts';
import { startInstances, stopInstances, terminateInstances } from './change-instance-states.ts';
import { assignPrivateIpAddresses, unassignPrivateIpAddresses } from './change-private-addresses.ts';
import { describeInstanceStatus } from './describe-instance-status.ts';
import { describeInstanceTypes } from './describe-instance-types.ts';
import { describeInstances } from './describe-instances.ts';
import { describeNetworkInterfaces } from './describe-network-interfaces.ts';
import { describeSubnets } from './describe-subnets.ts';
import type { Ec2 } from './model.ts';

export function ec2Service(ec2: Ec2): Service {
  const operations = {
    AssignPrivateIpAddresses: assignPrivateIpAddresses(ec2),
    DescribeInstanceStatus: describeInstanceStatus(ec2),
    DescribeInstanceTypes: describeInstanceTypes(),
    DescribeInstances: describeInstances(ec2),
    DescribeNetworkInterfaces: describeNetworkInterfaces(ec2),
    DescribeSubnets: describeSubnets(ec2),
    StartInstances: startInstances(ec2),
    StopInstances: stopInstances(ec2),
    TerminateInstances: terminateInstances(ec2),
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
