import { expect, test } from 'vitest';
import { liveAlias } from '../../lib/recovery/names.ts';
import { eniOf, instanceOf } from './fleets.ts';
import { type Incident, minute, startIncident } from './incident.ts';

const alarmPrincipal = 'lambda.alarms.cloudwatch.amazonaws.com';

/** CloudWatch drops an action that it may not take without a word. */
function takePermissionAway({ aws, functionName }: Incident): void {
  const alias = { functionName: functionName('recover'), qualifier: liveAlias };
  const grants = aws.lambda.functions
    .permissions(alias)
    .filter(({ principal }) => principal === alarmPrincipal);
  expect(grants).toHaveLength(1);
  for (const { statementId } of grants) aws.lambda.functions.removePermission(alias, statementId);
}

test('the alarms may not invoke the function: eth0 dies, and a tick recovers within two minutes', async () => {
  const incident = await startIncident();
  takePermissionAway(incident);

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);

  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  expect(await incident.summaryOf('moved-to-backup')).toMatchObject({ trigger: { kind: 'tick' } });
});

test('neither alarms nor instance events arrive: the server dies, and a tick fails over', async () => {
  const incident = await startIncident();
  takePermissionAway(incident);
  for (const { settings } of incident.aws.events.rules())
    if (settings.eventPattern !== undefined) incident.aws.events.enableRule(settings.name, false);

  incident.aws.ec2.failHost(instanceOf.ServerA);
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 3 * minute);

  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('a detached interface raises no alarm, its host cannot speak of it: a tick finds it', async () => {
  const incident = await startIncident();

  incident.aws.ec2.detachInterface(eniOf['ServerA eth0']);
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);

  expect(incident.owner()).toBe('ServerA eth1');
  expect(await incident.acted()).toEqual(['moved-to-backup']);
  expect(await incident.summaryOf('moved-to-backup')).toMatchObject({ reason: 'interface-detached' });
});

test('the reconcile is switched off as well: the engine says nothing for three minutes, and a person is paged', async () => {
  const incident = await startIncident();
  await incident.advance(3 * minute);
  for (const { settings } of incident.aws.events.rules())
    incident.aws.events.enableRule(settings.name, false);
  await incident.advance(8 * minute);
  expect(incident.pages()).toHaveLength(1);
  expect(incident.pages()[0]).toContain('engine');
});
