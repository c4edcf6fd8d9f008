import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { HostDown, type HostDriver, type Nic } from '../../lib/emulator/host/driver.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';

const vip = '10.0.1.50';
const client = '10.0.1.100';
const macs = { eth0: '02:00:00:00:00:0a', eth1: '02:00:00:00:00:0b', peer: '02:00:00:00:00:64' };

let clock: VirtualClock;
let fabric: Fabric;
let owners: Map<string, { readonly mac: string; readonly hostId: string | undefined }>;
let server: ModelHost;
let peer: ModelHost;

beforeEach(() => {
  clock = new VirtualClock();
  owners = new Map([
    ['10.0.1.10', { mac: macs.eth0, hostId: 'i-server' }],
    ['10.0.1.11', { mac: macs.eth1, hostId: 'i-server' }],
    [client, { mac: macs.peer, hostId: 'i-peer' }],
  ]);
  fabric = new Fabric({ eniOwning: (address) => owners.get(address) });
  server = new ModelHost({ id: 'i-server', clock, fabric });
  server.attach(nic(0, macs.eth0, '10.0.1.10'));
  server.attach(nic(1, macs.eth1, '10.0.1.11'));
  peer = new ModelHost({ id: 'i-peer', clock, fabric });
  peer.attach(nic(0, macs.peer, client));
  server.boot();
  peer.boot();
});

function nic(deviceIndex: number, mac: string, primaryAddress: string): Nic {
  return {
    mac,
    deviceIndex,
    device: `eth${deviceIndex}`,
    primaryAddress,
    prefixLength: 24,
    gateway: '10.0.1.1',
  };
}

function own(address: string, device: 'eth0' | 'eth1'): void {
  owners.set(address, { mac: macs[device], hostId: 'i-server' });
}

function run(script: string, host: HostDriver = server) {
  return clock.run(host.exec(script, { timeoutMs: 60_000 }));
}

