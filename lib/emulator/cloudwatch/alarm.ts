/** A metric alarm: what it is told to watch, checked as PutMetricAlarm checks it, and the state it is in. */
import { AwsError, notModelled } from '../errors.ts';
import type { AlarmRule, AlarmState } from './evaluation.ts';
import type { Dimensions, Statistic } from './metrics.ts';

export interface AlarmSettings extends AlarmRule {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  readonly actions: { readonly [state in AlarmState]: readonly string[] };
  readonly namespace: string;
  readonly metricName: string;
  readonly dimensions: Dimensions;
  readonly statistic: Statistic;
  readonly unit?: string;
  readonly periodSeconds: number;
  /** As it was said, since DescribeAlarms answers only what was said. */
  readonly saidDatapointsToAlarm?: number;
  readonly saidTreatMissingData?: string;
}

export interface StateRecord {
  readonly value: AlarmState;
  readonly reason: string;
  /** Checked to be JSON. */
  readonly reasonData?: string;
  readonly atMs: number;
}

export interface Alarm {
  readonly settings: AlarmSettings;
  readonly arn: string;
  /** The id that its metric has in events. */
  readonly metricId: string;
  readonly tags: { readonly [key: string]: string };
  readonly configuredAtMs: number;
  readonly state: StateRecord;
  readonly transitionedAtMs: number;
}

/** As on the wire and in a template. */
export interface AlarmInput {
  readonly AlarmName?: string;
  readonly AlarmDescription?: string;
  readonly ActionsEnabled?: boolean;
  readonly OKActions?: readonly string[];
  readonly AlarmActions?: readonly string[];
  readonly InsufficientDataActions?: readonly string[];
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Statistic?: string;
  readonly Dimensions?: readonly { readonly Name?: string; readonly Value?: string }[];
  readonly Period?: number;
  readonly Unit?: string;
  readonly EvaluationPeriods?: number;
  readonly DatapointsToAlarm?: number;
  readonly Threshold?: number;
  readonly ComparisonOperator?: string;
  readonly TreatMissingData?: string;
}

const statistics = ['SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum'] as const;
const comparisons = [
  'GreaterThanOrEqualToThreshold',
  'GreaterThanThreshold',
  'LessThanThreshold',
  'LessThanOrEqualToThreshold',
] as const;
const treatments = ['breaching', 'notBreaching', 'ignore', 'missing'] as const;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html */
const nameLimit = 255;
const descriptionLimit = 1024;
const dimensionsAtMost = 30;
const actionsAtMost = 5;
const subMinutePeriods = [10, 20, 30];
const daySeconds = 86_400;
const weekSeconds = 604_800;

/** @throws AwsError ValidationError */
export function readSettings(input: AlarmInput): AlarmSettings {
  const name = required(input.AlarmName, 'AlarmName');
  if (name === '' || name.length > nameLimit)
    throw invalid(`AlarmName must have length between 1 and ${nameLimit}, not ${name.length}`);
  if ((input.AlarmDescription ?? '').length > descriptionLimit)
    throw invalid(`AlarmDescription must have length less than or equal to ${descriptionLimit}`);
  const periodSeconds = readPeriod(input);
  const evaluationPeriods = required(input.EvaluationPeriods, 'EvaluationPeriods');
  const datapointsToAlarm = input.DatapointsToAlarm ?? evaluationPeriods;
  checkPeriods(periodSeconds, evaluationPeriods, datapointsToAlarm);
  return {
    name,
    ...optional('description', input.AlarmDescription),
    actionsEnabled: input.ActionsEnabled ?? true,
    actions: {
      OK: readActions(input.OKActions, 'OKActions'),
      ALARM: readActions(input.AlarmActions, 'AlarmActions'),
      INSUFFICIENT_DATA: readActions(input.InsufficientDataActions, 'InsufficientDataActions'),
    },
    namespace: required(input.Namespace, 'Namespace'),
    metricName: required(input.MetricName, 'MetricName'),
    dimensions: readDimensions(input.Dimensions, invalid),
    statistic: oneOf(statistics, required(input.Statistic, 'Statistic'), 'Statistic'),
    ...optional('unit', input.Unit),
    periodSeconds,
    evaluationPeriods,
    datapointsToAlarm,
    threshold: required(input.Threshold, 'Threshold'),
    comparison: oneOf(
      comparisons,
      required(input.ComparisonOperator, 'ComparisonOperator'),
      'ComparisonOperator',
    ),
    treatMissingData: oneOf(treatments, input.TreatMissingData ?? 'missing', 'TreatMissingData'),
    ...optional('saidDatapointsToAlarm', input.DatapointsToAlarm),
    ...optional('saidTreatMissingData', input.TreatMissingData),
  };
}

/** @throws the error that `refuse` makes of what is wrong */
export function readDimensions(
  list: readonly { readonly Name?: string; readonly Value?: string }[] = [],
  refuse: (message: string) => AwsError,
): Dimensions {
  if (list.length > dimensionsAtMost)
    throw refuse(`The collection Dimensions must not have a size greater than ${dimensionsAtMost}.`);
  return Object.fromEntries(
    list.map(({ Name, Value }) => {
      if (!Name || !Value) throw refuse('A dimension needs both Name and Value.');
      return [Name, Value];
    }),
  );
}

function readPeriod(input: AlarmInput): number {
  const period = required(input.Period, 'Period');
  const regular = period > 0 && period % 60 === 0;
  if (!regular && !subMinutePeriods.includes(period))
    throw invalid(`Period must be 10, 20, 30 or a multiple of 60, not ${period}`);
  return period;
}

function checkPeriods(periodSeconds: number, evaluationPeriods: number, datapointsToAlarm: number): void {
  if (!Number.isInteger(evaluationPeriods) || evaluationPeriods < 1)
    throw invalid(`EvaluationPeriods must be at least 1, not ${evaluationPeriods}`);
  if (!Number.isInteger(datapointsToAlarm) || datapointsToAlarm < 1 || datapointsToAlarm > evaluationPeriods)
    throw invalid(`DatapointsToAlarm must be from 1 to ${evaluationPeriods}, not ${datapointsToAlarm}`);
  const limit = periodSeconds < 3_600 ? daySeconds : weekSeconds;
  if (periodSeconds * evaluationPeriods > limit)
    throw invalid(
      `Metrics cannot be checked across more than ${limit === daySeconds ? 'a day' : 'seven days'} (EvaluationPeriods * Period must be <= ${limit}).`,
    );
}

function readActions(arns: readonly string[] = [], list: string): readonly string[] {
  if (arns.length > actionsAtMost)
    throw invalid(`The collection ${list} must not have a size greater than ${actionsAtMost}.`);
  for (const arn of arns) {
    const [prefix, , service] = arn.split(':');
    if (prefix !== 'arn' || service === undefined) throw invalid(`Invalid arn syntax: ${arn}`);
    if (service !== 'lambda' && service !== 'sns')
      throw notModelled(`alarm actions of ${service} (${arn})`, 'ValidationError');
  }
  return arns;
}

function oneOf<const T extends string>(allowed: readonly T[], value: string, name: string): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw invalid(
      `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(', ')}]`,
    );
  return found;
}

function optional<const K extends string, V>(key: K, value: V | undefined): { readonly [k in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [k in K]?: V };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw invalid(`The parameter ${name} is required.`);
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}
