/**
 * What a recovery tells the failover that follows it: one incident with all the resources that have to leave a server.
 * Its name makes it the same execution however often it is started.
 */
import * as v from 'valibot';
import { carriedOrder } from './carried-order.ts';
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
  /** The operator's order that it carries out; a failure when left out. */
  carried: v.optional(carriedOrder),
  /** Another resource that depends on this one has failed; this one has to move although it is well. */
  because: v.optional(v.object({ tag: v.string(), reason: v.string() })),
});

const incident = v.object({
  version: v.literal(1),
  /** Of the durable execution: letters, digits, dash and underscore, at most 64. */
  name: v.string(),
  members: v.pipe(v.array(escalation), v.minLength(1)),
});

export type Escalation = Readonly<v.InferOutput<typeof escalation>>;
export type Incident = Readonly<v.InferOutput<typeof incident>>;

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html: DurableExecutionName, 1 to 64 characters. */
const longestName = 64;

/** The first member's tag and epoch: whoever starts the same failover again names the same execution. */
export function incidentOf(members: readonly [Escalation, ...Escalation[]]): Incident {
  const [{ tag, epoch }] = members;
  const end = `-${epoch}`;
  return { version: 1, name: `${tag.slice(0, longestName - end.length)}${end}`, members: [...members] };
}

/** @throws Fault `usage` naming the path of what is wrong */
export function parseIncident(event: unknown): Incident {
  const result = v.safeParse(incident, event);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault('usage', `incident, ${v.getDotPath(issue) ?? 'top'}: ${issue.message}`, 'never');
}
