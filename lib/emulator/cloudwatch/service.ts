/**
 * CloudWatch on the wire. The SDK speaks JSON (seen: X-Amz-Target GraniteServiceVersion20100801.*), older CLIs and the
 * agents of hosts speak Query; both answer the same. IAM targets as in
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
 */
import { AwsError } from '../errors.ts';
import type { IamTarget } from '../iam.ts';
import { page } from '../paging.ts';
import { operation, type Service } from '../service.ts';
import { list, structure } from '../shapes.ts';
import { readSettings, type StateRecord } from './alarm.ts';
import { alarmMembers, described, readTags } from './alarm-wire.ts';
import type { CloudWatch } from './cloudwatch.ts';
import type { AlarmState } from './evaluation.ts';
import { metricDataShape, readMetricData } from './metric-data.ts';
import { metricReads } from './metric-reads.ts';

const states = ['OK', 'ALARM', 'INSUFFICIENT_DATA'] as const;
const pageSize = 50;
const pageLimit = 100;
const namesAtMost = 100;
const reasonLimit = 1023;
const reasonDataLimit = 4000;

export function cloudWatchService(cw: CloudWatch): Service {
  return {
    signingName: 'monitoring',
    iamPrefix: 'cloudwatch',
    wires: ['json', 'query'],
    xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/',
    operations: { ...metricWrites(cw), ...metricReads(cw), ...alarmWrites(cw), ...alarmReads(cw) },
  };
}

function metricWrites(cw: CloudWatch) {
  const { account } = cw;
  return {
    PutMetricData: operation(
      metricDataShape,
      (input) => {
        for (const datum of readMetricData(input, account.clock.now())) account.putMetric(datum);
        return {};
      },
      ({ Namespace = '' }) => [{ arn: '*', keys: { 'cloudwatch:namespace': Namespace } }],
    ),
  };
}

function alarmWrites(cw: CloudWatch) {
  const names = structure({ AlarmNames: list('string') });
  const onNames = ({ AlarmNames = [] }: { readonly AlarmNames?: readonly string[] }) =>
    AlarmNames.map((name) => alarmTarget(cw, name));
  const onName = ({ AlarmName = '' }: { readonly AlarmName?: string }) => [alarmTarget(cw, AlarmName)];
  return {
    PutMetricAlarm: operation(
      structure(alarmMembers),
      (input) => {
        cw.putAlarm(readSettings(input), readTags(input.Tags));
        return {};
      },
      onName,
    ),
    DeleteAlarms: operation(
      names,
      ({ AlarmNames }) => {
        const wanted = readNames(AlarmNames);
        const unknown = wanted.find((name) => cw.alarm(name) === undefined);
        // "If you specify any incorrect alarm names, the alarms you specify with correct names are still deleted":
        // https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
        for (const name of wanted) cw.deleteAlarm(name);
        if (unknown !== undefined)
          throw new AwsError('ResourceNotFound', `Alarm ${unknown} does not exist`, 404);
        return {};
      },
      onNames,
    ),
    SetAlarmState: operation(
      structure({
        AlarmName: 'string',
        StateValue: 'string',
        StateReason: 'string',
        StateReasonData: 'string',
      }),
      (input) => {
        cw.setState(required(input.AlarmName, 'AlarmName'), readState(input));
        return {};
      },
      onName,
    ),
    EnableAlarmActions: operation(names, ({ AlarmNames }) => switchActions(cw, AlarmNames, true), onNames),
    DisableAlarmActions: operation(names, ({ AlarmNames }) => switchActions(cw, AlarmNames, false), onNames),
  };
}

function switchActions(cw: CloudWatch, names: readonly string[] | undefined, enabled: boolean) {
  for (const name of readNames(names)) cw.enableActions(name, enabled);
  return {};
}

