/** What agents have said: an item for each of them under the resource, the last word alone. */
import { ConditionalCheckFailedException, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Fault } from '../recovery/fault.ts';
import type { Words } from '../recovery/ports.ts';
import { found } from '../recovery/reading.ts';
import { type Word, word } from '../recovery/word.ts';
import { looking, withRetries } from './retry.ts';
import { keyOf, type Table, wordKey } from './table.ts';

export function dynamoWords(table: Table): Words {
  return {
    async note(said) {
      const command = new PutItemCommand({
        TableName: table.name,
        Item: marshall({ ...wordKey(said.tag, said.instanceId), ...said }, { removeUndefinedValues: true }),
        ConditionExpression: 'attribute_not_exists(pk) OR atMs < :at OR (atMs = :at AND uptimeMs <= :uptime)',
        ExpressionAttributeValues: marshall({ ':at': said.atMs, ':uptime': said.uptimeMs }),
        ReturnValues: 'ALL_OLD',
      });
      return withRetries(table.retrying, 'dynamodb:PutItem', async () => {
        try {
          const { Attributes } = await table.dynamodb.send(command);
          return { kind: 'kept', before: Attributes === undefined ? null : parse(Attributes) } as const;
        } catch (error) {
          if (error instanceof ConditionalCheckFailedException) return { kind: 'outdated' } as const;
          throw error;
        }
      });
    },
    last: (tag, instanceId) =>
      looking(async () => {
        const command = new GetItemCommand({
          TableName: table.name,
          Key: keyOf(wordKey(tag, instanceId)),
          ConsistentRead: true,
        });
        const reply = await withRetries(table.retrying, 'dynamodb:GetItem', () =>
          table.dynamodb.send(command),
        );
        return reply.Item === undefined ? { kind: 'absent' } : found(parse(reply.Item));
      }),
  };
}

/** @throws Fault `invalid-record` */
function parse(item: Parameters<typeof unmarshall>[0]): Word {
  const result = v.safeParse(word, unmarshall(item));
  if (result.success) return result.output;
  throw new Fault('invalid-record', `an agent's word: ${result.issues[0].message}`, 'never');
}
