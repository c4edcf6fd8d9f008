import { expect, test } from 'vitest';
import { all, keeping, onServers, withRules } from './fleets.ts';
import { allOn, expectAllOn, hierarchyOptions, standing, startHierarchy, units } from './hierarchy.ts';
import { type Incident, minute, startIncident } from './incident.ts';

/** ServerA lives, its interfaces are dead. */
async function failOver(incident: Incident): Promise<void> {
  for (const device of ['eth0', 'eth1']) incident.world.hosts.get('ServerA')?.setLink(device, 'down');
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2.1 * minute);
}

/** What the unit of the database went through on a server. */
function historyOn(incident: Incident, server: string): readonly string[] {
  const { history = [] } = incident.world.hosts.get(server)?.units ?? {};
  return history.filter(({ unit }) => unit === units.database).map(({ what }) => what);
}

test('the database fails to start on ServerB, and starts when it is tried again: it stays there', async () => {
  const options = hierarchyOptions();
  let starts = 0;
  const incident = await startIncident({
    ...options,
    before: (world, aws) => {
      options.before?.(world, aws);
      const name = units.database;
      world.hosts.get('ServerB')?.units.install({ name, canStart: () => ++starts > 1 });
    },
  });
  await failOver(incident);
  await expectAllOn(incident, 'ServerB');
  expect(historyOn(incident, 'ServerB')).toEqual(['starting', 'failed', 'starting', 'started']);
  expect(incident.pages()).toEqual([]);
});

const tried = ['starting', 'failed', 'starting', 'failed'];
const faults = [
  ['fails to start on ServerB, as often as it is tried', 'fails-to-start', tried],
  // Tried again while it still hangs, systemd has but one job for it.
  ['hangs on ServerB until its time is over', 'hangs-on-start', ['starting', 'stopping', 'stopped']],
  [
    'starts on ServerB and is gone a moment later',
    'fails-after-start',
    ['starting', 'started', 'died', 'starting', 'started', 'died'],
  ],
] as const;

for (const [what, fault, history] of faults)
  test(`the database ${what}: everything goes on to ServerC, and nothing is left on ServerB`, async () => {
    const incident = await startHierarchy();
    incident.world.hosts.get('ServerB')?.units.fault(units.database, fault);
    await failOver(incident);
    await expectAllOn(incident, 'ServerC');
    expect(historyOn(incident, 'ServerB')).toEqual(history);
    expect(await incident.recoveries()).toEqual(['failed-over']);
    expect(incident.pages()).toEqual([]);
  });

test('the database fails to start on ServerB, and there is no third server: the address stays in service there, and a person is called', async () => {
  const incident = await startHierarchy(onServers(2));
  incident.world.hosts.get('ServerB')?.units.fault(units.database, 'fails-to-start');
  await failOver(incident);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(standing(incident)).toEqual({ ...allOn('ServerB'), database: [], clients: [] });
  expect(incident.pages()).toEqual(['ip-db: database did not come into service']);
  expect(await incident.record()).toMatchObject({
    state: 'ISP',
    dependents: { database: { state: 'OSF' }, clients: { state: 'OSU' }, data: { state: 'ISP' } },
  });
});

test('a command says that it has started, and its check that it has not: that counts, and a person is called', async () => {
  const options = hierarchyOptions();
  const incident = await startIncident({
    ...options,
    fleet: all(keeping('ip-app'), withRules({ fence: { kind: 'halt' } })),
  });
  const lies = ['#!/bin/sh', 'case "$1" in', '  status) exit 3 ;;', '  *) exit 0 ;;', 'esac', ''];
  incident.world.hosts.get('ServerB')?.writeProgram('/opt/licence', lies.join('\n'));
  await failOver(incident);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(standing(incident, 'ip-app')).toEqual({ licence: [], app: [] });
  expect(incident.pages()).toEqual(['ip-app: licence did not come into service']);
});
