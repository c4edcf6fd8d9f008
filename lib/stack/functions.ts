/** One Lambda function of Holdfast with its log, its role, its version and the alias that everything invokes. */
import { Annotations, Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  CfnPolicy,
  type IRole,
  PolicyDocument,
  type PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import {
  Alias,
  Architecture,
  CfnEventInvokeConfig,
  Code,
  type IAlias,
  type IVersion,
  Function as LambdaFunction,
  Runtime,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { liveAlias } from '../recovery/names.ts';
import { environmentOf, type FunctionName, type FunctionSettings } from '../recovery/settings.ts';
import { effectPolicies } from './effect-policies.ts';
import { executionPermissions, logPermissions } from './permissions.ts';

/**
 * Lambda gives processor time with memory; start-up has a full processor whatever the memory. Of a failover, a step that
 * waits for a dependent has to end in one invocation: fifteen minutes are Lambda's most.
 */
const sizes = {
  recover: { memorySize: 512, timeout: Duration.seconds(120) },
  failover: { memorySize: 512, timeout: Duration.minutes(15) },
  operate: { memorySize: 256, timeout: Duration.seconds(30) },
} as const satisfies { readonly [name in FunctionName]: object };

/** Lambda's most; the audit trail stays for good. https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html */
const historyKept = Duration.days(90);

interface HoldfastFunctionOptions<F extends FunctionName> {
  readonly name: F;
  readonly description: string;
  /** Only where somebody has to know it beforehand: a function with a fixed name cannot be replaced. */
  readonly functionName?: string;
  /** As bundle.ts made it. */
  readonly directory: string;
  readonly settings: FunctionSettings<F>;
  readonly permissions: readonly PolicyStatement[];
  /** Further ones, of which there may be more than a role's own policy holds. */
  readonly effects?: readonly PolicyStatement[];
  readonly reservedConcurrency?: number | undefined;
  readonly asynchronous: AsynchronousInvocation;
  /** Its executions outlive its invocations, for so long at most. Who adds it or takes it away replaces the function. */
  readonly durableFor?: Duration;
}

/**
 * How long an event may wait in Lambda's own queue, how often it is tried again, and who hears of one that was given up.
 * A durable function has its own retries, and in the place of a destination a dead-letter topic, which hears of every
 * execution that did not succeed too: https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html
 */
interface AsynchronousInvocation {
  readonly maxEventAge: Duration;
  readonly retryAttempts?: 0 | 1 | 2;
  readonly onFailure?: ITopic;
}

export class HoldfastFunction<F extends FunctionName> extends Construct {
  /** What alarms, rules and the other functions invoke. */
  readonly alias: IAlias;
  /** With a wildcard for its version; an execution goes on with the one on which it began. */
  readonly executions: string;
  readonly functionName: string;

  constructor(scope: Construct, id: string, options: HoldfastFunctionOptions<F>) {
    super(scope, id);
    // CDK's own would carry the managed policy, which lets a function write into every log of the account.
    const logGroup = new LogGroup(this, 'Log', {
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: {
        Holdfast: new PolicyDocument({
          statements: [logPermissions(logGroup.logGroupArn), ...options.permissions],
        }),
      },
    });
    const lambda = new LambdaFunction(this, 'Function', {
      ...sizes[options.name],
      description: options.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: 'index.handler',
      code: Code.fromAsset(options.directory),
      environment: environmentOf(options.name, options.settings),
      logGroup,
      // All that the role may do stands above: no grant elsewhere widens it.
      role: role.withoutPolicyUpdates(),
      // A run that is under way ends on the version on which it began.
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
      ...(options.functionName === undefined ? {} : { functionName: options.functionName }),
      ...(options.reservedConcurrency === undefined
        ? {}
        : { reservedConcurrentExecutions: options.reservedConcurrency }),
      ...durability(options),
    });
    // The casts are for TypeScript alone: CDK declares its optional properties without exactOptionalPropertyTypes.
    const version = lambda.currentVersion as IVersion;
    this.alias = new Alias(this, 'Live', { aliasName: liveAlias, version }) as IAlias;
    this.executions = `${lambda.functionArn}:*`;
    this.functionName = lambda.functionName;
    const { description, effects = [], durableFor } = options;
    // Nobody invokes it before: what it may not do would only show in the middle of a failover.
    this.alias.node.addDependency(...effectPolicies(this, description, effects, role as IRole));
    if (durableFor !== undefined) {
      this.alias.node.addDependency(this.#rememberSteps(role as IRole));
      // Says that a function that becomes durable is replaced, which is why it has no name of its own.
      Annotations.of(lambda).acknowledgeInfo('aws-lambda:Function.DurableConfig');
    }
    this.#invokeAsynchronously(lambda.functionName, options);
  }

  /** Beside the role: it names the function, which in turn needs its role. */
  #rememberSteps(role: IRole): CfnPolicy {
    return new CfnPolicy(this, 'Executions', {
      policyName: 'Executions',
      roles: [role.roleName],
      policyDocument: new PolicyDocument({ statements: [...executionPermissions(this.executions)] }),
    });
  }

  /** Plain CloudFormation: the construct for it would grant the role what permissions.ts decides. */
  #invokeAsynchronously(functionName: string, options: HoldfastFunctionOptions<F>): void {
    const { maxEventAge, retryAttempts, onFailure } = options.asynchronous;
    const hasDestination = onFailure !== undefined && options.durableFor === undefined;
    const config = new CfnEventInvokeConfig(this, 'AsynchronousInvocation', {
      functionName,
      qualifier: liveAlias,
      maximumEventAgeInSeconds: maxEventAge.toSeconds(),
      ...(retryAttempts === undefined ? {} : { maximumRetryAttempts: retryAttempts }),
      ...(hasDestination ? { destinationConfig: { onFailure: { destination: onFailure.topicArn } } } : {}),
    });
    config.node.addDependency(this.alias);
  }
}

function durability<F extends FunctionName>({ durableFor, asynchronous }: HoldfastFunctionOptions<F>) {
  if (durableFor === undefined) return {};
  const { onFailure } = asynchronous;
  return {
    durableConfig: { executionTimeout: durableFor, retentionPeriod: historyKept },
    ...(onFailure === undefined ? {} : { deadLetterTopic: onFailure }),
  };
}
