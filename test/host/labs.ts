/**
 * Two guests of one shape for the shared cases: eth0 and eth1 in 10.0.1.0/24, a peer at 10.0.1.100, and a VPC that drops
 * what leaves by an interface that does not own its source. One is a real kernel in a network namespace, one the model.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';

export const eth0 = '02:00:00:00:00:0a';
export const eth1 = '02:00:00:00:00:0b';
export const peer = '10.0.1.100';

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Guest {
  run(script: string): Promise<Outcome>;
  /** Breaks or mends the wire; returns when the guest has noticed. */
  setLink(device: 'eth0' | 'eth1', state: 'up' | 'down'): Promise<void>;
  /** Who owns the address as far as the VPC is concerned. */
  give(address: string, device: 'eth0' | 'eth1' | 'nobody'): Promise<void>;
  dispose(): Promise<void>;
}

// ---- The model

export interface ModelGuest extends Guest {
  readonly clock: VirtualClock;
  readonly peer: ModelHost;
  /** The VPC sends the address to the peer. */
  ownedByPeer(address: string): void;
}

export async function startModel(): Promise<ModelGuest> {
  const clock = new VirtualClock();
  const peerEni = { mac: '02:00:00:00:00:64', hostId: 'i-peer' };
  const owners = new Map([
    ['10.0.1.10', { mac: eth0, hostId: 'i-guest' }],
    ['10.0.1.11', { mac: eth1, hostId: 'i-guest' }],
    [peer, peerEni],
  ]);
  const fabric = new Fabric({ eniOwning: (address) => owners.get(address) });
  const common = { prefixLength: 24, gateway: '10.0.1.1' };
  const guest = new ModelHost({ id: 'i-guest', clock, fabric, networkManager: 'none' });
  guest.attach({ ...common, mac: eth0, deviceIndex: 0, device: 'eth0', primaryAddress: '10.0.1.10' });
  guest.attach({ ...common, mac: eth1, deviceIndex: 1, device: 'eth1', primaryAddress: '10.0.1.11' });
  const other = new ModelHost({ id: 'i-peer', clock, fabric });
  other.attach({ ...common, mac: peerEni.mac, deviceIndex: 0, device: 'eth0', primaryAddress: peer });
  guest.boot();
  other.boot();
  return {
    clock,
    peer: other,
    ownedByPeer: (address) => owners.set(address, peerEni),
    run: (script) => clock.run(guest.exec(script, { timeoutMs: 60_000 })),
    setLink: async (device, state) => guest.setLink(device, state),
    give: async (address, device) => {
      if (device === 'nobody') owners.delete(address);
      else owners.set(address, { mac: device === 'eth0' ? eth0 : eth1, hostId: 'i-guest' });
    },
    dispose: async () => guest.halt(),
  };
}

// ---- The kernel

export interface KernelGuest extends Guest {
  /** The namespaces of the guest and of its VPC. */
  readonly host: string;
  readonly vpc: string;
  /** Stands for the guest's /run/holdfast: a network namespace has no file system of its own. */
  readonly runDirectory: string;
}

/** By name, with the run directory of each. */
const kernelLabs = new Map<string, string>();
const noticeTries = 200;

