/** What became of an incident as a whole: one record for the fleet, beside those of each resource. */
import type { Outcome, Summary } from './audit.ts';
import type { Incident } from './escalation.ts';
import { openJournal } from './journal.ts';
import type { Ports } from './ports.ts';

/** Twice is harmless: the record's key follows from the incident. */
export async function sumUp(
  ports: Pick<Ports, 'clock' | 'audit'>,
  { name, members }: Incident,
  summaries: readonly Summary[],
): Promise<void> {
  const [first] = members;
  if (first === undefined) return;
  const { trigger, startedAtMs } = first;
  // Others are told of each resource by its own journal.
  const announcements = { tell: async () => undefined };
  const journal = openJournal(
    { ...ports, announcements },
    { tag: 'fleet', recoveryId: `fleet@${startedAtMs}@${name}`, trigger, startedAtMs },
  );
  const outcome = worstOf(summaries);
  const telling = summaries.find((each) => each.outcome === outcome);
  journal.step('incident', 0, {
    members: summaries.map(({ tag, recoveryId, outcome: each, reason, from, to }) => ({
      tag,
      recovery: recoveryId,
      outcome: each,
      reason,
      from,
      to,
    })),
  });
  await journal.close({ outcome, reason: telling?.reason ?? 'claim-lost', from: null, to: null });
}

/** An incident is no better than the worst of its resources. */
function worstOf(summaries: readonly Summary[]): Outcome {
  const order: readonly Outcome[] = ['failed', 'held', 'ordered', 'restored-in-place', 'moved-to-backup'];
  return order.find((outcome) => summaries.some((each) => each.outcome === outcome)) ?? 'failed-over';
}
