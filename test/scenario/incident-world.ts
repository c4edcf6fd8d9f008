/** What an incident stands on: the fleet's world with cheap looks, and the functions as they ship in this process. */
import { type CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { failoverHandler } from '../../lambdas/failover-handler.ts';
import { operateHandler, recoverHandler } from '../../lambdas/handlers.ts';
import { createClients } from '../../lib/aws/clients.ts';
import type { VirtualClock } from '../../lib/emulator/clock.ts';
import type { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import type { FleetDefinition, ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { healthMetric, metricNamespace } from '../../lib/recovery/names.ts';
import type { Clock } from '../../lib/recovery/ports.ts';
import { ownerOf } from '../../lib/story/owner.ts';
import { namesOfInterfaces } from '../../lib/story/places.ts';
import { buildWorld, type World } from '../../lib/story/world.ts';
import { makeLooksCheap } from './cheap-looks.ts';

export type FunctionOf = 'recover' | 'failover' | 'operate';

const listTimeoutMs = 1_000;

export function standWorld(aws: EmbeddedAws, fleet: FleetDefinition, cloudwatch: CloudWatchClient): World {
  async function putHealth(name: string, resource: string, Value: 0 | 1, nowMs: number): Promise<void> {
    const Dimensions = [
      { Name: 'Fleet', Value: name },
      { Name: 'Tag', Value: resource },
    ];
    const datum = {
      MetricName: healthMetric,
      Dimensions,
      Value,
      Timestamp: new Date(nowMs),
      StorageResolution: 1,
    };
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: metricNamespace, MetricData: [datum] }));
  }
  const world = buildWorld(aws, fleet, putHealth);
  makeLooksCheap(world, fleet, aws.account.clock);
  return world;
}

/** The functions as they ship, less the sandbox: same handlers, the clock and transport of the embedded AWS. */
export function handlersOn(clock: VirtualClock, fleet: FleetDefinition): HandlerFactory {
  // A machine's clock has whole milliseconds.
  const functionClock: Clock = { now: () => Math.floor(clock.now()), sleep: (ms) => clock.sleep(ms) };
  let ids = 0;
  return (config, { requestHandler, credentials, log }) => {
    const machine = {
      environment: config.environment,
      fleet,
      clients: createClients({ region: 'us-east-1', credentials, requestHandler }),
      clock: functionClock,
      chance: () => 0.5,
      newId: () => String(++ids),
      log,
    };
    if (isFor(config.functionName, 'recover')) return recoverHandler(machine);
    if (isFor(config.functionName, 'failover')) return failoverHandler(machine);
    return operateHandler(machine);
  };
}

export function isFor(functionName: string, name: FunctionOf): boolean {
  return functionName.toLowerCase().includes(name);
}

export function ownerName(aws: EmbeddedAws, fleet: FleetDefinition, resource: ResourceDefinition): string {
  const owner = ownerOf(aws.ec2, resource);
  return owner === undefined ? 'nobody' : (namesOfInterfaces(fleet).get(owner.eniId) ?? owner.eniId);
}

export async function configuredAt(world: World, address: string): Promise<readonly string[]> {
  const places: string[] = [];
  for (const [server, host] of world.hosts) {
    if (!host.isUp()) continue;
    const { stdout } = await host.exec('ip -o -4 addr show', { timeoutMs: listTimeoutMs });
    for (const line of stdout.split('\n')) {
      const [, device, , prefix] = line.split(/\s+/);
      if (prefix?.startsWith(`${address}/`)) places.push(`${server} ${device}`);
    }
  }
  return places;
}
