/** A VPC with a server and a client in real namespaces, without the embedded AWS around it. */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { WallClock } from '../../lib/emulator/clock.ts';
import type { Nic } from '../../lib/emulator/host/driver.ts';
import { openLabId } from '../../lib/emulator/netns/lab-id.ts';
import { NetnsHost } from '../../lib/emulator/netns/netns-host.ts';
import { NetnsVpc } from '../../lib/emulator/netns/vpc.ts';

const serverMac = '02:00:00:00:00:0a';
const clientMac = '02:00:00:00:00:64';

export interface SmallVpc {
  readonly vpc: NetnsVpc;
  readonly server: NetnsHost;
  readonly client: NetnsHost;
  /** stdout of a script, on the client when not said otherwise. */
  readonly say: (script: string, host?: NetnsHost) => Promise<string>;
  readonly answers: (address: string) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export function openSmallVpc(): SmallVpc {
  const clock = new WallClock();
  const owned = [
    { address: '10.0.1.10', mac: serverMac },
    { address: '10.0.1.100', mac: clientMac },
  ];
  const vpc = new NetnsVpc(openLabId(), { owned: () => owned, onOwnership: () => undefined });
  const server = new NetnsHost({ id: 'i-server', clock, vpc });
  const client = new NetnsHost({ id: 'i-client', clock, vpc });
  server.attach(nicOf(serverMac, '10.0.1.10'));
  client.attach(nicOf(clientMac, '10.0.1.100'));
  server.boot();
  client.boot();
  const limit = { timeoutMs: 10_000 };
  return {
    vpc,
    server,
    client,
    say: async (script, host = client) => (await host.exec(script, limit)).stdout,
    answers: async (address) => (await client.exec(`ping -n -c 1 -W 1 ${address}`, limit)).exitCode === 0,
    async close() {
      clock.stop();
      await vpc.close();
    },
  };
}

function nicOf(mac: string, primaryAddress: string): Nic {
  return { mac, deviceIndex: 0, device: 'eth0', primaryAddress, prefixLength: 24, gateway: '10.0.1.1' };
}

/** What labs of this process have or have left: namespaces, directories, processes in other network namespaces. */
export function traces(): readonly string[] {
  const prefix = `hf-${process.pid}-`;
  const named = ['/run/netns', '/dev/shm'].flatMap((directory) =>
    namesIn(directory)
      .filter((name) => name.startsWith(prefix))
      .map((name) => `${directory}/${name}`),
  );
  const here = readlinkSync('/proc/self/ns/net');
  const processes = namesIn(`/proc/${process.pid}/task`)
    .flatMap((thread) => childrenOf(thread))
    .filter((pid) => ![here, undefined].includes(networkOf(pid)))
    .map((pid) => `process ${pid}`);
  return [...named, ...processes];
}

function childrenOf(thread: string): readonly string[] {
  const text = readFileSync(`/proc/${process.pid}/task/${thread}/children`, 'utf8').trim();
  return text === '' ? [] : text.split(' ');
}

/** Undefined when it has just ended. */
function networkOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
