/**
 * The only source of chance in the embedded AWS: one seed repeats every id, delay and fault.
 * Generator: xoshiro128** (https://prng.di.unimi.it), seeded by splitmix32 over the characters of the seed.
 */
export class Random {
  readonly #state: Uint32Array<ArrayBuffer>;

  constructor(seed: string) {
    let h = 0x9e3779b9;
    for (const char of seed) h = Math.imul(h ^ (char.codePointAt(0) ?? 0), 0x85ebca6b) >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      h = (h + 0x9e3779b9) >>> 0;
      let z = h;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad) >>> 0;
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97) >>> 0;
      return (z ^ (z >>> 15)) >>> 0;
    });
  }

  /** 32 random bits as an unsigned integer. */
  bits(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = (b << 9) >>> 0;
    const c2 = c ^ a;
    const d2 = d ^ b;
    this.#state.set([a ^ d2, b ^ c2, c2 ^ shifted, rotate(d2, 11)]);
    return result;
  }

  /** In [0, 1). */
  float(): number {
    return this.bits() / 2 ** 32;
  }

  /** In [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1));
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.bits().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  uuid(): string {
    const h = this.hex(32);
    return `${h.slice(0, 8)}-${h.slice(8, 12)}-4${h.slice(13, 16)}-a${h.slice(17, 20)}-${h.slice(20)}`;
  }
}

function rotate(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
