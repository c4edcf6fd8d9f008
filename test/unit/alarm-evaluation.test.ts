import { expect, test } from 'vitest';
import {
  type AlarmRule,
  type Bucket,
  type Comparison,
  evaluate,
  evaluationRange,
  type TreatMissingData,
} from '../../lib/emulator/cloudwatch/evaluation.ts';

/** The tables' own notation: newest right, `X` breaches, `0` does not, `-` is missing. */
function buckets(data: string): readonly Bucket[] {
  return data.split(' ').map((mark, index) => {
    const startMs = index * 60_000;
    return mark === '-' ? { startMs } : { startMs, data: { value: mark === 'X' ? 9 : 1, sampleCount: 1 } };
  });
}

function rule(m: number, n: number, treatMissingData: TreatMissingData): AlarmRule {
  return {
    evaluationPeriods: n,
    datapointsToAlarm: m,
    threshold: 5,
    comparison: 'GreaterThanThreshold',
    treatMissingData,
  };
}

const treatments = ['missing', 'ignore', 'breaching', 'notBreaching'] as const;
type Row = readonly [data: string, filled: number, ...outcomes: readonly [string, string, string, string]];

// The tables of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
const threeOfThree: readonly Row[] = [
  ['0 - X - X', 0, 'OK', 'OK', 'OK', 'OK'],
  ['0 - - - -', 2, 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', 3, 'INSUFFICIENT_DATA', 'keep', 'ALARM', 'OK'],
  ['0 X X - X', 0, 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['- - X - -', 2, 'ALARM', 'keep', 'ALARM', 'OK'],
];
const twoOfThree: readonly Row[] = [
  ['0 - X - X', 0, 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 0, 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 - X - -', 1, 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - - 0', 2, 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - X -', 2, 'ALARM', 'keep', 'ALARM', 'OK'],
];

for (const [m, rows] of [
  [3, threeOfThree],
  [2, twoOfThree],
] as const)
  for (const [data, filled, ...outcomes] of rows)
    for (const [index, treatment] of treatments.entries())
      test(`${m} out of 3 with "${data}" and missing data as ${treatment} gives ${outcomes[index]}`, () => {
        expect(evaluate(buckets(data), rule(m, 3, treatment))).toMatchObject({
          outcome: outcomes[index],
          filled,
        });
      });

test.each(['- - - - X', '- - - X -'])(
  '3 out of 3 does not alarm prematurely on "%s": the next datapoint may be good',
  (data) => {
    expect(evaluate(buckets(data), rule(3, 3, 'missing')).outcome).toBe('keep');
  },
);

test('the evaluation range is five periods for an alarm of three', () => {
  expect(evaluationRange(rule(3, 3, 'missing'))).toBe(5);
});

test('an alarm of one period goes on evaluating its last datapoint until that leaves the range', () => {
  expect(evaluate(buckets('X - -'), rule(1, 1, 'missing')).outcome).toBe('ALARM');
  expect(evaluate(buckets('0 - -'), rule(1, 1, 'breaching')).outcome).toBe('OK');
  expect(evaluate(buckets('- - -'), rule(1, 1, 'breaching')).outcome).toBe('ALARM');
});

test('the newest N datapoints count, newest first, and older ones are ignored', () => {
  const { outcome, evaluated } = evaluate(buckets('X X 0 0 0'), rule(3, 3, 'missing'));
  expect(outcome).toBe('OK');
  expect(evaluated.map(({ startMs }) => startMs / 60_000)).toEqual([4, 3, 2]);
});

test.each<[Comparison, number, boolean]>([
  ['GreaterThanThreshold', 5, false],
  ['GreaterThanThreshold', 6, true],
  ['GreaterThanOrEqualToThreshold', 5, true],
  ['LessThanThreshold', 5, false],
  ['LessThanThreshold', 4, true],
  ['LessThanOrEqualToThreshold', 5, true],
])('%s of 5 holds for the value %d: %s', (comparison, value, breaching) => {
  const one = [{ startMs: 0, data: { value, sampleCount: 1 } }];
  const { outcome } = evaluate(one, { ...rule(1, 1, 'missing'), comparison });
  expect(outcome).toBe(breaching ? 'ALARM' : 'OK');
});
