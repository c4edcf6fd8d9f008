/** One Lambda function of Holdfast with its log, its role, its version and the alias that everything invokes. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
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
import { logPermissions } from './permissions.ts';

/** Lambda gives processor time with memory; start-up has a full processor whatever the memory. */
const sizes = {
  recover: { memorySize: 512, timeout: Duration.seconds(120) },
  failover: { memorySize: 512, timeout: Duration.seconds(300) },
  operate: { memorySize: 256, timeout: Duration.seconds(30) },
} as const satisfies { readonly [name in FunctionName]: object };

interface HoldfastFunctionOptions<F extends FunctionName> {
  readonly name: F;
  readonly description: string;
  /** Only where somebody has to know it beforehand: a function with a fixed name cannot be replaced. */
  readonly functionName?: string;
  /** As bundle.ts made it. */
  readonly directory: string;
  readonly settings: FunctionSettings<F>;
  readonly permissions: readonly PolicyStatement[];
  readonly reservedConcurrency?: number | undefined;
  readonly asynchronous: AsynchronousInvocation;
}

/** How long an event may wait in Lambda's own queue, how often it is tried again, and who hears of one that was given up. */
interface AsynchronousInvocation {
  readonly maxEventAge: Duration;
  readonly retryAttempts: 0 | 1 | 2;
  readonly onFailure?: ITopic;
}

export class HoldfastFunction<F extends FunctionName> extends Construct {
  /** What alarms, rules and the other functions invoke. */
  readonly alias: IAlias;

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
    });
    // The casts are for TypeScript alone: CDK declares its optional properties without exactOptionalPropertyTypes.
    const version = lambda.currentVersion as IVersion;
    this.alias = new Alias(this, 'Live', { aliasName: liveAlias, version }) as IAlias;
    this.#invokeAsynchronously(lambda.functionName, options.asynchronous);
  }

  /** Plain CloudFormation: the construct for it would grant the role what permissions.ts decides. */
  #invokeAsynchronously(functionName: string, invocation: AsynchronousInvocation): void {
    const { maxEventAge, retryAttempts, onFailure } = invocation;
    const config = new CfnEventInvokeConfig(this, 'AsynchronousInvocation', {
      functionName,
      qualifier: liveAlias,
      maximumEventAgeInSeconds: maxEventAge.toSeconds(),
      maximumRetryAttempts: retryAttempts,
      ...(onFailure === undefined
        ? {}
        : { destinationConfig: { onFailure: { destination: onFailure.topicArn } } }),
    });
    config.node.addDependency(this.alias);
  }
}
