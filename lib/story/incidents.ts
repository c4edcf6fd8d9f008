/** The story itself: a healthy address, an interface that dies, a host that dies. Each act waits for what it promises. */
import type { Summary } from '../recovery/audit.ts';
import type { Place, ResourceRecord } from '../recovery/resource.ts';
import { type Outage, openClientView } from './client-view.ts';
import { narrate } from './narrator.ts';
import type { Stage } from './stage.ts';
import { since, type Teller } from './teller.ts';

const minute = 60_000;
const armLimitMs = 5 * minute;
const recoveryLimitMs = 15 * minute;
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

export async function playStory(stage: Stage, teller: Teller): Promise<Told> {
  const { fleet, world, aws, clock } = stage;
  const [resource] = fleet.resources;
  const [first] = resource?.candidates ?? [];
  if (resource === undefined || first === undefined)
    throw new Error('the story needs a resource with a server');
  const { tag, address } = resource;
  const server = fleet.servers[first.server];
  const host = world.hosts.get(first.server);
  if (server === undefined || host === undefined) throw new Error(`no server ${first.server}`);
  narrate(stage, teller);
  const client = openClientView(stage, resource);

  teller.act(`1  ${tag} (${address}) is in service on ${first.server} ${first.interface}`);
  await teller.wait(
    'the reconcile tick looks once a minute and arms what it sees healthy',
    async () => {
      const record = await stage.record(tag);
      return record?.armed === true ? record : undefined;
    },
    armLimitMs,
  );
  teller.line(`  ${describe(await stage.record(tag), first.server)}`);

  teller.act(`2  The link of ${first.interface} on ${first.server} dies`);
  const linkDiedMs = clock.now();
  host.setLink(first.interface, 'down');
  const moved = await recovery(stage, teller, tag, 'moved-to-backup', 'health metric → alarm → recovery');
  teller.line(`  verified on ${placeOf(moved.to)} ${since(linkDiedMs, moved.atMs)} after the link died`);
  teller.line(`  ${describe(await stage.record(tag), first.server)}`);

  teller.act(`3  The hardware under ${first.server} dies; EC2 stops the instance; every event comes twice`);
  const hostDiedMs = clock.now();
  aws.ec2.duplicateEvents(2);
  aws.cloudWatch.duplicateActions(2);
  aws.ec2.failHost(server.instanceId, { stopsAfterMs });
  const failed = await recovery(stage, teller, tag, 'failed-over', 'whatever notices first → failover');
  teller.line(`  verified on ${placeOf(failed.to)} ${since(hostDiedMs, failed.atMs)} after the host died`);
  const quietAtMs = Math.max(clock.now(), hostDiedMs + stopsAfterMs) + aftermathMs;
  await teller.wait(
    'late and doubled events have to move nothing',
    async () => (clock.now() > quietAtMs ? true : undefined),
    recoveryLimitMs,
  );
  client.close();
  const record = await stage.record(tag);
  if (record === undefined) throw new Error(`${tag} has no record`);
  const recoveries = (await stage.audit(tag)).filter((each) => each.kind === 'summary');
  return { tag, record, recoveries, outages: client.outages() };
}

export function placeOf(place: Place | null): string {
  return place === null ? 'nowhere' : `${place.server} ${place.interface}`;
}

/** Waits for the summary of a recovery that ended so. */
function recovery(
  stage: Stage,
  teller: Teller,
  tag: string,
  outcome: string,
  what: string,
): Promise<Summary> {
  return teller.wait(
    what,
    async () => {
      const records = await stage.audit(tag);
      return records.find((each): each is Summary => each.kind === 'summary' && each.outcome === outcome);
    },
    recoveryLimitMs,
  );
}

function describe(record: ResourceRecord | undefined, server: string): string {
  if (record === undefined) return 'no record';
  return `state ${record.state}   INFO  ${record.servers[server]?.info ?? 'none'}`;
}
