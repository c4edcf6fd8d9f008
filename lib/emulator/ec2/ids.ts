/** Ids of what surrounds the instances. A stream of chance of its own: what a world has must not change other ids. */
import { Random } from '../random.ts';
import { type IdPrefix, isId } from './world.ts';

const digits = 17;

export class Ids {
  readonly #random = new Random('ids around the instances');
  readonly #taken = new Set<string>();

  /** @throws when the one that is given is no id, or is taken */
  take(prefix: IdPrefix, given?: string): string {
    const id = given ?? `${prefix}-${this.#random.hex(digits)}`;
    if (!isId(prefix, id))
      throw new Error(`${id} does not look like ${prefix}- and 8 or 17 hexadecimal digits`);
    if (this.#taken.has(id)) throw new Error(`${id} is taken`);
    this.#taken.add(id);
    return id;
  }
}
