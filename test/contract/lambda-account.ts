/** An account with one function behind an alias, without a stack: for tests of Lambda alone. */
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import { Account } from '../../lib/emulator/account.ts';
import type { Clock } from '../../lib/emulator/clock.ts';
import { DynamoDb } from '../../lib/emulator/dynamodb/dynamodb.ts';
import { dynamoDbService } from '../../lib/emulator/dynamodb/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import {
  type HandlerFactory,
  InProcessRuntime,
  type InProcessSandbox,
} from '../../lib/emulator/lambda/in-process-runtime.ts';
import { Lambda } from '../../lib/emulator/lambda/lambda.ts';
import type { FunctionConfiguration } from '../../lib/emulator/lambda/model.ts';
import type { FunctionRuntime } from '../../lib/emulator/lambda/runtime.ts';
import { lambdaService } from '../../lib/emulator/lambda/service.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

const configuration: FunctionConfiguration = {
  functionName: 'mover',
  description: '',
  runtime: 'nodejs24.x',
  handler: 'index.handler',
  codeDirectory: 'nowhere',
  environment: { STAGE: 'test' },
  timeoutMs: 3_000,
  memorySize: 128,
  ephemeralStorageMb: 512,
  roleName: 'mover-role',
  architecture: 'arm64',
  logGroupName: '/aws/lambda/mover',
  logFormat: 'Text',
  tracing: 'PassThrough',
  tags: {},
};

/** The function may log and call DynamoDB. */
const rolePolicy = {
  Statement: [
    { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: '*' },
    { Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' },
    { Effect: 'Allow', Action: 'sns:Publish', Resource: '*' },
  ],
};

export type MakeRuntime = (account: Account, gateway: Gateway) => FunctionRuntime;

export function inProcess(factory: HandlerFactory): MakeRuntime {
  return (account, gateway) => new InProcessRuntime(account, gateway, factory);
}

export function lambdaAccount<C extends Clock>(
  clock: C,
  makeRuntime: MakeRuntime,
  changes: Partial<FunctionConfiguration> = {},
  reservedConcurrency?: number,
) {
  const account = new Account({ clock, seed: 'lambda' });
  const gateway = new Gateway(account);
  const lambda = new Lambda(account, makeRuntime(account, gateway));
  gateway.addRaw(lambdaService(lambda));
  gateway.addRaw(dynamoDbService(new DynamoDb(account)));
  account.iam.putRole('mover-role');
  account.iam.putRolePolicy('mover-role', 'all', rolePolicy);
  lambda.functions.create({ ...configuration, ...changes }, reservedConcurrency);
  lambda.functions.publish('mover', 'first');
  lambda.functions.putAlias('mover', 'live', '1', '');
  return { account, gateway, lambda, client: lambdaClient(gateway) };
}

export function lambdaClient(gateway: Gateway, accessKeyId = 'test'): LambdaClient {
  return new LambdaClient({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<LambdaClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}

/** A client as a handler of the in-process runtime builds it: dies with its sandbox. */
export function dynamoDbOf({ requestHandler, credentials }: InProcessSandbox): DynamoDBClient {
  return new DynamoDBClient({
    region: 'us-east-1',
    credentials,
    requestHandler: requestHandler as NonNullable<DynamoDBClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}
