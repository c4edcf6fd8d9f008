/** What an operator may ask without being anybody: how the resources stand, and where each could go. */
import { claimView, waitingView } from './claim-view.ts';
import { Fault } from './fault.ts';
import type { FleetDefinition } from './fleet.ts';
import { dependentsOf, dependentsOut } from './hierarchy.ts';
import { parseInfo } from './info.ts';
import { mechanismWords } from './mechanism-words.ts';
import { dottedOfPrefix } from './netmask.ts';
import type { AddressView, FleetView, InstancesView } from './observation.ts';
import { currentPlace, lookAtAddresses, lookAtInstances } from './observe.ts';
import type { OperatePorts } from './operate-ports.ts';
import type { Answer, ListEntry, Status } from './order.ts';
import { type Seen, serversByPriority, targetsOf } from './readiness.ts';
import type { Reading } from './reading.ts';
import { wordsOf } from './reasons.ts';
import { eniAt, entryOf, isPaused, newRecord, type ResourceRecord } from './resource.ts';
import { inServiceState, type ResourceState } from './states.ts';

type Asked = Pick<OperatePorts, 'clock' | 'ledger' | 'addresses' | 'instances' | 'words'>;

/** How many resources are read at the same time. */
const width = 8;

/** @throws Fault */
export async function status(
  ports: Asked,
  fleet: FleetDefinition,
  tag: string,
  machine: string | undefined,
): Promise<Status> {
  const record = await readRecord(ports, fleet, tag);
  const server = machine ?? record.activeServer ?? serversByPriority(record)[0] ?? '';
  const info = parseInfo(entryOf(record, server).info);
  const definition = fleet.resources.find((each) => each.tag === tag);
  const [addresses, instances, switches, agent, dependents] = await Promise.all([
    lookAtAddresses(ports, record),
    // A switchover would be refused for want of a sign of life, so the status says so too.
    lookAtInstances(ports, record, true),
    ports.ledger.fleet(),
    agentOf(ports, record),
    dependentsOf(ports, record, definition?.dependents ?? []),
  ]);
  if (addresses.kind !== 'found')
    throw new Fault(
      'service-unavailable',
      `EC2 could not be asked who owns ${record.address}: ${addresses.kind === 'absent' ? 'no answer' : addresses.why}`,
      'later',
    );
  const nowMs = ports.clock.now();
  return {
    tag,
    state: shownState(record, switches, nowMs),
    reason: record.stateReason,
    activeServer: record.activeServer,
    server,
    address: info.address,
    netmask: dottedOfPrefix(info.prefixLength),
    primary: { name: info.primary, up: isUp(record, server, info.primary, addresses.value) },
    backup: info.backup,
    info: Object.fromEntries(Object.entries(record.servers).map(([name, entry]) => [name, entry.info])),
    mechanism: { kind: record.mechanism.kind, words: mechanismWords(record.mechanism) },
    automation: record.automation,
    pausedUntilMs: isPaused(record, nowMs) ? record.pausedUntilMs : null,
    failoverBlockedUntilMs: record.failoverBlockedUntilMs > nowMs ? record.failoverBlockedUntilMs : null,
    armed: record.armed,
    claim: claimView(record, nowMs),
    waiting: waitingView(record, nowMs),
    dependents,
    recent: record.recent.map(({ atMs, outcome }) => ({ atMs, outcome })),
    agent,
    targets: targets(record, addresses.value, instances),
  };
}

/** @throws Fault */
export async function list(ports: Asked, fleet: FleetDefinition): Promise<Extract<Answer, { kind: 'list' }>> {
  const [records, switches] = await Promise.all([readAll(ports, fleet), ports.ledger.fleet()]);
  if (switches.kind !== 'found')
    throw new Fault('service-unavailable', "the fleet's switches could not be read", 'later');
  const seen = await lookOnce(ports, records);
  const nowMs = ports.clock.now();
  const { max, windowMs } = fleet.policy.fleetBrake;
  const { automation, pausedUntilMs, failovers } = switches.value;
  const counted = Object.values(failovers).filter((atMs) => atMs > nowMs - windowMs).length;
  return {
    ok: true,
    kind: 'list',
    fleet: {
      name: fleet.name,
      automation,
      pausedUntilMs: pausedUntilMs > nowMs ? pausedUntilMs : null,
      brake: { counted, max },
    },
    resources: records.map((record) => entryOfList(record, switches, seen, nowMs)),
  };
}

