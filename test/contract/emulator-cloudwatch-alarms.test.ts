import { expect, test } from 'vitest';
import { AwsError } from '../../lib/emulator/errors.ts';
import {
  alarm,
  functionArn,
  report,
  reportEvery10s,
  stateOf,
  topicArn,
  world,
} from './cloudwatch-account.ts';

test('an alarm goes from no data to OK to ALARM ten seconds at a time and invokes its function once', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  expect(await stateOf(w.client)).toBe('INSUFFICIENT_DATA');
  await reportEvery10s(w, 1, 2);
  expect(await stateOf(w.client)).toBe('OK');
  await reportEvery10s(w, 0, 1);
  expect(await stateOf(w.client)).toBe('OK');
  await reportEvery10s(w, 0, 3);
  expect(await stateOf(w.client)).toBe('ALARM');
  expect(w.deliveries.map(({ targetArn }) => targetArn)).toEqual([functionArn]);
});

test('the function gets the event that CloudWatch sends, member by member', async () => {
  const w = world();
  await w.client.putMetricAlarm({ ...alarm, AlarmDescription: 'the address answers', Unit: 'Count' });
  await w.client.putMetricAlarm({ ...alarm, AlarmDescription: 'the address answers' });
  await reportEvery10s(w, 1, 2);
  await reportEvery10s(w, 0, 2);
  const [delivery] = w.deliveries;
  expect(delivery).toMatchObject({
    principal: 'lambda.alarms.cloudwatch.amazonaws.com',
    sourceArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db',
  });
  expect(JSON.parse(delivery?.payload ?? '')).toEqual({
    source: 'aws.cloudwatch',
    alarmArn: 'arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db',
    accountId: '123456789012',
    time: '2026-01-05T10:00:40.000+0000',
    region: 'us-east-1',
    alarmData: {
      alarmName: 'ip-db',
      state: {
        value: 'ALARM',
        reason:
          'Threshold Crossed: 2 out of the last 2 datapoints [0.0 (05/01/26 10:00:30), 0.0 (05/01/26 10:00:20)] were less than the threshold (1.0) (minimum 2 datapoints for OK -> ALARM transition).',
        reasonData:
          '{"version":"1.0","queryDate":"2026-01-05T10:00:40.000+0000","startDate":"2026-01-05T10:00:20.000+0000","statistic":"Minimum","period":10,"recentDatapoints":[0.0,0.0],"threshold":1.0,"evaluatedDatapoints":[{"timestamp":"2026-01-05T10:00:30.000+0000","sampleCount":1.0,"value":0.0},{"timestamp":"2026-01-05T10:00:20.000+0000","sampleCount":1.0,"value":0.0}]}',
        timestamp: '2026-01-05T10:00:40.000+0000',
      },
      previousState: {
        value: 'OK',
        reason: expect.stringContaining('(minimum 1 datapoint for ALARM -> OK transition).'),
        reasonData: expect.stringContaining('"recentDatapoints":[1.0]'),
        timestamp: '2026-01-05T10:00:10.000+0000',
      },
      configuration: {
        description: 'the address answers',
        metrics: [
          {
            id: expect.stringMatching(/^[0-9a-f-]{36}$/),
            metricStat: {
              metric: { namespace: 'Holdfast', name: 'Healthy', dimensions: { tag: 'ip-db' } },
              period: 10,
              stat: 'Minimum',
            },
            returnData: true,
          },
        ],
      },
    },
  });
});

test('a topic gets the notification with capitals, the long Region name and a subject', async () => {
  const w = world();
  await w.client.putMetricAlarm({ ...alarm, AlarmActions: [topicArn] });
  await w.client.setAlarmState({ AlarmName: 'ip-db', StateValue: 'ALARM', StateReason: 'drill' });
  await w.clock.advance(0);
  const [delivery] = w.deliveries;
  expect(delivery).toMatchObject({
    targetArn: topicArn,
    principal: 'cloudwatch.amazonaws.com',
    subject: 'ALARM: "ip-db" in US East (N. Virginia)',
  });
  expect(JSON.parse(delivery?.payload ?? '')).toMatchObject({
    AlarmName: 'ip-db',
    AlarmDescription: null,
    NewStateValue: 'ALARM',
    NewStateReason: 'drill',
    OldStateValue: 'INSUFFICIENT_DATA',
    StateChangeTime: '2026-01-05T10:00:00.000+0000',
    Region: 'US East (N. Virginia)',
    Trigger: { Statistic: 'MINIMUM', Unit: null, Dimensions: [{ value: 'ip-db', name: 'tag' }], Period: 10 },
  });
});

