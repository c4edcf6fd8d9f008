/**
 * Makes hundreds of incidents affordable: a script that only looks (`status`, `verify`, `check`) runs in the guest's
 * shell whenever anything that it looks at has changed; of the very same state it says the same again, after as long a
 * time. What changes something always runs, and so does a look meanwhile: it may have to wait for a lock.
 */
import type { Clock } from '../../lib/emulator/clock.ts';
import { type Execution, HostDown } from '../../lib/emulator/host/driver.ts';
import type { ModelHost } from '../../lib/emulator/host/model-host.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import { unitOf } from '../../lib/story/guests.ts';
import { dependentsOf } from '../../lib/story/places.ts';
import type { World } from '../../lib/story/world.ts';

const looksAtAddress = /^HOLDFAST_ACTION='(status|verify)'$/m;
const looksAtAny = /^HOLDFAST_ACTION='(status|verify|check)'$/m;
/** All that the script asks of the guest; the rest of what it sees is whether packets are answered. */
const listings = 'ip -o link show; ip -o -4 addr show; ip -4 rule show; ip -4 route show table all default';
const listingTimeoutMs = 5_000;

interface Said {
  readonly execution: Execution;
  readonly tookMs: number;
}

/** By script and state, whichever incident it was. */
const said = new Map<string, Said>();

export function makeLooksCheap(world: World, fleet: FleetDefinition, clock: Clock): void {
  const paths = fleet.resources.flatMap(({ address, pingList }) =>
    pingList.map((target) => [address, target] as const),
  );
  const units = unitsOf(fleet);
  // How a program is nobody knows but itself.
  const onlyLooks = dependentsOf(fleet, 'command').length > 0 ? looksAtAddress : looksAtAny;
  for (const host of world.hosts.values()) {
    const fates = (script: string): readonly string[] => {
      const asked = paths.filter(([source]) => script.includes(`'${source}'`));
      const some = asked.length > 0 ? asked : paths;
      return some.map(([source, target]) => world.fabric.pingFrom(host.id, source, target));
    };
    const states = (): readonly string[] => units.map((unit) => stateOf(host, unit));
    host.exec = remembering(host, onlyLooks, (script) => [...fates(script), ...states()], clock);
  }
}

function unitsOf({ resources }: FleetDefinition): readonly string[] {
  return resources.flatMap((resource) =>
    (resource.dependents ?? []).flatMap((dependent) => unitOf(resource, dependent) ?? []),
  );
}

function stateOf({ units }: ModelHost, name: string): string {
  const unit = units.find(name);
  return unit === undefined ? 'none' : `${unit.state} ${unit.result} ${unit.tasks} ${unit.job?.outcome}`;
}

function remembering(
  host: ModelHost,
  onlyLooks: RegExp,
  rest: (script: string) => readonly string[],
  clock: Clock,
): ModelHost['exec'] {
  const run = host.exec.bind(host);
  let acting = 0;
  let listed: string | undefined;
  forgetting(host, () => {
    listed = undefined;
  });

  async function list(): Promise<string> {
    listed ??= (await run(listings, { timeoutMs: listingTimeoutMs })).stdout;
    return listed;
  }

  async function act(...[script, options]: Parameters<ModelHost['exec']>): Promise<Execution> {
    acting += 1;
    try {
      return await run(script, options);
    } finally {
      acting -= 1;
      listed = undefined;
    }
  }

  return async (script, options) => {
    if (!onlyLooks.test(script)) return act(script, options);
    if (acting > 0) return run(script, options);
    const key = [script, options.timeoutMs, await list(), ...rest(script)].join('\n');
    const before = said.get(key);
    const fromMs = clock.now();
    if (before === undefined) {
      const execution = await run(script, options);
      if (acting === 0) said.set(key, { execution, tookMs: clock.now() - fromMs });
      return execution;
    }
    if (before.tookMs > 0) await clock.sleep(before.tookMs);
    if (!host.isUp()) throw new HostDown(host.id);
    return before.execution;
  };
}

/** Whatever changes a guest from outside of its shell. */
function forgetting(host: ModelHost, forget: () => void): void {
  const behind =
    <A extends readonly unknown[]>(change: (...args: A) => void) =>
    (...args: A): void => {
      change.apply(host, args as never);
      forget();
    };
  host.boot = behind(host.boot);
  host.halt = behind(host.halt);
  host.attach = behind(host.attach);
  host.detach = behind(host.detach);
  host.setLink = behind(host.setLink);
  host.addAddress = behind(host.addAddress);
  host.deleteAddress = behind(host.deleteAddress);
}
