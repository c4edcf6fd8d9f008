/** What the story came to: whether it ended as told, a timeline for people, one JSON object for programs. */
import type { AuditRecord, Summary } from '../recovery/audit.ts';
import type { Place } from '../recovery/resource.ts';
import { placeOf, type Told } from './incidents.ts';

export interface StoryResult {
  readonly ok: boolean;
  readonly resource: {
    readonly tag: string;
    readonly state: string;
    readonly activeServer: string | null;
    readonly info: { readonly [server: string]: string };
  };
  readonly recoveries: readonly {
    readonly tag: string;
    readonly outcome: string;
    readonly reason: string;
    readonly from: Place | null;
    readonly to: Place | null;
    readonly epoch: number;
    readonly stagesMs: { readonly [stage: string]: number };
  }[];
  readonly audit: readonly AuditRecord[];
  /** What was not as told; empty when ok. */
  readonly problems: readonly string[];
}

const expectedActs = ['moved-to-backup', 'failed-over'];

/** @param assigns how often AssignPrivateIpAddresses was called */
export function resultOf(told: Told, audit: readonly AuditRecord[], assigns: number): StoryResult {
  const { tag, record, recoveries, outages } = told;
  const info = Object.fromEntries(
    Object.entries(record.servers).map(([server, entry]) => [server, entry.info]),
  );
  const acted = actedOf(recoveries).map(({ outcome }) => outcome);
  const failed = recoveries.at(-1);
  const problems = [
    ...(acted.join() === expectedActs.join() ? [] : [`acted recoveries were ${acted.join(', ') || 'none'}`]),
    ...(record.state === 'ISP' ? [] : [`state is ${record.state}`]),
    ...(actedOf(recoveries).at(-1)?.to?.server === record.activeServer
      ? []
      : [`active server is ${record.activeServer}`]),
    ...(assigns === expectedActs.length ? [] : [`AssignPrivateIpAddresses was called ${assigns} times`]),
    ...(outages.every(({ nextAnswerMs }) => nextAnswerMs !== null) ? [] : ['the client gets no answer']),
    ...(outages.length === expectedActs.length ? [] : [`the client saw ${outages.length} outages`]),
    ...(failed === undefined ? ['no recovery was recorded'] : []),
  ];
  return {
    ok: problems.length === 0,
    resource: { tag, state: record.state, activeServer: record.activeServer, info },
    recoveries: recoveries.map(({ outcome, reason, from, to, epoch, stagesMs }) => ({
      tag,
      outcome,
      reason,
      from,
      to,
      epoch,
      stagesMs,
    })),
    audit,
    problems,
  };
}

const barWidth = 40;

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
  return Object.entries(stagesMs).map(([stage, ms]) => {
    const bar = '█'.repeat(Math.max(1, Math.round((ms / longest) * barWidth)));
    return `  ${stage.padEnd(9)} ${String(ms).padStart(6)} ms  ${bar}`;
  });
}

function actedOf(recoveries: readonly Summary[]): readonly Summary[] {
  return recoveries.filter(({ outcome }) => outcome !== 'held' && outcome !== 'failed');
}

function noticer(trigger: Summary['trigger']): string {
  if (trigger.kind === 'alarm') return `alarm ${trigger.alarmName}`;
  return trigger.kind === 'tick' ? 'the reconcile tick' : 'the EC2 state change';
}
