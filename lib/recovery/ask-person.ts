/**
 * Asks a person before a failure moves anything, and waits without cost. The claim stays for as long as that: nobody
 * else acts meanwhile. After the answer everything is looked at anew, and the block keeps the next minute from asking again.
 */
import { type Announcement, questionAnswered, questionAsked, type Run } from './announcement.ts';
import type { Going } from './failover-choice.ts';
import { chapter, hasEnded, journalOf, renew, settleWrites, type Work } from './failover-work.ts';
import { Fault } from './fault.ts';
import type { FailoverRules } from './fleet.ts';
import type { Answered } from './order.ts';
import { placeWords } from './readiness.ts';
import { type ActReason, type HoldReason, wordsOf } from './reasons.ts';
import { transition } from './states.ts';

type Rule = NonNullable<FailoverRules['confirm']>;

/** Reasons to leave a server on which the address still works. */
const stillServing: ReadonlySet<ActReason> = new Set(['local-recoveries-too-frequent', 'dependent-failed']);

/** Numbers in the audit trail that the question may use. */
const askedNumbers = 5;

/** Null: go on. */
export async function askPerson(work: Work, going: Going, rule: Rule): Promise<HoldReason | null> {
  const { ports, escalation } = work;
  const { tag } = escalation;
  const { epoch } = going.record.claim;
  const { withinMs, otherwise } = rule;
  const journal = journalOf(work, work.told);
  await settleWrites(work);
  let answer: Awaited<ReturnType<Work['steps']['confirm']>>;
  try {
    answer = await work.steps.confirm('confirm', withinMs, async (callbackId) => {
      const guard = await renew(work, epoch, going.places[0], withinMs);
      if (guard.kind === 'superseded' || hasEnded(guard.record, epoch))
        throw new Fault('refused', 'a later recovery has taken the claim', 'never');
      const askedAtMs = ports.clock.now();
      const untilMs = askedAtMs + withinMs;
      const question = questionOf(going, tag);
      const waiting = { callbackId, askedAtMs, untilMs, otherwise, question, answered: null };
      // While nobody answers the address is down, and the record says so.
      const down = stillServing.has(going.reason)
        ? {}
        : { state: transition(guard.record.state, 'OSF'), stateReason: going.reason };
      await ports.ledger.commit(tag, epoch, { waiting, ...down }, false);
      await tell(work, journal, epoch, (run) => questionAsked(run, waiting, askedAtMs));
      await callSomebody(work, waiting, journal);
      await journal.written();
    });
  } catch (error) {
    if (error instanceof Fault && error.code === 'refused') return 'claim-lost';
    throw error;
  }
  work.told = { ...work.told, sequence: work.told.sequence + askedNumbers };
  return chapter(work, 'answered', async (own) => {
    const answered: Answered = answer ?? { answer: 'nobody', otherwise };
    own.step('answered', 0, answered);
    const cleared = await ports.ledger.commit(tag, epoch, { waiting: null }, false);
    if (cleared.kind === 'superseded') return 'claim-lost';
    await tell(work, own, epoch, (run) => questionAnswered(run, answered, ports.clock.now()));
    if (answer === null) return otherwise === 'proceed' ? null : 'nobody-confirmed';
    return answer.answer === 'yes' ? null : 'not-confirmed';
  });
}

/** At once, unlike everything else: a person has to do something, or need not any more. */
async function tell(
  { ports, escalation }: Work,
  journal: ReturnType<typeof journalOf>,
  epoch: number,
  about: (run: Run) => Announcement,
): Promise<void> {
  const { tag, recoveryId, trigger } = escalation;
  try {
    await ports.announcements.tell([about({ tag, recovery: recoveryId, epoch, trigger })]);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
  }
}

function questionOf({ record, from, places, reason }: Going, tag: string): string {
  const source = from === null ? 'nowhere' : placeWords(from);
  return `move ${tag} (${record.address}) from ${source} to ${placeWords(places[0])}? ${wordsOf(reason)}`;
}

async function callSomebody(
  { ports, escalation }: Work,
  waiting: { readonly question: string; readonly untilMs: number; readonly otherwise: Rule['otherwise'] },
  journal: ReturnType<typeof journalOf>,
): Promise<void> {
  const { tag, recoveryId } = escalation;
  const until = new Date(waiting.untilMs).toISOString();
  const otherwise = waiting.otherwise === 'proceed' ? 'it goes on without an answer' : 'nothing is moved';
  const text = `${waiting.question}. Answer with: holdfast confirm ${tag} --yes (or --no). After ${until} ${otherwise}. Recovery ${recoveryId}.`;
  journal.step('asked', 0, waiting);
  try {
    await ports.pages.page({ tag, subject: `${tag}: a failover waits for your answer`, text });
    journal.step('paged', 0, { question: waiting.question });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
  }
}
