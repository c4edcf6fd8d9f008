/** The end of a run that changes nothing more: state and reason are written, the claim goes back, a person is called. */
import type { Summary } from './audit.ts';
import { blindness } from './blind.ts';
import type { Verdict } from './decide.ts';
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import { currentPlace } from './observe.ts';
import type { Change, Ports } from './ports.ts';
import { type HoldReason, wordsOf } from './reasons.ts';
import { eniAt, isPaused, isUnderWay, type ResourceRecord, type Rung } from './resource.ts';
import { inServiceState, type ResourceState, transition } from './states.ts';

/** The evidence says that the address is not in service with us, and there is nothing that we may do about it. */
const outOfReach: ReadonlySet<HoldReason> = new Set([
  'no-failover-target',
  'held-by-undeclared-interface',
  'address-is-a-primary',
]);

export async function holdAt(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  end: {
    readonly reason: HoldReason;
    readonly verdict: Verdict | undefined;
    readonly tried: readonly Rung[];
  },
): Promise<Summary> {
  const { reason, verdict, tried } = end;
  const { tag, claim } = record;
  if (reason === 'no-failover-target' && tried.includes('move-to-backup'))
    await putBack(ports, journal, record);
  const nowMs = ports.clock.now();
  const state = stateAfter(record, reason, verdict, nowMs);
  const { blind, call } = blindness(record, reason, nowMs);
  const settled =
    reason === 'already-healthy' || reason === 'serving-though-impaired' || reason === 'no-failover-target';
  const change: Change = {
    ...(state === record.state && record.stateReason === reason
      ? {}
      : { state: transition(record.state, state), stateReason: reason }),
    ...(settled && record.intent !== null ? { intent: null } : {}),
    ...(blind === record.blind ? {} : { blind }),
    // Whoever has asked holds the claim no more.
    ...(record.waiting === null ? {} : { waiting: null }),
  };
  // Before it is written down that somebody was: a run that dies in between calls twice rather than never.
  const down = state === 'OSF';
  const news = down ? record.state !== 'OSF' : call;
  if (news && (await isStillOurs(ports, record)))
    await callSomebody(
      ports,
      journal,
      `${tag} ${down ? 'is' : 'may be'} out of service: ${reason}`,
      tag,
      reason,
    );
  const written = await journal.stage('commit', () => ports.ledger.commit(tag, claim.epoch, change, true));
  const lost = written.kind === 'superseded';
  if (!lost) journal.changed(record.state, change.state, reason);
  const inVain = tried.length > 0 || reason === 'ec2-gave-no-answer';
  const outcome = inVain && reason !== 'already-healthy' ? 'failed' : 'held';
  const from = currentPlace(record);
  const left = isUnderWay(record) ? { dependents: record.dependents } : {};
  return journal.close({ outcome, reason: lost ? 'claim-lost' : reason, from, to: null, ...left });
}

/** Calls a person; a page that cannot be sent is written down and does not undo what was found. */
async function callSomebody(
  ports: Ports,
  journal: Journal,
  subject: string,
  tag: string,
  reason: HoldReason,
): Promise<void> {
  const fromMs = ports.clock.now();
  try {
    await ports.pages.page({ tag, subject, text: pageText(tag, reason, journal) });
    journal.step('paged', ports.clock.now() - fromMs, { reason });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', ports.clock.now() - fromMs, { code: error.code, message: error.message });
  }
}

/** Whether no later recovery has taken the claim: asked before what only its holder may do. */
async function isStillOurs(ports: Ports, { tag, claim }: ResourceRecord): Promise<boolean> {
  const guard = await ports.ledger.commit(tag, claim.epoch, {}, false);
  return guard.kind === 'current';
}

/** After a move that could not be verified and with nowhere left to go: the address returns to where INFO says it is. */
async function putBack(ports: Ports, journal: Journal, record: ResourceRecord): Promise<void> {
  const home = currentPlace(record);
  if (home === null) return;
  const fromMs = ports.clock.now();
  try {
    if (!(await isStillOurs(ports, record))) return;
    await ports.addresses.move([record], eniAt(record, home));
    journal.step('put-back', ports.clock.now() - fromMs, { to: home });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', ports.clock.now() - fromMs, { code: error.code, message: error.message });
  }
}

function stateAfter(
  record: ResourceRecord,
  reason: HoldReason,
  verdict: Verdict | undefined,
  nowMs: number,
): ResourceState {
  if (reason === 'already-healthy' || reason === 'serving-though-impaired')
    return inServiceState({ ...record, paused: isPaused(record, nowMs) });
  if (reason === 'stopped-on-purpose') return 'OSU';
  // What has left service together with it counts, too.
  if (outOfReach.has(reason) || isUnderWay(record)) return 'OSF';
  // A switch or a brake stands in the way of a recovery that the evidence asks for: the address is down all the same.
  if (verdict?.kind === 'hold' && verdict.wouldHave !== null) return 'OSF';
  return record.state;
}

function pageText(tag: string, reason: HoldReason, journal: Journal): string {
  const trouble = journal.trouble();
  const fault = trouble === '' ? '' : ` Last fault: ${trouble}.`;
  return `${tag}: ${wordsOf(reason)}.${fault} Recovery ${journal.recoveryId}.`;
}
