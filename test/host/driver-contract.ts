/**
 * What every host driver does: one list of cases, held by the guest in memory and by the guest in a network namespace.
 * A server with eth0 and eth1 and a client stand in one VPC; what they do is seen through their own commands only.
 *
 * Where the two deviate, and why it is no case here:
 * - Commands beyond `ip`, `ping` and the shell's own: the model refuses them by name, the namespace has the machine's.
 * - Units: the model has its own (`ModelHost.units`), the namespace has no systemd.
 * - A cut path: the model's is on its fabric, the namespace's on its VPC; tests in test/unit/model-host.test.ts and
 *   test/netns/vpc.test.ts.
 * - A lost device driver: the model has none to lose.
 * - The disk: the model's is its own whole, the namespace's the machine's with changes of /etc, /opt, /tmp, /usr/local
 *   and /var/lib kept apart. So the cases write to /etc.
 * - Carrier: the model's changes at once, a kernel tells it from a queue. So the cases wait for it.
 * - Time: the model's clock is virtual, the namespace's is real. So no case asks how long something took.
 */
import { expect } from 'vitest';
import { type Execution, HostDown, type HostDriver, type Nic } from '../../lib/emulator/host/driver.ts';

const vip = '10.0.1.50';
export const clientAddress = '10.0.1.100';
export const macs = {
  eth0: '02:00:00:00:00:0a',
  eth1: '02:00:00:00:00:0b',
  client: '02:00:00:00:00:64',
} as const;

