/** What the operate function needs of the world beyond what a recovery needs. */
import type { AuditRecord, Summary } from './audit.ts';
import type { CarriedOrder } from './carried-order.ts';
import type { Confirmations } from './confirmation.ts';
import type { FleetView } from './observation.ts';
import type { Answer, Request } from './order.ts';
import type { Ports, SlotLooks } from './ports.ts';
import type { Reading } from './reading.ts';
import type { Trigger } from './trigger.ts';

export type Via = Extract<Trigger, { kind: 'operator' }>['via'];

export type Identified =
  | {
      readonly kind: 'known';
      readonly arn: string;
      readonly via: Via;
      /** The same for the same proof: by it an order that is sent again is known. */
      readonly id: string;
    }
  | { readonly kind: 'unknown'; readonly why: string }
  | { readonly kind: 'could-not-look'; readonly why: string };

export interface Identities {
  /** @param asked the request as it was sent: the proof is bound to that, not to what was read out of it */
  verify(asked: object, request: Request): Promise<Identified>;
}

export interface History {
  /** Newest first. Never `absent`. @param tag `fleet` for what concerns no resource */
  summaries(
    tag: string,
    bounds: { readonly sinceMs: number; readonly limit: number },
  ): Promise<Reading<readonly Summary[]>>;
  /** Every record of one recovery, in the order of their keys. Never `absent`. */
  records(tag: string, startedAtMs: number, recovery: string): Promise<Reading<readonly AuditRecord[]>>;
}

/** What an order that has been obeyed was answered. */
export interface Obeyed {
  readonly answer: Answer;
  /** Of an order that moves an address. */
  readonly carried: CarriedOrder | null;
}

/** A command that got no answer asks again: what it ordered the first time must not be done a second time. */
export interface ObeyedOrders {
  find(tag: string, id: string): Promise<Reading<Obeyed>>;
  /** @throws Fault */
  keep(tag: string, id: string, obeyed: Obeyed): Promise<void>;
}

export interface Carriers {
  /** Hands the order to the recover function, which carries it out. Twice is harmless. @throws Fault */
  start(order: CarriedOrder): Promise<void>;
}

export interface FleetSwitches {
  /** @throws Fault */
  set(change: Partial<Pick<FleetView, 'automation' | 'pausedUntilMs'>>): Promise<void>;
}

export interface OperatePorts
  extends Pick<Ports, 'clock' | 'ledger' | 'addresses' | 'instances' | 'words' | 'audit' | 'announcements'> {
  readonly identities: Identities;
  readonly history: History;
  readonly obeyed: ObeyedOrders;
  readonly carriers: Carriers;
  readonly slots: SlotLooks;
  readonly switches: FleetSwitches;
  readonly confirmations: Confirmations;
}
