import { failover } from './courses.ts';
import { survivesEachCall } from './each-call.ts';

survivesEachCall(failover, [
  'AssignPrivateIpAddresses',
  'DescribeAlarms',
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
