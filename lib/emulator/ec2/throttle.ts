/**
 * Request token buckets, one per API action for the whole account and Region:
 * https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
 */
import type { Clock } from '../clock.ts';
import { AwsError } from '../errors.ts';

interface Bucket {
  readonly size: number;
  readonly refillPerSecond: number;
}

const describeBucket: Bucket = { size: 100, refillPerSecond: 20 };
const unboundedDescribeBucket: Bucket = { size: 50, refillPerSecond: 10 };
const mutatingBucket: Bucket = { size: 50, refillPerSecond: 5 };
const buckets: { readonly [action: string]: Bucket } = {
  AssignIpv6Addresses: { size: 100, refillPerSecond: 5 },
  AssignPrivateIpAddresses: { size: 100, refillPerSecond: 5 },
  ModifyNetworkInterfaceAttribute: { size: 100, refillPerSecond: 5 },
  UnassignPrivateIpAddresses: { size: 100, refillPerSecond: 5 },
  StartInstances: { size: 5, refillPerSecond: 2 },
};

export class Throttle {
  readonly #clock: Clock;
  readonly #levels = new Map<string, { readonly tokens: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Takes one token for a call of this action. `unbounded`: a Describe without filter and without pagination.
   * @throws AwsError RequestLimitExceeded
   */
  take(action: string, unbounded: boolean): void {
    const { size, refillPerSecond } = bucketOf(action, unbounded);
    const key = unbounded ? `${action} unbounded` : action;
    const nowMs = this.#clock.now();
    const { tokens, atMs } = this.#levels.get(key) ?? { tokens: size, atMs: nowMs };
    const level = Math.min(size, tokens + ((nowMs - atMs) * refillPerSecond) / 1000);
    this.#levels.set(key, { tokens: level < 1 ? level : level - 1, atMs: nowMs });
    if (level < 1) throw new AwsError('RequestLimitExceeded', 'Request limit exceeded.', 503);
  }

  /** As if other tools of the account had used up the bucket of this action. */
  drain(action: string): void {
    for (const key of [action, `${action} unbounded`])
      this.#levels.set(key, { tokens: 0, atMs: this.#clock.now() });
  }
}

function bucketOf(action: string, unbounded: boolean): Bucket {
  if (action.startsWith('Describe')) return unbounded ? unboundedDescribeBucket : describeBucket;
  return buckets[action] ?? mutatingBucket;
}
