/**
 * What functions may do because the fleet has something that needs it: recover and failover what moves addresses by other
 * means than assigning them to an interface, failover what works on dependents and fences. On interfaces they may do it by
 * permissions.ts. Every statement is small enough for effect-policies.ts.
 */
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Declared } from './declared.ts';
import { allow } from './permissions.ts';

/** Moving an address by another means than assigning it to an interface. */
export function mechanismEffects({ elasticIps, routeTables }: Declared): readonly PolicyStatement[] {
  return [
    ...onEach('MoveElasticIps', ['ec2:AssociateAddress'], elasticIps),
    ...onEach('MoveRoutes', changeRoute, routeTables),
  ];
}

/** Leading what hangs on an interface to another one of the same server, once the address is there. */
export function followEffects({ followers }: Declared): readonly PolicyStatement[] {
  const { elasticIps, routeTables, targetGroups } = followers;
  return [
    ...lookAtDependents({ ...followers, volumes: [] }),
    ...onEach('MoveElasticIpsAlong', ['ec2:AssociateAddress'], elasticIps),
    ...onEach('MoveRoutesAlong', changeRoute, routeTables),
    ...onEach('RegisterTargets', changeTargets, targetGroups),
  ];
}

/** Taking dependents out of service and bringing them back, and stopping a server. */
export function failoverEffects(declared: Declared): readonly PolicyStatement[] {
  const { instances, fences, dependents } = declared;
  const { elasticIps, routeTables, volumes, targetGroups, records } = dependents;
  const zones = [...records.keys()];
  const attach = ['ec2:AttachVolume', 'ec2:DetachVolume'];
  const onInstances = [
    ...(volumes.length > 0 ? attach : []),
    ...(fences.stopInstance ? ['ec2:StopInstances'] : []),
  ];
  return [
    ...lookAtDependents(dependents),
    ...onEach('MoveElasticIpsAlong', ['ec2:AssociateAddress', 'ec2:DisassociateAddress'], elasticIps),
    ...onEach('MoveRoutesAlong', changeRoute, routeTables),
    ...onEach('AttachVolumes', attach, volumes),
    ...(onInstances.length > 0 ? onEach('DeclaredInstances', onInstances, instances) : []),
    ...onEach('RegisterTargets', changeTargets, targetGroups),
    ...onEach('LookAtRecords', ['route53:ListResourceRecordSets'], zones),
    ...[...records].flatMap(([zone, names], index) => changeRecords(index, zone, names)),
    ...onEach('Isolate', ['ec2:ModifyNetworkInterfaceAttribute'], fences.securityGroups),
  ];
}

const changeRoute = ['ec2:CreateRoute', 'ec2:DeleteRoute', 'ec2:ReplaceRoute'] as const;
const changeTargets = [
  'elasticloadbalancing:DeregisterTargets',
  'elasticloadbalancing:RegisterTargets',
] as const;
const resourcesEach = 20;
const namesEach = 8;

function lookAtDependents(dependents: Omit<Declared['dependents'], 'records'>): readonly PolicyStatement[] {
  const { elasticIps, routeTables, volumes, targetGroups } = dependents;
  const looks = [
    ...(elasticIps.length > 0 ? ['ec2:DescribeAddresses'] : []),
    ...(routeTables.length > 0 ? ['ec2:DescribeRouteTables'] : []),
    ...(volumes.length > 0 ? ['ec2:DescribeVolumes'] : []),
    ...(targetGroups.length > 0 ? ['elasticloadbalancing:DescribeTargetHealth'] : []),
  ];
  return looks.length === 0 ? [] : [allow('LookAtDependents', looks, ['*'])];
}

function onEach(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
): readonly PolicyStatement[] {
  return parts(resources, resourcesEach).map((some, part) => allow(`${sid}${part + 1}`, actions, some));
}

/**
 * These records and no other of the zone, and none is deleted. A change may have several, and each has to be allowed.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
 */
function changeRecords(index: number, zone: string, names: readonly string[]): readonly PolicyStatement[] {
  return parts(names, namesEach).map((some, part) =>
    allow(`ChangeRecords${index + 1}x${part + 1}`, ['route53:ChangeResourceRecordSets'], [zone], {
      'ForAllValues:StringEquals': {
        'route53:ChangeResourceRecordSetsNormalizedRecordNames': some.map((name) =>
          name.replace('*', '\\052'),
        ),
        'route53:ChangeResourceRecordSetsActions': ['UPSERT'],
      },
    }),
  );
}

function parts<T>(list: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, index) => list.slice(index * size, (index + 1) * size));
}
