/**
 * A person's answer to a failover that waits for one. The failover holds the claim, so this is the one order that is
 * carried out under somebody else's: it asks only whether the question still stands. Which of two answers counts the
 * confirmations decide; the record is told afterwards, under the epoch of the question, for whoever looks.
 *
 *     question stands? ─▶ answer ─▶ taken: written into the record, audited
 *                                └▶ too late: who was before, from the record or the audit trail
 */
import { recoveryOf, waitingView } from './claim-view.ts';
import type { Confirmation, Waiting } from './confirmation.ts';
import { answerIn, lastAnswer } from './explain.ts';
import { Fault } from './fault.ts';
import type { Answer, Answered, Refusal, Request } from './order.ts';
import type { Ordered } from './orders.ts';
import { readRecord } from './questions.ts';
import type { ResourceRecord } from './resource.ts';
import { otherwiseWords } from './waiting-words.ts';

type ConfirmOrder = Extract<Request, { action: 'confirm' }>;

/** Whoever was a moment earlier has yet to write down what was answered. */
const lookingTries = 4;
const lookingPauseMs = 300;
/** An answer is no news for longer than this. */
const latelyMs = 15 * 60_000;

/** @throws Fault */
export async function confirm(ordered: Ordered<ConfirmOrder>): Promise<Answer> {
  const { ports, fleet, order, who, atMs } = ordered;
  const record = await readRecord(ports, fleet, order.tag);
  const { waiting } = record;
  const nowMs = ports.clock.now();
  const asked = waitingView(record, nowMs);
  if (waiting === null || asked === null) return nothingWaits(ordered, record);
  if (asked.answered !== null) return answeredBefore(ordered, asked.answered);
  if (asked.untilMs <= nowMs) return timeIsOver(order.tag, waiting);
  if (order.dryRun) return { ok: true, kind: 'plan', plan: { steps: stepsOf(order, waiting), leftOut: [] } };
  const { arn, via } = who;
  const confirmation = { answer: order.answer, arn, via, reason: order.reason ?? null, atMs };
  const result = await give(ordered, waiting.callbackId, confirmation);
  if (result === 'taken') return taken(ordered, record, waiting, confirmation);
  return tooLate(ordered, record, waiting);
}

/** @throws Fault that says whether it may have been taken all the same */
async function give(
  { ports, order }: Ordered<ConfirmOrder>,
  callbackId: string,
  confirmation: Confirmation,
): Promise<'taken' | 'too-late'> {
  try {
    return await ports.confirmations.answer(callbackId, confirmation);
  } catch (error) {
    if (!(error instanceof Fault) || error.retry === 'never') throw error;
    const { code, message } = error;
    const perhaps = `${message}; the answer may have been taken all the same: holdfast status ${order.tag} shows it`;
    throw new Fault(code, perhaps, 'later', { cause: error });
  }
}

async function taken(
  ordered: Ordered<ConfirmOrder>,
  record: ResourceRecord,
  waiting: Waiting,
  answered: Confirmation,
): Promise<Answer> {
  const { ports, order, trigger, recoveryId, proofId, journal } = ordered;
  const { tag } = order;
  const { epoch, holder } = record.claim;
  const of = recoveryOf(holder ?? '');
  const message = `${answerWords(order)}: holdfast explain ${of}`;
  const answer = { ok: true, kind: 'done', changed: true, message, recovery: recoveryId } as const;
  journal.claimed(epoch);
  journal.step('ordered', 0, { trigger, order, question: waiting.question, answers: of });
  await Promise.all([
    writeAnswer(ordered, waiting, epoch, answered),
    // It is answered: what is not written down of that is no reason to say otherwise.
    ports.obeyed.keep(tag, proofId, { answer, carried: null }).catch(unlessFault),
    journal.close({ outcome: 'ordered', reason: 'ordered', from: null, to: null }),
  ]);
  return answer;
}

