/**
 * `lkipbu -a` and `-r`: what may become the backup interface is checked against EC2, not believed; the rules are those
 * of preflight.ts, so that what was accepted here can take the address later.
 */
import { parseInfo, printInfo } from './info.ts';
import type { AddressView } from './observation.ts';
import type { Request } from './order.ts';
import type { Slots } from './ports.ts';
import { backupSkip } from './preflight.ts';
import { serversByPriority } from './readiness.ts';
import type { Reading } from './reading.ts';
import { type SkipReason, wordsOf } from './reasons.ts';
import type { Written } from './record-orders.ts';
import { eniAt, entryOf, type ResourceRecord } from './resource.ts';

type AddBackup = Extract<Request, { action: 'add-backup' }>;
type RemoveBackup = Extract<Request, { action: 'remove-backup' }>;

const overridable: ReadonlySet<SkipReason> = new Set([
  'backup-security-groups-differ',
  'backup-source-dest-check-differs',
]);

/** The server that the order speaks of: named, else active, else first by priority. */
export function serverOf(record: ResourceRecord, machine: string | undefined): string {
  return machine ?? record.activeServer ?? serversByPriority(record)[0] ?? '';
}

/** @throws Fault `unknown-server` */
export function addBackup(
  record: ResourceRecord,
  order: AddBackup,
  seen: { readonly addresses: AddressView; readonly slots: Reading<Slots> },
): Written {
  const server = serverOf(record, order.machine);
  const entry = entryOf(record, server);
  const info = parseInfo(entry.info);
  const { tag } = record;
  const name = order.interface;
  if (info.backup !== null)
    return refused('backup-exists', `${tag} has the backup interface ${info.backup} on ${server} already`);
  if (name === info.primary) return invalid(`${name} is the primary interface of ${tag} on ${server}`);
  if (entry.interfaces[name] === undefined)
    return invalid(
      `${server} has no interface "${name}"; it has ${Object.keys(entry.interfaces).sort().join(', ')}`,
    );
  const candidate = withBackup(record, server, name, false);
  const skip = backupSkip(candidate, server, seen.addresses);
  const forced = skip !== null && overridable.has(skip) && order.force;
  if (skip !== null && !forced)
    return invalid(
      `${name} of ${server}: ${wordsOf(skip)}${overridable.has(skip) ? '; --force takes it' : ''}`,
    );
  if (
    seen.addresses.interfaces[eniAt(record, { server, interface: info.primary })] === undefined &&
    !order.force
  )
    return invalid(
      `${info.primary} of ${server} is not there to compare ${name} with; --force takes ${name}`,
    );
  const full = withoutRoom(record, `${name} of ${server}`, eniAt(record, { server, interface: name }), seen);
  if (full !== null) return full;
  const { servers } = withBackup(record, server, name, forced);
  return {
    kind: 'write',
    change: { servers },
    message: `${name} is the backup interface of ${tag} on ${server}${forced ? `, although ${wordsOf(skip)}` : ''}`,
    steps: [`INFO of ${server} becomes "${servers[server]?.info}"`],
  };
}

/** @throws Fault `unknown-server` */
export function removeBackup(record: ResourceRecord, order: RemoveBackup): Written {
  const server = serverOf(record, order.machine);
  const entry = entryOf(record, server);
  const { backup } = parseInfo(entry.info);
  if (backup === null) return refused('backup-missing', `${record.tag} has no backup interface on ${server}`);
  if (backup !== order.interface)
    return refused(
      'backup-missing',
      `${order.interface} is not the backup interface of ${record.tag} on ${server}; that is ${backup}`,
    );
  const { servers } = withBackup(record, server, null, false);
  return {
    kind: 'write',
    change: { servers },
    message: `${backup} is the backup interface of ${record.tag} on ${server} no more`,
    steps: [`INFO of ${server} becomes "${servers[server]?.info}"`],
  };
}

/** An interface that owns the address already needs no more room for it. */
function withoutRoom(
  record: ResourceRecord,
  what: string,
  eniId: string,
  { addresses, slots }: { readonly addresses: AddressView; readonly slots: Reading<Slots> },
): Written | null {
  if (addresses.owners.some((owner) => owner.eniId === eniId)) return null;
  if (slots.kind !== 'found')
    return refused(
      'service-unavailable',
      `how many addresses ${what} may have could not be looked up (${slots.kind === 'absent' ? 'not known' : slots.why}); try again`,
    );
  const { used, most } = slots.value;
  return used < most
    ? null
    : invalid(`${what} has ${used} of ${most} private addresses: no room for ${record.address}`);
}

function withBackup(
  record: ResourceRecord,
  server: string,
  backup: string | null,
  differs: boolean,
): ResourceRecord {
  const { differsByOrder: _, ...entry } = entryOf(record, server);
  const info = printInfo({ ...parseInfo(entry.info), backup });
  const changed = { ...entry, info, ...(differs ? { differsByOrder: true } : {}) };
  return { ...record, servers: { ...record.servers, [server]: changed } };
}

function invalid(message: string): Written {
  return refused('interface-invalid', message);
}

function refused(code: Extract<Written, { kind: 'refused' }>['code'], message: string): Written {
  return { kind: 'refused', code, message };
}
