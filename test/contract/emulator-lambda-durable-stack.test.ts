import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { App, CfnOutput, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  Alias,
  CfnEventInvokeConfig,
  type CfnFunction,
  Code,
  type FunctionProps,
  type IVersion,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { durable, second } from './durable-world.ts';
import { lambdaClient } from './lambda-account.ts';

const scratch = mkdtempSync(join(tmpdir(), 'durable-'));
afterAll(() => rmSync(scratch, { recursive: true }));
/** The first synthesis loads the rules that CDK checks a template against: seconds, on a small machine. */
beforeAll(() => void synthesize(), 120_000);

let assemblies = 0;

interface Wanted {
  readonly code?: string;
  readonly durableConfig?: FunctionProps['durableConfig'];
  readonly also?: (stack: Stack, lambda: LambdaFunction) => void;
}

const aDay = { executionTimeout: Duration.days(1), retentionPeriod: Duration.days(30) };

/** A function as CDK makes it: its own role, with the managed policy for durable functions. */
function synthesize({ code = 'first', durableConfig = aDay, also }: Wanted = {}): string {
  const directory = join(scratch, String(assemblies++));
  const bundle = join(directory, 'bundle');
  mkdirSync(bundle, { recursive: true });
  writeFileSync(join(bundle, 'index.mjs'), `// ${code}`);
  const app = new App({ outdir: join(directory, 'out'), analyticsReporting: false });
  const stack = new Stack(app, 'Small', { env: { account: '123456789012', region: 'us-east-1' } });
  const lambda = new LambdaFunction(stack, 'Failover', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromAsset(bundle),
    logGroup: new LogGroup(stack, 'Log'),
    deadLetterTopic: new Topic(stack, 'Dead') as ITopic,
    currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    ...(durableConfig === undefined ? {} : { durableConfig }),
  });
  const alias = new Alias(stack, 'Live', { aliasName: 'live', version: lambda.currentVersion as IVersion });
  new CfnOutput(stack, 'LiveArn', { value: alias.functionArn });
  also?.(stack, lambda);
  app.synth();
  return join(directory, 'out');
}

function embedded(): { readonly aws: EmbeddedAws; readonly clock: VirtualClock } {
  const clock = new VirtualClock(Date.UTC(2200, 0, 6));
  const runtime = durable(async (_event, context, { config }) => {
    const before = await context.step('before', async () => config.version);
    await context.wait({ minutes: 30 });
    return [before, config.version];
  });
  return { aws: new EmbeddedAws({ clock, seed: 'durable', runtime }), clock };
}

async function start(aws: EmbeddedAws, FunctionName: string) {
  const { DurableExecutionArn = '' } = await lambdaClient(aws.gateway).send(
    new InvokeCommand({ FunctionName, InvocationType: 'Event' }),
  );
  return aws.lambda.executions.get(DurableExecutionArn);
}

test('a synthesized durable function runs with the role that CDK gives it, and shows its settings', async () => {
  const { aws, clock } = embedded();
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const live = outputs['LiveArn'] ?? '';
  const execution = await start(aws, live);
  await clock.advanceUntil(() => execution.status !== 'RUNNING', 3_600 * second);
  expect(execution.look()).toMatchObject({
    status: 'SUCCEEDED',
    result: '["1","1"]',
    executionTimeoutS: 86_400,
  });
  const { Configuration } = await lambdaClient(aws.gateway).send(
    new GetFunctionCommand({ FunctionName: live }),
  );
  expect(Configuration).toMatchObject({
    DurableConfig: { ExecutionTimeout: 86_400, RetentionPeriodInDays: 30 },
    DeadLetterConfig: { TargetArn: expect.stringMatching(/:sns:.*Dead/) },
  });
});

test('a deployment in the meantime moves the alias, and the execution ends where it began', async () => {
  const { aws, clock } = embedded();
  const { outputs } = await aws.deploy(synthesize(), 'Small');
  const live = outputs['LiveArn'] ?? '';
  const before = await start(aws, live);
  await clock.advance(60 * second);
  await aws.deploy(synthesize({ code: 'second' }), 'Small');
  const after = await start(aws, live);
  await clock.advanceUntil(() => after.status !== 'RUNNING', 3_600 * second);
  expect([before.result, after.result]).toEqual(['["1","1"]', '["2","2"]']);
});

test('a function that would become another is refused by name, and its settings may change', async () => {
  const { aws } = embedded();
  await aws.deploy(synthesize(), 'Small');
  const longer = { executionTimeout: Duration.days(2) };
  await aws.deploy(synthesize({ durableConfig: longer }), 'Small');
  const plain = synthesize({
    also: (_stack, lambda) =>
      (lambda.node.defaultChild as CfnFunction).addPropertyDeletionOverride('DurableConfig'),
  });
  await expect(aws.deploy(plain, 'Small')).rejects.toThrow(
    /DeadLetterConfig of a function that is not durable/,
  );
  const bare = synthesize({
    also: (_stack, lambda) => {
      const resource = lambda.node.defaultChild as CfnFunction;
      resource.addPropertyDeletionOverride('DurableConfig');
      resource.addPropertyDeletionOverride('DeadLetterConfig');
    },
  });
  await expect(aws.deploy(bare, 'Small')).rejects.toThrow(/DurableConfig came or went/);
});

/** In the template itself: CDK would warn of it at length. */
function setDurableConfig(assembly: string, name: string, value: unknown): void {
  const file = join(assembly, 'Small.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8'));
  const resources: readonly { Type: string; Properties: { DurableConfig: { [name: string]: unknown } } }[] =
    Object.values(template.Resources);
  for (const { Type, Properties } of resources)
    if (Type === 'AWS::Lambda::Function') Properties.DurableConfig[name] = value;
  writeFileSync(file, JSON.stringify(template));
}

test.each([
  [
    'an execution that may last for more than a year',
    'ExecutionTimeout',
    31_622_401,
    /ExecutionTimeout 31622401/,
  ],
  ['one that may not last at all', 'ExecutionTimeout', 0, /ExecutionTimeout 0/],
  ['a history of more than 90 days', 'RetentionPeriodInDays', 91, /RetentionPeriodInDays 91/],
  [
    'a key of its own, which is not modelled',
    'KMSKeyArn',
    'arn:aws:kms:us-east-1:123456789012:key/x',
    /KMSKeyArn/,
  ],
])('%s is refused', async (_what, name, value, message) => {
  const { aws } = embedded();
  const wanted = synthesize();
  setDurableConfig(wanted, name, value);
  await expect(aws.deploy(wanted, 'Small')).rejects.toThrow(message);
});

test('a destination is refused', async () => {
  const { aws } = embedded();
  const wanted = synthesize({
    also: (stack, lambda) =>
      void new CfnEventInvokeConfig(stack, 'Config', {
        functionName: lambda.functionName,
        qualifier: '$LATEST',
        destinationConfig: { onFailure: { destination: 'arn:aws:sns:us-east-1:123456789012:dead' } },
      }),
  });
  await expect(aws.deploy(wanted, 'Small')).rejects.toThrow(/do not support destinations/);
});
