/** Orders that were obeyed, each by its proof, beside what they were about: so that one that comes again is not done again. */
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { Obeyed, ObeyedOrders } from '../recovery/operate-ports.ts';
import { found } from '../recovery/reading.ts';
import { looking, withRetries } from './retry.ts';
import { keyOf, orderKey, type Table } from './table.ts';

export function dynamoObeyed(table: Table): ObeyedOrders {
  return {
    find: (tag, id) =>
      looking(async () => {
        const Key = keyOf(orderKey(tag, id));
        const command = new GetItemCommand({ TableName: table.name, Key, ConsistentRead: true });
        const { Item } = await withRetries(table.retrying, 'dynamodb:GetItem', () =>
          table.dynamodb.send(command),
        );
        return Item === undefined ? { kind: 'absent' } : found(unmarshall(Item)['obeyed'] as Obeyed);
      }),
    async keep(tag, id, obeyed) {
      const Item = marshall({ ...orderKey(tag, id), version: 1, obeyed }, { removeUndefinedValues: true });
      const command = new PutItemCommand({ TableName: table.name, Item });
      await withRetries(table.retrying, 'dynamodb:PutItem', () => table.dynamodb.send(command));
    },
  };
}
