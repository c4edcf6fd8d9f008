import { expect, test } from 'vitest';
import { healthAlarmName, liveAlias } from '../../lib/recovery/names.ts';
import { directAction } from './events.ts';
import { all, instanceOf, keeping, onServers, withRules } from './fleets.ts';
import { effects, expectAllOn, hierarchyOptions, ranTwice, standing } from './hierarchy.ts';
import { type Incident, minute, second, startIncident } from './incident.ts';
import { called, upon } from './moments.ts';

/** Three addresses on ServerA: a database with all that it needs, an application, and one with nothing. */
const three = ['ip-db', 'ip-app', 'ip-web'] as const;

function startNeighbours(): Promise<Incident> {
  return startIncident({
    ...hierarchyOptions(),
    fleet: all(keeping(...three), onServers(2), withRules({ fence: { kind: 'stop-instance' } })),
  });
}

function loseLinks({ world }: Incident): void {
  for (const device of ['eth0', 'eth1']) world.hosts.get('ServerA')?.setLink(device, 'down');
}

async function expectAllThreeOnServerB(incident: Incident): Promise<void> {
  await expectAllOn(incident, 'ServerB');
  expect(standing(incident, 'ip-app')).toEqual({ licence: ['ServerB'], app: ['ServerB'] });
  for (const tag of three) {
    expect(incident.owner(tag)).toBe('ServerB eth0');
    expect(incident.owners(tag), tag).not.toContain('nobody');
    expect(incident.answers(tag), tag).toBe(true);
    expect(await incident.configured(tag), tag).toEqual(['ServerB eth0']);
    expect(await incident.recoveries(tag), tag).toEqual(['failed-over']);
    expect(await incident.record(tag), tag).toMatchObject({ state: 'ISP', intent: null });
  }
  expect(ranTwice(incident)).toEqual([]);
  expect([effects(incident, 'DetachVolume'), effects(incident, 'AttachVolume')]).toEqual([1, 1]);
  expect(incident.pages()).toEqual([]);
}

test('ServerA dies with three addresses: one failover for all of them, each in service on ServerB once', async () => {
  const incident = await startNeighbours();
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(3 * minute);
  await expectAllThreeOnServerB(incident);
  expect(incident.executions().map(({ status }) => status)).toEqual(['SUCCEEDED']);
});

test('the links of ServerA die, and each of three addresses has an alarm of its own: three failovers side by side', async () => {
  const incident = await startNeighbours();
  loseLinks(incident);
  for (const tag of three) await incident.until(({ recent }) => recent.length > 0, 10 * minute, tag);
  await incident.advance(3 * minute);
  await expectAllThreeOnServerB(incident);
});

test('the alarm of a neighbour comes while the database fails over: the neighbour goes at once, the database goes on', async () => {
  const incident = await startNeighbours();
  const { aws, clock, fleet } = incident;
  const late = ['ip-app', 'ip-web'] as const;
  for (const tag of late) aws.cloudWatch.enableActions(healthAlarmName(fleet.name, tag), false);
  for (const { settings } of aws.events.rules()) aws.events.enableRule(settings.name, false);
  const alarmed = upon(incident, called('DetachVolume'), () => {
    for (const tag of late) {
      const alarmName = healthAlarmName(fleet.name, tag);
      const event = directAction({ alarmName, value: 'ALARM', atMs: clock.now() });
      const reference = { functionName: incident.functionName('recover'), qualifier: liveAlias };
      aws.lambda.invokeLater(reference, JSON.stringify(event), `late-${tag}`);
    }
  });
  loseLinks(incident);
  for (const tag of three) await incident.until(({ recent }) => recent.length > 0, 10 * minute, tag);
  await incident.advance(3 * minute);
  expect(alarmed.happened()).toBe(true);
  await expectAllThreeOnServerB(incident);
});

test('the alarm of the same address comes again while it fails over: it is held, and nothing moves twice', async () => {
  const incident = await startNeighbours();
  const { aws, clock, fleet } = incident;
  upon(incident, called('DetachVolume'), () => {
    const alarmName = healthAlarmName(fleet.name, 'ip-db');
    const event = directAction({ alarmName, value: 'ALARM', atMs: clock.now() });
    const reference = { functionName: incident.functionName('recover'), qualifier: liveAlias };
    aws.lambda.invokeLater(reference, JSON.stringify(event), 'again');
  });
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(3 * minute);
  expect(await incident.heldFor()).toContain('claim-held');
  await expectAllThreeOnServerB(incident);
});
