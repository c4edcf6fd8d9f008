/** What a story came to: whether it ended as told, a timeline for people, one JSON object for programs. */
import type { AuditRecord, Summary } from '../recovery/audit.ts';
import type { Place } from '../recovery/resource.ts';
import { placeOf, type Told } from './incidents.ts';

/** How a story ended, for the program that tells it. */
export interface Ending {
  readonly result: StoryResult;
  /** Told at the end: what everything took, and how things stand. */
  readonly lines: readonly string[];
}

/** Besides what every story has, one has `resource`, the others `resources` and `effects`. */
interface StoryResult {
  readonly ok: boolean;
  readonly recoveries: readonly RecoveryResult[];
  readonly audit: readonly AuditRecord[];
  /** What was not as told; empty when ok. */
  readonly problems: readonly string[];
}

export interface ResourceResult {
  readonly tag: string;
  readonly state: string;
  readonly activeServer: string | null;
  readonly info: { readonly [server: string]: string };
}

interface RecoveryResult {
  readonly tag: string;
  readonly outcome: string;
  readonly reason: string;
  readonly from: Place | null;
  readonly to: Place | null;
  readonly epoch: number;
  readonly stagesMs: { readonly [stage: string]: number };
}

const expectedActs = ['moved-to-backup', 'failed-over'];

/** @param assigns how often AssignPrivateIpAddresses was called */
export function resultOf(
  told: Told,
  audit: readonly AuditRecord[],
  assigns: number,
): StoryResult & { readonly resource: ResourceResult } {
  const { recoveries } = told;
  const problems = [
    ...problemsOf(told, expectedActs),
    ...(assigns === expectedActs.length ? [] : [`AssignPrivateIpAddresses was called ${assigns} times`]),
    ...(recoveries.length === 0 ? ['no recovery was recorded'] : []),
  ];
  return {
    ok: problems.length === 0,
    resource: resourceResult(told),
    recoveries: recoveryResults(told),
    audit,
    problems,
  };
}

export function resourceResult({ tag, record }: Told): ResourceResult {
  const { state, activeServer, servers } = record;
  const info = Object.fromEntries(Object.entries(servers).map(([server, entry]) => [server, entry.info]));
  return { tag, state, activeServer, info };
}

export function recoveryResults({ tag, recoveries }: Told): readonly RecoveryResult[] {
  return recoveries.map(({ outcome, reason, from, to, epoch, stagesMs }) => ({
    tag,
    outcome,
    reason,
    from,
    to,
    epoch,
    stagesMs,
  }));
}

/** What is not as it should be of one resource: exactly these recoveries, in service in the end, one outage for each. */
export function problemsOf(
  { record, recoveries, outages }: Told,
  expected: readonly string[],
): readonly string[] {
  const acted = actedOf(recoveries);
  const outcomes = acted.map(({ outcome }) => outcome);
  // A planned move may be over between two questions of the client.
  const fewest = expected.length - acted.filter(({ reason }) => reason === 'ordered').length;
  return [
    ...(outcomes.join() === expected.join()
      ? []
      : [`acted recoveries were ${outcomes.join(', ') || 'none'}`]),
    ...(record.state === 'ISP' ? [] : [`state is ${record.state}`]),
    ...(acted.at(-1)?.to?.server === record.activeServer ? [] : [`active server is ${record.activeServer}`]),
    ...(outages.every(({ nextAnswerMs }) => nextAnswerMs !== null) ? [] : ['the client gets no answer']),
    ...(outages.length >= fewest && outages.length <= expected.length
      ? []
      : [`the client saw ${outages.length} outages`]),
  ];
}

const barWidth = 40;
const nameWidth = 9;

/** The timeline: one block per acted recovery, one bar per stage, then what was held and the INFO records. */
export function timeline(told: Told): readonly string[] {
  const lines: string[] = [];
  for (const [index, each] of actedOf(told.recoveries).entries()) {
    const outage = told.outages[index];
    const seen =
      outage === undefined || outage.nextAnswerMs === null
        ? ''
        : `, the client missed it for ${((outage.nextAnswerMs - outage.lastAnswerMs) / 1000).toFixed(1)} s`;
    lines.push(
      `${each.outcome} (${each.reason}): ${placeOf(each.from)} → ${placeOf(each.to)}, noticed by ${noticer(each.trigger)}${seen}`,
    );
    lines.push(...bars(each));
  }
  const held = new Map<string, number>();
  for (const { outcome, reason } of told.recoveries)
    if (outcome === 'held') held.set(reason, (held.get(reason) ?? 0) + 1);
  if (held.size > 0)
    lines.push(`held: ${[...held].map(([reason, count]) => `${count} × ${reason}`).join(', ')}`);
  for (const { info } of Object.values(told.record.servers)) lines.push(`INFO  ${info}`);
  lines.push(`state ${told.record.state}, active server ${told.record.activeServer}`);
  return lines;
}

function bars({ stagesMs }: Summary): readonly string[] {
  const longest = Math.max(1, ...Object.values(stagesMs));
  const width = Math.max(nameWidth, ...Object.keys(stagesMs).map((stage) => stage.length));
  return Object.entries(stagesMs).map(([stage, ms]) => {
    const bar = '█'.repeat(Math.max(1, Math.round((ms / longest) * barWidth)));
    return `  ${stage.padEnd(width)} ${String(ms).padStart(6)} ms  ${bar}`;
  });
}

export function actedOf(recoveries: readonly Summary[]): readonly Summary[] {
  return recoveries.filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed');
}

function noticer(trigger: Summary['trigger']): string {
  switch (trigger.kind) {
    case 'alarm':
      return `alarm ${trigger.alarmName}`;
    case 'tick':
      return 'the reconcile tick';
    case 'operator':
      return `${trigger.arn}, who ordered it`;
    case 'agent':
      return 'the agent';
    case 'instance-state':
      return 'the EC2 state change';
  }
}
