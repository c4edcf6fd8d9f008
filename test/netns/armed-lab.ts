/** A lab whose address is armed and served, for tests that break it one way after the other. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetnsHost } from '../../lib/emulator/netns/netns-host.ts';
import type { Agent } from '../../lib/lab/agents.ts';
import { steady } from '../../lib/lab/client.ts';
import { agentSaysInService, reconcileNow } from '../../lib/lab/incidents.ts';
import { type LabWorld, openLab } from '../../lib/lab/lab.ts';
import type { AuditRecord, Summary } from '../../lib/recovery/audit.ts';
import { parseInfo } from '../../lib/recovery/info.ts';
import { agentSource } from '../../lib/recovery/names.ts';
import type { Place, ResourceRecord } from '../../lib/recovery/resource.ts';
import type { Stage } from '../../lib/story/stage.ts';

const everyMs = 50;
const armLimitMs = 30_000;
const recoveryLimitMs = 100_000;
/** Longer than a claim lasts. */
const idleLimitMs = 60_000;
/** Of each kind, in what a wait says when it was in vain. */
const keptLines = 20;
/** What led to the wait is told too. */
const beforeMs = 5_000;

/** Where the address is, and who has it there. */
interface Holder extends Place {
  readonly host: NetnsHost;
  readonly agent: Agent;
}

export interface ArmedLab {
  readonly stage: Stage<LabWorld>;
  readonly holder: () => Promise<Holder>;
  readonly record: () => Promise<ResourceRecord>;
  /**
   * The first recovery that did something or gave up since then. It may have begun before: a tick that is looking when
   * something breaks recovers it, and whoever is called by the break finds the claim held.
   */
  readonly recovered: (sinceMs: number) => Promise<Summary>;
  /** The steps of one recovery. */
  readonly stepsOf: (summary: Summary) => Promise<readonly AuditRecord[]>;
  readonly reconcile: () => void;
  /** The client gets every answer, the agent says that all is well, and nobody acts any more. */
  readonly settled: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** With the fleet file's own fleet, and as many local recoveries as anybody wants. */
export async function openArmedLab(options: { readonly fastLane: boolean }): Promise<ArmedLab> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-lab-test-'));
  const fleetFile = join(directory, 'fleet.yaml');
  const text = readFileSync('fleet.yaml', 'utf8');
  const patient = text.replace(/localRecoveries: \{ max: \d+,/, 'localRecoveries: { max: 50,');
  if (patient === text) throw new Error('fleet.yaml says nothing of localRecoveries');
  writeFileSync(fleetFile, patient);
  const lab = await openLab({ fleetFile, seed: 'netns', ...options }, () => undefined);
  rmSync(directory, { recursive: true });
  const { stage } = lab;
  const { world, clock } = stage;
  const { tag } = world.resource;

  const record = async () => {
    const read = await stage.record(tag);
    if (read === undefined) throw new Error(`${tag} has no record`);
    return read;
  };
  const armed: ArmedLab = {
    stage,
    record,
    async holder() {
      const { activeServer, servers } = await record();
      const server = activeServer ?? '';
      const host = world.hosts.get(server);
      const agent = world.agents.get(server);
      if (host === undefined || agent === undefined) throw new Error(`nobody has ${tag}`);
      return { server, interface: parseInfo(servers[server]?.info ?? '').primary, host, agent };
    },
    recovered: (sinceMs) =>
      until(
        armed,
        'a recovery',
        async () =>
          (await stage.audit(tag)).find(
            (each): each is Summary =>
              each.kind === 'summary' && each.outcome !== 'held' && each.atMs >= sinceMs,
          ),
        recoveryLimitMs,
      ),
    stepsOf: async ({ recoveryId }) =>
      (await stage.audit(tag)).filter((each) => each.kind === 'step' && each.recoveryId === recoveryId),
    reconcile: () => reconcileNow(stage),
    async settled() {
      const wait = <T>(what: string, reached: () => Promise<T | undefined>, limitMs: number) =>
        until(armed, what, reached, limitMs);
      await agentSaysInService(stage, { wait });
      await steady(world.client, clock, { wait });
      // What acts now would be taken for what recovers from the next break.
      await wait('nobody acts', async () => (await record()).claim.holder === null || undefined, idleLimitMs);
    },
    close: lab.close,
  };
  armed.reconcile();
  await until(armed, 'armed', async () => ((await stage.record(tag))?.armed ? true : undefined), armLimitMs);
  await armed.settled();
  return armed;
}

/** @throws Error with what the agents said when it does not come to pass in time */
export async function until<T>(
  { stage }: ArmedLab,
  what: string,
  reached: () => Promise<T | undefined> | T | undefined,
  limitMs = 30_000,
): Promise<T> {
  const { clock } = stage;
  const fromMs = clock.now();
  for (;;) {
    const value = await reached();
    if (value !== undefined) return value;
    if (clock.now() > fromMs + limitMs)
      throw new Error([`${what}: not within ${limitMs} ms`, ...(await told(stage, fromMs))].join('\n'));
    await clock.sleep(everyMs);
  }
}

/** What the agents, their events and the audit trail say of it. */
async function told({ aws, audit, world }: Stage<LabWorld>, fromMs: number): Promise<readonly string[]> {
  const logs = [...world.agents].map(([server, { log }]) =>
    [server, ...log().slice(-keptLines)].join('\n  '),
  );
  const events = aws.events
    .recentEvents()
    .filter(({ source }) => source === agentSource)
    .slice(-keptLines)
    .map((event) => `${event.time} ${event['detail-type']} ${JSON.stringify(event.detail)}`);
  const records = (await audit(world.resource.tag)).filter(({ atMs }) => atMs >= fromMs - beforeMs);
  return [
    ...logs,
    ['words', ...events].join('\n  '),
    ['audit', ...records.map((each) => JSON.stringify(each))].join('\n  '),
  ];
}
