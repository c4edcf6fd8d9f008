/**
 * The probe of the story, made cheap for hundreds of incidents: its script runs in the guest's shell whenever anything
 * that it looks at has changed, and what it said of the very same state before is said again, after as long a time.
 */
import type { EmbeddedAws } from '../../lib/emulator/embedded-aws.ts';
import type { Execution, HostDriver } from '../../lib/emulator/host/driver.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import { installProbe, type PutHealth } from '../../lib/story/probe.ts';
import type { World } from '../../lib/story/world.ts';

const program = 'holdfast-probe';
/** All that the script asks of the guest. */
const listings = 'ip -o link show; ip -o -4 addr show; ip -4 rule show; ip -4 route show table all default';
const listingTimeoutMs = 5_000;

interface Said {
  readonly execution: Execution;
  readonly tookMs: number;
}

/** By state and script: a script that sees the same says the same, in whichever incident. */
const said = new Map<string, Said>();

export function probeSparingly(
  aws: EmbeddedAws,
  world: World,
  fleet: FleetDefinition,
  putHealth: PutHealth,
): void {
  for (const host of world.hosts.values()) {
    host.stopProgram(program);
    installProbe(remembering(host, aws, world, fleet), aws, fleet, putHealth);
  }
}

function remembering(host: HostDriver, aws: EmbeddedAws, world: World, fleet: FleetDefinition): HostDriver {
  const { clock } = aws.account;
  const paths = fleet.resources.flatMap(({ address, pingList }) =>
    pingList.map((target) => [address, target] as const),
  );
  async function exec(script: string, options: { readonly timeoutMs: number }): Promise<Execution> {
    const { stdout } = await host.exec(listings, { timeoutMs: listingTimeoutMs });
    const fates = paths.map(([source, target]) => world.fabric.pingFrom(host.id, source, target));
    const key = [script, stdout, ...fates].join('\n');
    const before = said.get(key);
    if (before !== undefined) {
      if (before.tookMs > 0) await clock.sleep(before.tookMs);
      return before.execution;
    }
    const fromMs = clock.now();
    const execution = await host.exec(script, options);
    said.set(key, { execution, tookMs: clock.now() - fromMs });
    return execution;
  }
  const driver: HostDriver = {
    id: host.id,
    boot: () => host.boot(),
    halt: () => host.halt(),
    isUp: () => host.isUp(),
    attach: (nic) => host.attach(nic),
    detach: (mac) => host.detach(mac),
    exec,
    startProgram: (name, run) => host.startProgram(name, () => run(driver)),
    stopProgram: (name) => host.stopProgram(name),
    setLink: (device, state) => host.setLink(device, state),
    deleteAddress: (device, address) => host.deleteAddress(device, address),
    addAddress: (device, address, length) => host.addAddress(device, address, length),
  };
  return driver;
}
