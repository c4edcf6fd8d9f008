/** What the address script costs on a guest in memory: the embedded AWS runs it every few seconds for every address. */

import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { addressDocument } from '../../lib/host/document.ts';
import { type Figure, inMs } from './table.ts';
import { inTurns } from './turns.ts';

const turns = 40;
const warmUps = 5;
const timeoutMs = 60_000;
const mac = '02:00:00:00:00:0a';
const own = '10.0.1.10';
const given: Readonly<Record<string, string>> = {
  Action: 'status',
  Address: '10.0.1.50',
  Mac: mac,
  Subnet: '10.0.1.0/24',
  PingList: 'none',
};

export async function addressScript(): Promise<readonly Figure[]> {
  const clock = new VirtualClock();
  const fabric = new Fabric({ eniOwning: () => ({ mac, hostId: 'i-guest' }) });
  const guest = new ModelHost({ id: 'i-guest', clock, fabric });
  guest.attach({
    mac,
    deviceIndex: 0,
    device: 'eth0',
    primaryAddress: own,
    prefixLength: 24,
    gateway: '10.0.1.1',
  });
  guest.boot();
  guest.addAddress('eth0', '10.0.1.50', 32);
  const script = statusScript();

  async function cpuMs(text: string): Promise<number> {
    const before = process.cpuUsage();
    const { exitCode, stderr } = await clock.run(guest.exec(text, { timeoutMs }));
    const { user, system } = process.cpuUsage(before);
    if (exitCode !== 0) throw new Error(`the script ended with ${exitCode}: ${stderr}`);
    return (user + system) / 1000;
  }
  for (let times = 0; times < warmUps; times += 1) await cpuMs(script);
  const { a, b } = await inTurns(
    turns,
    () => cpuMs(script),
    () => cpuMs('true'),
  );
  return [
    {
      what: 'processor time of "status" on the model host',
      figure: inMs(a),
      note: `${inMs(b)} for "true" in the same shell; medians of ${turns}`,
    },
  ];
}

/** The very lines that an instance is sent. */
function statusScript(): string {
  const document = addressDocument() as {
    readonly mainSteps: readonly [{ readonly inputs: { readonly runCommand: readonly string[] } }];
  };
  return document.mainSteps[0].inputs.runCommand
    .join('\n')
    .replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => given[name] ?? '');
}
