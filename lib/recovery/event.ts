/**
 * Reads what invokes the recover function: an alarm in its three shapes (direct action, EventBridge state change,
 * SNS-wrapped), an instance state change, an agent's word, an operator's order, the reconcile schedule. Anything else is
 * refused by name, never guessed.
 * Shapes: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html and
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html
 */
import * as v from 'valibot';
import { type CarriedOrder, carriedOrder } from './carried-order.ts';
import { agentSource, operatorSource, tickSource } from './names.ts';
import type { Trigger } from './trigger.ts';
import { type Word, wordEvent } from './word.ts';

export type ReadEvent =
  | { readonly kind: 'trigger'; readonly trigger: Exclude<Trigger, { kind: 'agent' | 'operator' }> }
  | { readonly kind: 'word'; readonly fleet: string; readonly word: Word }
  | { readonly kind: 'order'; readonly carried: CarriedOrder }
  | { readonly kind: 'refused'; readonly detail: string };

/** CloudWatch writes `+0000`, EventBridge `Z`. */
const time = v.pipe(
  v.string(),
  v.transform((text) => Date.parse(text)),
  v.check((atMs) => !Number.isNaN(atMs), 'is not a time'),
);
const alarmState = v.picklist(['ALARM', 'OK', 'INSUFFICIENT_DATA']);
const stateChange = v.object({
  alarmName: v.string(),
  state: v.object({ value: alarmState, timestamp: time, reason: v.optional(v.string(), '') }),
});

const direct = v.object({ source: v.literal('aws.cloudwatch'), alarmData: stateChange });
const alarmEvent = v.object({
  source: v.literal('aws.cloudwatch'),
  'detail-type': v.literal('CloudWatch Alarm State Change'),
  detail: stateChange,
});
const instanceEvent = v.object({
  source: v.literal('aws.ec2'),
  'detail-type': v.literal('EC2 Instance State-change Notification'),
  time,
  detail: v.object({ 'instance-id': v.string(), state: v.string() }),
});
const tick = v.object({ source: v.literal(tickSource) });
const snsEnvelope = v.object({ Records: v.array(v.object({ Sns: v.object({ Message: v.string() }) })) });
const snsMessage = v.object({
  AlarmName: v.string(),
  NewStateValue: alarmState,
  NewStateReason: v.optional(v.string(), ''),
  StateChangeTime: time,
});

const maxRecords = 10;

/** One entry per alarm, state change or tick in the event; never empty. */
export function readEvent(event: unknown, nowMs: number): readonly ReadEvent[] {
  if (v.is(snsEnvelope, event)) {
    if (event.Records.length === 0 || event.Records.length > maxRecords)
      return [refused(`${event.Records.length} SNS records; allowed are 1 to ${maxRecords}`)];
    return event.Records.map(({ Sns }) => readSnsMessage(Sns.Message));
  }
  if (has(event, 'alarmData')) return [readAlarm(direct, event, 'direct', (parsed) => parsed.alarmData)];
  if (has(event, 'detail-type') && event['detail-type'] === 'CloudWatch Alarm State Change')
    return [readAlarm(alarmEvent, event, 'eventbridge', (parsed) => parsed.detail)];
  if (has(event, 'source') && event.source === agentSource) return [readWord(event)];
  if (has(event, 'source') && event.source === operatorSource) return [readOrder(event)];
  if (has(event, 'detail-type')) return [readInstanceEvent(event)];
  if (v.is(tick, event)) return [{ kind: 'trigger', trigger: { kind: 'tick', atMs: nowMs } }];
  return [refused(`neither alarmData, a known detail-type, SNS Records nor a tick: ${shown(event)}`)];
}

function readAlarm<S extends v.GenericSchema>(
  schema: S,
  event: unknown,
  via: 'direct' | 'eventbridge',
  pick: (parsed: v.InferOutput<S>) => v.InferOutput<typeof stateChange>,
): ReadEvent {
  const result = v.safeParse(schema, event);
  if (!result.success) return refused(issueOf(result.issues));
  const { alarmName, state } = pick(result.output);
  const { value, timestamp, reason } = state;
  return {
    kind: 'trigger',
    trigger: { kind: 'alarm', via, alarmName, state: value, atMs: timestamp, why: reason },
  };
}

function readSnsMessage(message: string): ReadEvent {
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return refused(`the SNS message is not JSON: ${message.slice(0, 80)}`);
  }
  const result = v.safeParse(snsMessage, json);
  if (!result.success) return refused(issueOf(result.issues));
  const { AlarmName, NewStateValue, NewStateReason, StateChangeTime } = result.output;
  const trigger = { alarmName: AlarmName, state: NewStateValue, atMs: StateChangeTime, why: NewStateReason };
  return { kind: 'trigger', trigger: { kind: 'alarm', via: 'sns', ...trigger } };
}

function readInstanceEvent(event: unknown): ReadEvent {
  const result = v.safeParse(instanceEvent, event);
  if (!result.success) return refused(issueOf(result.issues));
  const { time: atMs, detail } = result.output;
  return {
    kind: 'trigger',
    trigger: { kind: 'instance-state', instanceId: detail['instance-id'], state: detail.state, atMs },
  };
}

function readWord(event: unknown): ReadEvent {
  const result = v.safeParse(wordEvent, event);
  if (!result.success) return refused(issueOf(result.issues));
  const { id, detail } = result.output;
  const { fleet, tag, instanceId, uptime, answer } = detail;
  const atMs = Date.parse(result.output.time);
  if (Number.isNaN(atMs)) return refused('time: is not a time');
  return {
    kind: 'word',
    fleet,
    word: { version: 1, id, atMs, uptimeMs: uptime * 1_000, tag, instanceId, answer },
  };
}

function readOrder(event: unknown): ReadEvent {
  const result = v.safeParse(carriedOrder, event);
  return result.success ? { kind: 'order', carried: result.output } : refused(issueOf(result.issues));
}

function has<K extends string>(event: unknown, key: K): event is Record<K, unknown> {
  return typeof event === 'object' && event !== null && key in event;
}

function refused(detail: string): ReadEvent {
  return { kind: 'refused', detail };
}

function issueOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  const [issue] = issues;
  return `${v.getDotPath(issue) ?? 'event'}: ${issue.message}`;
}

function shown(event: unknown): string {
  return (JSON.stringify(event) ?? String(event)).slice(0, 200);
}
