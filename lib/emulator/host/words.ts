/** The words of one `ip` command line, taken one after the other. */
import { type Family, ipv4, ipv6 } from './family.ts';
import { Refused } from './routing.ts';

export class Words {
  readonly all: readonly string[];
  readonly oneline: boolean;
  /** As an option says it; `undefined` when none does. */
  readonly family: Family | undefined;
  #at = 0;

  constructor(all: readonly string[]) {
    this.all = all;
    let oneline = false;
    let family: Family | undefined;
    for (; all[this.#at]?.startsWith('-'); this.#at += 1) {
      const option = all[this.#at];
      if (option === '-o') oneline = true;
      else if (option === '-4') family = ipv4;
      else if (option === '-6') family = ipv6;
      else throw notModelled(this);
    }
    this.oneline = oneline;
    this.family = family;
  }

  isAtEnd(): boolean {
    return this.#at >= this.all.length;
  }

  next(): string {
    const word = this.all[this.#at];
    if (word === undefined) throw new Refused('Command line is not complete. Try option "help"', 255);
    this.#at += 1;
    return word;
  }

  /** Takes the word that must come now. */
  expect(word: string): this {
    if (this.next() !== word) throw notModelled(this);
    return this;
  }

  end(): void {
    if (!this.isAtEnd()) throw notModelled(this);
  }

  /** The rest as pairs, `dev eth1 table 10001`; each keyword once, and no others than `known`. */
  pairs<Keyword extends string>(...known: readonly Keyword[]): Partial<Record<Keyword, string>> {
    const pairs: Partial<Record<Keyword, string>> = {};
    while (!this.isAtEnd()) {
      const word = this.next();
      const keyword = known.find((each) => each === word);
      if (keyword === undefined || keyword in pairs) throw notModelled(this);
      pairs[keyword] = this.next();
    }
    return pairs;
  }
}

/** A command line the model does not know is never taken for done. */
export function notModelled(words: Words): Refused {
  return new Refused(`The model guest does not know "ip ${words.all.join(' ')}".`, 255);
}
