/** The incidents of the lab, one after the other on the same fleet: eth0 dies, then the instance under it. */
import type { Summary } from '../recovery/audit.ts';
import { addressInService, agentSource, liveAlias, tickSource } from '../recovery/names.ts';
import { narrate } from '../story/narrator.ts';
import type { Stage } from '../story/stage.ts';
import { since, type Teller } from '../story/teller.ts';
import { steady } from './client.ts';
import type { Outage } from './client-log.ts';
import type { LabWorld } from './lab.ts';

export type IncidentName = 'eth0-dies' | 'instance-dies';

export interface Incident {
  readonly name: IncidentName;
  /** When it was broken, epoch milliseconds. */
  readonly brokenAtMs: number;
  readonly recovery: Summary;
  /** What the client saw between this break and the next; one is as told. */
  readonly outages: readonly Outage[];
}

export interface Told {
  readonly tag: string;
  readonly incidents: readonly Incident[];
  /** Name of the active server at the end. */
  readonly activeServer: string | null;
  readonly state: string;
  readonly assigns: number;
  readonly probes: number;
}

export interface TellingOptions {
  /** Of a dead instance: after its state-change event, or after two failed status checks alone. */
  readonly deathKnownBy: 'event' | 'status-checks';
  /** Ends the telling at the next look. */
  readonly signal: AbortSignal;
}

/** The detail of an agent's event. */
interface Word {
  readonly tag: string;
  readonly answer: { readonly mac: string };
}

const second = 1_000;
const minute = 60 * second;
const armLimitMs = minute;
const wordLimitMs = minute;
const recoveryLimitMs = 6 * minute;
/** How long after the hardware died EC2 stops the instance, and says so. */
const stopsAfterMs = 2 * second;

export async function playIncidents(
  stage: Stage<LabWorld>,
  told: Teller,
  { deathKnownBy, signal }: TellingOptions,
): Promise<Told> {
  const { world, aws, clock } = stage;
  const { resource } = world;
  const { tag } = resource;
  const [first] = resource.candidates;
  const host = world.hosts.get(first?.server ?? '');
  if (first === undefined || host === undefined) throw new Error(`${tag} has no server`);
  narrate(stage, told);
  const teller: Teller = {
    ...told,
    wait: (what, reached, limitMs) =>
      told.wait(
        what,
        async () => {
          signal.throwIfAborted();
          return reached();
        },
        limitMs,
      ),
  };

  async function incident(
    name: IncidentName,
    outcome: Summary['outcome'],
    breaks: () => void,
  ): Promise<Incident> {
    await agentSaysInService(stage, teller);
    await steady(world.client, clock, teller);
    const brokenAtMs = clock.now();
    breaks();
    const recovery = await teller.wait(
      'detection → recovery',
      async () => (await summaries(stage, tag)).find((each) => each.outcome === outcome),
      recoveryLimitMs,
    );
    await steady(world.client, clock, teller);
    const outages = world.client.outages(brokenAtMs);
    teller.line(`  verified ${since(brokenAtMs, recovery.atMs)} after the break`);
    return { name, brokenAtMs, recovery, outages };
  }

  teller.act(`1  ${tag} (${resource.address}) is in service on ${first.server} ${first.interface}`);
  reconcileNow(stage);
  await teller.wait(
    'a reconcile, asked for now, arms what it sees healthy',
    async () => ((await stage.record(tag))?.armed === true ? true : undefined),
    armLimitMs,
  );

  teller.act(`2  The link of ${first.interface} on ${first.server} dies`);
  const moved = await incident('eth0-dies', 'moved-to-backup', () => host.setLink(first.interface, 'down'));

  teller.act(`3  The hardware under ${first.server} dies`);
  const failed = await incident('instance-dies', 'failed-over', () =>
    aws.ec2.failHost(host.id, deathKnownBy === 'event' ? { stopsAfterMs } : {}),
  );

  const record = await stage.record(tag);
  return {
    tag,
    incidents: [moved, failed],
    activeServer: record?.activeServer ?? null,
    state: record?.state ?? 'no record',
    assigns: aws.account.calls('AssignPrivateIpAddresses').length,
    probes: world.client.probeCount,
  };
}

/** The agent of the server that has the address has found it in order, so it will tell when it is not. */
export function agentSaysInService(
  { aws, world }: Stage<LabWorld>,
  teller: Pick<Teller, 'wait'>,
): Promise<true> {
  const { tag, address } = world.resource;
  return teller.wait(
    'the agent says that the address is in service',
    async () => {
      const word = aws.events
        .recentEvents()
        .filter(({ source }) => source === agentSource)
        .map((event) => ({ type: event['detail-type'], detail: event.detail as Word }))
        .findLast(({ detail }) => detail.tag === tag);
      const owner = aws.ec2.eniOwning(address)?.mac;
      return word?.type === addressInService && word.detail.answer.mac === owner ? true : undefined;
    },
    wordLimitMs,
  );
}

/** What the schedule sends once a minute. */
export function reconcileNow({ aws }: Stage<LabWorld>): void {
  const functionName = aws.lambda.functions.names().find((name) => /recover/i.test(name)) ?? '';
  aws.lambda.invokeLater(
    { functionName, qualifier: liveAlias },
    JSON.stringify({ source: tickSource }),
    aws.account.random.uuid(),
  );
}

async function summaries(stage: Stage<LabWorld>, tag: string): Promise<readonly Summary[]> {
  return (await stage.audit(tag)).filter((each): each is Summary => each.kind === 'summary');
}
