/**
 * What depends on an address, drawn as LifeKeeper draws a hierarchy: parents above, what they need below. Out of service
 * from the top, into service from the bottom; what several need is drawn once and named again where it is needed.
 */
import type { DependentStatus } from '../recovery/order.ts';
import type { Terminal } from './command.ts';
import { columns, type Row, state } from './print.ts';

export function hierarchyLines(
  dependents: readonly DependentStatus[],
  terminal: Pick<Terminal, 'colour'>,
  indent: string,
): readonly string[] {
  const drawn = new Set<string>();
  const rows = topsOf(dependents).flatMap((each) => branch(each, { dependents, drawn, terminal }, '', ''));
  return columns(rows, indent);
}

interface Drawing {
  readonly dependents: readonly DependentStatus[];
  /** Names that were drawn with what is below them. */
  readonly drawn: Set<string>;
  readonly terminal: Pick<Terminal, 'colour'>;
}

/** Needed by nobody. The engine tells them in the order in which they come into service, so the last one is on top. */
function topsOf(dependents: readonly DependentStatus[]): readonly DependentStatus[] {
  const needed = new Set(dependents.flatMap(({ needs }) => needs));
  return dependents.filter(({ name }) => !needed.has(name)).toReversed();
}

/** @param first what stands before its own name, @param rest before the names below it */
function branch(each: DependentStatus, drawing: Drawing, first: string, rest: string): readonly Row[] {
  const { dependents, drawn, terminal } = drawing;
  const title = `${first}${each.name}`;
  if (drawn.has(each.name)) return [[title, '(above)']];
  drawn.add(each.name);
  const children = each.needs.flatMap((name) => dependents.find((other) => other.name === name) ?? []);
  return [
    [title, `${each.kind} ${each.what}`, ...standing(each, terminal)],
    ...children.flatMap((child, index) => {
      const isLast = index === children.length - 1;
      return branch(child, drawing, `${rest}${isLast ? '└─' : '├─'} `, `${rest}${isLast ? '   ' : '│  '}`);
    }),
  ];
}

function standing({ state: value, server, why }: DependentStatus, terminal: Drawing['terminal']): Row {
  if (value === null) return ['-', '-', 'no failover has had to do with it yet'];
  return [state(terminal, value), server ?? '-', why ?? ''];
}
