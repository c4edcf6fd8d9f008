/** AWS::DynamoDB::Table (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html). */
import { setTimeout } from 'node:timers/promises';
import { generatedName } from '../cloudformation/names.ts';
import { type Created, provider, type ResourceProvider } from '../cloudformation/provider.ts';
import { AwsError, notModelled } from '../errors.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { DynamoDb, TableFeatures } from './dynamodb.ts';
import { requireUnprotected } from './service.ts';

const keySchema = list(structure({ AttributeName: 'string', KeyType: 'string' }));

const tableShape = structure({
  AttributeDefinitions: list(structure({ AttributeName: 'string', AttributeType: 'string' })),
  BillingMode: 'string',
  DeletionProtectionEnabled: 'boolean',
  GlobalSecondaryIndexes: list(
    structure({
      IndexName: 'string',
      KeySchema: keySchema,
      Projection: structure({ ProjectionType: 'string', NonKeyAttributes: list('string') }),
    }),
  ),
  KeySchema: keySchema,
  PointInTimeRecoverySpecification: structure({
    PointInTimeRecoveryEnabled: 'boolean',
    RecoveryPeriodInDays: 'integer',
  }),
  SSESpecification: structure({ SSEEnabled: 'boolean' }),
  TableName: 'string',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
  TimeToLiveSpecification: structure({ AttributeName: 'string', Enabled: 'boolean' }),
});

type TableProperties = Value<typeof tableShape>;

/** What cannot change without a new table, and a table is not replaced here. */
const fixedAtCreation = [
  'AttributeDefinitions',
  'BillingMode',
  'GlobalSecondaryIndexes',
  'KeySchema',
] as const;

const activeAttempts = 1_000;
const activePollMs = 1;
const defaultRecoveryPeriodInDays = 35;

export function dynamoDbResources(dynamoDb: DynamoDb): readonly ResourceProvider[] {
  const created = new Map<string, TableProperties>();
  const result = (tableName: string): Created => ({
    physicalId: tableName,
    attributes: { Arn: dynamoDb.tableArn(tableName) },
  });
  return [
    provider('AWS::DynamoDB::Table', tableShape, {
      async create(properties, context) {
        if (properties.BillingMode !== 'PAY_PER_REQUEST')
          throw notModelled(
            `the BillingMode ${properties.BillingMode ?? 'PROVISIONED'}; it knows PAY_PER_REQUEST`,
          );
        const tableName = properties.TableName ?? generatedName(dynamoDb.account, context, 255);
        await dynamoDb.call('CreateTable', {
          TableName: tableName,
          AttributeDefinitions: properties.AttributeDefinitions,
          KeySchema: properties.KeySchema,
          BillingMode: properties.BillingMode,
          ...(properties.GlobalSecondaryIndexes === undefined
            ? {}
            : { GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes }),
        });
        await untilStatus(dynamoDb, tableName, 'ACTIVE');
        dynamoDb.setFeatures(tableName, readFeatures(properties, dynamoDb.account.clock.now()));
        created.set(tableName, properties);
        return result(tableName);
      },
      update(tableName, properties) {
        const before = created.get(tableName);
        for (const name of fixedAtCreation)
          if (JSON.stringify(before?.[name]) !== JSON.stringify(properties[name]))
            throw notModelled(`the replacement of a table whose ${name} changed`);
        if (properties.TableName !== undefined && properties.TableName !== tableName)
          throw notModelled('the replacement of a table whose TableName changed');
        const sinceMs = dynamoDb.features(tableName)?.sinceMs ?? dynamoDb.account.clock.now();
        dynamoDb.setFeatures(tableName, readFeatures(properties, sinceMs));
        created.set(tableName, properties);
        return result(tableName);
      },
      async remove(tableName) {
        requireUnprotected(dynamoDb.features(tableName));
        await dynamoDb.call('DeleteTable', { TableName: tableName });
        await untilStatus(dynamoDb, tableName, 'DELETED');
        dynamoDb.setFeatures(tableName, undefined);
        created.delete(tableName);
      },
    }),
  ];
}

function readFeatures(properties: TableProperties, sinceMs: number): TableFeatures {
  const { PointInTimeRecoverySpecification: recovery, TimeToLiveSpecification: expiry } = properties;
  return {
    deletionProtection: properties.DeletionProtectionEnabled ?? false,
    pointInTimeRecovery: recovery?.PointInTimeRecoveryEnabled ?? false,
    recoveryPeriodInDays: recovery?.RecoveryPeriodInDays ?? defaultRecoveryPeriodInDays,
    timeToLiveAttribute: expiry?.Enabled ? expiry.AttributeName : undefined,
    sinceMs,
  };
}

/** dynalite changes a table's status in a timer of its own, so this waits on real time. */
async function untilStatus(
  dynamoDb: DynamoDb,
  tableName: string,
  wanted: 'ACTIVE' | 'DELETED',
): Promise<void> {
  for (let attempt = 0; attempt < activeAttempts; attempt += 1) {
    if ((await statusOf(dynamoDb, tableName)) === wanted) return;
    await setTimeout(activePollMs);
  }
  throw new AwsError('InternalServerError', `the table ${tableName} did not become ${wanted}`, 500);
}

async function statusOf(dynamoDb: DynamoDb, tableName: string): Promise<string> {
  try {
    const { Table } = await dynamoDb.call('DescribeTable', { TableName: tableName });
    return String((Table as { readonly TableStatus?: unknown }).TableStatus);
  } catch (error) {
    if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return 'DELETED';
    throw error;
  }
}