export interface Rig {
  readonly server: HostDriver;
  readonly client: HostDriver;
  /** EC2's word: the address belongs to this interface from now on. */
  own(address: string, owner: keyof typeof macs | 'nobody'): void;
  /** Waits for a promise while time goes on. */
  run<T>(promise: Promise<T>): Promise<T>;
  /** Lets time go by. */
  pass(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export function nicOf(
  deviceIndex: number,
  mac: string,
  primaryAddress: string,
  device = `eth${deviceIndex}`,
): Nic {
  return { mac, deviceIndex, device, primaryAddress, prefixLength: 24, gateway: '10.0.1.1' };
}

export interface Case {
  readonly title: string;
  readonly holds: (rig: Rig) => Promise<void>;
}

const limitMs = 10_000;
const settleTries = 40;
const settleMs = 50;

function exec(rig: Rig, script: string, host = rig.server): Promise<Execution> {
  return rig.run(host.exec(script, { timeoutMs: limitMs }));
}

async function linesOf(rig: Rig, script: string): Promise<readonly string[]> {
  const { stdout } = await exec(rig, script);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

/**
 * Whether the client gets an answer to one echo request. A Linux that had no answer to its ARP asks again only a second
 * later, so an answer that is expected is waited for longer than one that is not.
 */
async function answers(rig: Rig, address: string): Promise<boolean> {
  return (await exec(rig, `ping -n -c 1 -W 3 ${address}`, rig.client)).exitCode === 0;
}

async function isSilent(rig: Rig, address: string): Promise<boolean> {
  return (await exec(rig, `ping -n -c 1 -W 1 ${address}`, rig.client)).exitCode === 1;
}

/** A kernel reports carrier from a queue of its own. */
async function settled(rig: Rig, script: string, expected: RegExp): Promise<void> {
  let seen = '';
  for (let tries = 0; tries < settleTries; tries += 1) {
    seen = (await exec(rig, script)).stdout;
    if (expected.test(seen)) return;
    await rig.pass(settleMs);
  }
  expect(seen).toMatch(expected);
}

const bootRoutes = [
  'default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512',
  'default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513',
  '10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512',
  '10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 513',
];

export const cases: readonly Case[] = [
  {
    title: 'boots with the routes and the rule of Amazon Linux, and without the secondary addresses of EC2',
    async holds(rig) {
      expect(await linesOf(rig, 'ip -4 route show')).toEqual(bootRoutes);
      expect(await linesOf(rig, 'ip -4 route show table 10001')).toEqual([
        'default via 10.0.1.1 dev eth1 proto static',
        '10.0.1.0/24 dev eth1 proto static scope link',
      ]);
      expect(await linesOf(rig, 'ip -4 rule show')).toEqual([
        '0:\tfrom all lookup local',
        '10001:\tfrom 10.0.1.11 lookup 10001',
        '32766:\tfrom all lookup main',
        '32767:\tfrom all lookup default',
      ]);
      rig.own(vip, 'eth1');
      expect((await exec(rig, 'ip -o -4 addr show')).stdout).not.toContain(vip);
      expect(await answers(rig, '10.0.1.10')).toBe(true);
      expect(await answers(rig, '10.0.1.11')).toBe(true);
    },
  },
  {
    title: 'gives exit code, stdout and stderr of a script, and joins two scripts by the disk',
    async holds(rig) {
      expect(await exec(rig, 'echo said; echo muttered >&2; exit 3')).toEqual({
        exitCode: 3,
        stdout: 'said\n',
        stderr: 'muttered\n',
        timedOut: false,
      });
      await exec(rig, 'echo kept > /etc/holdfast-note');
      expect(await exec(rig, 'cat /etc/holdfast-note')).toMatchObject({ stdout: 'kept\n' });
    },
  },
  {
    title: 'kills a script at its timeout, and nothing of it happens later',
    async holds(rig) {
      const script = `sleep 0.6; ip addr add ${vip}/32 dev eth0`;
      expect(await rig.run(rig.server.exec(script, { timeoutMs: 200 }))).toEqual({
        exitCode: 137,
        stdout: '',
        stderr: '',
        timedOut: true,
      });
      await rig.pass(600);
      expect((await exec(rig, 'ip -o -4 addr show')).stdout).not.toContain(vip);
    },
  },
  {
    title: 'answers nothing while it is down or once it goes down',
    async holds(rig) {
      const running = rig.server.exec('sleep 30', { timeoutMs: limitMs });
      running.catch(() => undefined);
      await rig.pass(100);
      rig.server.halt();
      expect(rig.server.isUp()).toBe(false);
      await expect(rig.run(running)).rejects.toBeInstanceOf(HostDown);
      await expect(rig.server.exec('true', { timeoutMs: limitMs })).rejects.toBeInstanceOf(HostDown);
      expect(await isSilent(rig, '10.0.1.10')).toBe(true);
    },
  },
  {
    title: 'forgets at a reboot what scripts configured, and keeps what is on its disk',
    async holds(rig) {
      await exec(
        rig,
        `ip addr add ${vip}/32 dev eth1; ip rule add from ${vip} lookup 10001 priority 5200; echo kept > /etc/holdfast-note`,
      );
      rig.server.halt();
      rig.server.boot();
      expect(await linesOf(rig, 'ip -4 route show')).toEqual(bootRoutes);
      expect((await exec(rig, 'ip -o -4 addr show; ip -4 rule show')).stdout).not.toContain(vip);
      expect(await exec(rig, 'cat /etc/holdfast-note')).toMatchObject({ stdout: 'kept\n' });
      expect(await answers(rig, '10.0.1.11')).toBe(true);
    },
  },
  {
    title: 'loses packets over a broken link, which neither ip link set up nor a reboot heals',
    async holds(rig) {
      rig.server.setLink('eth0', 'down');
      await exec(rig, 'ip link set dev eth0 up');
      await settled(rig, 'ip -o link show dev eth0', /NO-CARRIER.* state DOWN /);
      expect(await isSilent(rig, '10.0.1.10')).toBe(true);
      expect(await answers(rig, '10.0.1.11')).toBe(true);
      rig.server.halt();
      rig.server.boot();
      await settled(rig, 'ip -o link show dev eth0', /NO-CARRIER/);
      rig.server.setLink('eth0', 'up');
      await settled(rig, 'ip -o link show dev eth0', /LOWER_UP.* state UP /);
      expect(await answers(rig, '10.0.1.10')).toBe(true);
    },
  },
  {
    title: 'has its own routes back when a link comes up again, and no others',
    async holds(rig) {
      await exec(
        rig,
        'ip route add default via 10.0.1.1 dev eth1 table 520003; ip link set dev eth1 down; ip link set dev eth1 up',
      );
      await settled(rig, 'ip -4 route show default', /dev eth0[\s\S]*dev eth1/);
      expect(await exec(rig, 'ip -4 route show table 520003')).toMatchObject({ stdout: '' });
    },
  },
  {
    title: 'sends an address to the interface that EC2 says owns it, from the moment it says so',
    async holds(rig) {
      rig.server.addAddress('eth1', vip, 32);
      await exec(rig, `ip rule add from ${vip} lookup 10001 priority 5200`);
      expect(await isSilent(rig, vip)).toBe(true);
      rig.own(vip, 'eth1');
      expect(await answers(rig, vip)).toBe(true);
      rig.own(vip, 'client');
      expect(await isSilent(rig, vip)).toBe(true);
      rig.own(vip, 'eth1');
      expect(await answers(rig, vip)).toBe(true);
      rig.own(vip, 'nobody');
      expect(await isSilent(rig, vip)).toBe(true);
    },
  },
  {
    title: 'drops a packet whose source belongs to another interface than the one it leaves by',
    async holds(rig) {
      rig.server.addAddress('eth1', vip, 32);
      rig.own(vip, 'eth1');
      expect(await isSilent(rig, vip)).toBe(true);
      expect(await exec(rig, `ping -n -c 1 -W 1 -I ${vip} ${clientAddress}`)).toMatchObject({ exitCode: 1 });
      await exec(rig, `ip rule add from ${vip} lookup 10001 priority 5200`);
      expect(await answers(rig, vip)).toBe(true);
      expect(await exec(rig, `ping -n -c 1 -W 1 -I ${vip} ${clientAddress}`)).toMatchObject({ exitCode: 0 });
    },
  },
  {
    title: 'loses an address and gains one when somebody meddles',
    async holds(rig) {
      rig.own(vip, 'eth0');
      rig.server.addAddress('eth0', vip, 32);
      expect(await answers(rig, vip)).toBe(true);
      rig.server.deleteAddress('eth0', vip);
      expect((await exec(rig, 'ip -o -4 addr show dev eth0')).stdout).not.toContain(vip);
      expect(await isSilent(rig, vip)).toBe(true);
    },
  },
  {
    title: 'knows an interface as soon as it is attached, and nothing of it once it is detached',
    async holds(rig) {
      rig.server.attach(nicOf(2, '02:00:00:00:00:0c', '10.0.1.12'));
      expect((await exec(rig, 'ip -o -4 addr show dev eth2')).stdout).toContain('10.0.1.12/24');
      expect(() => rig.server.attach(nicOf(1, '02:00:00:00:00:0d', '10.0.1.13'))).toThrow(
        'clashes with eth1',
      );
      rig.server.detach('02:00:00:00:00:0c');
      expect(await exec(rig, 'ip -o link show dev eth2')).toMatchObject({
        exitCode: 1,
        stderr: 'Device "eth2" does not exist.\n',
      });
      expect((await exec(rig, 'ip -4 rule show')).stdout).toContain('from 10.0.1.12 lookup 10002');
    },
  },
  {
    title: 'runs its programs from boot to halt',
    async holds(rig) {
      const seen: string[] = [];
      rig.server.startProgram('agent', (host) => {
        seen.push(`start on ${host.id}`);
        return { stop: () => seen.push('stop') };
      });
      expect(() => rig.server.startProgram('agent', () => ({ stop: () => undefined }))).toThrow('agent');
      rig.server.halt();
      rig.server.boot();
      rig.server.stopProgram('agent');
      rig.server.halt();
      rig.server.boot();
      expect(seen).toEqual(['start on i-server', 'stop', 'start on i-server', 'stop']);
    },
  },
];
