import { expect, it } from 'vitest';
import { plain, resourcesOf, shortId, templateOf, text } from './template.ts';

const example = await templateOf();
const alarms = resourcesOf(example, 'AWS::CloudWatch::Alarm').map(([, alarm]) => alarm);

interface Target {
  readonly Arn: unknown;
  readonly Input?: string;
  readonly InputTransformer?: { readonly InputTemplate: string };
}

it('has one alarm per protected address, one per server, and two for the engine', () => {
  const lines = alarms.map(({ Properties: p = {} }) => {
    const dimensions = (p['Dimensions'] as readonly { Name: string; Value: unknown }[])
      .map(({ Name, Value }) => `${Name}=${text(Value)}`)
      .join(',');
    const metric = `${p['Statistic']} ${p['Namespace']}/${p['MetricName']}{${dimensions}}`;
    const points = `${p['DatapointsToAlarm'] ?? p['EvaluationPeriods']} of ${p['EvaluationPeriods']} x ${p['Period']} s`;
    return [
      p['AlarmName'],
      `${metric} ${p['ComparisonOperator']} ${p['Threshold']}`,
      points,
      p['TreatMissingData'],
      (p['AlarmActions'] as readonly unknown[]).map(text).join(','),
    ].join(' | ');
  });
  expect(lines).toEqual([
    'holdfast-main-health-ip-db | Minimum Holdfast/AddressHealthy{Fleet=main,Tag=ip-db} LessThanThreshold 1 | 2 of 3 x 10 s | missing | <RecoverLive>',
    'holdfast-main-status-ServerA | Maximum AWS/EC2/StatusCheckFailed{InstanceId=i-0a1b2c3d4e5f60001} GreaterThanOrEqualToThreshold 1 | 2 of 2 x 60 s | missing | <RecoverLive>',
    'holdfast-main-status-ServerB | Maximum AWS/EC2/StatusCheckFailed{InstanceId=i-0b1b2c3d4e5f60002} GreaterThanOrEqualToThreshold 1 | 2 of 2 x 60 s | missing | <RecoverLive>',
    'holdfast-main-failover | Sum AWS/Lambda/Errors{FunctionName=<FailoverFunction>} GreaterThanOrEqualToThreshold 1 | 2 of 3 x 60 s | notBreaching | <PageTopic>',
    'holdfast-main-engine | Sum Holdfast/EngineHeartbeat{Fleet=main} LessThanThreshold 1 | 3 of 3 x 60 s | missing | <PageTopic>',
  ]);
});

it('does nothing on OK, and on INSUFFICIENT_DATA only the alarm of the engine pages', () => {
  expect(alarms.filter(({ Properties: p = {} }) => p['OKActions'] !== undefined)).toEqual([]);
  const silent = alarms.flatMap(({ Properties: p = {} }) =>
    p['InsufficientDataActions'] === undefined
      ? []
      : [`${p['AlarmName']} ${(p['InsufficientDataActions'] as readonly unknown[]).map(text).join()}`],
  );
  expect(silent).toEqual(['holdfast-main-engine <PageTopic>']);
});

it('creates no alarm before the permission to invoke, which CloudWatch would find missing without a word', () => {
  const invoking = alarms.filter(({ Properties: p = {} }) =>
    (p['AlarmActions'] as readonly unknown[]).some((action) => text(action) === '<RecoverLive>'),
  );
  for (const alarm of invoking) expect(alarm.DependsOn?.map(shortId)).toContain('AlarmsPermission');
});

it('invokes recover when a declared instance goes away, when an agent speaks, and once a minute; pages when a failover breaks', () => {
  const rules = resourcesOf(example, 'AWS::Events::Rule').map(([, { Properties: p = {} }]) => ({
    when: p['ScheduleExpression'] ?? plain(p['EventPattern']),
    targets: (p['Targets'] as readonly Target[]).map(
      ({ Arn, Input, InputTransformer: words }) =>
        `${text(Arn)} ${Input ?? words?.InputTemplate.slice(0, 60) ?? 'the event'}`,
    ),
  }));
  expect(rules).toEqual([
    {
      when: {
        source: ['aws.ec2'],
        'detail-type': ['EC2 Instance State-change Notification'],
        detail: {
          state: ['stopping', 'stopped', 'shutting-down', 'terminated'],
          'instance-id': ['i-0a1b2c3d4e5f60001', 'i-0b1b2c3d4e5f60002'],
        },
      },
      targets: ['<RecoverLive> the event'],
    },
    {
      when: {
        source: ['holdfast.agent'],
        'detail-type': ['Holdfast Address Failed', 'Holdfast Address In Service'],
        detail: { fleet: ['main'] },
      },
      targets: ['<RecoverLive> the event'],
    },
    {
      when: {
        source: ['aws.lambda'],
        'detail-type': ['Durable Execution Status Change'],
        detail: {
          status: ['FAILED', 'TIMED_OUT', 'STOPPED'],
          functionArn: [{ prefix: '<FailoverFunction.Arn>:' }],
        },
      },
      targets: ['<PageTopic> "The failover <name> of main has ended in the middle: <statu'],
    },
    { when: 'rate(1 minute)', targets: ['<RecoverLive> {"source":"holdfast.tick"}'] },
  ]);
});
