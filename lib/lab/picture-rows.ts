/** What the picture shows: one row per thing measured, and for each story of Holdfast the stages of one run. */
import { medianOf } from './median.ts';
import type { Stretch } from './outage-account.ts';
import { accountOf, type LabOutput, type LabResult, type Measured, titleOf } from './result.ts';
import type { Rival } from './rivals.ts';

export interface OutageRow {
  readonly label: string;
  readonly ours: boolean;
  /** Of each run; empty when it was not measured. */
  readonly outagesMs: readonly number[];
  /** The median in milliseconds, or why there is none. */
  readonly note: string;
}

export interface StagePanel {
  readonly label: string;
  readonly outageMs: number;
  /** Times count from the last answer. */
  readonly stretches: readonly Stretch[];
}

/** The stretch that no stage explains. */
export const inNoStage = 'in no stage';

/** By the lab's own titles, in the order of the picture; a story that is not here keeps its title. */
const labels: { readonly [title: string]: string } = {
  'eth0-dies, fast lane, no AWS latency': 'fast lane, AWS at once',
  'eth0-dies, fast lane': 'fast lane, to the backup interface',
  'eth0-dies, alarm lane': 'alarm lane, to the backup interface',
  'instance-dies, by event, no AWS latency': 'failover by event, AWS at once',
  'instance-dies, by event': 'failover by event',
  'instance-dies, by status checks': 'failover by status checks',
};

interface Seen {
  readonly title: string;
  readonly measured: Measured;
  readonly outageMs: number;
}

export function outageRows({ runs, rivals = [] }: LabOutput): readonly OutageRow[] {
  return [...storiesOf(runs).map(([title, seen]) => ownRow(title, seen)), ...rivals.map(rivalRow)];
}

/** Of each story the run in the middle: a real one, so its stages belong together. */
export function stagePanels(runs: readonly LabResult[]): readonly StagePanel[] {
  return storiesOf(runs).flatMap(([title, seen]) => {
    const middle = seen.toSorted((a, b) => a.outageMs - b.outageMs)[Math.floor((seen.length - 1) / 2)];
    const account = middle === undefined ? null : accountOf(middle.measured);
    const lastAnswerMs = middle?.measured.client?.lastAnswerMs;
    if (middle === undefined || account === null || lastAnswerMs === undefined) return [];
    const stretches = account.stretches.map(({ stage, fromMs, untilMs }) => ({
      stage,
      fromMs: fromMs - lastAnswerMs,
      untilMs: untilMs - lastAnswerMs,
    }));
    return [
      {
        label: labelOf(title),
        outageMs: middle.outageMs,
        stretches: [...stretches, ...rest(account.inNoStageMs)],
      },
    ];
  });
}

function storiesOf(runs: readonly LabResult[]): readonly (readonly [string, readonly Seen[]])[] {
  const seen = runs.flatMap((run) =>
    run.incidents.flatMap((measured): readonly Seen[] =>
      measured.client === null
        ? []
        : [{ title: titleOf(measured.incident, run), measured, outageMs: measured.client.outageMs }],
    ),
  );
  const order = Object.keys(labels);
  return [...Map.groupBy(seen, ({ title }) => title)].toSorted(
    ([a], [b]) => order.indexOf(a) - order.indexOf(b),
  );
}

/** It has no place of its own: what is missing may have been lost between any two stages. */
function rest(inNoStageMs: number): readonly Stretch[] {
  return inNoStageMs > 0 ? [{ stage: inNoStage, fromMs: 0, untilMs: inNoStageMs }] : [];
}

function ownRow(title: string, seen: readonly Seen[]): OutageRow {
  const outagesMs = seen.map(({ outageMs }) => outageMs);
  return { label: `Holdfast ${labelOf(title)}`, ours: true, outagesMs, note: `${medianOf(outagesMs)} ms` };
}

function rivalRow(rival: Rival): OutageRow {
  const label = `${rival.name} ${rival.configuration}`;
  return 'notMeasured' in rival
    ? { label, ours: false, outagesMs: [], note: `not measured: ${rival.notMeasured}` }
    : { label, ours: false, outagesMs: rival.outagesMs, note: `${rival.medianMs} ms` };
}

function labelOf(title: string): string {
  return labels[title] ?? title;
}
