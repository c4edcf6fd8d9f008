/**
 * The failover's workflow, interrupted after every single moment: before a step's body, after any effect in the middle of
 * it, between its end and the memory of it, and just after. Then it is replayed to its end.
 */
import { describe, expect, test } from 'vitest';
import type { Call } from '../fakes/faults.ts';
import { Crash } from '../fakes/replayed-steps.ts';
import { told } from '../fakes/scene.ts';
import { crashed, restartMs, type Started, start, uninterrupted } from './interruptions.ts';
import { endOf, workflows } from './workflows.ts';

describe('replayed to the end, it comes to the same as without the interruption', () => {
  test.each(workflows)('$name', async (workflow) => {
    const whole = await uninterrupted(workflow);
    expect(whole.moments).toBeGreaterThan(5);
    for (let k = 1; k <= whole.moments; k += 1) {
      const started = await start(workflow);
      const at = await crashed(started, k);
      started.scene.world.clock.advance(restartMs);
      const ends = (await started.run()).map(told);
      expect({ at, ends, ...endOf(started.scene) }).toEqual({ at, ends: whole.ends, ...whole.end });
      expect(started.scene.ports.dependents.doubles).toEqual([]);
    }
  });
});

/** What is written or told beside the run does not hold it: losing it interrupts nothing. */
const counted = (call: Call) => call !== 'audit.write' && call !== 'announcements.tell';

/** Dies after its effect `k`, in the middle of a body. @returns how many effects there were until then */
async function crashedAfterEffect({ scene, run }: Started, k: number): Promise<number> {
  const { faults } = scene.world;
  const { afterEffect } = faults;
  let effects = 0;
  faults.afterEffect = (call) => {
    afterEffect(call);
    if (!counted(call)) return;
    effects += 1;
    if (effects === k) throw new Crash(`after effect ${k}, ${call}`);
  };
  await run().catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
  faults.afterEffect = afterEffect;
  return effects;
}

describe('interrupted after any effect in the middle of a step, it comes to the same, too', () => {
  test.each(workflows)('$name', async (workflow) => {
    const whole = await uninterrupted(workflow);
    for (let k = 1; ; k += 1) {
      const started = await start(workflow);
      if ((await crashedAfterEffect(started, k)) < k) break;
      started.scene.world.clock.advance(restartMs);
      const ends = (await started.run()).map(told);
      expect({ k, ends, ...endOf(started.scene) }).toEqual({ k, ends: whole.ends, ...whole.end });
      expect(started.scene.ports.dependents.doubles).toEqual([]);
    }
  });
});
