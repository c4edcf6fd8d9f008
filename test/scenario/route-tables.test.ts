import { expect, test } from 'vitest';
import { leadsTo } from '../../lib/story/owner.ts';
import { eniOf, keeping } from './fleets.ts';
import { type Incident, minute, startIncident } from './incident.ts';

const tables = ['rtb-0a1b2c3d4e5f600a1', 'rtb-0a1b2c3d4e5f600a2', 'rtb-0a1b2c3d4e5f600a3'] as const;
const far = '172.30.0.50';

/** An address outside of the VPC, to which three route tables lead; ServerD is in another Availability Zone. */
async function startFar(): Promise<Incident> {
  return startIncident({ assembly: 'hierarchy', fleet: keeping('ip-far') });
}

function loseLinks({ world }: Incident): void {
  for (const device of ['eth0', 'eth1']) world.hosts.get('ServerA')?.setLink(device, 'down');
}

function routes({ aws }: Incident): readonly (string | undefined)[] {
  return tables.map((table) => leadsTo(aws.ec2, table, far));
}

function isForTable(table: string) {
  return ({ input }: { readonly input: unknown }) => JSON.stringify(input).includes(table);
}

const all = (eniId: string): readonly string[] => tables.map(() => eniId);

async function expectOnServerD(incident: Incident): Promise<void> {
  expect(routes(incident)).toEqual(all(eniOf['ServerD eth0']));
  expect(incident.owner()).toBe('ServerD eth0');
  expect(await incident.configured()).toEqual(['ServerD eth0']);
  expect(incident.answers()).toBe(true);
  expect(await incident.recoveries()).toEqual(['failed-over']);
  expect(await incident.record()).toMatchObject({ state: 'ISP', activeServer: 'ServerD', intent: null });
}

test('both links of ServerA die: all three route tables lead to ServerD in the other zone', async () => {
  const incident = await startFar();
  loseLinks(incident);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectOnServerD(incident);
});

test('the second route table may not be changed: all three lead to where they led, a person is called, and with the right all three follow', async () => {
  const incident = await startFar();
  incident.misfortune({
    operation: 'ReplaceRoute',
    times: Number.POSITIVE_INFINITY,
    effect: { kind: 'refuse', code: 'UnauthorizedOperation', status: 403 },
    when: isForTable(tables[1]),
  });
  loseLinks(incident);
  await incident.until(({ state }) => state === 'OSF');
  await incident.advance(3 * minute);
  expect(routes(incident)).toEqual(all(eniOf['ServerA eth0']));
  expect(incident.pages()).toEqual(['ip-far is out of service: no-failover-target']);
  expect(incident.lastPage()).toContain(tables[1]);
  expect(await incident.recoveries()).toEqual([]);

  incident.aws.account.faults.clear();
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);
  await incident.advance(2 * minute);
  await expectOnServerD(incident);
});

test('the second route table is throttled once: all three move', async () => {
  const incident = await startFar();
  incident.misfortune({
    operation: 'ReplaceRoute',
    effect: { kind: 'refuse', code: 'RequestLimitExceeded', status: 503 },
    when: isForTable(tables[1]),
  });
  loseLinks(incident);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  await expectOnServerD(incident);
});

test('the function dies behind the second route table, on its way to ServerD: the next run changes the third', async () => {
  const incident = await startFar();
  const crash = { crashed: false };
  incident.aws.lambda.crashFunction(incident.functionName('failover'), {
    afterCall: (operation, call) => {
      crash.crashed ||= operation === 'ReplaceRoute' && isForTable(tables[1])(call);
      return crash.crashed;
    },
  });
  loseLinks(incident);
  await incident.until(({ recent }) => recent.length > 0);
  await incident.advance(2 * minute);
  expect(crash.crashed).toBe(true);
  await expectOnServerD(incident);
});
