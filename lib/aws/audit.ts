/** The audit trail in the same table: append-only items under the resource, sorted by time, epoch and step. */
import { PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { type AuditRecord, auditKey } from '../recovery/audit.ts';
import type { Audit } from '../recovery/ports.ts';
import { withRetries } from './retry.ts';
import { partitionOf, type Table } from './table.ts';

/** DynamoDB refuses items over 400 KB; evidence beyond this is cut and says so. */
const evidenceLimit = 100_000;

export function dynamoAudit(table: Table): Audit {
  return {
    async write(record) {
      const key = { pk: partitionOf(record.tag), sk: auditKey(record) };
      const Item = marshall({ ...key, ...bounded(record) }, { removeUndefinedValues: true });
      const command = new PutItemCommand({ TableName: table.name, Item });
      await withRetries(table.retrying, 'dynamodb:PutItem', () => table.dynamodb.send(command));
    },
  };
}

/** The newest `limit` records of a tag, oldest first. @throws Fault */
export async function readAudit(table: Table, tag: string, limit: number): Promise<readonly AuditRecord[]> {
  const command = new QueryCommand({
    TableName: table.name,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :audit)',
    ExpressionAttributeValues: marshall({ ':pk': partitionOf(tag), ':audit': 'audit#' }),
    ScanIndexForward: false,
    Limit: limit,
  });
  const reply = await withRetries(table.retrying, 'dynamodb:Query', () => table.dynamodb.send(command));
  return (reply.Items ?? []).map((item) => unmarshall(item) as AuditRecord).reverse();
}

function bounded(record: AuditRecord): AuditRecord {
  if (record.kind === 'summary') return record;
  const text = JSON.stringify(record.evidence) ?? 'null';
  return text.length <= evidenceLimit
    ? record
    : { ...record, evidence: { cut: text.slice(0, evidenceLimit) } };
}
