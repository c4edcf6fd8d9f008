import { failover } from './courses.ts';
import { survivesEachCall } from './each-call.ts';

survivesEachCall(failover, [
  'AssignPrivateIpAddresses',
  'CheckpointDurableExecution',
  'DescribeAlarms',
  'DescribeInstanceInformation',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'GetCommandInvocation',
  'GetItem',
  'Invoke',
  'PutEvents',
  'PutItem',
  'SendCommand',
  'UpdateItem',
]);
