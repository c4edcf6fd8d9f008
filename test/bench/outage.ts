/**
 * `node test/bench/outage.ts [runs]`, as root on Linux: how long a client misses its address, Holdfast and others side by
 * side in one call of the lab. Takes two minutes for each run.
 */

import { medianOf } from '../../lib/lab/median.ts';
import { type LabOutput, outagesByTitle } from '../../lib/lab/result.ts';
import { Program } from './program.ts';
import { type Figure, inMs, tableOf } from './table.ts';

const defaultRuns = 3;
const fastLane = 'eth0-dies, fast lane, no AWS latency';
const aims: { readonly [title: string]: string } = { [fastLane]: '≤ 500 ms' };

export async function outage(runs = defaultRuns): Promise<readonly Figure[]> {
  await using lab = new Program(['bin/lab.ts', '--once', '--json', '--rivals', '--runs', String(runs)]);
  const output = JSON.parse((await lab.success()).trimEnd().split('\n').at(-1) ?? '') as LabOutput;
  const own = outagesByTitle(output.runs);
  const reference = medianOf(own.get(fastLane) ?? []);
  return [
    ...[...own].map(([title, outagesMs]) => figureOf(title, outagesMs, reference)),
    ...(output.rivals ?? []).map((rival): Figure => {
      const what = `${rival.name}, ${rival.configuration}`;
      return 'notMeasured' in rival
        ? { what: `outage: ${what}`, figure: 'not measured', note: rival.notMeasured }
        : figureOf(what, rival.outagesMs, reference);
    }),
  ];
}

function figureOf(title: string, outagesMs: readonly number[], referenceMs: number | undefined): Figure {
  const median = medianOf(outagesMs) ?? Number.NaN;
  const aim = aims[title];
  const ratio =
    title === fastLane || referenceMs === undefined
      ? ''
      : `${(median / referenceMs).toFixed(2)} times the fast lane; `;
  return {
    what: `outage: ${title}`,
    figure: inMs(median),
    ...(aim === undefined ? {} : { aim }),
    note: `${ratio}median of ${outagesMs.join(', ')} ms`,
  };
}

if (import.meta.main) process.stdout.write(tableOf(await outage(Number(process.argv[2] ?? defaultRuns))));
