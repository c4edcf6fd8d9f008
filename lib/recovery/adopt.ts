/**
 * The first looks at a resource: finds out where the address is and arms the resource once it was seen healthy there.
 * Moves nothing: an unarmed resource may be half installed (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html:
 * a new alarm runs its actions on its first evaluation, so a deploy alone can raise one).
 */
import type { Summary } from './audit.ts';
import { parseInfo, printInfo, swapInfo } from './info.ts';
import type { Journal } from './journal.ts';
import { lookAtAddresses, lookDeadlineMs, question } from './observe.ts';
import type { Change, Ports } from './ports.ts';
import { entryOf, isPaused, type Place, placeOf, type ResourceRecord } from './resource.ts';
import { inServiceState, transition } from './states.ts';

export async function adopt(ports: Ports, journal: Journal, record: ResourceRecord): Promise<Summary> {
  const { change, at } = await look(ports, journal, record);
  const written = await ports.ledger.commit(record.tag, record.claim.epoch, change, true);
  const lost = written.kind === 'superseded';
  const armed = change.armed === true && !lost;
  if (!lost) journal.changed(record.state, change.state, change.stateReason ?? record.stateReason);
  if (armed) journal.step('armed', 0, { at, state: change.state });
  const reason = lost ? 'claim-lost' : armed ? 'already-healthy' : 'not-armed';
  return journal.close({ outcome: 'held', reason, from: at, to: null });
}

async function look(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
): Promise<{ readonly change: Change; readonly at: Place | null }> {
  const addresses = await journal.stage('observe', () => lookAtAddresses(ports, record));
  if (addresses.kind !== 'found') return { change: {}, at: null };
  const macs = Object.fromEntries(
    Object.values(addresses.value.interfaces).map((each) => [each.eniId, each.mac]),
  );
  const [owner, second] = addresses.value.owners;
  const at =
    owner === undefined || second !== undefined || owner.asPrimary ? undefined : placeOf(record, owner.eniId);
  if (owner === undefined || at === undefined) {
    journal.step('observed', 0, addresses);
    return { change: { macs, state: transition(record.state, 'OSU'), stateReason: 'not-armed' }, at: null };
  }
  const entry = entryOf(record, at.server);
  const mac = macs[owner.eniId] ?? '';
  const host = await journal.stage('host', () =>
    ports.hosts.ask(entry.instanceId, question(record, 'status', at, mac), lookDeadlineMs),
  );
  journal.step('observed', 0, { addresses, host });
  const info = parseInfo(entry.info);
  if (at.interface !== info.primary && at.interface !== info.backup)
    return { change: { macs, state: transition(record.state, 'OSU'), stateReason: 'not-armed' }, at: null };
  if (host.kind === 'found' && host.value.verdict === 'failed')
    return { change: { macs, state: transition(record.state, 'OSU'), stateReason: 'not-armed' }, at };
  const armed = host.kind === 'found' && host.value.verdict === 'ok';
  const state = inServiceState({ ...record, armed, paused: isPaused(record, ports.clock.now()) });
  const placed = { macs, blind: null, activeServer: at.server, state: transition(record.state, state) };
  // Without the host's word EC2's is enough to say where the address is, not to call it healthy or swap its INFO.
  if (!armed) return { change: { ...placed, stateReason: 'not-armed' }, at };
  const current = at.interface === info.primary ? info : swapInfo(info);
  const servers = { ...record.servers, [at.server]: { ...entry, info: printInfo(current) } };
  return { change: { ...placed, servers, armed, stateReason: 'already-healthy' }, at };
}
