/** How long `npm start` takes until it serves, and how much memory it takes while it serves and while it tells its story. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { keptBundles } from '../../lib/story/synthesis.ts';
import { Program, projectDirectory } from './program.ts';
import { type Figure, inMb, inMs } from './table.ts';
import { inTurns } from './turns.ts';

const turns = 3;
const lookEveryMs = 200;
const servingMs = 5_000;
const storyLimitMs = 300_000;
const ready = 'Embedded AWS ready';
/** What `npm start` runs, without the leading `node`. */
const command = startCommand();
const serving = [...command, '--no-story', '--port', '0'];
const story = [...command, '--once', '--port', '0'];
const memoryAim = '< 400 MB';

export async function start(): Promise<readonly Figure[]> {
  const first = await inTurns(turns, () => msUntilReady('first'), msOfSynthesis);
  const again = await inTurns(turns, () => msUntilReady('again'), msOfSynthesis);
  const figure = (what: string, { a, b, ratio }: typeof first): Figure => ({
    what,
    figure: `${(a / 1000).toFixed(1)} s`,
    aim: '≤ 8 s',
    note: `${ratio.toFixed(2)} times the ${inMs(b)} of node bin/app.ts alone, medians of ${turns}`,
  });
  return [
    figure('first start until the embedded AWS is ready', first),
    figure('the same again, with the bundles kept', again),
    await memory('serving', serving, servingMs),
    await memory('telling the story', story, storyLimitMs),
  ];
}

function startCommand(): readonly string[] {
  const { scripts } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8'));
  return String(scripts.start).split(' ').slice(1);
}

async function msUntilReady(start: 'first' | 'again'): Promise<number> {
  if (start === 'first') rmSync(keptBundles, { recursive: true, force: true });
  const fromMs = performance.now();
  await using program = new Program(serving);
  await program.says(ready);
  return performance.now() - fromMs;
}

async function msOfSynthesis(): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const fromMs = performance.now();
    await using program = new Program(['bin/app.ts'], { CDK_OUTDIR: directory });
    await program.success();
    return performance.now() - fromMs;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Looks until the program ends, or for so long after it was ready. The kernel keeps a peak, so none is missed. */
async function memory(doing: string, args: readonly string[], afterReadyMs: number): Promise<Figure> {
  const what = `peak memory while ${doing}`;
  await using program = new Program(args);
  let starting = 0;
  let working = 0;
  let readyAtMs: number | undefined;
  while (!program.ended) {
    const bytes = program.peakMemory();
    if (bytes === undefined) return { what, figure: 'not measured', note: 'needs /proc of Linux' };
    if (program.output.includes(ready)) readyAtMs ??= performance.now();
    if (readyAtMs === undefined) starting = Math.max(starting, bytes);
    else working = Math.max(working, bytes);
    if (readyAtMs !== undefined && performance.now() - readyAtMs > afterReadyMs) break;
    await sleep(lookEveryMs);
  }
  const end = args === story ? `; ended with "${program.output.trim().split('\n').at(-1)}"` : '';
  const note = `with its child processes; ${inMb(starting)} before, while one of them synthesized${end}`;
  return { what, figure: inMb(working), aim: memoryAim, note };
}
