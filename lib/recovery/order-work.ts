/** What the parts of carrying out an order share: the order at work, its looks and its ends. */
import type { Summary } from './audit.ts';
import type { CarriedOrder } from './carried-order.ts';
import type { DependentDefinition } from './dependent.ts';
import type { Journal } from './journal.ts';
import type { AddressView, FleetView, InstancesView } from './observation.ts';
import { lookAtAddresses } from './observe.ts';
import type { Dependents, Ports } from './ports.ts';
import type { Reading } from './reading.ts';
import type { Reason } from './reasons.ts';
import type { Place, ResourceRecord } from './resource.ts';
import type { Run } from './run.ts';

/** A carried order at work. */
export interface Work {
  readonly ports: Ports & { readonly dependents: Dependents };
  readonly journal: Journal;
  readonly carried: CarriedOrder;
  readonly claimMs: number;
  /** Of the resource. Between the interfaces of a server only what hangs on one of them has to follow. */
  readonly dependents: readonly DependentDefinition[];
}

export interface Around {
  readonly addresses: Reading<AddressView>;
  readonly instances: Reading<InstancesView>;
  readonly fleet: Reading<FleetView>;
}

/** No host is asked: whether the address works where it is does not matter to who wants it elsewhere. */
export async function lookAround(ports: Ports, record: ResourceRecord): Promise<Around> {
  const [addresses, instances, fleet] = await Promise.all([
    lookAtAddresses(ports, record),
    ports.instances.look(Object.values(record.servers).map(({ instanceId }) => instanceId)),
    ports.ledger.fleet(),
  ]);
  return { addresses, instances, fleet };
}

/** Nothing was touched, or nothing is left of it. */
export async function release(work: Work, record: ResourceRecord, reason: Reason): Promise<Run> {
  const { ports, journal, carried } = work;
  const own = record.intent?.recovery === carried.recoveryId ? { intent: null } : {};
  const written = await ports.ledger.commit(record.tag, record.claim.epoch, own, true);
  return held(journal, written.kind === 'superseded' ? 'claim-lost' : reason, carried.from);
}

export async function held(journal: Journal, reason: Reason, from: Place | null): Promise<Run> {
  return ended(await journal.close({ outcome: 'held', reason, from, to: null }));
}

export function ended(summary: Summary): Run {
  return { kind: 'ended', summary };
}
