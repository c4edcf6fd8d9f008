/** Lambda's CloudFormation resource types (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Lambda.html). */

import { generatedName } from '../cloudformation/names.ts';
import {
  type Created,
  provider,
  type ResourceContext,
  type ResourceProvider,
} from '../cloudformation/provider.ts';
import { AwsError, notModelled } from '../errors.ts';
import { list, map, structure, type Value } from '../shapes.ts';
import { readDurableConfig, requireNoDestination, requireSameDurability } from './durable-config.ts';
import type { Lambda } from './lambda.ts';
import type { EventInvokeConfig, FunctionConfiguration, FunctionVersion } from './model.ts';
import { readReference } from './reference.ts';

const tags = list(structure({ Key: 'string', Value: 'string' }));
const destination = structure({ Destination: 'string' });

const functionShape = structure({
  Architectures: list('string'),
  Code: structure({ S3Bucket: 'string', S3Key: 'string' }),
  DeadLetterConfig: structure({ TargetArn: 'string' }),
  Description: 'string',
  DurableConfig: structure({ ExecutionTimeout: 'integer', RetentionPeriodInDays: 'integer' }),
  Environment: structure({ Variables: map('string') }),
  EphemeralStorage: structure({ Size: 'integer' }),
  FunctionName: 'string',
  Handler: 'string',
  LoggingConfig: structure({ LogFormat: 'string', LogGroup: 'string' }),
  MemorySize: 'integer',
  ReservedConcurrentExecutions: 'integer',
  Role: 'string',
  Runtime: 'string',
  Tags: tags,
  Timeout: 'integer',
  TracingConfig: structure({ Mode: 'string' }),
});

const eventInvokeConfigShape = structure({
  FunctionName: 'string',
  Qualifier: 'string',
  MaximumEventAgeInSeconds: 'integer',
  MaximumRetryAttempts: 'integer',
  DestinationConfig: structure({ OnSuccess: destination, OnFailure: destination }),
});

export function lambdaResources(lambda: Lambda): readonly ResourceProvider[] {
  return [
    functionProvider(lambda),
    versionProvider(lambda),
    aliasProvider(lambda),
    permissionProvider(lambda),
    eventInvokeConfigProvider(lambda),
  ];
}

function functionProvider(lambda: Lambda): ResourceProvider {
  const { functions } = lambda;
  return provider('AWS::Lambda::Function', functionShape, {
    create(properties, context) {
      const functionName = properties.FunctionName ?? generatedName(lambda.account, context);
      const configuration = readConfiguration(lambda, functionName, properties, context);
      return createdFunction(functions.create(configuration, properties.ReservedConcurrentExecutions));
    },
    update(functionName, properties, context) {
      if (properties.FunctionName !== undefined && properties.FunctionName !== functionName)
        throw notModelled('the replacement of a function whose FunctionName changed');
      const configuration = readConfiguration(lambda, functionName, properties, context);
      requireSameDurability(functions.target({ functionName, qualifier: undefined }), configuration);
      const version = functions.update(configuration, properties.ReservedConcurrentExecutions);
      lambda.retire(functionName);
      return createdFunction(version);
    },
    remove(functionName) {
      functions.delete(functionName);
      lambda.retire(functionName);
    },
  });
}

function createdFunction({ arn, configuration }: FunctionVersion): Created {
  return { physicalId: configuration.functionName, attributes: { Arn: arn } };
}

