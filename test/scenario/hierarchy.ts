/** The database with all that it needs: its fleet, how it stands, and what must never have been. */
import { expect } from 'vitest';
import type { UnitEvent } from '../../lib/emulator/host/units.ts';
import type { FleetDefinition } from '../../lib/recovery/fleet.ts';
import { standingOf } from '../../lib/story/standing.ts';
import { all, keeping } from './fleets.ts';
import { type Incident, type IncidentOptions, second, startIncident, tag } from './incident.ts';

export const units = { data: 'var-lib-pgsql.mount', database: 'postgresql.service' } as const;

/** AWS says "a few minutes" until the first health check of a target; nothing here is about that. */
const registrationMs = 3 * second;

type Vary = (fleet: FleetDefinition) => FleetDefinition;

/** The database alone. */
export function hierarchyOptions(...variations: readonly Vary[]): IncidentOptions {
  return {
    assembly: 'hierarchy',
    fleet: all(keeping(tag), ...variations),
    before: (_, aws) => {
      aws.elbv2.registrationMs = registrationMs;
    },
  };
}

export function startHierarchy(...variations: readonly Vary[]): Promise<Incident> {
  return startIncident(hierarchyOptions(...variations));
}

/** Servers on which each dependent is in service, as the embedded AWS and the guests say. */
export function standing(incident: Incident, of = tag): { readonly [name: string]: readonly string[] } {
  const resource = incident.fleet.resources.find((each) => each.tag === of);
  if (resource === undefined) throw new Error(`the fleet has no ${of}`);
  return Object.fromEntries(
    (resource.dependents ?? []).map((each) => [each.name, standingOf(incident, resource, each).servers]),
  );
}

export function allOn(server: string): ReturnType<typeof standing> {
  return { disk: [server], data: [server], database: [server], clients: [server] };
}

/** Everything is in service on that server and nowhere else, the record knows it, and no unit ever ran twice. */
export async function expectAllOn(incident: Incident, server: string, when = 'at the end'): Promise<void> {
  expect(standing(incident), when).toEqual(allOn(server));
  const record = await incident.record();
  const known = Object.values(record.dependents).map((each) => [each.state, each.server]);
  expect(known, when).toEqual(Object.keys(allOn(server)).map(() => ['ISP', server]));
  expect(record, when).toMatchObject({ state: 'ISP', activeServer: server, intent: null });
  expect(incident.answers(), when).toBe(true);
  expect(ranTwice(incident), when).toEqual([]);
}

/** How often a call took effect, and its caller knew: what a crash must not double. */
export function effects(incident: Incident, operation: string): number {
  return incident.aws.account.calls(operation).filter(({ error }) => error === undefined).length;
}

interface Interval {
  readonly unit: string;
  readonly server: string;
  readonly fromMs: number;
  readonly toMs: number;
}

const ends: ReadonlySet<string> = new Set(['stopped', 'failed', 'died', 'lost']);

/** Units of which two servers had a process at the same time. */
export function ranTwice(incident: Incident): readonly string[] {
  const intervals = [...incident.world.hosts].flatMap(([server, host]) =>
    intervalsOf(server, host.units.history),
  );
  const twice = intervals.filter((each) =>
    intervals.some(
      (other) =>
        other.unit === each.unit &&
        other.server !== each.server &&
        other.fromMs < each.toMs &&
        each.fromMs < other.toMs,
    ),
  );
  return [...new Set(twice.map(({ unit }) => unit))];
}

function intervalsOf(server: string, history: readonly UnitEvent[]): readonly Interval[] {
  const open = new Map<string, number>();
  const intervals: Interval[] = [];
  for (const { atMs, unit, what } of history) {
    if (what === 'starting') open.set(unit, atMs);
    const fromMs = open.get(unit);
    if (fromMs === undefined || !ends.has(what)) continue;
    intervals.push({ unit, server, fromMs, toMs: atMs });
    open.delete(unit);
  }
  for (const [unit, fromMs] of open) intervals.push({ unit, server, fromMs, toMs: Number.POSITIVE_INFINITY });
  return intervals;
}
