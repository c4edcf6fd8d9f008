/**
 * What each function may do, and nothing else. A `*` stands only where AWS knows no resource for the action:
 * https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** ARNs of what this fleet declares. */
export interface Declared {
  readonly interfaces: readonly string[];
  readonly instances: readonly string[];
  readonly document: string;
  readonly table: string;
  readonly topic: string;
  /** Of the fleet's alarms, with a wildcard for their names. */
  readonly alarms: string;
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

export function operatePermissions(declared: Declared): readonly PolicyStatement[] {
  return [
    allow('ReadStates', ['dynamodb:GetItem', 'dynamodb:Query'], [declared.table]),
    allow('LookAtInterfaces', ['ec2:DescribeNetworkInterfaces'], ['*']),
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
    allow(
      'KeepStates',
      ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
      [declared.table],
    ),
    allow('Page', ['sns:Publish'], [declared.topic]),
  ];
}

/** A statement with an id of its own is not merged with others, so the policy reads as it is written here. */
function allow(sid: string, actions: readonly string[], resources: readonly string[]): PolicyStatement {
  return new PolicyStatement({ sid, actions: [...actions], resources: [...resources] });
}
