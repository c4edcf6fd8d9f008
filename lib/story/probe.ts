/**
 * The small probe that stands in for the agent until that exists: on the host that owns an address it verifies the
 * address every ten seconds, with the very script that recoveries run, and publishes what it found: 1 healthy,
 * 0 positively failed, nothing when it could not look.
 */
import type { EmbeddedAws } from '../emulator/embedded-aws.ts';
import type { HostDriver } from '../emulator/host/driver.ts';
import { parseAnswer } from '../recovery/answer.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import { addressCommand } from './address-command.ts';
import { ownerOf } from './owner.ts';

/** The period of the health alarm: one datapoint for each. */
const everyMs = 10_000;
const scriptTimeoutMs = 12_000;

/** Publishes one datapoint over the wire. */
export type PutHealth = (fleet: string, tag: string, value: 0 | 1, nowMs: number) => Promise<void>;

export function installProbe(
  host: HostDriver,
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  putHealth: PutHealth,
): void {
  host.startProgram('holdfast-probe', () => {
    let stopped = false;
    async function round(): Promise<void> {
      for (const resource of fleet.resources)
        if (!stopped) await probe(host, aws, fleet, resource, putHealth);
    }
    function next(): void {
      aws.account.clock.after(everyMs, () => {
        if (stopped) return;
        // A probe that fails says nothing: silence is no verdict. The next round comes all the same.
        aws.account.clock.work(round).catch(() => undefined);
        next();
      });
    }
    next();
    return {
      stop: () => {
        stopped = true;
      },
    };
  });
}

async function probe(
  host: HostDriver,
  aws: EmbeddedAws,
  fleet: FleetDefinition,
  resource: ResourceDefinition,
  putHealth: PutHealth,
): Promise<void> {
  // As the metadata service would tell the host, or whoever has configured the agent.
  const owner = ownerOf(aws.ec2, resource);
  if (owner === undefined || owner.instanceId !== host.id) return;
  const script = addressCommand('verify', fleet, resource, owner);
  const { stdout } = await host.exec(script, { timeoutMs: scriptTimeoutMs });
  const answer = parseAnswer(stdout);
  if (answer.verdict === 'could-not-look') return;
  await putHealth(fleet.name, resource.tag, answer.verdict === 'ok' ? 1 : 0, aws.account.clock.now());
}
