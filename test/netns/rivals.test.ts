import { describe, expect, test } from 'vitest';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import { measureBonding, whyNoBonding } from '../../lib/lab/bonding.ts';
import { measureKeepalived, whyNoKeepalived } from '../../lib/lab/keepalived.ts';
import { defaultPolicy, type FleetDefinition, type ResourceDefinition } from '../../lib/recovery/fleet.ts';
import { titled } from '../host/shells.ts';
import { run } from '../story/programs.ts';
import { traces } from './small-vpc.ts';

const resource: ResourceDefinition = {
  tag: 'ip-db',
  address: '10.0.1.50',
  subnet: '10.0.1.0/24',
  prefixLength: 24,
  pingList: ['10.0.1.100'],
  automation: 'on',
  candidates: [
    { server: 'ServerA', priority: 1, interface: 'eth0', backup: null },
    { server: 'ServerB', priority: 2, interface: 'eth0', backup: null },
  ],
};
const ids = { a: 'i-0a1b2c3d4e5f60001', b: 'i-0b1b2c3d4e5f60002' };
const fleet: FleetDefinition = {
  version: 1,
  name: 'main',
  servers: {
    ServerA: {
      instanceId: ids.a,
      interfaces: { eth0: { eniId: 'eni-0a1b2c3d4e5f60010', address: '10.0.1.10' } },
    },
    ServerB: {
      instanceId: ids.b,
      interfaces: { eth0: { eniId: 'eni-0b1b2c3d4e5f60020', address: '10.0.1.20' } },
    },
  },
  fastLane: false,
  resources: [resource],
  policy: defaultPolicy,
};
const pollMs = 50;
/** Waits without a word. */
const teller = {
  async wait<T>(what: string, reached: () => Promise<T | undefined>, limitMs: number): Promise<T> {
    for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += pollMs) {
      const value = await reached();
      if (value !== undefined) return value;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
    throw new Error(`still waiting: ${what}`);
  },
};

const noNamespaces = whyNoNamespaces();
const noKeepalived = noNamespaces ?? whyNoKeepalived();
const noBonding = noNamespaces ?? whyNoBonding();

describe('when the link of its master dies, keepalived has EC2 move the address to the other server', () => {
  test.skipIf(noKeepalived !== undefined).each([
    { configuration: 'with advert_int 1, its default', advertSeconds: 1 },
    { configuration: 'with advert_int 0.1', advertSeconds: 0.1 },
  ])(titled('$configuration, and leaves nothing behind', noKeepalived), async ({ advertSeconds }) => {
    const attempt = { seed: 'rivals', advertSeconds, phase: 0.5 };
    const outages = await measureKeepalived({ fleet, resource }, attempt, teller);
    expect(outages.map(({ answeredBy }) => answeredBy)).toEqual([ids.b]);
    expect(outages[0]?.lostProbes).toBeGreaterThan(0);
    expect(traces()).toEqual([]);
  });
});

test.skipIf(noBonding !== undefined)(
  titled(
    'when the link of its active slave dies, a bond goes on with the other, and nothing is left',
    noBonding,
  ),
  async () => {
    const outages = await measureBonding({ resource, miimonMs: 100, phase: 0.5 }, teller);
    expect(outages.map(({ answeredBy }) => answeredBy)).toEqual(['server']);
    expect(traces()).toEqual([]);
  },
);

test('the lab says at once that it cannot write the picture there, and not after it has measured', () => {
  const { code, stderr } = run('lab.ts', ['--once', '--svg', 'nowhere/outage.svg']);
  expect(stderr).toContain('--svg "nowhere/outage.svg": there is no directory to write it to');
  expect(code).toBe(64);
});
