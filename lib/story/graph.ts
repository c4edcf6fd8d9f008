/**
 * A hierarchy as a picture: who needs nobody's service but the address at the bottom, parents above their children, a
 * child that several need drawn once more in a word.
 *
 *     clients          target   database                healthy on ServerA
 *     └─ database      systemd  postgresql.service      active on ServerA
 *        └─ data       systemd  var-lib-pgsql.mount     active on ServerA
 *     ip-db            address  10.0.1.50               ISP on ServerA eth0
 */
import type { DependentDefinition } from '../recovery/dependent.ts';
import type { ResourceDefinition } from '../recovery/fleet.ts';
import { whatOf } from '../recovery/hierarchy.ts';

/** @param stateOf of a dependent, in words; `address`: of the address itself */
export function drawGraph(
  { tag, address, mechanism, dependents = [] }: ResourceDefinition,
  states: { readonly of: (dependent: DependentDefinition) => string; readonly address: string },
): readonly string[] {
  const drawn = new Set<string>();
  const rows: (readonly [tree: string, kind: string, what: string, state: string])[] = [];

  function draw(dependent: DependentDefinition, lead: string, inset: string): void {
    const { name, needs, work } = dependent;
    if (drawn.has(name)) {
      rows.push([`${lead}${name}`, '', '(above)', '']);
      return;
    }
    drawn.add(name);
    rows.push([`${lead}${name}`, work.kind, whatOf(work), states.of(dependent)]);
    const children = dependents.filter((each) => needs.includes(each.name));
    for (const [index, child] of children.entries()) {
      const isLast = index === children.length - 1;
      draw(child, `${inset}${isLast ? '└─ ' : '├─ '}`, `${inset}${isLast ? '   ' : '│  '}`);
    }
  }

  const roots = dependents.filter(({ name }) => !dependents.some(({ needs }) => needs.includes(name)));
  for (const root of roots) draw(root, '', '');
  rows.push([tag, mechanism?.kind ?? 'address', address, states.address]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
