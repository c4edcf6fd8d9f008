/**
 * Five requests a second for the whole account, whatever they ask:
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests
 * That a second's worth may come at once is how the figure is read here; how AWS counts it is unconfirmed.
 */
import type { Clock } from '../clock.ts';
import { AwsError } from '../errors.ts';

const requestsPerSecond = 5;

export class Throttle {
  readonly #clock: Clock;
  #tokens = requestsPerSecond;
  #atMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  /** @throws AwsError Throttling */
  take(): void {
    const nowMs = this.#clock.now();
    const gained = ((nowMs - this.#atMs) * requestsPerSecond) / 1_000;
    this.#tokens = Math.min(requestsPerSecond, this.#tokens + gained);
    this.#atMs = nowMs;
    if (this.#tokens < 1) throw new AwsError('Throttling', 'Rate exceeded');
    this.#tokens -= 1;
  }

  /** As if other tools of the account had used up this second. */
  drain(): void {
    this.#tokens = 0;
    this.#atMs = this.#clock.now();
  }
}
