/**
 * What a lab run came to: per incident what the client saw beside the stages of the recovery, for people and programs,
 * and whether it ended as told.
 */
import { placeOf } from '../story/incidents.ts';
import type { Incident, IncidentName, Told } from './incidents.ts';

interface Measured {
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
  /** The recovery's own; `detect` is from that event to the start of the function. */
  readonly stagesMs: { readonly [stage: string]: number };
}

export interface LabResult {
  readonly ok: boolean;
  readonly incidents: readonly Measured[];
  readonly probes: number;
  /** What was not as told; empty when ok. */
  readonly problems: readonly string[];
}

/** @param servers name of a server by its instance id */
export function resultOf(told: Told, servers: ReadonlyMap<string, string>, lastServer: string): LabResult {
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
  return {
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
    stagesMs: recovery.stagesMs,
  };
}

const barWidth = 40;

export function linesOf({ incidents, probes }: LabResult): readonly string[] {
  return [...incidents.flatMap(incidentLines), `the client sent ${probes} probes, one every 10 ms`];
}

function incidentLines({
  incident,
  outcome,
  reason,
  from,
  to,
  client,
  ...rest
}: Measured): readonly string[] {
  const stages = { noticed: rest.noticedMs, ...rest.stagesMs };
  const longest = Math.max(1, ...Object.values(stages));
  return [
    `${incident}: ${from} → ${to}, ${outcome} (${reason})`,
    client === null
      ? '  the client saw no single outage'
      : `  the client: last answer ${signed(client.lastAnswerMs)}, first answer ${signed(client.firstAnswerMs)}, ` +
        `outage ${client.outageMs} ms, ${client.lostProbes} probes lost`,
    ...Object.entries(stages).map(
      ([stage, ms]) =>
        `  ${stage.padEnd(9)} ${String(ms).padStart(6)} ms  ${'█'.repeat(Math.max(1, Math.round((ms / longest) * barWidth)))}`,
    ),
    '',
  ];
}

function signed(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${Math.abs(ms)} ms`;
}

/** Median outage per incident of several runs. */
export function summaryOf(results: readonly LabResult[]): readonly string[] {
  const names = [...new Set(results.flatMap(({ incidents }) => incidents.map(({ incident }) => incident)))];
  return names.map((name) => {
    const seen = results
      .flatMap(({ incidents }) => incidents)
      .flatMap(({ incident, client }) => (incident === name && client !== null ? [client.outageMs] : []))
      .toSorted((a, b) => a - b);
    const median = seen[Math.floor((seen.length - 1) / 2)] ?? 0;
    return `${name}: outage median ${median} ms, from ${seen[0] ?? 0} to ${seen.at(-1) ?? 0} ms in ${seen.length} runs`;
  });
}
