/** Carries out an order that only writes the record of a resource: under the claim, in one write, with its audit. */
import { claimHeld, claimView } from './claim-view.ts';
import { Fault } from './fault.ts';
import type { ResourceDefinition } from './fleet.ts';
import type { Answer } from './order.ts';
import type { Ordered } from './orders.ts';
import type { Written } from './record-orders.ts';
import type { ResourceRecord } from './resource.ts';
import { bringInLine, takeClaim } from './take-claim.ts';

/** @param decide asked twice: of the record as it was read, and again of what the claim gave. @throws Fault */
export async function writeRecord(
  ordered: Ordered,
  definition: ResourceDefinition,
  read: ResourceRecord,
  decide: (record: ResourceRecord) => Written,
): Promise<Answer> {
  const { ports, fleet, order, recoveryId, journal, trigger } = ordered;
  const { tag } = definition;
  const first = decide(read);
  if (first.kind === 'refused') return { ok: false, code: first.code, message: first.message };
  if (order.dryRun) {
    const steps = first.kind === 'write' ? first.steps : [first.message];
    return { ok: true, kind: 'plan', plan: { steps, leftOut: [] } };
  }
  if (first.kind === 'nothing') return ended(ordered, tag, first.message, null);
  const claim = await journal.stage('claim', () =>
    takeClaim(ports, journal, fleet, definition, { tag, holder: recoveryId }),
  );
  if (claim.kind === 'held') return held(ordered, tag);
  const record = await bringInLine(ports, fleet, definition, claim.record);
  const { epoch } = record.claim;
  journal.claimed(epoch);
  const written = await decided(ordered, tag, epoch, () => decide(record));
  const change = written.kind === 'write' ? written.change : {};
  const result = await journal.stage('commit', () => ports.ledger.commit(tag, epoch, change, true));
  if (result.kind === 'superseded') return held(ordered, tag);
  if (written.kind === 'refused') return { ok: false, code: written.code, message: written.message };
  if (written.kind === 'nothing') return ended(ordered, tag, written.message, null);
  journal.step('ordered', 0, { trigger, order, before: beforeOf(record, change), change });
  journal.changed(record.state, change.state, 'ordered');
  return ended(ordered, tag, written.message, change);
}

/** @throws what `decide` throws, once the claim is given back */
async function decided(
  ordered: Ordered,
  tag: string,
  epoch: number,
  decide: () => Written,
): Promise<Written> {
  try {
    return decide();
  } catch (error) {
    await ordered.ports.ledger.commit(tag, epoch, {}, true);
    throw error;
  }
}

async function ended(ordered: Ordered, tag: string, message: string, change: object | null): Promise<Answer> {
  const { ports, order, trigger, recoveryId, proofId, journal } = ordered;
  if (change === null) journal.step('ordered', 0, { trigger, order, change });
  const answer = { ok: true, kind: 'done', changed: change !== null, message, recovery: recoveryId } as const;
  await Promise.all([
    journal.close({ outcome: 'ordered', reason: 'ordered', from: null, to: null }),
    // It is done: that a repetition of it would not be known is no reason to say otherwise.
    ports.obeyed.keep(tag, proofId, { answer, carried: null }).catch(unlessFault),
  ]);
  return answer;
}

/** Somebody else has it, perhaps since a moment ago. */
async function held({ ports }: Ordered, tag: string): Promise<Answer> {
  const read = await ports.ledger.read(tag);
  const claim = read.kind === 'found' ? claimView(read.value, ports.clock.now()) : null;
  if (claim !== null) return claimHeld(tag, claim);
  return {
    ok: false,
    code: 'claim-held',
    message: `${tag} has just been worked on by somebody else; try again`,
  };
}

function beforeOf(record: ResourceRecord, change: object): object {
  return Object.fromEntries(Object.entries(record).filter(([name]) => name in change));
}

function unlessFault(error: unknown): void {
  if (!(error instanceof Fault)) throw error;
}
