import { expect, test } from 'vitest';
import type { Effect } from '../../lib/emulator/faults.ts';
import { checkpointOutage, checkpointThrottle } from '../../lib/emulator/lambda/durable-faults.ts';
import { expectTheEndOf, failover, failoverStuck, hierarchy, play } from './courses.ts';
import { crashAtEachCheckpoint, manyPlaysMs } from './crashes.ts';
import { type Incident, minute, second, startIncident } from './incident.ts';
import { called, upon } from './moments.ts';

const steps = 2;

test(
  'eth0 and eth1 die, and the failover is killed before any of its checkpoints is applied: the same end',
  async () => {
    expect(await crashAtEachCheckpoint(failover, 'before')).toBe(2 * steps);
  },
  manyPlaysMs,
);

test(
  'eth0 and eth1 die, and the failover is killed behind any of its checkpoints, whose answer it never hears: the same end',
  async () => {
    expect(await crashAtEachCheckpoint(failover, 'after')).toBe(2 * steps);
  },
  manyPlaysMs,
);

/** From the moment on until so long afterwards every checkpoint meets the effect. */
function checkpointsFail(incident: Incident, effect: Effect, fromMs: number, forMs: number): void {
  const { clock } = incident;
  incident.misfortune({
    operation: 'CheckpointDurableExecution',
    times: Number.POSITIVE_INFINITY,
    effect,
    when: () => clock.now() >= fromMs && clock.now() < fromMs + forMs,
  });
}

const whiles: readonly (readonly [string, Effect])[] = [
  ['throttled', checkpointThrottle],
  ['answered with a 5xx', checkpointOutage],
];

for (const [what, effect] of whiles)
  test(`every checkpoint is ${what} for three minutes: nothing moves without its memory, a person is called, then it all ends as ever`, async () => {
    const outageMs = 3 * minute;
    const incident = await play(failover, (started) =>
      checkpointsFail(started, effect, started.clock.now(), outageMs),
    );
    await expectTheEndOf(failover, incident);
    expect(incident.executions()).toHaveLength(1);
    expect(incident.pages()).toEqual([failoverStuck]);
  });

test('the failover dies once and goes on: nobody is called', async () => {
  const incident = await play(failover, ({ aws }) =>
    aws.lambda.executions.crashAtCheckpoint({ moment: 'before', at: () => true, times: 1 }),
  );
  await expectTheEndOf(failover, incident);
  expect(incident.pages()).toEqual([]);
});

test('checkpoints fail for two minutes while the volume is on its way to ServerB: everything comes up there, once', async () => {
  const incident = await play(hierarchy, (started) => {
    upon(started, called('AttachVolume'), () =>
      checkpointsFail(started, checkpointOutage, started.clock.now(), 2 * minute),
    );
  });
  await expectTheEndOf(hierarchy, incident);
});

test('the role may write no checkpoints: the failover ends, somebody is called, and the first tick with the right brings the address to ServerB', async () => {
  const incident = await startIncident();
  incident.misfortune({
    operation: 'CheckpointDurableExecution',
    times: Number.POSITIVE_INFINITY,
    effect: { kind: 'refuse', code: 'AccessDeniedException', status: 403 },
  });
  failover.breakIt(incident);
  await incident.advance(1.5 * minute);
  expect(incident.executions().map(({ status }) => status)).toEqual(['FAILED']);
  expect(incident.pages().length).toBeGreaterThan(0);
  expect(incident.lastPage()).toContain('ip-db');
  expect(incident.owners()).not.toContain('ServerB eth0');

  incident.aws.account.faults.clear();
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);
  await incident.advance(130 * second);
  await expectTheEndOf(failover, incident);
});
