/**
 * The stored record of one protected address: everything a recovery reads and writes in one item, so that every state
 * change is one conditional write. The definition part comes from CDK, the rest belongs to runtime and survives deploys.
 */
import * as v from 'valibot';
import { waiting } from './confirmation.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition, ResourceDefinition } from './fleet.ts';
import { parseInfo, printInfo } from './info.ts';
import { mechanism } from './mechanism.ts';

const rung = v.picklist(['restore-in-place', 'move-to-backup', 'fail-over']);

export const place = v.object({ server: v.string(), interface: v.string() });

const serverEntry = v.object({
  instanceId: v.string(),
  priority: v.number(),
  /** The INFO record; fields 2 and 5 change places after a local move. */
  info: v.string(),
  /** ENI id by OS device name. */
  interfaces: v.record(v.string(), v.string()),
  /** Each interface's own address, by OS device name. */
  addresses: v.optional(v.record(v.string(), v.string()), {}),
  /** Of its interfaces, where it is not the resource's. */
  subnet: v.optional(v.string()),
  /** Differences of its interfaces that the fleet file accepts. */
  accepts: v.optional(v.array(v.picklist(['security-groups', 'source-dest-check'])), []),
  /** Nothing fails over to it. */
  maintenance: v.optional(v.boolean(), false),
  /** An operator has taken this backup although it has other security groups or another source/destination check. */
  differsByOrder: v.optional(v.boolean()),
});

const claim = v.object({
  /** Rises with every claim, never falls. */
  epoch: v.number(),
  holder: v.nullable(v.string()),
  expiresAtMs: v.number(),
});

/** What the claim holder was about to change when it last wrote: lets a successor finish instead of guessing. */
const intent = v.object({
  epoch: v.number(),
  rung,
  to: place,
  /** Of an operator's order: what its retry knows itself by. */
  recovery: v.optional(v.string()),
});

const pastRecovery = v.object({
  atMs: v.number(),
  epoch: v.number(),
  outcome: v.string(),
  /** Of an operator's order: what its retry knows itself by. */
  recovery: v.optional(v.string()),
});

/** A dependent as the last failover has left it. */
const dependentState = v.object({
  state: v.picklist(['ISP', 'OSU', 'OSF', 'ILLSTATE']),
  server: v.nullable(v.string()),
  why: v.string(),
  atMs: v.number(),
});

const blind = v.object({ sinceMs: v.number(), lastMs: v.number(), paged: v.boolean() });

const resourceRecord = v.object({
  version: v.literal(1),
  tag: v.string(),
  address: v.string(),
  mechanism: v.optional(mechanism, { kind: 'secondary' }),
  subnet: v.string(),
  prefixLength: v.number(),
  pingList: v.array(v.string()),
  /** What it means when a person stops the active server's instance. */
  shutdownStrategy: v.optional(v.picklist(['switchover', 'hold']), 'switchover'),
  /** The security group that its fence isolates a server with; null when it has no such fence. */
  isolation: v.optional(v.nullable(v.string()), null),
  servers: v.record(v.string(), serverEntry),
  /** MAC by ENI id, learned from EC2: how the host knows an interface. */
  macs: v.record(v.string(), v.string()),
  activeServer: v.nullable(v.string()),
  state: v.picklist(['ISP', 'ISU', 'OSU', 'OSF', 'ILLSTATE']),
  stateReason: v.string(),
  automation: v.picklist(['on', 'observe', 'off']),
  pausedUntilMs: v.number(),
  /** True once the resource was seen healthy; nothing acts before. */
  armed: v.boolean(),
  claim,
  intent: v.nullable(intent),
  /** Newest last, at most `keptRecoveries`. */
  recent: v.array(pastRecovery),
  /** No automatic failover before this. */
  failoverBlockedUntilMs: v.number(),
  /** Since when nobody could look although something seemed wrong; null while looks succeed. */
  blind: v.optional(v.nullable(blind), null),
  /** A failover that waits for a person's answer. */
  waiting: v.optional(v.nullable(waiting), null),
  /** By name. */
  dependents: v.optional(v.record(v.string(), dependentState), {}),
  /** The definition this record was last brought in line with. */
  definition: v.string(),
});

