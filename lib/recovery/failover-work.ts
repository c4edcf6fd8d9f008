/**
 * What the parts of a failover share: the resource that moves, the steps that are remembered, and the one journal that
 * goes on from step to step. Everything with an effect happens in a chapter: it asks for its epoch first, so that what
 * is replayed after a later recovery finds that out and stops (`test/property/failover-interrupted.test.ts`).
 */
import type { DependentDefinition } from './dependent.ts';
import type { Escalation } from './escalation.ts';
import { Fault } from './fault.ts';
import {
  defaultFailover,
  type FailoverRules,
  type FleetDefinition,
  type ResourceDefinition,
} from './fleet.ts';
import { type Journal, openJournal, type Told } from './journal.ts';
import type { Clock, FailoverPorts } from './ports.ts';
import type { Place, ResourceRecord } from './resource.ts';
import type { Steps } from './steps.ts';

export interface Work {
  readonly ports: FailoverPorts;
  readonly fleet: FleetDefinition;
  /** Missing when the fleet has no such resource any more. */
  readonly definition: ResourceDefinition | undefined;
  readonly rules: FailoverRules;
  readonly dependents: readonly DependentDefinition[];
  readonly escalation: Escalation;
  /** Of the fleet's brake: an incident counts once, however many resources it has. */
  readonly brakeKey: string;
  readonly steps: Steps;
  /** How many dependents of the whole incident may be worked on at once. */
  readonly limit: Limit;
  /** Moves on with every chapter. */
  told: Told;
  /** Audit records on their way. */
  readonly writes: Promise<unknown>[];
}

/** @param waiting called now and then until it is this one's turn: a claim must not expire in the queue */
export type Limit = <T>(run: () => Promise<T>, waiting: () => Promise<void>) => Promise<T>;

export function openWork(parts: Omit<Work, 'definition' | 'rules' | 'dependents' | 'told' | 'writes'>): Work {
  const { escalation, fleet, ports } = parts;
  const definition = fleet.resources.find((each) => each.tag === escalation.tag);
  const handover = Math.max(0, ports.clock.now() - escalation.escalatedAtMs);
  return {
    ...parts,
    definition,
    rules: definition?.failover ?? defaultFailover,
    dependents: definition?.dependents ?? [],
    told: {
      epoch: 0,
      sequence: 0,
      stagesMs: { ...escalation.stagesMs, handover },
      trouble: '',
      started: false,
      untold: [],
    },
    writes: [],
  };
}

/** One remembered step with its part of the journal. Its result must be what JSON can hold. */
export async function chapter<T>(
  work: Work,
  name: string,
  body: (journal: Journal) => Promise<T>,
): Promise<T> {
  const before = work.told;
  const { value, told } = await work.steps.step(name, async () => {
    const journal = journalOf(work, before);
    const value = await body(journal);
    work.writes.push(journal.written());
    return { value, told: journal.told() };
  });
  work.told = told;
  return value;
}

/** Dependents have journals side by side, each with numbers of its own. */
const numbersEach = 20;

/** Chapters at the same time; the journal goes on behind all of them. */
export async function chaptersTogether<T>(
  work: Work,
  name: string,
  width: number,
  parts: readonly { readonly name: string; readonly body: (journal: Journal) => Promise<T> }[],
): Promise<readonly T[]> {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return [await chapter(work, only.name, only.body)];
  const before = work.told;
  const values = await work.steps.together(
    name,
    parts.map((part, index) => ({
      name: part.name,
      run: (steps) =>
        steps.step(part.name, async () => {
          const journal = journalOf(work, { ...before, sequence: before.sequence + index * numbersEach });
          const value = await part.body(journal);
          work.writes.push(journal.written());
          return { value, told: journal.told() };
        }),
    })),
    width,
  );
  const { stagesMs } = values.reduce((longest, each) =>
    spent(each.told) > spent(longest.told) ? each : longest,
  ).told;
  const trouble = values.map((each) => each.told.trouble).find((each) => each !== before.trouble);
  work.told = {
    ...before,
    sequence: before.sequence + parts.length * numbersEach,
    // Side by side the longest is what it took.
    stagesMs,
    trouble: trouble ?? before.trouble,
  };
  return values.map(({ value }) => value);
}

/** Before the function may be frozen: what was written must have arrived. */
export async function settleWrites(work: Work): Promise<void> {
  await Promise.all(work.writes.splice(0));
}

export type Guard =
  | { readonly kind: 'current'; readonly record: ResourceRecord }
  | { readonly kind: 'superseded' };

/**
 * Renews the claim for what is to follow, and gives the record as it is now; whoever was superseded stops.
 * @param forMs of those that work at the same time the longest: whoever comes last must not shorten it for the others
 */
export function renew(work: Work, epoch: number, to: Place, forMs: number): Promise<Guard> {
  const { ports, fleet, escalation } = work;
  const recovery = escalation.carried?.recoveryId;
  const intent = { epoch, rung: 'fail-over', to, ...(recovery === undefined ? {} : { recovery }) } as const;
  return ports.ledger.intend(escalation.tag, epoch, intent, ports.clock.now() + fleet.policy.claimMs + forMs);
}

/** Whether this very failover has ended before: a step that is replayed behind its own end changes nothing more. */
export function hasEnded(record: ResourceRecord, epoch: number): boolean {
  return record.claim.holder === null && record.recent.some((each) => each.epoch === epoch);
}

/**
 * The record, when this very failover has ended before and only comes again: its function died between its end and the
 * memory of it. Its intent, which the step that came again may have written, is taken back.
 */
export async function endedBefore(
  { ports, escalation }: Work,
  epoch: number,
): Promise<ResourceRecord | null> {
  const { tag } = escalation;
  const read = await ports.ledger.read(tag);
  if (read.kind !== 'found' || !read.value.recent.some((each) => each.epoch === epoch)) return null;
  if (hasEnded(read.value, epoch) && read.value.claim.epoch === epoch && read.value.intent !== null)
    await ports.ledger.commit(tag, epoch, { intent: null }, true);
  return read.value;
}

export function journalOf({ ports, escalation }: Work, told: Told): Journal {
  const { tag, recoveryId, trigger, startedAtMs } = escalation;
  return openJournal(ports, { tag, recoveryId, trigger, startedAtMs, told });
}

function spent({ stagesMs }: Told): number {
  return Object.values(stagesMs).reduce((sum, ms) => sum + ms, 0);
}

/** Keeps the claim for whoever waits for its turn. That it could not be renewed is for the turn itself to find out. */
export async function keepClaim(work: Work, epoch: number, to: Place, forMs: number): Promise<void> {
  try {
    await renew(work, epoch, to, forMs);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
}

/** At most `width` at a time, in the order in which they came. */
export function limitOf(width: number, clock: Clock, everyMs: number): Limit {
  let free = width;
  const queue: (() => void)[] = [];

  async function turn(waiting: () => Promise<void>): Promise<void> {
    let mine = false;
    const turned = new Promise<void>((resolve) => {
      queue.push(() => {
        mine = true;
        resolve();
      });
    });
    while (!mine) {
      await Promise.race([turned, clock.sleep(everyMs)]);
      if (!mine) await waiting();
    }
  }

  return async (run, waiting) => {
    if (free > 0) free -= 1;
    else await turn(waiting);
    try {
      return await run();
    } finally {
      const next = queue.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
