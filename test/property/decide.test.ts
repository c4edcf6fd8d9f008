import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decide, hostMatters } from '../../lib/recovery/decide.ts';
import { couldNotLook } from '../../lib/recovery/reading.ts';
import { eniAt, placeOf } from '../../lib/recovery/resource.ts';
import { allWell } from '../fakes/situations.ts';
import { type Situation, situation } from './observations.ts';

const runs = { numRuns: 2_000 };

function verdictOf({ seen, record, fleet, nowMs }: Situation) {
  return decide(seen, record, fleet.policy, nowMs);
}

/** Checks every situation in which a decision says act. */
function whenActing(
  check: (act: Extract<ReturnType<typeof decide>, { kind: 'act' }>, each: Situation) => void,
): void {
  let acts = 0;
  fc.assert(
    fc.property(situation, (each) => {
      const verdict = verdictOf(each);
      if (verdict.kind !== 'act') return;
      acts += 1;
      check(verdict, each);
    }),
    runs,
  );
  expect(acts).toBeGreaterThan(20);
}

test('every observation gives a verdict, and the same one twice', () => {
  fc.assert(
    fc.property(situation, (each) => {
      expect(verdictOf(each)).toEqual(verdictOf(each));
    }),
    runs,
  );
});

test('nothing is done while addresses, instances or the switch could not be looked at', () => {
  whenActing((_, { seen }) => {
    expect([seen.addresses.kind, seen.instances.kind, seen.fleet.kind]).toEqual(['found', 'found', 'found']);
  });
});

test('nothing is done when the only thing known is that the host could not be looked at', () => {
  fc.assert(
    fc.property(situation, ({ fleet, record, nowMs }) => {
      const healthy = { ...record, activeServer: 'ServerA' };
      const seen = { ...allWell(fleet), host: couldNotLook('no answer') };
      expect(decide(seen, healthy, fleet.policy, nowMs)).toMatchObject({ kind: 'hold' });
    }),
    runs,
  );
});

test('nothing is done to a resource that is switched off, observed, paused or not armed', () => {
  whenActing((_, { record, seen, nowMs }) => {
    expect([record.automation, record.armed, record.pausedUntilMs > nowMs]).toEqual(['on', true, false]);
    expect(seen.fleet).toMatchObject({ value: { automation: 'on' } });
  });
});

test('nothing is done while somebody holds the address whom this fleet does not declare', () => {
  whenActing((_, { record, seen }) => {
    if (seen.addresses.kind !== 'found') return;
    for (const owner of seen.addresses.value.owners)
      expect([placeOf(record, owner.eniId) === undefined, owner.asPrimary]).toEqual([false, false]);
  });
});

test('the target is always a declared interface: local on this server, a failover on another that runs', () => {
  whenActing(({ rung, to }, { record, seen }) => {
    expect(eniAt(record, to)).toMatch(/^eni-/);
    expect(to.server === record.activeServer).toBe(rung !== 'fail-over');
    const instance =
      seen.instances.kind === 'found'
        ? seen.instances.value[record.servers[to.server]?.instanceId ?? '']
        : undefined;
    expect(instance?.state).toBe('running');
  });
});

test('no rung and no server is tried twice in one recovery', () => {
  whenActing(({ rung, to }, { seen }) => {
    expect(seen.tried).not.toContain(rung);
    if (rung === 'fail-over') expect(seen.triedServers).not.toContain(to.server);
  });
});

test('no failover happens in the block window or beyond the brake of the fleet', () => {
  whenActing(({ rung }, { record, seen, fleet, nowMs }) => {
    if (rung !== 'fail-over' || seen.fleet.kind !== 'found') return;
    expect(record.failoverBlockedUntilMs).toBeLessThanOrEqual(nowMs);
    const { max, windowMs } = fleet.policy.fleetBrake;
    const others = Object.entries(seen.fleet.value.failovers).filter(
      ([tag, atMs]) => tag !== record.tag && atMs > nowMs - windowMs,
    );
    expect(others.length).toBeLessThanOrEqual(max);
    if (!(record.tag in seen.fleet.value.failovers)) expect(others.length).toBeLessThan(max);
  });
});

test('a host that does not matter changes nothing, whatever it says', () => {
  fc.assert(
    fc.property(situation, situation, ({ seen, record, fleet, nowMs }, other) => {
      if (hostMatters(seen, record, fleet.policy, nowMs)) return;
      const without = decide({ ...seen, host: couldNotLook('not asked') }, record, fleet.policy, nowMs);
      expect(decide({ ...seen, host: other.seen.host }, record, fleet.policy, nowMs)).toEqual(without);
    }),
    runs,
  );
});
