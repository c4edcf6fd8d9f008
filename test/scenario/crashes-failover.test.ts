import { expect, test } from 'vitest';
import { failover } from './courses.ts';
import { crashBehind, crashBehindEach, manyPlaysMs } from './crashes.ts';
import { instanceOf } from './fleets.ts';
import { minute, second, startIncident } from './incident.ts';

/** As many as recover and failover make together: with one more to die behind, they go through. */
const changes = 16;

test(
  'eth0 and eth1 die, and a function behind any of the changes: the address ends on ServerB, moved once',
  async () => {
    expect(await crashBehindEach(failover, { from: 1, to: changes + 1 })).toBe(changes);
  },
  manyPlaysMs,
);

test('eth0 and eth1 die, and two runs in a row behind the same change: the third ends it', async () => {
  expect(await crashBehindEach(failover, { from: 3, to: changes, step: 6, times: 2 })).toBeGreaterThan(1);
});

test('nobody is left to take the address, and the recover function dies behind any of its changes: somebody is paged', async () => {
  for (let nth = 1; nth <= 7; nth += 1) {
    const incident = await startIncident();
    const { ec2 } = incident.aws;
    ec2.failHost(instanceOf.ServerB, { stopsAfterMs: second });
    await incident.advance(20 * second);
    const plan = crashBehind(incident, nth);
    ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
    await incident.advance(3 * minute);

    const when = `after a crash behind change ${nth}`;
    expect(plan.crashes(), when).toBe(1);
    expect([...new Set(incident.pages())], when).toEqual(['ip-db is out of service: no-failover-target']);
    expect(await incident.record(), when).toMatchObject({ state: 'OSF' });
  }
});
