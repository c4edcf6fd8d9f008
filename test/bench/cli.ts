/**
 * What a question costs an operator: `lkipbu -s` and `holdfast status` as a shell starts them, against twice an empty
 * program of Node and one round trip to the operate function, all measured in turns.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { invoker } from '../../lib/aws/invoke.ts';
import { liveAlias, operateFunctionName } from '../../lib/recovery/names.ts';
import { Program, projectDirectory } from './program.ts';
import { type Figure, inMs } from './table.ts';
import { inTurns } from './turns.ts';

const turns = 21;
const readyTurns = 120;
const readyEveryMs = 500;
const question = JSON.stringify({ action: 'status', tag: 'ip-db' });
const programs = {
  'lkipbu -s': ['bin/lkipbu.ts', '-s', '-t', 'ip-db'],
  'holdfast status': ['bin/holdfast.ts', 'status', 'ip-db'],
} as const;

export async function cli(): Promise<readonly Figure[]> {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    await using aws = new Program(['bin/start.ts', '--no-story', '--port', '0']);
    await aws.says('keeps listening');
    const environment = environmentOf(/ on (http:\S+):/.exec(aws.output)?.[1] ?? '', home);
    const roundTrip = roundTripMs(environment);
    await ready(roundTrip);
    const figures: Figure[] = [];
    for (const [name, [file, ...args]] of Object.entries(programs))
      figures.push(await compared(name, () => programMs(file ?? '', args, environment), roundTrip));
    return figures;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

async function compared(
  name: string,
  program: () => Promise<number>,
  roundTrip: () => Promise<number>,
): Promise<Figure> {
  let emptyMs = 0;
  let tripMs = 0;
  await program(); // The first start fills the cache.
  const { a, b, ratio } = await inTurns(turns, program, async () => {
    emptyMs = await programMs(process.execPath, ['-e', '0'], {});
    tripMs = await roundTrip();
    return 2 * emptyMs + tripMs;
  });
  return {
    what: `${name} ÷ (2 × node -e 0 + one Lambda round trip)`,
    figure: ratio.toFixed(2),
    aim: '≤ 1',
    note: `${inMs(a)} ÷ ${inMs(b)}, medians of ${turns}; in the last turn node -e 0 took ${inMs(emptyMs)}, the round trip ${inMs(tripMs)}`,
  };
}

/** The reconcile has to see the resource first, and the function's first start is nobody's usual. */
async function ready(roundTrip: () => Promise<number>): Promise<void> {
  for (let turn = 0; turn < readyTurns; turn += 1) {
    try {
      await roundTrip();
      return;
    } catch {
      await sleep(readyEveryMs);
    }
  }
  throw new Error('the operate function does not know ip-db');
}

function roundTripMs(environment: Record<string, string>): () => Promise<number> {
  const invoke = invoker(environment, () => Date.now());
  return async () => {
    const fromMs = performance.now();
    const { payload } = await invoke(operateFunctionName('main'), liveAlias, question);
    const ms = performance.now() - fromMs;
    if (JSON.parse(payload).ok !== true) throw new Error(payload);
    return ms;
  };
}

async function programMs(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const fromMs = performance.now();
  const child = spawn(file, args, { cwd: projectDirectory, stdio: 'ignore', env });
  const [code] = await once(child, 'close');
  const ms = performance.now() - fromMs;
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}`);
  return ms;
}

function environmentOf(url: string, home: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:/usr/bin:/bin`,
    HOME: home,
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'any',
    AWS_SECRET_ACCESS_KEY: 'any',
  };
}
