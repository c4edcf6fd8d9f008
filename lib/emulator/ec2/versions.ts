/** Earlier versions of records, for a Describe that lags behind: EC2 is eventually consistent. */

/** Earlier versions kept of one record. */
const keptVersions = 100;

export class Versions<T> {
  readonly #now: () => number;
  readonly #past = new Map<string, { readonly untilMs: number; readonly value: T }[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The record has been `before` until now. */
  keep(id: string, before: T): void {
    const past = this.#past.get(id) ?? [];
    past.push({ untilMs: this.#now(), value: before });
    this.#past.set(id, past.slice(-keptVersions));
  }

  /** What it was `lagMs` ago; `undefined` when that is what it is. */
  shown(id: string, lagMs: number): T | undefined {
    if (lagMs === 0) return undefined;
    const asOfMs = this.#now() - lagMs;
    return this.#past.get(id)?.find(({ untilMs }) => untilMs > asOfMs)?.value;
  }

  forget(id: string): void {
    this.#past.delete(id);
  }
}
