import {
  AssignPrivateIpAddressesCommand,
  StartInstancesCommand,
  UnassignPrivateIpAddressesCommand,
} from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { eniOf, instanceOf } from './fleets.ts';
import { address, bystander, type Incident, minute, startIncident } from './incident.ts';

function assignByHand({ clock, ec2 }: Incident, NetworkInterfaceId: string): Promise<unknown> {
  const input = { NetworkInterfaceId, PrivateIpAddresses: [address], AllowReassignment: true };
  return clock.run(ec2.send(new AssignPrivateIpAddressesCommand(input)));
}

async function expectRepaired(incident: Incident): Promise<void> {
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);
  await incident.advance(3 * minute);
  expect(await incident.recoveries()).toEqual(['restored-in-place']);
  expect(incident.owner()).toBe('ServerA eth0');
  expect(incident.answers()).toBe(true);
  expect(await incident.configured()).toEqual(['ServerA eth0']);
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
}

test('somebody unassigns the address: it is assigned again in place', async () => {
  const incident = await startIncident();
  const input = { NetworkInterfaceId: eniOf['ServerA eth0'], PrivateIpAddresses: [address] };
  await incident.clock.run(incident.ec2.send(new UnassignPrivateIpAddressesCommand(input)));
  expect(incident.owner()).toBe('nobody');

  await expectRepaired(incident);
  expect(await incident.summaryOf('restored-in-place')).toMatchObject({ reason: 'address-unassigned' });
});

for (const [place, eni] of [
  ['the backup interface', eniOf['ServerA eth1']],
  ['another server', eniOf['ServerB eth0']],
] as const)
  test(`somebody assigns the address to ${place}: it comes back to where INFO says it is`, async () => {
    const incident = await startIncident();
    await assignByHand(incident, eni);

    await expectRepaired(incident);
    expect(await incident.summaryOf('restored-in-place')).toMatchObject({
      reason: 'address-on-wrong-interface',
    });
  });

test('somebody assigns the address to an interface that nobody declared: held, paged, and left alone', async () => {
  const incident = await startIncident();
  const stranger = incident.aws.ec2.world.holder(bystander)?.id ?? '';
  await assignByHand(incident, stranger);

  await incident.advance(5 * minute);

  expect(incident.owner()).toBe(stranger);
  expect(await incident.recoveries()).toEqual([]);
  expect(await incident.heldFor()).toContain('held-by-undeclared-interface');
  expect(await incident.record()).toMatchObject({
    state: 'OSF',
    stateReason: 'held-by-undeclared-interface',
  });
  expect(incident.pages()).toEqual(['ip-db is out of service: held-by-undeclared-interface']);

  await assignByHand(incident, eniOf['ServerA eth0']);
  await incident.until(({ state }) => state === 'ISP', 2 * minute);
  expect(incident.answers()).toBe(true);
});

test('somebody deletes the address in the operating system: it is added again', async () => {
  const incident = await startIncident();
  incident.world.hosts.get('ServerA')?.deleteAddress('eth0', address);

  await expectRepaired(incident);
  expect(await incident.summaryOf('restored-in-place')).toMatchObject({ reason: 'address-absent' });
});

test('a stale copy of the address turns up on eth1: it is taken off', async () => {
  const incident = await startIncident();
  incident.world.hosts.get('ServerA')?.addAddress('eth1', address, 32);

  await expectRepaired(incident);
  expect(await incident.summaryOf('restored-in-place')).toMatchObject({ reason: 'address-elsewhere' });
});

test('ServerA comes back after the failover with the address in its own configuration: nothing moves back', async () => {
  const incident = await startIncident();
  const hostA = incident.world.hosts.get('ServerA');
  // As a configuration file does: at every boot, whoever owns the address by then.
  hostA?.startProgram('static-address', (guest) => {
    if (hostA.hasAddress(address) === false) guest.addAddress('eth0', address, 32);
    return { stop: () => undefined };
  });
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: 4 * minute });
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 6 * minute);
  await incident.advance(3 * minute);

  await incident.clock.run(
    incident.ec2.send(new StartInstancesCommand({ InstanceIds: [instanceOf.ServerA] })),
  );
  await incident.advance(15 * minute);

  expect(hostA?.isUp()).toBe(true);
  expect(await incident.configured()).toEqual(['ServerA eth0', 'ServerB eth0']);
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerB eth0']);
  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(await incident.record()).toMatchObject({ state: 'ISP', activeServer: 'ServerB' });
});