function alarmReads(cw: CloudWatch) {
  const all = [alarmTarget(cw, '*')];
  return {
    DescribeAlarms: operation(
      structure({
        AlarmNames: list('string'),
        AlarmNamePrefix: 'string',
        AlarmTypes: list('string'),
        StateValue: 'string',
        ActionPrefix: 'string',
        MaxRecords: 'integer',
        NextToken: 'string',
      }),
      (input) => {
        if (input.AlarmNames !== undefined && input.AlarmNamePrefix !== undefined)
          throw invalid('AlarmNamePrefix and AlarmNames are mutually exclusive');
        const found = metricAlarmsWanted(input.AlarmTypes)
          ? cw
              .alarms()
              .filter(
                ({ settings, state }) =>
                  (input.AlarmNames?.includes(settings.name) ?? true) &&
                  settings.name.startsWith(input.AlarmNamePrefix ?? '') &&
                  (input.StateValue === undefined || input.StateValue === state.value) &&
                  hasAction(settings.actions, input.ActionPrefix),
              )
          : [];
        const sorted = found.toSorted((a, b) => (a.settings.name < b.settings.name ? -1 : 1));
        const { items, nextToken } = page(sorted, pageOf(input), input.NextToken, badToken);
        return { MetricAlarms: items.map(described), CompositeAlarms: [], NextToken: nextToken };
      },
      ({ AlarmNames }) => AlarmNames?.map((name) => alarmTarget(cw, name)) ?? all,
    ),
    DescribeAlarmHistory: operation(
      structure({
        AlarmName: 'string',
        AlarmTypes: list('string'),
        HistoryItemType: 'string',
        StartDate: 'timestamp',
        EndDate: 'timestamp',
        MaxRecords: 'integer',
        NextToken: 'string',
        ScanBy: 'string',
      }),
      (input) => {
        const found = cw.history
          .all()
          .filter(
            (item) =>
              metricAlarmsWanted(input.AlarmTypes) &&
              (input.AlarmName === undefined || item.alarmName === input.AlarmName) &&
              (input.HistoryItemType === undefined || item.type === input.HistoryItemType) &&
              item.atMs >= (input.StartDate?.getTime() ?? 0) &&
              item.atMs <= (input.EndDate?.getTime() ?? Number.POSITIVE_INFINITY),
          );
        const ordered = input.ScanBy === 'TimestampAscending' ? found : found.toReversed();
        const { items, nextToken } = page(ordered, pageOf(input), input.NextToken, badToken);
        return {
          AlarmHistoryItems: items.map((item) => ({
            AlarmName: item.alarmName,
            AlarmType: 'MetricAlarm',
            Timestamp: new Date(item.atMs),
            HistoryItemType: item.type,
            HistorySummary: item.summary,
            HistoryData: item.data,
          })),
          NextToken: nextToken,
        };
      },
      ({ AlarmName }) => (AlarmName === undefined ? all : [alarmTarget(cw, AlarmName)]),
    ),
  };
}

/** Composite alarms are not modelled: none exist, so asking for them alone finds nothing. */
function metricAlarmsWanted(types: readonly string[] | undefined): boolean {
  return types === undefined || types.length === 0 || types.includes('MetricAlarm');
}

function hasAction(
  actions: { readonly [state in AlarmState]: readonly string[] },
  prefix: string | undefined,
): boolean {
  return (
    prefix === undefined ||
    Object.values(actions)
      .flat()
      .some((arn) => arn.startsWith(prefix))
  );
}

/** @throws AwsError ValidationError, InvalidFormat */
function readState(input: {
  readonly StateValue?: string;
  readonly StateReason?: string;
  readonly StateReasonData?: string;
}): Omit<StateRecord, 'atMs'> {
  const value = states.find((state) => state === input.StateValue);
  if (value === undefined)
    throw invalid(
      `Value '${input.StateValue ?? ''}' at 'stateValue' failed to satisfy constraint: Member must satisfy enum value set: [${states.join(', ')}]`,
    );
  const reason = required(input.StateReason, 'StateReason');
  if (reason.length > reasonLimit) throw invalid(`StateReason is longer than ${reasonLimit}`);
  const reasonData = input.StateReasonData;
  if (reasonData === undefined) return { value, reason };
  if (reasonData.length > reasonDataLimit) throw invalid(`StateReasonData is longer than ${reasonDataLimit}`);
  if (!isJson(reasonData)) throw new AwsError('InvalidFormat', 'Data was not syntactically valid JSON.');
  return { value, reason, reasonData };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function readNames(names: readonly string[] | undefined): readonly string[] {
  const wanted = required(names, 'AlarmNames');
  if (wanted.length > namesAtMost)
    throw invalid(`The collection AlarmNames must not have a size greater than ${namesAtMost}.`);
  return wanted;
}

function pageOf({ MaxRecords = pageSize }: { readonly MaxRecords?: number }): number {
  if (MaxRecords < 1 || MaxRecords > pageLimit)
    throw invalid(`MaxRecords must be from 1 to ${pageLimit}, not ${MaxRecords}`);
  return MaxRecords;
}

function alarmTarget(cw: CloudWatch, name: string): IamTarget {
  return { arn: cw.account.arn('cloudwatch', `alarm:${name}`) };
}

function required<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw invalid(`The parameter ${name} is required.`);
  return value;
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationError', message);
}

function badToken(): AwsError {
  return new AwsError('InvalidNextToken', 'The next token specified is invalid.');
}
