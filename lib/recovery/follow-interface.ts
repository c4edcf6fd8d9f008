/**
 * What hangs on an interface follows the address when that changes interfaces on its server: routes, Elastic IPs and
 * addresses registered as targets. Everything else that depends on it stays in service where it is, which is what a
 * local recovery is for. Before the commit: whoever comes after a crash finds the move unfinished, and this with it.
 */
import { callAboutDependents } from './call-about-dependents.ts';
import { type DependentDefinition, type DependentPlace, followersOf } from './dependent.ts';
import { attempt, dependentPlace } from './dependents-out.ts';
import type { Journal } from './journal.ts';
import type { Change, Clock, Dependents, Pages } from './ports.ts';
import type { DependentState, Place, ResourceRecord } from './resource.ts';
import { together } from './together.ts';

/** EC2 shows its own change within seconds; the claim was renewed for longer. */
const followMs = 10_000;
const pauseMs = 500;

export interface FollowPorts {
  readonly clock: Clock;
  readonly dependents: Dependents;
  readonly pages: Pages;
}

export interface Followed {
  /** Of the record, for its commit. */
  readonly change: Change;
  /** Some do not lead where the address is; a person has been called. */
  readonly lacking: boolean;
}

/** @param from where they may have led before */
export async function followInterface(
  ports: FollowPorts,
  journal: Journal,
  record: ResourceRecord,
  way: {
    readonly dependents: readonly DependentDefinition[];
    readonly from: Place | null;
    readonly at: Place;
    readonly recoveryId: string;
  },
): Promise<Followed> {
  const { from, at, recoveryId } = way;
  const followers = followersOf(way.dependents, record.mechanism.kind);
  if (followers.length === 0) return { change: {}, lacking: false };
  const results = await journal.stage('dependents', () =>
    together(followers.map((each) => follow(ports, journal, each, record, from, at))),
  );
  const atMs = ports.clock.now();
  const states = results.map(({ name, state, why }): [string, DependentState] => [
    name,
    { state, server: at.server, why, atMs },
  ]);
  const failed = results.filter(({ state }) => state === 'OSF');
  if (failed.length > 0)
    await callAboutDependents(ports, journal, { tag: record.tag, recoveryId, at, failed });
  const dependents = { ...record.dependents, ...Object.fromEntries(states) };
  return { change: { dependents }, lacking: failed.length > 0 };
}

interface Result {
  readonly name: string;
  readonly state: 'ISP' | 'OSF';
  readonly why: string;
}

async function follow(
  ports: FollowPorts,
  journal: Journal,
  dependent: DependentDefinition,
  record: ResourceRecord,
  from: Place | null,
  at: Place,
): Promise<Result> {
  const { clock, dependents } = ports;
  const { name, work } = dependent;
  const there = dependentPlace(record, at);
  const fromMs = clock.now();
  let why = '';
  for (let ordered = false; ; ) {
    const view = await dependents.look(dependent, there);
    const state = view.kind === 'found' ? view.value.state : 'unknown';
    if (state === 'in-service') {
      if (ordered) say('dependent-started', state);
      return { name, state: 'ISP', why: 'verified' };
    }
    why = view.kind === 'found' ? view.value.detail : view.kind === 'absent' ? 'no answer' : view.why;
    // A load balancer takes minutes to judge what was registered a moment ago: nobody waits for that.
    if (ordered && state === 'changing') {
      say('dependent-started', why);
      return { name, state: 'ISP', why };
    }
    if (!ordered) {
      const fault = await attempt(journal, () => dependents.start(dependent, there, fromMs), why);
      ordered = fault === null;
      if (ordered) await leave(ports, journal, dependent, record, from, there);
      else why = fault?.message ?? why;
      if (fault?.retry === 'never') break;
    }
    if (clock.now() - fromMs >= followMs) break;
    await clock.sleep(pauseMs);
  }
  say('dependent-not-started', why);
  return { name, state: 'OSF', why };

  function say(step: 'dependent-started' | 'dependent-not-started', detail: string): void {
    journal.step(step, clock.now() - fromMs, { name, kind: work.kind, server: at.server, detail });
  }
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
