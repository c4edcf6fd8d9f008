/**
 * keepalived in the lab, as it is run on EC2: one VRRP instance on two servers, unicast peers because a VPC carries no
 * multicast, and `notify_master` that moves the address by AssignPrivateIpAddresses. Same fleet, same VPC of namespaces,
 * same client and same fault as for Holdfast: the link of the master's interface dies.
 *
 * It is measured generously. Its word is heard through a pipe and the address is moved by this process in the same
 * moment: no start-up of an AWS CLI, no credentials, no round trip to EC2 are charged to it.
 */
import { spawnSync } from 'node:child_process';
import { WallClock } from '../emulator/clock.ts';
import { assign } from '../emulator/ec2/private-addresses.ts';
import { EmbeddedAws } from '../emulator/embedded-aws.ts';
import { guestEnvironment } from '../emulator/netns/commands.ts';
import { forgetLab, openLabId } from '../emulator/netns/lab-id.ts';
import { NetnsHost } from '../emulator/netns/netns-host.ts';
import { NetnsVpc } from '../emulator/netns/vpc.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import type { Teller } from '../story/teller.ts';
import { buildGround } from '../story/world.ts';
import { startClient, steady } from './client.ts';
import type { ClientLog, Outage } from './client-log.ts';
import { commandOf, configurationOf, type Peer, peersOf, words } from './keepalived-configuration.ts';

export interface Site {
  readonly fleet: FleetDefinition;
  /** The one that the client asks for; its first two candidates on different servers are the peers. */
  readonly resource: ResourceDefinition;
}

export interface KeepalivedAttempt {
  readonly seed: string;
  /** Of `advert_int`; the default is 1. */
  readonly advertSeconds: number;
  /** Waits for this part of an interval before the break: advertisements come in a beat, and attempts should not. */
  readonly phase: number;
}

const electionLimitMs = 30_000;
const takeoverLimitMs = 60_000;

/** Undefined when it is here; else what is missing, in one line. */
export function whyNoKeepalived(): string | undefined {
  const found = spawnSync('sh', ['-c', 'command -v keepalived'], { env: guestEnvironment }).status === 0;
  return found ? undefined : 'keepalived is not installed (its Debian package has it)';
}

/** @returns what the client saw: one outage is as expected @throws StoryStalled, CommandRefused */
export async function measureKeepalived(
  { fleet, resource }: Site,
  attempt: KeepalivedAttempt,
  teller: Pick<Teller, 'wait'>,
): Promise<readonly Outage[]> {
  const { address, pingList, tag } = resource;
  const clock = new WallClock();
  const aws = new EmbeddedAws({ clock, seed: attempt.seed, runtime: 'worker' });
  const id = openLabId();
  let vpc: NetnsVpc | undefined;
  try {
    const opened = new NetnsVpc(id, aws.ec2);
    vpc = opened;
    const ground = buildGround(aws, fleet, (name) => new NetnsHost({ id: name, clock, vpc: opened }));
    const place = pingList.map((each) => ground.bystanders.get(each)).find((each) => each !== undefined);
    const [master, backup] = peersOf(fleet, resource);
    const host = ground.hosts.get(master?.server ?? '');
    if (place === undefined || host === undefined || master === undefined || backup === undefined)
      throw new Error(`${tag} has no place for a client, or fewer than two servers`);
    host.deleteAddress(master.device, address); // from now on it is keepalived's
    const client = startClient({ address, servers: ground.hosts.values(), place });
    const scene = { attempt, address, aws, hosts: ground.hosts, client, teller };
    // One after the other: peers of which each thinks for a moment that it is alone both move the address.
    await untilIs('master', master, backup, scene);
    await untilIs('backup', backup, master, scene);
    await steady(client, clock, teller);
    await clock.sleep(attempt.phase * attempt.advertSeconds * 1_000);
    const brokenAtMs = clock.now();
    host.setLink(master.device, 'down');
    await teller.wait(
      `the link of ${master.device} on ${master.server} is dead: ${backup.server} takes over`,
      async () => (client.outages(brokenAtMs).length > 0 ? true : undefined),
      takeoverLimitMs,
    );
    await steady(client, clock, teller);
    return client.outages(brokenAtMs);
  } finally {
    await aws.stop();
    if (vpc === undefined) forgetLab(id);
    else await vpc.close();
  }
}

interface Scene {
  readonly attempt: KeepalivedAttempt;
  readonly address: string;
  readonly aws: EmbeddedAws;
  readonly hosts: ReadonlyMap<string, NetnsHost>;
  readonly client: ClientLog;
  readonly teller: Pick<Teller, 'wait'>;
}

/** Starts keepalived there, whose words are obeyed from now on, and waits for its first one. */
async function untilIs(role: 'master' | 'backup', peer: Peer, other: Peer, scene: Scene): Promise<void> {
  const { attempt, address, aws, hosts, client, teller } = scene;
  const command = commandOf(configurationOf(peer, [other.address], address, attempt.advertSeconds));
  let heard: true | undefined;
  hosts.get(peer.server)?.startCommand('keepalived', command, (line) => {
    if (line === words.master) moveTo(aws, peer.eniId, address);
    if (line === words[role]) heard = true;
    if (line !== words.master && line !== words.backup) client.read(`${peer.server}: ${line}`);
  });
  await teller.wait(`keepalived on ${peer.server} is ${role}`, async () => heard, electionLimitMs);
}

/** The whole of AssignPrivateIpAddresses, less the way there. */
function moveTo(aws: EmbeddedAws, interfaceId: string, address: string): void {
  assign(aws.ec2.world, { interfaceId, addresses: [address], count: undefined, allowReassignment: true });
}
