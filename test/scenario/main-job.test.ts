import { expect, test } from 'vitest';
import { minute, startIncident } from './incident.ts';

test('eth0 dies, the alarm follows, the address answers on eth1 and INFO is swapped', async () => {
  const incident = await startIncident();
  const { world, advance, until } = incident;
  expect(incident.owner()).toBe('ServerA eth0');
  expect(incident.answers()).toBe(true);

  world.hosts.get('ServerA')?.setLink('eth0', 'down');
  expect(incident.answers()).toBe(false);
  await until((record) => record.recent.length === 1, 2 * minute);

  const record = await incident.record();
  expect(record.servers['ServerA']?.info).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  expect(record).toMatchObject({ state: 'ISP', activeServer: 'ServerA', intent: null });
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  await advance(5 * minute);
  expect(await incident.acted()).toEqual(['moved-to-backup']);
  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(1);
});

test('the host dies afterwards: one failover, whatever comes twice, in service on ServerB eth0', async () => {
  const incident = await startIncident();
  const { aws, world, advance, until } = incident;
  world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await until((record) => record.recent.length === 1, 2 * minute);

  aws.ec2.duplicateEvents(2);
  aws.cloudWatch.duplicateActions(3);
  aws.ec2.failHost('i-0a1b2c3d4e5f60001', { stopsAfterMs: 4 * minute });
  await until((record) => record.activeServer === 'ServerB', 10 * minute);
  await advance(10 * minute);

  const record = await incident.record();
  expect(await incident.acted()).toEqual(['moved-to-backup', 'failed-over']);
  expect(record).toMatchObject({ state: 'ISP', activeServer: 'ServerB', intent: null });
  expect(record.servers['ServerA']?.info).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  expect(record.servers['ServerB']?.info).toBe('ServerB eth0 10.0.1.50 ffffff00 eth1');
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(2);
  const held = (await incident.summaries()).filter(({ outcome }) => outcome === 'held');
  expect(held.map(({ reason }) => reason)).not.toContain('event-not-understood');
});
