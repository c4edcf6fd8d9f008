/**
 * Once a minute: looks for whatever an alarm has lost. Alarm actions run once per transition and a failed invocation is
 * never sent again (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html), so what
 * still stands must be found by looking. Four cheap looks for the whole fleet, no claim and no host; only a resource
 * that looks wrong is recovered, by the same code as after an alarm. What is well may go back to where it came from.
 */
import { claimView } from './claim-view.ts';
import type { FleetDefinition, ResourceDefinition } from './fleet.ts';
import { gatheredLooks } from './gathered-ports.ts';
import { recoverTogether } from './gathered-starts.ts';
import { parseInfo } from './info.ts';
import { healthAlarmName } from './names.ts';
import type { Reading } from './reading.ts';
import { recover } from './recover.ts';
import { eniAt, entryOf, follows, isOutOnPurpose, isUnderWay, type ResourceRecord } from './resource.ts';
import type { RecoverPorts, Run } from './run.ts';
import { type Standing, switchBackTogether } from './switch-back.ts';
import { together } from './together.ts';
import type { Trigger } from './trigger.ts';

export type AlarmStates = { readonly [alarmName: string]: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA' };

export interface Alarms {
  /** States of the named alarms; unknown ones are missing. Never `absent`. */
  look(names: readonly string[]): Promise<Reading<AlarmStates>>;
}

export type ReconcilePorts = RecoverPorts & { readonly alarms: Alarms };

/** How many resources are looked at at the same time. */
const width = 8;

export async function reconcile(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  trigger: Extract<Trigger, { kind: 'tick' }>,
  id: string,
): Promise<readonly Run[]> {
  const alarms = await ports.alarms.look(fleet.resources.map(({ tag }) => healthAlarmName(fleet.name, tag)));
  const shared = { ...ports, ...gatheredLooks(ports) };
  const suspects: string[] = [];
  const well: Standing[] = [];
  await inBatches(fleet.resources, async (definition) => {
    const seen = await lookAt(shared, fleet, definition, alarms);
    if (seen.kind === 'suspect') suspects.push(definition.tag);
    if (seen.kind === 'well') well.push({ definition, record: seen.record });
  });
  const runs = await together([
    // All at once, so that what has to leave a dead server leaves it in one incident.
    recoverTogether(
      ports,
      suspects.map((tag) => (each) => recover(each, fleet, { tag, trigger, holder: id })),
    ),
    switchBackTogether(ports, fleet, well, id),
  ]);
  return runs.flat();
}

type Seen =
  | { readonly kind: 'suspect' | 'unknown' }
  | { readonly kind: 'well'; readonly record: ResourceRecord };

const suspect: Seen = { kind: 'suspect' };

/** Could-not-look is no suspicion: the next minute looks again, and the alarms still speak for themselves. */
async function lookAt(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  definition: ResourceDefinition,
  alarms: Reading<AlarmStates>,
): Promise<Seen> {
  const { tag } = definition;
  const read = await ports.ledger.read(tag);
  if (read.kind === 'absent') return suspect;
  if (read.kind === 'could-not-look') return { kind: 'unknown' };
  const record = read.value;
  // Somebody is at work, perhaps for as long as a person thinks about it: a line in the audit each minute helps nobody.
  if ((claimView(record, ports.clock.now())?.doing ?? null) !== null) return { kind: 'unknown' };
  if (!follows(record, fleet, definition)) return suspect;
  if (isOutOnPurpose(record)) return record.intent === null ? { kind: 'unknown' } : suspect;
  const out = record.state === 'OSF' || (record.state === 'OSU' && record.activeServer !== null);
  if (!record.armed || out || record.intent !== null || isUnderWay(record)) return suspect;
  if (record.activeServer === null) return { kind: 'unknown' };
  if (alarms.kind === 'found' && alarms.value[healthAlarmName(fleet.name, tag)] === 'ALARM') return suspect;
  const placed = await placeOnEc2(ports, record, record.activeServer);
  if (placed === 'wrong') return suspect;
  return placed === 'right' && alarms.kind === 'found' ? { kind: 'well', record } : { kind: 'unknown' };
}

/** EC2's side of the resource, without asking the host. */
async function placeOnEc2(
  ports: ReconcilePorts,
  record: ResourceRecord,
  server: string,
): Promise<'right' | 'wrong' | 'unknown'> {
  const entry = entryOf(record, server);
  const home = eniAt(record, { server, interface: parseInfo(entry.info).primary });
  const [addresses, instances] = await Promise.all([
    ports.addresses.look([home], record),
    ports.instances.look([entry.instanceId]),
  ]);
  const moved =
    addresses.kind === 'found' &&
    (addresses.value.owners.some((owner) => owner.eniId !== home) ||
      addresses.value.owners.length === 0 ||
      // A host does not speak of an interface that it has lost, so no alarm tells of a detached one.
      addresses.value.interfaces[home]?.instanceId !== entry.instanceId);
  if (moved) return 'wrong';
  if (instances.kind !== 'found') return 'unknown';
  const instance = instances.value[entry.instanceId];
  const down =
    instance?.state !== 'running' ||
    instance.systemStatus === 'impaired' ||
    instance.instanceStatus === 'impaired';
  if (down) return 'wrong';
  return addresses.kind === 'found' ? 'right' : 'unknown';
}

async function inBatches<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += width)
    await together(items.slice(from, from + width).map(each));
}
