import { StartInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import type { Verdict } from '../../lib/recovery/decide.ts';
import { eniOf, instanceOf, withoutBackup } from './fleets.ts';
import { type Incident, minute, second, startIncident } from './incident.ts';

/** Why rungs were skipped, as the audit trail tells it. */
async function skips(incident: Incident): Promise<readonly string[]> {
  const decided = (await incident.audit()).filter((each) => each.kind === 'step' && each.step === 'decided');
  const reasons = decided.flatMap((each) =>
    each.kind === 'step' ? ((each.evidence as Verdict).skipped ?? []).map(({ reason }) => reason) : [],
  );
  return [...new Set(reasons)];
}

async function expectFailedOver(incident: Incident): Promise<void> {
  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(await incident.configured()).toEqual(['ServerB eth0']);
  expect(incident.owners()).not.toContain('nobody');
  expect(await incident.info('ServerA')).toMatch(/^ServerA eth0 /);
}

const obstacles: readonly (readonly [string, string, (incident: Incident) => void])[] = [
  [
    'the backup interface is detached',
    'backup-not-attached',
    ({ aws }) => aws.ec2.detachInterface(eniOf['ServerA eth1']),
  ],
  [
    'the backup interface has other security groups',
    'backup-security-groups-differ',
    ({ aws: { ec2 } }) => {
      const eni = ec2.world.interface(eniOf['ServerA eth1']);
      ec2.world.putInterface({ ...eni, securityGroupIds: ['sg-0fffffffffffffff0'] });
    },
  ],
  [
    'the backup interface has another source/destination check',
    'backup-source-dest-check-differs',
    ({ aws: { ec2 } }) => {
      const eni = ec2.world.interface(eniOf['ServerA eth1']);
      ec2.world.putInterface({ ...eni, sourceDestCheck: false });
    },
  ],
  [
    'the backup interface is in another subnet',
    'backup-in-other-subnet',
    ({ aws: { ec2 } }) => {
      const eni = ec2.world.interface(eniOf['ServerA eth1']);
      const { id } = ec2.addSubnet({ cidr: '10.0.2.0/24' });
      ec2.world.putInterface({ ...eni, subnetId: id, primaryAddress: '10.0.2.11' });
    },
  ],
];

for (const [name, reason, plant] of obstacles)
  test(`${name} when eth0 dies: the failover goes on to ServerB and says ${reason}`, async () => {
    const incident = await startIncident();
    plant(incident);

    incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
    await incident.until(({ activeServer }) => activeServer === 'ServerB', 3 * minute);

    await expectFailedOver(incident);
    expect(await skips(incident)).toEqual([reason]);
  });

test('the backup interface holds its ten addresses already: EC2 refuses, changes nothing, and ServerB takes over', async () => {
  const incident = await startIncident();
  const { world } = incident.aws.ec2;
  const eni = world.interface(eniOf['ServerA eth1']);
  const secondaryAddresses = Array.from({ length: 9 }, (_, index) => `10.0.1.${200 + index}`);
  world.putInterface({ ...eni, secondaryAddresses });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 3 * minute);

  await expectFailedOver(incident);
  const [fault] = (await incident.audit()).filter((each) => each.kind === 'step' && each.step === 'fault');
  expect(JSON.stringify(fault)).toContain('PrivateIpAddressLimitExceeded');
});

test('no backup interface is configured: eth0 dies and ServerB takes over', async () => {
  const incident = await startIncident({ fleet: withoutBackup });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 3 * minute);

  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(incident.owner()).toBe('ServerB eth0');
  expect(await incident.info('ServerB')).toBe('ServerB eth0 10.0.1.50 ffffff00 none');
  expect(await skips(incident)).toEqual(['backup-none']);
});

