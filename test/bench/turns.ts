/** Two ways of doing something, measured in turns, so that whatever slows the machine slows both. */
export interface Turns {
  /** Medians of what each turn gave. */
  readonly a: number;
  readonly b: number;
  readonly ratio: number;
}

export async function inTurns(
  turns: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<Turns> {
  const measured: { readonly a: number; readonly b: number }[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const first = turn % 2 === 0 ? await a() : undefined;
    const other = await b();
    measured.push({ a: first ?? (await a()), b: other });
  }
  const medians = { a: median(measured.map((each) => each.a)), b: median(measured.map((each) => each.b)) };
  return { ...medians, ratio: medians.a / medians.b };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.slice(Math.floor((sorted.length - 1) / 2), Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}
