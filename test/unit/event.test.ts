import { expect, test } from 'vitest';
import { readEvent } from '../../lib/recovery/event.ts';
import { noCarrier, saidAt } from '../fakes/words-said.ts';

/** Shapes as CloudWatch, EventBridge and SNS send them. */
const direct = {
  source: 'aws.cloudwatch',
  alarmArn: 'arn:aws:cloudwatch:us-east-1:444455556666:alarm:lambda-demo-metric-alarm',
  accountId: '444455556666',
  time: '2023-08-04T12:36:15.490+0000',
  region: 'us-east-1',
  alarmData: {
    alarmName: 'lambda-demo-metric-alarm',
    state: { value: 'ALARM', reason: 'test', timestamp: '2023-08-04T12:36:15.490+0000' },
    previousState: {
      value: 'INSUFFICIENT_DATA',
      reason: 'Insufficient Data: 5 datapoints were unknown.',
      reasonData: '{"version":"1.0","queryDate":"2023-08-04T12:31:29.591+0000"}',
      timestamp: '2023-08-04T12:31:29.595+0000',
    },
    configuration: {
      description: 'Metric Alarm to test Lambda actions',
      metrics: [{ id: '1234e046', metricStat: { metric: { namespace: 'AWS/Logs', name: 'CallCount' } } }],
    },
  },
};
const composite = {
  ...direct,
  alarmData: {
    alarmName: 'CompositeDemo.Main',
    state: { value: 'ALARM', reason: 'child in ALARM', timestamp: '2023-08-04T12:56:46.138+0000' },
    previousState: {
      value: 'ALARM',
      timestamp: '2023-08-04T12:54:46.138+0000',
      actionsSuppressedBy: 'WaitPeriod',
      actionsSuppressedReason: 'Actions suppressed by WaitPeriod',
    },
    configuration: { alarmRule: 'ALARM(CompositeDemo.FirstChild)', actionsSuppressorWaitPeriod: 120 },
  },
};
const eventBridge = {
  version: '0',
  id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  account: '123456789012',
  time: '2019-10-02T17:04:40Z',
  region: 'us-east-1',
  resources: ['arn:aws:cloudwatch:us-east-1:123456789012:alarm:ServerCpuTooHigh'],
  detail: {
    alarmName: 'ServerCpuTooHigh',
    configuration: { description: '…', metrics: [] },
    previousState: { reason: '…', timestamp: '2019-10-01T13:56:40.987+0000', value: 'OK' },
    state: { reason: 'crossed', timestamp: '2019-10-02T17:04:40.989+0000', value: 'ALARM' },
  },
};
const snsMessage = {
  AlarmName: 'ErrorAlarm',
  AlarmDescription: 'Alarm when ERROR appears in logs',
  AWSAccountId: '449671225256',
  NewStateValue: 'ALARM',
  NewStateReason:
    'Threshold Crossed: 1 datapoint [1.0 (02/02/25 12:05:00)] was greater than the threshold (1.0).',
  StateChangeTime: '2025-02-02T12:06:35.472+0000',
  Region: 'Asia Pacific (Tokyo)',
  OldStateValue: 'INSUFFICIENT_DATA',
};
const instance = {
  version: '0',
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  'detail-type': 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  time: '2026-01-05T10:00:00Z',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-0abc'],
  detail: { 'instance-id': 'i-0abc', state: 'stopping' },
};
const nowMs = Date.UTC(2026, 0, 5, 10);

function sns(...messages: readonly unknown[]): unknown {
  return {
    Records: messages.map((message) => ({
      EventSource: 'aws:sns',
      Sns: { Type: 'Notification', Message: typeof message === 'string' ? message : JSON.stringify(message) },
    })),
  };
}

function triggersOf(event: unknown): readonly unknown[] {
  return readEvent(event, nowMs).map((read) => (read.kind === 'trigger' ? read.trigger : read));
}

function refusalsOf(event: unknown): readonly string[] {
  return readEvent(event, nowMs).map((read) => (read.kind === 'refused' ? read.detail : 'not refused'));
}

