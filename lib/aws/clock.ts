/** The machine's clock and its chance: the only place where time and randomness come in. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../recovery/ports.ts';

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms) => {
    await sleep(ms);
  },
};

export function chance(): number {
  return Math.random();
}

export function newId(): string {
  return randomUUID();
}