test('the first evaluation after creation runs the actions of the state it finds', async () => {
  const w = world();
  await w.client.putMetricAlarm({ ...alarm, OKActions: [functionArn], AlarmActions: [] });
  await reportEvery10s(w, 1, 1);
  expect(w.deliveries).toHaveLength(1);
});

test('a state that was set by hand acts once, and the next evaluation brings the real one back', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 1, 2);
  const drill = { AlarmName: 'ip-db', StateValue: 'ALARM', StateReason: 'drill' } as const;
  await w.client.setAlarmState({ ...drill, StateReasonData: '{"by":"hand"}' });
  await w.client.setAlarmState(drill);
  await w.clock.advance(0);
  expect(w.deliveries).toHaveLength(1);
  expect(JSON.parse(w.deliveries[0]?.payload ?? '').alarmData.state).toEqual({
    value: 'ALARM',
    reason: 'drill',
    reasonData: '{"by":"hand"}',
    timestamp: '2026-01-05T10:00:20.000+0000',
  });
  await w.clock.advance(10_000);
  expect(await stateOf(w.client)).toBe('OK');
});

test('a dead-man alarm fires only after the last good datapoint has left the evaluation range', async () => {
  const w = world();
  await w.client.putMetricAlarm({ ...alarm, TreatMissingData: 'breaching' });
  await reportEvery10s(w, 1, 2);
  // Two periods are evaluated, four are looked at: the good ones of 10:00:00 and 10:00:10 count until then.
  await w.clock.advance(20_000);
  expect(await stateOf(w.client)).toBe('OK');
  await w.clock.advance(20_000);
  expect(await stateOf(w.client)).toBe('ALARM');
  const { MetricAlarms } = await w.client.describeAlarms({ AlarmNames: ['ip-db'] });
  expect(MetricAlarms?.[0]?.StateReason).toBe(
    'Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching].',
  );
});

test('without data an alarm that treats missing as missing has insufficient data, and says how many', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 1, 2);
  await w.clock.advance(60_000);
  const { MetricAlarms } = await w.client.describeAlarms({});
  expect(MetricAlarms?.[0]).toMatchObject({
    StateValue: 'INSUFFICIENT_DATA',
    StateReason: 'Insufficient Data: 2 datapoints were unknown.',
    StateReasonData:
      '{"version":"1.0","queryDate":"2026-01-05T10:01:00.000+0000","statistic":"Minimum","period":10,"recentDatapoints":[],"threshold":1.0,"evaluatedDatapoints":[{"timestamp":"2026-01-05T10:00:50.000+0000"}]}',
  });
});

test('a ten-second alarm sees nothing of a metric stored at standard resolution', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  await report(w.client, 1, 60);
  await w.clock.advance(20_000);
  expect(await stateOf(w.client)).toBe('INSUFFICIENT_DATA');
});

test('an alarm of a minute is evaluated once a minute', async () => {
  const w = world();
  await w.client.putMetricAlarm({ ...alarm, Period: 60, EvaluationPeriods: 1, DatapointsToAlarm: 1 });
  await report(w.client, 0, 60);
  await w.clock.advance(59_999);
  expect(await stateOf(w.client)).toBe('INSUFFICIENT_DATA');
  await w.clock.advance(1);
  expect(await stateOf(w.client)).toBe('ALARM');
});

