/**
 * A change batch: all of its changes or none, each seen with the ones before it already made.
 * https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html
 */
import { AwsError } from '../errors.ts';
import {
  emptyLabelOf,
  isChangeable,
  keyOf,
  problemOf,
  type RecordSet,
  type RecordSets,
  sameValue,
} from './records.ts';

export type Action = 'CREATE' | 'DELETE' | 'UPSERT';

export interface Change {
  readonly action: Action;
  readonly record: RecordSet;
}

/** https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-changeresourcerecordsets */
const mostRecords = 1_000;
const mostCharacters = 32_000;

/** @returns the zone's records afterwards @throws AwsError InvalidChangeBatch with everything that is wrong */
export function applyBatch(zoneName: string, before: RecordSets, changes: readonly Change[]): RecordSets {
  const tooMuch = limitProblem(changes);
  if (tooMuch !== undefined) throw invalid([tooMuch]);
  const after = new Map(before);
  const done = new Map<string, readonly Action[]>();
  const problems: string[] = [];
  for (const change of changes) {
    const key = keyOf(change.record);
    const earlier = done.get(key) ?? [];
    done.set(key, [...earlier, change.action]);
    const found = problemsOf(zoneName, after, change, earlier);
    problems.push(...found);
    if (found.length > 0) continue;
    if (change.action === 'DELETE') after.delete(key);
    else after.set(key, change.record);
  }
  if (problems.length > 0) throw invalid(problems);
  return after;
}

/** One list in brackets in the message, as Route 53 answers today: https://github.com/aws/aws-sdk-kotlin/issues/1433 */
function invalid(problems: readonly string[]): AwsError {
  return new AwsError('InvalidChangeBatch', `[${problems.join(', ')}]`);
}

/** An UPSERT counts twice. The words for records are seen, those for characters unconfirmed. */
function limitProblem(changes: readonly Change[]): string | undefined {
  let records = 0;
  let characters = 0;
  for (const { action, record } of changes) {
    const weight = action === 'UPSERT' ? 2 : 1;
    records += weight * record.values.length;
    characters += weight * record.values.join('').length;
  }
  if (records > mostRecords) return `Number of records limit of ${mostRecords} exceeded.`;
  if (characters > mostCharacters) return `Number of characters limit of ${mostCharacters} exceeded.`;
  return undefined;
}

function problemsOf(
  zoneName: string,
  records: RecordSets,
  { action, record }: Change,
  earlier: readonly Action[],
): readonly string[] {
  const { name, type } = record;
  // A record may be deleted and created in one batch. That nothing else may follow is seen for CREATE after CREATE only.
  const mayFollow = earlier.length === 0 || (earlier.join() === 'DELETE' && action === 'CREATE');
  if (!mayFollow)
    return [`The request contains an invalid set of changes for a resource record set '${type} ${name}'`];
  const emptyLabel = emptyLabelOf(name);
  if (emptyLabel !== undefined) return [emptyLabel];
  if (name !== zoneName && !name.endsWith(`.${zoneName}`))
    return [`RRSet with DNS name ${name} is not permitted in zone ${zoneName}`];
  const present = records.get(keyOf(record));
  if (action === 'DELETE') return deleteProblems(record, present);
  if (action === 'CREATE' && present !== undefined)
    return [`Tried to create resource record set [name='${name}', type='${type}'] but it already exists`];
  const wrong = valueProblems(record);
  return wrong.length > 0 ? wrong : nameProblems(zoneName, records, record);
}

function deleteProblems(record: RecordSet, present: RecordSet | undefined): readonly string[] {
  const what = `Tried to delete resource record set [name='${record.name}', type='${record.type}'] but`;
  if (present === undefined) return [`${what} it was not found`];
  return sameRecord(record, present) ? [] : [`${what} the values provided do not match the current values`];
}

/** A DELETE names all that was given at the creation; the order of the values is none of it. */
function sameRecord(a: RecordSet, b: RecordSet): boolean {
  return (
    a.ttlSeconds === b.ttlSeconds &&
    a.values.length === b.values.length &&
    a.values.every((value) => b.values.some((other) => sameValue(a.type, value, other)))
  );
}

function valueProblems({ name, type, values }: RecordSet): readonly string[] {
  // Unconfirmed words; that a CNAME has one value is https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/ResourceRecordTypes.html#CNAMEFormat
  if (type === 'CNAME' && values.length > 1)
    return [`RRSet of type CNAME with DNS name ${name} must contain exactly one resource record`];
  const wrong = values.flatMap((value) => (isChangeable(type) ? (problemOf(type, value) ?? []) : []));
  if (wrong.length > 0) return wrong;
  const twice = values.find((value, index) =>
    values.slice(0, index).some((other) => sameValue(type, value, other)),
  );
  return twice === undefined ? [] : [`Duplicate Resource Record: '${twice}'`];
}

/** A CNAME stands alone, and never at the top of a zone. */
function nameProblems(zoneName: string, records: RecordSets, { name, type }: RecordSet): readonly string[] {
  if (type === 'CNAME') {
    if (name === zoneName)
      return [`RRSet of type CNAME with DNS name ${name} is not permitted at apex in zone ${zoneName}`];
    const conflict = [...records.values()].some((other) => other.name === name && other.type !== 'CNAME');
    return conflict
      ? [
          `RRSet of type CNAME with DNS name ${name} is not permitted as it conflicts with other records with the same DNS name in zone ${zoneName}`,
        ]
      : [];
  }
  return records.has(keyOf({ name, type: 'CNAME' }))
    ? [
        `RRSet of type ${type} with DNS name ${name} is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone ${zoneName}`,
      ]
    : [];
}
