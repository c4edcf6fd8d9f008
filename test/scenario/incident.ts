/**
 * An incident on a clock of its own: a fleet deployed into the embedded AWS by its own template, its functions running
 * in this process on the virtual clock with their roles' credentials, its guests in memory.
 * A test breaks something, lets time go by, and reads what became of the address.
 */
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import type { EC2Client } from '@aws-sdk/client-ec2';
import { inject, onTestFinished } from 'vitest';
import { readAudit } from '../../lib/aws/audit.ts';
import { createClients } from '../../lib/aws/clients.ts';
import { dynamoLedger } from '../../lib/aws/ledger.ts';
import type { CallRecord } from '../../lib/emulator/account.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { Fault } from '../../lib/emulator/faults.ts';
import type { DurableExecution } from '../../lib/emulator/lambda/durable-execution.ts';
import type { Invocation } from '../../lib/emulator/lambda/invocations.ts';
import type { AuditRecord, Outcome, Summary } from '../../lib/recovery/audit.ts';
import { type FleetDefinition, parseFleet, type ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { liveAlias } from '../../lib/recovery/names.ts';
import type { Change, Ledger } from '../../lib/recovery/ports.ts';
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import { hostOfTarget } from '../../lib/story/places.ts';
import type { World } from '../../lib/story/world.ts';
import { configuredAt, type FunctionOf, handlersOn, isFor, ownerName, standWorld } from './incident-world.ts';
import type { AssemblyName } from './synthesize-once.ts';

export const second = 1_000;
export const minute = 60_000;
const settleMs = 3 * minute;
const queueMs = 15 * second;
const auditLimit = 1_000;

export const tag = 'ip-db';
export const address = '10.0.1.50';
export const bystander = '10.0.1.100';

/** Later than any machine's own date: the durable SDK compares the ends of its waits with that. */
const startMs = Date.UTC(2200, 0, 6, 10, 0, 0);

export interface IncidentOptions {
  /** The fleet file; the example when absent. */
  readonly assembly?: AssemblyName;
  /** The fleet that the functions are told of, made from the file's. */
  readonly fleet?: (file: FleetDefinition) => FleetDefinition;
  /** What else there is before the deploy, all of it healthy. */
  readonly before?: (world: World, aws: EmbeddedAws) => void;
  /** What the deploy finds already broken; the incident then begins before anything was seen healthy. */
  readonly brokenBefore?: (world: World, aws: EmbeddedAws) => void;
}

/** `of`: the resource, the fleet's first when absent. */
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
  readonly until: (
    reached: (record: ResourceRecord) => boolean,
    limitMs?: number,
    of?: string,
  ) => Promise<void>;
  /** Queues the event at the recover function's alias, as alarms, rules and topics do, and waits for its run. */
  readonly send: (event: unknown) => Promise<Invocation>;
  /** Writes into the resource's record as an operator's command does: under the claim. */
  readonly order: (change: Change) => Promise<void>;
  readonly record: (of?: string) => Promise<ResourceRecord>;
  /** The INFO record of a server. */
  readonly info: (server: string) => Promise<string | undefined>;
  /** Outcomes that the record remembers, oldest first: written with the change itself. */
  readonly recoveries: (of?: string) => Promise<readonly string[]>;
  readonly audit: (of?: string) => Promise<readonly AuditRecord[]>;
  readonly summaries: (of?: string) => Promise<readonly Summary[]>;
  /** The first recovery that ended so. */
  readonly summaryOf: (outcome: Outcome, of?: string) => Promise<Summary | undefined>;
  /** Recoveries that changed something, as the audit trail has them. */
  readonly acted: (of?: string) => Promise<readonly string[]>;
  /** Reasons of the recoveries that changed nothing, each once. */
  readonly heldFor: (of?: string) => Promise<readonly string[]>;
  /** Subjects of what was sent to the people on call. */
  readonly pages: () => readonly string[];
  /** What the last page says. */
  readonly lastPage: () => string;
  /** Failovers, in the order in which they started. */
  readonly executions: () => readonly DurableExecution[];
  /** Name of the interface that EC2 says owns the address: `ServerA eth0`. */
  readonly owner: (of?: string) => string;
  /** Every owner in turn, as of each AWS call that anybody made. */
  readonly owners: (of?: string) => readonly string[];
  /** Where the running guests have the address configured. */
  readonly configured: (of?: string) => Promise<readonly string[]>;
  /** Whether a bystander gets an answer from the protected address. */
  readonly answers: (of?: string) => boolean;
}

