/** Two ways of doing something, measured in turns, so that whatever slows the machine slows both. */

/** Medians, and their ratio. */
export interface Comparison {
  readonly a: number;
  readonly b: number;
  readonly ratio: number;
}

export async function inTurns(
  turns: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<Comparison> {
  const ofA: number[] = [];
  const ofB: number[] = [];
  for (let turn = 0; turn < turns; turn += 1) {
    const aFirst = turn % 2 === 0;
    if (aFirst) ofA.push(await a());
    ofB.push(await b());
    if (!aFirst) ofA.push(await a());
  }
  return { a: median(ofA), b: median(ofB), ratio: median(ofA) / median(ofB) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  const lower = sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  return (upper + lower) / 2;
}