test('the primary interface is detached: no restore in place, and three round trips before the move is sent', async () => {
  const incident = await startIncident();
  const roundTripMs = 1 * second;
  for (const operation of [
    'UpdateItem',
    'GetItem',
    'PutItem',
    'DescribeNetworkInterfaces',
    'DescribeInstanceStatus',
    'DescribeAlarms',
    'SendCommand',
    'GetCommandInvocation',
    'AssignPrivateIpAddresses',
  ])
    incident.misfortune({
      operation,
      times: Number.POSITIVE_INFINITY,
      effect: { kind: 'delay', ms: roundTripMs },
    });

  incident.aws.ec2.detachInterface(eniOf['ServerA eth0']);
  await incident.until(({ recent }) => recent.length > 0, 4 * minute);

  expect(await incident.recoveries()).toEqual(['moved-to-backup']);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
  const calls = incident.callsBy('recover');
  const move = calls.find(({ operation }) => operation === 'AssignPrivateIpAddresses');
  const claim = calls.find(
    ({ operation, atMs }) => operation === 'UpdateItem' && atMs > incident.clock.now() - minute,
  );
  expect(((move?.atMs ?? 0) - (claim?.atMs ?? 0)) / roundTripMs).toBe(3);
});

test('both interfaces of ServerA die: ServerB takes over, and ServerA lets go of the address', async () => {
  const incident = await startIncident();

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  incident.world.hosts.get('ServerA')?.setLink('eth1', 'down');
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 2 * minute);
  await incident.advance(5 * minute);

  await expectFailedOver(incident);
  expect(await incident.record()).toMatchObject({ state: 'ISP', intent: null });
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1', 'ServerB eth0']);
});

test('packets of eth0 get lost while its link is up: eth1 is the witness that the target lives, and takes over', async () => {
  const incident = await startIncident();
  const { world, aws } = incident;

  world.fabric.cut(aws.ec2.world.interface(eniOf['ServerA eth0']).macAddress);
  await incident.until(({ recent }) => recent.length > 0, 3 * minute);

  expect(incident.owner()).toBe('ServerA eth1');
  expect(await incident.acted()).toEqual(['moved-to-backup']);
});

test('the only ping target dies: a healthy address stays where it is, and a person is paged', async () => {
  const incident = await startIncident();
  incident.world.bystanders.get('10.0.1.100')?.halt();
  await incident.advance(10 * minute);

  expect(incident.owners()).toEqual(['ServerA eth0']);
  expect(await incident.recoveries()).toEqual([]);
  expect(incident.pages()).toEqual(['ip-db may be out of service: path-without-witness']);
});

test('both servers are dead: OSF and one page, and in service by itself when ServerB comes back', async () => {
  const incident = await startIncident();
  const { ec2 } = incident.aws;

  ec2.failHost(instanceOf.ServerB, { stopsAfterMs: 2 * minute });
  ec2.failHost(instanceOf.ServerA, { stopsAfterMs: 2 * minute });
  await incident.advance(10 * minute);
  expect(await incident.record()).toMatchObject({ state: 'OSF', stateReason: 'no-failover-target' });
  expect(incident.pages()).toEqual(['ip-db is out of service: no-failover-target']);

  await incident.clock.run(
    incident.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceOf.ServerB] })),
  );
  await incident.until(({ state }) => state === 'ISP', 6 * minute);
  expect(await incident.record()).toMatchObject({ activeServer: 'ServerB' });
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('the only target that is left fails its status check: it is not used', async () => {
  const incident = await startIncident();
  incident.aws.ec2.impairInstance(instanceOf.ServerB, ['system']);
  await incident.advance(2 * minute);

  incident.aws.ec2.failHost(instanceOf.ServerA);
  await incident.until(({ state }) => state === 'OSF', 6 * minute);

  expect(await skips(incident)).toEqual(['server-impaired']);
  expect(incident.owners()).toEqual(['ServerA eth0']);
  incident.aws.ec2.impairInstance(instanceOf.ServerB, []);
  await incident.until(({ state }) => state === 'ISP', 4 * minute);
  expect(incident.owner()).toBe('ServerB eth0');
});
