/**
 * An order as the operate function hands it to the recover function: who gave it is verified, and where the address goes
 * is settled. So an event that comes twice, or again after a crash, asks for the same place and not for the next one.
 */
import * as v from 'valibot';
import { operatorSource } from './names.ts';
import { movingOrders, type Request, request } from './order.ts';
import { place } from './resource.ts';
import type { Trigger } from './trigger.ts';

export type MovingOrder = Extract<Request, { action: (typeof movingOrders)[number] }>;

export function isMoving(order: Request): order is MovingOrder {
  return movingOrders.some((action) => action === order.action);
}

export const carriedOrder = v.object({
  source: v.literal(operatorSource),
  order: v.pipe(request, v.guard(isMoving, 'moves no address')),
  who: v.object({ arn: v.string(), via: v.picklist(['command', 'runbook', 'instance']) }),
  recoveryId: v.string(),
  atMs: v.number(),
  /** Where the record had the address when the order was accepted; null when it was on no server. */
  from: v.nullable(place),
  /** Where it may go, the first that is verified; none for `out-of-service`. */
  targets: v.pipe(v.array(place), v.maxLength(8)),
});

export type CarriedOrder = v.InferOutput<typeof carriedOrder>;

export function triggerOf(carried: Pick<CarriedOrder, 'order' | 'who' | 'atMs'>): Trigger {
  const { order, who, atMs } = carried;
  return {
    kind: 'operator',
    order: order.action,
    arn: who.arn,
    via: who.via,
    reason: order.reason ?? null,
    atMs,
  };
}
