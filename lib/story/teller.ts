/** How a story is told: acts, lines with the story's own time, and a live line for every wait. */
import { styleText } from 'node:util';
import ora from 'ora';

export interface Teller {
  act(title: string): void;
  line(text: string): void;
  /** Something that happened in the embedded AWS, told while a wait goes on. */
  event(atMs: number, text: string): void;
  /** Shows what is waited for, for how long in the story's time, until `reached` gives a value. @throws StoryStalled */
  wait<T>(what: string, reached: () => Promise<T | undefined>, limitMs: number): Promise<T>;
}

export class StoryStalled extends Error {
  constructor(what: string, limitMs: number) {
    super(`still waiting after ${limitMs / 60_000} minutes of the story's time: ${what}`);
    this.name = 'StoryStalled';
  }
}

const pollMs = 150;

export function openTeller(stream: NodeJS.WriteStream, clock: { now(): number }): Teller {
  const startMs = clock.now();
  const spinner = ora({ stream, discardStdin: false });

  function say(text: string): void {
    const waiting = spinner.isSpinning ? spinner.text : undefined;
    if (waiting !== undefined) spinner.stop();
    stream.write(`${text}\n`);
    if (waiting !== undefined && stream.isTTY) spinner.start(waiting);
  }

  return {
    act: (title) => say(`\n${styleText('bold', title)}`),
    line: (text) => say(text),
    event: (atMs, text) => say(`  ${styleText('dim', since(startMs, atMs))}  ${text}`),
    async wait(what, reached, limitMs) {
      const fromMs = clock.now();
      // Without a terminal one line stands for the whole wait.
      if (!stream.isTTY) stream.write(`  … ${what}\n`);
      else spinner.start(what);
      try {
        for (;;) {
          const value = await reached();
          if (value !== undefined) return value;
          if (clock.now() - fromMs > limitMs) throw new StoryStalled(what, limitMs);
          if (stream.isTTY) spinner.text = `${what} ${styleText('dim', since(fromMs, clock.now()))}`;
          await new Promise((resolve) => setTimeout(resolve, pollMs));
        }
      } finally {
        spinner.stop();
      }
    },
  };
}

/** `+1:23.4`: minutes, seconds, tenths. */
export function since(fromMs: number, nowMs: number): string {
  const tenths = Math.max(0, Math.round((nowMs - fromMs) / 100));
  const minutes = Math.floor(tenths / 600);
  return `+${minutes}:${((tenths % 600) / 10).toFixed(1).padStart(4, '0')}`;
}
