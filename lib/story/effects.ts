/**
 * Calls that change something in service, as the account has recorded them: the address that moves, and dependents that
 * are brought into service or out of it. For whoever tells a story, and for whoever checks how it went.
 */
import type { CallRecord } from '../emulator/account.ts';
import type { DependentWork } from '../recovery/dependent.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { namesOfInterfaces, serverOf } from './places.ts';

export interface Effect {
  readonly atMs: number;
  readonly operation: string;
  /** `ec2:ReplaceRoute 172.30.0.50/32 → ServerA eth1 in rtb-…`. */
  readonly text: string;
  /** The resource that moves, or the dependent that goes in or out; null for what is neither. */
  readonly about: About | null;
}

type About =
  | { readonly what: 'move'; readonly tag: string }
  | { readonly what: 'in' | 'out'; readonly tag: string; readonly dependent: string };

/** As the embedded Route 53 has read it. */
interface DnsRecord {
  readonly name: string;
  readonly values: readonly string[];
}

type Input = { readonly [member: string]: unknown };
/** Ids by the words that people use. */
type Name = (id: unknown) => string;
type Read = (input: Input, name: Name, fleet: FleetDefinition) => Omit<Effect, 'atMs' | 'operation'> | null;

/** Null for a call that changes nothing in service, a look at a host among them. */
export function effectOf({ atMs, operation, input }: CallRecord, fleet: FleetDefinition): Effect | null {
  const effect = reads[operation]?.((input ?? {}) as Input, namesOf(fleet), fleet);
  return effect ? { atMs, operation, ...effect } : null;
}

/** What took effect since then, oldest first. */
export function effectsSince(
  calls: readonly CallRecord[],
  fleet: FleetDefinition,
  sinceMs: number,
): readonly Effect[] {
  return calls
    .filter(({ atMs, error }) => atMs >= sinceMs && error === undefined)
    .flatMap((call) => effectOf(call, fleet) ?? []);
}

const reads: { readonly [operation: string]: Read } = {
  AssignPrivateIpAddresses(input, name, fleet) {
    const addresses = list(input['PrivateIpAddress']);
    return {
      text: `ec2:AssignPrivateIpAddresses ${addresses.join()} → ${name(input['NetworkInterfaceId'])}`,
      about: moved(fleet, ({ address }) => addresses.includes(address)),
    };
  },
  UnassignIpv6Addresses: (input, name, fleet) => ipv6('Unassign', 'from', input, name, fleet),
  AssignIpv6Addresses: (input, name, fleet) => ipv6('Assign', '→', input, name, fleet),
  ReplaceRoute: (input, name, fleet) => route('ReplaceRoute', input, name, fleet),
  CreateRoute: (input, name, fleet) => route('CreateRoute', input, name, fleet),
  DeleteRoute: (input, name, fleet) => route('DeleteRoute', input, name, fleet),
  AssociateAddress(input, name, fleet) {
    const id = input['AllocationId'];
    const owner = fleet.resources.find(
      ({ mechanism }) => mechanism?.kind === 'elastic' && mechanism.allocationId === id,
    );
    return {
      text: `ec2:AssociateAddress ${owner?.address ?? id} → ${name(input['NetworkInterfaceId'])}`,
      about: owner
        ? { what: 'move', tag: owner.tag }
        : depends(fleet, 'in', (work) => work.kind === 'elasticIp' && work.allocationId === id),
    };
  },
  DetachVolume: (input, name, fleet) => ({
    text: `ec2:DetachVolume ${input['VolumeId']} from ${name(input['InstanceId'])}`,
    about: depends(fleet, 'out', (work) => work.kind === 'volume' && work.volumeId === input['VolumeId']),
  }),
  AttachVolume: (input, name, fleet) => ({
    text: `ec2:AttachVolume ${input['VolumeId']} → ${name(input['InstanceId'])}`,
    about: depends(fleet, 'in', (work) => work.kind === 'volume' && work.volumeId === input['VolumeId']),
  }),
  DeregisterTargets: (input, name, fleet) => target('out', input, name, fleet),
  RegisterTargets: (input, name, fleet) => target('in', input, name, fleet),
  ChangeResourceRecordSets(input, _, fleet) {
    const [change] = (input['changes'] ?? []) as readonly { readonly record?: DnsRecord }[];
    const { name = '', values = [] } = change?.record ?? {};
    return {
      text: `route53:ChangeResourceRecordSets ${name} → ${values.join()}`,
      about: depends(
        fleet,
        'in',
        (work) => work.kind === 'dns' && work.zoneId === input['zoneId'] && `${work.name}.` === name,
      ),
    };
  },
  SendCommand(input, name) {
    const { Action, Tag, Name } = (input['Parameters'] ?? {}) as Record<string, readonly string[]>;
    const action = Action?.[0] ?? '';
    if (action === 'status' || action === 'check') return null;
    const on = name(list(input['InstanceIds'])[0]);
    const [tag, dependent] = [Tag?.[0], Name?.[0]];
    if (tag === undefined || dependent === undefined)
      return { text: `ssm:SendCommand ${action} on ${on}`, about: null };
    return {
      text: `ssm:SendCommand ${action} ${dependent} on ${on}`,
      about: { what: action === 'start' ? 'in' : 'out', tag, dependent },
    };
  },
};

