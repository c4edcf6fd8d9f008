/**
 * Plans interrupted after every single effect. The run that crashes never comes back; its claim expires; the engine
 * looks again once a minute. However it was interrupted, the end is the same, and the address goes nowhere that it
 * would not have gone without the crash.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Call } from '../fakes/faults.ts';
import { eniOf, vip } from '../fakes/fleets.ts';
import type { Scene } from '../fakes/scene.ts';
import { damagedScene, endOf, type Plan, plans, swapsOf, untilQuiet } from './damages.ts';

class Crash extends Error {}

/** What is written or told beside the run does not hold it: losing it interrupts nothing. */
const counted = (call: Call) => call !== 'audit.write' && call !== 'announcements.tell';

/** Runs the plan to its end. @returns how many effects it had */
async function uninterrupted(scene: Scene): Promise<number> {
  let effects = 0;
  scene.world.faults.afterEffect = (call) => {
    if (counted(call)) effects += 1;
  };
  await scene.alarm();
  await scene.failovers();
  const own = effects;
  await untilQuiet(scene);
  return own;
}

/** The run that meets the crash does nothing from then on; everything after it is a new run. */
async function crashedAfter(scene: Scene, k: number): Promise<void> {
  let effects = 0;
  let crashed = false;
  scene.world.faults.afterEffect = (call) => {
    if (!counted(call)) return;
    effects += 1;
    if (effects !== k) return;
    crashed = true;
    throw new Crash(`after effect ${k}, ${call}`);
  };
  scene.world.faults.beforeCall = () => (crashed ? new Promise<never>(() => undefined) : Promise.resolve());
  try {
    await scene.alarm();
    await scene.failovers();
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
  expect(crashed).toBe(true);
  scene.world.faults.afterEffect = () => undefined;
  scene.world.faults.beforeCall = async () => undefined;
  scene.world.clock.advance(60_000);
  await untilQuiet(scene);
}

/** Checks every interruption of one plan; plans that end out of service have no end to compare with. */
async function everyInterruption(
  plan: Plan,
  check: (interrupted: Scene, whole: Scene, k: number) => void,
): Promise<number> {
  const whole = await damagedScene(plan);
  const effects = await uninterrupted(whole);
  if (!whole.world.inService(vip) || whole.record.state !== 'ISP') return 0;
  for (let k = 1; k <= effects; k += 1) {
    const interrupted = await damagedScene(plan);
    await crashedAfter(interrupted, k);
    check(interrupted, whole, k);
  }
  return effects;
}

const homes = [eniOf('ServerA', 'eth0'), eniOf('ServerA', 'eth1')];

/** Interfaces to which the address was moved, in order. */
function placesOf(scene: Scene): readonly string[] {
  return scene.world.moves.map(({ eniId }) => eniId);
}

async function everyPlan(check: (interrupted: Scene, whole: Scene, k: number) => void): Promise<void> {
  let interruptions = 0;
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      interruptions += await everyInterruption(plan, check);
    }),
    { numRuns: 250 },
  );
  expect(interruptions).toBeGreaterThan(200);
}

test('the end is the same wherever the plan was interrupted', async () => {
  await everyPlan((interrupted, whole, k) => {
    expect({ k, ...endOf(interrupted) }).toEqual({ k, ...endOf(whole) });
  });
});

test('the address goes to no place where it would not have gone without the interruption', async () => {
  await everyPlan((interrupted, whole) => {
    // A run that is lost takes with it which rungs it has tried, so home may be tried once more.
    expect([...placesOf(whole), ...homes]).toEqual(expect.arrayContaining([...placesOf(interrupted)]));
  });
});

test('once the address has come to where it ends, it stays there', async () => {
  await everyPlan((interrupted, whole, k) => {
    const end = whole.owner ?? '';
    const leaves = placesOf(interrupted).slice(0, -1).includes(end);
    expect({ k, leaves }).toEqual({ k, leaves: false });
  });
});

test('the INFO record is swapped as often as without the interruption, at most once', async () => {
  await everyPlan((interrupted, whole, k) => {
    expect({ k, swaps: swapsOf(interrupted) }).toEqual({ k, swaps: swapsOf(whole) });
    expect(swapsOf(interrupted)).toBeLessThanOrEqual(1);
  });
});

test('the INFO record and EC2 agree at the end', async () => {
  await everyPlan((interrupted) => {
    const { record } = interrupted;
    const [, primary = ''] = (interrupted.info ?? '').split(' ');
    expect(interrupted.owner).toBe(eniOf(record.activeServer ?? '', primary));
  });
});
