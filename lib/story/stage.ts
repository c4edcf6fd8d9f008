/** The stage of a story: the embedded AWS with the fleet's world in it and the project's own stack deployed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readAudit } from '../aws/audit.ts';
import { type ClientOptions, clientConfig } from '../aws/client-config.ts';
import { chance } from '../aws/clock.ts';
import { dynamoLedger } from '../aws/ledger.ts';
import type { Table } from '../aws/table.ts';
import { WallClock } from '../emulator/clock.ts';
import { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { AuditRecord } from '../recovery/audit.ts';
import type { FleetDefinition } from '../recovery/fleet.ts';
import { healthMetric, metricNamespace } from '../recovery/names.ts';
import type { ResourceRecord } from '../recovery/resource.ts';
import type { PutHealth } from './probe.ts';
import { synthesizeApart } from './synthesis.ts';
import { buildWorld, type World } from './world.ts';

/** `Guests`: what the fleet stands on. */
export interface Stage<Guests = World> {
  readonly clock: WallClock;
  readonly aws: EmbeddedAws;
  readonly world: Guests;
  readonly fleet: FleetDefinition;
  readonly endpoint: string;
  readonly resourceCount: number;
  /** Undefined until somebody has looked at the resource. */
  readonly record: (tag: string) => Promise<ResourceRecord | undefined>;
  readonly audit: (tag: string) => Promise<readonly AuditRecord[]>;
  readonly stop: () => Promise<void>;
}

export interface StageOptions {
  readonly fleetFile: string;
  readonly port: number;
  readonly speed: number;
  readonly seed: string;
  /** Where its own directory is made; the system's place for such, when absent. */
  readonly temporaryDirectory?: string;
}

const auditLimit = 1_000;

type WorldBuilder<Guests> = (
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  putHealth: PutHealth,
) => Guests | Promise<Guests>;

/** With guests in memory. @throws Error when the fleet file is wrong, the port is taken or the deploy is refused */
export function setStage(options: StageOptions, onProgress: (what: string) => void): Promise<Stage> {
  return setStageIn(buildWorld, options, onProgress);
}

/** With the guests that `build` makes, once the embedded AWS listens. @throws as `setStage`, and what `build` throws */
export async function setStageIn<Guests>(
  build: WorldBuilder<Guests>,
  options: StageOptions,
  onProgress: (what: string) => void,
): Promise<Stage<Guests>> {
  const directory = mkdtempSync(join(options.temporaryDirectory ?? tmpdir(), 'holdfast-'));
  const clock = new WallClock({ speed: options.speed });
  const aws = new EmbeddedAws({ clock, seed: options.seed, runtime: 'worker' });
  async function stop(): Promise<void> {
    await aws.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  try {
    const endpoint = await aws.listen(options.port);
    onProgress('synthesizing the template and bundling the functions');
    const {
      assemblyDirectory,
      stackName,
      definition: fleet,
    } = await synthesizeApart(options.fleetFile, directory);
    onProgress('building the fleet: subnet, interfaces, instances');
    const client = inProcess(aws);
    const world = await build(aws, fleet, healthOverTheWire(client));
    onProgress('deploying the stack into the embedded AWS');
    const deployment = await aws.deploy(assemblyDirectory, stackName);
    const resources = [...deployment.resources.values()];
    const name = resources.find(({ type }) => type === 'AWS::DynamoDB::Table')?.physicalId ?? '';
    const table: Table = {
      dynamodb: new DynamoDBClient(clientConfig(client)),
      name,
      retrying: { clock, chance },
    };
    const ledger = dynamoLedger(table);
    return {
      clock,
      aws,
      world,
      fleet,
      endpoint,
      resourceCount: resources.length,
      async record(tag) {
        const read = await ledger.read(tag);
        return read.kind === 'found' ? read.value : undefined;
      },
      audit: (tag) => readAudit(table, tag, auditLimit),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function inProcess(aws: EmbeddedAws): ClientOptions {
  return {
    region: aws.account.region,
    credentials: { accessKeyId: 'storyteller', secretAccessKey: 'storyteller' },
    requestHandler: aws.requestHandler(),
  };
}

function healthOverTheWire(client: ClientOptions): PutHealth {
  const cloudwatch = new CloudWatchClient(clientConfig(client));
  return async (fleet, tag, Value, nowMs) => {
    const Dimensions = [
      { Name: 'Fleet', Value: fleet },
      { Name: 'Tag', Value: tag },
    ];
    const datum = {
      MetricName: healthMetric,
      Dimensions,
      Value,
      Timestamp: new Date(nowMs),
      StorageResolution: 1,
    };
    await cloudwatch.send(new PutMetricDataCommand({ Namespace: metricNamespace, MetricData: [datum] }));
  };
}
