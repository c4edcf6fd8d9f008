/**
 * Whether a target can take the address, checked before anything is taken away. A private address lives in its subnet
 * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/MultipleIP.html), and security groups and the source/destination
 * check belong to the interface: a move onto an interface with others "succeeds" while traffic drops.
 * Overlay addresses and Elastic IPs are bound to no subnet.
 * The free address slot is left to AssignPrivateIpAddresses, which refuses without having changed anything.
 */
import { contains, parseAddress, parseSubnet } from './address.ts';
import { parseInfo } from './info.ts';
import { isBoundToSubnet } from './mechanism.ts';
import type { AddressView, InstancesView, InterfaceView } from './observation.ts';
import type { SkipReason } from './reasons.ts';
import { eniAt, entryOf, type Place, type ResourceRecord, type ServerEntry } from './resource.ts';

/** Why the backup interface of `server` cannot take the address; null when it can. */
export function backupSkip(
  record: ResourceRecord,
  server: string,
  addresses: AddressView,
): SkipReason | null {
  const entry = entryOf(record, server);
  const info = parseInfo(entry.info);
  if (info.backup === null) return 'backup-none';
  const backup = addresses.interfaces[eniAt(record, { server, interface: info.backup })];
  if (backup === undefined) return 'backup-absent';
  if (backup.instanceId !== entry.instanceId) return 'backup-not-attached';
  const primary = addresses.interfaces[eniAt(record, { server, interface: info.primary })];
  // Whoever added it with a difference was told, and wanted it all the same.
  const wanted = entry.differsByOrder === true;
  switch (difference(record, backup, primary)) {
    case 'subnet':
      return 'backup-in-other-subnet';
    case 'security-groups':
      return wanted ? null : 'backup-security-groups-differ';
    case 'source-dest-check':
      return wanted ? null : 'backup-source-dest-check-differs';
    case 'checked':
      return 'backup-source-dest-check-on';
    case null:
      return null;
  }
}

/** Why the interface at `to` on another server cannot take the address; null when it can. */
export function serverSkip(
  record: ResourceRecord,
  to: Place,
  addresses: AddressView,
  instances: InstancesView,
): SkipReason | null {
  const entry = entryOf(record, to.server);
  const instance = instances[entry.instanceId];
  if (instance === undefined || instance.state !== 'running') return 'server-not-running';
  if (instance.systemStatus === 'impaired' || instance.instanceStatus === 'impaired')
    return 'server-impaired';
  if (entry.maintenance) return 'server-in-maintenance';
  if (instance.reachable === false) return 'server-not-reachable';
  const target = addresses.interfaces[eniAt(record, to)];
  if (target === undefined || target.instanceId !== entry.instanceId) return 'interface-not-attached';
  const references = currentInterfaces(record, addresses);
  const differences = (references.length === 0 ? [undefined] : references).map((each) =>
    difference(record, target, each, entry.accepts),
  );
  switch (differences.includes(null) ? null : (differences[0] ?? null)) {
    case 'subnet':
      return 'interface-in-other-subnet';
    case 'security-groups':
      return 'security-groups-differ';
    case 'source-dest-check':
      return 'source-dest-check-differs';
    case 'checked':
      return 'source-dest-check-on';
    case null:
      return null;
  }
}

/**
 * What a target is compared with: the interface that INFO of the active server names, and its other one too where an operator
 * has taken a backup that differs; on no server, whatever declared interface EC2 has the address on.
 */
function currentInterfaces(record: ResourceRecord, addresses: AddressView): readonly InterfaceView[] {
  const { activeServer } = record;
  if (activeServer === null)
    return addresses.owners.flatMap(({ eniId }) => addresses.interfaces[eniId] ?? []);
  const entry = entryOf(record, activeServer);
  const { primary, backup } = parseInfo(entry.info);
  const names = entry.differsByOrder === true && backup !== null ? [primary, backup] : [primary];
  return names.flatMap(
    (name) => addresses.interfaces[eniAt(record, { server: activeServer, interface: name })] ?? [],
  );
}

/** The first way in which `target` would treat the address otherwise; an interface that is gone cannot be compared. */
function difference(
  record: ResourceRecord,
  target: InterfaceView,
  current: InterfaceView | undefined,
  accepts: ServerEntry['accepts'] = [],
): 'subnet' | 'security-groups' | 'source-dest-check' | 'checked' | null {
  // An address that is not the interface's own is dropped by the check, both ways.
  if (record.mechanism.kind === 'overlay' && target.sourceDestCheck) return 'checked';
  if (record.mechanism.kind === 'secondary') {
    const subnet = parseSubnet(record.subnet, 'subnet');
    if (!contains(subnet, parseAddress(target.primaryAddress, 'interface address'))) return 'subnet';
  }
  if (current === undefined) return null;
  if (isBoundToSubnet(record.mechanism) && target.subnetId !== current.subnetId) return 'subnet';
  // A server that the fence has isolated takes nothing, and says nothing of what another should have.
  const isolated = record.isolation ?? undefined;
  if (target.securityGroups.join() === isolated) return 'security-groups';
  const groups =
    current.securityGroups.join() === isolated ||
    target.securityGroups.join() === current.securityGroups.join();
  if (!groups && !accepts.includes('security-groups')) return 'security-groups';
  const checks = target.sourceDestCheck === current.sourceDestCheck;
  return checks || accepts.includes('source-dest-check') ? null : 'source-dest-check';
}
