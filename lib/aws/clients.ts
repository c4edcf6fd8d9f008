/**
 * The SDK clients of the functions, each created once. What only some runs need is loaded when it is first used:
 * start-up time is outage time.
 */
import type { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import type { Route53Client } from '@aws-sdk/client-route-53';
import type { SNSClient } from '@aws-sdk/client-sns';
import { SSMClient } from '@aws-sdk/client-ssm';
import type { STSClient } from '@aws-sdk/client-sts';
import { type ClientOptions, clientConfig } from './client-config.ts';

export interface Clients {
  readonly ec2: EC2Client;
  readonly dynamodb: DynamoDBClient;
  readonly ssm: SSMClient;
  readonly lambda: () => Promise<LambdaClient>;
  readonly sns: () => Promise<SNSClient>;
  readonly cloudwatch: () => Promise<CloudWatchClient>;
  readonly eventbridge: () => Promise<EventBridgeClient>;
  readonly sts: () => Promise<STSClient>;
  readonly route53: () => Promise<Route53Client>;
  readonly elbv2: () => Promise<ElasticLoadBalancingV2Client>;
}

export function createClients(options: ClientOptions = {}): Clients {
  const config = clientConfig(options);
  return {
    ec2: new EC2Client(config),
    dynamodb: new DynamoDBClient(config),
    ssm: new SSMClient(config),
    lambda: once(async () => new (await import('@aws-sdk/client-lambda')).LambdaClient(config)),
    sns: once(async () => new (await import('@aws-sdk/client-sns')).SNSClient(config)),
    eventbridge: once(
      async () => new (await import('@aws-sdk/client-eventbridge')).EventBridgeClient(config),
    ),
    route53: once(async () => new (await import('@aws-sdk/client-route-53')).Route53Client(config)),
    elbv2: once(
      async () =>
        new (await import('@aws-sdk/client-elastic-load-balancing-v2')).ElasticLoadBalancingV2Client(config),
    ),
    sts: once(async () => new (await import('@aws-sdk/client-sts')).STSClient(config)),
    cloudwatch: once(async () => new (await import('@aws-sdk/client-cloudwatch')).CloudWatchClient(config)),
  };
}

function once<T>(create: () => Promise<T>): () => Promise<T> {
  let created: Promise<T> | undefined;
  return () => {
    created ??= create();
    return created;
  };
}
