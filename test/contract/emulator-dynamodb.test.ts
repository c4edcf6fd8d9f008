import {
  CreateTableCommand,
  DeleteTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, expect, test } from 'vitest';
import { Account } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { DynamoDb } from '../../lib/emulator/dynamodb/dynamodb.ts';
import { dynamoDbResources } from '../../lib/emulator/dynamodb/resources.ts';
import { dynamoDbService } from '../../lib/emulator/dynamodb/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { sdkRequestHandler } from '../../lib/emulator/transports.ts';

const tableArn = 'arn:aws:dynamodb:us-east-1:123456789012:table/states';
const key = { pk: { S: 'ip-db' }, sk: { S: 'resource' } };

const properties = {
  TableName: 'states',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  BillingMode: 'PAY_PER_REQUEST',
  DeletionProtectionEnabled: true,
  PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
  TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
};

let account: Account;
let gateway: Gateway;
let operator: DynamoDBClient;

beforeEach(async () => {
  account = new Account({ clock: new VirtualClock(), seed: 'dynamodb' });
  gateway = new Gateway(account);
  const dynamoDb = new DynamoDb(account);
  gateway.addRaw(dynamoDbService(dynamoDb));
  operator = clientOf('test');
  const context = { stackName: 'stack', logicalId: 'Table', assetDirectory: () => '' };
  for (const table of dynamoDbResources(dynamoDb)) await table.create(properties, context);
});

function clientOf(accessKeyId: string): DynamoDBClient {
  return new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: 'test' },
    requestHandler: sdkRequestHandler(gateway) as NonNullable<DynamoDBClientConfig['requestHandler']>,
    maxAttempts: 1,
  });
}

/** A lease as one conditional write: taken when free or expired, the epoch only ever rises. */
function claim(holder: string, now: number) {
  return operator.send(
    new UpdateItemCommand({
      TableName: 'states',
      Key: key,
      UpdateExpression: 'SET holder = :holder, expires = :expires ADD epoch :one',
      ConditionExpression: 'attribute_not_exists(holder) OR expires < :now',
      ExpressionAttributeValues: {
        ':holder': { S: holder },
        ':expires': { N: String(now + 60) },
        ':now': { N: String(now) },
        ':one': { N: '1' },
      },
      ReturnValues: 'ALL_NEW',
    }),
  );
}

test('one conditional UpdateItem is a lease with a rising epoch', async () => {
  expect((await claim('first', 100)).Attributes?.['epoch']).toEqual({ N: '1' });
  await expect(claim('second', 101)).rejects.toMatchObject({
    name: 'ConditionalCheckFailedException',
    $metadata: { httpStatusCode: 400 },
  });
  expect((await claim('second', 161)).Attributes).toMatchObject({
    epoch: { N: '2' },
    holder: { S: 'second' },
  });
});

test('of two claims at once exactly one is granted', async () => {
  const outcomes = await Promise.allSettled([claim('first', 100), claim('second', 100)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('the call record has the code of a refusal', async () => {
  await claim('first', 100);
  await claim('second', 100).catch(() => undefined);
  expect(account.calls('UpdateItem').map(({ error }) => error)).toEqual([
    undefined,
    'ConditionalCheckFailedException',
  ]);
});

test('a role may do to the table what its policy says and nothing else', async () => {
  account.iam.putRole('reader');
  account.iam.putRolePolicy('reader', 'read', {
    Statement: [{ Effect: 'Allow', Action: 'dynamodb:Query', Resource: tableArn }],
  });
  const reader = clientOf(account.iam.credentialsOf('reader').accessKeyId);
  const query = {
    TableName: 'states',
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': { S: 'ip-db' } },
  };
  await expect(reader.send(new QueryCommand(query))).resolves.toMatchObject({ Count: 0 });
  const write = reader.send(new UpdateItemCommand({ TableName: 'states', Key: key }));
  await expect(write).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`dynamodb:UpdateItem on resource: ${tableArn} `),
  });
  const overIndex = reader.send(new QueryCommand({ ...query, IndexName: 'by-state' }));
  await expect(overIndex).rejects.toThrow(`${tableArn}/index/by-state`);
});

test('the table carries the ARN of its account and the features of its template', async () => {
  const named = { TableName: 'states' };
  const { Table } = await operator.send(new DescribeTableCommand(named));
  expect(Table).toMatchObject({ TableArn: tableArn, TableStatus: 'ACTIVE', DeletionProtectionEnabled: true });
  const backups = await operator.send(new DescribeContinuousBackupsCommand(named));
  expect(backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription).toMatchObject({
    PointInTimeRecoveryStatus: 'ENABLED',
    RecoveryPeriodInDays: 35,
  });
  const expiry = await operator.send(new DescribeTimeToLiveCommand(named));
  expect(expiry.TimeToLiveDescription).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
});

test('a protected table is not deleted', async () => {
  const deletion = operator.send(new DeleteTableCommand({ TableName: 'states' }));
  await expect(deletion).rejects.toThrow(/protected against deletion/);
});

test('transactions are not known here and are refused as unknown', async () => {
  const write = operator.send(
    new TransactWriteItemsCommand({ TransactItems: [{ Delete: { TableName: 'states', Key: key } }] }),
  );
  await expect(write).rejects.toMatchObject({ name: 'UnknownOperationException' });
});

test('a table that is made by hand is there at once, without any of these features', async () => {
  await operator.send(
    new CreateTableCommand({
      TableName: 'by-hand',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  const { Table } = await operator.send(new DescribeTableCommand({ TableName: 'by-hand' }));
  expect(Table?.DeletionProtectionEnabled).toBe(false);
});
