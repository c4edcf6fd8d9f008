/** The durable side of a function's configuration, as CloudFormation gives it. */
import { AwsError, notModelled } from '../errors.ts';
import type { DurableConfig } from './durable-model.ts';
import { invalid } from './durable-updates.ts';
import type { EventInvokeConfig, FunctionConfiguration, InvocationTarget } from './model.ts';

/** Limits: https://docs.aws.amazon.com/lambda/latest/api/API_DurableConfig.html; 14 days when absent (facts: 6.4). */
const longestTimeoutS = 31_622_400;
const longestRetentionDays = 90;
const defaultRetentionDays = 14;

/** @throws AwsError InvalidParameterValueException */
export function readDurableConfig(
  config: { readonly ExecutionTimeout?: number; readonly RetentionPeriodInDays?: number } | undefined,
  deadLetterArn: string | undefined,
): { readonly durable?: DurableConfig; readonly deadLetterArn?: string } {
  if (config === undefined) {
    if (deadLetterArn !== undefined)
      throw notModelled('the DeadLetterConfig of a function that is not durable');
    return {};
  }
  const { ExecutionTimeout = 0, RetentionPeriodInDays = defaultRetentionDays } = config;
  requireWithin('DurableConfig.ExecutionTimeout', ExecutionTimeout, longestTimeoutS);
  requireWithin('DurableConfig.RetentionPeriodInDays', RetentionPeriodInDays, longestRetentionDays);
  if (deadLetterArn !== undefined && deadLetterArn.split(':')[2] !== 'sns')
    throw notModelled(`the DeadLetterConfig ${deadLetterArn}; it knows SNS topics`);
  return {
    durable: { executionTimeoutS: ExecutionTimeout, retentionDays: RetentionPeriodInDays },
    ...(deadLetterArn === undefined ? {} : { deadLetterArn }),
  };
}

/**
 * A function becomes durable, or ceases to be, only as another function (facts: 6.9).
 * @throws AwsError while that replacement is not modelled
 */
export function requireSameDurability({ version }: InvocationTarget, next: FunctionConfiguration): void {
  if ((version.configuration.durable === undefined) !== (next.durable === undefined))
    throw notModelled(
      'the replacement of a function whose DurableConfig came or went; give it another logical id',
    );
}

/**
 * "Durable functions support dead-letter queues, but don't support Lambda destinations":
 * https://docs.aws.amazon.com/lambda/latest/dg/durable-invoking.html. That AWS refuses them, and how, is UNCONFIRMED.
 */
export function requireNoDestination(
  { version }: InvocationTarget,
  { onSuccess, onFailure }: EventInvokeConfig,
): void {
  if (version.configuration.durable !== undefined && (onSuccess ?? onFailure) !== undefined)
    throw new AwsError(
      'InvalidParameterValueException',
      'Durable functions do not support destinations: use a DeadLetterConfig.',
    );
}

function requireWithin(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most)
    throw invalid(`${name} ${value} is not between 1 and ${most}`);
}
