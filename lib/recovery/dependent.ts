/**
 * What depends on an address: it leaves service before the address moves and returns after it, as a graph. `needs` names
 * the children of a dependent; every dependent needs the address itself. Out of service parents come first, into
 * service children (LifeKeeper's hierarchy).
 *
 *     nlb-target ──▶ database.service ──▶ data.mount ──▶ vol-0a…        (all of them ──▶ the address)
 *     out of service ──────────────────────────────────▶
 *               ◀────────────────────────────────── into service
 */
import * as v from 'valibot';
import type { MechanismKind } from './mechanism.ts';

const argv = v.pipe(v.array(v.string()), v.minLength(1));

const work = v.variant('kind', [
  /** A systemd unit on the server. */
  v.strictObject({ kind: v.literal('systemd'), unit: v.string() }),
  /** Programs with their arguments, run without a shell. `check`: 0 in service, 3 out of service, else failed. */
  v.strictObject({ kind: v.literal('command'), start: argv, stop: argv, check: v.nullable(argv) }),
  /** Another public address, at the protected address. */
  v.strictObject({ kind: v.literal('elasticIp'), allocationId: v.string() }),
  /** A route to the server's interface in every table, all or none. */
  v.strictObject({
    kind: v.literal('route'),
    destination: v.string(),
    routeTables: v.array(v.string()),
  }),
  /** A record in Route 53; by server, because inside a subnet the address stays the same. */
  v.strictObject({
    kind: v.literal('dns'),
    zoneId: v.string(),
    name: v.string(),
    type: v.picklist(['A', 'AAAA', 'CNAME', 'TXT']),
    ttlS: v.number(),
    values: v.record(v.string(), v.string()),
  }),
  /** An EBS volume; the file system on it is a `.mount` unit that needs it. */
  v.strictObject({ kind: v.literal('volume'), volumeId: v.string(), device: v.string() }),
  /** A registration with a target group: the server's instance, or an address. */
  v.strictObject({
    kind: v.literal('target'),
    targetGroupArn: v.string(),
    as: v.picklist(['instance', 'address']),
    port: v.nullable(v.number()),
  }),
  /** Another protected address, which moves along. */
  v.strictObject({ kind: v.literal('resource'), tag: v.string() }),
]);

export const dependent = v.strictObject({
  name: v.string(),
  /** Its children among the dependents. */
  needs: v.array(v.string()),
  startMs: v.number(),
  stopMs: v.number(),
  /** How often it may be tried to bring it in service on one server. */
  tries: v.number(),
  /** When it does not come in service: leave everything there and call a person, or try the next server. */
  onFailure: v.picklist(['stay', 'next-server']),
  work,
});

export type DependentDefinition = Readonly<v.InferOutput<typeof dependent>>;
export type DependentWork = Readonly<v.InferOutput<typeof work>>;
export type DependentKind = DependentWork['kind'];

/** Where a dependent is to be in service, or out of it. */
export interface DependentPlace {
  /** The resource whose dependent it is. */
  readonly tag: string;
  readonly server: string;
  readonly instanceId: string;
  readonly eniId: string;
  /** The private address behind which it is reached there. */
  readonly address: string;
}

/** How it stands on that server. `elsewhere`: in service, but on another one. */
export interface DependentView {
  readonly state: 'in-service' | 'out-of-service' | 'elsewhere' | 'changing' | 'failed' | 'unknown';
  readonly detail: string;
}

/** In the order in which they come into service; those of one rank may do so at the same time. Out of it: backwards. */
export function ranks(
  dependents: readonly DependentDefinition[],
): readonly (readonly DependentDefinition[])[] {
  const left = new Map(dependents.map((each) => [each.name, each]));
  const order: DependentDefinition[][] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter((each) => each.needs.every((name) => !left.has(name)));
    if (ready.length === 0) throw new Error(`the dependents ${[...left.keys()].join(', ')} need each other`);
    for (const each of ready) left.delete(each.name);
    order.push(ready);
  }
  return order;
}

/**
 * What leads to an interface of the server, and has to follow when the address changes interfaces there; in the order of
 * service. A target is one only where it is registered by an address that is the interface's own.
 */
export function followersOf(
  dependents: readonly DependentDefinition[],
  mechanism: MechanismKind,
): readonly DependentDefinition[] {
  return ranks(dependents)
    .flat()
    .filter(({ work }) => {
      if (work.kind === 'target') return work.as === 'address' && mechanism !== 'secondary';
      return work.kind === 'route' || work.kind === 'elasticIp';
    });
}

/** The names on a cycle of `needs`, in its order; null when there is none. */
export function cycleOf(
  graph: readonly { readonly name: string; readonly needs: readonly string[] }[],
): readonly string[] | null {
  const needs = new Map(graph.map((each) => [each.name, each.needs]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): readonly string[] | null => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return null;
    for (const child of needs.get(name) ?? []) {
      const cycle = visit(child, [...path, name]);
      if (cycle !== null) return cycle;
    }
    done.add(name);
    return null;
  };
  for (const { name } of graph) {
    const cycle = visit(name, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
