/**
 * What an association says, read and checked once. Limits and patterns:
 * https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html
 * Output to S3, change calendars, offsets, alarms and other accounts are left out: the shape refuses them by name.
 */
import { AwsError, notModelled } from '../errors.ts';
import { list, map, structure, type Value } from '../shapes.ts';

export const associationMembers = {
  Name: 'string',
  AssociationName: 'string',
  DocumentVersion: 'string',
  Parameters: map(list('string')),
  ScheduleExpression: 'string',
  Targets: list(structure({ Key: 'string', Values: list('string') })),
  ApplyOnlyAtCronInterval: 'boolean',
  MaxConcurrency: 'string',
  MaxErrors: 'string',
  ComplianceSeverity: 'string',
} as const;

const associationShape = structure(associationMembers);

type AssociationTarget =
  | { readonly key: 'InstanceIds'; readonly values: readonly string[] }
  | { readonly key: `tag:${string}`; readonly values: readonly string[] };

export interface AssociationPlan {
  readonly documentName: string;
  readonly documentVersion: string;
  readonly associationName: string | undefined;
  readonly parameters: { readonly [name: string]: readonly string[] };
  readonly target: AssociationTarget;
  readonly schedule: { readonly expression: string; readonly everyMs: number } | undefined;
  readonly maxConcurrency: string | undefined;
  readonly maxErrors: string | undefined;
  readonly complianceSeverity: string | undefined;
}

const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNSPECIFIED'];
const mostTargetValues = 50;
const unitMs: { readonly [unit: string]: number } = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
/** "Intervals of 30 minutes or greater and less than 31 days": https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html */
const shortestRateMs = 1_800_000;
const rateBelowMs = 31 * 86_400_000;

/** @throws AwsError ValidationException, InvalidTarget, InvalidSchedule, InvalidParameters */
export function readAssociation(raw: Value<typeof associationShape>): AssociationPlan {
  const { Name: documentName = '', AssociationName, Parameters = {}, ScheduleExpression } = raw;
  if (raw.ApplyOnlyAtCronInterval === true)
    throw notModelled('ApplyOnlyAtCronInterval (it needs a cron schedule)', 'InvalidSchedule');
  require(AssociationName, 'AssociationName', /^[a-zA-Z0-9_\-.]{3,128}$/);
  require(raw.DocumentVersion, 'DocumentVersion', /^(\$LATEST|\$DEFAULT|[1-9][0-9]*)$/);
  require(raw.MaxConcurrency, 'MaxConcurrency', /^([1-9][0-9]{0,6}|[1-9][0-9]?%|100%)$/);
  require(raw.MaxErrors, 'MaxErrors', /^(0|[1-9][0-9]{0,6}|[0-9]%|[1-9][0-9]%|100%)$/);
  if (raw.ComplianceSeverity !== undefined && !severities.includes(raw.ComplianceSeverity))
    throw invalid(`ComplianceSeverity '${raw.ComplianceSeverity}' is not one of [${severities.join(', ')}]`);
  for (const [name, values] of Object.entries(Parameters))
    if (values.some((value) => value.includes('{{')))
      throw notModelled(`a reference in the parameter ${name}`, 'InvalidParameters');
  return {
    documentName,
    documentVersion: raw.DocumentVersion ?? '$DEFAULT',
    associationName: AssociationName,
    parameters: Parameters,
    target: readTarget(raw.Targets ?? []),
    schedule:
      ScheduleExpression === undefined
        ? undefined
        : { expression: ScheduleExpression, everyMs: readRate(ScheduleExpression) },
    maxConcurrency: raw.MaxConcurrency,
    maxErrors: raw.MaxErrors,
    complianceSeverity: raw.ComplianceSeverity,
  };
}

/** `10` or `10%` of so many targets; never less than `least`. */
export function shareOf(limit: string | undefined, targets: number, least: number): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  const number = Number.parseInt(limit, 10);
  return Math.max(least, limit.endsWith('%') ? Math.floor((targets * number) / 100) : number);
}

function readTarget(targets: NonNullable<Value<typeof associationShape>['Targets']>): AssociationTarget {
  const [target, ...others] = targets;
  if (target === undefined) throw new AwsError('InvalidTarget', 'An association needs Targets.');
  if (others.length > 0) throw notModelled('more than one target', 'InvalidTarget');
  const { Key: key = '', Values: values = [] } = target;
  if (values.length === 0 || values.length > mostTargetValues)
    throw new AwsError('InvalidTarget', `A target has between 1 and ${mostTargetValues} values.`);
  // Both spellings are in AWS's own examples.
  if (key.toLowerCase() === 'instanceids') return { key: 'InstanceIds', values };
  if (key.startsWith('tag:')) return { key: `tag:${key.slice('tag:'.length)}`, values };
  throw notModelled(`the target key ${key}`, 'InvalidTarget');
}

function readRate(expression: string): number {
  if (!expression.startsWith('rate(')) throw notModelled(`the schedule ${expression}`, 'InvalidSchedule');
  const [, count = '', unit = ''] = /^rate\(([1-9]\d*) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const ms = Number(count) * (unitMs[unit] ?? 0);
  if (ms < shortestRateMs || ms >= rateBelowMs)
    throw new AwsError(
      'InvalidSchedule',
      `${expression} is not a rate of at least 30 minutes and less than 31 days.`,
    );
  return ms;
}

function require(value: string | undefined, name: string, pattern: RegExp): void {
  if (value !== undefined && !pattern.test(value))
    throw invalid(`${name} '${value}' does not match ${pattern.source}`);
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
