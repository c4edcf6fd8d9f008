/**
 * The ledger in DynamoDB: one item per resource, every state change one conditional write on that item. The condition
 * is the claim's epoch; no transactions. When a condition fails the item is read back, because not every DynamoDB
 * returns the old item with the refusal.
 *
 *   free ──claim: epoch+1──▶ held ──intend, commit (epoch =)──▶ held ──commit, release──▶ free
 *                              └────────── expires ──────────────────────────────────────┘
 *                              └── claim fromEpoch: the failover takes over, epoch+1 ──▶ held
 */
import {
  ConditionalCheckFailedException,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { Fault } from '../recovery/fault.ts';
import type { Change, ClaimResult, Guarded, Ledger } from '../recovery/ports.ts';
import { found, type Reading } from '../recovery/reading.ts';
import { parseRecord, type ResourceRecord } from '../recovery/resource.ts';
import { fleetItem } from './fleet-item.ts';
import { looking, withRetries } from './retry.ts';
import { keyOf, recordKey, type Table } from './table.ts';

export function dynamoLedger(table: Table): Ledger {
  const { fleet, takeFailover } = fleetItem(table);
  return {
    fleet,
    takeFailover,
    register: (record) => register(table, record),
    read: (tag) => looking(() => read(table, tag)),
    claim: (tag, wish) => claim(table, tag, wish),
    intend: (tag, epoch, intent, untilMs) =>
      guarded(table, tag, epoch, {
        UpdateExpression: 'SET intent = :intent, claim.expiresAtMs = :until',
        ExpressionAttributeValues: marshall({ ':intent': intent, ':until': untilMs, ':epoch': epoch }),
      }),
    commit: (tag, epoch, change, release) =>
      guarded(table, tag, epoch, changeExpression(change, release, epoch)),
  };
}

async function register(table: Table, record: ResourceRecord): Promise<void> {
  const Item = marshall({ ...recordKey(record.tag), ...record }, { removeUndefinedValues: true });
  const command = new PutItemCommand({
    TableName: table.name,
    Item,
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  await conditional(table, 'dynamodb:PutItem', () => table.dynamodb.send(command));
}

async function read(table: Table, tag: string): Promise<Reading<ResourceRecord>> {
  const command = new GetItemCommand({
    TableName: table.name,
    Key: keyOf(recordKey(tag)),
    ConsistentRead: true,
  });
  const reply = await withRetries(table.retrying, 'dynamodb:GetItem', () => table.dynamodb.send(command));
  return reply.Item === undefined ? { kind: 'absent' } : found(parseRecord(unmarshall(reply.Item)));
}

async function claim(table: Table, tag: string, wish: Parameters<Ledger['claim']>[1]): Promise<ClaimResult> {
  const { holder, nowMs, untilMs, fromEpoch } = wish;
  // `mine`: our own earlier try took effect and its response was lost. Holders are unique per invocation.
  const mine = 'claim.holder = :holder';
  const free = 'claim.holder = :nobody OR claim.expiresAtMs <= :now';
  const taken = await conditional(table, 'dynamodb:UpdateItem', () =>
    table.dynamodb.send(
      new UpdateItemCommand({
        TableName: table.name,
        Key: keyOf(recordKey(tag)),
        UpdateExpression:
          'SET claim.epoch = claim.epoch + :one, claim.holder = :holder, claim.expiresAtMs = :until',
        ConditionExpression: `attribute_exists(pk) AND (${mine} OR ${fromEpoch === undefined ? free : 'claim.epoch = :from'})`,
        ExpressionAttributeValues: marshall({
          ':one': 1,
          ':holder': holder,
          ':until': untilMs,
          ...(fromEpoch === undefined ? { ':nobody': null, ':now': nowMs } : { ':from': fromEpoch }),
        }),
        ReturnValues: 'ALL_NEW',
      }),
    ),
  );
  if (taken !== 'refused')
    return { kind: 'claimed', record: parseRecord(unmarshall(taken.Attributes ?? {})) };
  const current = await read(table, tag);
  return current.kind === 'found' ? { kind: 'held', claim: current.value.claim } : { kind: 'absent' };
}

async function guarded(
  table: Table,
  tag: string,
  epoch: number,
  update: Pick<
    UpdateItemCommandInput,
    'UpdateExpression' | 'ExpressionAttributeNames' | 'ExpressionAttributeValues'
  >,
): Promise<Guarded> {
  const command = new UpdateItemCommand({
    TableName: table.name,
    Key: keyOf(recordKey(tag)),
    ConditionExpression: 'claim.epoch = :epoch',
    ReturnValues: 'ALL_NEW',
    ...update,
  });
  const written = await conditional(table, 'dynamodb:UpdateItem', () => table.dynamodb.send(command));
  if (written === 'refused') return { kind: 'superseded' };
  const record = parseRecord(unmarshall(written.Attributes ?? {}));
  if (record.claim.epoch !== epoch)
    throw new Fault('invalid-record', `${tag}: another epoch came back`, 'never');
  return { kind: 'current', record };
}

function changeExpression(change: Change, release: boolean, epoch: number) {
  const entries = Object.entries(change).filter(([, value]) => value !== undefined);
  const sets = entries.map((_, index) => `#f${index} = :v${index}`);
  if (release) sets.push('claim.holder = :nobody');
  const values = Object.fromEntries(entries.map(([, value], index) => [`:v${index}`, value]));
  return {
    UpdateExpression: `SET ${sets.length === 0 ? 'claim.epoch = :epoch' : sets.join(', ')}`,
    ...(entries.length === 0
      ? {}
      : {
          ExpressionAttributeNames: Object.fromEntries(entries.map(([name], index) => [`#f${index}`, name])),
        }),
    ExpressionAttributeValues: marshall(
      { ...values, ':epoch': epoch, ...(release ? { ':nobody': null } : {}) },
      { removeUndefinedValues: true },
    ),
  };
}

/** A conditional write; a condition that does not hold is an outcome, not a fault. */
async function conditional<T>(table: Table, what: string, write: () => Promise<T>): Promise<T | 'refused'> {
  return withRetries<T | 'refused'>(table.retrying, what, async () => {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'refused';
      throw error;
    }
  });
}
