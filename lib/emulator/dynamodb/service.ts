/** DynamoDB on the wire: what IAM is asked about each call, and the few calls that dynalite cannot answer. */
import { AwsError } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import type { Call, RawService, WireRequest, WireResponse } from '../service.ts';
import type { DynamoDb, TableFeatures } from './dynamodb.ts';

export function dynamoDbService(dynamoDb: DynamoDb): RawService {
  return {
    signingName: 'dynamodb',
    iamPrefix: 'dynamodb',
    describe(request) {
      const operation = operationOf(request);
      const input = readBody(request);
      return { operation, input, targets: targetsOf(dynamoDb, input) };
    },
    async handle(request, call) {
      const own = await answer(dynamoDb, operationOf(request), readBody(request));
      return own === undefined ? forward(dynamoDb, request, call) : json(own, call);
    },
  };
}

type Input = { readonly [member: string]: unknown };

/** The reply of an operation that needs what is kept beside dynalite; undefined for all others. */
async function answer(dynamoDb: DynamoDb, operation: string, input: Input): Promise<object | undefined> {
  const tableName = String(input['TableName'] ?? '');
  const features = dynamoDb.features(tableName);
  switch (operation) {
    case 'DescribeContinuousBackups':
      await dynamoDb.call('DescribeTable', { TableName: tableName });
      return { ContinuousBackupsDescription: continuousBackups(dynamoDb, features) };
    case 'DescribeTimeToLive':
      await dynamoDb.call('DescribeTable', { TableName: tableName });
      return { TimeToLiveDescription: timeToLive(features) };
    case 'DescribeTable': {
      const { Table } = await dynamoDb.call('DescribeTable', { TableName: tableName });
      return {
        Table: { ...(Table as object), DeletionProtectionEnabled: features?.deletionProtection ?? false },
      };
    }
    case 'DeleteTable':
      requireUnprotected(features);
      return undefined;
    default:
      return undefined;
  }
}

/** seen: DeleteTable on a protected table. */
export function requireUnprotected(features: TableFeatures | undefined): void {
  if (features?.deletionProtection)
    throw new AwsError(
      'ValidationException',
      'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
    );
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeContinuousBackups.html */
function continuousBackups(dynamoDb: DynamoDb, features: TableFeatures | undefined): object {
  if (!features?.pointInTimeRecovery)
    return {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'DISABLED' },
    };
  return {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: {
      PointInTimeRecoveryStatus: 'ENABLED',
      RecoveryPeriodInDays: features.recoveryPeriodInDays,
      EarliestRestorableDateTime: features.sinceMs / 1000,
      LatestRestorableDateTime: dynamoDb.account.clock.now() / 1000,
    },
  };
}

function timeToLive(features: TableFeatures | undefined): object {
  return features?.timeToLiveAttribute === undefined
    ? { TimeToLiveStatus: 'DISABLED' }
    : { TimeToLiveStatus: 'ENABLED', AttributeName: features.timeToLiveAttribute };
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html: the table, or its index. */
function targetsOf(dynamoDb: DynamoDb, input: Input): readonly IamTarget[] {
  const { TableName, IndexName, RequestItems } = input;
  if (typeof TableName === 'string') {
    const arn = dynamoDb.tableArn(TableName);
    return [{ arn: typeof IndexName === 'string' ? `${arn}/index/${IndexName}` : arn }];
  }
  if (typeof RequestItems === 'object' && RequestItems !== null)
    return Object.keys(RequestItems).map((tableName) => ({ arn: dynamoDb.tableArn(tableName) }));
  return [{ arn: '*' }];
}

async function forward(dynamoDb: DynamoDb, request: WireRequest, call: Call): Promise<WireResponse> {
  const response = await dynamoDb.forward(request, call.requestId);
  // Refusals go through the gateway, so that the account's call record has their code.
  if (response.status === 200) return response;
  const reply = JSON.parse(response.body.toString('utf8')) as Input;
  throw new AwsError(
    String(reply['__type']).split('#').at(-1) ?? 'InternalServerError',
    String(reply['message'] ?? reply['Message'] ?? ''),
    response.status,
  );
}

function operationOf(request: WireRequest): string {
  return (request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
}

function readBody(request: WireRequest): Input {
  const text = request.body.toString('utf8');
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'The body of the request is not JSON.');
  }
}

function json(reply: object, call: Call): WireResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': call.requestId },
    body: Buffer.from(JSON.stringify(reply)),
  };
}
