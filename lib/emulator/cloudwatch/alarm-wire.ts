/** A metric alarm on the wire and in a template: the members of PutMetricAlarm, and how DescribeAlarms answers. */
import { list, structure } from '../shapes.ts';
import type { Alarm } from './alarm.ts';

export const alarmMembers = {
  AlarmName: 'string',
  AlarmDescription: 'string',
  ActionsEnabled: 'boolean',
  OKActions: list('string'),
  AlarmActions: list('string'),
  InsufficientDataActions: list('string'),
  MetricName: 'string',
  Namespace: 'string',
  Statistic: 'string',
  Dimensions: list(structure({ Name: 'string', Value: 'string' })),
  Period: 'integer',
  Unit: 'string',
  EvaluationPeriods: 'integer',
  DatapointsToAlarm: 'integer',
  Threshold: 'float',
  ComparisonOperator: 'string',
  TreatMissingData: 'string',
  Tags: list(structure({ Key: 'string', Value: 'string' })),
} as const;

export function described({ settings, arn, state, configuredAtMs, transitionedAtMs }: Alarm) {
  return {
    AlarmName: settings.name,
    AlarmArn: arn,
    AlarmDescription: settings.description,
    AlarmConfigurationUpdatedTimestamp: new Date(configuredAtMs),
    ActionsEnabled: settings.actionsEnabled,
    OKActions: settings.actions.OK,
    AlarmActions: settings.actions.ALARM,
    InsufficientDataActions: settings.actions.INSUFFICIENT_DATA,
    StateValue: state.value,
    StateReason: state.reason,
    StateReasonData: state.reasonData,
    StateUpdatedTimestamp: new Date(state.atMs),
    MetricName: settings.metricName,
    Namespace: settings.namespace,
    Statistic: settings.statistic,
    Dimensions: Object.entries(settings.dimensions).map(([Name, Value]) => ({ Name, Value })),
    Period: settings.periodSeconds,
    Unit: settings.unit,
    EvaluationPeriods: settings.evaluationPeriods,
    DatapointsToAlarm: settings.saidDatapointsToAlarm,
    Threshold: settings.threshold,
    ComparisonOperator: settings.comparison,
    TreatMissingData: settings.saidTreatMissingData,
    StateTransitionedTimestamp: new Date(transitionedAtMs),
  };
}

export function readTags(tags: readonly { readonly Key?: string; readonly Value?: string }[] = []): {
  readonly [key: string]: string;
} {
  return Object.fromEntries(tags.map(({ Key = '', Value = '' }) => [Key, Value]));
}
