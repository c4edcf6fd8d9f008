/**
 * An incident on a clock of its own: the example fleet deployed into the embedded AWS by its own template, its
 * functions running in this process on the virtual clock with their roles' credentials, its guests in memory.
 * A test breaks something, lets time go by, and reads what became of the address.
 */
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterEach, inject } from 'vitest';
import { failoverHandler, operateHandler, recoverHandler } from '../../lambdas/handlers.ts';
import { readAudit } from '../../lib/aws/audit.ts';
import { createClients } from '../../lib/aws/clients.ts';
import { dynamoLedger } from '../../lib/aws/ledger.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import type { AuditRecord, Summary } from '../../lib/recovery/audit.ts';
import { type FleetDefinition, parseFleet } from '../../lib/recovery/fleet.ts';
import { healthMetric, metricNamespace } from '../../lib/recovery/names.ts';
import type { Clock } from '../../lib/recovery/ports.ts';
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import { buildWorld, type World } from '../../lib/story/world.ts';

export const minute = 60_000;
const settleMs = 3 * minute;

export interface Incident {
  readonly clock: VirtualClock;
  readonly aws: EmbeddedAws;
  readonly world: World;
  readonly fleet: FleetDefinition;
  /** Name of a deployed function by what it is for. */
  readonly functionName: (name: 'recover' | 'failover' | 'operate') => string;
  readonly advance: (ms: number) => Promise<void>;
  /** Moves time until the resource's record says so. @throws after `limitMs` */
  readonly until: (reached: (record: ResourceRecord) => boolean, limitMs?: number) => Promise<void>;
  readonly record: () => Promise<ResourceRecord>;
  readonly summaries: () => Promise<readonly Summary[]>;
  /** Recoveries that changed something. */
  readonly acted: () => Promise<readonly string[]>;
  /** Name of the interface that EC2 says owns the address: `ServerA eth0`. */
  readonly owner: () => string;
  /** Whether the bystander gets an answer from the protected address. */
  readonly answers: () => boolean;
}

const tag = 'ip-db';
const address = '10.0.1.50';
const bystander = '10.0.1.100';

let running: EmbeddedAws | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Deployed, in service on ServerA eth0, seen healthy once. */
export async function startIncident(seed = 'scenario'): Promise<Incident> {
  const { directory, stackName, fleet: fleetText } = inject('assembly');
  const fleet = parseFleet(JSON.parse(fleetText));
  const clock = new VirtualClock();
  const aws = new EmbeddedAws({ clock, seed, runtime: handlersOn(clock, fleet) });
  running = aws;
  const operator = { accessKeyId: 'operator', secretAccessKey: 'operator' };
  const client = { region: aws.account.region, credentials: operator, requestHandler: aws.requestHandler() };
  const cloudwatch = new CloudWatchClient({ ...client, maxAttempts: 1 } as object);
  const world = buildWorld(aws, fleet, async (name, resource, Value, nowMs) => {
    const Dimensions = [
      { Name: 'Fleet', Value: name },
      { Name: 'Tag', Value: resource },
    ];
    const datum = { MetricName: healthMetric, Dimensions, Value, Timestamp: new Date(nowMs), StorageResolution: 1 };
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: metricNamespace, MetricData: [datum] }));
  });
  const deployment = await clock.run(aws.deploy(directory, stackName));
  const physical = [...deployment.resources.values()];
  const tableName = physical.find(({ type }) => type === 'AWS::DynamoDB::Table')?.physicalId ?? '';
  const { dynamodb } = createClients(client);
  const table = { dynamodb, name: tableName, retrying: { clock, chance: () => 0 } };
  const ledger = dynamoLedger(table);

  async function record(): Promise<ResourceRecord> {
    const read = await clock.run(ledger.read(tag));
    if (read.kind !== 'found') throw new Error(`no record: ${read.kind}`);
    return read.value;
  }
  async function summaries(): Promise<readonly Summary[]> {
    const records = await clock.run(readAudit(table, tag, 500));
    return records.filter((each: AuditRecord) => each.kind === 'summary');
  }
  const incident: Incident = {
    clock,
    aws,
    world,
    fleet,
    functionName: (name) =>
      physical.find(({ type, physicalId }) => type === 'AWS::Lambda::Function' && isFor(physicalId, name))?.physicalId ?? '',
    advance: (ms) => clock.advance(ms),
    async until(reached, limitMs = 10 * minute) {
      const endMs = clock.now() + limitMs;
      for (;;) {
        const read = await clock.run(ledger.read(tag));
        if (read.kind === 'found' && reached(read.value)) return;
        if (clock.now() >= endMs) throw new Error(`not reached: ${JSON.stringify(read)}`);
        await clock.advance(1_000);
      }
    },
    record,
    summaries,
    acted: async () =>
      (await summaries())
        .filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed')
        .map(({ outcome }) => outcome),
    owner: () => ownerName(aws, fleet),
    answers: () => {
      const asker = world.bystanders.get(bystander);
      return asker !== undefined && world.fabric.pingFrom(asker.id, bystander, address) === 'answered';
    },
  };
  await incident.until((each) => each.armed, settleMs);
  return incident;
}

/** The functions as they ship, less the sandbox: same handlers, the clock and transport of the embedded AWS. */
function handlersOn(clock: VirtualClock, fleet: FleetDefinition): HandlerFactory {
  const functionClock: Clock = { now: () => clock.now(), sleep: (ms) => clock.sleep(ms) };
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

function isFor(functionName: string, name: string): boolean {
  return functionName.toLowerCase().includes(name);
}

function ownerName(aws: EmbeddedAws, fleet: FleetDefinition): string {
  const holder = aws.ec2.world.holder(address);
  for (const [server, { interfaces }] of Object.entries(fleet.servers))
    for (const [device, { eniId }] of Object.entries(interfaces)) if (eniId === holder?.id) return `${server} ${device}`;
  return holder === undefined ? 'nobody' : holder.id;
}
