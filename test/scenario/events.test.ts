import { expect, test } from 'vitest';
import { healthAlarmName, liveAlias, statusAlarmName } from '../../lib/recovery/names.ts';
import { type AlarmSaid, directAction, snsNotification, stateChangeEvent } from './events.ts';
import { instanceOf } from './fleets.ts';
import { type Incident, minute, second, startIncident, tag } from './incident.ts';

/** Alarms and rules are switched off, so only what the test sends can be what recovers. */
async function deafIncident(): Promise<Incident & { readonly alarmName: string }> {
  const incident = await startIncident();
  const { cloudWatch, events } = incident.aws;
  for (const { settings } of cloudWatch.alarms()) cloudWatch.enableActions(settings.name, false);
  for (const { settings } of events.rules()) events.enableRule(settings.name, false);
  return { ...incident, alarmName: healthAlarmName(incident.fleet.name, tag) };
}

const shapes: readonly (readonly [string, (said: AlarmSaid) => object])[] = [
  ['a direct action', directAction],
  ['an EventBridge state change', stateChangeEvent],
  ['an SNS notification', snsNotification],
];

for (const [name, event] of shapes)
  test(`${name} of the alarm moves the address to eth1`, async () => {
    const incident = await deafIncident();
    const { alarmName } = incident;
    incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');

    const { outcome } = await incident.send(event({ alarmName, value: 'ALARM', atMs: incident.clock.now() }));

    expect(outcome.kind).toBe('succeeded');
    expect(incident.owner()).toBe('ServerA eth1');
    expect(incident.answers()).toBe(true);
    expect(await incident.info('ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
    expect(await incident.acted()).toEqual(['moved-to-backup']);
  });

test('OK and INSUFFICIENT_DATA in every shape move nothing, even while the address is down', async () => {
  const incident = await deafIncident();
  const { alarmName } = incident;
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  const before = (await incident.summaries()).length;

  for (const [, event] of shapes)
    for (const value of ['OK', 'INSUFFICIENT_DATA'] as const) {
      const { outcome } = await incident.send(event({ alarmName, value, atMs: incident.clock.now() }));
      expect(outcome.kind).toBe('succeeded');
    }

  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(0);
  const reasons = (await incident.summaries()).slice(before).map(({ reason }) => reason);
  expect(reasons).toEqual(Array.from({ length: 6 }, () => 'not-in-alarm'));
});

test('what is not ours or makes no sense is refused by name, written down, and never tried again', async () => {
  const incident = await deafIncident();
  const { alarmName } = incident;
  const inAlarm = { value: 'ALARM', atMs: incident.clock.now() } as const;
  const refused: readonly (readonly [string, unknown])[] = [
    ['alarm-unknown', directAction({ ...inAlarm, alarmName: 'somebody-elses-cpu' })],
    [
      'alarm-unknown',
      snsNotification({ ...inAlarm, alarmName: statusAlarmName(incident.fleet.name, 'ServerZ') }),
    ],
    [
      'tag-unknown',
      stateChangeEvent({ ...inAlarm, alarmName: healthAlarmName(incident.fleet.name, 'ip-gone') }),
    ],
    ['event-not-understood', {}],
    ['event-not-understood', null],
    ['event-not-understood', 'ALARM'],
    ['event-not-understood', [inAlarm]],
    ['event-not-understood', { alarmData: { alarmName } }],
    ['event-not-understood', { source: 'aws.cloudwatch', alarmData: { alarmName, state: 'ALARM' } }],
    ['event-not-understood', { Records: [] }],
    ['event-not-understood', { Records: [{ Sns: { Message: '{"AlarmName":' } }] }],
    ['event-not-understood', { Records: [{ Sns: { Message: '[]' } }] }],
    ['event-not-understood', { 'detail-type': 'EC2 Spot Instance Interruption Warning', source: 'aws.ec2' }],
  ];

  for (const [, event] of refused) expect((await incident.send(event)).outcome.kind).toBe('succeeded');

  expect((await incident.summaries('fleet')).map(({ reason }) => reason)).toEqual(
    refused.map(([code]) => code),
  );
  const details = (await incident.audit('fleet')).filter((each) => each.kind === 'step');
  expect(details).toHaveLength(refused.filter(([code]) => code === 'event-not-understood').length);
  await incident.advance(10 * minute);
  expect(incident.aws.lambda.pendingAsync).toBe(0);
  expect(incident.aws.lambda.invocations().filter(({ outcome }) => outcome.kind === 'failed')).toEqual([]);
  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(0);
});

test('one notification with several alarms in it recovers ours and refuses the others', async () => {
  const incident = await deafIncident();
  const { alarmName } = incident;
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  const atMs = incident.clock.now();
  const records = ['somebody-elses-cpu', alarmName, alarmName].map((each) => {
    const { Records } = snsNotification({ alarmName: each, value: 'ALARM', atMs }) as { Records: object[] };
    return Records[0];
  });

  await incident.send({ Records: records });
  await incident.advance(minute);

  expect(incident.owner()).toBe('ServerA eth1');
  expect(await incident.acted()).toEqual(['moved-to-backup']);
  expect(await incident.heldFor('fleet')).toEqual(['alarm-unknown']);
  expect(await incident.heldFor()).toContain('event-superseded');
});

test('an alarm that is six minutes old moves nothing: the maximum age is five', async () => {
  const incident = await deafIncident();
  const { alarmName } = incident;
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  const saidAtMs = incident.clock.now();
  await incident.advance(6 * minute);

  for (const [, event] of shapes) await incident.send(event({ alarmName, value: 'ALARM', atMs: saidAtMs }));

  expect(await incident.heldFor()).toContain('event-too-old');
  expect(await incident.acted()).toEqual([]);
  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(0);
});

test('an alarm from before the last recovery moves nothing back', async () => {
  const incident = await deafIncident();
  const { alarmName } = incident;
  const saidAtMs = incident.clock.now();
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(20 * second);
  await incident.send(directAction({ alarmName, value: 'ALARM', atMs: incident.clock.now() }));
  expect(incident.owner()).toBe('ServerA eth1');

  await incident.send(directAction({ alarmName, value: 'ALARM', atMs: saidAtMs }));

  expect(await incident.heldFor()).toContain('event-superseded');
  expect(await incident.acted()).toEqual(['moved-to-backup']);
});

test('a server that holds nothing may die: its events are held as server-not-active', async () => {
  const incident = await startIncident();

  incident.aws.ec2.failHost(instanceOf.ServerB, { stopsAfterMs: 4 * minute });
  await incident.advance(8 * minute);

  expect(await incident.heldFor()).toContain('server-not-active');
  expect(await incident.acted()).toEqual([]);
  expect(incident.owner()).toBe('ServerA eth0');
  expect(await incident.record()).toMatchObject({ state: 'ISP', activeServer: 'ServerA' });
});

test('the alarm comes three times, and every event of the queue twice: one move', async () => {
  const incident = await startIncident();
  incident.aws.cloudWatch.duplicateActions(3);
  incident.aws.lambda.duplicateAsync(100);

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(5 * minute);

  expect(await incident.acted()).toEqual(['moved-to-backup']);
  expect(await incident.recoveries()).toEqual(['moved-to-backup']);
  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(1);
  expect(incident.owner()).toBe('ServerA eth1');
});

test('the alarm comes three minutes late, and three times: the tick has recovered by then, nothing moves again', async () => {
  const incident = await startIncident();
  incident.aws.cloudWatch.duplicateActions(3);
  incident.aws.cloudWatch.delayActions(3 * minute);

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(8 * minute);

  expect(await incident.acted()).toEqual(['moved-to-backup']);
  expect(await incident.heldFor()).toContain('event-superseded');
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1']);
});

test('the queue delivers everything twice, the start of the failover too: its name makes it one execution, and one move', async () => {
  const incident = await startIncident();
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  incident.world.hosts.get('ServerA')?.setLink('eth1', 'down');
  incident.aws.lambda.duplicateAsync(100);

  await incident.until((record) => record.activeServer === 'ServerB', 5 * minute);
  await incident.advance(3 * minute);

  expect(incident.executions().map(({ status }) => status)).toEqual(['SUCCEEDED']);
  expect(await incident.acted()).toEqual(['failed-over']);
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1', 'ServerB eth0']);
  expect(await incident.configured()).toEqual(['ServerB eth0']);
});

test('whoever starts the same failover a second time gets the same execution, and it moves nothing again', async () => {
  const incident = await startIncident();
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until((record) => record.activeServer === 'ServerB', 5 * minute);
  const [execution] = incident.executions();
  const { name, input = '' } = execution?.identity ?? {};
  const reference = { functionName: incident.functionName('failover'), qualifier: liveAlias };

  expect(incident.aws.lambda.invokeLater(reference, input, 'again', name)).toBe(execution?.identity.arn);
  await incident.advance(3 * minute);

  expect(incident.executions()).toHaveLength(1);
  expect(await incident.acted()).toEqual(['failed-over']);
});

test('the same failover is started under another name: the claim is gone, and it moves nothing', async () => {
  const incident = await startIncident();
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until((record) => record.activeServer === 'ServerB', 5 * minute);
  const [execution] = incident.executions();
  const reference = { functionName: incident.functionName('failover'), qualifier: liveAlias };

  incident.aws.lambda.invokeLater(reference, execution?.identity.input ?? '', 'again', 'another-name');
  await incident.advance(3 * minute);

  expect(incident.executions().map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED']);
  expect(await incident.heldFor()).toContain('claim-lost');
  expect(await incident.acted()).toEqual(['failed-over']);
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerB eth0']);
});
