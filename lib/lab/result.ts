/**
 * What a lab run came to: per incident what the client saw beside the stages of the recovery, for people and programs,
 * and whether it ended as told.
 */
import { placeOf } from '../story/incidents.ts';
import type { AwsLatency } from './aws-latency.ts';
import type { Incident, IncidentName, Told } from './incidents.ts';
import { medianOf } from './median.ts';
import { type Account, accountFor } from './outage-account.ts';
import type { Rival } from './rivals.ts';

/** How a run may differ from another. */
export interface Conditions {
  /** Who says first that an address has failed: the agent by an event of its own, or the alarm alone. */
  readonly lane: 'fast' | 'alarm';
  /** Of a dead instance: its state-change event, or two failed status checks alone. */
  readonly deathKnownBy: 'event' | 'status-checks';
  /** What is added between the services of AWS. */
  readonly awsLatency: AwsLatency;
}

export interface Measured {
  readonly incident: IncidentName;
  readonly outcome: string;
  readonly reason: string;
  readonly from: string;
  readonly to: string;
  /** What the client saw; times count from the break. Null when it saw no single outage. */
  readonly client: {
    readonly lastAnswerMs: number;
    readonly firstAnswerMs: number;
    readonly outageMs: number;
    readonly lostProbes: number;
  } | null;
  /** From the break to the time that the event bears: an alarm's change of state, an instance's. */
  readonly noticedMs: number;
  /** From the break to the end of the recovery. */
  readonly endedMs: number;
  /** The recovery's own; `detect` is from that event to the start of the function. */
  readonly stagesMs: { readonly [stage: string]: number };
  /** What no stage explains of the outage. */
  readonly inNoStage: { readonly ms: number; readonly percent: number } | null;
}

export interface LabResult extends Conditions {
  readonly ok: boolean;
  readonly incidents: readonly Measured[];
  readonly probes: number;
  /** What was not as told; empty when ok. */
  readonly problems: readonly string[];
}

/** What `--json` prints. */
export interface LabOutput {
  readonly ok: boolean;
  readonly runs: readonly LabResult[];
  readonly rivals?: readonly Rival[];
}

/** @param servers name of a server by its instance id */
export function resultOf(
  told: Told,
  servers: ReadonlyMap<string, string>,
  lastServer: string,
  conditions: Conditions,
): LabResult {
  const problems = [
    ...told.incidents.flatMap((each) => outageProblems(each, servers)),
    ...(told.state === 'ISP' ? [] : [`state is ${told.state}`]),
    ...(told.activeServer === lastServer ? [] : [`active server is ${told.activeServer}`]),
    ...(told.assigns === told.incidents.length
      ? []
      : [`AssignPrivateIpAddresses was called ${told.assigns} times`]),
  ];
  return {
    ok: problems.length === 0,
    ...conditions,
    incidents: told.incidents.map(measured),
    probes: told.probes,
    problems,
  };
}

function outageProblems(
  { name, outages, recovery }: Incident,
  servers: ReadonlyMap<string, string>,
): readonly string[] {
  if (outages.length !== 1) return [`${name}: the client saw ${outages.length} outages`];
  const by = servers.get(outages[0]?.answeredBy ?? '');
  return by === recovery.to?.server ? [] : [`${name}: the first answer after it came from ${by}`];
}

function measured({ name, brokenAtMs, recovery, outages }: Incident): Measured {
  const [outage] = outages;
  const measure = {
    incident: name,
    outcome: recovery.outcome,
    reason: recovery.reason,
    from: placeOf(recovery.from),
    to: placeOf(recovery.to),
    client:
      outage === undefined || outages.length > 1
        ? null
        : {
            lastAnswerMs: outage.lastAnswerMs - brokenAtMs,
            firstAnswerMs: outage.firstAnswerMs - brokenAtMs,
            outageMs: outage.firstAnswerMs - outage.lastAnswerMs,
            lostProbes: outage.lostProbes,
          },
    noticedMs: recovery.startedAtMs - (recovery.stagesMs['detect'] ?? 0) - brokenAtMs,
    endedMs: recovery.atMs - brokenAtMs,
    stagesMs: recovery.stagesMs,
  };
  const account = accountOf(measure);
  return {
    ...measure,
    inNoStage:
      account === null
        ? null
        : { ms: account.inNoStageMs, percent: Math.round(account.inNoStagePercent * 10) / 10 },
  };
}

/** Null when the client saw no single outage. */
export function accountOf({
  client,
  noticedMs,
  endedMs,
  stagesMs,
}: Pick<Measured, 'client' | 'noticedMs' | 'endedMs' | 'stagesMs'>): Account | null {
  return client === null ? null : accountFor({ ...client, noticedMs, endedMs, stagesMs });
}

/** `eth0-dies, fast lane`: incidents with the same words are comparable. */
export function titleOf(incident: IncidentName, { lane, deathKnownBy, awsLatency }: Conditions): string {
  const how = incident === 'eth0-dies' ? `${lane} lane` : `by ${deathKnownBy.replace('-', ' ')}`;
  return `${incident}, ${how}${awsLatency === 'none' ? ', no AWS latency' : ''}`;
}

/** Median outage by incident and conditions of several runs. */
export function summaryOf(results: readonly LabResult[]): readonly string[] {
  return [...outagesByTitle(results)].map(([title, outagesMs]) => {
    if (outagesMs.length === 1) return `${title}: outage ${outagesMs[0]} ms`;
    const range = `from ${Math.min(...outagesMs)} to ${Math.max(...outagesMs)} ms`;
    return `${title}: outage median ${medianOf(outagesMs)} ms, ${range} in ${outagesMs.length} runs`;
  });
}

/** None is empty. */
export function outagesByTitle(results: readonly LabResult[]): ReadonlyMap<string, readonly number[]> {
  const seen = results.flatMap((result) =>
    result.incidents.flatMap(({ incident, client }) =>
      client === null ? [] : [{ title: titleOf(incident, result), outageMs: client.outageMs }],
    ),
  );
  const byTitle = Map.groupBy(seen, ({ title }) => title);
  return new Map([...byTitle].map(([title, each]) => [title, each.map(({ outageMs }) => outageMs)]));
}

const barWidth = 40;

export function linesOf({ incidents, probes, ...conditions }: LabResult): readonly string[] {
  return [
    ...incidents.flatMap((each) => incidentLines(each, titleOf(each.incident, conditions))),
    `the client sent ${probes} probes, one every 10 ms`,
  ];
}

function incidentLines(
  { outcome, reason, from, to, client, inNoStage, ...rest }: Measured,
  title: string,
): readonly string[] {
  const stages = { noticed: rest.noticedMs, ...rest.stagesMs };
  const longest = Math.max(1, ...Object.values(stages));
  return [
    `${title}: ${from} → ${to}, ${outcome} (${reason})`,
    client === null
      ? '  the client saw no single outage'
      : `  the client: last answer ${signed(client.lastAnswerMs)}, first answer ${signed(client.firstAnswerMs)}, ` +
        `outage ${client.outageMs} ms, ${client.lostProbes} probes lost`,
    ...Object.entries(stages).map(
      ([stage, ms]) =>
        `  ${stage.padEnd(9)} ${String(ms).padStart(6)} ms  ${'█'.repeat(Math.max(1, Math.round((ms / longest) * barWidth)))}`,
    ),
    ...(inNoStage === null
      ? []
      : [`  in no stage: ${inNoStage.ms} ms (${inNoStage.percent.toFixed(1)} % of the outage)`]),
    '',
  ];
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${Math.abs(ms)} ms`;
}
