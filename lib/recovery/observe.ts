/** Looks at all planes in parallel, and does not wait for the host when its answer can no longer change the verdict. */
import type { HostAction } from './answer.ts';
import { hostMatters } from './decide.ts';
import type { RecoveryPolicy } from './fleet.ts';
import { parseInfo } from './info.ts';
import type { AddressView, Observation } from './observation.ts';
import type { HostQuestion, Ports } from './ports.ts';
import { couldNotLook, type Reading } from './reading.ts';
import { eniAt, entryOf, type Place, type ResourceRecord } from './resource.ts';

/** How long a host may take to answer a mere look; longer would make a dead host's resource wait. */
export const lookDeadlineMs = 8_000;

export async function observe(
  ports: Ports,
  record: ResourceRecord,
  policy: RecoveryPolicy,
  tried: Pick<Observation, 'tried' | 'triedServers'>,
  host: 'ask' | 'known-silent' = 'ask',
): Promise<Observation> {
  const at = currentPlace(record);
  const early =
    at === null || host === 'known-silent'
      ? null
      : askHost(ports, record, at, record.macs[eniAt(record, at)]);
  // When nobody waits for the answer, its failure is nobody's either.
  early?.catch(() => undefined);
  const [addresses, instances, fleet] = await Promise.all([
    lookAtAddresses(ports, record),
    ports.instances.look(Object.values(record.servers).map((server) => server.instanceId)),
    ports.ledger.fleet(),
  ]);
  const seen: Observation = { addresses, instances, fleet, host: { kind: 'absent' }, ...tried };
  if (at === null || !hostMatters(seen, record, policy, ports.clock.now())) return seen;
  if (host === 'known-silent') return { ...seen, host: couldNotLook('gave no answer a moment ago') };
  const answer = early ?? askHost(ports, record, at, macOf(addresses, record, at));
  return { ...seen, host: (await answer) ?? couldNotLook('the MAC address of the interface is not known') };
}

export function lookAtAddresses(ports: Ports, record: ResourceRecord): Promise<Reading<AddressView>> {
  const eniIds = Object.values(record.servers).flatMap((server) => Object.values(server.interfaces));
  return ports.addresses.look(eniIds, record.address);
}

/** Where the record says the address is. */
export function currentPlace(record: ResourceRecord): Place | null {
  if (record.activeServer === null) return null;
  return {
    server: record.activeServer,
    interface: parseInfo(entryOf(record, record.activeServer).info).primary,
  };
}

export function question(record: ResourceRecord, action: HostAction, mac: string): HostQuestion {
  return { action, address: record.address, mac, subnet: record.subnet, pingList: record.pingList };
}

function askHost(
  ports: Ports,
  record: ResourceRecord,
  at: Place,
  mac: string | undefined,
): ReturnType<Ports['hosts']['ask']> | null {
  if (mac === undefined) return null;
  return ports.hosts.ask(
    entryOf(record, at.server).instanceId,
    question(record, 'status', mac),
    lookDeadlineMs,
  );
}

function macOf(addresses: Reading<AddressView>, record: ResourceRecord, at: Place): string | undefined {
  const eniId = eniAt(record, at);
  return addresses.kind === 'found' ? addresses.value.interfaces[eniId]?.mac : record.macs[eniId];
}
