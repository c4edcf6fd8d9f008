/** Whether the story across zones went as told: which call moved what, who has it now, and what every client saw. */
import type { CallRecord } from '../emulator/account.ts';
import type { AuditRecord } from '../recovery/audit.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
import type { Outage } from './client-view.ts';
import { type Effect, effectsSince } from './effects.ts';
import type { Told } from './incidents.ts';
import {
  actedOf,
  type Ending,
  problemsOf,
  type ResourceResult,
  recoveryResults,
  resourceResult,
} from './result.ts';

export interface MemberTold extends Told {
  readonly resource: ResourceDefinition;
  /** Who has the address by EC2's word: `ServerB eth0`. */
  readonly owner: string | null;
  readonly clients: readonly { readonly who: string; readonly outages: readonly Outage[] }[];
}

export interface CrossZoneTold {
  readonly members: readonly MemberTold[];
  readonly acts: readonly {
    readonly outcome: 'moved-to-backup' | 'failed-over';
    readonly sinceMs: number;
    readonly untilMs: number;
  }[];
  readonly fleet: FleetDefinition;
}

interface CrossZoneResult {
  readonly story: 'cross-zone';
  readonly resources: readonly (ResourceResult & { readonly owner: string | null })[];
  /** What changed something in service, oldest first. */
  readonly effects: readonly { readonly atMs: number; readonly text: string }[];
}

export function crossZoneResult(
  { members, acts, fleet }: CrossZoneTold,
  audit: readonly AuditRecord[],
  calls: readonly CallRecord[],
): Ending['result'] & CrossZoneResult {
  const effects = effectsSince(calls, fleet, acts[0]?.sinceMs ?? 0);
  const outcomes = acts.map(({ outcome }) => outcome);
  const problems = members.flatMap((member) =>
    [
      ...problemsOf(member, outcomes),
      ...ownerProblems(member),
      ...clientProblems(member, outcomes.length),
      ...acts.flatMap((act) =>
        moveProblems(
          member,
          effects.filter(({ atMs }) => atMs >= act.sinceMs && atMs <= act.untilMs),
          act.outcome,
        ),
      ),
    ].map((problem) => `${member.tag}: ${problem}`),
  );
  return {
    ok: problems.length === 0,
    story: 'cross-zone',
    resources: members.map((member) => ({ ...resourceResult(member), owner: member.owner })),
    recoveries: members.flatMap(recoveryResults),
    effects: effects.map(({ atMs, text }) => ({ atMs, text })),
    audit,
    problems,
  };
}

function ownerProblems({ owner, recoveries }: MemberTold): readonly string[] {
  const last = actedOf(recoveries).at(-1)?.to;
  const verified = last ? `${last.server} ${last.interface}` : null;
  return owner === verified ? [] : [`EC2 has it on ${owner}, and it was verified on ${verified}`];
}

function clientProblems({ clients }: MemberTold, expected: number): readonly string[] {
  return clients.flatMap(({ who, outages }) => [
    ...(outages.length === expected ? [] : [`${who} saw ${outages.length} outages`]),
    ...(outages.some(({ nextAnswerMs }) => nextAnswerMs === null) ? [`${who} gets no answer`] : []),
  ]);
}

/** A route in every table, or one association: each once, to the place that was verified. */
function moveProblems(
  { tag, resource, recoveries }: MemberTold,
  effects: readonly Effect[],
  outcome: string,
): readonly string[] {
  const { mechanism, address } = resource;
  const to = recoveries.find((each) => each.outcome === outcome)?.to;
  const place = `${to?.server} ${to?.interface}`;
  const expected =
    mechanism?.kind === 'overlay'
      ? mechanism.routeTables.map((table) => `ec2:ReplaceRoute ${address}/32 → ${place} in ${table}`)
      : [`ec2:AssociateAddress ${address} → ${place}`];
  const moves = effects
    .filter(({ about }) => about?.what === 'move' && about.tag === tag)
    .map(({ text }) => text);
  return moves.toSorted().join() === expected.toSorted().join()
    ? []
    : [`${outcome} by ${moves.join(', ') || 'no call'}`];
}
