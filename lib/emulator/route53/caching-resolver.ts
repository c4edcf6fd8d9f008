/** A client's resolver: it asks the name servers once and keeps what it heard for as long as the TTL says. */
import type { Answer } from './answer.ts';
import { type ChangeableType, keyOf, normalName } from './records.ts';
import type { Route53 } from './route53.ts';

export interface HeardAnswer extends Answer {
  /** Until then the client goes on with this answer, whatever is true by then. */
  readonly expiresAtMs: number;
}

export class CachingResolver {
  readonly #route53: Route53;
  readonly #heard = new Map<string, HeardAnswer>();

  constructor(route53: Route53) {
    this.#route53 = route53;
  }

  /** A chain of CNAMEs is kept as a whole, for the shortest of its TTLs. */
  resolve(name: string, type: ChangeableType): HeardAnswer {
    const key = keyOf({ name: normalName(name), type });
    const nowMs = this.#route53.account.clock.now();
    const heard = this.#heard.get(key);
    if (heard !== undefined && heard.expiresAtMs > nowMs) return heard;
    const answer = this.#route53.resolve(name, type);
    const fresh = { ...answer, expiresAtMs: nowMs + answer.ttlSeconds * 1_000 };
    this.#heard.set(key, fresh);
    return fresh;
  }
}
