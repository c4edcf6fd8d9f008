import { StartInstancesCommand, StopInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, test } from 'vitest';
import { instanceOf, onServers, withRules } from './fleets.ts';
import { allOn, expectAllOn, standing, startHierarchy } from './hierarchy.ts';
import { type Incident, minute, second } from './incident.ts';

const InstanceIds = [instanceOf.ServerA];
const hold = withRules({ shutdownStrategy: 'hold' });

async function stop({ clock, ec2 }: Incident): Promise<void> {
  await clock.run(ec2.send(new StopInstancesCommand({ InstanceIds })));
}

async function expectLeftAlone(incident: Incident): Promise<void> {
  expect(incident.owners()).toEqual(['ServerA eth0']);
  expect(await incident.record()).toMatchObject({ state: 'OSU', stateReason: 'stopped-on-purpose' });
  expect(await incident.recoveries()).toEqual([]);
  expect(incident.executions()).toEqual([]);
  expect(incident.pages()).toEqual([]);
}

test('a person stops ServerA: that is a switchover, and everything comes up on ServerB', async () => {
  const incident = await startHierarchy(onServers(2));
  await stop(incident);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
  expect(await incident.recoveries()).toEqual(['failed-over']);
});

test('a person stops ServerA, and the fleet file says hold: nothing moves, and it is in service again when ServerA is', async () => {
  const incident = await startHierarchy(onServers(2), hold);
  await stop(incident);
  await incident.advance(8 * minute);
  await expectLeftAlone(incident);
  expect(standing(incident)).toEqual({ ...allOn('ServerA'), data: [], database: [], clients: [] });

  await incident.clock.run(incident.ec2.send(new StartInstancesCommand({ InstanceIds })));
  await incident.until(({ state }) => state === 'ISP', 6 * minute);
  expect(incident.owner()).toBe('ServerA eth0');
});

test('somebody on ServerA shuts it down, and the fleet file says hold: nothing moves', async () => {
  const incident = await startHierarchy(onServers(2), hold);
  incident.aws.ec2.shutDownFromWithin(instanceOf.ServerA);
  await incident.advance(8 * minute);
  await expectLeftAlone(incident);
});

test('EC2 itself stops ServerA, and the fleet file says hold: that is a failure, and everything comes up on ServerB', async () => {
  const incident = await startHierarchy(onServers(2), hold);
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectAllOn(incident, 'ServerB');
});
