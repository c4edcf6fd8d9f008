/** Whether a place can take the address, and where it could go: preflight, seen from the operator's side. */
import { parseInfo } from './info.ts';
import type { AddressView, InstancesView } from './observation.ts';
import { currentPlace } from './observe.ts';
import { backupSkip, serverSkip } from './preflight.ts';
import type { SkipReason } from './reasons.ts';
import { eniAt, entryOf, type Place, placeOf, type ResourceRecord } from './resource.ts';

export interface Seen {
  readonly addresses: AddressView;
  readonly instances: InstancesView;
  /** Interfaces that have as many addresses as they may have, where somebody has counted. */
  readonly full?: ReadonlySet<string>;
}

/** `forced`: what only says that the place is unlike, ailing or in maintenance does not count. */
export type Rigour = 'ready' | 'forced';

const overridable: ReadonlySet<SkipReason> = new Set(['security-groups-differ', 'source-dest-check-differs']);

/** Why the place cannot take the address; null when it can. */
export function skipAt(
  record: ResourceRecord,
  to: Place,
  { addresses, instances, full }: Seen,
  rigour: Rigour = 'ready',
): SkipReason | null {
  if (full?.has(eniAt(record, to)) === true) return 'no-free-slot';
  const { instanceId, info } = entryOf(record, to.server);
  const here = record.activeServer === to.server;
  if (here && parseInfo(info).backup === to.interface)
    return instances[instanceId]?.state === 'running'
      ? backupSkip(record, to.server, addresses)
      : 'server-not-running';
  // On its own server nothing of that is a reason against: the address is there already.
  const isEased = here || rigour === 'forced';
  const skip = serverSkip(
    isEased ? outOfMaintenance(record, to.server) : record,
    to,
    addresses,
    isEased ? eased(instances, instanceId) : instances,
  );
  return skip !== null && rigour === 'forced' && overridable.has(skip) ? null : skip;
}

export interface Target {
  readonly at: Place;
  readonly skip: SkipReason | null;
}

/** In the order in which they would be tried: the backup interface, then the other servers by priority. */
export function targetsOf(record: ResourceRecord, seen: Seen): readonly Target[] {
  const here = currentPlace(record);
  const backup = here === null ? null : parseInfo(entryOf(record, here.server).info).backup;
  const near = here === null || backup === null ? [] : [{ server: here.server, interface: backup }];
  const away = serversByPriority(record).filter((server) => server !== here?.server);
  return [...near, ...away.map((server) => primaryOf(record, server))].map((at) => ({
    at,
    skip: skipAt(record, at, seen),
  }));
}

export function serversByPriority(record: ResourceRecord): readonly string[] {
  return Object.entries(record.servers)
    .sort(([, a], [, b]) => a.priority - b.priority)
    .map(([server]) => server);
}

/** Where the address comes up first on that server. */
export function primaryOf(record: ResourceRecord, server: string): Place {
  return { server, interface: parseInfo(entryOf(record, server).info).primary };
}

/** The owner with whom nothing may be done: an interface that is not ours, or one whose own address it is. */
export function foreignOwner(
  record: ResourceRecord,
  addresses: AddressView,
): AddressView['owners'][number] | undefined {
  return addresses.owners.find((owner) => owner.asPrimary || placeOf(record, owner.eniId) === undefined);
}

export function samePlace(a: Place | null, b: Place | null): boolean {
  return a?.server === b?.server && a?.interface === b?.interface;
}

export function placeWords({ server, interface: name }: Place): string {
  return `${server}/${name}`;
}

function eased(instances: InstancesView, instanceId: string): InstancesView {
  const instance = instances[instanceId];
  if (instance === undefined) return instances;
  const well = { systemStatus: 'ok', instanceStatus: 'ok', reachable: null };
  return { ...instances, [instanceId]: { ...instance, ...well } };
}

function outOfMaintenance(record: ResourceRecord, server: string): ResourceRecord {
  const entry = { ...entryOf(record, server), maintenance: false };
  return { ...record, servers: { ...record.servers, [server]: entry } };
}
