/** Tells what happens in the embedded AWS while the story waits: alarms, state changes, moves, commands, refusals. */
import type { AwsEvent, CallRecord } from '../emulator/account.ts';
import type { Stage } from './stage.ts';
import type { Teller } from './teller.ts';

export function narrate({ aws, fleet, clock }: Pick<Stage, 'aws' | 'fleet' | 'clock'>, teller: Teller): void {
  const names = namesOf(fleet);
  aws.account.onEvent((event) => {
    const text = eventText(event, names);
    if (text !== undefined) teller.event((event.time ?? new Date(clock.now())).getTime(), text);
  });
  aws.account.onCall((call) => {
    const text = callText(call, names);
    if (text !== undefined)
      teller.event(call.atMs, call.error === undefined ? text : `${text}: ${call.error}`);
  });
}

type Names = ReadonlyMap<string, string>;

/** Instance and interface ids by the words that people use. */
function namesOf(fleet: Stage['fleet']): Names {
  const names = new Map<string, string>();
  for (const [server, { instanceId, interfaces }] of Object.entries(fleet.servers)) {
    names.set(instanceId, server);
    for (const [device, { eniId }] of Object.entries(interfaces)) names.set(eniId, `${server} ${device}`);
  }
  return names;
}

function eventText({ source, detail }: AwsEvent, names: Names): string | undefined {
  const facts = detail as {
    readonly alarmName?: string;
    readonly state?: string | { readonly value?: string };
    readonly 'instance-id'?: string;
  };
  if (source === 'aws.ec2' && typeof facts.state === 'string')
    return `EC2: ${names.get(facts['instance-id'] ?? '') ?? facts['instance-id']} is ${facts.state}`;
  if (source === 'aws.cloudwatch' && typeof facts.state === 'object')
    return `alarm ${facts.alarmName} → ${facts.state.value}`;
  return undefined;
}

function callText({ operation, input }: CallRecord, names: Names): string | undefined {
  const facts = input as {
    readonly NetworkInterfaceId?: string;
    readonly PrivateIpAddress?: readonly string[];
    readonly InstanceIds?: readonly string[];
    readonly Parameters?: { readonly Action?: readonly string[] };
  };
  if (operation === 'AssignPrivateIpAddresses')
    return `ec2:AssignPrivateIpAddresses ${facts.PrivateIpAddress?.join()} → ${names.get(facts.NetworkInterfaceId ?? '') ?? facts.NetworkInterfaceId}`;
  if (operation === 'SendCommand' && facts.Parameters?.Action?.[0] !== 'status')
    return `ssm:SendCommand ${facts.Parameters?.Action?.[0] ?? ''} on ${names.get(facts.InstanceIds?.[0] ?? '') ?? '?'}`;
  return undefined;
}
