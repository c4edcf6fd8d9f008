/**
 * From an invocation to recoveries: reads the event, refuses what moves nothing (each refusal is audited and the
 * function succeeds: a retry would be noise), and finds the resources that it speaks of.
 */
import type { Summary } from './audit.ts';
import { readEvent } from './event.ts';
import type { FleetDefinition } from './fleet.ts';
import { openJournal } from './journal.ts';
import { alarmSubject } from './names.ts';
import type { HoldReason } from './reasons.ts';
import { type ReconcilePorts, reconcile } from './reconcile.ts';
import { type Run, recover } from './recover.ts';
import { together } from './together.ts';
import type { Trigger } from './trigger.ts';

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
    runs.push(...(await answer(ports, fleet, read.trigger, invocation.id)));
  }
  return runs;
}

async function answer(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  trigger: Trigger,
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
  return together(
    tags.map((tag) =>
      recover(ports, fleet, { tag, trigger, holder: id, ...(server === undefined ? {} : { server }) }),
    ),
  );
}

type Subject =
  | { readonly kind: 'resources'; readonly tags: readonly string[]; readonly server?: string }
  | { readonly kind: 'refused'; readonly tag: string; readonly reason: HoldReason };

function subjectOf(fleet: FleetDefinition, trigger: Exclude<Trigger, { kind: 'tick' }>): Subject {
  if (trigger.kind === 'instance-state') {
    const server = Object.entries(fleet.servers).find(
      ([, each]) => each.instanceId === trigger.instanceId,
    )?.[0];
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
