/** Managed policies of a template on roles of the template and of the account, and what an instance may do with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatch as CloudWatchClient, type CloudWatchClientConfig } from '@aws-sdk/client-cloudwatch';
import { DescribeInstancesCommand, EC2Client, type EC2ClientConfig } from '@aws-sdk/client-ec2';
import { EventBridge as EventBridgeClient, type EventBridgeClientConfig } from '@aws-sdk/client-eventbridge';
import { App, Stack } from 'aws-cdk-lib';
import { ManagedPolicy, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnAssociation, CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import type { ResourceProvider } from '../../lib/emulator/cloudformation/provider.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { iamResources } from '../../lib/emulator/iam-resources.ts';
import { Imds } from '../../lib/emulator/imds/imds.ts';
import { refusal, scriptDocument } from './two-servers.ts';

const scratch = mkdtempSync(join(tmpdir(), 'policies-'));
afterAll(() => rmSync(scratch, { recursive: true }));
/** The first synthesis loads the rules that CDK checks a template against: seconds, on a small machine. */
beforeAll(() => void synthesize('v0', ['db-server']), 120_000);

const instanceId = 'i-0aaaaaaaaaaaaaaaa';
const reading = { Statement: [{ Effect: 'Allow', Action: 'ssm:GetDocument', Resource: '*' }] };
const context = { stackName: 'Fleet', logicalId: 'Agent', assetDirectory: () => '' };

let assemblies = 0;
let clock: VirtualClock;
let aws: EmbeddedAws;
let imds: Imds;

beforeEach(() => {
  clock = new VirtualClock();
  aws = new EmbeddedAws({
    clock,
    seed: 'policies',
    runtime: () => () => Promise.reject(new Error('nothing is invoked here')),
  });
  const { account, ec2 } = aws;
  imds = new Imds(account, ec2);
  account.iam.putRole('db-server');
  const { id: subnetId } = ec2.addSubnet({ cidr: '10.0.1.0/24' });
  const { id: eniId } = ec2.addNetworkInterface({ subnetId, privateAddress: '10.0.1.10' });
  const fabric = new Fabric(ec2);
  ec2.addInstance({
    id: instanceId,
    type: 'm5.large',
    interfaces: [{ eniId, device: 'eth0' }],
    host: ({ instanceId: id }) => new ModelHost({ id, clock, fabric }),
    role: 'db-server',
  });
});

