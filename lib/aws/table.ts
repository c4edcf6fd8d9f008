/** The one table and its keys: a partition per resource, one for the fleet. */
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Retrying } from './retry.ts';

export interface Table {
  readonly dynamodb: DynamoDBClient;
  readonly name: string;
  readonly retrying: Retrying;
}

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

export function recordKey(tag: string): Key {
  return { pk: `resource#${tag}`, sk: 'record' };
}

/** What the agent of an instance has said of a resource. */
export function wordKey(tag: string, instanceId: string): Key {
  return { pk: `resource#${tag}`, sk: `word#${instanceId}` };
}

export const fleetKey: Key = { pk: 'fleet', sk: 'record' };

/** An operator's order that was obeyed, by its proof. */
export function orderKey(tag: string, id: string): Key {
  return { pk: partitionOf(tag), sk: `order#${id}` };
}

/** The partition of a resource, or of the fleet for what concerns no resource. */
export function partitionOf(tag: string): string {
  return tag === 'fleet' ? fleetKey.pk : `resource#${tag}`;
}

export function keyOf(key: Key): Record<string, AttributeValue> {
  return marshall(key);
}
