/**
 * A clock that stands still until everybody sleeps, and then goes on to whoever wakes first; or until the test moves it.
 * Waiting costs no real time, and sleeps that overlap pass together, as they do in the world.
 */
import type { Clock } from '../../lib/recovery/ports.ts';

export const tenOClock = Date.UTC(2026, 0, 5, 10, 0, 0);

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

interface Sleeper {
  readonly untilMs: number;
  readonly wake: () => void;
}

export function manualClock(startMs: number = tenOClock): ManualClock {
  let nowMs = startMs;
  let sleepers: readonly Sleeper[] = [];
  let waiting = false;

  /** After everything that can go on has: fakes answer at once, so a turn of the event loop is enough. */
  function wakeNextSoon(): void {
    if (waiting || sleepers.length === 0) return;
    waiting = true;
    setImmediate(() => {
      waiting = false;
      const [next] = sleepers;
      if (next === undefined) return;
      sleepers = sleepers.slice(1);
      nowMs = Math.max(nowMs, next.untilMs);
      next.wake();
      wakeNextSoon();
    });
  }

  return {
    now: () => nowMs,
    sleep: (ms) =>
      new Promise((wake) => {
        sleepers = [...sleepers, { untilMs: nowMs + ms, wake }].toSorted((a, b) => a.untilMs - b.untilMs);
        wakeNextSoon();
      }),
    advance(ms) {
      nowMs += ms;
    },
  };
}