/** The agent as a stack brings it: its document, the association that installs it, and what it is allowed. */
function synthesize(version: string, roleNames: readonly string[]): string {
  const outdir = join(scratch, String(assemblies++));
  const app = new App({ outdir, analyticsReporting: false });
  const stack = new Stack(app, 'Fleet', { env: { account: '123456789012', region: 'us-east-1' } });
  const parameters = { Version: { type: 'String' } };
  const document = new CfnDocument(stack, 'Document', {
    content: {
      ...scriptDocument([`echo '${version} {{ Version }}' >> /root/installed; cat /root/installed`]),
      parameters,
    },
    documentType: 'Command',
    updateMethod: 'NewVersion',
  });
  new CfnAssociation(stack, 'Install', {
    name: document.ref,
    associationName: 'holdfast-agent',
    targets: [{ key: 'InstanceIds', values: [instanceId] }],
    parameters: { Version: [version] },
    scheduleExpression: 'rate(30 minutes)',
    maxConcurrency: '10%',
    maxErrors: '0',
  });
  const ofTheStack = new Role(stack, 'Own', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  const statement = (action: string, resource: string, StringEquals: object) =>
    new PolicyStatement({ actions: [action], resources: [resource], conditions: { StringEquals } });
  new ManagedPolicy(stack, 'AgentPolicy', {
    roles: [ofTheStack, ...roleNames.map((name) => Role.fromRoleName(stack, `Role-${name}`, name))],
    statements: [
      statement('cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'Holdfast' }),
      statement('events:PutEvents', 'arn:aws:events:us-east-1:123456789012:event-bus/default', {
        'events:source': 'holdfast.agent',
        'events:detail-type': ['Holdfast Address Failed', 'Holdfast Address In Service'],
      }),
    ],
  });
  app.synth();
  return outdir;
}

function physicalId(type: string): string {
  const resources = [...(aws.deployment('Fleet')?.resources.values() ?? [])];
  return resources.find((each) => each.type === type)?.physicalId ?? '';
}

/** As the metadata service hands them out in the guest. */
function credentials() {
  const ask = (method: string, path: string, headers: Record<string, string>) =>
    imds.handle(instanceId, { method, path, headers }).body;
  const ttl = { 'x-aws-ec2-metadata-token-ttl-seconds': '60' };
  const token = { 'x-aws-ec2-metadata-token': ask('PUT', '/latest/api/token', ttl) };
  const roles = '/latest/meta-data/iam/security-credentials/';
  const answer = JSON.parse(ask('GET', `${roles}${ask('GET', roles, token)}`, token)) as Record<
    string,
    string
  >;
  return { accessKeyId: answer['AccessKeyId'] ?? '', secretAccessKey: answer['SecretAccessKey'] ?? '' };
}

const region = 'us-east-1';

function metric(Namespace: string): Promise<string> {
  const requestHandler = aws.requestHandler() as NonNullable<CloudWatchClientConfig['requestHandler']>;
  const client = new CloudWatchClient({ region, credentials: credentials(), requestHandler, maxAttempts: 1 });
  return refusal(client.putMetricData({ Namespace, MetricData: [{ MetricName: 'Healthy', Value: 1 }] }));
}

function event(Source: string, DetailType: string): Promise<string> {
  const requestHandler = aws.requestHandler() as NonNullable<EventBridgeClientConfig['requestHandler']>;
  const client = new EventBridgeClient({
    region,
    credentials: credentials(),
    requestHandler,
    maxAttempts: 1,
  });
  return refusal(client.putEvents({ Entries: [{ Source, DetailType, Detail: '{}' }] }));
}

describe('a stack that brings an agent', () => {
  test('lets the role of an instance do what its conditions say, and nothing else', async () => {
    expect(await metric('Holdfast')).toMatch(/^AccessDenied: /);
    await aws.deploy(synthesize('v1', ['db-server']), 'Fleet');
    expect(await metric('Holdfast')).toBe('accepted');
    expect(await metric('Other')).toMatch(/^AccessDenied: .*cloudwatch:PutMetricData/);
    expect(await event('holdfast.agent', 'Holdfast Address Failed')).toBe('accepted');
    expect(await event('holdfast', 'Holdfast Address Failed')).toMatch(
      /^AccessDeniedException: .*events:PutEvents on resource: .*event-bus\/default/,
    );
    expect(await event('holdfast.agent', 'Holdfast Recovery')).toMatch(/^AccessDeniedException: /);
  });

  test('takes the policy from a role that leaves it', async () => {
    await aws.deploy(synthesize('v1', ['db-server']), 'Fleet');
    await aws.deploy(synthesize('v1', []), 'Fleet');
    expect(await metric('Holdfast')).toMatch(/^AccessDenied: /);
  });

  test('is refused when a role does not exist, and leaves nothing behind', async () => {
    const refused = aws.deploy(synthesize('v1', ['db-server', 'nobody']), 'Fleet');
    await expect(refused).rejects.toThrow(
      /\(AWS::IAM::ManagedPolicy\): NoSuchEntity: The role with name nobody cannot be found\./,
    );
    expect(await metric('Holdfast')).toMatch(/^AccessDenied: /);
    expect(aws.ssm.associations.all()).toEqual([]);
  });

  test('installs it, and updates it with the next deployment', async () => {
    await aws.deploy(synthesize('v1', ['db-server']), 'Fleet');
    const id = physicalId('AWS::SSM::Association');
    const installed = () => aws.ssm.associations.statuses(id)[0]?.stdout.trim().split('\n');
    await clock.advance(1_000);
    expect(installed()).toEqual(['v1 v1']);
    await aws.deploy(synthesize('v2', ['db-server']), 'Fleet');
    await clock.advance(2_000);
    expect(physicalId('AWS::SSM::Association')).toBe(id);
    expect(installed()).toEqual(['v1 v1', 'v2 v2']);
  });
});

describe('a managed policy', () => {
  function provider(): ResourceProvider {
    const found = iamResources(aws.account).find(({ type }) => type === 'AWS::IAM::ManagedPolicy');
    if (found === undefined) throw new Error('no provider');
    return found;
  }

  const create = async (properties: object) =>
    provider().create({ PolicyDocument: reading, ...properties }, context);

  test('has its ARN for an id, with the path in it, and a name made up when it has none', async () => {
    const named = await create({ ManagedPolicyName: 'agent', Path: '/holdfast/' });
    const arn = 'arn:aws:iam::123456789012:policy/holdfast/agent';
    expect(named).toEqual({ physicalId: arn, attributes: { PolicyArn: arn } });
    expect((await create({})).physicalId).toMatch(/:policy\/Fleet-Agent-[0-9A-F]{12}$/);
  });

  test.each<[string, object, RegExp]>([
    ['with a name that is taken', { ManagedPolicyName: 'taken' }, /A policy called taken already exists/],
    ['that is longer than 6,144 characters', { PolicyDocument: longPolicy() }, /PolicySize: 6144/],
    ['without a statement', { PolicyDocument: { Statement: [] } }, /no statement/],
    ['for a group', { Groups: ['admins'] }, /Groups/],
    ['with an operator that is not modelled', { PolicyDocument: oddPolicy() }, /NumericLessThan/],
  ])('%s is refused', async (_, properties, expected) => {
    await create({ ManagedPolicyName: 'taken' });
    const providerOfOne = provider();
    expect(
      await refusal(
        (async () => providerOfOne.create({ PolicyDocument: reading, ...properties }, context))(),
      ),
    ).toMatch(expected);
  });

  test('whose name, path or description changed would be replaced, which is refused', async () => {
    const one = provider();
    const { physicalId: arn } = await one.create({ PolicyDocument: reading, Description: 'a' }, context);
    const change = async () => one.update?.(arn, { PolicyDocument: reading, Description: 'b' }, context);
    expect(await refusal(change())).toMatch(/replacement of a managed policy whose Description changed/);
  });

  test('is the eleventh of a role once too often', async () => {
    const Roles = ['db-server'];
    for (let count = 0; count < 10; count++) await create({ Roles });
    expect(await refusal(create({ Roles }))).toMatch(/PoliciesPerRole: 10/);
  });
});

describe('an instance', () => {
  test('is described with the profile that holds its role', async () => {
    const requestHandler = aws.requestHandler() as NonNullable<EC2ClientConfig['requestHandler']>;
    const operator = { accessKeyId: 'test', secretAccessKey: 'test' };
    const client = new EC2Client({ region, credentials: operator, requestHandler, maxAttempts: 1 });
    const { Reservations } = await client.send(new DescribeInstancesCommand({}));
    expect(Reservations?.[0]?.Instances?.[0]?.IamInstanceProfile).toEqual({
      Arn: 'arn:aws:iam::123456789012:instance-profile/db-server',
      Id: expect.stringMatching(/^AIPA[0-9A-F]{17}$/),
    });
  });

  test('of a role that does not exist is not built', () => {
    const { id: subnetId } = aws.ec2.addSubnet({ cidr: '10.0.2.0/24' });
    const { id: eniId } = aws.ec2.addNetworkInterface({ subnetId, privateAddress: '10.0.2.10' });
    const interfaces = [{ eniId, device: 'eth0' }];
    const host = ({ instanceId: id }: { readonly instanceId: string }) =>
      new ModelHost({ id, clock, fabric: new Fabric(aws.ec2) });
    expect(() => aws.ec2.addInstance({ type: 't3.small', interfaces, host, role: 'nobody' })).toThrow(
      'there is no role nobody',
    );
  });
});

function longPolicy(): object {
  return { Statement: [{ Effect: 'Allow', Action: 'ssm:GetDocument', Resource: ['x'.repeat(6_200)] }] };
}

function oddPolicy(): object {
  const Condition = { NumericLessThan: { 'aws:MultiFactorAuthAge': '1' } };
  return { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*', Condition }] };
}
