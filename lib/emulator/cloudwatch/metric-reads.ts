/** Reading metrics back: GetMetricStatistics and ListMetrics. IAM knows no resource for either. */
import { AwsError, notModelled } from '../errors.ts';
import { page } from '../paging.ts';
import { operation } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { readDimensions } from './alarm.ts';
import type { CloudWatch } from './cloudwatch.ts';
import type { Statistic } from './metrics.ts';

const dimensionFilters = list(structure({ Name: 'string', Value: 'string' }));
const statistics: readonly Statistic[] = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'];

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricStatistics.html and API_ListMetrics.html */
const datapointsAtMost = 1_440;
const metricsPerPage = 500;

export function metricReads(cw: CloudWatch) {
  return {
    GetMetricStatistics: operation(
      structure({
        Namespace: 'string',
        MetricName: 'string',
        Dimensions: dimensionFilters,
        StartTime: 'timestamp',
        EndTime: 'timestamp',
        Period: 'integer',
        Statistics: list('string'),
        Unit: 'string',
      }),
      (input) => {
        const name = required(input.MetricName, 'MetricName');
        const periodMs = required(input.Period, 'Period') * 1_000;
        if (!(periodMs >= 1_000)) throw invalid('The parameter Period must be at least 1.');
        const startMs = Math.floor(required(input.StartTime, 'StartTime').getTime() / periodMs) * periodMs;
        const count = Math.ceil((required(input.EndTime, 'EndTime').getTime() - startMs) / periodMs);
        if (count < 1) throw invalid('The parameter StartTime must be less than the parameter EndTime.');
        const asked = required(input.Statistics, 'Statistics').map(readStatistic);
        const query = {
          namespace: required(input.Namespace, 'Namespace'),
          name,
          dimensions: readDimensions(input.Dimensions, invalid),
          ...(input.Unit === undefined ? {} : { unit: input.Unit }),
          periodMs,
          endMs: startMs + count * periodMs,
          count,
        };
        if (count > datapointsAtMost)
          throw invalid(
            `You have requested up to ${count} datapoints, which exceeds the limit of ${datapointsAtMost}.`,
          );
        const columns = asked.map((statistic) => ({
          statistic,
          buckets: cw.metrics.buckets({ ...query, statistic }),
        }));
        const rows = (columns[0]?.buckets ?? []).flatMap((first, index) =>
          first.data === undefined
            ? []
            : [
                {
                  Timestamp: new Date(first.startMs),
                  ...Object.fromEntries(
                    columns.map(({ statistic, buckets }) => [statistic, buckets[index]?.data?.value]),
                  ),
                  Unit: input.Unit ?? 'None',
                },
              ],
        );
        return { Label: name, Datapoints: rows };
      },
    ),
    ListMetrics: operation(
      structure({
        Namespace: 'string',
        MetricName: 'string',
        Dimensions: dimensionFilters,
        NextToken: 'string',
      }),
      (input) => {
        const found = cw.metrics
          .names()
          .filter(
            (metric) =>
              (input.Namespace === undefined || metric.namespace === input.Namespace) &&
              (input.MetricName === undefined || metric.name === input.MetricName) &&
              (input.Dimensions ?? []).every(
                ({ Name = '', Value }) =>
                  metric.dimensions[Name] !== undefined &&
                  (Value === undefined || metric.dimensions[Name] === Value),
              ),
          );
        const { items, nextToken } = page(found, metricsPerPage, input.NextToken, () =>
          invalid('The next token specified is invalid.'),
        );
        return {
          Metrics: items.map(({ namespace, name, dimensions }) => ({
            Namespace: namespace,
            MetricName: name,
            Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
          })),
          NextToken: nextToken,
        };
      },
    ),
  };
}

function readStatistic(name: string): Statistic {
  const found = statistics.find((statistic) => statistic === name);
  if (found === undefined) throw notModelled(`the statistic ${name}`);
  return found;
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new AwsError('MissingParameter', `The parameter ${name} is required.`);
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValue', message);
}
