/**
 * Fifty addresses of one server that dies, all for one interface of another: what EC2 is asked, and whether its token
 * buckets last. On a clock of its own, so that answers take as long as AWS's might, and not as long as this machine's.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClients } from '../../lib/aws/clients.ts';
import { dynamoLedger } from '../../lib/aws/ledger.ts';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import type { ResourceRecord } from '../../lib/recovery/resource.ts';
import type { Synthesis } from '../../lib/stack/synthesize.ts';
import { synthesizeApart } from '../../lib/story/synthesis.ts';
import { buildGround } from '../../lib/story/world.ts';
import { addressCount, fiftyAddresses, roomyType } from '../scenario/fleets/fifty.ts';
import { instanceOf } from '../scenario/fleets.ts';
import { handlersOn } from '../scenario/incident-world.ts';
import type { Figure } from './table.ts';
import { slowAnswers, type WatchedCall, watchCalls } from './watched-calls.ts';

const seeds = ['one', 'two'];
/** An answer takes the first of these, and each of the others on top of it with its chance: AWS promises nothing. */
const answers = [
  { ms: 15, chance: 1 },
  { ms: 30, chance: 0.5 },
  { ms: 60, chance: 0.25 },
  { ms: 120, chance: 0.1 },
];
/** Later than any machine's own date, with which the durable SDK compares the ends of its waits. */
const startMs = Date.UTC(2200, 0, 6, 10, 0, 0);
const stepMs = 1_000;
const limitMs = 5 * 60_000;
/** EC2's token buckets are full again long before. */
const restMs = 30_000;

export async function manyAddresses(): Promise<readonly Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const file = join(directory, 'fleet.yaml');
    writeFileSync(file, fiftyAddresses());
    const synthesis = await synthesizeApart(file, directory);
    const runs: (readonly WatchedCall[])[] = [];
    for (const seed of seeds) runs.push(await callsOf(synthesis, seed));
    return figuresOf(runs);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What the functions call from the death of the server until the last address is in service on the other one. */
async function callsOf(synthesis: Synthesis, seed: string): Promise<readonly WatchedCall[]> {
  const { assemblyDirectory, stackName, definition: fleet } = synthesis;
  const clock = new VirtualClock(startMs);
  const aws = new EmbeddedAws({ clock, seed, runtime: handlersOn(clock, fleet) });
  try {
    const fabric = new Fabric(aws.ec2);
    // Without a probe, which would be most of the work; nothing here begins with an alarm.
    buildGround(aws, fleet, (id) => new ModelHost({ id, clock, fabric }));
    const { world } = aws.ec2;
    for (const instance of world.instances()) world.putInstance({ ...instance, type: roomyType });
    const deployment = await clock.run(aws.deploy(assemblyDirectory, stackName));
    const table = [...deployment.resources.values()].find((each) => each.type === 'AWS::DynamoDB::Table');
    const records = recordsIn(aws, clock, fleet, table?.physicalId ?? '');
    await advanceUntil(clock, records, ({ armed }) => armed);
    await clock.advance(restMs);
    for (const { ms, chance } of answers) slowAnswers(aws.account, ms, chance);
    const calls = watchCalls(aws.account);
    aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: 0 });
    await advanceUntil(
      clock,
      records,
      ({ activeServer, claim }) => activeServer === 'ServerB' && claim.holder === null,
    );
    return [...calls];
  } finally {
    await aws.stop();
  }
}

type Records = () => Promise<readonly (ResourceRecord | null)[]>;

function recordsIn(aws: EmbeddedAws, clock: VirtualClock, fleet: FleetDefinition, name: string): Records {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = { region: aws.account.region, credentials, requestHandler: aws.requestHandler() };
  const { dynamodb } = createClients(client);
  const ledger = dynamoLedger({ dynamodb, name, retrying: { clock, chance: () => 0 } });
  return async () => {
    const reads = fleet.resources.map(({ tag }) => ledger.read(tag));
    return (await clock.run(Promise.all(reads))).map((read) => (read.kind === 'found' ? read.value : null));
  };
}

/** @throws Error when not all of them are so far in time */
async function advanceUntil(
  clock: VirtualClock,
  records: Records,
  isSoFar: (record: ResourceRecord) => boolean,
): Promise<void> {
  const endMs = clock.now() + limitMs;
  for (; ; await clock.advance(stepMs)) {
    const late = (await records()).filter((record) => record === null || !isSoFar(record));
    if (late.length === 0) return;
    if (clock.now() > endMs) throw new Error(`${late.length} addresses were not so far in time`);
  }
}

function figuresOf(runs: readonly (readonly WatchedCall[])[]): readonly Figure[] {
  const moves = runs.map((all) => all.filter(({ operation }) => operation === 'AssignPrivateIpAddresses'));
  const asked = runs.map((all) => all.filter(({ service }) => service === 'ec2'));
  const most = asked.reduce((longest, each) => (each.length > longest.length ? each : longest));
  const refused = runs.flat().filter(({ error }) => /limit|throttl|rate/i.test(error ?? ''));
  const incidents = `${runs.length} incidents with answers of 15 to 225 ms`;
  return [
    {
      what: `AssignPrivateIpAddresses for ${addressCount} addresses of a dead server, to one interface`,
      figure: String(Math.max(...moves.map(({ length }) => length))),
      aim: '≤ 3',
      note: `the most of ${moves.map(({ length }) => length).join(', ')} in ${incidents}`,
    },
    {
      what: 'all calls of EC2 for them, until the last one is in service',
      figure: String(most.length),
      note: `the most in ${incidents}; recovery: ${wordsOf(most, 'recover')}; failover: ${wordsOf(most, 'failover')}; refused for their rate: ${wordsOf(refused) || 'none'}`,
    },
  ];
}

function wordsOf(calls: readonly WatchedCall[], by?: WatchedCall['by']): string {
  const operations = calls.filter((call) => by === undefined || call.by === by).map((call) => call.operation);
  return [...Map.groupBy(operations, (each) => each)]
    .map(([operation, all]) => `${all.length} ${operation}`)
    .join(', ');
}
