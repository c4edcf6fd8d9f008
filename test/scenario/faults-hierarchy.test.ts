import { hierarchy } from './courses.ts';
import { survivesAllCalls, survivesEachCall } from './each-call.ts';

/** What a failover without dependents does not call; all else has a file of its own. */
const changes = ['AttachVolume', 'DeregisterTargets', 'DetachVolume', 'RegisterTargets'] as const;
const looks = [
  'DescribeInstanceTypes',
  'DescribeInstances',
  'DescribeTargetHealth',
  'DescribeVolumes',
] as const;
/** What it calls for its dependents, too. */
const both = ['CheckpointDurableExecution', 'GetCommandInvocation', 'SendCommand'] as const;
const others = [
  'AssignPrivateIpAddresses',
  'DescribeAlarms',
  'DescribeInstanceInformation',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'GetItem',
  'Invoke',
  'PutEvents',
  'PutItem',
  'UpdateItem',
] as const;

survivesEachCall(hierarchy, [...changes, ...looks, ...both, ...others].sort(), changes);
survivesAllCalls(hierarchy, looks);
survivesAllCalls(hierarchy, both);
