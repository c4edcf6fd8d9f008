/**
 * Failover of the address to another server, started by a recovery that found no local way. Takes the claim over from
 * the recovery's epoch, so a second start of the same failover finds the claim gone; looks again before it believes
 * what it was told; tries the ready servers by priority, on each its INFO primary, then its backup.
 */
import type { Summary } from './audit.ts';
import { bringInService } from './bring-in-service.ts';
import { decide, type Verdict } from './decide.ts';
import type { Escalation } from './escalation.ts';
import type { FleetDefinition, RecoveryPolicy } from './fleet.ts';
import { holdAt } from './hold.ts';
import { parseInfo } from './info.ts';
import { type Journal, openJournal } from './journal.ts';
import type { AddressView, Observation } from './observation.ts';
import { currentPlace, lookAtAddresses, lookDeadlineMs, observe, question } from './observe.ts';
import type { Ports } from './ports.ts';
import { backupSkip } from './preflight.ts';
import type { HoldReason } from './reasons.ts';
import { endOf, inServiceHere } from './recover.ts';
import { eniAt, entryOf, type Place, type ResourceRecord } from './resource.ts';

/** For so long the recovery's word that the host gave no answer need not be asked for again: a dead host costs 8 s. */
const silenceCountsMs = 15_000;
/** Each server once, and a few rounds for a world that changes underneath. */
const maxRounds = 12;

export async function failOver(
  ports: Ports,
  fleet: FleetDefinition,
  escalation: Escalation,
  holder: string,
): Promise<Summary> {
  const { tag, epoch: fromEpoch, trigger, recoveryId, startedAtMs } = escalation;
  const nowMs = ports.clock.now();
  const stagesMs = { ...escalation.stagesMs, handover: Math.max(0, nowMs - escalation.escalatedAtMs) };
  const journal = openJournal(ports, { tag, recoveryId, trigger, startedAtMs, stagesMs });
  const claim = await journal.stage('claim', () =>
    ports.ledger.claim(tag, {
      holder: `${recoveryId}/${holder}`,
      nowMs,
      untilMs: nowMs + fleet.policy.claimMs,
      fromEpoch,
    }),
  );
  if (claim.kind !== 'claimed')
    return journal.close({ outcome: 'held', reason: 'claim-lost', from: null, to: null });
  journal.claimed(claim.record.claim.epoch);
  journal.step('claimed', 0, { from: fromEpoch });
  return run(ports, journal, fleet.policy, claim.record, escalation);
}

async function run(
  ports: Ports,
  journal: Journal,
  policy: RecoveryPolicy,
  claimed: ResourceRecord,
  escalation: Escalation,
): Promise<Summary> {
  const { epoch } = claimed.claim;
  const triedServers: string[] = [];
  let record = claimed;
  let verdict: Verdict | undefined;
  let braked = false;
  let unanswered = false;
  for (let round = 0; round < maxRounds; round += 1) {
    const seen = await journal.stage('observe', () =>
      observe(
        ports,
        record,
        policy,
        { tried: escalation.tried, triedServers },
        { silent: isSilent(ports, escalation) },
      ),
    );
    verdict = decide(seen, record, policy, ports.clock.now());
    journal.step('observed', 0, seen);
    journal.decided(verdict);
    if (verdict.kind === 'hold' || verdict.rung !== 'fail-over' || seen.addresses.kind !== 'found') break;
    if (!braked && (await journal.stage('brake', () => brake(ports, policy, record.tag))) === 'brake') {
      const held = { kind: 'hold', reason: 'fleet-brake', wouldHave: verdict, skipped: [] } as const;
      return holdAt(ports, journal, record, { reason: 'fleet-brake', verdict: held, tried: [] });
    }
    braked = true;
    const { to, reason } = verdict;
    const owners = seen.addresses.value;
    const from = currentPlace(record);
    const attempt = await tryServer(ports, journal, policy, record, to.server, owners, seen.fleet);
    if (attempt.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from, to: null });
    record = attempt.record;
    unanswered = attempt.kind === 'no-answer';
    if (attempt.kind === 'not-verified') triedServers.push(to.server);
    if (attempt.kind !== 'in-service') continue;
    // Before the commit: whoever comes after a crash in between finds the failover unfinished, and this with it.
    if (from !== null) {
      const places = sourcePlaces(record, from, escalation.tried);
      await journal.stage('source', () => removeFromSource(ports, journal, record, places, owners));
    }
    const atMs = ports.clock.now();
    const change = inServiceHere(record, attempt.at, { atMs, epoch, outcome: 'failed-over' });
    const written = await journal.stage('commit', () =>
      ports.ledger.commit(
        record.tag,
        epoch,
        { ...change, failoverBlockedUntilMs: atMs + policy.failoverBlockMs },
        true,
      ),
    );
    if (written.kind === 'superseded')
      return journal.close({ outcome: 'held', reason: 'claim-lost', from, to: null });
    journal.step('committed', 0, { state: change.state, activeServer: change.activeServer });
    journal.changed(record.state, change.state, 'failed-over');
    return journal.close({ outcome: 'failed-over', reason, from, to: attempt.at });
  }
  const reason: HoldReason = endOf(verdict, unanswered);
  const tried = triedServers.length > 0 ? (['fail-over'] as const) : [];
  return holdAt(ports, journal, record, { reason, verdict, tried: [...escalation.tried, ...tried] });
}