/** Defaults and limits: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-function.html */
function readConfiguration(
  lambda: Lambda,
  functionName: string,
  properties: Value<typeof functionShape>,
  context: ResourceContext,
): FunctionConfiguration {
  const { Runtime, Role, Handler, Code, Timeout = 3, MemorySize = 128 } = properties;
  if (Runtime !== 'nodejs24.x') throw notModelled(`the Runtime ${Runtime}; it runs nodejs24.x`);
  if (Code?.S3Key === undefined || Handler === undefined || Role === undefined)
    throw invalid('Code.S3Key, Handler and Role are required');
  const roleName = Role.split('/').at(-1) ?? '';
  if (!lambda.account.iam.hasRole(roleName))
    throw invalid('The role defined for the function cannot be assumed by Lambda.');
  if (Timeout < 1 || Timeout > 900) throw invalid(`Timeout ${Timeout} is not between 1 and 900`);
  if (MemorySize < 128 || MemorySize > 10_240)
    throw invalid(`MemorySize ${MemorySize} is not between 128 and 10240`);
  return {
    functionName,
    description: properties.Description ?? '',
    runtime: 'nodejs24.x',
    handler: Handler,
    codeDirectory: context.assetDirectory(Code.S3Key),
    environment: properties.Environment?.Variables ?? {},
    timeoutMs: Timeout * 1000,
    memorySize: MemorySize,
    ephemeralStorageMb: properties.EphemeralStorage?.Size ?? 512,
    roleName,
    architecture: oneOf('Architectures', properties.Architectures?.[0] ?? 'x86_64', ['x86_64', 'arm64']),
    logGroupName: properties.LoggingConfig?.LogGroup ?? `/aws/lambda/${functionName}`,
    logFormat: oneOf('LogFormat', properties.LoggingConfig?.LogFormat ?? 'Text', ['Text', 'JSON']),
    tracing: oneOf('TracingConfig.Mode', properties.TracingConfig?.Mode ?? 'PassThrough', [
      'PassThrough',
      'Active',
    ]),
    tags: Object.fromEntries((properties.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
    ...readDurableConfig(properties.DurableConfig, properties.DeadLetterConfig?.TargetArn),
  };
}

function versionProvider({ functions }: Lambda): ResourceProvider {
  const shape = structure({ FunctionName: 'string', Description: 'string' });
  return provider('AWS::Lambda::Version', shape, {
    create({ FunctionName = '', Description = '' }) {
      const { functionName } = readReference(FunctionName);
      const { version, alreadyPublished } = functions.publish(functionName, Description);
      // seen: CloudFormation's answer when code and configuration are those of the last version.
      if (alreadyPublished)
        throw new AwsError(
          'AlreadyExists',
          `A version for this Lambda function exists ( ${version.version} ). Modify the function to create a new version.`,
        );
      return { physicalId: version.arn, attributes: { Version: version.version, FunctionArn: version.arn } };
    },
    remove(arn) {
      const { functionName, qualifier = '' } = readReference(arn);
      if (functions.names().includes(functionName)) functions.deleteVersion(functionName, qualifier);
    },
  });
}

function aliasProvider({ functions }: Lambda): ResourceProvider {
  const shape = structure({
    FunctionName: 'string',
    FunctionVersion: 'string',
    Name: 'string',
    Description: 'string',
  });
  const put = ({
    FunctionName = '',
    FunctionVersion = '',
    Name = '',
    Description = '',
  }: Value<typeof shape>) => {
    const { arn } = functions.putAlias(
      readReference(FunctionName).functionName,
      Name,
      FunctionVersion,
      Description,
    );
    return { physicalId: arn, attributes: { AliasArn: arn } };
  };
  return provider('AWS::Lambda::Alias', shape, {
    create: put,
    update(arn, properties) {
      const { functionName, qualifier } = readReference(arn);
      if (
        readReference(properties.FunctionName ?? '').functionName !== functionName ||
        properties.Name !== qualifier
      )
        throw notModelled('the replacement of an alias whose Name or FunctionName changed');
      return put(properties);
    },
    remove(arn) {
      const { functionName, qualifier = '' } = readReference(arn);
      functions.deleteAlias(functionName, qualifier);
    },
  });
}

function permissionProvider({ functions, account }: Lambda): ResourceProvider {
  const shape = structure({
    Action: 'string',
    FunctionName: 'string',
    Principal: 'string',
    SourceAccount: 'string',
    SourceArn: 'string',
  });
  return provider('AWS::Lambda::Permission', shape, {
    create({ Action = '', FunctionName = '', Principal = '', SourceAccount, SourceArn }, context) {
      if (!Principal.endsWith('.amazonaws.com'))
        throw notModelled(`the Principal ${Principal}; it knows services`);
      const statementId = generatedName(account, context);
      functions.addPermission(readReference(FunctionName), {
        statementId,
        principal: Principal,
        action: Action,
        ...(SourceArn === undefined ? {} : { sourceArn: SourceArn }),
        ...(SourceAccount === undefined ? {} : { sourceAccount: SourceAccount }),
      });
      return { physicalId: `${functions.arn(readReference(FunctionName))}|${statementId}` };
    },
    remove(physicalId) {
      const [arn = '', statementId = ''] = physicalId.split('|');
      functions.removePermission(readReference(arn), statementId);
    },
  });
}

function eventInvokeConfigProvider({ functions, account }: Lambda): ResourceProvider {
  const put = (properties: Value<typeof eventInvokeConfigShape>): Created => {
    const reference = readReference(properties.FunctionName ?? '', properties.Qualifier);
    const config = readEventInvokeConfig(properties, account.clock.now());
    requireNoDestination(functions.target(reference), config);
    functions.putEventInvokeConfig(reference, config);
    return { physicalId: `${functions.arn(reference)}|event-invoke-config` };
  };
  return provider('AWS::Lambda::EventInvokeConfig', eventInvokeConfigShape, {
    create: put,
    update(physicalId, properties) {
      const created = put(properties);
      if (created.physicalId !== physicalId)
        throw notModelled('the replacement of an event invoke config whose function or qualifier changed');
      return created;
    },
    remove(physicalId) {
      functions.deleteEventInvokeConfig(readReference(physicalId.split('|')[0] ?? ''));
    },
  });
}

/** Limits: https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionEventInvokeConfig.html */
function readEventInvokeConfig(
  {
    MaximumEventAgeInSeconds = 21_600,
    MaximumRetryAttempts = 2,
    DestinationConfig,
  }: Value<typeof eventInvokeConfigShape>,
  nowMs: number,
): EventInvokeConfig {
  if (MaximumEventAgeInSeconds < 60 || MaximumEventAgeInSeconds > 21_600)
    throw invalid(`MaximumEventAgeInSeconds ${MaximumEventAgeInSeconds} is not between 60 and 21600`);
  if (MaximumRetryAttempts < 0 || MaximumRetryAttempts > 2)
    throw invalid(`MaximumRetryAttempts ${MaximumRetryAttempts} is not between 0 and 2`);
  const onSuccess = DestinationConfig?.OnSuccess?.Destination;
  const onFailure = DestinationConfig?.OnFailure?.Destination;
  for (const arn of [onSuccess, onFailure])
    if (arn !== undefined && arn.split(':')[2] !== 'sns')
      throw notModelled(`the destination ${arn}; it knows SNS topics`);
  return {
    maximumRetryAttempts: MaximumRetryAttempts,
    maximumEventAgeS: MaximumEventAgeInSeconds,
    ...(onSuccess === undefined ? {} : { onSuccess }),
    ...(onFailure === undefined ? {} : { onFailure }),
    lastModifiedMs: nowMs,
  };
}

function oneOf<const T extends string>(name: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw invalid(`${name} is ${value}, not one of ${allowed.join(', ')}`);
  return found;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
