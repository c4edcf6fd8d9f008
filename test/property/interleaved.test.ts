/**
 * Two recoveries of one resource at the same time, in every order of their calls that the scheduler thinks of: an alarm
 * that comes twice, and one whose claim expires while it is still at work.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { recover } from '../../lib/recovery/recover.ts';
import { eniOf, healthAlarm, tag, vip } from '../fakes/fleets.ts';
import type { LedgerWrite } from '../fakes/ledger.ts';
import type { Scene } from '../fakes/scene.ts';
import { damagedScene, type Plan, plans, swapsOf, untilQuiet } from './damages.ts';

const local: fc.Arbitrary<Plan> = plans.map((plan) => ({ ...plan, further: [] }));

/** Two alarms at once; `pauses` moves the clock at each call, so that claims expire in the middle of things. */
async function twoAtOnce(
  plan: Plan,
  scheduler: fc.Scheduler,
  pauses: readonly number[] = [],
): Promise<Scene> {
  const scene = await damagedScene(plan);
  const { clock, faults } = scene.world;
  let calls = 0;
  faults.beforeCall = async (call) => {
    await scheduler.schedule(Promise.resolve(), call);
    clock.advance(pauses[calls] ?? 0);
    calls += 1;
  };
  const trigger = healthAlarm(clock.now());
  await scheduler.waitFor(
    Promise.all(
      ['first', 'second'].map((holder) => recover(scene.ports, scene.fleet, { tag, trigger, holder })),
    ),
  );
  faults.beforeCall = async () => undefined;
  return scene;
}

/** Writes by the holder of which epoch, in the order in which they took effect. */
function epochsOf(writes: readonly LedgerWrite[]): readonly number[] {
  return writes.map(({ record }) => record.claim.epoch);
}

function actorsOf(writes: readonly LedgerWrite[]): readonly string[] {
  const holders = writes
    .filter(({ verb }) => verb === 'intend')
    .map(({ record }) => record.claim.holder ?? '');
  return [...new Set(holders)];
}

test('of two recoveries at once only one acts, and it acts as if it were alone', async () => {
  await fc.assert(
    fc.asyncProperty(local, fc.scheduler(), async (plan, scheduler) => {
      const alone = await damagedScene(plan);
      await alone.alarm();
      const both = await twoAtOnce(plan, scheduler);
      expect(actorsOf(both.ports.ledger.writes).length).toBeLessThanOrEqual(1);
      expect(both.world.moves).toEqual(alone.world.moves);
      expect(swapsOf(both)).toBe(swapsOf(alone));
    }),
    { numRuns: 300 },
  );
});

const pauses = fc.array(fc.constantFrom(0, 0, 0, 0, 60_000), { maxLength: 40 });

test('once a claim is taken over, nothing more is written under it', async () => {
  await fc.assert(
    fc.asyncProperty(local, fc.scheduler(), pauses, async (plan, scheduler, each) => {
      const { ports } = await twoAtOnce(plan, scheduler, each);
      const epochs = epochsOf(ports.ledger.writes);
      expect(epochs).toEqual(epochs.toSorted((a, b) => a - b));
      const holders = new Map<number, Set<string>>();
      for (const { record } of ports.ledger.writes) {
        const { epoch, holder } = record.claim;
        if (holder === null) continue;
        holders.set(epoch, (holders.get(epoch) ?? new Set()).add(holder));
      }
      for (const each of holders.values()) expect(each.size).toBe(1);
    }),
    { numRuns: 300 },
  );
});

test('however claims expire under them, the address ends in service where the INFO record says', async () => {
  await fc.assert(
    fc.asyncProperty(local, fc.scheduler(), pauses, async (plan, scheduler, each) => {
      const scene = await twoAtOnce(plan, scheduler, each);
      scene.world.clock.advance(60_000);
      await untilQuiet(scene);
      const [, primary = ''] = (scene.info ?? '').split(' ');
      expect(scene.record.state).toBe('ISP');
      expect(scene.world.inService(vip)).toBe(true);
      expect(scene.owner).toBe(eniOf(scene.record.activeServer ?? '', primary));
    }),
    { numRuns: 300 },
  );
});

test('the failover that follows a recovery starts once, however often it is started', async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), fc.integer({ min: 2, max: 4 }), async (scheduler, starts) => {
      const scene = await damagedScene({
        fleet: { servers: ['ServerA', 'ServerB'], backup: true },
        swapped: false,
        home: 'instance stopped',
        further: [],
      });
      await scene.alarm();
      const [escalation] = scene.ports.failovers.started;
      if (escalation === undefined) throw new Error('no failover was started');
      for (let start = 1; start < starts; start += 1) scene.ports.failovers.started.push(escalation);
      scene.world.faults.beforeCall = (call) => scheduler.schedule(Promise.resolve(), call);
      const runs = Array.from({ length: starts }, () => scene.failovers());
      const summaries = (await scheduler.waitFor(Promise.all(runs))).flat();
      expect(summaries.filter(({ outcome }) => outcome === 'failed-over')).toHaveLength(1);
      expect(summaries.filter(({ reason }) => reason === 'claim-lost')).toHaveLength(starts - 1);
      expect(scene.world.moves).toHaveLength(1);
    }),
    { numRuns: 100 },
  );
});
