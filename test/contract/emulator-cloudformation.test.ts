import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, type DynamoDBClientConfig, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import { App, CfnOutput, CfnResource, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Code,
  type IAlias,
  type IVersion,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { DeploymentFailed } from '../../lib/emulator/cloudformation/deploy.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import { dynamoDbOf, lambdaClient } from './lambda-account.ts';

const scratch = mkdtempSync(join(tmpdir(), 'assembly-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** The first synthesis loads the rules that CDK checks a template against: seconds, on a small machine. */
beforeAll(() => void synthesize(), 120_000);

let assemblies = 0;

interface Wanted {
  readonly code?: string;
  readonly grant?: boolean;
  readonly withAlarm?: boolean;
  readonly also?: (stack: Stack) => void;
}

/** Synthesizes a stack as ours is shaped: table, function with version and alias, an alarm that invokes the alias. */
function synthesize({ code = 'first', grant = true, withAlarm = true, also }: Wanted = {}): string {
  const directory = join(scratch, String(assemblies++));
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'index.mjs'), `// ${code}`);
  const app = new App({ outdir: join(directory, 'out'), analyticsReporting: false });
  const stack = new Stack(app, 'Small', { env: { account: '123456789012', region: 'us-east-1' } });
  const table = new Table(stack, 'States', {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const lambda = new LambdaFunction(stack, 'Recover', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromAsset(bundle),
    timeout: Duration.seconds(30),
    environment: { TABLE: table.tableName },
    logGroup: new LogGroup(stack, 'Log'),
  });
  if (grant) table.grantReadWriteData(lambda);
  const alias = new Alias(stack, 'Live', { aliasName: 'live', version: lambda.currentVersion as IVersion });
  if (withAlarm)
    new Alarm(stack, 'Eth0', {
      alarmName: 'ip-db-eth0',
      metric: new Metric({ namespace: 'Holdfast', metricName: 'Healthy', period: Duration.seconds(10) }),
      threshold: 1,
      evaluationPeriods: 1,
    }).addAlarmAction(new LambdaAction(alias as IAlias));
  new CfnOutput(stack, 'LiveArn', { value: alias.functionArn });
  also?.(stack);
  app.synth();
  return join(directory, 'out');
}

/** So that everything else is made by the time it fails. */
function afterAllElse(stack: Stack, resource: Construct): void {
  for (const id of ['States', 'Recover', 'Live']) resource.node.addDependency(stack.node.findChild(id));
}

/** Writes one item to the table that its environment names. */
const writer: HandlerFactory = (config, sandbox) => async () => {
  const TableName = config.environment['TABLE'];
  await dynamoDbOf(sandbox).send(new UpdateItemCommand({ TableName, Key: { pk: { S: 'ip-db' } } }));
  return config.codeDirectory;
};

let aws: EmbeddedAws;

beforeEach(() => {
  aws = new EmbeddedAws({ clock: new VirtualClock(), seed: 'stack', runtime: writer });
});

async function invoke(name: string) {
  const { Payload, FunctionError } = await lambdaClient(aws.gateway).send(
    new InvokeCommand({ FunctionName: name }),
  );
  return {
    failed: FunctionError !== undefined,
    answer: JSON.parse(Buffer.from(Payload ?? []).toString('utf8')),
  };
}

function itemsOf(tableName: string) {
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: aws.requestHandler() as NonNullable<DynamoDBClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
  return client.send(
    new UpdateItemCommand({ TableName: tableName, Key: { pk: { S: 'ip-db' } }, ReturnValues: 'ALL_OLD' }),
  );
}

/** What happened to which type: the logical id ends in a hash. */
const withoutId = (line: string): string => line.split(' ').slice(0, 2).join(' ');

function physicalIds(type: string): readonly string[] {
  const resources = [...(aws.deployment('Small')?.resources.values() ?? [])];
  return resources.filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);
}

test('a synthesized stack is deployed as it is, and its function runs with its own role', async () => {
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const live = outputs['LiveArn'] ?? '';
  expect(live).toMatch(/^arn:aws:lambda:us-east-1:123456789012:function:Small-Recover.*:live$/);
  expect(await invoke(live)).toMatchObject({ failed: false });
});

test('a function whose role lacks dynamodb:UpdateItem is refused', async () => {
  const { outputs } = await aws.deploy(synthesize({ grant: false }), 'Small');
  const { failed, answer } = await invoke(outputs['LiveArn'] ?? '');
  expect(failed).toBe(true);
  expect(answer.errorType).toBe('AccessDeniedException');
  expect(answer.errorMessage).toMatch(
    /not authorized to perform: dynamodb:UpdateItem on resource: arn:aws:dynamodb/,
  );
});

test('the permission in the template lets that alarm invoke the alias, and no other', async () => {
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const targetArn = outputs['LiveArn'] ?? '';
  const deliver = (alarm: string) =>
    aws.account.deliver({
      targetArn,
      principal: 'lambda.alarms.cloudwatch.amazonaws.com',
      sourceArn: aws.account.arn('cloudwatch', `alarm:${alarm}`),
      payload: '{}',
    });
  expect(() => deliver('ip-db-eth0')).not.toThrow();
  expect(() => deliver('another')).toThrow(/not authorized to perform: lambda:InvokeFunction/);
});

test('an update keeps the table with its items and moves the alias to a new version', async () => {
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const live = outputs['LiveArn'] ?? '';
  const [table = ''] = physicalIds('AWS::DynamoDB::Table');
  const before = await invoke(live);
  const lines: string[] = [];
  const onProgress = (line: string): void => void lines.push(line);
  await aws.deploy(synthesize({ code: 'second' }), 'Small', { onProgress });
  expect(physicalIds('AWS::DynamoDB::Table')).toEqual([table]);
  expect(await itemsOf(table)).toMatchObject({ Attributes: { pk: { S: 'ip-db' } } });
  const after = await invoke(live);
  expect(after.answer).not.toBe(before.answer);
  expect(lines.map(withoutId)).toEqual([
    'UPDATED AWS::Lambda::Function',
    'CREATED AWS::Lambda::Version',
    'UPDATED AWS::Lambda::Alias',
    'DELETED AWS::Lambda::Version',
  ]);
});

test('the same template again changes nothing', async () => {
  const assembly = synthesize();
  await aws.deploy(assembly, 'Small');
  const lines: string[] = [];
  await aws.deploy(assembly, 'Small', { onProgress: (line) => void lines.push(line) });
  expect(lines).toEqual([]);
});

test('what leaves the template is deleted', async () => {
  await aws.deploy(synthesize(), 'Small');
  expect(physicalIds('AWS::CloudWatch::Alarm')).toEqual(['ip-db-eth0']);
  const lines: string[] = [];
  const onProgress = (line: string): void => void lines.push(line);
  await aws.deploy(synthesize({ withAlarm: false }), 'Small', { onProgress });
  expect(lines.map(withoutId).sort()).toEqual([
    'DELETED AWS::CloudWatch::Alarm',
    'DELETED AWS::Lambda::Permission',
  ]);
});

test('what leaves the template under DeletionPolicy Retain stays', async () => {
  const extra = (stack: Stack) => {
    new LogGroup(stack, 'Kept', { logGroupName: 'kept', removalPolicy: RemovalPolicy.RETAIN });
  };
  await aws.deploy(synthesize({ also: extra }), 'Small');
  await aws.deploy(synthesize(), 'Small');
  await expect(aws.deploy(synthesize({ also: extra }), 'Small')).rejects.toThrow(/already exists/);
});

test('a resource type that is not modelled is refused by type and logical id before anything is made', async () => {
  const also = (stack: Stack) => {
    new CfnResource(stack, 'Queue', { type: 'AWS::SQS::Queue' });
  };
  const refused = aws.deploy(synthesize({ also }), 'Small');
  await expect(refused).rejects.toThrow(DeploymentFailed);
  await expect(refused).rejects.toThrow(
    /Queue \(AWS::SQS::Queue\): ValidationError: .*resource type AWS::SQS::Queue/,
  );
  expect(aws.lambda.functions.names()).toEqual([]);
});

test('a property that is not modelled is refused by type, logical id and name, and the stack is rolled back', async () => {
  const also = (stack: Stack) => {
    const properties = {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
      StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
    };
    afterAllElse(stack, new CfnResource(stack, 'Extra', { type: 'AWS::DynamoDB::Table', properties }));
  };
  const refused = aws.deploy(synthesize({ also }), 'Small');
  await expect(refused).rejects.toThrow(/^Extra \(AWS::DynamoDB::Table\): .*StreamSpecification/);
  expect(aws.lambda.functions.names()).toEqual([]);
  expect(aws.deployment('Small')).toBeUndefined();
});

test('a failed update leaves the stack as it was', async () => {
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const live = outputs['LiveArn'] ?? '';
  const before = await invoke(live);
  const also = (stack: Stack) => {
    const assumedBy = new ServicePrincipal('lambda.amazonaws.com');
    const managedPolicies = [ManagedPolicy.fromAwsManagedPolicyName('ReadOnlyAccess')];
    afterAllElse(stack, new Role(stack, 'Reader', { assumedBy, managedPolicies }));
  };
  const failed = aws.deploy(synthesize({ code: 'second', also }), 'Small');
  await expect(failed).rejects.toThrow(
    /^Reader.* \(AWS::IAM::Role\): .*managed policy arn:aws:iam::aws:policy\/ReadOnlyAccess/,
  );
  expect((await invoke(live)).answer).toBe(before.answer);
});
