/**
 * What an operator asks of the engine, and what it answers. Only `status` yet: the record, and whether EC2 agrees.
 * A fault is an answer too: the command line turns its code into words and an exit code.
 */
import * as v from 'valibot';
import { Fault, type FaultCode } from './fault.ts';
import { parseInfo } from './info.ts';
import { dottedOfPrefix } from './netmask.ts';
import type { Ports } from './ports.ts';
import { eniAt, entryOf, type ResourceRecord } from './resource.ts';

const request = v.strictObject({
  action: v.literal('status'),
  tag: v.string(),
  /** The server asked about; the active one when absent. */
  machine: v.optional(v.string()),
});

export interface Status {
  readonly tag: string;
  readonly state: ResourceRecord['state'];
  readonly reason: string;
  readonly activeServer: string | null;
  /** The server that the fields below are about. */
  readonly server: string;
  readonly address: string;
  /** Dotted. */
  readonly netmask: string;
  readonly primary: { readonly name: string; readonly up: boolean };
  readonly backup: string | null;
  /** INFO records by server. */
  readonly info: { readonly [server: string]: string };
}

export type OperateAnswer =
  | { readonly ok: true; readonly status: Status }
  | { readonly ok: false; readonly code: FaultCode; readonly message: string };

export async function operate(
  ports: Pick<Ports, 'ledger' | 'addresses'>,
  event: unknown,
): Promise<OperateAnswer> {
  try {
    const parsed = v.safeParse(request, event);
    if (!parsed.success) throw new Fault('usage', `request: ${parsed.issues[0].message}`, 'never');
    return { ok: true, status: await status(ports, parsed.output.tag, parsed.output.machine) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

async function status(
  ports: Pick<Ports, 'ledger' | 'addresses'>,
  tag: string,
  machine: string | undefined,
): Promise<Status> {
  const read = await ports.ledger.read(tag);
  if (read.kind === 'could-not-look') throw new Fault('service-unavailable', read.why, 'later');
  if (read.kind === 'absent') throw new Fault('unknown-tag', `no resource has the tag "${tag}"`, 'never');
  const record = read.value;
  const server = machine ?? record.activeServer ?? firstByPriority(record);
  const info = parseInfo(entryOf(record, server).info);
  return {
    tag,
    state: record.state,
    reason: record.stateReason,
    activeServer: record.activeServer,
    server,
    address: info.address,
    netmask: dottedOfPrefix(info.prefixLength),
    primary: { name: info.primary, up: await isUp(ports, record, server, info.primary) },
    backup: info.backup,
    info: Object.fromEntries(Object.entries(record.servers).map(([name, entry]) => [name, entry.info])),
  };
}

/** Up: in service on this server, and EC2 says that this interface owns the address. */
async function isUp(
  ports: Pick<Ports, 'addresses'>,
  record: ResourceRecord,
  server: string,
  primary: string,
): Promise<boolean> {
  if (record.activeServer !== server || (record.state !== 'ISP' && record.state !== 'ISU')) return false;
  const eniId = eniAt(record, { server, interface: primary });
  const addresses = await ports.addresses.look([eniId], record.address);
  if (addresses.kind !== 'found') {
    const why = addresses.kind === 'could-not-look' ? addresses.why : 'no answer';
    throw new Fault(
      'service-unavailable',
      `EC2 could not be asked who owns ${record.address}: ${why}`,
      'later',
    );
  }
  return addresses.value.owners.some((owner) => owner.eniId === eniId);
}

function firstByPriority(record: ResourceRecord): string {
  const [first] = Object.entries(record.servers).sort(([, a], [, b]) => a.priority - b.priority);
  if (first === undefined) throw new Fault('unknown-server', `resource ${record.tag} has no server`, 'never');
  return first[0];
}
