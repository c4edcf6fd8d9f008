/** What the client saw: every probe with its answer, and the outages that follow from them. Times in epoch ms. */

export interface Outage {
  /** When the last answer before it came. */
  readonly lastAnswerMs: number;
  /** When the first answer after it came, and by which instance. */
  readonly firstAnswerMs: number;
  readonly answeredBy: string;
  readonly lostProbes: number;
}

/** An answered probe; the numbers that are missing between two were lost. */
interface Answer {
  readonly number: number;
  readonly sentMs: number;
  readonly atMs: number;
  readonly by: string;
}

/** Fewer in a row are strays: a packet that was late on a busy machine. 10 ms each. */
const fewestLost = 5;
const keptErrors = 20;
const answerLine = /^([0-9]+) ([0-9]+) ([0-9]+) (\S+)$/;

export class ClientLog {
  /** By number. */
  readonly #answers: Answer[] = [];
  /** What prober and servers say that is no answer: their own trouble. */
  readonly #errors: string[] = [];

  /** One line of the prober. */
  read(line: string): void {
    const [, number, sentMs, atMs, by] = answerLine.exec(line) ?? [];
    if (by === undefined) {
      if (this.#errors.length < keptErrors) this.#errors.push(line);
      return;
    }
    const answer = { number: Number(number), sentMs: Number(sentMs), atMs: Number(atMs), by };
    const after = this.#answers.findLastIndex((each) => each.number < answer.number);
    this.#answers.splice(after + 1, 0, answer);
  }

  /** As far as it knows: those after the last answer have not been heard of. */
  get probeCount(): number {
    return this.#answers.at(-1)?.number ?? 0;
  }

  get errors(): readonly string[] {
    return this.#errors;
  }

  /** True when every probe sent since then has an answer, over `forMs` or more. */
  answersSince(sinceMs: number, forMs: number): boolean {
    const [first, ...rest] = this.#answers.filter((each) => each.sentMs >= sinceMs);
    const last = rest.at(-1);
    return (
      first !== undefined &&
      last !== undefined &&
      last.sentMs >= sinceMs + forMs &&
      last.number - first.number === rest.length
    );
  }

  /** The outages that ended after `sinceMs`. */
  outages(sinceMs: number): readonly Outage[] {
    return this.#answers.flatMap((next, index) => {
      const last = this.#answers[index - 1];
      if (last === undefined || next.atMs < sinceMs) return [];
      const lostProbes = next.number - last.number - 1;
      if (lostProbes < fewestLost) return [];
      return [{ lastAnswerMs: last.atMs, firstAnswerMs: next.atMs, answeredBy: next.by, lostProbes }];
    });
  }
}