test('an update keeps the state; disabled actions stay silent while the event still goes out', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 1, 2);
  await w.client.putMetricAlarm({ ...alarm, Threshold: 2, Period: 30 });
  expect(await stateOf(w.client)).toBe('OK');
  await w.client.putMetricAlarm(alarm);
  await w.client.disableAlarmActions({ AlarmNames: ['ip-db'] });
  const before = w.events.length;
  await reportEvery10s(w, 0, 2);
  expect(await stateOf(w.client)).toBe('ALARM');
  expect(w.deliveries).toEqual([]);
  expect(w.events.slice(before)).toMatchObject([
    {
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm State Change',
      resources: ['arn:aws:cloudwatch:us-east-1:123456789012:alarm:ip-db'],
      detail: { alarmName: 'ip-db', previousState: { value: 'OK' }, state: { value: 'ALARM' } },
    },
  ]);
});

test('history tells configuration, transition and action; it outlives the alarm and comes in pages', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 0, 2);
  await w.client.deleteAlarms({ AlarmNames: ['ip-db'] });
  const summaries: (string | undefined)[] = [];
  let NextToken: string | undefined;
  do {
    const page = await w.client.describeAlarmHistory({
      AlarmName: 'ip-db',
      ScanBy: 'TimestampAscending',
      MaxRecords: 3,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    summaries.push(...(page.AlarmHistoryItems ?? []).map(({ HistorySummary }) => HistorySummary));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  expect(summaries).toEqual([
    'Alarm "ip-db" created',
    'Alarm updated from INSUFFICIENT_DATA to ALARM',
    `Successfully executed action ${functionArn}`,
    'Alarm "ip-db" deleted',
  ]);
});

test('an action whose function lets nobody in is recorded as failed and never sent again', async () => {
  const w = world();
  let asked = 0;
  w.account.onDelivery('lambda', () => {
    asked += 1;
    throw new AwsError('AccessDeniedException', 'not authorized to perform: lambda:InvokeFunction', 403);
  });
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 0, 3);
  await w.clock.advance(120_000);
  const { AlarmHistoryItems } = await w.client.describeAlarmHistory({ HistoryItemType: 'Action' });
  expect(AlarmHistoryItems?.map(({ HistorySummary }) => HistorySummary)).toEqual([
    `Failed to execute action ${functionArn}. Received error: "not authorized to perform: lambda:InvokeFunction"`,
  ]);
  expect(asked).toBe(1);
});

test('an action whose function is throttled is sent again until it is accepted', async () => {
  const w = world();
  let asked = 0;
  w.account.onDelivery('lambda', () => {
    asked += 1;
    if (asked < 3) throw new AwsError('TooManyRequestsException', 'Rate Exceeded.', 429);
  });
  await w.client.putMetricAlarm(alarm);
  await reportEvery10s(w, 0, 3);
  expect(asked).toBe(3);
});

test('planted faults deliver an action twice, and late', async () => {
  const w = world();
  w.cw.duplicateActions(2);
  w.cw.delayActions(3_000);
  await w.client.putMetricAlarm(alarm);
  await w.client.setAlarmState({ AlarmName: 'ip-db', StateValue: 'ALARM', StateReason: 'drill' });
  await w.clock.advance(2_999);
  expect(w.deliveries).toEqual([]);
  await w.clock.advance(1);
  expect(w.deliveries.map(({ payload }) => JSON.parse(payload).alarmData.state.reason)).toEqual([
    'drill',
    'drill',
  ]);
});

test('metrics of other services of the account feed alarms too', async () => {
  const w = world();
  await w.client.putMetricAlarm({
    ...alarm,
    Namespace: 'AWS/EC2',
    MetricName: 'StatusCheckFailed',
    Period: 60,
  });
  for (let minute = 0; minute < 3; minute += 1) {
    w.account.putMetric({
      namespace: 'AWS/EC2',
      name: 'StatusCheckFailed',
      dimensions: { tag: 'ip-db' },
      value: 0,
      storageResolution: 60,
      timestampMs: w.clock.now(),
    });
    await w.clock.advance(60_000);
  }
  expect(await stateOf(w.client)).toBe('ALARM');
});

test('once stopped, nothing is evaluated any more', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  w.cw.stop();
  await reportEvery10s(w, 0, 3);
  expect(await stateOf(w.client)).toBe('INSUFFICIENT_DATA');
});
