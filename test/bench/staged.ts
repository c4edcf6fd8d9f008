/** A stage on which a fleet has been seen healthy, at real speed, with nothing under way: where something is measured. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Stage, setStage } from '../../lib/story/stage.ts';

const speed = 20;
const pollMs = 100;
const settleLimitMs = 60_000;

export async function onStage<T>(fleetFile: string, measure: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await setStage({ fleetFile, port: 0, speed, seed: 'bench' }, () => undefined);
  try {
    const { aws, clock, fleet, record } = stage;
    for (const { tag } of fleet.resources) {
      const isArmed = async (): Promise<boolean> => (await record(tag))?.armed === true;
      await reached(`${tag} is seen healthy`, isArmed, settleLimitMs);
    }
    clock.runAt(1);
    await reached('nothing is under way', async () => aws.lambda.pendingAsync === 0, settleLimitMs);
    return await measure(stage);
  } finally {
    await stage.stop();
  }
}

/** @throws Error after `limitMs` of real time */
export async function reached(
  what: string,
  condition: () => Promise<boolean>,
  limitMs: number,
): Promise<void> {
  for (let waitedMs = 0; !(await condition()); waitedMs += pollMs) {
    if (waitedMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(pollMs);
  }
}
