/**
 * An address that another resource takes along never fails over by itself: that would tear a hierarchy apart. What it
 * cannot recover on its server makes the whole of it move.
 */
import type { Verdict } from './decide.ts';
import { incidentOf } from './escalation.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition, ResourceDefinition } from './fleet.ts';
import type { Journal } from './journal.ts';
import { currentPlace } from './observe.ts';
import type { ResourceRecord } from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';
import { bringInLine, takeClaim } from './take-claim.ts';
import type { Trigger } from './trigger.ts';

/** The resource that takes it along. */
export function parentOf(fleet: FleetDefinition, tag: string): ResourceDefinition | undefined {
  return fleet.resources.find(({ dependents = [] }) =>
    dependents.some(({ work }) => work.kind === 'resource' && work.tag === tag),
  );
}

/** Null: the parent is not with it, out of service on purpose or on another server, so there is nothing to tear apart. */
export async function moveParent(
  ports: RecoverPorts,
  journal: Journal,
  fleet: FleetDefinition,
  child: {
    readonly record: ResourceRecord;
    readonly verdict: Extract<Verdict, { kind: 'act' }>;
    readonly trigger: Trigger;
    readonly parent: ResourceDefinition;
  },
): Promise<Run | null> {
  const { record, verdict, trigger, parent } = child;
  const { tag, claim } = record;
  const { recoveryId, startedAtMs } = journal;
  // Not the name of the recovery that the parent may have of its own, from the same event.
  const root = `${parent.tag}@${startedAtMs}@${recoveryId.split('@').at(-1)}.${tag}`;
  const own = await takeClaim(ports, journal, fleet, parent, { tag: parent.tag, holder: root });
  if (own.kind === 'claimed' && own.record.activeServer !== record.activeServer) {
    await ports.ledger.commit(parent.tag, own.record.claim.epoch, {}, true);
    return null;
  }
  // First its own claim goes back: the failover of the parent needs it.
  await ports.ledger.commit(tag, claim.epoch, {}, true);
  if (own.kind === 'held') return held(journal, 'claim-held', record);
  const current = await bringInLine(ports, fleet, parent, own.record);
  try {
    await ports.failovers.start(
      incidentOf([
        {
          tag: parent.tag,
          epoch: current.claim.epoch,
          recoveryId: root,
          startedAtMs,
          escalatedAtMs: ports.clock.now(),
          stagesMs: journal.stagesMs,
          trigger,
          tried: [],
          silentAtMs: null,
          because: { tag, reason: verdict.reason },
        },
      ]),
    );
    journal.step('escalated', 0, { parent: parent.tag, recovery: root, reason: verdict.reason });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
    await ports.ledger.commit(parent.tag, current.claim.epoch, {}, true);
  }
  return held(journal, 'moves-with-parent', record);
}

async function held(
  journal: Journal,
  reason: 'claim-held' | 'moves-with-parent',
  record: ResourceRecord,
): Promise<Run> {
  const from = currentPlace(record);
  return { kind: 'ended', summary: await journal.close({ outcome: 'held', reason, from, to: null }) };
}
