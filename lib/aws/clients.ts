/**
 * SDK clients, each created once, each with connection and request timeouts (the SDK has none by default: a black-holed
 * call would eat the function's whole time) and without the SDK's retries. What only some runs need is loaded when it
 * is first used: start-up time is outage time. `AWS_ENDPOINT_URL` is honoured by the SDK itself.
 */
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';

const connectionTimeout = 1_000;
const requestTimeout = 4_000;

/** Options that every SDK client takes alike; tests give a transport and credentials. */
export interface ClientOptions {
  readonly region?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A request handler as SDK clients take it. */
  readonly requestHandler?: unknown;
}

export interface Clients {
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly ssm: SSMClient;
  readonly lambda: () => Promise<LambdaClient>;
  readonly sns: () => Promise<SNSClient>;
  readonly cloudwatch: () => Promise<CloudWatchClient>;
}

export function createClients(options: ClientOptions = {}): Clients {
  const config = clientConfig(options);
  return {
    ec2: new EC2Client(config),
    dynamodb: new DynamoDBClient(config),
    ssm: new SSMClient(config),
    lambda: once(async () => new (await import('@aws-sdk/client-lambda')).LambdaClient(config)),
    sns: once(async () => new (await import('@aws-sdk/client-sns')).SNSClient(config)),
    cloudwatch: once(async () => new (await import('@aws-sdk/client-cloudwatch')).CloudWatchClient(config)),
  };
}

/** What every client of ours is created with. */
export function clientConfig(options: ClientOptions): object {
  return {
    maxAttempts: 1,
    requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
    ...options,
  };
}

function once<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined;
  return () => {
    created ??= create();
    return created;
  };
}
