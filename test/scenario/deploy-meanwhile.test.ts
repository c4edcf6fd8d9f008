import { StartInstancesCommand } from '@aws-sdk/client-ec2';
import { expect, inject, test } from 'vitest';
import { liveAlias } from '../../lib/recovery/names.ts';
import { all, instanceOf, keeping, onServers, withRules } from './fleets.ts';
import { expectAllOn, hierarchyOptions } from './hierarchy.ts';
import { type Incident, minute, second, startIncident, tag } from './incident.ts';
import { operatorOf } from './operator.ts';

const withinMs = 30 * minute;
const confirm = withRules({ confirm: { withinMs, otherwise: 'hold' } });

/** Every function of the stack gets another version, and the alias moves to it. */
async function deployNext({ aws, clock }: Incident): Promise<void> {
  const { directory, stackName } = inject('assemblies')['hierarchy-next'];
  await clock.run(aws.deploy(directory, stackName));
}

function liveVersion({ aws, functionName }: Incident): string {
  return aws.lambda.functions.target({ functionName: functionName('failover'), qualifier: liveAlias }).version
    .version;
}

test('a new version is deployed while a failover waits for a person: the old one ends it, the next begins on the new one', async () => {
  const options = hierarchyOptions(onServers(2), confirm);
  const incident = await startIncident(options);
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(({ waiting }) => waiting !== null);
  await deployNext(incident);
  expect(liveVersion(incident)).toBe('2');

  await incident.advance(3 * minute);
  const operator = operatorOf(incident);
  await operator.order({ action: 'confirm', tag, answer: 'yes' });
  await incident.until(({ recent }) => recent.length > 0, 3 * minute);
  await incident.advance(minute);
  await expectAllOn(incident, 'ServerB');
  const failover = incident.functionName('failover');
  expect(incident.executions().map(({ identity, status }) => [identity.version, status])).toEqual([
    ['1', 'SUCCEEDED'],
  ]);
  expect(new Set(incident.aws.lambda.invocations(failover).map(({ version }) => version))).toEqual(
    new Set(['1']),
  );

  const InstanceIds = [instanceOf.ServerA];
  await incident.clock.run(incident.ec2.send(new StartInstancesCommand({ InstanceIds })));
  await incident.advance(3 * minute);
  await operator.orderToEnd({ action: 'switchover', tag, server: 'ServerA' });
  await expectAllOn(incident, 'ServerA');
  expect(incident.executions().at(-1)?.identity.version).toBe('2');
});

test('a new version is deployed while the function runs: that run ends it on the version on which it began', async () => {
  const incident = await startIncident({ assembly: 'hierarchy', fleet: all(keeping(tag), onServers(2)) });
  for (const device of ['eth0', 'eth1']) incident.world.hosts.get('ServerA')?.setLink(device, 'down');
  await incident.until(({ intent }) => intent?.rung === 'fail-over');
  await deployNext(incident);
  expect(incident.executions().map(({ status }) => status)).toEqual(['RUNNING']);

  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(incident.executions().map(({ identity, status }) => [identity.version, status])).toEqual([
    ['1', 'SUCCEEDED'],
  ]);
});
