import { expect, test } from 'vitest';
import type { Verdict } from '../../lib/recovery/decide.ts';
import { instanceOf, withAutomation, withPolicy } from './fleets.ts';
import { type Incident, minute, second, startIncident } from './incident.ts';

async function decisions(incident: Incident): Promise<readonly Verdict[]> {
  return (await incident.audit()).flatMap((each) =>
    each.kind === 'step' && each.step === 'decided' ? [each.evidence as Verdict] : [],
  );
}

/** What the engine says it would have done, the last time it decided. */
async function wouldHave(incident: Incident): Promise<unknown> {
  const verdict = (await decisions(incident)).at(-1);
  return verdict?.kind === 'hold' ? verdict.wouldHave : undefined;
}

/** The operating system loses the address once more, and it is brought back. */
async function failOnce(incident: Incident, number: number): Promise<void> {
  const [server, device] = incident.owner().split(' ');
  const host = incident.world.hosts.get(server ?? '');
  host?.deleteAddress(device ?? '', '10.0.1.50');
  await incident.until(({ recent }) => recent.length === number, 3 * minute);
}

test('three local recoveries in half an hour are enough: the fourth failure fails over', async () => {
  const incident = await startIncident();

  for (const number of [1, 2, 3, 4]) {
    await failOnce(incident, number);
    await incident.advance(2 * minute);
  }

  expect(await incident.recoveries()).toEqual([
    'restored-in-place',
    'restored-in-place',
    'restored-in-place',
    'failed-over',
  ]);
  expect(await incident.summaryOf('failed-over')).toMatchObject({
    reason: 'local-recoveries-too-frequent',
  });
  expect(incident.owner()).toBe('ServerB eth0');
  expect(incident.answers()).toBe(true);
});

test('three local recoveries, and a window of peace: the fourth failure is recovered locally again', async () => {
  const localRecoveries = { max: 3, windowMs: 10 * minute };
  const incident = await startIncident({ fleet: withPolicy({ localRecoveries }) });

  for (const number of [1, 2, 3]) {
    await failOnce(incident, number);
    await incident.advance(2 * minute);
  }
  await incident.advance(10 * minute);
  await failOnce(incident, 4);

  expect(incident.owner()).toBe('ServerA eth0');
});

test('ServerB dies while failovers are blocked after the last one: held and paged, until the block is over', async () => {
  const failoverBlockMs = 15 * minute;
  const incident = await startIncident({ fleet: withPolicy({ failoverBlockMs }) });
  const { ec2 } = incident.aws;
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  incident.world.hosts.get('ServerA')?.setLink('eth1', 'down');
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 2 * minute);
  const failedOverAtMs = incident.clock.now();
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'up');

  ec2.failHost(instanceOf.ServerB);
  await incident.advance(10 * minute);
  expect(await incident.record()).toMatchObject({ state: 'OSF', stateReason: 'failover-blocked' });
  expect(incident.pages()).toEqual(['ip-db is out of service: failover-blocked']);
  expect(await wouldHave(incident)).toMatchObject({ rung: 'fail-over', to: { server: 'ServerA' } });
  expect(incident.owner()).toBe('ServerB eth0');

  await incident.until(({ activeServer }) => activeServer === 'ServerA', 8 * minute);
  expect(incident.clock.now() - failedOverAtMs).toBeGreaterThanOrEqual(failoverBlockMs);
  expect(incident.answers()).toBe(true);
  expect(incident.pages()).toHaveLength(1);
});

test('five failovers in the fleet within the window: the sixth brakes and pages, whichever address it is', async () => {
  const fleetBrake = { max: 5, windowMs: 15 * minute };
  const incident = await startIncident({ fleet: withPolicy({ fleetBrake }) });
  for (let number = 0; number < 5; number += 1) {
    const nowMs = incident.clock.now();
    expect(
      await incident.clock.run(
        incident.ledger.takeFailover(`other-${number}`, nowMs, nowMs - fleetBrake.windowMs, 5),
      ),
    ).toBe('taken');
    await incident.advance(second);
  }

  incident.aws.ec2.failHost(instanceOf.ServerA);
  await incident.until(({ state }) => state === 'OSF', 6 * minute);
  await incident.advance(5 * minute);

  expect(await incident.record()).toMatchObject({ stateReason: 'fleet-brake', activeServer: 'ServerA' });
  expect(incident.pages()).toEqual(['ip-db is out of service: fleet-brake']);
  expect(incident.owners()).toEqual(['ServerA eth0']);
  await incident.until(({ activeServer }) => activeServer === 'ServerB', fleetBrake.windowMs);
  expect(incident.answers()).toBe(true);
});

test('a fleet that may not fail over at all brakes at the first', async () => {
  const incident = await startIncident({
    fleet: withPolicy({ fleetBrake: { max: 0, windowMs: 60 * minute } }),
  });

  incident.aws.ec2.failHost(instanceOf.ServerA);
  await incident.until(({ state }) => state === 'OSF', 6 * minute);

  expect(await incident.heldFor()).toContain('fleet-brake');
  expect(incident.owners()).toEqual(['ServerA eth0']);
});

