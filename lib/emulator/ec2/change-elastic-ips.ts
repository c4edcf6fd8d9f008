/** AllocateAddress, AssociateAddress and DisassociateAddress on the wire; what is left of EC2-Classic is refused by name. */
import { notModelled } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { type Operation, operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { elasticIpTarget, instanceTarget, interfaceTarget } from './iam-targets.ts';
import type { Ec2 } from './model.ts';
import { refuseDryRun, required } from './reply-items.ts';

const allocateInput = structure({
  Domain: 'string',
  TagSpecification: list(
    structure({ ResourceType: 'string', Tag: list(structure({ Key: 'string', Value: 'string' })) }),
  ),
  DryRun: 'boolean',
});

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AllocateAddress.html */
export function allocateAddress(ec2: Ec2): Operation {
  return operation(
    allocateInput,
    ({ Domain = 'vpc', TagSpecification = [], DryRun }) => {
      if (Domain !== 'vpc') throw notModelled(`the domain ${Domain}`);
      refuseDryRun(DryRun);
      const tags = TagSpecification.flatMap(({ Tag = [] }) => Tag);
      const { publicIp, allocationId } = ec2.elasticIps.allocate(
        Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value])),
      );
      const { region } = ec2.account;
      return { publicIp, domain: 'vpc', allocationId, publicIpv4Pool: 'amazon', networkBorderGroup: region };
    },
    () => [{ arn: ec2.account.arn('ec2', 'elastic-ip/*') }],
  );
}

const associateInput = structure({
  AllocationId: 'string',
  InstanceId: 'string',
  NetworkInterfaceId: 'string',
  PrivateIpAddress: 'string',
  AllowReassociation: 'boolean',
  DryRun: 'boolean',
});

/** Reassociation is automatic unless forbidden: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AssociateAddress.html */
export function associateAddress(ec2: Ec2): Operation {
  return operation(
    associateInput,
    ({ AllocationId, InstanceId, NetworkInterfaceId, PrivateIpAddress, AllowReassociation, DryRun }) => {
      refuseDryRun(DryRun);
      const associationId = ec2.elasticIps.associate({
        allocationId: required(AllocationId, 'allocationId'),
        interfaceId: NetworkInterfaceId,
        instanceId: InstanceId,
        privateAddress: PrivateIpAddress,
        allowReassociation: AllowReassociation ?? true,
      });
      return { return: true, associationId };
    },
    ({ AllocationId = '', InstanceId, NetworkInterfaceId }) => [
      elasticIpTarget(ec2, AllocationId),
      ...(InstanceId === undefined ? [] : [instanceTarget(ec2, InstanceId)]),
      ...(NetworkInterfaceId === undefined ? [] : [interfaceTarget(ec2, NetworkInterfaceId)]),
    ],
  );
}

const disassociateInput = structure({ AssociationId: 'string', DryRun: 'boolean' });

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DisassociateAddress.html */
export function disassociateAddress(ec2: Ec2): Operation {
  return operation(
    disassociateInput,
    ({ AssociationId, DryRun }) => {
      refuseDryRun(DryRun);
      ec2.elasticIps.disassociate(required(AssociationId, 'associationId'));
      return { return: true };
    },
    ({ AssociationId = '' }) => disassociationTargets(ec2, AssociationId),
  );
}

/** Whether AWS asks about the interface that loses the address is not documented: the stricter reading. */
function disassociationTargets(ec2: Ec2, associationId: string): readonly IamTarget[] {
  const address = ec2.elasticIps.byAssociation(associationId);
  if (address === undefined) return [{ arn: ec2.account.arn('ec2', 'elastic-ip/*') }];
  const eni = ec2.world.holder(address.association?.privateAddress ?? '');
  return [
    elasticIpTarget(ec2, address.allocationId),
    ...(eni === undefined ? [] : [interfaceTarget(ec2, eni.id)]),
  ];
}
