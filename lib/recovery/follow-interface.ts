/**
 * What hangs on an interface follows the address when that changes interfaces on its server: routes, Elastic IPs and
 * addresses registered as targets. Everything else that depends on it stays in service where it is, which is what a
 * local recovery is for. Before the commit: whoever comes after a crash finds the move unfinished, and this with it.
 */
import { callAboutDependents } from './call-about-dependents.ts';
import {
  type DependentDefinition,
  type DependentPlace,
  type DependentView,
  followersOf,
} from './dependent.ts';
import { attempt, dependentPlace } from './dependents-out.ts';
import type { Journal } from './journal.ts';
import type { Change, Clock, Dependents, Ledger, Pages } from './ports.ts';
import type { DependentState, Place, ResourceRecord } from './resource.ts';
import { together } from './together.ts';

/** EC2 shows its own change within seconds; the claim was renewed for longer. */
const followMs = 10_000;
const pauseMs = 500;

export interface FollowPorts {
  readonly clock: Clock;
  readonly dependents: Dependents;
  readonly ledger: Ledger;
  readonly pages: Pages;
}

export type Followed =
  | {
      readonly kind: 'followed';
      /** Of the record, for its commit. */
      readonly change: Change;
      /** Some do not lead where the address is; a person has been called. */
      readonly lacking: boolean;
    }
  | { readonly kind: 'superseded' };

interface Way {
  readonly dependents: readonly DependentDefinition[];
  /** Where they may have led before. */
  readonly from: Place | null;
  readonly at: Place;
  readonly claimMs: number;
  readonly recoveryId: string;
}

/** @param record as the move has left it, with the intent of the claim's holder */
export async function followInterface(
  ports: FollowPorts,
  journal: Journal,
  record: ResourceRecord,
  way: Way,
): Promise<Followed> {
  const { at, recoveryId } = way;
  const followers = followersOf(way.dependents, record.mechanism.kind);
  if (followers.length === 0) return { kind: 'followed', change: {}, lacking: false };
  const results = await journal.stage('dependents', () => lead(ports, journal, record, way, followers));
  if (results === 'superseded') return { kind: 'superseded' };
  const atMs = ports.clock.now();
  const states = results.map(({ name, state, why }): [string, DependentState] => [
    name,
    { state, server: at.server, why, atMs },
  ]);
  const failed = results.filter(({ state }) => state === 'OSF');
  if (failed.length > 0)
    await callAboutDependents(ports, journal, { tag: record.tag, recoveryId, at, failed });
  const dependents = { ...record.dependents, ...Object.fromEntries(states) };
  return { kind: 'followed', change: { dependents }, lacking: failed.length > 0 };
}

interface Result {
  readonly name: string;
  readonly state: 'ISP' | 'OSF';
  readonly why: string;
}

interface Seen {
  readonly state: DependentView['state'];
  readonly detail: string;
}

/** Asks for the epoch before anything is changed, and only then: what leads there already needs no claim. */
async function lead(
  ports: FollowPorts,
  journal: Journal,
  record: ResourceRecord,
  way: Way,
  followers: readonly DependentDefinition[],
): Promise<readonly Result[] | 'superseded'> {
  const there = dependentPlace(record, way.at);
  const seen = await together(
    followers.map(async (each) => ({ dependent: each, view: await look(ports, each, there) })),
  );
  const elsewhere = seen.filter(({ view }) => view.state !== 'in-service');
  if (elsewhere.length > 0 && !(await isCurrent(ports, record, way.claimMs))) return 'superseded';
  return together(
    seen.map(
      async ({ dependent, view }): Promise<Result> =>
        elsewhere.some((each) => each.dependent === dependent)
          ? follow(ports, journal, record, way, dependent, view.detail)
          : { name: dependent.name, state: 'ISP', why: 'verified' },
    ),
  );
}

async function isCurrent(
  { ledger, clock }: FollowPorts,
  { tag, claim, intent }: ResourceRecord,
  claimMs: number,
): Promise<boolean> {
  const guard =
    intent === null
      ? await ledger.commit(tag, claim.epoch, {}, false)
      : await ledger.intend(tag, claim.epoch, intent, clock.now() + claimMs);
  // Given back by this very run: it has ended before, and only comes again.
  return guard.kind === 'current' && guard.record.claim.holder !== null;
}

async function follow(
  ports: FollowPorts,
  journal: Journal,
  record: ResourceRecord,
  { from, at }: Way,
  dependent: DependentDefinition,
  detail: string,
): Promise<Result> {
  const { clock, dependents } = ports;
  const { name, work } = dependent;
  const there = dependentPlace(record, at);
  const fromMs = clock.now();
  let why = detail;
  for (let ordered = false; ; ) {
    if (!ordered) {
      const fault = await attempt(journal, () => dependents.start(dependent, there, fromMs), why);
      ordered = fault === null;
      if (ordered) await leave(ports, journal, dependent, record, from, there);
      else why = fault?.message ?? why;
      if (fault?.retry === 'never') break;
    }
    const view = await look(ports, dependent, there);
    // A load balancer takes minutes to judge what was registered a moment ago: nobody waits for that.
    const isGoing = ordered && view.state === 'changing';
    if (view.state === 'in-service' || isGoing) {
      say('dependent-started', view.detail);
      return { name, state: 'ISP', why: isGoing ? view.detail : 'verified' };
    }
    if (ordered) why = view.detail;
    if (clock.now() - fromMs >= followMs) break;
    await clock.sleep(pauseMs);
  }
  say('dependent-not-started', why);
  return { name, state: 'OSF', why };

  function say(step: 'dependent-started' | 'dependent-not-started', what: string): void {
    journal.step(step, clock.now() - fromMs, { name, kind: work.kind, server: at.server, detail: what });
  }
}

async function look(
  { dependents }: FollowPorts,
  dependent: DependentDefinition,
  there: DependentPlace,
): Promise<Seen> {
  const view = await dependents.look(dependent, there);
  if (view.kind === 'found') return view.value;
  return { state: 'unknown', detail: view.kind === 'absent' ? 'no answer' : view.why };
}

/** A registration is made beside the old one; of all others the new one takes its place. */
async function leave(
  { dependents }: FollowPorts,
  journal: Journal,
  dependent: DependentDefinition,
  record: ResourceRecord,
  from: Place | null,
  there: DependentPlace,
): Promise<void> {
  if (dependent.work.kind !== 'target' || dependent.work.as !== 'address' || from === null) return;
  const before = dependentPlace(record, from);
  if (before.address === there.address) return;
  await attempt(journal, () => dependents.stop(dependent, before, 0), '');
}
