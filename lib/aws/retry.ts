/**
 * Our own bounded retries: the SDK's are switched off, because its pauses for throttling start at a second and its
 * waits are not ours to stop. Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
import { Fault } from '../recovery/fault.ts';
import type { Clock } from '../recovery/ports.ts';
import { couldNotLook, type Reading } from '../recovery/reading.ts';
import { faultOf } from './errors.ts';

const maxAttempts = 5;
const firstPauseMs = 100;
const longestPauseMs = 2_000;

export interface Retrying {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly chance: () => number;
}

/** @throws Fault after the last attempt, or at once when trying again cannot help */
export async function withRetries<T>(how: Retrying, what: string, call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const fault = faultOf(error, what);
      if (fault.retry === 'never' || attempt === maxAttempts) throw fault;
      const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** attempt);
      await how.clock.sleep(how.chance() * pauseMs);
    }
  }
}

/** A look: a fault becomes could-not-look, never absent. A stored item that is wrong is no bad luck and stays loud. */
export async function looking<T>(look: () => Promise<Reading<T>>): Promise<Reading<T>> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Fault && error.code !== 'invalid-record')
      return couldNotLook(`${error.code}: ${error.message}`);
    throw error;
  }
}