const switches = [
  ['off', 'automation-off'],
  ['observe', 'automation-observes'],
] as const;

for (const [automation, reason] of switches)
  test(`automation is ${automation} when eth0 dies: nothing is touched, and what would have been done is written down`, async () => {
    const incident = await startIncident({ fleet: withAutomation(automation) });
    expect(await incident.record()).toMatchObject({ state: 'ISU', armed: true });

    incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
    await incident.advance(5 * minute);

    expect(await incident.heldFor()).toContain(reason);
    expect(await wouldHave(incident)).toMatchObject({ rung: 'move-to-backup', reason: 'no-carrier' });
    expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(0);
    expect(await incident.configured()).toEqual(['ServerA eth0']);
    expect(await incident.record()).toMatchObject({ state: 'OSF', stateReason: reason });
    expect(incident.pages()).toHaveLength(1);
  });

test('an operator switches automation off and on again: the first tick after that recovers', async () => {
  const incident = await startIncident();
  await incident.order({ automation: 'off' });
  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(3 * minute);
  expect(await incident.recoveries()).toEqual([]);

  await incident.order({ automation: 'on' });
  await incident.until(({ recent }) => recent.length > 0, 1.5 * minute);
  expect(incident.owner()).toBe('ServerA eth1');
});

test('a pause of ten minutes holds, and the first tick after its end recovers', async () => {
  const incident = await startIncident();
  const pausedUntilMs = incident.clock.now() + 10 * minute;
  await incident.order({ pausedUntilMs });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.advance(9 * minute);
  expect(await incident.heldFor()).toContain('automation-paused');
  expect(await incident.recoveries()).toEqual([]);

  await incident.until(({ recent }) => recent.length > 0, 2.5 * minute);
  expect(incident.clock.now()).toBeGreaterThanOrEqual(pausedUntilMs);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(await incident.record()).toMatchObject({ state: 'ISP' });
});

test('a pause that comes between the look and the act is honoured', async () => {
  const incident = await startIncident();
  const pausedUntilMs = incident.clock.now() + 30 * minute;
  // The recovery has asked the host, which finds its link down; the pause is written before it acts on that.
  incident.misfortune({ operation: 'GetCommandInvocation', effect: { kind: 'delay', ms: 3 * second } });

  incident.world.hosts.get('ServerA')?.setLink('eth0', 'down');
  await incident.until(({ claim }) => claim.holder !== null, 2 * minute);
  await incident.clock.run(pauseUnderway(incident, pausedUntilMs));
  await incident.advance(5 * minute);

  const verdicts = (await decisions(incident)).map((verdict) =>
    verdict.kind === 'act' ? verdict.rung : verdict.reason,
  );
  expect(verdicts.slice(0, 2)).toEqual(['move-to-backup', 'automation-paused']);
  expect(incident.callsBy('recover').map(({ operation }) => operation)).not.toContain(
    'AssignPrivateIpAddresses',
  );
  expect(await incident.recoveries()).toEqual([]);
});

/** A pause needs no claim: it is one more condition on the record that a recovery under way reads again. */
async function pauseUnderway(incident: Incident, pausedUntilMs: number): Promise<void> {
  const read = await incident.ledger.read('ip-db');
  if (read.kind !== 'found') throw new Error('no record');
  await incident.ledger.commit('ip-db', read.value.claim.epoch, { pausedUntilMs }, false);
}

test('the stack is deployed while the address is broken: nothing acts before it was seen healthy once', async () => {
  const incident = await startIncident({
    brokenBefore: ({ hosts }) => hosts.get('ServerA')?.setLink('eth0', 'down'),
  });
  const host = incident.world.hosts.get('ServerA');
  await incident.advance(5 * minute);
  expect(await incident.record()).toMatchObject({ armed: false, state: 'OSU', stateReason: 'not-armed' });
  expect(incident.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(0);
  expect(await incident.heldFor()).toEqual(['not-armed']);

  host?.setLink('eth0', 'up');
  await incident.until(({ armed }) => armed, 2 * minute);
  await incident.advance(minute);
  host?.setLink('eth0', 'down');
  await incident.until(({ recent }) => recent.length > 0, 2 * minute);
  expect(incident.owner()).toBe('ServerA eth1');
  expect(incident.answers()).toBe(true);
});

test('the stack is deployed while nobody has the address: it stays so, and is adopted where it comes up', async () => {
  const incident = await startIncident({
    brokenBefore: ({ hosts }, { ec2 }) => {
      hosts.get('ServerA')?.deleteAddress('eth0', '10.0.1.50');
      const holder = ec2.world.holder('10.0.1.50');
      if (holder !== undefined) ec2.world.putInterface({ ...holder, secondaryAddresses: [] });
    },
  });
  await incident.advance(4 * minute);
  expect(incident.owner()).toBe('nobody');
  expect(await incident.record()).toMatchObject({ armed: false, state: 'OSU', activeServer: null });
});
