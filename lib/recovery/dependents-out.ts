/**
 * Takes the dependents out of service where they are, parents first. A stop that failed is never taken for stopped: a
 * fresh look says so, or EC2 says that the instance is stopped. What is left then is for the fence.
 */
import { type DependentDefinition, type DependentKind, type DependentPlace, ranks } from './dependent.ts';
import { chaptersTogether, hasEnded, keepClaim, renew, type Work } from './failover-work.ts';
import { Fault } from './fault.ts';
import type { Journal } from './journal.ts';
import type { InstanceView } from './observation.ts';
import { eniAt, entryOf, type Place, type ResourceRecord } from './resource.ts';

/** Side by side within one rank. */
const width = 8;
const firstPauseMs = 500;
const longestPauseMs = 5_000;
/** A host that gives no answer takes so much longer than what it was asked for. */
export const wayMs = 60_000;
/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Stop_Start.html: an instance that is stopping is gone in minutes. */
const goingMs = 4 * 60_000;

/** These run on the server itself: without its operating system they are out of service. */
export const onHost: ReadonlySet<DependentKind> = new Set(['systemd', 'command']);
/** These say of themselves where they are and are moved by the start alone. */
const movedByStart: ReadonlySet<DependentKind> = new Set(['resource', 'dns', 'route', 'elasticIp']);

export type Out =
  | { readonly kind: 'out' }
  | { readonly kind: 'not-out'; readonly names: readonly string[] }
  | { readonly kind: 'superseded' };

type Stopped = 'out' | 'not-out' | 'superseded';

/** @param names of the dependents that may be in service there */
export async function takeDependentsOut(
  work: Work,
  at: {
    readonly epoch: number;
    readonly place: Place;
    readonly to: Place;
    readonly names: readonly string[];
    /** Its host gave no answer a moment ago: nobody waits for it. */
    readonly silent: boolean;
    readonly round: string;
  },
): Promise<Out> {
  const left: string[] = [];
  for (const [index, rank] of ranks(work.dependents).toReversed().entries()) {
    // What is needed by somebody who may still run is not taken away from under it.
    const some = rank.filter(
      ({ name }) =>
        at.names.includes(name) &&
        !work.dependents.some(
          (each) => left.includes(each.name) && needsIt(work.dependents, each.name, name),
        ),
    );
    left.push(
      ...rank.filter((each) => at.names.includes(each.name) && !some.includes(each)).map(({ name }) => name),
    );
    if (some.length === 0) continue;
    const forMs = Math.max(...some.map(({ stopMs }) => stopMs + wayMs));
    const results = await chaptersTogether(
      work,
      `stop-${index + 1}${at.round}`,
      width,
      some.map((dependent) => ({
        name: `stop:${dependent.name}${at.round}`,
        body: (journal) => stop(work, journal, dependent, { ...at, forMs }),
      })),
    );
    if (results.includes('superseded')) return { kind: 'superseded' };
    left.push(...some.filter((_, at) => results[at] === 'not-out').map(({ name }) => name));
  }
  return left.length === 0 ? { kind: 'out' } : { kind: 'not-out', names: left };
}

function needsIt(dependents: readonly DependentDefinition[], parent: string, child: string): boolean {
  const needs = dependents.find(({ name }) => name === parent)?.needs ?? [];
  return needs.includes(child) || needs.some((each) => needsIt(dependents, each, child));
}

async function stop(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: {
    readonly epoch: number;
    readonly place: Place;
    readonly to: Place;
    readonly silent: boolean;
    readonly forMs: number;
  },
): Promise<Stopped> {
  const { clock } = work.ports;
  const { name } = dependent;
  const { epoch, place, to, silent, forMs } = at;
  return work.limit(
    async () => {
      // From before the claim is known to be ours: a run that is frozen behind this line has an old order, not a new one.
      const order = clock.now();
      const guard = await renew(work, epoch, to, forMs);
      if (guard.kind === 'superseded' || hasEnded(guard.record, epoch)) return 'superseded';
      if (movedByStart.has(dependent.work.kind)) return 'out';
      const keep = () => keepClaim(work, epoch, to, forMs);
      const there = { ...dependentPlace(guard.record, place), order, silent, keep };
      const { result, detail } = await journal.stage('dependents', () =>
        stopped(work, journal, dependent, there),
      );
      const step = result === 'out' ? 'dependent-stopped' : 'dependent-not-stopped';
      journal.step(step, clock.now() - order, {
        name,
        kind: dependent.work.kind,
        server: place.server,
        detail,
      });
      return result;
    },
    () => keepClaim(work, epoch, to, forMs),
  );
}

