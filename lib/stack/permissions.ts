/**
 * What each function may do, and nothing else. A `*` stands only where AWS knows no resource for the action:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { announcementSource } from '../recovery/names.ts';

/** ARNs of what this fleet declares. */
export interface Declared {
  readonly interfaces: readonly string[];
  readonly instances: readonly string[];
  readonly document: string;
  readonly table: string;
  readonly topic: string;
  /** The default event bus. */
  readonly bus: string;
  /** Of the fleet's alarms, with a wildcard for their names. */
  readonly alarms: string;
  /** Of every run of a runbook: their ids are not known beforehand. */
  readonly executions: string;
}

export function recoverPermissions(declared: Declared, failoverFunction: string): readonly PolicyStatement[] {
  return [
    ...recoveryPermissions(declared),
    allow('StartFailover', ['lambda:InvokeFunction'], [failoverFunction]),
    // Narrower than * shows metric alarms only, which all of ours are:
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    allow('LookAtOwnAlarms', ['cloudwatch:DescribeAlarms'], [declared.alarms]),
  ];
}

export function failoverPermissions(declared: Declared): readonly PolicyStatement[] {
  return recoveryPermissions(declared);
}

/** It moves nothing itself: an order that does goes to the recover function. */
export function operatePermissions(declared: Declared, recoverFunction: string): readonly PolicyStatement[] {
  return [
    keepStates(declared),
    allow(
      'LookAtInterfaces',
      [
        'ec2:DescribeInstances',
        'ec2:DescribeInstanceStatus',
        'ec2:DescribeInstanceTypes',
        'ec2:DescribeNetworkInterfaces',
      ],
      ['*'],
    ),
    allow('HandOrdersOver', ['lambda:InvokeFunction'], [recoverFunction]),
    allow('SeeWhoRunsRunbooks', ['ssm:GetAutomationExecution'], [declared.executions]),
    tellOthers(declared),
  ];
}

/** A log group's own ARN ends in `:*`, its streams. */
export function logPermissions(logGroup: string): PolicyStatement {
  return allow('WriteOwnLog', ['logs:CreateLogStream', 'logs:PutLogEvents'], [logGroup]);
}

function recoveryPermissions(declared: Declared): readonly PolicyStatement[] {
  return [
    allow('MoveToDeclaredInterfaces', ['ec2:AssignPrivateIpAddresses'], declared.interfaces),
    allow('LookAtInstances', ['ec2:DescribeInstanceStatus', 'ec2:DescribeNetworkInterfaces'], ['*']),
    allow('CommandDeclaredInstances', ['ssm:SendCommand'], [declared.document, ...declared.instances]),
    allow('ReadCommandAnswers', ['ssm:GetCommandInvocation'], ['*']),
    keepStates(declared),
    allow('Page', ['sns:Publish'], [declared.topic]),
    allow('OpenOpsItems', ['ssm:CreateOpsItem'], ['*']),
    tellOthers(declared),
  ];
}

function keepStates({ table }: Declared): PolicyStatement {
  return allow(
    'KeepStates',
    ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
    [table],
  );
}

function tellOthers({ bus }: Declared): PolicyStatement {
  return new PolicyStatement({
    sid: 'TellOthers',
    actions: ['events:PutEvents'],
    resources: [bus],
    conditions: { StringEquals: { 'events:source': announcementSource } },
  });
}

/** A statement with an id of its own is not merged with others, so the policy reads as it is written here. */
function allow(sid: string, actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
}
