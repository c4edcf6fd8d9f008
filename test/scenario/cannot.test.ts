import { expect, test } from 'vitest';
import { instanceOf } from './fleets.ts';
import { minute, second, startIncident } from './incident.ts';

const forever = Number.POSITIVE_INFINITY;

test('AssignPrivateIpAddresses is denied: no swap, one page, OSF; the first tick with the permission recovers', async () => {
  const incident = await startIncident();
  const { aws, world } = incident;
  incident.misfortune({
    operation: 'AssignPrivateIpAddresses',
    times: forever,
    effect: { kind: 'refuse', code: 'UnauthorizedOperation', status: 403 },
  });

  world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(4.5 * minute);

  expect(await incident.record()).toMatchObject({ state: 'OSF', activeServer: 'ServerA', recent: [] });
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
  expect(incident.owners()).toEqual(['ServerA eth0']);
  expect(incident.pages()).toEqual(['ip-db is out of service: no-failover-target']);
  expect(incident.lastPage()).toContain('Last fault: ec2:AssignPrivateIpAddresses: UnauthorizedOperation');
  const faults = (await incident.audit()).filter((each) => each.kind === 'step' && each.step === 'fault');
  expect(faults[0]).toMatchObject({ evidence: { code: 'access-denied' } });

  aws.account.faults.clear();
  await incident.until(({ state }) => state === 'ISP', 1.5 * minute);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  expect(await incident.acted()).toEqual(['moved-to-backup']);
});

test('Systems Manager does not reach the host while all else is fine: nothing moves', async () => {
  const incident = await startIncident();

  incident.aws.ssm.cutOff(instanceOf.ServerA);
  await incident.advance(5 * minute);
  expect(await incident.acted()).toEqual([]);
  expect(await incident.record()).toMatchObject({ state: 'ISP' });
  expect(incident.owners()).toEqual(['ServerA eth0']);
});

test('eth0 dies while Systems Manager does not reach the host: held as host-could-not-look until it does', async () => {
  const incident = await startIncident();
  incident.aws.ssm.cutOff(instanceOf.ServerA);

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(8 * minute);
  expect(await incident.heldFor()).toContain('host-could-not-look');
  expect(incident.pages()).toEqual(['ip-db may be out of service: host-could-not-look']);
  expect(incident.owners()).toEqual(['ServerA eth0']);
  expect(await incident.recoveries()).toEqual([]);

  incident.aws.ssm.reconnect(instanceOf.ServerA);
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
});

test('EC2 answers nothing for four minutes while eth0 is dead: nothing moves, the next tick recovers', async () => {
  const incident = await startIncident();
  for (const operation of ['DescribeNetworkInterfaces', 'DescribeInstanceStatus', 'AssignPrivateIpAddresses'])
    incident.misfortune({
      operation,
      times: forever,
      effect: { kind: 'refuse', code: 'Unavailable', status: 503 },
    });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(4 * minute);
  expect(await incident.heldFor()).toContain('interfaces-could-not-look');
  expect(await incident.recoveries()).toEqual([]);
  expect(incident.owners()).toEqual(['ServerA eth0']);

  incident.aws.account.faults.clear();
  await incident.until(({ recent }) => recent.length > 0, 1.5 * minute);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  expect(await incident.acted()).toEqual(['moved-to-backup']);
});

test('the status checks of a server that serves cannot be read: instance-could-not-look, nothing moves', async () => {
  const incident = await startIncident();
  incident.misfortune({
    operation: 'DescribeInstanceStatus',
    times: forever,
    effect: { kind: 'refuse', code: 'RequestLimitExceeded', status: 503 },
  });
  incident.aws.ec2.failHost(instanceOf.ServerA);
  await incident.advance(5 * minute);
  expect(await incident.heldFor()).toContain('instance-could-not-look');
  expect(incident.owners()).toEqual(['ServerA eth0']);

  incident.aws.account.faults.clear();
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 2 * minute);
  expect(incident.answers()).toBe(true);
});

test('only AssignPrivateIpAddresses is throttled, for a minute: held, not taken for a failure, and a tick recovers', async () => {
  const incident = await startIncident();
  incident.misfortune({
    operation: 'AssignPrivateIpAddresses',
    times: forever,
    effect: { kind: 'refuse', code: 'RequestLimitExceeded', status: 503 },
  });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(minute);
  expect(await incident.heldFor()).toContain('ec2-gave-no-answer');
  expect(incident.owners()).toEqual(['ServerA eth0']);

  incident.aws.account.faults.clear();
  await incident.advance(2 * minute);
  expect(await incident.recoveries()).toEqual(['moved-to-backup']);
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1']);
  expect(incident.pages()).toEqual([]);
});

for (const lagMs of [8 * second, 30 * second])
  test(`EC2 shows a move only ${lagMs / second} s after it: nothing moves on from where the host serves`, async () => {
    const incident = await startIncident();
    incident.aws.ec2.describeLagMs = lagMs;

    incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
    await incident.advance(6 * minute);

    expect(await incident.recoveries()).toEqual(['moved-to-backup']);
    expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1']);
    expect(await incident.configured()).toEqual(['ServerA eth1']);
    expect(await incident.info('ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  });
