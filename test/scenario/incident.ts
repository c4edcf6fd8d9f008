/**
 * An incident on a clock of its own: the example fleet deployed into the embedded AWS by its own template, its
 * functions running in this process on the virtual clock with their roles' credentials, its guests in memory.
 * A test breaks something, lets time go by, and reads what became of the address.
 */
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { afterEach, inject } from 'vitest';
import { failoverHandler, operateHandler, recoverHandler } from '../../lambdas/handlers.ts';
import { readAudit } from '../../lib/aws/audit.ts';
import { createClients } from '../../lib/aws/clients.ts';
import { dynamoLedger } from '../../lib/aws/ledger.ts';
import type { CallRecord } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { Fault } from '../../lib/emulator/faults.ts';
import type { HandlerFactory } from '../../lib/emulator/lambda/in-process-runtime.ts';
import type { Invocation } from '../../lib/emulator/lambda/invocations.ts';
import type { AuditRecord, Outcome, Summary } from '../../lib/recovery/audit.ts';
import { type FleetDefinition, parseFleet } from '../../lib/recovery/fleet.ts';
import { healthMetric, liveAlias, metricNamespace } from '../../lib/recovery/names.ts';
import type { Change, Clock, Ledger } from '../../lib/recovery/ports.ts';
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import { buildWorld, type World } from '../../lib/story/world.ts';
import { makeLooksCheap } from './cheap-looks.ts';

export const second = 1_000;
export const minute = 60_000;
const settleMs = 3 * minute;
const queueMs = 15 * second;
const auditLimit = 1_000;

export const tag = 'ip-db';
export const address = '10.0.1.50';
export const bystander = '10.0.1.100';

type FunctionOf = 'recover' | 'failover' | 'operate';

export interface IncidentOptions {
  /** The fleet that the functions are told of, made from the example's. */
  readonly fleet?: (example: FleetDefinition) => FleetDefinition;
  /** What the deploy finds already broken; the incident then begins before anything was seen healthy. */
  readonly brokenBefore?: (world: World, aws: EmbeddedAws) => void;
}

export interface Incident {
  readonly clock: VirtualClock;
  readonly aws: EmbeddedAws;
  readonly world: World;
  readonly fleet: FleetDefinition;
  /** With the rights of the account's operator. */
  readonly ec2: EC2Client;
  readonly ledger: Ledger;
  /** Name of a deployed function by what it is for. */
  readonly functionName: (name: FunctionOf) => string;
  /** Plants a fault for the calls of our functions' roles only. */
  readonly misfortune: (fault: Fault) => void;
  /** What the function has called so far, oldest first. */
  readonly callsBy: (name: FunctionOf) => readonly CallRecord[];
  readonly advance: (ms: number) => Promise<void>;
  /** Moves time until the resource's record says so. @throws after `limitMs` */
  readonly until: (reached: (record: ResourceRecord) => boolean, limitMs?: number) => Promise<void>;
  /** Queues the event at the recover function's alias, as alarms, rules and topics do, and waits for its run. */
  readonly send: (event: unknown) => Promise<Invocation>;
  /** Writes into the resource's record as an operator's command does: under the claim. */
  readonly order: (change: Change) => Promise<void>;
  readonly record: () => Promise<ResourceRecord>;
  /** The INFO record of a server. */
  readonly info: (server: string) => Promise<string | undefined>;
  /** Outcomes that the record remembers, oldest first: written with the change itself. */
  readonly recoveries: () => Promise<readonly string[]>;
  readonly audit: (of?: string) => Promise<readonly AuditRecord[]>;
  readonly summaries: (of?: string) => Promise<readonly Summary[]>;
  /** The first recovery that ended so. */
  readonly summaryOf: (outcome: Outcome) => Promise<Summary | undefined>;
  /** Recoveries that changed something, as the audit trail has them. */
  readonly acted: () => Promise<readonly string[]>;
  /** Reasons of the recoveries that changed nothing, each once. */
  readonly heldFor: (of?: string) => Promise<readonly string[]>;
  /** Subjects of what was sent to the people on call. */
  readonly pages: () => readonly string[];
  /** What the last page says. */
  readonly lastPage: () => string;
  /** Name of the interface that EC2 says owns the address: `ServerA eth0`. */
  readonly owner: () => string;
  /** Every owner in turn, as of each AWS call that anybody made. */
  readonly owners: () => readonly string[];
  /** Where the running guests have the address configured. */
  readonly configured: () => Promise<readonly string[]>;
  /** Whether the bystander gets an answer from the protected address. */
  readonly answers: () => boolean;
}

let running: EmbeddedAws | undefined;
afterEach(async () => {
  await running?.stop();
  running = undefined;
});