/** The failover goes on at once and clears the question; what it has cleared must not be written again. */
async function writeAnswer(
  { ports, order }: Ordered<ConfirmOrder>,
  waiting: Waiting,
  epoch: number,
  answered: Confirmation,
): Promise<void> {
  const { tag } = order;
  const now = await ports.ledger.read(tag);
  const stands = now.kind === 'found' && now.value.waiting?.callbackId === waiting.callbackId;
  if (!stands || now.value.claim.epoch !== epoch) return;
  try {
    await ports.ledger.commit(tag, epoch, { waiting: { ...waiting, answered } }, false);
  } catch (error) {
    unlessFault(error);
  }
}

/** Somebody was faster, or nobody waits any more. */
async function tooLate(
  ordered: Ordered<ConfirmOrder>,
  record: ResourceRecord,
  waiting: Waiting,
): Promise<Answer> {
  const { ports, fleet, order } = ordered;
  const recovery = recoveryOf(record.claim.holder ?? '');
  for (let tries = 1; ; tries += 1) {
    const now = await readRecord(ports, fleet, order.tag);
    const told = now.waiting?.callbackId === waiting.callbackId ? now.waiting.answered : null;
    const answered = told ?? (await answerIn(ports, recovery));
    if (answered !== null) return answeredBefore(ordered, answered);
    if (tries === lookingTries) break;
    await ports.clock.sleep(lookingPauseMs);
  }
  return refused('nothing-waits', `the failover of ${order.tag} waits for an answer no more`);
}

/** Null in the record; the audit trail may know of an answer that somebody gave a moment ago. */
async function nothingWaits(ordered: Ordered<ConfirmOrder>, record: ResourceRecord): Promise<Answer> {
  const { ports, order } = ordered;
  const nowMs = ports.clock.now();
  const { holder, expiresAtMs } = record.claim;
  const running = holder !== null && expiresAtMs > nowMs ? recoveryOf(holder) : null;
  const answered = await lastAnswer(ports, order.tag, running, nowMs - latelyMs);
  return answered === null
    ? refused('nothing-waits', `no failover of ${order.tag} waits for an answer`)
    : answeredBefore(ordered, answered);
}

/** The same answer twice is no news and no mistake; another one has no effect, and whoever gave it must know. */
function answeredBefore({ order, recoveryId }: Ordered<ConfirmOrder>, answered: Answered): Answer {
  const { tag } = order;
  if (answered.answer === 'nobody')
    return refused(
      'nothing-waits',
      `the failover of ${tag} waits no more: nobody has answered in time, and ${otherwiseWords(answered.otherwise)}`,
    );
  const { answer, arn, atMs, reason } = answered;
  const why = reason === null ? '' : ` (${reason})`;
  const message = `the failover of ${tag} was answered "${answer}" by ${arn} at ${new Date(atMs).toISOString()}${why}`;
  if (answer !== order.answer) return refused('nothing-waits', `${message}; that stands`);
  return { ok: true, kind: 'done', changed: false, message, recovery: recoveryId };
}

function timeIsOver(tag: string, { untilMs, otherwise }: Waiting): Answer {
  const until = new Date(untilMs).toISOString();
  return refused(
    'nothing-waits',
    `the time to answer for ${tag} was over at ${until}: ${otherwiseWords(otherwise)}`,
  );
}

function stepsOf(order: ConfirmOrder, waiting: Waiting): readonly string[] {
  const until = new Date(waiting.untilMs).toISOString();
  return [
    `answer "${order.answer}" to: ${waiting.question}`,
    answerWords(order),
    `without an answer until ${until}: ${otherwiseWords(waiting.otherwise)}`,
  ];
}

function answerWords({ tag, answer }: ConfirmOrder): string {
  return answer === 'yes'
    ? `the failover of ${tag} looks again and goes on`
    : `${tag} is not moved, and no failover of it is tried for a while (holdfast ack ${tag} ends that)`;
}

function refused(code: Refusal['code'], message: string): Refusal {
  return { ok: false, code, message };
}

function unlessFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error;
}
