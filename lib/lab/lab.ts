/**
 * The lab: the fleet on guests that are network namespaces, the project's own stack in the embedded AWS, the agent on
 * every server, and a client beside them that asks the protected address all the time. Everything runs in real time.
 */
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import { Imds } from '../emulator/imds/imds.ts';
import { openDoors } from '../emulator/netns/doors.ts';
import { forgetLab, openLabId } from '../emulator/netns/lab-id.ts';
import { NetnsHost } from '../emulator/netns/netns-host.ts';
import { NetnsVpc } from '../emulator/netns/vpc.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { type Stage, setStageIn } from '../story/stage.ts';
import { buildGround, type Ground } from '../story/world.ts';
import { type Agent, allStarted, runAgent } from './agents.ts';
import { type AwsLatency, setAwsLatency } from './aws-latency.ts';
import { startClient } from './client.ts';
import type { ClientLog } from './client-log.ts';
import { labFleetFile, serverRole } from './fleet-file.ts';

export interface LabWorld extends Ground<NetnsHost> {
  readonly vpc: NetnsVpc;
  /** The one that the client asks for. */
  readonly resource: ResourceDefinition;
  readonly client: ClientLog;
  /** By server. */
  readonly agents: ReadonlyMap<string, Agent>;
  /** What guests are told about themselves; its lag and its failing are faults. */
  readonly imds: Imds;
}

export interface Lab {
  readonly stage: Stage<LabWorld>;
  /** Leaves nothing behind. */
  readonly close: () => Promise<void>;
}

export interface LabOptions {
  readonly fleetFile: string;
  readonly seed: string;
  /** Whether an agent's word starts a recovery, beside the alarm. */
  readonly fastLane: boolean;
  /** `typical` when absent. */
  readonly awsLatency?: AwsLatency;
}

/** @throws Error when the fleet file is wrong, the deploy is refused, or namespaces cannot be made */
export async function openLab(options: LabOptions, onProgress: (what: string) => void): Promise<Lab> {
  const id = openLabId();
  let vpc: NetnsVpc | undefined;
  try {
    const stage = await setStageIn<LabWorld>(
      async (aws, fleet) => {
        setAwsLatency(aws, options.awsLatency ?? 'typical');
        vpc = new NetnsVpc(id, aws.ec2);
        const imds = new Imds(aws.account, aws.ec2);
        await openDoors({
          vpc,
          instanceOwning: (address) => aws.ec2.eniOwning(address)?.hostId,
          imds,
          awsPort: Number(new URL(aws.endpoint).port),
        });
        return standFleet(aws, fleet, vpc, imds);
      },
      {
        fleetFile: labFleetFile(options.fleetFile, id.directory, options.fastLane),
        port: 0,
        speed: 1,
        seed: options.seed,
        temporaryDirectory: id.directory,
      },
      onProgress,
    );
    onProgress('installing the agent on the servers');
    await allStarted(stage.world.agents.values(), stage.aws.ssm).catch(async (error: unknown) => {
      await stage.stop();
      throw error;
    });
    return {
      stage,
      async close() {
        await stage.stop();
        await stage.world.vpc.close();
      },
    };
  } catch (error) {
    await vpc?.close();
    forgetLab(id);
    if (!(error instanceof Error)) throw error;
    throw new Error(error.message.replaceAll(`${id.directory}/`, ''), { cause: error });
  }
}

function standFleet(aws: EmbeddedAws, fleet: FleetDefinition, vpc: NetnsVpc, imds: Imds): LabWorld {
  const { clock } = aws.account;
  const ground = buildGround(aws, fleet, (id) => new NetnsHost({ id, clock, vpc }));
  const resource = fleet.resources.find(({ pingList }) =>
    pingList.some((each) => ground.bystanders.has(each)),
  );
  const place = resource?.pingList
    .map((each) => ground.bystanders.get(each))
    .find((each) => each !== undefined);
  if (resource === undefined || place === undefined)
    throw new Error('the lab needs a resource with a ping target that is no server: the client stands there');
  const client = startClient({ address: resource.address, servers: ground.hosts.values(), place });
  aws.account.iam.putRole(serverRole);
  for (const { id } of ground.hosts.values()) imds.setRole(id, serverRole);
  const agents = new Map([...ground.hosts].map(([server, host]) => [server, runAgent(host)]));
  return { ...ground, vpc, resource, client, agents, imds };
}