function ipv6(
  verb: 'Assign' | 'Unassign',
  preposition: string,
  input: Input,
  name: Name,
  fleet: FleetDefinition,
): ReturnType<Read> {
  const addresses = list(input['Ipv6Addresses']);
  const eni = name(input['NetworkInterfaceId']);
  return {
    text: `ec2:${verb}Ipv6Addresses ${addresses.join()} ${preposition} ${eni}`,
    about: moved(fleet, ({ address }) => addresses.includes(address)),
  };
}

function route(operation: string, input: Input, name: Name, fleet: FleetDefinition): ReturnType<Read> {
  const destination = String(input['DestinationCidrBlock'] ?? input['DestinationIpv6CidrBlock']);
  const to = operation === 'DeleteRoute' ? '' : ` → ${name(input['NetworkInterfaceId'])}`;
  return {
    text: `ec2:${operation} ${destination}${to} in ${input['RouteTableId']}`,
    about:
      moved(fleet, ({ address }) => destination === `${address}/32`) ??
      depends(
        fleet,
        operation === 'DeleteRoute' ? 'out' : 'in',
        (work) => work.kind === 'route' && work.destination === destination,
      ),
  };
}

function target(what: 'in' | 'out', input: Input, name: Name, fleet: FleetDefinition): ReturnType<Read> {
  const [first] = (input['Targets'] ?? []) as readonly { readonly Id?: string; readonly Port?: number }[];
  const arn = String(input['TargetGroupArn']);
  const group = arn.split('/')[1] ?? arn;
  const who = name(first?.Id);
  return {
    text:
      what === 'in'
        ? `elasticloadbalancing:RegisterTargets ${who} → ${group}`
        : `elasticloadbalancing:DeregisterTargets ${who} from ${group}`,
    about: depends(
      fleet,
      what,
      (work) =>
        work.kind === 'target' && work.targetGroupArn === arn && (work.port ?? undefined) === first?.Port,
    ),
  };
}

function moved(
  { resources }: FleetDefinition,
  isIt: (resource: FleetDefinition['resources'][number]) => boolean,
): About | null {
  const tag = resources.find(isIt)?.tag;
  return tag === undefined ? null : { what: 'move', tag };
}

function depends(
  { resources }: FleetDefinition,
  what: 'in' | 'out',
  isIt: (work: DependentWork) => boolean,
): About | null {
  for (const { tag, dependents = [] } of resources)
    for (const { name, work } of dependents) if (isIt(work)) return { what, tag, dependent: name };
  return null;
}

function namesOf(fleet: FleetDefinition): Name {
  const interfaces = namesOfInterfaces(fleet);
  return (id) => {
    const text = String(id ?? '?');
    return interfaces.get(text) ?? serverOf(fleet, text) ?? text;
  };
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
