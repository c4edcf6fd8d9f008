/** PutMetricData, checked as CloudWatch checks it: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
import type { Datum } from '../account.ts';
import { AwsError } from '../errors.ts';
import { list, structure, type Value } from '../shapes.ts';
import { readDimensions } from './alarm.ts';

/** StatisticValues, Values and Counts are not modelled: the shape refuses them by name. */
export const metricDataShape = structure({
  Namespace: 'string',
  MetricData: list(
    structure({
      MetricName: 'string',
      Dimensions: list(structure({ Name: 'string', Value: 'string' })),
      Timestamp: 'timestamp',
      Value: 'float',
      Unit: 'string',
      StorageResolution: 'integer',
    }),
  ),
});

const metricsAtMost = 1_000;
const namespaceLimit = 255;
const oldestMs = 14 * 24 * 3_600_000;
const newestMs = 2 * 3_600_000;
const largestValue = 2 ** 360;

/** @throws AwsError MissingParameter, InvalidParameterValue; then none of the data counts */
export function readMetricData(input: Value<typeof metricDataShape>, nowMs: number): readonly Datum[] {
  const namespace = required(input.Namespace, 'Namespace');
  if (namespace === '' || namespace.length > namespaceLimit || namespace.startsWith('AWS/'))
    throw invalid(`The value ${namespace} for parameter Namespace is invalid.`);
  const data = required(input.MetricData, 'MetricData');
  if (data.length > metricsAtMost)
    throw invalid(`The collection MetricData must not have a size greater than ${metricsAtMost}.`);
  return data.map((item, index) => {
    const at = `MetricData.member.${index + 1}`;
    const value = required(item.Value, `${at}.Value`);
    if (!Number.isFinite(value) || Math.abs(value) > largestValue)
      throw invalid(`The value ${value} for parameter ${at}.Value is invalid.`);
    return {
      namespace,
      name: required(item.MetricName, `${at}.MetricName`),
      dimensions: readDimensions(item.Dimensions, invalid),
      value,
      ...(item.Unit === undefined ? {} : { unit: item.Unit }),
      storageResolution: readResolution(item.StorageResolution ?? 60, at),
      timestampMs: readTime(item.Timestamp, nowMs, at),
    };
  });
}

function readResolution(seconds: number, at: string): 1 | 60 {
  if (seconds !== 1 && seconds !== 60)
    throw invalid(`The value ${seconds} for parameter ${at}.StorageResolution is invalid: it is 1 or 60.`);
  return seconds;
}

function readTime(timestamp: Date | undefined, nowMs: number, at: string): number {
  const ms = timestamp?.getTime() ?? nowMs;
  if (ms < nowMs - oldestMs || ms > nowMs + newestMs)
    throw invalid(
      `The parameter ${at}.Timestamp must specify a time within the past two weeks and no more than two hours ahead.`,
    );
  return ms;
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new AwsError('MissingParameter', `The parameter ${name} is required.`);
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
