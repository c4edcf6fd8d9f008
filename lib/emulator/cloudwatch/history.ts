/**
 * What happened to the alarms, oldest first; it outlives them. Kept 30 days:
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
 * Summaries and the data of the first two types as in https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/describe-alarm-history.html;
 * of an Action only the summary is seen ("Successfully executed action arn…", "Failed to execute action arn…. Received error: …").
 */
import type { Alarm, StateRecord } from './alarm.ts';
import { timestamp } from './wording.ts';

export type HistoryItemType = 'ConfigurationUpdate' | 'StateUpdate' | 'Action';

export interface HistoryItem {
  readonly alarmName: string;
  readonly atMs: number;
  readonly type: HistoryItemType;
  readonly summary: string;
  /** JSON */
  readonly data: string;
}

const keptMs = 30 * 24 * 3_600_000;
const keptItems = 20_000;

export class AlarmHistory {
  #items: HistoryItem[] = [];

  all(): readonly HistoryItem[] {
    return this.#items;
  }

  configured(alarm: Alarm, change: 'Create' | 'Update' | 'Delete', atMs: number): void {
    const verb = { Create: 'created', Update: 'updated', Delete: 'deleted' }[change];
    this.#add(alarm, atMs, 'ConfigurationUpdate', `Alarm "${alarm.settings.name}" ${verb}`, {
      version: '1.0',
      type: change,
      [`${verb}Alarm`]: configurationOf(alarm),
    });
  }

  stateUpdated(alarm: Alarm, from: StateRecord, to: StateRecord): void {
    this.#add(alarm, to.atMs, 'StateUpdate', `Alarm updated from ${from.value} to ${to.value}`, {
      version: '1.0',
      oldState: stateIn(from),
      newState: stateIn(to),
    });
  }

  acted(alarm: Alarm, action: string, state: StateRecord, error: string | undefined, atMs: number): void {
    const summary =
      error === undefined
        ? `Successfully executed action ${action}`
        : `Failed to execute action ${action}. Received error: "${error}"`;
    this.#add(alarm, atMs, 'Action', summary, {
      actionState: error === undefined ? 'Succeeded' : 'Failed',
      stateUpdateTimestamp: timestamp(state.atMs),
      notificationResource: action,
      error,
    });
  }

  #add(alarm: Alarm, atMs: number, type: HistoryItemType, summary: string, data: unknown): void {
    const item = { alarmName: alarm.settings.name, atMs, type, summary, data: JSON.stringify(data) };
    this.#items.push(item);
    const first = this.#items.findIndex((each) => each.atMs >= atMs - keptMs);
    this.#items = this.#items.slice(Math.max(first, this.#items.length - keptItems));
  }
}

function stateIn(state: StateRecord): unknown {
  return {
    stateValue: state.value,
    stateReason: state.reason,
    ...(state.reasonData === undefined ? {} : { stateReasonData: JSON.parse(state.reasonData) }),
  };
}

function configurationOf({ arn, settings, state, configuredAtMs }: Alarm): unknown {
  return {
    alarmName: settings.name,
    alarmArn: arn,
    alarmDescription: settings.description,
    alarmConfigurationUpdatedTimestamp: timestamp(configuredAtMs),
    actionsEnabled: settings.actionsEnabled,
    okactions: settings.actions.OK,
    alarmActions: settings.actions.ALARM,
    insufficientDataActions: settings.actions.INSUFFICIENT_DATA,
    stateValue: state.value,
    metricName: settings.metricName,
    namespace: settings.namespace,
    statistic: settings.statistic,
    dimensions: Object.entries(settings.dimensions).map(([name, value]) => ({ name, value })),
    period: settings.periodSeconds,
    unit: settings.unit,
    evaluationPeriods: settings.evaluationPeriods,
    datapointsToAlarm: settings.saidDatapointsToAlarm,
    threshold: settings.threshold,
    comparisonOperator: settings.comparison,
    treatMissingData: settings.saidTreatMissingData,
  };
}