test('the direct action of an alarm is read, its time with +0000 included', () => {
  const atMs = Date.UTC(2023, 7, 4, 12, 36, 15, 490);
  const alarmName = 'lambda-demo-metric-alarm';
  expect(triggersOf(direct)).toEqual([
    { kind: 'alarm', via: 'direct', alarmName, state: 'ALARM', atMs, why: 'test' },
  ]);
});

test('a composite alarm that was held back by its suppressor counts though its value did not change', () => {
  expect(triggersOf(composite)).toMatchObject([{ alarmName: 'CompositeDemo.Main', state: 'ALARM' }]);
});

test('the state change that EventBridge brings is read', () => {
  const atMs = Date.UTC(2019, 9, 2, 17, 4, 40, 989);
  expect(triggersOf(eventBridge)).toEqual([
    {
      kind: 'alarm',
      via: 'eventbridge',
      alarmName: 'ServerCpuTooHigh',
      state: 'ALARM',
      atMs,
      why: 'crossed',
    },
  ]);
});

test('every record of an SNS message is read by itself', () => {
  const atMs = Date.UTC(2025, 1, 2, 12, 6, 35, 472);
  const ok = { ...snsMessage, NewStateValue: 'OK', NewStateReason: undefined };
  expect(triggersOf(sns(snsMessage, ok, 'Hello'))).toMatchObject([
    { kind: 'alarm', via: 'sns', alarmName: 'ErrorAlarm', state: 'ALARM', atMs },
    { kind: 'alarm', via: 'sns', alarmName: 'ErrorAlarm', state: 'OK', why: '' },
    { kind: 'refused', detail: 'the SNS message is not JSON: Hello' },
  ]);
});

test('a state change of an instance is read', () => {
  expect(triggersOf(instance)).toEqual([
    { kind: 'instance-state', instanceId: 'i-0abc', state: 'stopping', atMs: nowMs },
  ]);
});

test('the reconcile schedule is a tick of now', () => {
  expect(triggersOf({ source: 'holdfast.tick' })).toEqual([{ kind: 'tick', atMs: nowMs }]);
});

test.each([
  ['nothing', undefined],
  ['null', null],
  ['a text', 'ALARM'],
  ['an empty object', {}],
  ['an alarm without a name', { ...direct, alarmData: { state: direct.alarmData.state } }],
  ['an alarm from elsewhere', { ...direct, source: 'somebody' }],
  [
    'an alarm in a state nobody knows',
    { ...direct, alarmData: { alarmName: 'a', state: { value: 'MAYBE' } } },
  ],
  ['an alarm without a time', { ...direct, alarmData: { alarmName: 'a', state: { value: 'ALARM' } } }],
  ['a configuration change', { ...eventBridge, 'detail-type': 'CloudWatch Alarm Configuration Change' }],
  ['an instance event without an instance', { ...instance, detail: {} }],
  ['an SNS message that is no alarm', sns({ hello: 1 })],
  ['SNS without records', { Records: [] }],
  ['eleven SNS records', sns(...Array.from({ length: 11 }, () => snsMessage))],
])('%s is refused, with what was wrong', (_, event) => {
  const [refusal, ...more] = refusalsOf(event);
  expect(more).toEqual([]);
  expect(refusal).not.toBe('not refused');
  expect(refusal?.length).toBeGreaterThan(5);
});

test('a refusal shows a bounded part of the event', () => {
  expect(refusalsOf({ long: 'x'.repeat(10_000) })[0]?.length).toBeLessThan(300);
});

test('reads the word of an agent', () => {
  const event = saidAt(nowMs, { answer: noCarrier });
  expect(readEvent(event, nowMs)).toMatchObject([
    { kind: 'word', fleet: 'test', word: { atMs: nowMs, tag: 'ip-db', answer: { why: 'no-carrier' } } },
  ]);
});

test.each([
  ['of another kind', { 'detail-type': 'Holdfast Address Lost' }, 'detail-type'],
  [
    'without an answer',
    { detail: { v: 1, fleet: 'test', tag: 'ip-db', instanceId: 'i-a', uptime: 1 } },
    'detail.answer',
  ],
  ['without a time', { time: 'soon' }, 'time'],
])("refuses an agent's word %s", (_, change, path) => {
  const event = { ...(saidAt(nowMs) as object), ...change };
  expect(readEvent(event, nowMs)).toEqual([{ kind: 'refused', detail: expect.stringContaining(path) }]);
});
