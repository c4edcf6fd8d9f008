/**
 * Tells what happens in the embedded AWS while the story waits: alarms, state changes, moves, commands, refusals, and
 * of dependents what the audit trail says of each as it is written.
 */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { AwsEvent, CallRecord } from '../emulator/account.ts';
import type { AuditRecord } from '../recovery/audit.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { effectOf } from './effects.ts';
import { serverOf } from './places.ts';
import type { Stage } from './stage.ts';
import type { Teller } from './teller.ts';

export function narrate({ aws, fleet, clock }: Pick<Stage, 'aws' | 'fleet' | 'clock'>, teller: Teller): void {
  aws.account.onEvent((event) => {
    const text = eventText(event, fleet);
    if (text !== undefined) teller.event((event.time ?? new Date(clock.now())).getTime(), text);
  });
  aws.account.onCall((call) => {
    const text = effectOf(call, fleet)?.text ?? dependentText(call, fleet);
    if (text !== undefined)
      teller.event(call.atMs, call.error === undefined ? text : `${text}: ${call.error}`);
  });
}

function eventText({ source, detail }: AwsEvent, fleet: FleetDefinition): string | undefined {
  const facts = detail as {
    readonly alarmName?: string;
    readonly state?: string | { readonly value?: string };
    readonly 'instance-id'?: string;
  };
  if (source === 'aws.ec2' && typeof facts.state === 'string') {
    const instanceId = facts['instance-id'];
    return `EC2: ${serverOf(fleet, instanceId) ?? instanceId} is ${facts.state}`;
  }
  if (source === 'aws.cloudwatch' && typeof facts.state === 'object')
    return `alarm ${facts.alarmName} → ${facts.state.value}`;
  return undefined;
}

const words: { readonly [step: string]: string } = {
  'dependent-stopped': 'out',
  'dependent-not-stopped': 'NOT OUT',
  'dependent-started': 'in',
  'dependent-not-started': 'NOT IN',
};

/** `in   database  ServerB  1804 ms  in service`: an audit record that was just written. */
function dependentText({ operation, input }: CallRecord, fleet: FleetDefinition): string | undefined {
  if (operation !== 'PutItem') return undefined;
  const { Item } = input as { readonly Item?: Record<string, AttributeValue> };
  if (Item?.['step']?.S === undefined || words[Item['step'].S] === undefined) return undefined;
  const record = unmarshall(Item) as Extract<AuditRecord, { readonly kind: 'step' }>;
  const { name, server, detail } = record.evidence as Record<'name' | 'server' | 'detail', string>;
  const { dependents = [] } = fleet.resources.find(({ tag }) => tag === record.tag) ?? {};
  const width = Math.max(...dependents.map((each) => each.name.length));
  const ms = `${String(record.ms).padStart(5)} ms`;
  return `${words[record.step]?.padEnd(3)}  ${name.padEnd(width)}  ${server}  ${ms}  ${detail.split('\n')[0]}`;
}
