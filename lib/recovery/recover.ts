/**
 * Local recovery, from trigger to verified: claim → observe → decide → act → look again, until the address is verified
 * or there is a reason to hold. Level-triggered: whatever an interrupted run left behind, the next one starts by
 * looking. The last rung is handed to the failover, which takes the claim over by its epoch.
 */
import { adopt } from './adopt.ts';
import { bringInService } from './bring-in-service.ts';
import { decide, type Verdict } from './decide.ts';
import type { DependentDefinition } from './dependent.ts';
import { incidentOf } from './escalation.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition } from './fleet.ts';
import { followInterface } from './follow-interface.ts';
import { holdAt } from './hold.ts';
import { parseInfo, printInfo, swapInfo } from './info.ts';
import { type Journal, openJournal } from './journal.ts';
import { moveParent, parentOf } from './move-parent.ts';
import type { Observation } from './observation.ts';
import { currentPlace, observe } from './observe.ts';
import type { Change } from './ports.ts';
import type { HoldReason } from './reasons.ts';
import {
  entryOf,
  isOutOnPurpose,
  isPaused,
  keptRecoveries,
  type PastRecovery,
  type Place,
  type ResourceRecord,
  type Rung,
} from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';
import { inServiceState, transition } from './states.ts';
import { bringInLine, takeClaim } from './take-claim.ts';
import type { Trigger } from './trigger.ts';
import type { Word } from './word.ts';

/** Three rungs, each perhaps once more because the world changed in between. */
const maxRounds = 6;

export interface Request {
  readonly tag: string;
  readonly trigger: Trigger;
  /** Who acts: the invocation's id. */
  readonly holder: string;
  /** The server that the trigger speaks of; any when absent. */
  readonly server?: string;
  /** The agent's word, when that is the trigger. */
  readonly word?: Word;
}

/** Triggers that know to the millisecond, or nearly, when what they tell of was noticed. */
const timed: ReadonlySet<Trigger['kind']> = new Set(['alarm', 'instance-state']);

export async function recover(ports: RecoverPorts, fleet: FleetDefinition, request: Request): Promise<Run> {
  const { tag, trigger, holder } = request;
  const startedAtMs = ports.clock.now();
  const stagesMs = timed.has(trigger.kind) ? { detect: Math.max(0, startedAtMs - trigger.atMs) } : {};
  const definition = fleet.resources.find((resource) => resource.tag === tag);
  const recoveryId = `${tag}@${startedAtMs}@${holder}`;
  const journal = openJournal(ports, {
    tag,
    recoveryId,
    trigger,
    startedAtMs,
    stagesMs,
  });
  if (definition === undefined) return held(journal, 'tag-unknown');

  const claim = await journal.stage('claim', () =>
    takeClaim(ports, journal, fleet, definition, { tag, holder: recoveryId }),
  );
  if (claim.kind === 'held') return held(journal, 'claim-held');
  const { record } = claim;
  const { epoch } = record.claim;
  journal.claimed(epoch);
  // What set it off, for whoever asks while it runs.
  journal.step('claimed', 0, { trigger });
  const outdated = outdatedBy(record, request);
  if (outdated !== null) {
    await ports.ledger.commit(tag, epoch, {}, true);
    return held(journal, outdated);
  }
  const current = await bringInLine(ports, fleet, definition, record);
  if (isOutOnPurpose(current)) {
    await ports.ledger.commit(tag, epoch, { intent: null }, true);
    return held(journal, 'out-of-service');
  }
  if (!current.armed) return { kind: 'ended', summary: await adopt(ports, journal, current) };
  return climb(ports, journal, fleet, current, { ...request, dependents: definition.dependents ?? [] });
}

