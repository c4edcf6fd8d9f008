/** The server that an address has left: it must not answer with it any more. */
import { parseInfo } from './info.ts';
import type { Journal } from './journal.ts';
import type { AddressView } from './observation.ts';
import { lookDeadlineMs, question } from './observe.ts';
import type { Ports } from './ports.ts';
import { samePlace } from './readiness.ts';
import { eniAt, entryOf, type Place, placeOf, type ResourceRecord, type Rung } from './resource.ts';

/** It is told all the same, and obeys if it comes back before the command is too old. */
const silentDeadlineMs = 1_000;

/** Best effort: EC2 already sends nothing there. @param silent the server whose host gave no answer a moment ago */
export async function removeFromSource(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  places: readonly Place[],
  seen: AddressView,
  silent: string | null = null,
): Promise<void> {
  const servers = [...new Set(places.map(({ server }) => server))];
  await Promise.all(
    servers.map((server) =>
      removeFromServer(
        ports,
        journal,
        record,
        places.filter((each) => each.server === server),
        { seen, deadlineMs: server === silent ? silentDeadlineMs : lookDeadlineMs },
      ),
    ),
  );
}

async function removeFromServer(
  ports: Ports,
  journal: Journal,
  record: ResourceRecord,
  places: readonly Place[],
  { seen, deadlineMs }: { readonly seen: AddressView; readonly deadlineMs: number },
): Promise<void> {
  for (const from of places) {
    const { instanceId } = entryOf(record, from.server);
    const mac = seen.interfaces[eniAt(record, from)]?.mac;
    const instances = await ports.instances.look([instanceId]);
    const alive = instances.kind === 'found' && instances.value[instanceId]?.state === 'running';
    if (!alive || mac === undefined) continue;
    const fromMs = ports.clock.now();
    const answer = await ports.hosts.ask(instanceId, question(record, 'remove', from, mac), deadlineMs);
    journal.step('source-removed', ports.clock.now() - fromMs, { ...from, answer });
    // A host that gives no answer to the first question gives none to the second.
    if (answer.kind !== 'found') return;
  }
}

/**
 * Where it may be configured on other servers: where it was, and where EC2 has it. A move to the backup of its server may
 * have got that far before it failed.
 */
export function sourcePlaces(
  record: ResourceRecord,
  from: Place | null,
  to: Place,
  {
    addresses,
    tried,
    left,
  }: {
    readonly addresses: AddressView;
    readonly tried: readonly Rung[];
    /** Where this failover has brought it before. */
    readonly left: readonly Place[];
  },
): readonly Place[] {
  const owners = addresses.owners.flatMap(({ eniId }) => placeOf(record, eniId) ?? []);
  const backup = from === null ? null : parseInfo(entryOf(record, from.server).info).backup;
  const moved = from !== null && backup !== null && tried.includes('move-to-backup');
  return [
    ...(from === null ? [] : [from]),
    ...(moved ? [{ ...from, interface: backup }] : []),
    ...left,
    ...owners,
  ]
    .filter((each) => each.server !== to.server)
    .filter((each, index, all) => all.findIndex((other) => samePlace(each, other)) === index);
}