/** Deployed, in service on ServerA eth0, seen healthy once. */
export async function startIncident(options: IncidentOptions = {}): Promise<Incident> {
  await running?.stop();
  const { directory, stackName, fleet: fleetText } = inject('assembly');
  const example = parseFleet(JSON.parse(fleetText));
  const fleet = options.fleet?.(example) ?? example;
  const clock = new VirtualClock();
  const aws = new EmbeddedAws({ clock, seed: 'scenario', runtime: handlersOn(clock, fleet) });
  running = aws;
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'operator' };
  const client = { region: aws.account.region, credentials, requestHandler: aws.requestHandler() };
  const world = standWorld(aws, fleet, new CloudWatchClient({ ...client, maxAttempts: 1 } as object));
  const owners: string[] = [];
  let written = true;
  aws.account.onCall(({ service }) => {
    if (service === 'dynamodb') written = true;
    const now = ownerName(aws, fleet);
    if (owners.at(-1) !== now) owners.push(now);
  });
  options.brokenBefore?.(world, aws);
  const deployment = await clock.run(aws.deploy(directory, stackName));
  const physical = [...deployment.resources.values()];
  const idOf = (type: string): string => physical.find((each) => each.type === type)?.physicalId ?? '';
  const { dynamodb, ec2 } = createClients(client);
  const table = {
    dynamodb,
    name: idOf('AWS::DynamoDB::Table'),
    retrying: { clock, chance: () => 0 },
  };
  const ledger = dynamoLedger(table);

  function functionName(name: FunctionOf): string {
    return aws.lambda.functions.names().find((each) => isFor(each, name)) ?? '';
  }
  function roleOf(name: FunctionOf): string {
    const { version } = aws.lambda.functions.target({
      functionName: functionName(name),
      qualifier: liveAlias,
    });
    const { iam } = aws.account;
    return iam.caller(iam.credentialsOf(version.configuration.roleName).accessKeyId).arn;
  }
  async function record(): Promise<ResourceRecord> {
    const read = await clock.run(ledger.read(tag));
    if (read.kind !== 'found') throw new Error(`no record: ${read.kind}`);
    return read.value;
  }
  const audit = (of = tag): Promise<readonly AuditRecord[]> => clock.run(readAudit(table, of, auditLimit));
  const summaries = async (of?: string): Promise<readonly Summary[]> =>
    (await audit(of)).filter((each) => each.kind === 'summary');

  const incident: Incident = {
    clock,
    aws,
    world,
    fleet,
    ec2,
    ledger,
    functionName,
    misfortune: (fault) => {
      const roles = new Set([roleOf('recover'), roleOf('failover')]);
      aws.account.faults.add({
        ...fault,
        when: (call) => roles.has(call.callerArn) && (fault.when?.(call) ?? true),
      });
    },
    callsBy: (name) => {
      const role = roleOf(name);
      return aws.account.calls().filter(({ callerArn }) => callerArn === role);
    },
    advance: (ms) => clock.advance(ms),
    async until(reached, limitMs = 10 * minute) {
      const endMs = clock.now() + limitMs;
      written = true;
      for (; clock.now() <= endMs; await clock.advance(second)) {
        if (!written) continue;
        const read = await clock.run(ledger.read(tag));
        written = false;
        if (read.kind === 'found' && reached(read.value)) return;
      }
      throw new Error(`not reached: ${JSON.stringify(await clock.run(ledger.read(tag)))}`);
    },
    async send(event) {
      const requestId = aws.account.random.uuid();
      const reference = { functionName: functionName('recover'), qualifier: liveAlias };
      aws.lambda.invokeLater(reference, JSON.stringify(event), requestId);
      await clock.advance(queueMs);
      const done = aws.lambda.invocations().find((each) => each.requestId === requestId);
      if (done === undefined) throw new Error('the event was not run in time');
      return done;
    },
    async order(change) {
      const nowMs = clock.now();
      const wish = { holder: 'operator', nowMs, untilMs: nowMs + minute };
      const claim = await clock.run(ledger.claim(tag, wish));
      if (claim.kind !== 'claimed') throw new Error(`the operator got no claim: ${claim.kind}`);
      await clock.run(ledger.commit(tag, claim.record.claim.epoch, change, true));
    },
    record,
    info: async (server) => (await record()).servers[server]?.info,
    recoveries: async () => (await record()).recent.map(({ outcome }) => outcome),
    audit,
    summaries,
    summaryOf: async (outcome) => (await summaries()).find((each) => each.outcome === outcome),
    acted: async () =>
      (await summaries())
        .filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed')
        .map(({ outcome }) => outcome),
    heldFor: async (of) => {
      const changedNothing = (await summaries(of)).filter(
        ({ outcome }) => outcome === 'held' || outcome === 'failed',
      );
      return [...new Set(changedNothing.map(({ reason }) => reason))];
    },
    pages: () => aws.sns.messages(idOf('AWS::SNS::Topic')).map(({ subject }) => subject ?? ''),
    lastPage: () => aws.sns.messages(idOf('AWS::SNS::Topic')).at(-1)?.message ?? '',
    owner: () => ownerName(aws, fleet),
    owners: () => owners,
    configured: () => clock.run(configuredAt(world)),
    answers: () => {
      const asker = world.bystanders.get(bystander);
      return asker !== undefined && world.fabric.pingFrom(asker.id, bystander, address) === 'answered';
    },
  };
  if (options.brokenBefore === undefined) await incident.until((each) => each.armed, settleMs);
  return incident;
}

function standWorld(aws: EmbeddedAws, fleet: FleetDefinition, cloudwatch: CloudWatchClient): World {
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
    for (const [device, { eniId }] of Object.entries(interfaces))
      if (eniId === holder?.id) return `${server} ${device}`;
  return holder === undefined ? 'nobody' : holder.id;
}

async function configuredAt(world: World): Promise<readonly string[]> {
  const places: string[] = [];
  for (const [server, host] of world.hosts) {
    if (!host.isUp()) continue;
    const { stdout } = await host.exec('ip -o -4 addr show', { timeoutMs: second });
    for (const line of stdout.split('\n')) {
      const [, device, , prefix] = line.split(/\s+/);
      if (prefix?.startsWith(`${address}/`)) places.push(`${server} ${device}`);
    }
  }
  return places;
}
