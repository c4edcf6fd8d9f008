/** Orders that only write the record of a resource: what each changes, as a value. */
import type { RefusalCode, Request } from './order.ts';
import type { Change } from './ports.ts';
import { isPaused, type ResourceRecord } from './resource.ts';
import { inServiceState, transition } from './states.ts';

export type Written =
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly message: string }
  | { readonly kind: 'nothing'; readonly message: string }
  | {
      readonly kind: 'write';
      readonly change: Change;
      readonly message: string;
      readonly steps: readonly string[];
    };

export type SwitchOrder = Extract<Request, { action: 'pause' | 'resume' | 'automation' }>;
type Acknowledge = Extract<Request, { action: 'acknowledge' }>;

/** What the switches of a resource or of the fleet become; null when they are so already. */
export function switched(
  order: SwitchOrder,
  now: { readonly automation: ResourceRecord['automation']; readonly pausedUntilMs: number },
  nowMs: number,
): { readonly automation?: ResourceRecord['automation']; readonly pausedUntilMs?: number } | null {
  switch (order.action) {
    case 'pause':
      return { pausedUntilMs: nowMs + order.forMs };
    case 'resume':
      return isPaused(now, nowMs) ? { pausedUntilMs: 0 } : null;
    case 'automation':
      return now.automation === order.mode ? null : { automation: order.mode };
  }
}

export function switchedWords(order: SwitchOrder, what: string, nowMs: number): string {
  switch (order.action) {
    case 'pause':
      return `${what} is paused until ${new Date(nowMs + order.forMs).toISOString()}`;
    case 'resume':
      return `${what} is not paused`;
    case 'automation':
      return `automation of ${what} is ${order.mode}`;
  }
}

/** A resource in service is protected or not; its state word follows its switches. */
export function switchResource(record: ResourceRecord, order: SwitchOrder, nowMs: number): Written {
  const switches = switched(order, record, nowMs);
  const message = switchedWords(order, record.tag, nowMs);
  if (switches === null) return { kind: 'nothing', message: `${message} already` };
  const after = { ...record, ...switches };
  const inService = record.state === 'ISP' || record.state === 'ISU';
  const state = inService ? inServiceState({ ...after, paused: isPaused(after, nowMs) }) : record.state;
  const follows =
    state === record.state ? {} : { state: transition(record.state, state), stateReason: 'ordered' };
  const steps = [message, ...(state === record.state ? [] : [`its state becomes ${state}`])];
  return { kind: 'write', change: { ...switches, ...follows }, message, steps };
}

/** Clears the block after a failover. */
export function acknowledge(record: ResourceRecord, order: Acknowledge, nowMs: number): Written {
  const { tag, failoverBlockedUntilMs } = record;
  if (failoverBlockedUntilMs <= nowMs)
    return { kind: 'nothing', message: `no failover of ${tag} is blocked` };
  const until = new Date(failoverBlockedUntilMs).toISOString();
  const message = `${tag} may fail over again; it was blocked until ${until}: ${order.comment}`;
  return { kind: 'write', change: { failoverBlockedUntilMs: 0 }, message, steps: [message] };
}
