/**
 * Why an alarm is in its state, in CloudWatch's own words. Texts as in
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html, and seen: alarm mails and
 * StateReasonData of real alarms ("2 out of the last 2 datapoints [15.3 (17/01/22 14:42:00), 11.4 (17/01/22 14:37:00)]
 * were greater than the threshold (10.0) (minimum 2 datapoints for OK -> ALARM transition).", "no datapoints were
 * received for 2 periods and 2 missing datapoints were treated as [Breaching].", "1 datapoint was received for 3
 * periods and 2 missing datapoints were treated as [Breaching]").
 */
import type { AlarmSettings } from './alarm.ts';
import { type AlarmState, breaches, type Datapoint, type Evaluation } from './evaluation.ts';

export const initialReason = 'Unchecked: Initial alarm creation';

export function reasonFor(state: AlarmState, evaluation: Evaluation, settings: AlarmSettings): string {
  const { evaluated, filled } = evaluation;
  if (state === 'INSUFFICIENT_DATA')
    return `Insufficient Data: ${counted(filled, 'datapoint')} ${was(filled)} unknown.`;
  const treatment = settings.treatMissingData;
  if (filled > 0 && (treatment === 'breaching' || treatment === 'notBreaching')) {
    const received =
      evaluated.length === 0
        ? 'no datapoints were'
        : `${counted(evaluated.length, 'datapoint')} ${was(evaluated.length)}`;
    const as = treatment === 'breaching' ? 'Breaching' : 'NonBreaching';
    return `Threshold Crossed: ${received} received for ${counted(settings.evaluationPeriods, 'period')} and ${counted(filled, 'missing datapoint')} ${was(filled)} treated as [${as}].`;
  }
  return thresholdCrossed(state, evaluated, settings);
}

function thresholdCrossed(
  state: 'OK' | 'ALARM',
  evaluated: readonly Datapoint[],
  settings: AlarmSettings,
): string {
  const { evaluationPeriods: n, datapointsToAlarm: m } = settings;
  const crossing = evaluated.filter(({ value }) => breaches(value, settings) === (state === 'ALARM'));
  const shown = crossing.map(({ value, startMs }) => `${double(value)} (${shortDate(startMs)})`).join(', ');
  const not = state === 'OK' ? 'not ' : '';
  const [minimum, transition] = state === 'ALARM' ? [m, 'OK -> ALARM'] : [n - m + 1, 'ALARM -> OK'];
  return `Threshold Crossed: ${crossing.length} out of the last ${counted(n, 'datapoint')} [${shown}] ${was(crossing.length)} ${not}${comparisonWords[settings.comparison]} the threshold (${double(settings.threshold)}) (minimum ${counted(minimum, 'datapoint')} for ${transition} transition).`;
}

const comparisonWords = {
  GreaterThanOrEqualToThreshold: 'greater than or equal to',
  GreaterThanThreshold: 'greater than',
  LessThanThreshold: 'less than',
  LessThanOrEqualToThreshold: 'less than or equal to',
} as const;

/** JSON, as text: its numbers are Java doubles (`1.0`), which JSON.stringify does not write. */
export function reasonDataFor(
  evaluation: Evaluation,
  settings: AlarmSettings,
  queryMs: number,
  newestStartMs: number,
): string {
  const { evaluated } = evaluation;
  const oldest = evaluated.at(-1);
  const members = [
    ['version', '"1.0"'],
    ['queryDate', quoted(timestamp(queryMs))],
    ['startDate', oldest === undefined ? undefined : quoted(timestamp(oldest.startMs))],
    ['unit', settings.unit === undefined ? undefined : quoted(settings.unit)],
    ['statistic', quoted(settings.statistic)],
    ['period', String(settings.periodSeconds)],
    [
      'recentDatapoints',
      `[${evaluated
        .toReversed()
        .map(({ value }) => double(value))
        .join(',')}]`,
    ],
    ['threshold', double(settings.threshold)],
    ['evaluatedDatapoints', evaluatedDatapoints(evaluated, newestStartMs)],
  ] as const;
  return `{${members.flatMap(([name, value]) => (value === undefined ? [] : [`"${name}":${value}`])).join(',')}}`;
}

/** Seen: without any datapoint the newest period stands alone, with its timestamp only. */
function evaluatedDatapoints(evaluated: readonly Datapoint[], newestStartMs: number): string {
  if (evaluated.length === 0) return `[{"timestamp":${quoted(timestamp(newestStartMs))}}]`;
  const items = evaluated.map(
    ({ startMs, value, sampleCount }) =>
      `{"timestamp":${quoted(timestamp(startMs))},"sampleCount":${double(sampleCount)},"value":${double(value)}}`,
  );
  return `[${items.join(',')}]`;
}

/** CloudWatch writes UTC as `+0000`, not `Z`. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '+0000');
}

/** As Java prints a double. */
function double(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e7)) {
    const [mantissa = '', exponent = ''] = value.toExponential().split('e');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}E${Number(exponent)}`;
  }
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}

/** `17/02/24 11:51:00` */
function shortDate(ms: number): string {
  const [date = '', time = ''] = new Date(ms).toISOString().split('T');
  const [year = '', month, day] = date.split('-');
  return `${day}/${month}/${year.slice(2)} ${time.slice(0, 8)}`;
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function was(count: number): 'was' | 'were' {
  return count === 1 ? 'was' : 'were';
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