export type Rung = v.InferOutput<typeof rung>;
export type Place = Readonly<v.InferOutput<typeof place>>;
export type ServerEntry = Readonly<v.InferOutput<typeof serverEntry>>;
export type Claim = Readonly<v.InferOutput<typeof claim>>;
export type Intent = Readonly<v.InferOutput<typeof intent>>;
export type Blind = Readonly<v.InferOutput<typeof blind>>;
export type DependentState = Readonly<v.InferOutput<typeof dependentState>>;
export type PastRecovery = Readonly<v.InferOutput<typeof pastRecovery>>;
export type ResourceRecord = Readonly<v.InferOutput<typeof resourceRecord>>;

export const keptRecoveries = 20;

/** @throws Fault `invalid-record` naming the path of what is wrong, an unknown version included */
export function parseRecord(item: unknown): ResourceRecord {
  const result = v.safeParse(resourceRecord, item);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new Fault(
    'invalid-record',
    `stored resource, ${v.getDotPath(issue) ?? 'top'}: ${issue.message}`,
    'never',
  );
}

/** The record of a resource that nobody has looked at yet. */
export function newRecord(fleet: FleetDefinition, resource: ResourceDefinition): ResourceRecord {
  return {
    version: 1,
    tag: resource.tag,
    ...definedPart(fleet, resource, {}),
    macs: {},
    activeServer: null,
    state: 'ILLSTATE',
    stateReason: 'not-looked-at-yet',
    automation: resource.automation,
    pausedUntilMs: 0,
    armed: false,
    claim: { epoch: 0, holder: null, expiresAtMs: 0 },
    intent: null,
    recent: [],
    failoverBlockedUntilMs: 0,
    blind: null,
    waiting: null,
    dependents: {},
  };
}

export type DefinedPart = Pick<
  ResourceRecord,
  | 'address'
  | 'mechanism'
  | 'subnet'
  | 'prefixLength'
  | 'pingList'
  | 'shutdownStrategy'
  | 'isolation'
  | 'servers'
  | 'definition'
>;

/**
 * What a (re)deploy says about a resource, on top of what runtime has learned: a swapped INFO record stays swapped as
 * long as the definition still names the same two interfaces, and a backup that an operator has added or removed stays
 * so as long as the definition says of this server what it said before.
 * @param before the definition behind `known`
 */
export function definedPart(
  fleet: FleetDefinition,
  resource: ResourceDefinition,
  known: { readonly [server: string]: ServerEntry },
  before = '',
): DefinedPart {
  const declared = declaredResource(before);
  const servers = resource.candidates.map((candidate): [string, ServerEntry] => {
    const server = fleet.servers[candidate.server];
    if (server === undefined)
      throw new Fault(
        'invalid-fleet',
        `resource ${resource.tag} names the unknown server ${candidate.server}`,
        'never',
      );
    const defined = {
      server: candidate.server,
      primary: candidate.interface,
      address: resource.address,
      prefixLength: resource.prefixLength,
      backup: candidate.backup,
    };
    const interfaces = Object.fromEntries(
      Object.entries(server.interfaces).map(([name, each]) => [name, each.eniId]),
    );
    const current = known[candidate.server];
    const atRuntime = current === undefined ? undefined : parseInfo(current.info);
    const said = declared?.candidates.find((each) => each.server === candidate.server);
    const kept =
      atRuntime !== undefined &&
      (isSwapOf(atRuntime, defined) ||
        (isOn(interfaces, atRuntime) && (isSameOn(said, candidate) || isTold(said, candidate, atRuntime))));
    const info = kept ? { ...defined, primary: atRuntime.primary, backup: atRuntime.backup } : defined;
    const differs = kept && current?.differsByOrder === true ? { differsByOrder: true } : {};
    return [
      candidate.server,
      {
        instanceId: server.instanceId,
        priority: candidate.priority,
        info: printInfo(info),
        interfaces,
        addresses: Object.fromEntries(
          Object.entries(server.interfaces).map(([name, each]) => [name, each.address]),
        ),
        ...(server.subnet === undefined ? {} : { subnet: server.subnet }),
        accepts: candidate.accepts ?? [],
        maintenance: server.maintenance ?? false,
        ...differs,
      },
    ];
  });
  return {
    address: resource.address,
    mechanism: resource.mechanism ?? { kind: 'secondary' },
    subnet: resource.subnet,
    prefixLength: resource.prefixLength,
    pingList: resource.pingList,
    shutdownStrategy: resource.failover?.shutdownStrategy ?? 'switchover',
    isolation: resource.failover?.fence.kind === 'isolate' ? resource.failover.fence.securityGroup : null,
    servers: Object.fromEntries(servers),
    definition: JSON.stringify([
      resource,
      servers.map(([, { instanceId, interfaces, addresses, subnet, maintenance }]) => [
        instanceId,
        interfaces,
        addresses,
        subnet,
        maintenance,
      ]),
    ]),
  };
}

