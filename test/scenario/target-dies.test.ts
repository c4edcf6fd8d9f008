import { expect, test } from 'vitest';
import { eniOf, instanceOf, withDependent } from './fleets.ts';
import { expectAllOn, startHierarchy } from './hierarchy.ts';
import { type Incident, minute, second } from './incident.ts';
import { assignedTo, called, ordered, upon } from './moments.ts';

type Moment = Parameters<typeof upon>[1];

/** ServerA lives, its interfaces are dead: all that depends on the address has to leave it in good order. */
function dieOnServerA({ world }: Incident): void {
  for (const device of ['eth0', 'eth1']) world.hosts.get('ServerA')?.setLink(device, 'down');
}

const moments: readonly (readonly [string, Moment])[] = [
  ['while ServerA stops its dependents', called('DetachVolume')],
  ['right after the address has moved there', assignedTo(eniOf['ServerB eth0'])],
  ['while the volume is attached there', called('AttachVolume')],
  ['while the database starts there', ordered('start', 'database', 'ServerB')],
];

for (const [when, moment] of moments)
  test(`ServerB dies ${when}: ServerC takes over everything`, async () => {
    const incident = await startHierarchy();
    upon(incident, moment, () => incident.aws.ec2.failHost(instanceOf.ServerB, { stopsAfterMs: second }));
    dieOnServerA(incident);

    await incident.until(({ recent }) => recent.length > 0);
    await incident.advance(2 * minute);

    await expectAllOn(incident, 'ServerC');
    expect(await incident.recoveries()).toEqual(['failed-over']);
    expect(incident.owner()).toBe('ServerC eth0');
    expect(await incident.summaryOf('failed-over')).toMatchObject({ to: { server: 'ServerC' } });
    expect(incident.pages()).toEqual([]);
  });

test('ServerB dies, and EC2 does not notice: nobody answers there, neither on eth0 nor on eth1, and ServerC takes over', async () => {
  const incident = await startHierarchy();
  upon(incident, assignedTo(eniOf['ServerB eth0']), () => incident.aws.ec2.failHost(instanceOf.ServerB));
  dieOnServerA(incident);

  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);

  await expectAllOn(incident, 'ServerC');
  expect(incident.owners().slice(-3)).toEqual(['ServerB eth0', 'ServerB eth1', 'ServerC eth0']);
});

test('nobody can reach ServerB once the address is there: it is stopped before ServerC takes over', async () => {
  const incident = await startHierarchy(withDependent('data', { onFailure: 'next-server' }));
  upon(incident, called('AttachVolume'), () => incident.aws.ssm.cutOff(instanceOf.ServerB));
  dieOnServerA(incident);

  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);

  await expectAllOn(incident, 'ServerC');
  expect(incident.aws.ec2.world.findInstance(instanceOf.ServerB)?.state).toBe('stopped');
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('nobody can reach ServerB once the address is there, and the fleet file says to stay: a person hears what is not in service', async () => {
  const incident = await startHierarchy();
  upon(incident, called('AttachVolume'), () => incident.aws.ssm.cutOff(instanceOf.ServerB));
  dieOnServerA(incident);

  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);

  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.pages()).toEqual(['ip-db: data did not come into service']);
  const { dependents } = await incident.record();
  expect(Object.entries(dependents).map(([name, { state }]) => `${name} ${state}`)).toEqual([
    'disk ISP',
    'data OSF',
    'database OSU',
    'clients OSU',
  ]);
});
