/**
 * An order that takes dependents along is the failover's work: the same workflow, with graceful stops, that survives its
 * function. Without dependents an order is one move, and carried out where it arrives.
 */
import type { CarriedOrder } from './carried-order.ts';
import { triggerOf } from './carried-order.ts';
import { incidentOf } from './escalation.ts';
import { Fault } from './fault.ts';
import type { ResourceDefinition } from './fleet.ts';
import type { Journal } from './journal.ts';
import type { ResourceRecord } from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';

/** Whether dependents have to be taken out of service or brought into it. */
export function goesByWorkflow({ dependents = [] }: ResourceDefinition, carried: CarriedOrder): boolean {
  if (dependents.length === 0) return false;
  const { order, from, targets } = carried;
  if (order.action === 'out-of-service' || order.action === 'in-service') return true;
  return targets.some(({ server }) => server !== from?.server);
}

export async function handOver(
  ports: RecoverPorts,
  journal: Journal,
  carried: CarriedOrder,
  record: ResourceRecord,
): Promise<Run> {
  const { recoveryId, atMs, from } = carried;
  const { tag, claim } = record;
  const escalatedAtMs = ports.clock.now();
  try {
    await ports.failovers.start(
      incidentOf([
        {
          tag,
          epoch: claim.epoch,
          recoveryId,
          startedAtMs: atMs,
          escalatedAtMs,
          stagesMs: journal.stagesMs,
          trigger: triggerOf(carried),
          tried: [],
          silentAtMs: null,
          carried,
        },
      ]),
    );
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    journal.step('fault', 0, { code: error.code, message: error.message });
    await ports.ledger.commit(tag, claim.epoch, {}, true);
    const summary = await journal.close({ outcome: 'failed', reason: 'ordered', from, to: null });
    return { kind: 'ended', summary };
  }
  journal.step('escalated', 0, { order: carried.order.action, from, targets: carried.targets });
  await journal.settle();
  return { kind: 'escalated' };
}
