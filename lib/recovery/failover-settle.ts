/**
 * Server by server, until the address is verified and the dependents are as well as they get. Where a dependent did not
 * start is still better than nowhere: nothing is left before the next server is ready to take everything.
 */
import type { Summary } from './audit.ts';
import { bringDependentsIn, type In } from './dependents-in.ts';
import { instanceOf } from './dependents-out.ts';
import { type Chosen, chooseAgain, type Going, heldAs } from './failover-choice.ts';
import { endHeld, endLost, endMoved } from './failover-end.ts';
import { cleanUpAfter, moveThere } from './failover-move.ts';
import { chapter, type Work } from './failover-work.ts';
import { leaveSource } from './leave-source.ts';
import { entryOf, type Place, placeOf } from './resource.ts';

/** Each server once, and a few rounds for a world that changes underneath. */
const maxRounds = 12;

export async function settleSomewhere(work: Work, first: Going): Promise<Summary> {
  const { epoch } = first.record.claim;
  const touched = work.dependents.length > 0;
  const tried: string[] = [];
  // Where one that was interrupted has brought it already.
  const left: Place[] = first.addresses.owners.flatMap(({ eniId }) => placeOf(first.record, eniId) ?? []);
  let going = first;
  for (let round = 1; ; round += 1) {
    const current = going;
    const moved = await chapter(work, `move-${round}`, (journal) => moveThere(work, journal, current, left));
    if (moved.kind === 'superseded') return endLost(work, 'claim-lost', going.from);
    if (moved.kind === 'ended') return moved.summary;
    let next: Chosen;
    if (moved.kind === 'in-service') {
      const onward = await settleAt(work, going, { at: moved.at, tried, round });
      if (onward.kind === 'lost') return endLost(work, 'claim-lost', going.from);
      if (onward.kind === 'stay') {
        const { at } = moved;
        const cleaned = await chapter(work, 'source', (journal) =>
          cleanUpAfter(work, journal, current, at, left),
        );
        if (cleaned === 'superseded') return endLost(work, 'claim-lost', going.from);
        return endMoved(work, going, at, onward.result);
      }
      tried.push(moved.at.server);
      left.push(moved.at);
      next = onward.next;
    } else {
      if (moved.kind === 'not-verified') {
        tried.push(going.places[0].server);
        left.push(...going.places);
      } else if (round >= maxRounds) {
        const reason = moved.kind === 'no-answer' ? 'ec2-gave-no-answer' : 'owner-changed';
        return endHeld(work, heldAs(going, reason), { tried, touched, moved: true });
      }
      next = await chooseAgain(work, epoch, tried, String(round));
    }
    if (next.kind === 'lost') return endLost(work, next.reason, going.from);
    if (next.kind === 'hold') return endHeld(work, next, { tried, touched, moved: true });
    going = { ...next, reason: first.reason };
  }
}

type Ended = Exclude<In, { kind: 'superseded' }>;

type Onward =
  | { readonly kind: 'stay'; readonly result: Ended }
  | { readonly kind: 'on'; readonly next: Chosen }
  | { readonly kind: 'lost' };

/** The dependents come into service at a verified place, or leave it again for the next server. */
async function settleAt(
  work: Work,
  going: Going,
  { at, tried, round }: { readonly at: Place; readonly tried: readonly string[]; readonly round: number },
): Promise<Onward> {
  const { epoch } = going.record.claim;
  const result = await bringDependentsIn(work, { epoch, place: at, round: `:${round}` });
  if (result.kind === 'superseded') return { kind: 'lost' };
  if (result.kind === 'in' || work.escalation.carried !== undefined || round >= maxRounds)
    return { kind: 'stay', result };
  const isGone = await chapter(work, `gone-${round}`, () => hasGone(work, going, at));
  if (!isGone && !asksForNext(work, result)) return { kind: 'stay', result };
  // Of a server that serves nobody goes back to the one that has failed: it would go to and fro, every minute anew.
  const source = isGone || going.from === null ? [] : [going.from.server];
  const further = [...tried, at.server, ...source];
  const ready = await chooseAgain(work, epoch, further, `further-${round}`);
  if (ready.kind === 'lost' || (ready.kind === 'hold' && isGone)) return { kind: 'on', next: ready };
  if (ready.kind === 'hold') return { kind: 'stay', result };
  const names = [...result.started, ...result.failed.map(({ name }) => name)];
  const leaving = { ...going, from: at, silent: false, names, round: `:${round}` };
  const obstacle = await leaveSource(work, leaving);
  if (obstacle === 'claim-lost') return { kind: 'lost' };
  if (obstacle === null) {
    const next = await chooseAgain(work, epoch, further, String(round));
    if (next.kind !== 'hold' || isGone) return { kind: 'on', next };
  }
  // What was stopped for the next server starts here again.
  const back = await bringDependentsIn(work, { epoch, place: at, round: `:${round}:back` });
  return back.kind === 'superseded' ? { kind: 'lost' } : { kind: 'stay', result: back };
}

/** EC2 says that the server runs no more: it has died under its dependents. */
async function hasGone(work: Work, { record }: Going, at: Place): Promise<boolean> {
  return (await instanceOf(work, entryOf(record, at.server).instanceId)) === 'gone';
}

function asksForNext({ dependents }: Work, result: Extract<Ended, { kind: 'not-in' }>): boolean {
  return result.failed.some(
    ({ name }) => dependents.find((each) => each.name === name)?.onFailure === 'next-server',
  );
}
