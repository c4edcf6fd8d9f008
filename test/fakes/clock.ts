/** A clock that stands still until somebody sleeps on it or moves it: waiting costs no real time, and is exact. */
import type { Clock } from '../../lib/recovery/ports.ts';

export const tenOClock = Date.UTC(2026, 0, 5, 10, 0, 0);

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

export function manualClock(startMs: number = tenOClock): ManualClock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    // Sleeps that overlap add up: time passes more slowly in the real world, never faster.
    async sleep(ms) {
      nowMs += ms;
      await Promise.resolve();
    },
    advance(ms) {
      nowMs += ms;
    },
  };
}
