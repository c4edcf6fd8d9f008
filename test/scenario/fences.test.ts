import { expect, test } from 'vitest';
import type { Fence } from '../../lib/recovery/fleet.ts';
import { all, eniOf, instanceOf, keeping, onServers, withDependent, withRules } from './fleets.ts';
import { expectAllOn, hierarchyOptions, ranTwice, standing, startHierarchy, units } from './hierarchy.ts';
import { type Incident, minute, startIncident, tag } from './incident.ts';
import { called, upon } from './moments.ts';
import { operatorOf } from './operator.ts';

/** ServerA lives, its interfaces are dead, and a unit on it does not stop when it is told to. */
function loseLinks(incident: Incident, unit: string): void {
  const host = incident.world.hosts.get('ServerA');
  host?.units.fault(unit, 'hangs-on-stop');
  for (const device of ['eth0', 'eth1']) host?.setLink(device, 'down');
}

function fence(rule: Fence) {
  return all(onServers(2), withRules({ fence: rule }));
}

test('the database does not stop on ServerA: EC2 stops the instance, and only then does it start on ServerB', async () => {
  const incident = await startHierarchy(fence({ kind: 'stop-instance' }));
  loseLinks(incident, units.database);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
  expect(incident.aws.ec2.world.findInstance(instanceOf.ServerA)?.state).toBe('stopped');
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('the function is killed while ServerA is being stopped: the next run waits on, and it all comes up on ServerB', async () => {
  const incident = await startHierarchy(fence({ kind: 'stop-instance' }));
  upon(incident, called('StopInstances'), () => {
    incident.aws.lambda.crashFunction(incident.functionName('failover'), { afterCall: () => true, times: 2 });
  });
  loseLinks(incident, units.database);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('EC2 may not stop ServerA: nothing moves, a person is called, and once systemd has killed the database it goes on', async () => {
  const incident = await startHierarchy(fence({ kind: 'stop-instance' }));
  incident.misfortune({
    operation: 'StopInstances',
    times: Number.POSITIVE_INFINITY,
    effect: { kind: 'refuse', code: 'UnauthorizedOperation', status: 403 },
  });
  loseLinks(incident, units.database);
  await incident.until(({ state }) => state === 'OSF');
  expect(incident.pages()).toEqual(['ip-db is out of service: not-fenced']);
  expect(incident.owners()).not.toContain('ServerB eth0');
  expect(standing(incident)).toMatchObject({ disk: ['ServerA'], data: ['ServerA'] });

  await incident.until(({ recent }) => recent.length > 0, 5 * minute);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
  expect(incident.pages()).toHaveLength(1);
});

test('the database does not stop, and nobody may fence ServerA: nothing moves until it has stopped, and a person is called once', async () => {
  const incident = await startHierarchy(fence({ kind: 'halt' }));
  loseLinks(incident, units.database);
  await incident.until(({ state }) => state === 'OSF');
  expect(incident.pages()).toEqual(['ip-db is out of service: dependent-not-stopped']);
  expect(incident.owners()).not.toContain('ServerB eth0');
  expect(standing(incident)).toMatchObject({ disk: ['ServerA'], data: ['ServerA'] });

  await incident.until(({ recent }) => recent.length > 0, 5 * minute);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
  expect(incident.pages()).toHaveLength(1);
});

const securityGroup = 'sg-0a1b2c3d4e5f60090';

function startApp(rule: Fence): Promise<Incident> {
  return startIncident({
    ...hierarchyOptions(),
    fleet: all(keeping('ip-app'), withRules({ fence: rule })),
  });
}

test('the application does not stop on ServerA: both interfaces get the group that lets nothing through, and it starts on ServerB', async () => {
  const incident = await startApp({ kind: 'isolate', securityGroup });
  loseLinks(incident, 'app.service');
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  for (const eniId of [eniOf['ServerA eth0'], eniOf['ServerA eth1']])
    expect(incident.aws.ec2.world.interface(eniId).securityGroupIds).toEqual([securityGroup]);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(standing(incident, 'ip-app')).toEqual({ licence: ['ServerA', 'ServerB'], app: ['ServerB'] });
  expect(ranTwice(incident)).toContain('app.service');
});

test('the application does not stop on ServerA, and it may run twice: it starts on ServerB all the same', async () => {
  const incident = await startApp({ kind: 'none' });
  loseLinks(incident, 'app.service');
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(standing(incident, 'ip-app')['app']).toEqual(['ServerB']);
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('a planned switchover, and the database does not stop: nothing is fenced, and all is as before', async () => {
  // Long enough for systemd to kill it and to start it again.
  const patient = withDependent('database', { startMs: 2 * minute });
  const incident = await startHierarchy(fence({ kind: 'stop-instance' }), patient);
  incident.world.hosts.get('ServerA')?.units.fault(units.database, 'hangs-on-stop');
  const operator = operatorOf(incident);
  expect(await operator.orderToEnd({ action: 'switchover', tag, server: 'ServerB' })).toMatchObject({
    outcome: 'failed',
    reason: 'dependent-not-stopped',
  });
  expect(incident.owners()).toEqual(['ServerA eth0']);
  await expectAllOn(incident, 'ServerA');
  expect(incident.aws.account.calls('StopInstances')).toEqual([]);
});
