/** What a recovery tells the failover that follows it. */
import * as v from 'valibot';
import { Fault } from './fault.ts';

const trigger = v.variant('kind', [
  v.object({
    kind: v.literal('alarm'),
    via: v.picklist(['direct', 'eventbridge', 'sns']),
    alarmName: v.string(),
    state: v.picklist(['ALARM', 'OK', 'INSUFFICIENT_DATA']),
    atMs: v.number(),
    why: v.string(),
  }),
  v.object({
    kind: v.literal('instance-state'),
    instanceId: v.string(),
    state: v.string(),
    atMs: v.number(),
  }),
  v.object({ kind: v.literal('agent'), instanceId: v.string(), atMs: v.number(), why: v.string() }),
  v.object({
    kind: v.literal('operator'),
    order: v.string(),
    arn: v.string(),
    via: v.picklist(['command', 'runbook', 'instance']),
    reason: v.nullable(v.string()),
    atMs: v.number(),
  }),
  v.object({ kind: v.literal('tick'), atMs: v.number() }),
]);

const escalation = v.object({
  tag: v.string(),
  /** The claim that the failover takes over. */
  epoch: v.number(),
  recoveryId: v.string(),
  startedAtMs: v.number(),
  /** When the recovery handed over: from here to the failover's start nobody acts. */
  escalatedAtMs: v.number(),
  stagesMs: v.record(v.string(), v.number()),
  trigger,
  tried: v.array(v.picklist(['restore-in-place', 'move-to-backup'])),
  /** When the source's host was last asked and gave no answer; null when it answered or was not asked. */
  silentAtMs: v.nullable(v.number()),
});

export type Escalation = Readonly<v.InferOutput<typeof escalation>>;

/** @throws Fault `usage` naming the path of what is wrong */
export function parseEscalation(event: unknown): Escalation {
  const result = v.safeParse(escalation, event);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault('usage', `escalation, ${v.getDotPath(issue) ?? 'top'}: ${issue.message}`, 'never');
}
