/** Work that a service starts on its own: its failure has no caller to go to, so it is shown instead of lost. */
import type { Clock, Timer } from './clock.ts';

/** Runs `run` after `delayMs`; a virtual clock waits until it is done. */
export function later(clock: Clock, delayMs: number, run: () => void | Promise<void>): Timer {
  return clock.after(delayMs, () => inBackground(clock, run));
}

/** Runs `run` now, its synchronous part at once. */
function inBackground(clock: Clock, run: () => void | Promise<void>): void {
  clock
    .work(async () => run())
    .catch((error: unknown) => console.error('embedded AWS, on its own account:', error));
}
