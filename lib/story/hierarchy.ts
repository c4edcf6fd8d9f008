/**
 * Story `hierarchy`: an address with all that depends on it. Its server's hardware dies, everything fails over in order;
 * later an administrator orders everything back. Each act draws the graph as the world itself says that it stands.
 */
import type { ResourceDefinition } from '../recovery/fleet.ts';
import { armed, describe, minute, misplaced, recovery, summariesOf, until } from './acts.ts';
import { openClientViews } from './client-view.ts';
import { drawGraph } from './graph.ts';
import { type ActTold, hierarchyResult } from './hierarchy-result.ts';
import { holdfast } from './holdfast.ts';
import { placeOf } from './incidents.ts';
import { narrate } from './narrator.ts';
import { ownerOf } from './owner.ts';
import { firstSpot, namesOfInterfaces } from './places.ts';
import { type Ending, timeline } from './result.ts';
import type { Stage } from './stage.ts';
import { standingOf } from './standing.ts';
import { since, type Teller } from './teller.ts';

/** How long after the hardware died EC2 stops the instance. */
const stopsAfterMs = 2_000;
const second = 1_000;
const deliveryMs = 50;
const startLimitMs = 10 * minute;
const aftermathMs = minute;

export async function playHierarchy(stage: Stage, teller: Teller): Promise<Ending> {
  const { fleet, aws, clock } = stage;
  const resource = fleet.resources.find(({ dependents = [] }) => dependents.length > 0);
  if (resource === undefined) throw misplaced('a resource with dependents');
  const { tag, address, candidates } = resource;
  const { server: home, device, instanceId } = firstSpot(fleet, resource);
  const away = candidates[1]?.server;
  if (away === undefined) throw misplaced(`a second server for ${tag}`);
  hasten(aws);
  narrate(stage, teller);
  const [client] = openClientViews(stage, resource);
  const acts: ActTold[] = [];
  const graph = async (): Promise<void> => {
    for (const line of await graphOf(stage, resource)) teller.line(`  ${line}`);
  };
  const endAct = (act: Pick<ActTold, 'from' | 'to' | 'sinceMs' | 'graceful'>): void => {
    const standing = (resource.dependents ?? []).map((each) => standingOf(stage, resource, each).servers);
    acts.push({ ...act, untilMs: clock.now(), standing });
  };

  teller.act(`1  ${tag} (${address}) is in service on ${home} ${device}, and all that depends on it`);
  await armed(stage, teller, [tag]);
  await graph();
  teller.line(
    '  What AWS takes a while for is quick here: volumes, registering a target, delivering a command.',
  );

  teller.act(`2  The hardware under ${home} dies; EC2 stops the instance`);
  const diedMs = clock.now();
  aws.ec2.failHost(instanceId, { stopsAfterMs });
  const failed = await recovery(stage, teller, tag, {
    outcome: 'failed-over',
    what: 'whatever notices first → failover: dependents out, parents first; the address; dependents in, children first',
  });
  teller.line(`  all of it on ${placeOf(failed.to)} ${since(diedMs, failed.atMs)} after the hardware died`);
  await graph();
  endAct({ from: home, to: away, sinceMs: diedMs, graceful: false });

  teller.act(`3  ${home} is started on other hardware; an administrator orders everything back`);
  const [instance] = aws.ec2.world.instancesById([instanceId]);
  if (instance !== undefined) aws.ec2.lifeCycle.start(instance);
  await started(stage, teller, home, instanceId);
  const orderedMs = clock.now();
  const args = ['switchover', tag, '--to', home, '--reason', `${home} has new hardware`];
  const code = await holdfast(stage, teller, args);
  await graph();
  endAct({ from: away, to: home, sinceMs: orderedMs, graceful: true });

  await until(stage, teller, clock.now() + aftermathMs, 'nothing moves by itself any more');
  client?.close();
  const record = await stage.record(tag);
  if (record === undefined) throw new Error(`${tag} has no record`);
  teller.line(`  ${describe(record, home)}`);
  const told = { tag, record, recoveries: await summariesOf(stage, tag), outages: client?.outages() ?? [] };
  return {
    result: hierarchyResult(
      { told, fleet, resource, acts, code },
      await stage.audit(tag),
      aws.account.calls(),
    ),
    lines: timeline(told),
  };
}

/** A failover waits for these at real speed, and so does whoever watches. Of a target AWS says "a few minutes". */
function hasten({ ec2, elbv2, ssm }: Stage['aws']): void {
  elbv2.registrationMs = second;
  ssm.deliveryMs = deliveryMs;
  ec2.volumes.attachMs = second;
  ec2.volumes.detachMs = second;
}

/** As the world says: of each dependent where it is in service, and of the address who has it. */
async function graphOf(stage: Stage, resource: ResourceDefinition): Promise<readonly string[]> {
  const { aws, fleet } = stage;
  const owner = namesOfInterfaces(fleet).get(ownerOf(aws.ec2, resource)?.eniId ?? '');
  const record = await stage.record(resource.tag);
  return drawGraph(resource, {
    of(dependent) {
      const { state, servers } = standingOf(stage, resource, dependent);
      return servers.length === 0 ? `${state}, nowhere in service` : `${state} on ${servers.join(' AND ')}`;
    },
    address: `${record?.state ?? 'no record'} on ${owner ?? 'nobody'}`,
  });
}

/** Running, and its status checks have passed. */
function started(stage: Stage, teller: Teller, server: string, instanceId: string): Promise<true> {
  const { ec2 } = stage.aws;
  return teller.wait(
    `EC2's status checks of ${server} have to pass`,
    async () => {
      const [instance] = ec2.world.instancesById([instanceId]);
      if (instance?.state !== 'running') return undefined;
      const checks = ec2.statusChecks.resultOf(instance);
      return checks.instance.status === 'ok' && checks.system.status === 'ok' ? true : undefined;
    },
    startLimitMs,
  );
}
