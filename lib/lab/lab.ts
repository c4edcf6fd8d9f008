/**
 * The lab: the fleet on guests that are network namespaces, the project's own stack in the embedded AWS, and a client
 * beside them that asks the protected address all the time. Everything runs in real time.
 */
import { fileURLToPath } from 'node:url';
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import { type Imds, openDoors } from '../emulator/netns/doors.ts';
import { forgetLab, openLabId } from '../emulator/netns/lab-id.ts';
import { NetnsHost } from '../emulator/netns/netns-host.ts';
import { NetnsVpc } from '../emulator/netns/vpc.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { installProbe } from '../story/probe.ts';
import { type Stage, setStageIn } from '../story/stage.ts';
import { buildGround, type Ground } from '../story/world.ts';
import { ClientLog } from './client-log.ts';

export interface LabWorld extends Ground<NetnsHost> {
  readonly vpc: NetnsVpc;
  /** The one that the client asks for. */
  readonly resource: ResourceDefinition;
  readonly client: ClientLog;
}

export interface Lab {
  readonly stage: Stage<LabWorld>;
  /** Leaves nothing behind. */
  readonly close: () => Promise<void>;
}

export interface LabOptions {
  readonly fleetFile: string;
  readonly seed: string;
  /** Answers guests at 169.254.169.254; without it nobody does. */
  readonly imds?: (aws: EmbeddedAws) => Imds;
}

const echoPort = '7007';
const echoProgram = fileURLToPath(new URL('echo-main.ts', import.meta.url));
const proberProgram = fileURLToPath(new URL('prober-main.ts', import.meta.url));

/** @throws Error when the fleet file is wrong, the deploy is refused, or namespaces cannot be made */
export async function openLab(options: LabOptions, onProgress: (what: string) => void): Promise<Lab> {
  const id = openLabId();
  let vpc: NetnsVpc | undefined;
  try {
    const stage = await setStageIn<LabWorld>(
      async (aws, fleet, putHealth) => {
        vpc = new NetnsVpc(id, aws.ec2);
        await openDoors({
          vpc,
          instanceOwning: (address) => aws.ec2.eniOwning(address)?.hostId,
          imds: options.imds?.(aws),
          awsPort: Number(new URL(aws.endpoint).port),
        });
        const world = standFleet(aws, fleet, vpc);
        for (const host of world.hosts.values()) installProbe(host, aws, fleet, putHealth);
        return world;
      },
      {
        fleetFile: options.fleetFile,
        port: 0,
        speed: 1,
        seed: options.seed,
        temporaryDirectory: id.directory,
      },
      onProgress,
    );
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
    throw error;
  }
}

function standFleet(aws: EmbeddedAws, fleet: FleetDefinition, vpc: NetnsVpc): LabWorld {
  const { clock } = aws.account;
  const ground = buildGround(aws, fleet, (id) => new NetnsHost({ id, clock, vpc }));
  const resource = fleet.resources.find(({ pingList }) =>
    pingList.some((each) => ground.bystanders.has(each)),
  );
  const client = new ClientLog();
  const place = resource?.pingList
    .map((each) => ground.bystanders.get(each))
    .find((each) => each !== undefined);
  if (resource === undefined || place === undefined)
    throw new Error('the lab needs a resource with a ping target that is no server: the client stands there');
  const node = (program: string) => [process.execPath, program, resource.address, echoPort];
  for (const host of ground.hosts.values())
    host.startCommand('echo', node(echoProgram), (line) => client.read(`${host.id}: ${line}`));
  place.startCommand('prober', node(proberProgram), (line) => client.read(line));
  return { ...ground, vpc, resource, client };
}
