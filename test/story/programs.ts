/** Runs the project's programs as a user does: child processes on the Node that the project brings. */
import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `bin/<program>` to its end. */
export function run(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): Finished {
  const { status, stdout, stderr } = spawnSync(process.execPath, [`bin/${program}`, ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    maxBuffer: 50_000_000,
  });
  return { code: status, stdout, stderr };
}

/** The same beside others. */
export function begin(program: string, args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [`bin/${program}`, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

export interface Served {
  readonly url: string;
  /** What an SDK or the CLI needs to talk to it. */
  readonly environment: Record<string, string>;
  readonly stop: () => Promise<number | null>;
}

/** `npm start -- --no-story` on a free port, once it says that it listens. @throws when it ends before */
export async function serve(): Promise<Served> {
  const child = spawn(process.execPath, ['bin/start.ts', '--no-story', '--port', '0', '--speed', '20'], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = await listening(child);
  return {
    url,
    environment: {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'any',
      AWS_SECRET_ACCESS_KEY: 'any',
    },
    stop: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}

function listening(child: ChildProcessByStdio<null, Readable, Readable>): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const read = (chunk: Buffer): void => {
      text += chunk.toString('utf8');
      const url = /ready after .* on (http:\S+):/.exec(text)?.[1];
      if (url !== undefined && text.includes('keeps listening')) resolve(url);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`ended with ${code} before it listened:\n${text}`)));
  });
}
