/**
 * Story `cross-zone`: addresses that no subnet holds. The link of their interface dies, and both go to the other
 * interface of the server; the server dies, and both go to another Availability Zone.
 */
import type { ResourceDefinition } from '../recovery/fleet.ts';
import { armed, describe, minute, misplaced, recovery, summariesOf, until } from './acts.ts';
import { type ClientView, openClientViews } from './client-view.ts';
import { type CrossZoneTold, crossZoneResult, type MemberTold } from './cross-zone-result.ts';
import { effectsSince } from './effects.ts';
import { placeOf } from './incidents.ts';
import { narrate } from './narrator.ts';
import { leadsTo, ownerOf } from './owner.ts';
import { firstSpot, kindOf, namesOfInterfaces } from './places.ts';
import { type Ending, timeline } from './result.ts';
import type { Stage } from './stage.ts';
import { since, type Teller } from './teller.ts';

/** How long after the hardware died EC2 stops the instance. */
const stopsAfterMs = 2_000;
const aftermathMs = minute;

interface Member {
  readonly resource: ResourceDefinition;
  readonly clients: readonly ClientView[];
}

export async function playCrossZone(stage: Stage, teller: Teller): Promise<Ending> {
  const { fleet, aws, clock, world } = stage;
  const { members, server, device, instanceId } = castOf(stage);
  const tags = members.map(({ resource }) => resource.tag);
  narrate(stage, teller);
  const acts: CrossZoneTold['acts'][number][] = [];

  async function act(
    title: string,
    outcome: 'moved-to-backup' | 'failed-over',
    breaks: () => void,
  ): Promise<void> {
    teller.act(title);
    const brokenMs = clock.now();
    breaks();
    for (const tag of tags) {
      const what = `${tag}: whatever notices first → ${outcome === 'failed-over' ? 'failover' : 'local recovery'}`;
      const ended = await recovery(stage, teller, tag, { outcome, what });
      teller.line(
        `  ${tag} is verified on ${placeOf(ended.to)} ${since(brokenMs, ended.atMs)} after the break`,
      );
    }
    for (const line of standingOf(stage, members)) teller.line(`  ${line}`);
    acts.push({ outcome, sinceMs: brokenMs, untilMs: clock.now() });
    const effects = effectsSince(aws.account.calls(), fleet, brokenMs);
    for (const tag of tags) {
      const calls = effects.filter(({ about }) => about?.what === 'move' && about.tag === tag);
      teller.line(`  ${tag} moved by ${counted(calls.map(({ operation }) => operation))}`);
    }
  }

  const all = members.map(({ resource: { tag, address } }) => `${tag} (${address})`).join(' and ');
  teller.act(`1  ${all} are in service on ${server} ${device} in ${zoneOf(stage, instanceId)}`);
  await armed(stage, teller, tags);
  for (const tag of tags) teller.line(`  ${describe(await stage.record(tag), server)}`);
  for (const line of standingOf(stage, members)) teller.line(`  ${line}`);

  await act(`2  The link of ${device} on ${server} dies`, 'moved-to-backup', () => {
    world.hosts.get(server)?.setLink(device, 'down');
  });
  await act(`3  The hardware under ${server} dies; EC2 stops the instance`, 'failed-over', () => {
    aws.ec2.failHost(instanceId, { stopsAfterMs });
  });
  await until(stage, teller, clock.now() + aftermathMs, 'nothing moves any more');
  for (const { clients } of members) for (const client of clients) client.close();

  const told = await Promise.all(members.map((member) => toldOf(stage, member)));
  const audit = (await Promise.all(tags.map((tag) => stage.audit(tag)))).flat();
  return {
    result: crossZoneResult({ members: told, acts, fleet }, audit, aws.account.calls()),
    lines: told.flatMap((member) => [
      `${member.tag} (${kindOf(member.resource)})`,
      ...timeline(member).map((line) => `  ${line}`),
    ]),
  };
}

/** Every resource of the fleet, all of which begin at the same place and can go to another zone. */
function castOf(stage: Stage) {
  const { fleet } = stage;
  const crossing = fleet.resources.filter((each) => kindOf(each) === 'overlay' || kindOf(each) === 'elastic');
  const [first] = crossing;
  if (first === undefined) throw misplaced('a resource of kind overlay or elastic');
  const spot = firstSpot(fleet, first);
  const elsewhere = crossing.find((each) => firstSpot(fleet, each).eniId !== spot.eniId);
  if (elsewhere !== undefined)
    throw misplaced(`${elsewhere.tag} on ${spot.server} ${spot.device}, as ${first.tag} is`);
  const members: readonly Member[] = crossing.map((resource) => ({
    resource,
    clients: openClientViews(stage, resource),
  }));
  return { members, ...spot };
}

async function toldOf(stage: Stage, { resource, clients }: Member): Promise<MemberTold> {
  const { aws, fleet } = stage;
  const { tag } = resource;
  const record = await stage.record(tag);
  if (record === undefined) throw new Error(`${tag} has no record`);
  return {
    tag,
    record,
    recoveries: await summariesOf(stage, tag),
    outages: clients[0]?.outages() ?? [],
    resource,
    owner: namesOfInterfaces(fleet).get(ownerOf(aws.ec2, resource)?.eniId ?? '') ?? null,
    clients: clients.map((client) => ({ who: client.who, outages: client.outages() })),
  };
}

/** Where EC2 sends packets for each address, and who gets an answer. */
function standingOf(stage: Stage, members: readonly Member[]): readonly string[] {
  return members.flatMap(({ resource, clients }) => [
    ...leadings(stage, resource),
    `${resource.address} answers ${clients.map((client) => `${client.who}: ${client.answered() ? 'yes' : 'no'}`).join(', ')}`,
  ]);
}

function leadings({ aws, fleet }: Stage, resource: ResourceDefinition): readonly string[] {
  const { address, mechanism } = resource;
  const names = namesOfInterfaces(fleet);
  if (mechanism?.kind === 'overlay')
    return mechanism.routeTables.map((table) => {
      const eniId = leadsTo(aws.ec2, table, `${address}/32`) ?? '';
      return `${address}/32 → ${placeWords(aws, names, eniId)} in ${table}`;
    });
  const owner = ownerOf(aws.ec2, resource);
  return [
    `${address} → ${placeWords(aws, names, owner?.eniId ?? '')}, private address ${owner?.address ?? 'none'}`,
  ];
}

/** `ServerA eth0 (us-east-1a)`. */
function placeWords({ ec2 }: Stage['aws'], names: ReadonlyMap<string, string>, eniId: string): string {
  const eni = ec2.world.findInterface(eniId);
  if (eni === undefined) return 'nowhere';
  return `${names.get(eniId) ?? eniId} (${ec2.world.subnet(eni.subnetId).availabilityZone})`;
}

function zoneOf({ aws }: Stage, instanceId: string): string {
  return aws.ec2.world.findInstance(instanceId)?.availabilityZone ?? 'no zone';
}

/** `2 × ReplaceRoute`. */
function counted(operations: readonly string[]): string {
  const counts = Map.groupBy(operations, (each) => each);
  return [...counts].map(([operation, each]) => `${each.length} × ${operation}`).join(', ') || 'no call';
}
