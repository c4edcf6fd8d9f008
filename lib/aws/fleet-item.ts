/** The fleet's own item: the switch for everything, and the brake's memory of automatic failovers. */
import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Fault } from '../recovery/fault.ts';
import type { FleetSwitches } from '../recovery/operate-ports.ts';
import type { Ledger } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { looking, withRetries } from './retry.ts';
import { fleetKey, keyOf, type Table } from './table.ts';

const item = v.object({
  version: v.literal(1),
  /** Rises with every write; what a write is conditional on. */
  revision: v.number(),
  automation: v.picklist(['on', 'observe', 'off']),
  pausedUntilMs: v.number(),
  failovers: v.record(v.string(), v.number()),
});
type FleetItem = v.InferOutput<typeof item>;

const fresh: FleetItem = { version: 1, revision: 0, automation: 'on', pausedUntilMs: 0, failovers: {} };
const writeTries = 5;
/** What was looked at a moment ago need not be read again to be written: the write is conditional on it. */
const freshMs = 5_000;

export function fleetItem(table: Table): Pick<Ledger, 'fleet' | 'takeFailover'> & FleetSwitches {
  const { clock } = table.retrying;
  let seen: { readonly item: FleetItem; readonly atMs: number } | null = null;

  async function lookAt(): Promise<FleetItem> {
    const atMs = clock.now();
    seen = { item: await read(table), atMs };
    return seen.item;
  }

  /** Once only: when the write is refused, or the answer would be no, it is read again. */
  function takeSeen(): FleetItem | null {
    const last = seen;
    seen = null;
    return last !== null && clock.now() - last.atMs <= freshMs ? last.item : null;
  }

  return {
    fleet: () => looking(async () => found(await lookAt())),
    async takeFailover(tag, nowMs, sinceMs, max) {
      const known = takeSeen();
      const wasFull = known !== null && recentOf(known, sinceMs).length >= max;
      for (let attempt = 1; attempt <= writeTries; attempt += 1) {
        const current = attempt === 1 && known !== null && !wasFull ? known : await read(table);
        const recent = recentOf(current, sinceMs);
        // Counted already: by an earlier try of this outage, or by our own write whose response was lost.
        if (recent.some(([counted]) => counted === tag)) return 'taken';
        if (recent.length >= max) return 'brake';
        const failovers = Object.fromEntries([...recent, [tag, nowMs]]);
        const next = { ...current, revision: current.revision + 1, failovers };
        if (await write(table, current, next)) return 'taken';
      }
      throw new Fault(
        'service-unavailable',
        'the fleet item changed at every try to count a failover',
        'later',
      );
    },
    async set(change) {
      for (let attempt = 1; attempt <= writeTries; attempt += 1) {
        const current = await read(table);
        if (await write(table, current, { ...current, ...change, revision: current.revision + 1 })) return;
      }
      throw new Fault(
        'service-unavailable',
        'the fleet item changed at every try to set its switches',
        'later',
      );
    },
  };
}

function recentOf({ failovers }: FleetItem, sinceMs: number): readonly (readonly [string, number])[] {
  return Object.entries(failovers).filter(([, atMs]) => atMs > sinceMs);
}

async function read(table: Table): Promise<FleetItem> {
  const command = new GetItemCommand({ TableName: table.name, Key: keyOf(fleetKey), ConsistentRead: true });
  const reply = await withRetries(table.retrying, 'dynamodb:GetItem', () => table.dynamodb.send(command));
  if (reply.Item === undefined) return fresh;
  const parsed = v.safeParse(item, unmarshall(reply.Item));
  if (parsed.success) return parsed.output;
  throw new Fault('invalid-record', `fleet item: ${parsed.issues[0].message}`, 'never');
}

/** @returns whether nobody else wrote in between */
async function write(table: Table, current: FleetItem, next: FleetItem): Promise<boolean> {
  const command = new PutItemCommand({
    TableName: table.name,
    Item: marshall({ ...fleetKey, ...next }),
    ConditionExpression: 'attribute_not_exists(pk) OR revision = :revision',
    ExpressionAttributeValues: marshall({ ':revision': current.revision }),
  });
  return withRetries(table.retrying, 'dynamodb:PutItem', async () => {
    try {
      await table.dynamodb.send(command);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  });
}
