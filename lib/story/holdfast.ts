/** The command line in a story, as an administrator uses it: a process of its own, against the embedded AWS over HTTP. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../recovery/fault.ts';
import type { Stage } from './stage.ts';
import type { Teller } from './teller.ts';

const program = fileURLToPath(new URL('../../bin/holdfast.ts', import.meta.url));
/** The reconcile tick may hold the claim just then: whoever is told so tries again. */
const mostTries = 10;
const limitMs = 15 * 60_000;

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end and tells what it printed. @returns its exit code */
export async function holdfast(
  stage: Stage,
  teller: Teller,
  args: readonly string[],
): Promise<number | null> {
  const line = args.map((arg) => (/^[\w/:.-]+$/.test(arg) ? arg : `"${arg}"`)).join(' ');
  const command = `npx holdfast ${line}`;
  let finished = await run(stage, teller, args, command);
  for (let tries = 1; tries < mostTries && isClaimHeld(finished); tries += 1)
    finished = await run(stage, teller, args, command);
  for (const text of [finished.stdout, finished.code === exitCodes.done ? '' : finished.stderr])
    for (const each of text.trimEnd().split('\n')) if (each !== '') teller.line(`  ${each}`);
  return finished.code;
}

function isClaimHeld({ code, stderr }: Finished): boolean {
  return code !== exitCodes.done && /claim/.test(stderr);
}

async function run(
  stage: Stage,
  teller: Teller,
  args: readonly string[],
  command: string,
): Promise<Finished> {
  const { aws, endpoint, fleet } = stage;
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: aws.account.region,
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
      HOLDFAST_FLEET: fleet.name,
    },
  });
  let [stdout, stderr] = ['', ''];
  let finished: Finished | undefined;
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  child.once('error', (error) => {
    finished = { code: null, stdout, stderr: error.message };
  });
  child.once('close', (code) => {
    finished ??= { code, stdout, stderr };
  });
  try {
    return await teller.wait(command, async () => finished, limitMs);
  } finally {
    child.kill();
  }
}
