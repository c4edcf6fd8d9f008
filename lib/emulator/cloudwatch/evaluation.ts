/**
 * What state an alarm is in, from its datapoints alone. Pure.
 *
 * CloudWatch looks at more periods than it evaluates (the evaluation range) and prefers real datapoints from farther
 * back over filling gaps: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */

export type AlarmState = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type TreatMissingData = 'missing' | 'ignore' | 'breaching' | 'notBreaching';
export type Comparison =
  | 'GreaterThanOrEqualToThreshold'
  | 'GreaterThanThreshold'
  | 'LessThanThreshold'
  | 'LessThanOrEqualToThreshold';

export interface AlarmRule {
  /** N */
  readonly evaluationPeriods: number;
  /** M */
  readonly datapointsToAlarm: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissingData: TreatMissingData;
}

/** One period of the metric; without `data` nothing was reported in it. */
export interface Bucket {
  readonly startMs: number;
  readonly data?: { readonly value: number; readonly sampleCount: number };
}

export interface Datapoint {
  readonly startMs: number;
  readonly value: number;
  readonly sampleCount: number;
}

export interface Evaluation {
  /** `keep`: the alarm stays in the state it is in. */
  readonly outcome: AlarmState | 'keep';
  /** The real datapoints that counted, newest first. */
  readonly evaluated: readonly Datapoint[];
  /** How many gaps had to be filled to make N. */
  readonly filled: number;
}

/** AWS does not publish the formula; its tables show 5 for N = 3, and N + 2 is taken from there. */
const extraPeriods = 2;

export function evaluationRange(rule: AlarmRule): number {
  return rule.evaluationPeriods + extraPeriods;
}

/** `buckets`: the evaluation range, oldest first, all closed. */
export function evaluate(buckets: readonly Bucket[], rule: AlarmRule): Evaluation {
  const real = buckets.flatMap(({ startMs, data }) => (data === undefined ? [] : [{ startMs, ...data }]));
  const evaluated = real.toReversed().slice(0, rule.evaluationPeriods);
  const filled = rule.evaluationPeriods - evaluated.length;
  return { outcome: outcome(buckets, evaluated, filled, rule), evaluated, filled };
}

function outcome(
  buckets: readonly Bucket[],
  evaluated: readonly Datapoint[],
  filled: number,
  rule: AlarmRule,
): AlarmState | 'keep' {
  const breachingCount = evaluated.filter(({ value }) => breaches(value, rule)).length;
  const counted = rule.treatMissingData === 'breaching' ? breachingCount + filled : breachingCount;
  if (counted >= rule.datapointsToAlarm) return 'ALARM';
  const allRealBreach = breachingCount === evaluated.length;
  const gapsDecide = filled > 0 && allRealBreach;
  if (!gapsDecide) return 'OK';
  switch (rule.treatMissingData) {
    case 'breaching':
    case 'notBreaching':
      return 'OK';
    case 'ignore':
      return 'keep';
    case 'missing':
      if (evaluated.length === 0) return 'INSUFFICIENT_DATA';
      return premature(buckets, rule) ? 'keep' : 'ALARM';
  }
}

/**
 * Only breaching datapoints and gaps, fewer datapoints than M: ALARM once the oldest of them is M periods old, not
 * before, "because the next data point may be non-breaching" (same page, "Avoiding premature transitions").
 */
function premature(buckets: readonly Bucket[], rule: AlarmRule): boolean {
  const oldest = buckets.findIndex(({ data }) => data !== undefined);
  const ageInPeriods = buckets.length - oldest;
  return ageInPeriods < rule.datapointsToAlarm;
}

export function breaches(value: number, rule: Pick<AlarmRule, 'comparison' | 'threshold'>): boolean {
  switch (rule.comparison) {
    case 'GreaterThanOrEqualToThreshold':
      return value >= rule.threshold;
    case 'GreaterThanThreshold':
      return value > rule.threshold;
    case 'LessThanThreshold':
      return value < rule.threshold;
    case 'LessThanOrEqualToThreshold':
      return value <= rule.threshold;
  }
}
