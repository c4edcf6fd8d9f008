import { CloudWatch as Client, type PutMetricAlarmCommandInput } from '@aws-sdk/client-cloudwatch';
import { expect, test } from 'vitest';
import { cloudWatchResources } from '../../lib/emulator/cloudwatch/resources.ts';
import { alarm, functionArn, report, start, topicArn, world } from './cloudwatch-account.ts';

test.each<[string, Partial<PutMetricAlarmCommandInput>]>([
  ['a period of 5 s', { Period: 5 }],
  ['a period of 90 s', { Period: 90 }],
  ['more datapoints than periods', { DatapointsToAlarm: 3 }],
  ['more than a day of short periods', { Period: 60, EvaluationPeriods: 1441 }],
  ['more than a week of long periods', { Period: 3_600, EvaluationPeriods: 169 }],
  ['six actions', { AlarmActions: Array.from({ length: 6 }, () => functionArn) }],
  ['an action that is no ARN', { AlarmActions: ['recover'] }],
  [
    'an action of a service that is not modelled',
    { AlarmActions: ['arn:aws:automate:us-east-1:ec2:recover'] },
  ],
  ['an unknown treatment of missing data', { TreatMissingData: 'forget' }],
])('an alarm with %s is refused', async (_, change) => {
  const { client } = world();
  await expect(client.putMetricAlarm({ ...alarm, ...change })).rejects.toMatchObject({
    Code: 'ValidationError',
  });
});

test.each<[string, object]>([
  ['of three weeks ago', { Timestamp: new Date(start - 21 * 86_400_000) }],
  ['of three hours ahead', { Timestamp: new Date(start + 3 * 3_600_000) }],
  ['with a resolution of 10', { StorageResolution: 10 }],
  [
    'with 31 dimensions',
    { Dimensions: Array.from({ length: 31 }, (_, i) => ({ Name: `d${i}`, Value: 'v' })) },
  ],
])('a datapoint %s is refused', async (_, change) => {
  const { client } = world();
  await expect(
    client.putMetricData({ Namespace: 'N', MetricData: [{ MetricName: 'm', Value: 1, ...change }] }),
  ).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
});

test('setting the state of no alarm, or with data that is not JSON, is refused as AWS refuses it', async () => {
  const { client } = world();
  await client.putMetricAlarm(alarm);
  const drill = { StateValue: 'ALARM', StateReason: 'drill' } as const;
  await expect(client.setAlarmState({ AlarmName: 'none', ...drill })).rejects.toMatchObject({
    name: 'ResourceNotFound',
    $metadata: { httpStatusCode: 404 },
  });
  await expect(
    client.setAlarmState({ AlarmName: 'ip-db', ...drill, StateReasonData: '{' }),
  ).rejects.toMatchObject({ name: 'InvalidFormatFault', Code: 'InvalidFormat' });
});

test('an alarm on a percentile is refused by the name of the parameter', async () => {
  const { client } = world();
  const { Statistic: _, ...rest } = alarm;
  await expect(client.putMetricAlarm({ ...rest, ExtendedStatistic: 'p99' })).rejects.toThrow(
    'ExtendedStatistic',
  );
});

test('a namespace of AWS and a thousand and one datapoints are refused; statistic sets by name', async () => {
  const { client } = world();
  const datum = { MetricName: 'm', Value: 1 };
  await expect(client.putMetricData({ Namespace: 'AWS/EC2', MetricData: [datum] })).rejects.toMatchObject({
    Code: 'InvalidParameterValue',
  });
  await expect(
    client.putMetricData({ Namespace: 'N', MetricData: Array.from({ length: 1001 }, () => datum) }),
  ).rejects.toMatchObject({ Code: 'InvalidParameterValue' });
  await expect(
    client.putMetricData({ Namespace: 'N', MetricData: [{ MetricName: 'm', Values: [1], Counts: [2] }] }),
  ).rejects.toThrow('MetricData[0].Values');
});

test('a thousand datapoints in one compressed request are stored, listed and summed up', async () => {
  const w = world();
  await w.client.putMetricData({
    Namespace: 'N',
    MetricData: Array.from({ length: 1000 }, (_, index) => ({ MetricName: 'm', Value: index })),
  });
  const { Metrics } = await w.client.listMetrics({ Namespace: 'N' });
  expect(Metrics).toEqual([{ Namespace: 'N', MetricName: 'm', Dimensions: [] }]);
  const { Datapoints } = await w.client.getMetricStatistics({
    Namespace: 'N',
    MetricName: 'm',
    StartTime: new Date(start),
    EndTime: new Date(start + 60_000),
    Period: 60,
    Statistics: ['SampleCount', 'Maximum', 'Average'],
  });
  expect(Datapoints).toMatchObject([{ SampleCount: 1000, Maximum: 999, Average: 499.5 }]);
});

