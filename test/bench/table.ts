/** How figures are shown: one row each, the aim beside what was measured. */
export interface Figure {
  readonly what: string;
  readonly figure: string;
  readonly aim?: string;
  /** What it was made of, or why there is none. */
  readonly note: string;
}

const headings: Figure = { what: 'what', figure: 'measured', aim: 'aim', note: 'made of' };

/** A table as Markdown reads it. */
export function tableOf(figures: readonly Figure[]): string {
  const rows = [headings, ...figures].map(({ what, figure, aim = '', note }) => [what, figure, aim, note]);
  const widths = [0, 1, 2, 3].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const [heading = '', ...lines] = rows.map((row) => lineOf(row, widths, ' '));
  return `${[heading, lineOf(['', '', '', ''], widths, '-'), ...lines].join('\n')}\n`;
}

function lineOf(cells: readonly string[], widths: readonly number[], filler: string): string {
  return `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0, filler)).join(' | ')} |`;
}

export function inMs(ms: number): string {
  return `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function inKb(bytes: number): string {
  return `${Math.round(bytes / 1_000)} kB`;
}

export function inMb(bytes: number): string {
  return `${Math.round(bytes / 1_000_000)} MB`;
}
