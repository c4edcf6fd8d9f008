/** What an alarm says when its state changes: to a function, on the event bus, to a topic. */
import type { Alarm, StateRecord } from './alarm.ts';
import type { AlarmState } from './evaluation.ts';
import { timestamp } from './wording.ts';

export interface Transition {
  readonly alarm: Alarm;
  readonly from: StateRecord;
  readonly to: StateRecord;
}

interface Place {
  readonly accountId: string;
  readonly region: string;
}

/**
 * Seen: powertools-lambda-python tests/events/cloudWatchAlarmEventSingleMetric.json, a real event; the same shape as in
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html
 */
export function lambdaEvent({ alarm, from, to }: Transition, place: Place): unknown {
  const { name, description, namespace, metricName, dimensions } = alarm.settings;
  const { statistic, periodSeconds, unit } = alarm.settings;
  return {
    source: 'aws.cloudwatch',
    alarmArn: alarm.arn,
    accountId: place.accountId,
    time: timestamp(to.atMs),
    region: place.region,
    alarmData: {
      alarmName: name,
      state: stateIn(to),
      previousState: stateIn(from),
      configuration: {
        description,
        metrics: [
          {
            id: alarm.metricId,
            metricStat: {
              metric: { namespace, name: metricName, dimensions },
              period: periodSeconds,
              stat: statistic,
              unit,
            },
            returnData: true,
          },
        ],
      },
    },
  };
}

/** Detail of "CloudWatch Alarm State Change": https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html */
export function stateChangeDetail(transition: Transition): unknown {
  const { name, description, namespace, metricName, dimensions } = transition.alarm.settings;
  const { statistic, periodSeconds, unit } = transition.alarm.settings;
  return {
    alarmName: name,
    configuration: {
      description,
      metrics: [
        {
          id: transition.alarm.metricId,
          metricStat: {
            metric: { dimensions, name: metricName, namespace },
            period: periodSeconds,
            stat: statistic,
            unit,
          },
          returnData: true,
        },
      ],
    },
    previousState: stateIn(transition.from),
    state: stateIn(transition.to),
  };
}

/** Seen: `Records[].Sns.Message` of a real notification, 2025. The Region is its long name, the statistic in capitals. */
export function snsMessage({ alarm, from, to }: Transition, place: Place): unknown {
  const { settings } = alarm;
  return {
    AlarmName: settings.name,
    AlarmDescription: settings.description ?? null,
    AWSAccountId: place.accountId,
    AlarmConfigurationUpdatedTimestamp: timestamp(alarm.configuredAtMs),
    NewStateValue: to.value,
    NewStateReason: to.reason,
    StateChangeTime: timestamp(to.atMs),
    Region: longRegionName(place.region),
    AlarmArn: alarm.arn,
    OldStateValue: from.value,
    OKActions: settings.actions.OK,
    AlarmActions: settings.actions.ALARM,
    InsufficientDataActions: settings.actions.INSUFFICIENT_DATA,
    Trigger: {
      MetricName: settings.metricName,
      Namespace: settings.namespace,
      StatisticType: 'Statistic',
      Statistic: settings.statistic.replace(/([a-z])([A-Z])/, '$1_$2').toUpperCase(),
      Unit: settings.unit ?? null,
      Dimensions: Object.entries(settings.dimensions).map(([name, value]) => ({ value, name })),
      Period: settings.periodSeconds,
      EvaluationPeriods: settings.evaluationPeriods,
      DatapointsToAlarm: settings.saidDatapointsToAlarm,
      ComparisonOperator: settings.comparison,
      Threshold: settings.threshold,
      TreatMissingData: settings.treatMissingData,
      EvaluateLowSampleCountPercentile: '',
    },
  };
}

/** Seen: the subject of an alarm mail. */
export function snsSubject(alarmName: string, state: AlarmState, region: string): string {
  return `${state}: "${alarmName}" in ${longRegionName(region)}`;
}

function stateIn(state: StateRecord): unknown {
  return {
    value: state.value,
    reason: state.reason,
    reasonData: state.reasonData,
    timestamp: timestamp(state.atMs),
  };
}

/** https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html */
const longRegionNames: { readonly [region: string]: string } = {
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-northeast-2': 'Asia Pacific (Seoul)',
  'ap-south-1': 'Asia Pacific (Mumbai)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
  'ca-central-1': 'Canada (Central)',
  'eu-central-1': 'EU (Frankfurt)',
  'eu-north-1': 'EU (Stockholm)',
  'eu-west-1': 'EU (Ireland)',
  'eu-west-2': 'EU (London)',
  'eu-west-3': 'EU (Paris)',
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
};

function longRegionName(region: string): string {
  return longRegionNames[region] ?? region;
}
