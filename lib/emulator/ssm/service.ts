/** Systems Manager for the gateway. */
import type { Service } from '../service.ts';
import { associationOperations } from './association-operations.ts';
import { automationOperations } from './automation-operations.ts';
import { getCommandInvocation, listCommandInvocations } from './command-invocations.ts';
import { describeInstanceInformation } from './describe-instance-information.ts';
import { documentOperations } from './document-operations.ts';
import type { Ssm } from './model.ts';
import { opsItemOperations } from './ops-item-operations.ts';
import { parameterOperations } from './parameter-operations.ts';
import { sendCommand } from './send-command.ts';

export function ssmService(ssm: Ssm): Service {
  return {
    signingName: 'ssm',
    iamPrefix: 'ssm',
    wires: ['json'],
    operations: {
      ...associationOperations(ssm),
      ...automationOperations(ssm),
      ...documentOperations(ssm),
      ...opsItemOperations(ssm),
      ...parameterOperations(ssm),
      DescribeInstanceInformation: describeInstanceInformation(ssm),
      GetCommandInvocation: getCommandInvocation(ssm),
      ListCommandInvocations: listCommandInvocations(ssm),
      SendCommand: sendCommand(ssm),
    },
  };
}
