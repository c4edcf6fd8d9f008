import { describe, expect, it } from 'vitest';
import { permissionsOf } from './permissions.ts';
import { resourcesOf, shortId, templateOf, text } from './template.ts';

const example = await templateOf();

describe('what a function may do', () => {
  it('is stated line by line for recover', () => {
    expect(permissionsOf(example, 'Recover')).toEqual([
      'logs:CreateLogStream | <RecoverLog.Arn>',
      'logs:PutLogEvents | <RecoverLog.Arn>',
      ...recovery,
      'lambda:InvokeFunction | <FailoverLive>',
      'cloudwatch:DescribeAlarms | arn:aws:cloudwatch:region:account:alarm:holdfast-main-*',
    ]);
  });

  it('is stated line by line for failover', () => {
    expect(permissionsOf(example, 'Failover')).toEqual([
      'logs:CreateLogStream | <FailoverLog.Arn>',
      'logs:PutLogEvents | <FailoverLog.Arn>',
      ...recovery,
      'ec2:DescribeInstanceTypes | *',
      'lambda:CheckpointDurableExecution | <FailoverFunction.Arn>:*',
      'lambda:GetDurableExecutionState | <FailoverFunction.Arn>:*',
    ]);
  });

  it('is looking, writing records and handing orders over for operate: it moves nothing itself', () => {
    expect(permissionsOf(example, 'Operate')).toEqual([
      'logs:CreateLogStream | <OperateLog.Arn>',
      'logs:PutLogEvents | <OperateLog.Arn>',
      'dynamodb:GetItem | <Table.Arn>',
      'dynamodb:PutItem | <Table.Arn>',
      'dynamodb:Query | <Table.Arn>',
      'dynamodb:UpdateItem | <Table.Arn>',
      'ec2:DescribeInstanceStatus | *',
      'ec2:DescribeInstanceTypes | *',
      'ec2:DescribeInstances | *',
      'ec2:DescribeNetworkInterfaces | *',
      'ssm:DescribeInstanceInformation | *',
      'lambda:InvokeFunction | <RecoverLive>',
      'lambda:SendDurableExecutionCallbackSuccess | <FailoverFunction.Arn>:*',
      'ssm:GetAutomationExecution | arn:aws:ssm:region:account:automation-execution/*',
      'events:PutEvents | arn:aws:events:region:account:event-bus/default | {"StringEquals":{"events:source":"holdfast"}}',
    ]);
  });

  it('is never a whole service', () => {
    const all = ['Recover', 'Failover', 'Operate'].flatMap((name) => permissionsOf(example, name));
    expect(all.filter((line) => /^(\*|\w+:\S*\*)/.test(line))).toEqual([]);
  });

  it('has * as resource only where AWS knows no resource for the action', () => {
    const all = ['Recover', 'Failover', 'Operate'].flatMap((name) => permissionsOf(example, name));
    const everywhere = all.filter((line) => line.endsWith('| *')).map((line) => line.split(' ')[0]);
    expect([...new Set(everywhere)].toSorted()).toEqual([
      'ec2:DescribeInstanceStatus',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeInstances',
      'ec2:DescribeNetworkInterfaces',
      'ssm:CreateOpsItem',
      'ssm:DescribeInstanceInformation',
      'ssm:GetCommandInvocation',
    ]);
  });

  it('comes from its one inline policy: no managed policy, and beside it only what names the function itself', () => {
    const roles = resourcesOf(example, 'AWS::IAM::Role');
    expect(roles.map(([id]) => shortId(id))).toEqual(['FailoverRole', 'RecoverRole', 'OperateRole']);
    expect(roles.filter(([, role]) => role.Properties?.['ManagedPolicyArns'] !== undefined)).toEqual([]);
    const beside = [
      ...resourcesOf(example, 'AWS::IAM::Policy'),
      ...resourcesOf(example, 'AWS::IAM::ManagedPolicy'),
    ];
    expect(beside.map(([id]) => shortId(id))).toEqual(['FailoverExecutions', 'AgentPolicy']);
  });
});

describe('who may invoke', () => {
  it('is every alarm of the fleet by one permission, and each rule by its own', () => {
    const lines = resourcesOf(example, 'AWS::Lambda::Permission').map(([, { Properties: p = {} }]) =>
      ['Principal', 'Action', 'FunctionName', 'SourceArn', 'SourceAccount']
        .map((key) => (p[key] === undefined ? '-' : text(p[key])))
        .join(' | '),
    );
    expect(lines).toEqual([
      'lambda.alarms.cloudwatch.amazonaws.com | lambda:InvokeFunction | <RecoverLive> | arn:aws:cloudwatch:region:account:alarm:holdfast-main-* | account',
      'events.amazonaws.com | lambda:InvokeFunction | <RecoverLive> | <InstanceGone.Arn> | -',
      'events.amazonaws.com | lambda:InvokeFunction | <RecoverLive> | <AgentsWord.Arn> | -',
      'events.amazonaws.com | lambda:InvokeFunction | <RecoverLive> | <Reconcile.Arn> | -',
    ]);
  });
});

const recovery = [
  ...['eni-0a1b2c3d4e5f60010', 'eni-0a1b2c3d4e5f60011', 'eni-0b1b2c3d4e5f60020', 'eni-0b1b2c3d4e5f60021'].map(
    (eni) => `ec2:AssignPrivateIpAddresses | arn:aws:ec2:region:account:network-interface/${eni}`,
  ),
  'ec2:DescribeInstanceStatus | *',
  'ec2:DescribeInstances | *',
  'ec2:DescribeNetworkInterfaces | *',
  'ssm:DescribeInstanceInformation | *',
  'ssm:SendCommand | arn:aws:ec2:region:account:instance/i-0a1b2c3d4e5f60001',
  'ssm:SendCommand | arn:aws:ec2:region:account:instance/i-0b1b2c3d4e5f60002',
  'ssm:SendCommand | arn:aws:ssm:region:account:document/<AddressDocument>',
  'ssm:GetCommandInvocation | *',
  'dynamodb:GetItem | <Table.Arn>',
  'dynamodb:PutItem | <Table.Arn>',
  'dynamodb:Query | <Table.Arn>',
  'dynamodb:UpdateItem | <Table.Arn>',
  'sns:Publish | <PageTopic>',
  'ssm:CreateOpsItem | *',
  'events:PutEvents | arn:aws:events:region:account:event-bus/default | {"StringEquals":{"events:source":"holdfast"}}',
];
