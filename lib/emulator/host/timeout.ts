/**
 * The command `timeout` of a model guest: coreutils' `timeout [-k SECONDS] SECONDS COMMAND [ARGUMENT]...`. Nothing in
 * the model ignores the request to end, so the kill that -k announces never comes.
 */
import type { Clock } from '../clock.ts';
import type { Output } from './ip.ts';

/** When what runs now will be ended. A sleep ends then too, so that none is left over that nobody waits for. */
export class Deadlines {
  readonly #allMs: number[] = [];

  nextMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#allMs);
  }

  async until<T>(deadlineMs: number, run: () => Promise<T>): Promise<T> {
    this.#allMs.push(deadlineMs);
    try {
      return await run();
    } finally {
      this.#allMs.splice(this.#allMs.lastIndexOf(deadlineMs), 1);
    }
  }
}

interface Timed {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Of the script that it is part of. */
  readonly signal: AbortSignal;
  run(line: string, options: { readonly args: string[]; readonly signal: AbortSignal }): Promise<Output>;
}

const exitCodes = { timedOut: 124, itself: 125 } as const;
const duration = /^[0-9]+(\.[0-9]+)?$/;

export async function runTimeout({ clock, deadlines, signal, run }: Timed, words: string[]): Promise<Output> {
  const [seconds = '', program, ...args] = words[0] === '-k' ? words.slice(2) : words;
  if (
    !duration.test(seconds) ||
    program === undefined ||
    (words[0] === '-k' && !duration.test(words[1] ?? ''))
  )
    return {
      stdout: '',
      stderr: `The model guest does not know "timeout ${words.join(' ')}".\n`,
      exitCode: exitCodes.itself,
    };
  const deadlineMs = clock.now() + Number(seconds) * 1000;
  const abort = new AbortController();
  const timer = clock.after(deadlineMs - clock.now(), () => abort.abort());
  try {
    const line = `'${program.replaceAll("'", `'\\''`)}'`;
    const both = AbortSignal.any([signal, abort.signal]);
    const output = await deadlines.until(deadlineMs, () => run(line, { args, signal: both }));
    return abort.signal.aborted ? { ...output, stderr: '', exitCode: exitCodes.timedOut } : output;
  } catch (error) {
    if (!abort.signal.aborted || signal.aborted) throw error;
    return { stdout: '', stderr: '', exitCode: exitCodes.timedOut };
  } finally {
    timer.cancel();
  }
}
