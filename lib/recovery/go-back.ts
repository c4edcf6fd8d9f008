/**
 * The way back of an order whose place could not be verified: to where the address was, and INFO stays. Where that
 * cannot be verified either the address is down: the state says so, a person is called, and the ladder goes on from there.
 */
import { bringInService } from './bring-in-service.ts';
import { Fault } from './fault.ts';
import { followInterface } from './follow-interface.ts';
import type { AddressView } from './observation.ts';
import { currentPlace } from './observe.ts';
import { ended, held, lookAround, type Work } from './order-work.ts';
import { foreignOwner, placeWords, samePlace } from './readiness.ts';
import { type Reason, wordsOf } from './reasons.ts';
import { isPaused, keptRecoveries, type Place, placeOf, type ResourceRecord } from './resource.ts';
import type { Run } from './run.ts';
import { removeFromSource } from './source.ts';
import { inServiceState, type ResourceState, transition } from './states.ts';

const maxRounds = 3;
const pauseMs = 1_000;

export async function goBack(work: Work, record: ResourceRecord, reason: Reason): Promise<Run> {
  const { journal } = work;
  const home = currentPlace(record);
  // From no server it came, and no server has it: what was configured at the target is the next order's to use or remove.
  if (home === null) return end(work, record, record.state, reason);
  const back = await tryHome(work, record, home);
  if (back.kind === 'superseded') return held(journal, 'claim-lost', work.carried.from);
  const known = back.kind === 'home' ? await followHome(work, back.record, home) : back.record;
  if (known === null) return held(journal, 'claim-lost', work.carried.from);
  return finish(work, known, reason, back.kind);
}

/** A run before this one may have led to the backup interface what hangs on one. Null when somebody else has taken over. */
async function followHome(work: Work, record: ResourceRecord, home: Place): Promise<ResourceRecord | null> {
  const { ports, journal, carried, claimMs, dependents } = work;
  const from = carried.targets.find(({ server }) => server === home.server) ?? null;
  const way = { dependents, from, at: home, claimMs, recoveryId: carried.recoveryId };
  const followed = await followInterface(ports, journal, record, way);
  if (followed.kind === 'superseded') return null;
  if (followed.change.dependents === undefined) return record;
  const written = await ports.ledger.commit(record.tag, record.claim.epoch, followed.change, false);
  return written.kind === 'superseded' ? null : written.record;
}

/** The end of an order that has failed, with the address at home again or nowhere. */
export async function finish(
  work: Work,
  record: ResourceRecord,
  reason: Reason,
  back: 'home' | 'lost',
): Promise<Run> {
  const home = currentPlace(record);
  if (home === null) return end(work, record, record.state, reason);
  if (back === 'home') {
    const state = inServiceState({ ...record, paused: isPaused(record, work.ports.clock.now()) });
    return end(work, record, state, reason);
  }
  await callSomebody(work, record, home, reason);
  return end(work, record, 'OSF', reason);
}

type Back =
  | { readonly kind: 'home' | 'lost'; readonly record: ResourceRecord }
  | { readonly kind: 'superseded' };

export async function tryHome(work: Work, known: ResourceRecord, home: Place): Promise<Back> {
  const { ports, journal, carried, claimMs } = work;
  let record = known;
  for (let round = 0; round < maxRounds; round += 1) {
    const seen = await journal.stage('observe', () => lookAround(ports, record));
    if (seen.addresses.kind !== 'found' || foreignOwner(record, seen.addresses.value) !== undefined) {
      journal.step('observed', 0, seen);
      await ports.clock.sleep(pauseMs);
      continue;
    }
    const addresses = seen.addresses.value;
    const result = await journal.stage('back', () =>
      bringInService(ports, journal, {
        rung: 'restore-in-place',
        to: home,
        record,
        epoch: record.claim.epoch,
        claimMs,
        seen: addresses,
        fleet: seen.fleet,
        recovery: carried.recoveryId,
      }),
    );
    if (result.kind === 'superseded') return result;
    record = result.record;
    journal.step('put-back', 0, { to: home, result: result.kind });
    if (result.kind === 'in-service') {
      await removeFromSource(ports, journal, record, awayFrom(work, record, home, addresses), addresses);
      return { kind: 'home', record };
    }
    if (result.kind === 'not-verified') break;
  }
  return { kind: 'lost', record };
}

/** Where this order may have configured it on other servers; on its own, `restore` has taken it off the other interface. */
function awayFrom(
  { carried }: Work,
  record: ResourceRecord,
  home: Place,
  addresses: AddressView,
): readonly Place[] {
  const owners = addresses.owners.flatMap((owner) => placeOf(record, owner.eniId) ?? []);
  return [...carried.targets, ...owners]
    .filter((each) => each.server !== home.server)
    .filter((each, index, all) => all.findIndex((other) => samePlace(each, other)) === index);
}

async function end(work: Work, record: ResourceRecord, state: ResourceState, reason: Reason): Promise<Run> {
  const { ports, journal, carried } = work;
  const { tag, claim } = record;
  const past = {
    atMs: ports.clock.now(),
    epoch: claim.epoch,
    outcome: 'failed',
    recovery: carried.recoveryId,
  };
  const change = {
    state: transition(record.state, state),
    stateReason: reason,
    intent: null,
    recent: [...record.recent, past].slice(-keptRecoveries),
  };
  const written = await journal.stage('commit', () => ports.ledger.commit(tag, claim.epoch, change, true));
  if (written.kind === 'superseded') return held(journal, 'claim-lost', carried.from);
  journal.changed(record.state, state, reason);
  const { dependents } = record;
  return ended(await journal.close({ outcome: 'failed', reason, from: carried.from, to: null, dependents }));
}

/** A page that cannot be sent is written down and does not undo what was found. */
async function callSomebody(work: Work, record: ResourceRecord, home: Place, reason: Reason): Promise<void> {
  const { ports, journal, carried } = work;
  const { tag } = record;
  const text = `${tag}: an order of ${carried.who.arn} failed (${wordsOf(reason)}), and back at ${placeWords(home)} the address could not be verified either. Recovery ${carried.recoveryId}.`;
  try {
    await ports.pages.page({ tag, subject: `${tag} is out of service: ${reason}`, text });
    journal.step('paged', 0, { reason });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
  }
}
