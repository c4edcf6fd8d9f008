/**
 * The move of the address itself: the places of one server one after the other, each proven on three planes. Without
 * dependents the commit follows in the same chapter; with them it waits for what they come to.
 */
import type { Summary } from './audit.ts';
import { bringInService, type ServiceResult } from './bring-in-service.ts';
import type { Going } from './failover-choice.ts';
import { commitMoved, sayMoved } from './failover-end.ts';
import { endedBefore, hasEnded, type Work } from './failover-work.ts';
import type { Journal } from './journal.ts';
import type { AddressView } from './observation.ts';
import { currentPlace, lookAtAddresses } from './observe.ts';
import { samePlace } from './readiness.ts';
import type { Place, ResourceRecord } from './resource.ts';
import { removeFromSource, sourcePlaces } from './source.ts';

export type Moved =
  | { readonly kind: 'in-service'; readonly at: Place }
  | { readonly kind: 'ended'; readonly summary: Summary }
  | { readonly kind: 'not-verified' | 'changed' | 'no-answer' | 'superseded' };

/** @param left where this failover has brought the address before */
export async function moveThere(
  work: Work,
  journal: Journal,
  going: Going,
  left: readonly Place[],
): Promise<Moved> {
  const { ports, fleet, escalation } = work;
  const { epoch } = going.record.claim;
  const recovery = escalation.carried?.recoveryId;
  let { record, addresses } = going;
  for (const to of going.places) {
    const result: ServiceResult = await bringInService(ports, journal, {
      rung: 'fail-over',
      to,
      record,
      epoch,
      claimMs: fleet.policy.claimMs,
      seen: addresses,
      fleet: going.fleet,
      ...(recovery === undefined ? {} : { recovery }),
    });
    if (result.kind === 'superseded') return supersededOrEnded(work, journal, going);
    record = result.record;
    if (result.kind === 'in-service') {
      if (work.dependents.length > 0) return markArrived(work, epoch, to);
      await cleanUp(work, journal, { record, going, at: to, addresses, left });
      return {
        kind: 'ended',
        summary: await commitMoved(work, journal, { record, going, at: to, result: null }),
      };
    }
    if (result.kind !== 'not-verified') return { kind: result.kind };
    // Whether the first interface took the address before it failed, only a look can tell.
    const again = await lookAtAddresses(ports, record);
    if (again.kind !== 'found') return { kind: 'changed' };
    addresses = again.value;
  }
  return { kind: 'not-verified' };
}

/** With dependents: behind them, because a source that gives no answer takes its time to give none. */
export async function cleanUpAfter(
  work: Work,
  journal: Journal,
  going: Going,
  at: Place,
  left: readonly Place[],
): Promise<'done' | 'superseded'> {
  const { ports, escalation } = work;
  const { epoch } = going.record.claim;
  const guard = await ports.ledger.commit(escalation.tag, epoch, {}, false);
  if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return 'superseded';
  const { record } = guard;
  await cleanUp(work, journal, { record, going, at, addresses: going.addresses, left });
  return 'done';
}

/** Before the commit: whoever comes after a crash in between finds the failover unfinished, and this with it. */
async function cleanUp(
  { ports, escalation }: Work,
  journal: Journal,
  {
    record,
    going,
    at,
    addresses,
    left,
  }: {
    readonly record: ResourceRecord;
    readonly going: Going;
    readonly at: Place;
    readonly addresses: AddressView;
    readonly left: readonly Place[];
  },
): Promise<void> {
  const places = sourcePlaces(record, going.from, at, { addresses, tried: escalation.tried, left });
  const silent = going.silent ? (going.from?.server ?? null) : null;
  if (places.length > 0)
    await journal.stage('source', () => removeFromSource(ports, journal, record, places, addresses, silent));
}

/** From here on whoever finds this record knows where some of the dependents may be in service. */
async function markArrived(work: Work, epoch: number, at: Place): Promise<Moved> {
  const { ports, escalation } = work;
  const atMs = ports.clock.now();
  const state = { state: 'ILLSTATE', server: at.server, why: 'arriving', atMs } as const;
  const dependents = Object.fromEntries(work.dependents.map(({ name }) => [name, state]));
  const written = await ports.ledger.commit(escalation.tag, epoch, { dependents }, false);
  return written.kind === 'superseded' ? { kind: 'superseded' } : { kind: 'in-service', at };
}

/** A chapter that is replayed behind its own commit says once more what it came to. */
async function supersededOrEnded(work: Work, journal: Journal, going: Going): Promise<Moved> {
  const { epoch } = going.record.claim;
  const record = await endedBefore(work, epoch);
  if (record === null) return { kind: 'superseded' };
  const at = going.places.find((each) => samePlace(each, currentPlace(record))) ?? going.places[0];
  return { kind: 'ended', summary: await sayMoved(work, journal, going, at, null) };
}
