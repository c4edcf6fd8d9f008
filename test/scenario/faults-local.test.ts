import { localMove } from './courses.ts';
import { survivesEachCall } from './each-call.ts';

survivesEachCall(localMove, [
  'AssignPrivateIpAddresses',
  'DescribeAlarms',
  'DescribeInstanceStatus',
  'DescribeNetworkInterfaces',
  'GetCommandInvocation',
  'GetItem',
  'PutEvents',
  'PutItem',
  'SendCommand',
  'UpdateItem',
]);
