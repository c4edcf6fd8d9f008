import { describe, test } from 'vitest';
import { VirtualClock, WallClock } from '../../lib/emulator/clock.ts';
import type { HostDriver } from '../../lib/emulator/host/driver.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { openLabId } from '../../lib/emulator/netns/lab-id.ts';
import { NetnsHost } from '../../lib/emulator/netns/netns-host.ts';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import { NetnsVpc } from '../../lib/emulator/netns/vpc.ts';
import { cases, clientAddress, macs, nicOf, type Rig } from './driver-contract.ts';

const missing = whyNoNamespaces();

describe('the host driver model', () => {
  for (const { title, holds } of cases) test(title, () => on(modelRig(), holds));
});

describe.concurrent(`the host driver netns${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  for (const { title, holds } of cases)
    test.skipIf(missing !== undefined)(title, () => on(netnsRig(), holds), 60_000);
});

async function on(rig: Rig, holds: (rig: Rig) => Promise<void>): Promise<void> {
  try {
    await holds(rig);
  } finally {
    await rig.dispose();
  }
}

/** EC2's word on addresses. */
class Owners {
  readonly #macs = new Map<string, string>([
    ['10.0.1.10', macs.eth0],
    ['10.0.1.11', macs.eth1],
    [clientAddress, macs.client],
  ]);
  readonly #listeners: (() => void)[] = [];

  own(address: string, owner: keyof typeof macs | 'nobody'): void {
    if (owner === 'nobody') this.#macs.delete(address);
    else this.#macs.set(address, macs[owner]);
    for (const listener of this.#listeners) listener();
  }

  owned() {
    return [...this.#macs].map(([address, mac]) => ({ address, mac }));
  }

  onOwnership(listener: () => void): void {
    this.#listeners.push(listener);
  }

  eniOwning(address: string) {
    const mac = this.#macs.get(address);
    return mac === undefined ? undefined : { mac, hostId: mac === macs.client ? 'i-client' : 'i-server' };
  }
}

function bootBoth(server: HostDriver, client: HostDriver): void {
  server.attach(nicOf(0, macs.eth0, '10.0.1.10'));
  server.attach(nicOf(1, macs.eth1, '10.0.1.11'));
  client.attach(nicOf(0, macs.client, clientAddress));
  server.boot();
  client.boot();
}

function modelRig(): Rig {
  const clock = new VirtualClock();
  const owners = new Owners();
  const fabric = new Fabric(owners);
  const server = new ModelHost({ id: 'i-server', clock, fabric });
  const client = new ModelHost({ id: 'i-client', clock, fabric });
  bootBoth(server, client);
  return {
    server,
    client,
    own: (address, owner) => owners.own(address, owner),
    run: (promise) => clock.run(promise),
    pass: (ms) => clock.advance(ms),
    dispose: async () => server.halt(),
  };
}

function netnsRig(): Rig {
  const clock = new WallClock();
  const owners = new Owners();
  const vpc = new NetnsVpc(openLabId(), owners);
  const server = new NetnsHost({ id: 'i-server', clock, vpc });
  const client = new NetnsHost({ id: 'i-client', clock, vpc });
  bootBoth(server, client);
  return {
    server,
    client,
    own: (address, owner) => owners.own(address, owner),
    run: (promise) => promise,
    pass: (ms) => clock.sleep(ms),
    async dispose() {
      clock.stop();
      await vpc.close();
    },
  };
}