/** The VPC's side holds one route per address, and its strict reverse path filter is EC2's source check. */
export async function startKernel(shell: readonly [string, ...string[]]): Promise<KernelGuest> {
  const name = `hf-${process.pid}-${randomBytes(3).toString('hex')}`;
  const host = `${name}-h`;
  const vpc = `${name}-v`;
  const run = mkdtempSync(join(tmpdir(), 'holdfast-run-'));
  kernelLabs.set(name, run);
  const owned = new Map([
    ['10.0.1.10', 'v0'],
    ['10.0.1.11', 'v1'],
  ]);
  const route = () =>
    must([
      batch(
        vpc,
        [...owned].map(([address, wire]) => `route replace ${address} dev ${wire}`),
      ),
    ]);
  await must([
    `ip netns add ${host}`,
    `ip netns add ${vpc}`,
    batch(host, [
      ...[0, 1].map((n) => `link add eth${n} type veth peer name v${n} netns ${vpc}`),
      `link set eth0 address ${eth0}`,
      `link set eth1 address ${eth1}`,
    ]),
    `ip netns exec ${vpc} sh -c 'for c in all v0 v1; do echo 1 >/proc/sys/net/ipv4/conf/$c/rp_filter; done'`,
    `ip netns exec ${host} sh -c 'cd /proc/sys/net/ipv4/conf; for c in all eth0 eth1; do echo 0 >$c/rp_filter; done; echo 1 >all/promote_secondaries'`,
    batch(vpc, [
      ...['lo', 'v0', 'v1'].map((device) => `link set ${device} up`),
      ...['10.0.1.1', peer].map((address) => `addr add ${address}/32 dev lo`),
    ]),
    batch(host, [
      ...['lo', 'eth0', 'eth1'].map((device) => `link set ${device} up`),
      ...[0, 1].map((n) => `addr add 10.0.1.1${n}/24 brd + metric ${512 + n} dev eth${n}`),
    ]),
  ]);
  await route();
  await noticed(host, 'eth0', 'up');
  await noticed(host, 'eth1', 'up');
  await must([
    batch(host, [
      ...[0, 1].map(
        (n) => `route add default via 10.0.1.1 dev eth${n} proto dhcp src 10.0.1.1${n} metric ${512 + n}`,
      ),
      `route add 10.0.1.0/24 dev eth1 proto static table 10001`,
      `route add default via 10.0.1.1 dev eth1 proto static table 10001`,
      `rule add from 10.0.1.11 lookup 10001 priority 10001`,
    ]),
  ]);
  return {
    host,
    vpc,
    runDirectory: run,
    run: (script) => execute('ip', ['netns', 'exec', host, ...shell, '-c', script], { HOLDFAST_RUN: run }),
    setLink: async (device, state) => {
      await must([`ip -n ${vpc} link set ${device === 'eth0' ? 'v0' : 'v1'} ${state}`]);
      if (state === 'up') await route();
      await noticed(host, device, state);
    },
    give: async (address, device) => {
      if (device === 'nobody') owned.delete(address);
      else owned.set(address, device === 'eth0' ? 'v0' : 'v1');
      await must([
        device === 'nobody'
          ? `ip -n ${vpc} route del ${address}`
          : `ip -n ${vpc} route replace ${address} dev ${device === 'eth0' ? 'v0' : 'v1'}`,
      ]);
    },
    dispose: () => remove(name),
  };
}

/** Whatever a failed case left behind. */
export async function removeKernels(): Promise<void> {
  for (const name of [...kernelLabs.keys()]) await remove(name);
}

async function remove(name: string): Promise<void> {
  const run = kernelLabs.get(name);
  if (run === undefined) return;
  kernelLabs.delete(name);
  rmSync(run, { recursive: true, force: true });
  for (const side of ['h', 'v']) await execute('ip', ['netns', 'del', `${name}-${side}`]);
}

/** The kernel reports carrier from a queue of its own. */
async function noticed(host: string, device: string, state: 'up' | 'down'): Promise<void> {
  for (let tries = 0; tries < noticeTries; tries += 1) {
    const { stdout } = await execute('ip', ['-n', host, '-o', 'link', 'show', 'dev', device]);
    const settled =
      state === 'up' ? /LOWER_UP.* state UP /.test(stdout) : /NO-CARRIER.* state DOWN /.test(stdout);
    if (settled) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${device} did not go ${state}`);
}

/** Commands of `ip` in one process. */
function batch(namespace: string, commands: readonly string[]): string {
  return `ip -n ${namespace} -batch - <<'end'\n${commands.join('\n')}\nend`;
}

async function must(commands: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execute('sh', ['-ec', commands.join('\n')]);
  if (exitCode !== 0) throw new Error(`the lab could not be built: ${stderr}`);
}

export function execute(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      // bash reads its start-up file when its input is a socket, as here, unless another shell has started it.
      { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', SHLVL: '1', ...env } },
      (error, stdout, stderr) => {
        resolve({
          exitCode: error === null ? 0 : typeof error.code === 'number' ? error.code : 255,
          stdout,
          stderr,
        });
      },
    );
  });
}

/** A process id and when that process began, as the lock names its owner. */
export function nameOf(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return `${pid} ${fields[19]}`;
}
