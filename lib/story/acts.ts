/** What the acts of every story wait for: that everything is armed, that a recovery has ended, that nothing more moves. */
import type { Outcome, Summary } from '../recovery/audit.ts';
import { Fault } from '../recovery/fault.ts';
import type { ResourceRecord } from '../recovery/resource.ts';
import type { Stage } from './stage.ts';
import type { Teller } from './teller.ts';

export const minute = 60_000;
const armLimitMs = 5 * minute;
const recoveryLimitMs = 15 * minute;

/** The fleet that was given is none for this story. */
export function misplaced(needs: string): Fault {
  return new Fault(
    'invalid-fleet',
    `the story needs ${needs}; choose another with --story or --fleet`,
    'never',
  );
}

/** Until the reconcile has seen all of them healthy. */
export function armed(stage: Stage, teller: Teller, tags: readonly string[]): Promise<true> {
  return teller.wait(
    'the reconcile tick looks once a minute and arms what it sees healthy',
    async () => {
      const records = await Promise.all(tags.map((tag) => stage.record(tag)));
      return records.every((record) => record?.armed === true) ? true : undefined;
    },
    armLimitMs,
  );
}

/** Waits for the summary of a recovery that ended so, and that was not there before. */
export function recovery(
  stage: Stage,
  teller: Teller,
  tag: string,
  { outcome, what }: { readonly outcome: Outcome; readonly what: string },
): Promise<Summary> {
  return teller.wait(
    what,
    async () => {
      const records = await stage.audit(tag);
      return records.find((each): each is Summary => each.kind === 'summary' && each.outcome === outcome);
    },
    recoveryLimitMs,
  );
}

/** Until the story's time is later than that. */
export function until(stage: Stage, teller: Teller, atMs: number, what: string): Promise<true> {
  return teller.wait(what, async () => (stage.clock.now() > atMs ? true : undefined), recoveryLimitMs);
}

export async function summariesOf(stage: Stage, tag: string): Promise<readonly Summary[]> {
  return (await stage.audit(tag)).filter((each) => each.kind === 'summary');
}

export function describe(record: ResourceRecord | undefined, server: string): string {
  if (record === undefined) return 'no record';
  return `state ${record.state}   INFO  ${record.servers[server]?.info ?? 'none'}`;
}
