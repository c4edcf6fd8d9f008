/**
 * Another protected address that has to move along with the one that it belongs to: onto the same server, under a claim
 * of its own, proven and written down as its own failover. Whoever finds it there already only proves it.
 */
import { bringInService } from './bring-in-service.ts';
import type { Holding } from './failover-choice.ts';
import type { Work } from './failover-work.ts';
import { holdAt } from './hold.ts';
import { parseInfo } from './info.ts';
import { type Journal, openJournal } from './journal.ts';
import { currentPlace } from './observe.ts';
import { lookAround } from './order-work.ts';
import { foreignOwner, placeWords, primaryOf } from './readiness.ts';
import type { HoldReason } from './reasons.ts';
import { inServiceHere } from './recover.ts';
import { entryOf, isOutOnPurpose, type Place, type ResourceRecord } from './resource.ts';
import { removeFromSource } from './source.ts';
import { bringInLine, takeClaim } from './take-claim.ts';

const pauseMs = 1_000;
/** The world may change between looking and acting. */
const maxRounds = 3;

/** Why it is not in service on that server in the end; null when it is. */
export async function bringAlong(
  work: Work,
  tag: string,
  { server }: Place,
  forMs: number,
): Promise<string | null> {
  const { ports, fleet } = work;
  const definition = fleet.resources.find((each) => each.tag === tag);
  if (definition === undefined) return `the fleet has no resource ${tag}`;
  const startedAtMs = ports.clock.now();
  const journal = journalOf(work, tag);
  const { recoveryId } = journal;
  const untilMs = startedAtMs + forMs;
  for (;;) {
    const claim = await takeClaim(ports, journal, fleet, definition, { tag, holder: `${recoveryId}/along` });
    if (claim.kind === 'claimed') {
      journal.claimed(claim.record.claim.epoch);
      const record = await bringInLine(ports, fleet, definition, claim.record);
      return onto(work, journal, record, server);
    }
    if (ports.clock.now() + pauseMs > untilMs) return `${claim.by ?? 'somebody'} holds the claim of ${tag}`;
    await ports.clock.sleep(pauseMs);
  }
}

async function onto(
  work: Work,
  journal: Journal,
  claimed: ResourceRecord,
  server: string,
): Promise<string | null> {
  const { ports, fleet } = work;
  const { tag } = claimed;
  const { epoch } = claimed.claim;
  if (isOutOnPurpose(claimed)) {
    await ports.ledger.commit(tag, epoch, {}, true);
    return null;
  }
  const from = currentPlace(claimed);
  let record = claimed;
  let why = 'it could not be verified';
  for (const to of placesOf(record, server)) {
    for (let round = 0; round < maxRounds; round += 1) {
      const seen = await lookAround(ports, record);
      if (seen.addresses.kind !== 'found' || foreignOwner(record, seen.addresses.value) !== undefined) {
        why = 'EC2 could not be asked, or an interface that is not declared holds it';
        break;
      }
      const addresses = seen.addresses.value;
      const result = await bringInService(ports, journal, {
        rung: 'fail-over',
        to,
        record,
        epoch,
        claimMs: fleet.policy.claimMs,
        seen: addresses,
        fleet: seen.fleet,
      });
      if (result.kind === 'superseded') return `a later recovery has taken the claim of ${tag}`;
      record = result.record;
      if (result.kind === 'not-verified') break;
      if (result.kind !== 'in-service') continue;
      if (from !== null && from.server !== server)
        await removeFromSource(ports, journal, record, [from], addresses);
      return commit(work, journal, record, from, to);
    }
  }
  await ports.ledger.commit(tag, epoch, {}, true);
  await journal.close({ outcome: 'failed', reason: 'not-verified', from, to: null });
  return `${tag} on ${server}: ${why}`;
}

/** Where it was there already, nothing has moved that a failover would have to be written down for. */
async function commit(
  { ports }: Work,
  journal: Journal,
  record: ResourceRecord,
  from: Place | null,
  at: Place,
): Promise<string | null> {
  const { epoch } = record.claim;
  const outcome = from?.server === at.server ? 'restored-in-place' : 'failed-over';
  const moved = inServiceHere(record, at, { atMs: ports.clock.now(), epoch, outcome });
  const stateReason = moved.state === record.state ? record.stateReason : 'already-healthy';
  const proven = { ...moved, stateReason, recent: record.recent };
  const change = outcome === 'failed-over' ? moved : proven;
  const written = await ports.ledger.commit(record.tag, epoch, change, true);
  if (written.kind === 'superseded') return `a later recovery has taken the claim of ${record.tag}`;
  journal.step('committed', 0, { state: change.state, at: placeWords(at) });
  journal.changed(record.state, change.state, outcome);
  await journal.close({ outcome, reason: 'dependent-failed', from, to: at });
  return null;
}

/**
 * Its parent, which is well itself, cannot move for it: so it is out of service until that changes, and a person hears
 * of it once.
 */
export async function holdChild(work: Work, tag: string, { reason, verdict }: Holding): Promise<void> {
  const { ports, fleet, escalation } = work;
  const definition = fleet.resources.find((each) => each.tag === tag);
  if (definition === undefined) return;
  const journal = journalOf(work, tag);
  const claim = await takeClaim(ports, journal, fleet, definition, { tag, holder: journal.recoveryId });
  if (claim.kind === 'held') return;
  journal.claimed(claim.record.claim.epoch);
  const tried = escalation.tried;
  await holdAt(ports, journal, claim.record, {
    reason: reason as HoldReason,
    verdict: verdict ?? undefined,
    tried,
  });
}

/** Named after the one that takes it along: whoever does so again after a crash writes the same. */
function journalOf({ ports, escalation }: Work, tag: string): Journal {
  const { trigger, startedAtMs, recoveryId } = escalation;
  const own = `${tag}@${startedAtMs}@${recoveryId.split('@').at(-1)}`;
  return openJournal(ports, { tag, recoveryId: own, trigger, startedAtMs });
}

function placesOf(record: ResourceRecord, server: string): readonly Place[] {
  const { backup } = parseInfo(entryOf(record, server).info);
  return [primaryOf(record, server), ...(backup === null ? [] : [{ server, interface: backup }])];
}
