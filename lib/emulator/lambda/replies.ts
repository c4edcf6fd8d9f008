/** Lambda's functions, versions and aliases as its API prints them (https://docs.aws.amazon.com/lambda/latest/api/API_FunctionConfiguration.html). */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Account } from '../account.ts';
import type { Alias, EventInvokeConfig, FunctionConfiguration, FunctionVersion } from './model.ts';

export function configurationReply(account: Account, version: FunctionVersion, arn: string): object {
  const { configuration, revisionId, lastModifiedMs } = version;
  return {
    FunctionName: configuration.functionName,
    FunctionArn: arn,
    Runtime: configuration.runtime,
    Role: account.iam.roleArn(configuration.roleName),
    Handler: configuration.handler,
    CodeSize: 0,
    CodeSha256: createHash('sha256').update(basename(configuration.codeDirectory)).digest('base64'),
    Description: configuration.description,
    Timeout: configuration.timeoutMs / 1000,
    MemorySize: configuration.memorySize,
    LastModified: new Date(lastModifiedMs).toISOString().replace('Z', '+0000'),
    Version: version.version,
    Environment: { Variables: configuration.environment },
    TracingConfig: { Mode: configuration.tracing },
    RevisionId: revisionId,
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: [configuration.architecture],
    EphemeralStorage: { Size: configuration.ephemeralStorageMb },
    LoggingConfig: { LogFormat: configuration.logFormat, LogGroup: configuration.logGroupName },
    ...durableReply(configuration),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html */
function durableReply({ durable, deadLetterArn }: FunctionConfiguration): object {
  return {
    ...(durable === undefined
      ? {}
      : {
          DurableConfig: {
            ExecutionTimeout: durable.executionTimeoutS,
            RetentionPeriodInDays: durable.retentionDays,
          },
        }),
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: deadLetterArn } }),
  };
}

export function aliasReply(alias: Alias): object {
  return {
    AliasArn: alias.arn,
    Name: alias.name,
    FunctionVersion: alias.version,
    Description: alias.description,
    RevisionId: alias.revisionId,
  };
}

export function eventInvokeConfigReply(config: EventInvokeConfig, functionArn: string): object {
  const { maximumEventAgeS, maximumRetryAttempts, onSuccess, onFailure, lastModifiedMs } = config;
  return {
    LastModified: lastModifiedMs / 1000,
    FunctionArn: functionArn,
    MaximumRetryAttempts: maximumRetryAttempts,
    MaximumEventAgeInSeconds: maximumEventAgeS,
    DestinationConfig: {
      OnSuccess: onSuccess === undefined ? {} : { Destination: onSuccess },
      OnFailure: onFailure === undefined ? {} : { Destination: onFailure },
    },
  };
}
