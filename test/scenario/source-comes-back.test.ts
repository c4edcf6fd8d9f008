import { expect, test } from 'vitest';
import { eniOf, instanceOf, onServers } from './fleets.ts';
import { expectAllOn, startHierarchy, units } from './hierarchy.ts';
import { address, type Incident, minute, startIncident } from './incident.ts';
import { assignedTo, called, upon } from './moments.ts';

/** The machine under ServerA is gone, and EC2 goes on calling the instance running. */
function loseMachine({ aws, world }: Incident): void {
  aws.ec2.impairInstance(instanceOf.ServerA, ['system', 'instance']);
  world.hosts.get('ServerA')?.halt();
}

/** EC2's own recovery: the same instance, with all its interfaces and volumes, boots on another machine. */
function recoverMachine({ aws, world }: Incident): void {
  aws.ec2.impairInstance(instanceOf.ServerA, []);
  world.hosts.get('ServerA')?.boot();
}

/** As a configuration file does: at every boot, whoever owns the address by then. */
function configureAtBoot({ world }: Incident): void {
  const host = world.hosts.get('ServerA');
  host?.startProgram('static-address', (guest) => {
    if (!host.hasAddress(address)) guest.addAddress('eth0', address, 32);
    return { stop: () => undefined };
  });
}

const moments = [
  ['while the failover looks for a server', called('DescribeInstanceInformation')],
  ['right after the address has moved to ServerB', assignedTo(eniOf['ServerB eth0'])],
] as const;

for (const [when, moment] of moments)
  test(`EC2 recovers ServerA ${when}, and its configuration has the address: ServerB keeps it, ServerA lets go`, async () => {
    const incident = await startIncident();
    configureAtBoot(incident);
    upon(incident, moment, () => recoverMachine(incident));
    loseMachine(incident);

    await incident.until(({ recent }) => recent.length > 0);
    await incident.advance(5 * minute);

    expect(incident.world.hosts.get('ServerA')?.isUp()).toBe(true);
    expect(incident.owners()).toEqual(['ServerA eth0', 'ServerB eth0']);
    expect(await incident.configured()).toEqual(['ServerB eth0']);
    expect(incident.answers()).toBe(true);
    expect(await incident.recoveries()).toEqual(['failed-over']);
    expect(await incident.record()).toMatchObject({ state: 'ISP', activeServer: 'ServerB' });
  });

test('the links of ServerA come back once the address has moved, and somebody configures it there again: nothing moves back', async () => {
  const incident = await startIncident();
  const host = incident.world.hosts.get('ServerA');
  upon(incident, assignedTo(eniOf['ServerB eth0']), () => {
    for (const device of ['eth0', 'eth1']) host?.setLink(device, 'up');
    host?.addAddress('eth1', address, 32);
  });
  for (const device of ['eth0', 'eth1']) host?.setLink(device, 'down');

  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(5 * minute);

  expect(incident.owner()).toBe('ServerB eth0');
  expect(await incident.configured()).toEqual(['ServerB eth0']);
  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

const fenced = [
  ['before it is fenced', called('DescribeInstanceInformation')],
  ['while it is being stopped', called('StopInstances')],
] as const;

for (const [when, moment] of fenced)
  test(`EC2 recovers ServerA ${when}, and its database starts at boot: it is stopped all the same, and none runs twice`, async () => {
    const incident = await startHierarchy(onServers(2));
    const host = incident.world.hosts.get('ServerA');
    const recovered = upon(incident, moment, () => {
      recoverMachine(incident);
      for (const unit of Object.values(units)) host?.units.start(unit);
    });
    loseMachine(incident);

    await incident.until(({ recent }) => recent.length > 0);
    await incident.advance(5 * minute);

    expect(recovered.happened()).toBe(true);
    await expectAllOn(incident, 'ServerB');
    expect(incident.aws.ec2.world.findInstance(instanceOf.ServerA)?.state).toBe('stopped');
    expect(await incident.recoveries()).toEqual(['failed-over']);
  });