/** The automation that the definition behind this record declared; undefined when it cannot be told. */
export function declaredAutomation(record: ResourceRecord): unknown {
  return declaredResource(record.definition)?.automation;
}

/** The definition as this module has written it; undefined for what it has not. */
function declaredResource(definition: string): ResourceDefinition | undefined {
  try {
    const [resource] = JSON.parse(definition);
    return Array.isArray(resource?.candidates) ? resource : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the record still follows this definition. */
export function follows(
  record: ResourceRecord,
  fleet: FleetDefinition,
  resource: ResourceDefinition,
): boolean {
  return record.definition === definedPart(fleet, resource, record.servers).definition;
}

export function entryOf(record: ResourceRecord, server: string): ServerEntry {
  const entry = record.servers[server];
  if (entry === undefined)
    throw new Fault('unknown-server', `resource ${record.tag} has no server "${server}"`, 'never');
  return entry;
}

/** ENI id of a place. @throws Fault `unknown-server` when the record does not know it */
export function eniAt(record: ResourceRecord, at: Place): string {
  const eniId = entryOf(record, at.server).interfaces[at.interface];
  if (eniId === undefined)
    throw new Fault('unknown-server', `server ${at.server} has no interface "${at.interface}"`, 'never');
  return eniId;
}

/** The address as the operating system has it there: of an Elastic IP the interface's own. */
export function hostAddress(record: ResourceRecord, at: Place): string {
  return record.mechanism.kind === 'elastic'
    ? (entryOf(record, at.server).addresses[at.interface] ?? '')
    : record.address;
}

/** The place an ENI is at, if it is declared for this resource. */
export function placeOf(record: ResourceRecord, eniId: string): Place | undefined {
  for (const [server, entry] of Object.entries(record.servers))
    for (const [name, id] of Object.entries(entry.interfaces))
      if (id === eniId) return { server, interface: name };
  return undefined;
}

/** Its dependents were left on their way from one server to another. */
export function isUnderWay(record: ResourceRecord): boolean {
  return Object.values(record.dependents).some(({ state }) => state === 'ILLSTATE');
}

/** An operator has taken it out of service, and nobody has brought it back since. */
export function isOutOnPurpose(record: ResourceRecord): boolean {
  return record.activeServer === null && record.stateReason === 'out-of-service';
}

export function isPaused(record: { readonly pausedUntilMs: number }, nowMs: number): boolean {
  return record.pausedUntilMs > nowMs;
}

type Candidate = ResourceDefinition['candidates'][number];

function isSameOn(before: Candidate | undefined, now: Candidate): boolean {
  return before !== undefined && before.interface === now.interface && before.backup === now.backup;
}

/** A deploy that only says of the backup what an operator has made of it: nothing that is in service moves for that. */
function isTold(
  said: ResourceDefinition['candidates'][number] | undefined,
  candidate: ResourceDefinition['candidates'][number],
  atRuntime: { readonly backup: string | null },
): boolean {
  return said?.interface === candidate.interface && atRuntime.backup === candidate.backup;
}

function isOn(
  interfaces: { readonly [name: string]: string },
  info: { readonly primary: string; readonly backup: string | null },
): boolean {
  return info.primary in interfaces && (info.backup === null || info.backup in interfaces);
}

function isSwapOf(
  info: { readonly primary: string; readonly backup: string | null },
  defined: { readonly primary: string; readonly backup: string | null },
): boolean {
  return defined.backup !== null && info.primary === defined.backup && info.backup === defined.primary;
}
