/** The live display of a wait, on stderr: every step with its milliseconds. Redrawn on a terminal, else one line each. */
import type { ExplainedStep, Explanation } from '../recovery/order.ts';
import type { Context } from './command.ts';
import { unseen } from './follower.ts';
import { columns, type Row, seconds } from './print.ts';

/** Lines that are written one by one are aligned too. */
const widestStep = 17;
const widestMs = 8;
const widestTime = 9;

export interface Progress {
  show(explanation: Explanation | undefined): void;
  /** Leaves what was drawn. */
  end(): void;
}

export function openProgress({ terminal, clock }: Pick<Context, 'terminal' | 'clock'>): Progress {
  const startedAtMs = clock.now();
  const screen = openScreen(terminal);
  const seen = new Set<string>();
  return {
    show(explanation) {
      if (terminal.live) {
        const rows = explanation === undefined ? [] : rowsOf(explanation, explanation.steps);
        const waiting = explanation?.ended ? [] : [`  … ${seconds(clock.now() - startedAtMs)}`];
        screen.draw([...columns(rows, '  '), ...waiting]);
      } else if (explanation !== undefined) {
        const fresh = rowsOf(explanation, unseen(explanation, seen));
        for (const row of columns(fresh, '  ')) terminal.err(`${row}\n`);
      }
    },
    end: screen.leave,
  };
}

function rowsOf({ startedAtMs }: Explanation, steps: readonly ExplainedStep[]): readonly Row[] {
  return steps.map(({ atMs, step, words, ms }) => [
    `+${seconds(Math.max(0, atMs - startedAtMs))}`.padStart(widestTime),
    step.padEnd(widestStep),
    words === null ? `${ms} ms` : `${ms} ms`.padEnd(widestMs),
    ...(words === null ? [] : [words]),
  ]);
}

export interface Screen {
  /** Over what was drawn before. */
  draw(lines: readonly string[]): void;
  leave(): void;
}

/** Cuts lines that would wrap: a wrapped line is two to the terminal and one to us. */
export function openScreen({ err, columns: width }: Context['terminal']): Screen {
  let drawn = 0;
  return {
    draw(lines) {
      const up = drawn === 0 ? '' : `\x1b[${drawn}A\x1b[J`;
      err(`${up}${lines.map((line) => `${cut(line, width)}\n`).join('')}`);
      drawn = lines.length;
    },
    leave() {
      drawn = 0;
    },
  };
}

function cut(line: string, width: number): string {
  return line.includes('\x1b[') || line.length <= width ? line : line.slice(0, width);
}