let running: EmbeddedAws | undefined;

async function stop(): Promise<void> {
  await running?.stop();
  running = undefined;
}

/** Deployed, in service on ServerA eth0, seen healthy once. */
export async function startIncident(options: IncidentOptions = {}): Promise<Incident> {
  await stop();
  onTestFinished(stop);
  const { directory, stackName, fleet: fleetText } = inject('assemblies')[options.assembly ?? 'example'];
  const file = parseFleet(JSON.parse(fleetText));
  const fleet = options.fleet?.(file) ?? file;
  const own = fleet.resources[0]?.tag ?? tag;
  const clock = new VirtualClock(startMs);
  const aws = new EmbeddedAws({ clock, seed: 'scenario', runtime: handlersOn(clock, fleet) });
  running = aws;
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'operator' };
  const client = { region: aws.account.region, credentials, requestHandler: aws.requestHandler() };
  const world = standWorld(aws, fleet, new CloudWatchClient({ ...client, maxAttempts: 1 } as object));
  const owners = new Map(fleet.resources.map((each) => [each.tag, [] as string[]]));
  let written = true;
  let moved = true;
  aws.ec2.onOwnership(() => {
    moved = true;
  });
  aws.account.onCall(({ service, operation }) => {
    if (service === 'dynamodb') written = true;
    // An Elastic IP is no interface's own.
    if (!moved && !operation.endsWith('Address')) return;
    moved = false;
    for (const resource of fleet.resources) {
      const before = owners.get(resource.tag);
      const now = ownerName(aws, fleet, resource);
      if (before?.at(-1) !== now) before?.push(now);
    }
  });
  options.before?.(world, aws);
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

  function resourceOf(of: string): ResourceDefinition {
    const resource = fleet.resources.find((each) => each.tag === of);
    if (resource === undefined) throw new Error(`the fleet has no ${of}`);
    return resource;
  }
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
  async function record(of = own): Promise<ResourceRecord> {
    const read = await clock.run(ledger.read(of));
    if (read.kind !== 'found') throw new Error(`no record: ${read.kind}`);
    return read.value;
  }
  const audit = (of = own): Promise<readonly AuditRecord[]> => clock.run(readAudit(table, of, auditLimit));
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
    async until(reached, limitMs = 10 * minute, of = own) {
      const endMs = clock.now() + limitMs;
      written = true;
      for (; clock.now() <= endMs; await clock.advance(second)) {
        if (!written) continue;
        const read = await clock.run(ledger.read(of));
        written = false;
        if (read.kind === 'found' && reached(read.value)) return;
      }
      throw new Error(`not reached: ${JSON.stringify(await clock.run(ledger.read(of)))}`);
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
      const claim = await clock.run(ledger.claim(own, wish));
      if (claim.kind !== 'claimed') throw new Error(`the operator got no claim: ${claim.kind}`);
      await clock.run(ledger.commit(own, claim.record.claim.epoch, change, true));
    },
    record,
    info: async (server) => (await record()).servers[server]?.info,
    recoveries: async (of) => (await record(of)).recent.map(({ outcome }) => outcome),
    audit,
    summaries,
    summaryOf: async (outcome, of) => (await summaries(of)).find((each) => each.outcome === outcome),
    acted: async (of) =>
      (await summaries(of))
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
    executions: () => aws.lambda.executions.list(functionName('failover')),
    owner: (of = own) => ownerName(aws, fleet, resourceOf(of)),
    owners: (of = own) => owners.get(of) ?? [],
    configured: (of = own) => clock.run(configuredAt(world, resourceOf(of).address)),
    answers: (of = own) => {
      const { address: asked, pingList } = resourceOf(of);
      const from = hostOfTarget(pingList[0] ?? '');
      const asker = world.bystanders.get(from);
      return asker !== undefined && world.fabric.pingFrom(asker.id, from, asked) === 'answered';
    },
  };
  if (options.brokenBefore === undefined)
    for (const each of fleet.resources) await incident.until(({ armed }) => armed, settleMs, each.tag);
  return incident;
}
