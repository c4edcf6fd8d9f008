/**
 * Once a minute: looks for whatever an alarm has lost. Alarm actions run once per transition and a failed invocation is
 * never sent again (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html), so what
 * still stands must be found by looking. Four cheap looks for the whole fleet, no claim and no host; only a resource
 * that looks wrong is recovered, by the same code as after an alarm.
 */
import type { FleetDefinition } from './fleet.ts';
import { parseInfo } from './info.ts';
import { healthAlarmName } from './names.ts';
import type { Reading } from './reading.ts';
import { type RecoverPorts, type Run, recover } from './recover.ts';
import { eniAt, entryOf, follows, isOutOnPurpose, type ResourceRecord } from './resource.ts';
import { together } from './together.ts';
import type { Trigger } from './trigger.ts';

export type AlarmStates = { readonly [alarmName: string]: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA' };

export interface Alarms {
  /** States of the named alarms; unknown ones are missing. Never `absent`. */
  look(names: readonly string[]): Promise<Reading<AlarmStates>>;
}

export type ReconcilePorts = RecoverPorts & { readonly alarms: Alarms };

/** How many resources are recovered at the same time. */
const width = 8;

export async function reconcile(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  trigger: Extract<Trigger, { kind: 'tick' }>,
  id: string,
): Promise<readonly Run[]> {
  const alarms = await ports.alarms.look(fleet.resources.map(({ tag }) => healthAlarmName(fleet.name, tag)));
  const suspects: string[] = [];
  await inBatches(fleet.resources, async ({ tag }) => {
    if (await isSuspect(ports, fleet, tag, alarms)) suspects.push(tag);
  });
  const runs: Run[] = [];
  await inBatches(suspects, async (tag) => {
    runs.push(await recover(ports, fleet, { tag, trigger, holder: id }));
  });
  return runs;
}

/** Could-not-look is no suspicion: the next minute looks again, and the alarms still speak for themselves. */
async function isSuspect(
  ports: ReconcilePorts,
  fleet: FleetDefinition,
  tag: string,
  alarms: Reading<AlarmStates>,
): Promise<boolean> {
  const read = await ports.ledger.read(tag);
  if (read.kind === 'absent') return true;
  if (read.kind === 'could-not-look') return false;
  const record = read.value;
  const definition = fleet.resources.find((resource) => resource.tag === tag);
  if (definition !== undefined && !follows(record, fleet, definition)) return true;
  if (isOutOnPurpose(record)) return record.intent !== null;
  if (!record.armed || record.state === 'OSF' || record.intent !== null) return true;
  if (record.activeServer === null) return false;
  if (alarms.kind === 'found' && alarms.value[healthAlarmName(fleet.name, tag)] === 'ALARM') return true;
  return outOfPlace(ports, record, record.activeServer);
}

/** EC2's side of the resource, without asking the host. */
async function outOfPlace(ports: ReconcilePorts, record: ResourceRecord, server: string): Promise<boolean> {
  const entry = entryOf(record, server);
  const home = eniAt(record, { server, interface: parseInfo(entry.info).primary });
  const [addresses, instances] = await Promise.all([
    ports.addresses.look([home], record.address),
    ports.instances.look([entry.instanceId]),
  ]);
  const moved =
    addresses.kind === 'found' &&
    (addresses.value.owners.some((owner) => owner.eniId !== home) ||
      addresses.value.owners.length === 0 ||
      // A host does not speak of an interface that it has lost, so no alarm tells of a detached one.
      addresses.value.interfaces[home]?.instanceId !== entry.instanceId);
  if (instances.kind !== 'found') return moved;
  const instance = instances.value[entry.instanceId];
  const down =
    instance?.state !== 'running' ||
    instance.systemStatus === 'impaired' ||
    instance.instanceStatus === 'impaired';
  return moved || down;
}

async function inBatches<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < items.length; from += width)
    await together(items.slice(from, from + width).map(each));
}
