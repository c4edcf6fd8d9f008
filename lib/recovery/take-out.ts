/**
 * Out of service on purpose. The record says so first: from then on nothing brings the address back, whenever this run
 * dies. Then the host takes it off. In EC2 it stays assigned, so that nobody else is given the address.
 */

import { currentPlace, lookAtAddresses, lookDeadlineMs, question } from './observe.ts';
import { ended, held, release, type Work } from './order-work.ts';
import type { Change } from './ports.ts';
import type { HoldReason } from './reasons.ts';
import {
  eniAt,
  entryOf,
  isPaused,
  keptRecoveries,
  type Place,
  placeOf,
  type ResourceRecord,
} from './resource.ts';
import type { Run } from './run.ts';
import { inServiceState, transition } from './states.ts';

export async function takeOutOfService(work: Work, record: ResourceRecord): Promise<Run> {
  const { journal, carried } = work;
  const left = await letGo(work, record);
  if (left.kind === 'superseded') return held(journal, 'claim-lost', carried.from);
  if (left.kind === 'still-there') return backIn(work, record, left.from, left.reason);
  return left.kind === 'elsewhere' ? release(work, record, 'owner-changed') : endOut(work, record);
}

export type LetGo =
  /** `elsewhere`: it was moved to another server since the order was given. */
  | { readonly kind: 'gone' | 'elsewhere' | 'superseded' }
  | { readonly kind: 'still-there'; readonly from: Place; readonly reason: HoldReason };

/** @param also written together with it */
export async function letGo(work: Work, record: ResourceRecord, also: Change = {}): Promise<LetGo> {
  const { ports, journal, carried } = work;
  const { from } = carried;
  const { tag, claim } = record;
  if (record.activeServer !== null && record.activeServer !== from?.server) return { kind: 'elsewhere' };
  const out: Change = {
    state: transition(record.state, 'OSU'),
    stateReason: 'out-of-service',
    activeServer: null,
    intent: null,
    blind: null,
    ...also,
  };
  const written = await journal.stage('commit', () => ports.ledger.commit(tag, claim.epoch, out, false));
  if (written.kind === 'superseded') return { kind: 'superseded' };
  const obstacle = from === null ? null : await removeFromHost(work, record, currentPlace(record) ?? from);
  return obstacle === null || from === null
    ? { kind: 'gone' }
    : { kind: 'still-there', from, reason: obstacle };
}

/** @param record as it was before */
export async function endOut(work: Work, record: ResourceRecord): Promise<Run> {
  const { ports, journal, carried } = work;
  const { from } = carried;
  const { tag, claim } = record;
  const past = {
    atMs: ports.clock.now(),
    epoch: claim.epoch,
    outcome: 'ordered',
    recovery: carried.recoveryId,
  };
  const recent = [...record.recent, past].slice(-keptRecoveries);
  const last = await journal.stage('commit', () => ports.ledger.commit(tag, claim.epoch, { recent }, true));
  if (last.kind === 'superseded') return held(journal, 'claim-lost', from);
  journal.step('committed', 0, { state: 'OSU', activeServer: null });
  journal.changed(record.state, 'OSU', 'out-of-service');
  return ended(await journal.close({ outcome: 'ordered', reason: 'ordered', from, to: null }));
}

/** Why the host still has the address, or may have it; null when it has it no more, or is not there to have it. */
async function removeFromHost(work: Work, record: ResourceRecord, from: Place): Promise<HoldReason | null> {
  const { ports, journal } = work;
  const { instanceId } = entryOf(record, from.server);
  const [addresses, instances] = await journal.stage('observe', () =>
    Promise.all([lookAtAddresses(ports, record), ports.instances.look([instanceId])]),
  );
  journal.step('observed', 0, { addresses, instances });
  if (instances.kind !== 'found') return 'instance-could-not-look';
  if (instances.value[instanceId]?.state !== 'running') return null;
  if (addresses.kind !== 'found') return 'interfaces-could-not-look';
  const owned = addresses.value.owners.flatMap(({ eniId }) => placeOf(record, eniId) ?? []);
  for (const at of [
    from,
    ...owned.filter((each) => each.server === from.server && each.interface !== from.interface),
  ]) {
    const mac = addresses.value.interfaces[eniAt(record, at)]?.mac;
    if (mac === undefined) continue;
    const fromMs = ports.clock.now();
    const answer = await journal.stage('host', () =>
      ports.hosts.ask(instanceId, question(record, 'remove', at, mac), lookDeadlineMs),
    );
    journal.step('source-removed', ports.clock.now() - fromMs, { ...at, answer });
    if (answer.kind !== 'found' || answer.value.verdict !== 'ok') return 'host-could-not-look';
  }
  return null;
}

/** The host would not say that it has let go: then the address is where it was, and so the record says again. */
export async function backIn(
  work: Work,
  record: ResourceRecord,
  from: Place,
  reason: HoldReason,
  also: Change = {},
): Promise<Run> {
  const { ports, journal, carried } = work;
  // A run before this one may have written OSU and died: then what it was before is known no more.
  const state =
    record.activeServer === null
      ? inServiceState({ ...record, paused: isPaused(record, ports.clock.now()) })
      : record.state;
  const past = {
    atMs: ports.clock.now(),
    epoch: record.claim.epoch,
    outcome: 'failed',
    recovery: carried.recoveryId,
  };
  const change: Change = {
    state: transition('OSU', state),
    stateReason: record.activeServer === null ? reason : record.stateReason,
    activeServer: from.server,
    recent: [...record.recent, past].slice(-keptRecoveries),
    ...also,
  };
  const written = await ports.ledger.commit(record.tag, record.claim.epoch, change, true);
  if (written.kind === 'superseded') return held(journal, 'claim-lost', from);
  return ended(await journal.close({ outcome: 'failed', reason, from, to: null }));
}
