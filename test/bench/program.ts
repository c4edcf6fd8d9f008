/** A program of the project, started by its path, and what it and its children take while it runs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const projectDirectory = fileURLToPath(new URL('../..', import.meta.url));
const endLimitMs = 5_000;

export class Program implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | null>;
  #output = '';

  constructor(args: readonly string[], environment?: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, args, {
      cwd: projectDirectory,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(environment === undefined ? {} : { env: environment }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
      });
    this.#exited = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  get output(): string {
    return this.#output;
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error with what it said, unless it ends with 0 */
  async success(): Promise<string> {
    const code = await this.#exited;
    if (code !== 0) throw new Error(`ended with ${code}: ${this.#output.trim().split('\n').at(-1)}`);
    return this.#output;
  }

  /** @throws Error with what it said when it ends first */
  async says(words: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      if (this.#output.includes(words)) resolve();
    };
    this.#child.stdout?.on('data', look);
    look();
    const ended = this.#exited.then((code) => {
      if (!this.#output.includes(words)) throw new Error(`ended with ${code}: ${this.#output.trim()}`);
    });
    ended.catch(() => undefined);
    await Promise.race([promise, ended]);
  }

  /** Sum of the peaks of resident memory, in bytes, of the process and all that live below it now; undefined without /proc. */
  peakMemory(): number | undefined {
    const { pid } = this.#child;
    if (pid === undefined || process.platform !== 'linux') return undefined;
    return withDescendants(pid).reduce((sum, each) => sum + peakOf(each), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.ended) return;
    this.#child.kill('SIGTERM');
    const limit = setTimeout(() => this.#child.kill('SIGKILL'), endLimitMs);
    await this.#exited;
    clearTimeout(limit);
  }
}

/** 0 for a process that has ended meanwhile. */
function peakOf(pid: number): number {
  const [, kilobytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(procFile(pid, 'status')) ?? [];
  return Number(kilobytes) * 1024;
}

function withDescendants(pid: number): readonly number[] {
  const parents = new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(Number(name))]),
  );
  const found: number[] = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found;
}

/** Fourth field of `stat`; the second is a name in parentheses, which may hold anything. */
function parentOf(pid: number): number {
  const stat = procFile(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1] ?? 0);
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
