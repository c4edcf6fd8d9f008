/**
 * Linux bonding active-backup in the lab: what LifeKeeper recommends for local recovery instead of a backup interface.
 *
 *   client ns            bridge ns                server ns
 *   eth0 ═════════ p1 ═ br0 ═ p2 ═════════ eth0 ┐
 *                         └── p3 ═════════ eth1 ┴ bond0, the protected address
 *
 * On a plain bridge, because it cannot work on EC2: both slaves bear one MAC, and a VPC delivers an address to the ENI
 * that owns it and to no other, whatever is said by ARP. So this is what local recovery costs where layer 2 is one's own.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WallClock } from '../emulator/clock.ts';
import { addNamespace, ip, within } from '../emulator/netns/commands.ts';
import { Guest } from '../emulator/netns/guest.ts';
import { forgetLab, type LabId, namespacesOf, openLabId, removeNamespace } from '../emulator/netns/lab-id.ts';
import { withoutIpv6 } from '../emulator/netns/vpc.ts';
import type { ResourceDefinition } from '../recovery/fleet.ts';
import type { Teller } from '../story/teller.ts';
import { echoCommand, proberCommand, steady } from './client.ts';
import { ClientLog, type Outage } from './client-log.ts';

export interface BondingAttempt {
  readonly resource: ResourceDefinition;
  readonly miimonMs: number;
  /** Part of an interval of miimon that goes by before the break. */
  readonly phase: number;
}

const driver = '/sys/module/bonding';
const takeoverLimitMs = 60_000;

/**
 * Undefined when the kernel has the driver; else what is missing, in one line. Asking for a bond would load the driver,
 * which then makes a bond0 for the machine itself: the lab leaves that to whoever owns the machine.
 */
export function whyNoBonding(): string | undefined {
  return existsSync(driver)
    ? undefined
    : 'this kernel has no bonding driver loaded (if it has one: modprobe bonding max_bonds=0)';
}

/** @returns what the client saw: one outage is as expected @throws StoryStalled, CommandRefused */
export async function measureBonding(
  { resource, miimonMs, phase }: BondingAttempt,
  teller: Pick<Teller, 'wait'>,
): Promise<readonly Outage[]> {
  const id = openLabId();
  const clock = new WallClock();
  const guests: Guest[] = [];
  try {
    const { bridge, server, client: place } = layOut(id, resource, miimonMs);
    const client = new ClientLog();
    const programs = [
      [server, 'server', echoCommand(resource.address)],
      [place, 'client', proberCommand(resource.address)],
    ] as const;
    for (const [namespace, hostname, command] of programs) {
      const guest = guestIn(id, namespace, hostname);
      guests.push(guest);
      await guest.ready;
      for (const stream of startIn(guest, command))
        createInterface(stream).on('line', (line) => client.read(line));
    }
    await steady(client, clock, teller);
    await clock.sleep(phase * miimonMs);
    const brokenAtMs = clock.now();
    ip(bridge, ['link set p2 down']);
    await teller.wait(
      'the link of eth0 is dead: bond0 goes on with eth1',
      async () => (client.outages(brokenAtMs).length > 0 ? true : undefined),
      takeoverLimitMs,
    );
    await steady(client, clock, teller);
    return client.outages(brokenAtMs);
  } finally {
    clock.stop();
    for (const guest of guests) guest.kill();
    for (const name of namespacesOf(id.name)) removeNamespace(name);
    await Promise.all(guests.map((guest) => guest.ended));
    forgetLab(id);
  }
}

/** @returns names of the namespaces */
function layOut(id: LabId, { address, prefixLength, pingList }: ResourceDefinition, miimonMs: number) {
  const places = { bridge: `${id.name}-bridge`, server: `${id.name}-server`, client: `${id.name}-client` };
  for (const name of Object.values(places)) {
    addNamespace(name);
    within(name, [withoutIpv6, 'ip link set lo up']);
  }
  ip(places.bridge, [
    'link add br0 type bridge forward_delay 0',
    'link set br0 up',
    ...wire('p1', 'eth0', places.client),
    ...wire('p2', 'eth0', places.server),
    ...wire('p3', 'eth1', places.server),
  ]);
  ip(places.client, [`addr add ${pingList[0]}/${prefixLength} dev eth0`, 'link set eth0 up']);
  ip(places.server, [
    `link add bond0 type bond mode active-backup miimon ${miimonMs}`,
    'link set eth0 master bond0',
    'link set eth1 master bond0',
    'link set bond0 type bond primary eth0',
    'link set bond0 up',
    `addr add ${address}/${prefixLength} dev bond0`,
  ]);
  return places;
}

function wire(port: string, device: string, namespace: string): readonly string[] {
  return [
    `link add ${port} type veth peer name ${device} netns ${namespace}`,
    `link set ${port} master br0`,
    `link set ${port} up`,
  ];
}

function guestIn(id: LabId, namespace: string, hostname: string): Guest {
  const directory = join(id.directory, hostname);
  return new Guest({
    namespace,
    hostname,
    diskDirectory: join(directory, 'disk'),
    routesFile: join(directory, 'routes'), // never written: the guest's own addresses stay as they are
  });
}

function startIn(guest: Guest, command: readonly string[]) {
  const { stdout, stderr } = guest.spawn(command, { stdio: ['ignore', 'pipe', 'pipe'] });
  return [stdout, stderr].filter((stream) => stream !== null);
}
