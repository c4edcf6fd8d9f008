/** A route leads to the interface that has the address: it follows when that becomes another one of the same server. */
import { expect, test } from 'vitest';
import { leadsTo } from '../../lib/story/owner.ts';
import { type Course, expectTheEndOf, localMove, play } from './courses.ts';
import { crashBehindEach, manyPlaysMs } from './crashes.ts';
import { eniOf, keeping } from './fleets.ts';
import type { Incident } from './incident.ts';

const tables = ['rtb-0a1b2c3d4e5f600a1', 'rtb-0a1b2c3d4e5f600a2'] as const;
const destination = '192.168.77.0/24';

function routes({ aws }: Incident): readonly (string | undefined)[] {
  return tables.map((table) => leadsTo(aws.ec2, table, destination));
}

const toEth1 = tables.map(() => eniOf['ServerA eth1']);

const gate: Course = {
  ...localMove,
  name: 'eth0 of a gateway dies',
  options: { assembly: 'hierarchy', fleet: keeping('ip-gate') },
  info: {
    ServerA: 'ServerA eth1 10.0.1.53 ffffff00 eth0',
    ServerB: 'ServerB eth0 10.0.1.53 ffffff00 eth1',
  },
  async expectMore(incident, when) {
    expect(routes(incident), when).toEqual(toEth1);
    expect((await incident.record()).dependents, when).toMatchObject({
      onward: { state: 'ISP', server: 'ServerA' },
    });
    expect(incident.pages(), when).toEqual([]);
  },
};

test('eth0 of a gateway dies: the address moves to eth1, and the route in both tables with it', async () => {
  const incident = await play(gate, (started) => {
    expect(routes(started)).toEqual(tables.map(() => eniOf['ServerA eth0']));
  });
  await expectTheEndOf(gate, incident);
  expect(await incident.acted()).toEqual(['moved-to-backup']);
});

test(
  'the function dies behind any of its changes: the route follows all the same',
  async () => {
    expect(await crashBehindEach(gate, { from: 1, to: 20 })).toBeGreaterThan(5);
  },
  manyPlaysMs,
);

test('the second table may not be changed: the address serves on eth1, both routes lead where they led, and a person is called once', async () => {
  const incident = await play(gate, ({ misfortune }) =>
    misfortune({
      operation: 'ReplaceRoute',
      times: Number.POSITIVE_INFINITY,
      effect: { kind: 'refuse', code: 'UnauthorizedOperation', status: 403 },
      when: ({ input }) => JSON.stringify(input).includes(tables[1]),
    }),
  );
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  expect(routes(incident)).toEqual(tables.map(() => eniOf['ServerA eth0']));
  expect(await incident.summaryOf('moved-to-backup')).toMatchObject({ reason: 'dependent-not-started' });
  expect(await incident.record()).toMatchObject({ state: 'ISP', dependents: { onward: { state: 'OSF' } } });
  expect(incident.pages()).toEqual(['ip-gate: onward did not come into service']);
});