async function linesOf(script: string): Promise<readonly string[]> {
  const { stdout } = await run(script);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

describe('the fabric', () => {
  test('delivers to the interface that EC2 says owns the address, and the reply comes back', () => {
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('answered');
    expect(fabric.pingFrom('i-peer', client, '10.0.1.11')).toBe('answered');
    expect(fabric.pingFrom('i-server', '10.0.1.11', client)).toBe('answered');
  });

  test('drops a packet whose source belongs to another interface than the one it leaves by', () => {
    server.addAddress('eth1', vip, 32);
    own(vip, 'eth1');
    expect(fabric.pingFrom('i-server', vip, client)).toBe('source-not-owned');
  });

  test('drops a reply that leaves by the wrong interface, until a rule sends it by the right one', async () => {
    server.addAddress('eth1', vip, 32);
    own(vip, 'eth1');
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('reply-source-not-owned');
    await run(`ip rule add from ${vip} lookup 10001 priority 5200`);
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('answered');
  });

  test('drops a reply while EC2 says that another interface owns the address', () => {
    server.addAddress('eth0', vip, 32);
    own(vip, 'eth1');
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('reply-source-not-owned');
    own(vip, 'eth0');
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('answered');
  });

  test('loses what goes to an address that nobody owns or that the guest has not configured', () => {
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('target-not-owned');
    own(vip, 'eth0');
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('target-not-configured');
  });

  test('loses what goes to an interface that is attached to no instance', () => {
    owners.set(vip, { mac: '02:00:00:00:00:0c', hostId: undefined });
    expect(fabric.pingFrom('i-peer', client, vip)).toBe('target-down');
  });

  test('loses packets in both directions over a broken link, which ip link set up does not heal', async () => {
    server.setLink('eth0', 'down');
    await run('ip link set dev eth0 up');
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('target-link-down');
    expect(fabric.pingFrom('i-server', '10.0.1.10', client)).toBe('link-down');
    server.setLink('eth0', 'up');
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('answered');
  });

  test('loses the packets of an interface that is cut off although its link is up', async () => {
    fabric.cut(macs.eth0);
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('path-cut');
    expect((await linesOf('ip -o link show dev eth0')).join()).toContain('LOWER_UP');
    fabric.mend(macs.eth0);
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('answered');
  });

  test('gets no answer from a halted guest, and a halted guest asks nothing', () => {
    server.halt();
    expect(fabric.pingFrom('i-peer', client, '10.0.1.10')).toBe('target-down');
    expect(fabric.pingFrom('i-server', '10.0.1.10', client)).toBe('asker-down');
  });

  test('is not asked by a guest that pings itself', () => {
    expect(fabric.pingFrom('i-server', '10.0.1.10', '10.0.1.11')).toBe('loopback');
  });
});

describe('a model guest', () => {
  test('boots with the routes and the rule of Amazon Linux, and without the secondary addresses of EC2', async () => {
    own(vip, 'eth1');
    expect(await linesOf('ip -4 route show; ip -4 route show table 10001; ip -4 rule show')).toEqual([
      'default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512',
      'default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513',
      '10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512',
      '10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 513',
      'default via 10.0.1.1 dev eth1 proto static',
      '10.0.1.0/24 dev eth1 proto static scope link',
      '0:\tfrom all lookup local',
      '10001:\tfrom 10.0.1.11 lookup 10001',
      '32766:\tfrom all lookup main',
      '32767:\tfrom all lookup default',
    ]);
    expect(server.hasAddress(vip)).toBe(false);
  });

  test('forgets at a reboot what scripts configured, and brings back what its own files say', async () => {
    const stubborn = new ModelHost({
      id: 'i-stubborn',
      clock,
      fabric,
      staticAddresses: [{ device: 'eth0', address: vip, prefixLength: 32 }],
    });
    stubborn.attach(nic(0, '02:00:00:00:00:0d', '10.0.1.13'));
    stubborn.boot();
    await run(
      `ip addr del ${vip}/32 dev eth0; ip addr add 10.0.1.51/32 dev eth0; echo kept > /note`,
      stubborn,
    );
    stubborn.halt();
    stubborn.boot();
    expect([stubborn.hasAddress(vip), stubborn.hasAddress('10.0.1.51')]).toEqual([true, false]);
    expect(await run('cat /note', stubborn)).toMatchObject({ stdout: 'kept\n' });
  });

  test('has its own routes back when a link comes up again, and no others', async () => {
    await run(
      'ip route add default via 10.0.1.1 dev eth1 table 520003; ip link set dev eth1 down; ip link set dev eth1 up',
    );
    expect(await run('ip -4 route show table 520003')).toMatchObject({ exitCode: 2 });
    expect(await linesOf('ip -4 route show default')).toHaveLength(2);
  });

  test('knows an interface as soon as it is attached, and nothing of it once it is detached', async () => {
    server.attach(nic(2, '02:00:00:00:00:0c', '10.0.1.12'));
    expect(server.hasAddress('10.0.1.12')).toBe(true);
    server.detach('02:00:00:00:00:0c');
    expect(server.hasAddress('10.0.1.12')).toBe(false);
    expect(await run('ip -o link show dev eth2')).toMatchObject({
      exitCode: 1,
      stderr: 'Device "eth2" does not exist.\n',
    });
    expect(() => server.attach(nic(1, '02:00:00:00:00:0c', '10.0.1.12'))).toThrow('clashes with eth1');
  });

  test('refuses by name what it does not model', async () => {
    for (const line of [
      'ip tunnel show',
      'ip link show',
      'ip -6 addr show',
      'ip rule add from 10.0.1.50 lookup 7',
    ])
      expect((await run(line)).exitCode).toBeGreaterThan(0);
    expect(await run('ip -o link set dev eth0 mtu 1500')).toMatchObject({
      exitCode: 255,
      stderr: 'The model guest does not know "ip -o link set dev eth0 mtu 1500".\n',
    });
    expect(await run('ping -f 10.0.1.100')).toMatchObject({ exitCode: 2 });
    expect(await run('systemctl restart holdfast')).toMatchObject({ exitCode: 127 });
    expect(await run('case 1 in [!0]) echo inverted ;; esac')).toMatchObject({ exitCode: 2, stdout: '' });
  });

  test('spends the time that a script sleeps or waits for an answer on its clock', async () => {
    const startMs = clock.now();
    await run('sleep 2.5; ping -n -c 1 -W 1 -I 10.0.1.10 10.0.1.99');
    expect(clock.now() - startMs).toBe(3500);
  });

  test('kills a script at its timeout, and nothing of it happens later', async () => {
    const startMs = clock.now();
    const script = `sleep 30; ip addr add ${vip}/32 dev eth0`;
    expect(await clock.run(server.exec(script, { timeoutMs: 15_000 }))).toEqual({
      exitCode: 137,
      stdout: '',
      stderr: '',
      timedOut: true,
    });
    expect(clock.now() - startMs).toBe(15_000);
    await clock.advance(60_000);
    expect(server.hasAddress(vip)).toBe(false);
  });

  test('answers nothing while it is down or once it goes down', async () => {
    const running = server.exec('sleep 30', { timeoutMs: 60_000 });
    running.catch(() => undefined);
    await clock.advance(1000);
    server.halt();
    await expect(clock.run(running)).rejects.toBeInstanceOf(HostDown);
    await expect(server.exec('true', { timeoutMs: 1000 })).rejects.toBeInstanceOf(HostDown);
  });

  test('runs its programs from boot to halt', () => {
    const seen: string[] = [];
    server.startProgram('agent', (host) => {
      seen.push(`start on ${host.id}`);
      return { stop: () => seen.push('stop') };
    });
    server.halt();
    server.boot();
    server.stopProgram('agent');
    server.halt();
    server.boot();
    expect(seen).toEqual(['start on i-server', 'stop', 'start on i-server', 'stop']);
  });

  test('loses an address and gains one when somebody meddles', () => {
    server.deleteAddress('eth0', '10.0.1.10');
    server.addAddress('eth1', vip, 32);
    expect([server.hasAddress('10.0.1.10'), server.hasAddress(vip)]).toEqual([false, true]);
  });
});
