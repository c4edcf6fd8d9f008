import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { fleetLimits } from '../../lib/stack/fleet-meaning.ts';
import { resourcesOf, shortId, type Template, templateOf, text } from './template.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}

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
      'lambda:InvokeFunction | <RecoverLive>',
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
      'ssm:GetCommandInvocation',
    ]);
  });

  it('comes from its one inline policy: no managed policy, no policy beside it', () => {
    const roles = resourcesOf(example, 'AWS::IAM::Role');
    expect(roles.map(([id]) => shortId(id))).toEqual(['FailoverRole', 'RecoverRole', 'OperateRole']);
    expect(roles.filter(([, role]) => role.Properties?.['ManagedPolicyArns'] !== undefined)).toEqual([]);
    expect(resourcesOf(example, 'AWS::IAM::Policy')).toEqual([]);
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

describe('the largest fleet', async () => {
  const largest = await templateOf(largestFleet());

  it('fits into the inline policies of a role', () => {
    const longest = { 'aws:partition': 'aws-us-gov', region: 'ap-southeast-2', account: '123456789012' };
    for (const [, { Properties: properties = {} }] of resourcesOf(largest, 'AWS::IAM::Role')) {
      const policy = JSON.stringify(properties['Policies'], (_, value) =>
        typeof value === 'object' && value !== null && ('Fn::Join' in value || 'Ref' in value)
          ? text(value)
              .replace('arn:aws:', `arn:${longest['aws:partition']}:`)
              .replace('region', longest.region)
              .replace('account', longest.account)
          : value,
      );
      expect(policy.length).toBeLessThan(10_240);
    }
  });

  it('fits into one stack', () => {
    expect(Object.keys(largest.Resources).length).toBeLessThan(500);
  });

  it('fits into one event pattern of 2048 characters', () => {
    const patterns = resourcesOf(largest, 'AWS::Events::Rule').map(([, rule]) =>
      JSON.stringify(rule.Properties?.['EventPattern'] ?? {}),
    );
    expect(Math.max(...patterns.map((pattern) => pattern.length))).toBeLessThan(2048);
  });
});

const recovery = [
  ...['eni-0a1b2c3d4e5f60010', 'eni-0a1b2c3d4e5f60011', 'eni-0b1b2c3d4e5f60020', 'eni-0b1b2c3d4e5f60021'].map(
    (eni) => `ec2:AssignPrivateIpAddresses | arn:aws:ec2:region:account:network-interface/${eni}`,
  ),
  'ec2:DescribeInstanceStatus | *',
  'ec2:DescribeNetworkInterfaces | *',
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

/** `action | resource`, then a condition if there is one; a Deny would say so. */
function permissionsOf(template: Template, name: string): readonly string[] {
  const [, role] =
    resourcesOf(template, 'AWS::IAM::Role').find(([id]) => shortId(id) === `${name}Role`) ?? [];
  const policies = role?.Properties?.['Policies'] as readonly {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
  }[];
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .flatMap(({ Effect, Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => {
          const condition = Condition === undefined ? '' : ` | ${JSON.stringify(Condition)}`;
          return `${Effect === 'Allow' ? '' : `${Effect} `}${action} | ${text(resource)}${condition}`;
        }),
      ),
    );
}

function largestFleet(): string {
  const hex = (number: number) => number.toString(16).padStart(17, '0');
  const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
  const perServer = fleetLimits.interfaces / fleetLimits.servers;
  const servers = numbers(fleetLimits.servers).map((server) => [
    `Server${server}`,
    {
      instance: `i-${hex(server)}`,
      interfaces: Object.fromEntries(
        numbers(perServer).map((nic) => [
          `eth${nic}`,
          { eni: `eni-${hex(server * 10 + nic)}`, address: `10.0.${nic}.${server + 9}` },
        ]),
      ),
    },
  ]);
  const resources = numbers(fleetLimits.resources).map((resource) => [
    `ip-${resource}`,
    {
      address: `10.0.9.${resource + 9}`,
      servers: servers.map(([server]) => ({ server, interface: 'eth1', backup: 'eth2' })),
    },
  ]);
  return stringify({
    version: 1,
    name: 'n'.repeat(32),
    subnet: '10.0.0.0/16',
    servers: Object.fromEntries(servers),
    resources: Object.fromEntries(resources),
  });
}