/** A resource that is declared and that nobody has looked at yet is as its definition says. @throws Fault */
export async function readRecord(
  ports: Pick<Asked, 'ledger'>,
  fleet: FleetDefinition,
  tag: string,
): Promise<ResourceRecord> {
  const read = await ports.ledger.read(tag);
  if (read.kind === 'could-not-look') throw new Fault('service-unavailable', read.why, 'later');
  if (read.kind === 'found') return read.value;
  const definition = fleet.resources.find((each) => each.tag === tag);
  if (definition === undefined) throw new Fault('unknown-tag', `no resource has the tag "${tag}"`, 'never');
  return newRecord(fleet, definition);
}

function entryOfList(
  record: ResourceRecord,
  switches: Reading<FleetView>,
  seen: Seen | null,
  nowMs: number,
): ListEntry {
  const at = currentPlace(record);
  return {
    tag: record.tag,
    address: record.address,
    server: at?.server ?? null,
    interface: at?.interface ?? null,
    state: shownState(record, switches, nowMs),
    reason: record.stateReason,
    automation: record.automation,
    pausedUntilMs: isPaused(record, nowMs) ? record.pausedUntilMs : null,
    sinceMs: record.recent.at(-1)?.atMs ?? null,
    claim: claimView(record, nowMs),
    waiting: waitingView(record, nowMs),
    dependentsOut: dependentsOut(record),
    ready: seen === null ? null : targetsOf(record, seen).some(({ skip }) => skip === null),
  };
}

/** A pause ends by itself and the fleet's switches are nobody's record: what is shown is what holds now. */
function shownState(record: ResourceRecord, switches: Reading<FleetView>, nowMs: number): ResourceState {
  if (record.state !== 'ISP' && record.state !== 'ISU') return record.state;
  const own = inServiceState({ ...record, paused: isPaused(record, nowMs) });
  if (switches.kind !== 'found' || own === 'ISU') return own;
  const { automation } = switches.value;
  return inServiceState({ automation, paused: isPaused(switches.value, nowMs), armed: record.armed });
}

function targets(
  record: ResourceRecord,
  addresses: AddressView,
  instances: Reading<InstancesView>,
): Status['targets'] {
  if (instances.kind === 'found')
    return targetsOf(record, { addresses, instances: instances.value }).map(({ at, skip }) => ({
      at,
      ready: skip === null,
      why: skip === null ? null : wordsOf(skip),
    }));
  const why = `EC2 could not be asked about the instances: ${instances.kind === 'absent' ? 'no answer' : instances.why}`;
  return targetsOf(record, { addresses, instances: {} }).map(({ at }) => ({ at, ready: false, why }));
}

/** Up: in service on this server, and EC2 says that this interface owns the address. */
function isUp(record: ResourceRecord, server: string, primary: string, addresses: AddressView): boolean {
  if (record.activeServer !== server || (record.state !== 'ISP' && record.state !== 'ISU')) return false;
  const eniId = eniAt(record, { server, interface: primary });
  return addresses.owners.some((owner) => owner.eniId === eniId);
}

async function agentOf(ports: Asked, record: ResourceRecord): Promise<Status['agent']> {
  if (record.activeServer === null) return null;
  const last = await ports.words.last(record.tag, entryOf(record, record.activeServer).instanceId);
  return last.kind === 'found'
    ? { version: last.value.answer.agent ?? null, spokeAtMs: last.value.atMs }
    : null;
}

async function readAll(ports: Asked, fleet: FleetDefinition): Promise<readonly ResourceRecord[]> {
  const records: ResourceRecord[] = [];
  for (let from = 0; from < fleet.resources.length; from += width) {
    const some = fleet.resources.slice(from, from + width);
    records.push(...(await Promise.all(some.map(({ tag }) => readRecord(ports, fleet, tag)))));
  }
  return records;
}

/** All interfaces and instances in one look each; null when nobody could look. */
async function lookOnce(ports: Asked, records: readonly ResourceRecord[]): Promise<Seen | null> {
  const [first] = records;
  if (first === undefined) return null;
  const eniIds = records.flatMap(({ servers }) =>
    Object.values(servers).flatMap(({ interfaces }) => Object.values(interfaces)),
  );
  const [addresses, instances] = await Promise.all([
    ports.addresses.look([...new Set(eniIds)], first),
    ports.instances.look(instanceIdsOf(records)),
  ]);
  if (addresses.kind !== 'found' || instances.kind !== 'found') return null;
  return { addresses: addresses.value, instances: instances.value };
}

function instanceIdsOf(records: readonly ResourceRecord[]): readonly string[] {
  return [
    ...new Set(records.flatMap(({ servers }) => Object.values(servers).map(({ instanceId }) => instanceId))),
  ];
}
