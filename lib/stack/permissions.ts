/**
 * What each function may do, and nothing else. A `*` stands only where AWS knows no resource for the action:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 * What depends on the fleet having it (other mechanisms, dependents, fences) is effect-permissions.ts.
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { announcementSource } from '../recovery/names.ts';
import type { Declared } from './declared.ts';

/** ARNs of what belongs to the stack, beside what its fleet declares. */
export interface Surroundings extends Declared {
  readonly document: string;
  /** Of the document for dependents on hosts; null: there are none. */
  readonly dependentDocument: string | null;
  readonly table: string;
  readonly topic: string;
  /** The default event bus. */
  readonly bus: string;
  /** Of the fleet's alarms, with a wildcard for their names. */
  readonly alarms: string;
  /** Of every run of a runbook: their ids are not known beforehand. */
  readonly runs: string;
}

export function recoverPermissions(
  around: Surroundings,
  failoverFunction: string,
): readonly PolicyStatement[] {
  // What hangs on an interface follows the address to another one.
  const follow = around.followers.elasticIps.length > 0 ? ['ec2:AssociateAddress'] : [];
  return [
    ...recoveryPermissions(around, [...new Set([...movesOf(around), ...follow])], [around.document]),
    allow('StartFailover', ['lambda:InvokeFunction'], [failoverFunction]),
    // Narrower than * shows metric alarms only, which all of ours are:
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    allow('LookAtOwnAlarms', ['cloudwatch:DescribeAlarms'], [around.alarms]),
  ];
}

export function failoverPermissions(around: Surroundings): readonly PolicyStatement[] {
  const { document, dependentDocument, dependents, fences } = around;
  const documents = dependentDocument === null ? [document] : [document, dependentDocument];
  const onInterfaces = [
    ...movesOf(around),
    ...(dependents.elasticIps.length > 0 ? ['ec2:AssociateAddress', 'ec2:DisassociateAddress'] : []),
    ...(fences.securityGroups.length > 0 ? ['ec2:ModifyNetworkInterfaceAttribute'] : []),
  ];
  return [
    ...recoveryPermissions(around, [...new Set(onInterfaces)], documents),
    allow('CountAddresses', ['ec2:DescribeInstanceTypes'], ['*']),
  ];
}

/**
 * It moves nothing itself: an order that does goes to the recover function, an answer to the failover that waits for it.
 * @param executions of the failover function, of every version
 */
export function operatePermissions(
  around: Surroundings,
  recoverFunction: string,
  executions: string,
): readonly PolicyStatement[] {
  return [
    keepStates(around),
    allow('Look', [...looks(around), 'ec2:DescribeInstanceTypes'], ['*']),
    allow('HandOrdersOver', ['lambda:InvokeFunction'], [recoverFunction]),
    allow('AnswerFailovers', ['lambda:SendDurableExecutionCallbackSuccess'], [executions]),
    allow('SeeWhoRunsRunbooks', ['ssm:GetAutomationExecution'], [around.runs]),
    tellOthers(around),
  ];
}

/**
 * What a durable function needs for itself. An execution belongs to a version, so the ARN of the alias covers none:
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html
 */
export function executionPermissions(executions: string): readonly PolicyStatement[] {
  const actions = ['lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState'];
  return [allow('RememberSteps', actions, [executions])];
}

/** A log group's own ARN ends in `:*`, its streams. */
export function logPermissions(logGroup: string): PolicyStatement {
  return allow('WriteOwnLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup]);
}

/** @param onInterfaces one statement for all: the list of them is what fills a policy */
function recoveryPermissions(
  around: Surroundings,
  onInterfaces: readonly string[],
  documents: readonly string[],
): readonly PolicyStatement[] {
  return [
    ...(onInterfaces.length > 0 ? [allow('DeclaredInterfaces', onInterfaces, around.interfaces)] : []),
    allow('Look', looks(around), ['*']),
    allow('CommandDeclaredInstances', ['ssm:SendCommand'], [...documents, ...around.instances]),
    allow('ReadCommandAnswers', ['ssm:GetCommandInvocation'], ['*']),
    keepStates(around),
    allow('Page', ['sns:Publish'], [around.topic]),
    allow('OpenOpsItems', ['ssm:CreateOpsItem'], ['*']),
    tellOthers(around),
  ];
}

/** What moving does to an interface; the Elastic IP or the route has a statement of its own. */
function movesOf({ has, elasticIps }: Declared): readonly string[] {
  return [
    ...(has.secondary ? ['ec2:AssignPrivateIpAddresses'] : []),
    ...(has.ipv6 ? ['ec2:AssignIpv6Addresses', 'ec2:UnassignIpv6Addresses'] : []),
    ...(elasticIps.length > 0 ? ['ec2:AssociateAddress'] : []),
  ];
}

function looks({ elasticIps, routeTables }: Declared): readonly string[] {
  return [
    'ec2:DescribeInstances',
    'ec2:DescribeInstanceStatus',
    'ec2:DescribeNetworkInterfaces',
    ...(elasticIps.length > 0 ? ['ec2:DescribeAddresses'] : []),
    ...(routeTables.length > 0 ? ['ec2:DescribeRouteTables'] : []),
    'ssm:DescribeInstanceInformation',
  ];
}

function keepStates({ table }: Surroundings): PolicyStatement {
  return allow(
    'KeepStates',
    ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    [table],
  );
}

function tellOthers({ bus }: Surroundings): PolicyStatement {
  return allow('TellOthers', ['events:PutEvents'], [bus], {
    StringEquals: { 'events:source': announcementSource },
  });
}

/** A statement with an id of its own is not merged with others, so the policy reads as it is written here. */
export function allow(
  sid: string,
  actions: readonly string[],
  resources: readonly string[],
  conditions: { readonly [operator: string]: object } = {},
): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources], conditions });
}
