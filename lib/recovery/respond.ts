/**
 * From an invocation to recoveries: reads the event, refuses what moves nothing (each refusal is audited and the
 * function succeeds: a retry would be noise), and finds the resources that it speaks of.
 */
import type { Summary } from './audit.ts';
import { carryOut } from './carry-out.ts';
import { readEvent } from './event.ts';
import type { FleetDefinition } from './fleet.ts';
import { recoverTogether } from './gathered-starts.ts';
import { openJournal } from './journal.ts';
import { alarmSubject } from './names.ts';
import type { HoldReason } from './reasons.ts';
import { type ReconcilePorts, reconcile } from './reconcile.ts';
import { recover } from './recover.ts';
import type { Run } from './run.ts';
import type { Trigger } from './trigger.ts';
import { isNews, type Word } from './word.ts';

export interface Invocation {
  readonly event: unknown;
  /** Unique id of this invocation. */
  readonly id: string;
}

export async function respond(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  invocation: Invocation,
): Promise<readonly Run[]> {
  const nowMs = ports.clock.now();
  const runs: Run[] = [];
  for (const read of readEvent(invocation.event, nowMs)) {
    if (read.kind === 'refused') {
      const trigger: Trigger = { kind: 'tick', atMs: nowMs };
      runs.push(await refuse(ports, 'fleet', trigger, invocation.id, 'event-not-understood', read.detail));
      continue;
    }
    if (read.kind === 'order') runs.push(await carryOut(ports, fleet, read.carried, invocation.id));
    else if (read.kind === 'word') runs.push(...(await hear(ports, fleet, read, invocation.id)));
    else runs.push(...(await answer(ports, fleet, read.trigger, invocation.id)));
  }
  return runs;
}

/** EventBridge stamps a word that bears no time of its own: more than two clocks may differ is no agent's. */
const mostAheadMs = 60_000;

/**
 * Keeps what an agent says. On the fast lane a failure that was not told before starts a recovery, as its alarm will in
 * a while; whichever comes second finds that nothing is left to do.
 */
async function hear(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  { fleet: name, word }: { readonly fleet: string; readonly word: Word },
  id: string,
): Promise<readonly Run[]> {
  const { tag, instanceId, atMs, answer: said } = word;
  const trigger: Trigger = { kind: 'agent', instanceId, atMs, why: said.why };
  const resource = name === fleet.name ? fleet.resources.find((each) => each.tag === tag) : undefined;
  if (resource === undefined) return [await refuse(ports, 'fleet', trigger, id, 'tag-unknown', tag)];
  const server = serverOf(fleet, instanceId);
  if (server === undefined || !resource.candidates.some((each) => each.server === server))
    return [await refuse(ports, tag, trigger, id, 'server-not-active', instanceId)];
  if (atMs > ports.clock.now() + mostAheadMs)
    return [await refuse(ports, tag, trigger, id, 'event-not-understood', 'a word from the future')];
  const noted = await ports.words.note(word);
  if (noted.kind === 'outdated' || said.verdict !== 'failed' || !isNews(word, noted.before)) return [];
  if (!fleet.fastLane) return [];
  if (ports.clock.now() - atMs > fleet.policy.maxEventAgeMs)
    return [await refuse(ports, tag, trigger, id, 'event-too-old')];
  return [await recover(ports, fleet, { tag, trigger, holder: id, server, word })];
}

async function answer(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  trigger: Exclude<Trigger, { kind: 'agent' | 'operator' }>,
  id: string,
): Promise<readonly Run[]> {
  if (trigger.kind === 'tick') return reconcile(ports, fleet, trigger, id);
  const subject = subjectOf(fleet, trigger);
  if (subject.kind === 'refused') return [await refuse(ports, subject.tag, trigger, id, subject.reason)];
  if (trigger.kind === 'alarm' && trigger.state !== 'ALARM')
    return [await refuse(ports, subject.tags[0] ?? 'fleet', trigger, id, 'not-in-alarm')];
  if (ports.clock.now() - trigger.atMs > fleet.policy.maxEventAgeMs)
    return [await refuse(ports, subject.tags[0] ?? 'fleet', trigger, id, 'event-too-old')];
  const { tags, server } = subject;
  return recoverTogether(
    ports,
    tags.map(
      (tag) => (each) =>
        recover(each, fleet, { tag, trigger, holder: id, ...(server === undefined ? {} : { server }) }),
    ),
  );
}

type Subject =
  | { readonly kind: 'resources'; readonly tags: readonly string[]; readonly server?: string }
  | { readonly kind: 'refused'; readonly tag: string; readonly reason: HoldReason };

function serverOf(fleet: FleetDefinition, instanceId: string): string | undefined {
  return Object.entries(fleet.servers).find(([, each]) => each.instanceId === instanceId)?.[0];
}

function subjectOf(
  fleet: FleetDefinition,
  trigger: Extract<Trigger, { kind: 'alarm' | 'instance-state' }>,
): Subject {
  if (trigger.kind === 'instance-state') {
    const server = serverOf(fleet, trigger.instanceId);
    return server === undefined ? refusal('fleet', 'server-not-active') : onServer(fleet, server);
  }
  const subject = alarmSubject(fleet.name, trigger.alarmName);
  if (subject.kind === 'unknown') return refusal('fleet', 'alarm-unknown');
  if (subject.kind === 'status')
    return fleet.servers[subject.server] === undefined
      ? refusal('fleet', 'alarm-unknown')
      : onServer(fleet, subject.server);
  const known = fleet.resources.some((resource) => resource.tag === subject.tag);
  return known ? { kind: 'resources', tags: [subject.tag] } : refusal('fleet', 'tag-unknown');
}

function onServer(fleet: FleetDefinition, server: string): Subject {
  const tags = fleet.resources
    .filter((resource) => resource.candidates.some((candidate) => candidate.server === server))
    .map((resource) => resource.tag);
  return tags.length === 0 ? refusal('fleet', 'server-not-active') : { kind: 'resources', tags, server };
}

function refusal(tag: string, reason: HoldReason): Subject {
  return { kind: 'refused', tag, reason };
}

async function refuse(
  ports: ReconcilePorts,
  tag: string,
  trigger: Trigger,
  id: string,
  reason: HoldReason,
  detail?: string,
): Promise<Run> {
  const startedAtMs = ports.clock.now();
  const journal = openJournal(ports, {
    tag,
    recoveryId: `${tag}@${startedAtMs}@${id}`,
    trigger,
    startedAtMs,
  });
  if (detail !== undefined) journal.step('decided', 0, { refused: reason, detail });
  const summary: Summary = await journal.close({ outcome: 'held', reason, from: null, to: null });
  return { kind: 'ended', summary };
}
