/** The decision table: one row per situation, in `decisions-here.ts` and `decisions-away.ts`. */
import { expect, test } from 'vitest';
import { decide, hostMatters, type Verdict } from '../../lib/recovery/decide.ts';
import { actReasons, holdReasons, type Reason, skipReasons } from '../../lib/recovery/reasons.ts';
import { tenOClock as now } from '../fakes/clock.ts';
import { fleetOf } from '../fakes/fleets.ts';
import { allWell, ownedBy, recordOf } from '../fakes/situations.ts';
import { detached, eth1A, eth1B, impaired, nothing, type Row, stopped } from './decision-rows.ts';
import { countedElsewhere, inTheWay, passedOver, toAnotherServer } from './decisions-away.ts';
import { begun, forAnother, stoppedByHand } from './decisions-begun.ts';
import { inPlace, nothingToDo, toBackup } from './decisions-here.ts';

const table: readonly Row[] = [
  ...nothingToDo,
  ...inPlace,
  ...toBackup,
  ...toAnotherServer,
  ...countedElsewhere,
  ...passedOver,
  ...inTheWay,
  ...begun,
  ...stoppedByHand,
  ...forAnother,
];

test.each(table)('when $when: $says', (row) => {
  expect(wordsOf(verdictOf(row))).toBe(row.says);
});

/** Given before or after a decision: by the event, the claim, a person, a dependent, or the look just before acting. */
const givenElsewhere: readonly Reason[] = [
  'event-not-understood',
  'event-too-old',
  'event-superseded',
  'not-in-alarm',
  'alarm-unknown',
  'tag-unknown',
  'server-not-active',
  'claim-held',
  'claim-lost',
  'owner-changed',
  'ec2-gave-no-answer',
  'moves-with-parent',
  'not-confirmed',
  'nobody-confirmed',
  'dependent-not-stopped',
  'dependent-not-started',
  'not-fenced',
  'order-refused',
  'not-verified',
  'ordered',
  'no-free-slot',
];

test('the table has a row for every reason that a decision can give', () => {
  const given = new Set(table.flatMap((row) => reasonsOf(verdictOf(row))));
  const all = Object.keys({ ...holdReasons, ...actReasons, ...skipReasons }) as Reason[];
  expect(all.filter((reason) => !given.has(reason))).toEqual(givenElsewhere);
});

const asked: readonly (Pick<Row, 'when' | 'see'> & { readonly matters: 'matters' | 'does not matter' })[] = [
  { when: 'all is well with EC2', matters: 'matters' },
  { when: 'the instance fails its status check', see: impaired, matters: 'matters' },
  { when: 'the instance is stopped', see: stopped, matters: 'does not matter' },
  { when: 'nobody owns the address', see: (seen) => ownedBy(seen), matters: 'does not matter' },
  { when: 'the interface is detached', see: detached, matters: 'does not matter' },
  {
    when: 'EC2 could not be asked',
    see: (seen) => ({ ...seen, addresses: nothing }),
    matters: 'does not matter',
  },
  { when: 'the backup interface owns the address', see: (seen) => ownedBy(seen, eth1A), matters: 'matters' },
  { when: 'another server owns it', see: (seen) => ownedBy(seen, eth1B), matters: 'does not matter' },
];

test.each(asked)('when $when, what the host says $matters', ({ see = (seen) => seen, matters }) => {
  const definition = fleetOf();
  const seen = { ...see(allWell(definition)), host: { kind: 'absent' } as const };
  const does = hostMatters(seen, recordOf(definition), definition.policy, now);
  expect(does ? 'matters' : 'does not matter').toBe(matters);
});

function verdictOf({ see = (seen) => seen, record = {}, plan = {}, because }: Row): Verdict {
  const definition = fleetOf(plan);
  const known = { ...recordOf(definition), ...record };
  return decide(see(allWell(definition)), known, definition.policy, now, because);
}

function wordsOf(verdict: Verdict): string {
  const skipped = verdict.skipped
    .map(({ at, reason }) => `, not ${at.server}/${at.interface}: ${reason}`)
    .join('');
  if (verdict.kind === 'act') return `${actWords(verdict)}${skipped}`;
  const { wouldHave } = verdict;
  return `hold ${verdict.reason}${wouldHave === null ? '' : `, would have: ${actWords(wouldHave)}`}${skipped}`;
}

function actWords({
  rung,
  to,
  reason,
}: Pick<Extract<Verdict, { kind: 'act' }>, 'rung' | 'to' | 'reason'>): string {
  return `act ${rung} ${to.server}/${to.interface} because ${reason}`;
}

function reasonsOf(verdict: Verdict): readonly Reason[] {
  const acts: readonly Reason[] =
    verdict.kind === 'hold' && verdict.wouldHave !== null ? [verdict.wouldHave.reason] : [];
  return [verdict.reason, ...acts, ...verdict.skipped.map(({ reason }) => reason)];
}