test('alarms are found by name, prefix, state and action, and come in pages by name', async () => {
  const { client } = world();
  for (const AlarmName of ['web-b', 'web-a', 'db-a']) await client.putMetricAlarm({ ...alarm, AlarmName });
  await client.putMetricAlarm({ ...alarm, AlarmName: 'db-b', AlarmActions: [topicArn] });
  await client.setAlarmState({ AlarmName: 'db-a', StateValue: 'OK', StateReason: 'drill' });
  const names = async (filter: object) =>
    (await client.describeAlarms(filter)).MetricAlarms?.map(({ AlarmName }) => AlarmName);
  expect(await names({ AlarmNames: ['web-a', 'none'] })).toEqual(['web-a']);
  expect(await names({ AlarmNamePrefix: 'web-' })).toEqual(['web-a', 'web-b']);
  expect(await names({ StateValue: 'OK' })).toEqual(['db-a']);
  expect(await names({ ActionPrefix: topicArn })).toEqual(['db-b']);
  expect(await names({ AlarmTypes: ['CompositeAlarm'] })).toEqual([]);
  const first = await client.describeAlarms({ MaxRecords: 3 });
  expect(first.MetricAlarms).toHaveLength(3);
  expect(await names({ MaxRecords: 3, NextToken: first.NextToken })).toEqual(['web-b']);
  await expect(client.describeAlarms({ NextToken: 'made up' })).rejects.toMatchObject({
    name: 'InvalidNextToken',
  });
});

test('deleting alarms deletes those that exist and reports one that does not', async () => {
  const { client } = world();
  await client.putMetricAlarm(alarm);
  await expect(client.deleteAlarms({ AlarmNames: ['none', 'ip-db'] })).rejects.toMatchObject({
    name: 'ResourceNotFound',
  });
  expect((await client.describeAlarms({})).MetricAlarms).toEqual([]);
});

test('the Query protocol puts the same data and answers the same alarm, in XML', async () => {
  const w = world();
  await w.client.putMetricAlarm(alarm);
  const query = async (parameters: Record<string, string>) => {
    const { status, body } = await w.gateway.handle({
      method: 'POST',
      path: '/',
      query: '',
      headers: {
        authorization:
          'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/monitoring/aws4_request, Signature=x',
      },
      body: Buffer.from(new URLSearchParams({ Version: '2010-08-01', ...parameters }).toString()),
    });
    return { status, text: body.toString('utf8') };
  };
  const datum = 'MetricData.member.1';
  for (let time = 0; time < 2; time += 1) {
    await query({
      Action: 'PutMetricData',
      Namespace: 'Holdfast',
      [`${datum}.MetricName`]: 'Healthy',
      [`${datum}.Dimensions.member.1.Name`]: 'tag',
      [`${datum}.Dimensions.member.1.Value`]: 'ip-db',
      [`${datum}.Timestamp`]: new Date(w.clock.now()).toISOString(),
      [`${datum}.Value`]: '0',
      [`${datum}.StorageResolution`]: '1',
    });
    await w.clock.advance(10_000);
  }
  const { text } = await query({ Action: 'DescribeAlarms', 'AlarmNames.member.1': 'ip-db' });
  expect(text).toContain(
    '<DescribeAlarmsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><DescribeAlarmsResult><MetricAlarms><member><AlarmName>ip-db</AlarmName>',
  );
  expect(text).toContain('<StateValue>ALARM</StateValue>');
  const refused = await query({
    Action: 'SetAlarmState',
    AlarmName: 'none',
    StateValue: 'OK',
    StateReason: 'drill',
  });
  expect(refused.status).toBe(404);
  expect(refused.text).toContain('<Error><Type>Sender</Type><Code>ResourceNotFound</Code>');
});

test('a role may put data into the namespace its policy names, and into no other', async () => {
  const w = world();
  w.account.iam.putRole('host');
  w.account.iam.putRolePolicy('host', 'metrics', {
    Statement: [
      {
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Holdfast' } },
      },
    ],
  });
  const host = new Client(w.config(w.account.iam.credentialsOf('host').accessKeyId));
  await report(host, 1);
  await expect(
    host.putMetricData({ Namespace: 'Other', MetricData: [{ MetricName: 'm', Value: 1 }] }),
  ).rejects.toMatchObject({ name: 'AccessDenied' });
});

test('the alarm of a template gets a generated name, is updated in place and removed', async () => {
  const { client, cw } = world();
  const [provider] = cloudWatchResources(cw);
  const context = { stackName: 'Fleet', logicalId: 'HealthAlarm', assetDirectory: () => '' };
  const { AlarmName: _, ...properties } = alarm;
  const created = await provider?.create(properties, context);
  expect(created?.physicalId).toMatch(/^Fleet-HealthAlarm-[0-9A-F]{12}$/);
  expect(created?.attributes?.['Arn']).toBe(
    `arn:aws:cloudwatch:us-east-1:123456789012:alarm:${created?.physicalId}`,
  );
  const updated = await provider?.update?.(
    created?.physicalId ?? '',
    { ...properties, Threshold: 3 },
    context,
  );
  expect(updated?.physicalId).toBe(created?.physicalId);
  expect((await client.describeAlarms({})).MetricAlarms).toMatchObject([{ Threshold: 3 }]);
  await provider?.remove(created?.physicalId ?? '');
  expect((await client.describeAlarms({})).MetricAlarms).toEqual([]);
  expect(() => provider?.create({ ...properties, Metrics: [] }, context)).toThrow('Metrics');
});
