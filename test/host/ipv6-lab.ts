/**
 * The guests of labs.ts with IPv6 beside: fd00:0:0:1::/64, a peer, and a router that has made itself known by link-local
 * address on both interfaces. The VPC drops what leaves by an interface that does not own its source.
 */
import { execute, type Guest, type KernelGuest, type ModelGuest, startKernel, startModel } from './labs.ts';

export const subnet6 = 'fd00:0:0:1::/64';
export const peer6 = 'fd00:0:0:1::100';
export const own6 = { eth0: 'fd00:0:0:1::10', eth1: 'fd00:0:0:1::11' } as const;
const router6 = 'fe80::1';

const wires = { eth0: 'v0', eth1: 'v1' } as const;
/** Asked before the kernel's own table of local addresses, which is moved behind. */
const sourceCheck = 50;

/** The kernel has taken an advertisement of the router, as it does when a link comes up. */
export const advertised = (device: 'eth0' | 'eth1') =>
  `ip -6 route replace default via ${router6} dev ${device} proto ra metric ${device === 'eth0' ? 512 : 513}`;

export async function startModel6(): Promise<ModelGuest> {
  const guest = await startModel();
  guest.peer.addAddress('eth0', peer6, 64);
  guest.ownedByPeer(peer6);
  for (const device of ['eth0', 'eth1'] as const) {
    await must(guest, `ip -6 addr add ${own6[device]}/64 dev ${device} nodad`);
    await guest.give(own6[device], device);
  }
  return guest;
}

export async function startKernel6(shell: readonly [string, ...string[]]): Promise<KernelGuest> {
  const guest = await startKernel(shell);
  const vpc = (script: string) => within(guest.vpc, script);
  const give: Guest['give'] = async (address, device) => {
    if (!address.includes(':')) return guest.give(address, device);
    const others = (['eth0', 'eth1'] as const).filter((each) => each !== device);
    await vpc(
      [
        `while ip -6 rule del from ${address} priority ${sourceCheck} 2>/dev/null; do :; done`,
        ...others.map(
          (each) => `ip -6 rule add from ${address} iif ${wires[each]} blackhole priority ${sourceCheck}`,
        ),
        device === 'nobody'
          ? `ip -6 route del ${address} || :`
          : `ip -6 route replace ${address} dev ${wires[device]}`,
      ].join('\n'),
    );
  };
  await vpc(
    [
      'ip -6 rule add from all lookup local priority 100',
      'ip -6 rule del from all lookup local priority 0',
      'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding',
      `ip -6 addr add ${peer6}/128 dev lo nodad`,
      ...['v0', 'v1'].flatMap((wire) => [
        `echo 1 >/proc/sys/net/ipv6/conf/${wire}/proxy_ndp`,
        `echo 0 >/proc/sys/net/ipv6/neigh/${wire}/proxy_delay`,
        `ip -6 addr add ${router6}/64 dev ${wire} nodad`,
        `ip -6 neigh add proxy ${peer6} dev ${wire}`,
      ]),
    ].join('\n'),
  );
  for (const device of ['eth0', 'eth1'] as const) {
    await must(guest, `ip -6 addr add ${own6[device]}/64 dev ${device} nodad\n${advertised(device)}`);
    await give(own6[device], device);
  }
  return { ...guest, give };
}

async function must(guest: Guest, script: string): Promise<void> {
  const { exitCode, stderr } = await guest.run(script);
  if (exitCode !== 0) throw new Error(`the lab could not be built: ${stderr}`);
}

async function within(namespace: string, script: string): Promise<void> {
  const { exitCode, stderr } = await execute('ip', ['netns', 'exec', namespace, 'sh', '-ec', script]);
  if (exitCode !== 0) throw new Error(`the lab could not be built: ${stderr}`);
}
