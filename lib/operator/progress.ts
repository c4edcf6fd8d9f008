/** The live display of a wait, on stderr: every step with its milliseconds. Redrawn on a terminal, else one line each. */
import type { Explanation } from '../recovery/order.ts';
import type { Context } from './command.ts';
import { columns, type Row, seconds } from './print.ts';

/** Lines that are written one by one are aligned too. */
const widestStep = 14;

export interface Progress {
  show(explanation: Explanation | undefined): void;
  /** Leaves what was drawn. */
  end(): void;
}

export function openProgress({ terminal, clock }: Pick<Context, 'terminal' | 'clock'>): Progress {
  const startedAtMs = clock.now();
  const screen = openScreen(terminal);
  let seen = 0;
  return {
    show(explanation) {
      const rows =
        explanation === undefined ? [] : explanation.steps.map((step) => stepRow(explanation, step));
      if (terminal.live) {
        const waiting = explanation?.ended ? [] : [`  … ${seconds(clock.now() - startedAtMs)}`];
        screen.draw([...columns(rows, '  '), ...waiting]);
        return;
      }
      for (const row of columns(rows.slice(seen), '  ')) terminal.err(`${row}\n`);
      seen = Math.max(seen, rows.length);
    },
    end: screen.leave,
  };
}

function stepRow({ startedAtMs }: Explanation, { atMs, step, ms }: Explanation['steps'][number]): Row {
  return [`+${seconds(Math.max(0, atMs - startedAtMs))}`, step.padEnd(widestStep), `${ms} ms`];
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
