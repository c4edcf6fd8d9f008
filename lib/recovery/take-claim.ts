/** The beginning of every run: the claim of a resource, and its record brought in line with the latest deploy. */
import { Fault } from './fault.ts';
import type { FleetDefinition, ResourceDefinition } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { Change, Ports } from './ports.ts';
import { declaredAutomation, definedPart, follows, newRecord, type ResourceRecord } from './resource.ts';

const claimTries = 3;
const claimPauseMs = 300;

type Claimed =
  | { readonly kind: 'claimed'; readonly record: ResourceRecord }
  | { readonly kind: 'held'; readonly by: string | null };

/** Waits a moment for a claim that somebody holds only to look; registers a resource that nobody has seen yet. */
export async function takeClaim(
  ports: Pick<Ports, 'clock' | 'ledger'>,
  journal: Journal,
  fleet: FleetDefinition,
  definition: ResourceDefinition,
  request: { readonly tag: string; readonly holder: string },
): Promise<Claimed> {
  const { tag, holder } = request;
  let by: string | null = null;
  for (let attempt = 1; attempt <= claimTries; attempt += 1) {
    const nowMs = ports.clock.now();
    const result = await ports.ledger.claim(tag, { holder, nowMs, untilMs: nowMs + fleet.policy.claimMs });
    if (result.kind === 'claimed') return result;
    if (result.kind === 'absent') {
      await ports.ledger.register(newRecord(fleet, definition));
      journal.step('registered', 0, { tag });
      continue;
    }
    by = result.claim.holder;
    journal.step('claimed', 0, { held: result.claim });
    if (attempt < claimTries) await ports.clock.sleep(claimPauseMs);
  }
  return { kind: 'held', by };
}

/** Brings a record in line with a newer deploy, keeping what runtime owns. */
export async function bringInLine(
  ports: Pick<Ports, 'ledger'>,
  fleet: FleetDefinition,
  definition: ResourceDefinition,
  record: ResourceRecord,
): Promise<ResourceRecord> {
  if (follows(record, fleet, definition)) return record;
  const part = {
    ...definedPart(fleet, definition, record.servers, record.definition),
    ...switchedBy(record, definition),
  };
  const lost = record.activeServer !== null && part.servers[record.activeServer] === undefined;
  // Another address was never seen healthy here, whatever the old one was.
  const other = part.address !== record.address;
  const change: Change =
    lost || other ? { ...part, activeServer: null, armed: false, intent: null } : { ...part, intent: null };
  const written = await ports.ledger.commit(record.tag, record.claim.epoch, change, false);
  if (written.kind === 'superseded') throw new Fault('refused', `${record.tag}: the claim was lost`, 'later');
  return written.record;
}

/** A deploy that changes the declared automation sets the switch; one that does not leaves an operator's setting alone. */
function switchedBy(record: ResourceRecord, definition: ResourceDefinition): Change {
  return declaredAutomation(record) === definition.automation ? {} : { automation: definition.automation };
}
