/**
 * Whether the hierarchy's story went as told: exactly these recoveries, each effect once and in its order as the calls to
 * AWS show it, and everything in service on exactly the one server.
 */
import type { CallRecord } from '../emulator/account.ts';
import type { AuditRecord } from '../recovery/audit.ts';
import type { DependentDefinition, DependentKind } from '../recovery/dependent.ts';
import type { FleetDefinition, ResourceDefinition } from '../recovery/fleet.ts';
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

/** One act: everything goes from one server to another. */
export interface ActTold {
  readonly from: string;
  readonly to: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  /** Whether the server that is left can be asked to stop what runs on it. */
  readonly graceful: boolean;
  /** At its end, in the order of the dependents: servers on which each is in service. */
  readonly standing: readonly (readonly string[])[];
}

export interface HierarchyTold {
  readonly told: Told;
  readonly fleet: FleetDefinition;
  readonly resource: ResourceDefinition;
  readonly acts: readonly ActTold[];
  /** Exit code of the order. */
  readonly code: number | null;
}

interface HierarchyResource extends ResourceResult {
  readonly dependents: {
    readonly [name: string]: { readonly state: string; readonly server: string | null };
  };
}

interface HierarchyResult {
  readonly story: 'hierarchy';
  readonly resources: readonly HierarchyResource[];
  /** What changed something in service, oldest first. */
  readonly effects: readonly { readonly atMs: number; readonly text: string }[];
}

const expectedReasons = ['instance-not-running', 'ordered'];

export function hierarchyResult(
  { told, fleet, resource, acts, code }: HierarchyTold,
  audit: readonly AuditRecord[],
  calls: readonly CallRecord[],
): Ending['result'] & HierarchyResult {
  const effects = effectsSince(calls, fleet, acts[0]?.sinceMs ?? 0);
  const reasons = actedOf(told.recoveries).map(({ reason }) => reason);
  const dependents = Object.fromEntries(
    Object.entries(told.record.dependents).map(([name, { state, server }]) => [name, { state, server }]),
  );
  const home = acts.at(-1)?.to ?? null;
  const problems = [
    ...problemsOf(told, ['failed-over', 'failed-over']),
    ...(reasons.join() === expectedReasons.join() ? [] : [`their reasons were ${reasons.join(', ')}`]),
    ...(code === 0 ? [] : [`the order ended with ${code}`]),
    ...acts.flatMap((act) => actProblems(act, resource, effects)),
    ...(resource.dependents ?? [])
      .filter(({ name }) => dependents[name]?.state !== 'ISP' || dependents[name]?.server !== home)
      .map(({ name }) => `the record has ${name} as ${JSON.stringify(dependents[name])}`),
  ];
  return {
    ok: problems.length === 0,
    story: 'hierarchy',
    resources: [{ ...resourceResult(told), dependents }],
    recoveries: recoveryResults(told),
    effects: effects.map(({ atMs, text }) => ({ atMs, text })),
    audit,
    problems,
  };
}

/** A dead server is not asked to stop anything: EC2 says that it is stopped. */
const stopped: ReadonlySet<DependentKind> = new Set(['volume', 'target']);
const stoppedByAsking: ReadonlySet<DependentKind> = new Set([...stopped, 'systemd', 'command']);
const started: ReadonlySet<DependentKind> = new Set([...stoppedByAsking, 'route', 'dns']);

function actProblems(
  act: ActTold,
  { tag, dependents = [] }: ResourceDefinition,
  all: readonly Effect[],
): readonly string[] {
  const { from, to, graceful, standing } = act;
  const about = all
    .filter(({ atMs }) => atMs >= act.sinceMs && atMs <= act.untilMs)
    .flatMap((effect) => (effect.about?.tag === tag ? [wordsOf(effect)] : []));
  const outs = dependents.filter(({ work }) => (graceful ? stoppedByAsking : stopped).has(work.kind));
  const ins = dependents.filter(({ work }) => started.has(work.kind));
  const expected = ['move', ...outs.map(({ name }) => `out ${name}`), ...ins.map(({ name }) => `in ${name}`)];
  const orders = [
    ...outs.map(({ name }) => [`out ${name}`, 'move'] as const),
    ...ins.map(({ name }) => ['move', `in ${name}`] as const),
    ...pairs(outs).map(([parent, child]) => [`out ${parent}`, `out ${child}`] as const),
    ...pairs(ins).map(([parent, child]) => [`in ${child}`, `in ${parent}`] as const),
  ];
  const where = `from ${from} to ${to}`;
  return [
    ...(about.toSorted().join() === expected.toSorted().join()
      ? []
      : [`${where} the effects were ${about.join(', ')}`]),
    ...orders
      .filter(([before, after]) => about.lastIndexOf(before) > about.indexOf(after))
      .map(([before, after]) => `${where} "${before}" came after "${after}"`),
    ...dependents.flatMap(({ name }, index) =>
      standing[index]?.join() === to
        ? []
        : [`${where}: ${name} is in service on ${standing[index]?.join(', ') || 'no server'}`],
    ),
  ];
}

function wordsOf({ about }: Effect): string {
  if (about === null || about.what === 'move') return 'move';
  return `${about.what} ${about.dependent}`;
}

/** Parents with their children, both among these. */
function pairs(
  dependents: readonly DependentDefinition[],
): readonly (readonly [parent: string, child: string])[] {
  return dependents.flatMap(({ name, needs }) =>
    needs
      .filter((child) => dependents.some((each) => each.name === child))
      .map((child) => [name, child] as const),
  );
}
