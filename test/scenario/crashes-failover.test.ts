import { expect, test } from 'vitest';
import { failover } from './courses.ts';
import { crashBehind, crashBehindEach } from './crashes.ts';
import { instanceOf } from './fleets.ts';
import { minute, second, startIncident } from './incident.ts';

test('recover or failover dies behind any of their first 15 changes: the address ends on ServerB, moved once', async () => {
  expect(await crashBehindEach(failover, { from: 1, to: 15 })).toBe(15);
});

test('either dies behind the 16th to the 30th change: the same', async () => {
  expect(await crashBehindEach(failover, { from: 16, to: 30 })).toBe(15);
});

test('either dies behind any later change: the same, up to the run that has no more to die behind', async () => {
  expect(await crashBehindEach(failover, { from: 31, to: 80 })).toBeLessThan(50);
});

test('two runs in a row die behind the same change: the third ends it', async () => {
  expect(await crashBehindEach(failover, { from: 3, to: 40, step: 6, times: 2 })).toBeGreaterThan(4);
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