function isSilent(ports: Ports, { silentAtMs }: Escalation): boolean {
  return silentAtMs !== null && ports.clock.now() - silentAtMs <= silenceCountsMs;
}

function brake(ports: Ports, policy: RecoveryPolicy, tag: string): Promise<'taken' | 'brake'> {
  const nowMs = ports.clock.now();
  const { max, windowMs } = policy.fleetBrake;
  return ports.ledger.takeFailover(tag, nowMs, nowMs - windowMs, max);
}

type Attempt =
  | { readonly kind: 'in-service'; readonly record: ResourceRecord; readonly at: Place }
  | { readonly kind: 'not-verified' | 'changed' | 'no-answer'; readonly record: ResourceRecord }
  | { readonly kind: 'superseded' };

/**
 * The interface on which the address was last configured there, then that server's backup; where an interrupted
 * failover has brought it already comes first (`test/property/interrupted.test.ts`).
 */
async function tryServer(
  ports: Ports,
  journal: Journal,
  policy: RecoveryPolicy,
  known: ResourceRecord,
  server: string,
  seen: AddressView,
  fleet: Observation['fleet'],
): Promise<Attempt> {
  const info = parseInfo(entryOf(known, server).info);
  const backup = backupSkip(known, server, seen) === null ? info.backup : null;
  const isThere = (name: string | null) =>
    name !== null && seen.owners.some((owner) => owner.eniId === eniAt(known, { server, interface: name }));
  const interfaces = isThere(backup) ? [backup, info.primary] : [info.primary, backup];
  let record = known;
  let owners = seen;
  for (const name of interfaces) {
    if (name === null) continue;
    const to: Place = { server, interface: name };
    const { epoch } = record.claim;
    const result = await bringInService(ports, journal, {
      rung: 'fail-over',
      to,
      record,
      epoch,
      claimMs: policy.claimMs,
      seen: owners,
      fleet,
    });
    if (result.kind === 'superseded') return result;
    record = result.record;
    if (result.kind === 'in-service') return { kind: 'in-service', record, at: to };
    if (result.kind === 'changed') return result;
    // Whether the first interface took the address before it failed, only a look can tell.
    const again = await lookAtAddresses(ports, record);
    if (again.kind !== 'found') return { kind: 'changed', record };
    owners = again.value;
  }
  return { kind: 'not-verified', record };
}

/** Where the source may have the address configured: a move to its backup may have got that far before it failed. */
function sourcePlaces(record: ResourceRecord, from: Place, tried: Escalation['tried']): readonly Place[] {
  const { backup } = parseInfo(entryOf(record, from.server).info);
  if (backup === null || !tried.includes('move-to-backup')) return [from];
  return [from, { ...from, interface: backup }];
}

/** Best effort: a source that still lives must not answer with the address; EC2 already sends nothing there. */
export async function removeFromSource(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  places: readonly Place[],
  seen: AddressView,
): Promise<void> {
  for (const from of places) {
    const { instanceId } = entryOf(record, from.server);
    const mac = seen.interfaces[eniAt(record, from)]?.mac;
    const instances = await ports.instances.look([instanceId]);
    const alive = instances.kind === 'found' && instances.value[instanceId]?.state === 'running';
    if (!alive || mac === undefined) continue;
    const fromMs = ports.clock.now();
    const answer = await ports.hosts.ask(instanceId, question(record, 'remove', mac), lookDeadlineMs);
    journal.step('source-removed', ports.clock.now() - fromMs, { ...from, answer });
    // A host that gives no answer to the first question gives none to the second.
    if (answer.kind !== 'found') return;
  }
}
