/** ModifyNetworkInterfaceAttribute on the wire: security groups and the source/destination check. */
import { AwsError } from '../errors.ts';
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { interfaceTarget, securityGroupTarget } from './iam-targets.ts';
import type { Ec2 } from './model.ts';
import type { NetworkInterface } from './records.ts';
import { refuseDryRun, required } from './reply-items.ts';

const input = structure({
  NetworkInterfaceId: 'string',
  SecurityGroupId: list('string'),
  SourceDestCheck: structure({ Value: 'boolean' }),
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups */
const mostGroups = 5;

/** One attribute at a time: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyNetworkInterfaceAttribute.html */
export function modifyNetworkInterfaceAttribute(ec2: Ec2): Operation {
  return operation(
    input,
    ({ NetworkInterfaceId, SecurityGroupId: groupIds, SourceDestCheck, DryRun }) => {
      const eni = ec2.world.interface(required(NetworkInterfaceId, 'networkInterfaceId'));
      // AWS's wordings are not confirmed.
      if (groupIds !== undefined && SourceDestCheck !== undefined)
        throw new AwsError('InvalidParameterCombination', 'Fields for multiple attribute types specified');
      if (groupIds === undefined && SourceDestCheck?.Value === undefined)
        throw new AwsError('InvalidParameterCombination', 'No attributes specified.');
      if (groupIds !== undefined) checkGroups(ec2, eni, groupIds);
      refuseDryRun(DryRun);
      ec2.world.putInterface({
        ...eni,
        securityGroupIds: groupIds ?? eni.securityGroupIds,
        sourceDestCheck: SourceDestCheck?.Value ?? eni.sourceDestCheck,
      });
      return { return: true };
    },
    ({ NetworkInterfaceId = '', SecurityGroupId = [] }) => [
      interfaceTarget(ec2, NetworkInterfaceId),
      ...SecurityGroupId.map((id) => securityGroupTarget(ec2, id)),
    ],
  );
}

/** A group of another VPC is not found either: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html */
function checkGroups({ securityGroups, world }: Ec2, eni: NetworkInterface, ids: readonly string[]): void {
  if (ids.length === 0)
    throw new AwsError('MissingParameter', 'The request must contain the parameter securityGroupId');
  const { vpcId } = world.subnet(eni.subnetId);
  for (const id of ids)
    if (securityGroups.get(id).vpcId !== vpcId)
      throw new AwsError('InvalidGroup.NotFound', `The security group '${id}' does not exist in ${vpcId}`);
  if (ids.length > mostGroups)
    throw new AwsError(
      'SecurityGroupsPerInterfaceLimitExceeded',
      'The maximum number of security groups per interface has been reached.',
    );
}