async function climb(
  ports: RecoverPorts,
  journal: Journal,
  fleet: FleetDefinition,
  claimed: ResourceRecord,
  { trigger, word: told, dependents }: Request & { readonly dependents: readonly DependentDefinition[] },
): Promise<Run> {
  const { tag } = claimed;
  const { epoch } = claimed.claim;
  const tried: Rung[] = [];
  let record = claimed;
  let verdict: Verdict | undefined;
  let unanswered = false;
  for (let round = 0; round < maxRounds; round += 1) {
    const fromMs = ports.clock.now();
    // What the agent said was before this recovery changed anything.
    const word = round === 0 ? told : undefined;
    const seen = await journal.stage('observe', () =>
      observe(ports, record, fleet.policy, { tried, triedServers: [] }, { word }),
    );
    journal.step('observed', ports.clock.now() - fromMs, seen);
    verdict = decide(seen, record, fleet.policy, ports.clock.now());
    journal.decided(verdict);
    if (verdict.kind === 'hold' || seen.addresses.kind !== 'found') break;
    if (verdict.rung === 'fail-over') {
      const parent = parentOf(fleet, tag);
      const along =
        parent === undefined
          ? null
          : await moveParent(ports, journal, fleet, { record, verdict, trigger, parent });
      return along ?? escalate(ports, journal, { record, verdict, trigger, tried, seen });
    }
    const { rung, to, reason } = verdict;
    const from = currentPlace(record);
    const result = await bringInService(ports, journal, {
      rung,
      to,
      record,
      epoch,
      claimMs: fleet.policy.claimMs,
      seen: seen.addresses.value,
      fleet: seen.fleet,
      word,
    });
    if (result.kind === 'superseded') return held(journal, 'claim-lost');
    record = result.record;
    unanswered = result.kind === 'no-answer';
    if (result.kind === 'not-verified') tried.push(rung);
    if (result.kind !== 'in-service') continue;
    const outcome = rung === 'move-to-backup' ? 'moved-to-backup' : 'restored-in-place';
    const { claimMs } = fleet.policy;
    const way = { dependents, from, at: to, claimMs, recoveryId: journal.recoveryId };
    const followed = await followInterface(ports, journal, record, way);
    if (followed.kind === 'superseded') return held(journal, 'claim-lost');
    const change = {
      ...inServiceHere(record, to, { atMs: ports.clock.now(), epoch, outcome }),
      ...followed.change,
    };
    const written = await journal.stage('commit', () => ports.ledger.commit(tag, epoch, change, true));
    if (written.kind === 'superseded') return held(journal, 'claim-lost');
    journal.step('committed', 0, { state: change.state, info: change.servers?.[to.server]?.info });
    journal.changed(record.state, change.state, outcome);
    const why = followed.lacking ? 'dependent-not-started' : reason;
    return { kind: 'ended', summary: await journal.close({ outcome, reason: why, from, to }) };
  }
  const reason: HoldReason = endOf(verdict, unanswered);
  return { kind: 'ended', summary: await holdAt(ports, journal, record, { reason, verdict, tried }) };
}

/** Why a run that came to no end of its own holds: the last verdict says so, or the rounds were used up. */
export function endOf(verdict: Verdict | undefined, unanswered: boolean): HoldReason {
  if (verdict?.kind === 'hold') return verdict.reason;
  return unanswered ? 'ec2-gave-no-answer' : 'owner-changed';
}

/** The one write that makes a verified place the truth: INFO swapped if it was the backup, state, history. */
export function inServiceHere(record: ResourceRecord, at: Place, past: PastRecovery): Change {
  const entry = entryOf(record, at.server);
  const info = parseInfo(entry.info);
  const swapped = info.primary === at.interface ? info : swapInfo(info);
  const nowMs = past.atMs;
  const state = inServiceState({ ...record, paused: isPaused(record, nowMs) });
  return {
    activeServer: at.server,
    servers: { ...record.servers, [at.server]: { ...entry, info: printInfo(swapped) } },
    state: transition(record.state, state),
    stateReason: past.outcome,
    intent: null,
    blind: null,
    waiting: null,
    recent: [...record.recent, past].slice(-keptRecoveries),
  };
}

/** Rung 3. The claim stays in place: the failover takes it over from this epoch, and only the first one can. */
async function escalate(
  ports: RecoverPorts,
  journal: Journal,
  from: {
    readonly record: ResourceRecord;
    readonly verdict: Extract<Verdict, { kind: 'act' }>;
    readonly trigger: Trigger;
    readonly tried: readonly Rung[];
    readonly seen: Observation;
  },
): Promise<Run> {
  const { record, verdict, trigger, seen } = from;
  const silentAtMs = seen.host.kind === 'could-not-look' ? ports.clock.now() : null;
  const tried = from.tried.filter((rung) => rung !== 'fail-over');
  const { recoveryId, startedAtMs, stagesMs } = journal;
  const { tag, claim } = record;
  try {
    await journal.stage('escalate', () =>
      ports.failovers.start(
        incidentOf([
          {
            tag,
            epoch: claim.epoch,
            recoveryId,
            startedAtMs,
            escalatedAtMs: ports.clock.now(),
            stagesMs,
            trigger,
            tried,
            silentAtMs,
          },
        ]),
      ),
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
    const { reason, to } = verdict;
    const summary = await journal.close({ outcome: 'failed', reason, from: currentPlace(record), to });
    await ports.ledger.commit(tag, claim.epoch, {}, true);
    const subject = `${tag}: the failover could not be started`;
    await ports.pages
      .page({ tag, subject, text: `${error.code}: ${error.message}` })
      .catch((unsent: unknown) => {
        if (!(unsent instanceof Fault)) throw unsent;
        journal.step('fault', 0, { code: unsent.code, message: unsent.message });
      });
    return { kind: 'ended', summary };
  }
  journal.step('escalated', 0, verdict);
  await journal.settle();
  return { kind: 'escalated' };
}

/** An event that speaks of what is over moves nothing; the reconcile tick looks at what still stands. */
function outdatedBy(record: ResourceRecord, { trigger, server }: Request): HoldReason | null {
  if (trigger.kind === 'tick') return null;
  const last = record.recent.at(-1);
  // The time of an agent's word has no fraction.
  const atMs = trigger.kind === 'agent' ? trigger.atMs + 999 : trigger.atMs;
  if (last !== undefined && atMs < last.atMs) return 'event-superseded';
  return server !== undefined && record.armed && record.activeServer !== server ? 'server-not-active' : null;
}

async function held(journal: Journal, reason: HoldReason): Promise<Run> {
  return { kind: 'ended', summary: await journal.close({ outcome: 'held', reason, from: null, to: null }) };
}