type Result = { readonly result: 'out' | 'not-out'; readonly detail: string };

interface There extends DependentPlace {
  readonly order: number;
  readonly silent: boolean;
  readonly keep: () => Promise<void>;
}

async function stopped(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: There,
): Promise<Result> {
  const { clock } = work.ports;
  const fromMs = clock.now();
  let asked = false;
  let trouble = '';
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 1.5)) {
    const seen = await lookOrAsk(work, journal, dependent, at, { asked, trouble });
    if (seen.result === 'out' || seen.result === 'not-out') return seen;
    const isGoing = seen.result === 'goes';
    if (seen.result === 'waits') ({ asked, detail: trouble } = seen);
    const leftMs = fromMs + (isGoing ? Math.max(goingMs, dependent.stopMs) : dependent.stopMs) - clock.now();
    if (leftMs <= 0) return { result: 'not-out', detail: seen.detail };
    if (isGoing) await at.keep();
    await clock.sleep(Math.min(pauseMs, leftMs));
  }
}

type Seen =
  | Result
  | { readonly result: 'waits'; readonly asked: boolean; readonly detail: string }
  | { readonly result: 'goes'; readonly detail: string };

/** One look, and the order to stop when it is needed. */
async function lookOrAsk(
  work: Work,
  journal: Journal,
  dependent: DependentDefinition,
  at: There,
  { asked, trouble }: { readonly asked: boolean; readonly trouble: string },
): Promise<Seen> {
  const { ports } = work;
  const { kind } = dependent.work;
  if (onHost.has(kind)) {
    const instance = await instanceOf(work, at.instanceId);
    if (instance === 'gone') return { result: 'out', detail: 'EC2 says that the instance is stopped' };
    if (instance === 'going') return { result: 'goes', detail: 'the instance is stopping' };
    if (at.silent) return { result: 'not-out', detail: 'the host gives no answer' };
  }
  const view = await ports.dependents.look(dependent, at);
  const detail = view.kind === 'found' ? view.value.detail : view.kind === 'absent' ? 'no answer' : view.why;
  const state = view.kind === 'found' ? view.value.state : 'unknown';
  // What systemd calls failed runs no more.
  if (state === 'out-of-service' || state === 'elsewhere' || (state === 'failed' && kind === 'systemd'))
    return { result: 'out', detail };
  if (asked && state !== 'in-service') return { result: 'waits', asked, detail };
  const fault = await attempt(journal, () => ports.dependents.stop(dependent, at, at.order), trouble);
  if (fault === null && isUnchecked(dependent)) return { result: 'out', detail: 'stopped; it has no check' };
  // What was refused for now is asked for again.
  return { result: 'waits', asked: fault?.retry !== 'later', detail: fault?.message ?? detail };
}

/** A command that the fleet file gives no check for: that it ended well is all that can be known. */
export function isUnchecked({ work }: DependentDefinition): boolean {
  return work.kind === 'command' && work.check === null;
}

/** How EC2 sees the instance. */
export async function instanceOf(
  { ports }: Work,
  instanceId: string,
): Promise<'gone' | 'going' | 'there' | 'unknown'> {
  const seen = await ports.instances.look([instanceId]);
  if (seen.kind !== 'found') return 'unknown';
  const state: InstanceView['state'] | undefined = seen.value[instanceId]?.state;
  if (state === undefined || state === 'stopped' || state === 'terminated') return 'gone';
  return state === 'stopping' || state === 'shutting-down' ? 'going' : 'there';
}

/**
 * The fault of an effect; null when there was none. @param known the message that is written down already: what is asked
 * for again and again is told once
 */
export async function attempt(
  journal: Journal,
  effect: () => Promise<void>,
  known: string,
): Promise<Fault | null> {
  try {
    await effect();
    return null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.message !== known) journal.step('fault', 0, { code: error.code, message: error.message });
    return error;
  }
}

export function dependentPlace(record: ResourceRecord, at: Place): DependentPlace {
  const { instanceId, addresses } = entryOf(record, at.server);
  const own = addresses[at.interface] ?? '';
  const { kind } = record.mechanism;
  return {
    tag: record.tag,
    server: at.server,
    instanceId,
    eniId: eniAt(record, at),
    address: kind === 'secondary' ? record.address : own,
  };
}
