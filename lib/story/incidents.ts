/** Story `interfaces`: a healthy address, an interface that dies, a host that dies. Each act waits for what it promises. */
import type { Summary } from '../recovery/audit.ts';
import type { Place, ResourceRecord } from '../recovery/resource.ts';
import { armed, describe, minute, misplaced, recovery, summariesOf, until } from './acts.ts';
import { type Outage, openClientViews } from './client-view.ts';
import { narrate } from './narrator.ts';
import type { Stage } from './stage.ts';
import { since, type Teller } from './teller.ts';

/** How long after the failover late and doubled events are waited for. */
const aftermathMs = 2 * minute;
/** How long after the hardware died EC2 notices and stops the instance. */
const stopsAfterMs = 3 * minute;

export interface Told {
  readonly tag: string;
  readonly record: ResourceRecord;
  readonly recoveries: readonly Summary[];
  readonly outages: readonly Outage[];
}

export async function playInterfaces(stage: Stage, teller: Teller): Promise<Told> {
  const { fleet, world, aws, clock } = stage;
  const [resource] = fleet.resources;
  const [first] = resource?.candidates ?? [];
  if (resource === undefined || first === undefined) throw misplaced('a resource with a server');
  const { tag, address } = resource;
  const server = fleet.servers[first.server];
  const host = world.hosts.get(first.server);
  if (server === undefined || host === undefined) throw new Error(`no server ${first.server}`);
  narrate(stage, teller);
  const [client] = openClientViews(stage, resource);

  teller.act(`1  ${tag} (${address}) is in service on ${first.server} ${first.interface}`);
  await armed(stage, teller, [tag]);
  teller.line(`  ${describe(await stage.record(tag), first.server)}`);

  teller.act(`2  The link of ${first.interface} on ${first.server} dies`);
  const linkDiedMs = clock.now();
  host.setLink(first.interface, 'down');
  const moved = await recovery(stage, teller, tag, {
    outcome: 'moved-to-backup',
    what: 'health metric → alarm → recovery',
  });
  teller.line(`  verified on ${placeOf(moved.to)} ${since(linkDiedMs, moved.atMs)} after the link died`);
  teller.line(`  ${describe(await stage.record(tag), first.server)}`);

  teller.act(`3  The hardware under ${first.server} dies; EC2 stops the instance; every event comes twice`);
  const hostDiedMs = clock.now();
  aws.ec2.duplicateEvents(2);
  aws.cloudWatch.duplicateActions(2);
  aws.ec2.failHost(server.instanceId, { stopsAfterMs });
  const failed = await recovery(stage, teller, tag, {
    outcome: 'failed-over',
    what: 'whatever notices first → failover',
  });
  teller.line(`  verified on ${placeOf(failed.to)} ${since(hostDiedMs, failed.atMs)} after the host died`);
  const quietAtMs = Math.max(clock.now(), hostDiedMs + stopsAfterMs) + aftermathMs;
  await until(stage, teller, quietAtMs, 'late and doubled events have to move nothing');
  client?.close();
  const record = await stage.record(tag);
  if (record === undefined) throw new Error(`${tag} has no record`);
  return { tag, record, recoveries: await summariesOf(stage, tag), outages: client?.outages() ?? [] };
}

export function placeOf(place: Place | null): string {
  return place === null ? 'nowhere' : `${place.server} ${place.interface}`;
}
