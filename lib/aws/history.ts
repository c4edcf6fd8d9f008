/** The audit trail, read: summaries newest first, and everything about one recovery. */
import { QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AuditRecord, Summary } from '../recovery/audit.ts';
import type { History } from '../recovery/operate-ports.ts';
import { found } from '../recovery/reading.ts';
import { looking, withRetries } from './retry.ts';
import { partitionOf, type Table } from './table.ts';

/** A page is at most 1 MB of records. */
const maxPages = 10;
/** The last moment whose ISO form begins with a year of four digits. */
const lastMs = Date.UTC(9999, 11, 31);
/** Sorts after every key that begins with `audit#`. */
const afterAudit = 'audit$';

export function dynamoHistory(table: Table): History {
  return {
    summaries: (tag, { sinceMs, limit }) =>
      looking(async () => {
        const records = await query(table, limit, {
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          FilterExpression: '#kind = :summary',
          ExpressionAttributeNames: { '#kind': 'kind' },
          ExpressionAttributeValues: marshall({
            ':pk': partitionOf(tag),
            ':from': `audit#${isoOf(sinceMs)}`,
            ':to': afterAudit,
            ':summary': 'summary',
          }),
          ScanIndexForward: false,
        });
        return found(records.filter((each): each is Summary => each.kind === 'summary'));
      }),
    records: (tag, startedAtMs, recovery) =>
      looking(async () => {
        const records = await query(table, Number.POSITIVE_INFINITY, {
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :started)',
          FilterExpression: 'recoveryId = :recovery',
          ExpressionAttributeValues: marshall({
            ':pk': partitionOf(tag),
            ':started': `audit#${isoOf(startedAtMs)}#`,
            ':recovery': recovery,
          }),
          ConsistentRead: true,
        });
        return found(records);
      }),
  };
}

async function query(
  table: Table,
  limit: number,
  input: Omit<QueryCommandInput, 'TableName'>,
): Promise<readonly AuditRecord[]> {
  const records: AuditRecord[] = [];
  let next: QueryCommandInput['ExclusiveStartKey'];
  for (let page = 0; page < maxPages; page += 1) {
    const command = new QueryCommand({ ...input, TableName: table.name, ExclusiveStartKey: next });
    const reply = await withRetries(table.retrying, 'dynamodb:Query', () => table.dynamodb.send(command));
    records.push(...(reply.Items ?? []).map((item) => unmarshall(item) as AuditRecord));
    next = reply.LastEvaluatedKey;
    if (next === undefined || records.length >= limit) break;
  }
  return records.slice(0, limit);
}

function isoOf(atMs: number): string {
  return new Date(Math.min(Math.max(0, atMs), lastMs)).toISOString();
}
