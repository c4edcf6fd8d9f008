import { expect, test } from 'vitest';
import { signedIdentity } from '../../lib/aws/caller.ts';
import { operateFunctionName } from '../../lib/recovery/names.ts';
import { crashBehind } from './crashes.ts';
import { instanceOf } from './fleets.ts';
import { type Incident, minute, second, startIncident, tag } from './incident.ts';
import { type Operator, operatorOf } from './operator.ts';

async function onDuty(): Promise<{ readonly incident: Incident; readonly operator: Operator }> {
  const incident = await startIncident();
  return { incident, operator: operatorOf(incident) };
}

const credentials = { accessKeyId: 'operator', secretAccessKey: 'operator' };
const toBackup = { action: 'move-to-backup', tag } as const;

test('lkipbu -m in service: one move, verified, INFO swapped, and the trail names the operator', async () => {
  const { incident, operator } = await onDuty();
  const explanation = await operator.orderToEnd({ ...toBackup, reason: 'cable test' });
  expect(explanation).toMatchObject({
    outcome: 'moved-to-backup',
    reason: 'ordered',
    who: { kind: 'operator', name: operator.arn, via: 'command', reason: 'cable test' },
    from: { server: 'ServerA', interface: 'eth0' },
    to: { server: 'ServerA', interface: 'eth1' },
  });
  expect(explanation.steps.map(({ step }) => step)).toEqual([
    'ordered',
    'observed',
    'decided',
    'assigned',
    'host-asked',
    'verified',
    'committed',
  ]);
  expect(await incident.info('ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1']);
  expect(incident.answers()).toBe(true);
  expect(await operator.status()).toMatchObject({
    state: 'ISP',
    primary: { name: 'eth1', up: true },
    backup: 'eth0',
  });
  expect(await operator.ask({ action: 'history', tag, limit: 1 })).toMatchObject({
    entries: [{ recovery: explanation.recovery, outcome: 'moved-to-backup' }],
  });
});

test('a backup is removed and added again; what EC2 says of the interface is asked', async () => {
  const { incident, operator } = await onDuty();
  expect(await operator.order({ action: 'remove-backup', tag, interface: 'eth1' })).toMatchObject({
    kind: 'done',
  });
  expect(await operator.order(toBackup)).toMatchObject({ ok: false, code: 'backup-missing' });
  expect(await operator.order({ action: 'add-backup', tag, interface: 'eth0' })).toMatchObject({
    code: 'interface-invalid',
  });
  const before = incident.callsBy('operate').length;
  expect(await operator.order({ action: 'add-backup', tag, interface: 'eth1' })).toMatchObject({
    kind: 'done',
    changed: true,
  });
  const called = incident.callsBy('operate').slice(before);
  expect(called.map(({ operation }) => operation)).toEqual(
    expect.arrayContaining(['DescribeInstanceTypes', 'DescribeInstances', 'DescribeNetworkInterfaces']),
  );
  expect(called.filter(({ error }) => error !== undefined)).toEqual([]);
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
});

test('a switchover, out of service, in service elsewhere: the address is where the operator wants it', async () => {
  const { incident, operator } = await onDuty();
  await operator.orderToEnd({ action: 'switchover', tag, server: 'ServerB' });
  expect([incident.owner(), incident.answers()]).toEqual(['ServerB eth0', true]);
  expect(await incident.configured()).toEqual(['ServerB eth0']);
  await operator.orderToEnd({ action: 'out-of-service', tag });
  await incident.advance(5 * minute);
  expect(await incident.record()).toMatchObject({ state: 'OSU', activeServer: null });
  expect([incident.owner(), incident.answers()]).toEqual(['ServerB eth0', false]);
  expect(await incident.configured()).toEqual([]);
  await operator.orderToEnd({ action: 'in-service', tag, server: 'ServerA' });
  expect([incident.owner(), incident.answers()]).toEqual(['ServerA eth0', true]);
  expect(await incident.record()).toMatchObject({ state: 'ISP', activeServer: 'ServerA' });
});

test('two operators at the same moment: one moves the address, the other is told by name who does', async () => {
  const { incident, operator } = await onDuty();
  const slow = { kind: 'delay', ms: 3 * second } as const;
  incident.misfortune({ operation: 'AssignPrivateIpAddresses', effect: slow });
  const answers = await operator.orderAtOnce([toBackup, { action: 'switchover', tag, server: 'ServerB' }]);
  const recoveries = answers.map((each) => (each.ok && each.kind === 'started' ? each.recovery : ''));
  expect(recoveries.every((each) => each.startsWith(`${tag}@`))).toBe(true);
  await incident.advance(minute);
  const explained = [];
  for (const recovery of recoveries) explained.push(await operator.explain(recovery));
  const [winner, second_] = explained.filter(({ outcome }) => outcome !== 'held');
  const [loser] = explained.filter(({ outcome }) => outcome === 'held');
  expect(second_).toBeUndefined();
  expect(loser).toMatchObject({ ended: true, reason: 'claim-held' });
  expect(loser?.steps.find(({ step }) => step === 'claimed')?.evidence).toMatchObject({
    held: { holder: expect.stringMatching(new RegExp(`^${winner?.recovery}/`)) },
  });
  expect(incident.owners()).toHaveLength(2);
  expect(incident.answers()).toBe(true);
});

test('an operator while the move of another is under way is told who, until when and doing what', async () => {
  const { incident, operator } = await onDuty();
  incident.misfortune({ operation: 'AssignPrivateIpAddresses', effect: { kind: 'delay', ms: 3 * second } });
  const started = await operator.order(toBackup);
  const recovery = started.ok && started.kind === 'started' ? started.recovery : '';
  await incident.until(({ intent }) => intent !== null);
  expect(await operator.order({ action: 'pause', tag, forMs: minute })).toMatchObject({
    ok: false,
    code: 'claim-held',
    claim: {
      holder: recovery,
      doing: { rung: 'move-to-backup', to: { server: 'ServerA', interface: 'eth1' } },
    },
  });
  expect(await operator.explain(recovery)).toMatchObject({ ended: false, who: { name: operator.arn } });
  await incident.advance(minute);
  expect(await operator.explain(recovery)).toMatchObject({ ended: true, outcome: 'moved-to-backup' });
});

test('an operator and an alarm: the move ends, and the alarm finds nothing left to do', async () => {
  const { incident, operator } = await onDuty();
  incident.world.hosts.get('ServerA')?.deleteAddress('eth0', '10.0.1.50');
  await incident.advance(8 * second);
  await operator.order(toBackup);
  await incident.advance(4 * minute);
  expect(incident.answers()).toBe(true);
  expect(new Set(incident.owners())).toEqual(new Set(['ServerA eth0', 'ServerA eth1']));
  expect(await incident.record()).toMatchObject({ state: 'ISP', claim: { holder: null }, intent: null });
});

test('an operator and a failover: the order is refused or held, and the failover ends', async () => {
  const { incident, operator } = await onDuty();
  incident.aws.ec2.failHost(instanceOf.ServerA, { stopsAfterMs: second });
  await incident.until(
    ({ intent, claim }) => intent?.rung === 'fail-over' || claim.holder !== null,
    5 * minute,
  );
  const answer = await operator.order({ action: 'switchover', tag, server: 'ServerB' });
  expect(answer).toMatchObject({ ok: false, code: 'claim-held' });
  await incident.until(({ activeServer }) => activeServer === 'ServerB', 3 * minute);
  await incident.advance(minute);
  expect([incident.owner(), incident.answers()]).toEqual(['ServerB eth0', true]);
});

test('a backup that is dead: the address goes back, INFO stays, and nobody is paged', async () => {
  const { incident, operator } = await onDuty();
  incident.world.hosts.get('ServerA')?.setLink('eth1', 'down');
  expect(await operator.orderToEnd(toBackup)).toMatchObject({ outcome: 'failed', reason: 'not-verified' });
  expect(incident.owners()).toEqual(['ServerA eth0', 'ServerA eth1', 'ServerA eth0']);
  expect(await incident.info('ServerA')).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
  await incident.advance(3 * minute);
  expect([incident.owner(), incident.answers()]).toEqual(['ServerA eth0', true]);
  expect(await incident.record()).toMatchObject({ state: 'ISP' });
  expect(incident.pages()).toEqual([]);
});

test('the function dies behind any of its changes: Lambda starts it again, and the order ends as ordered', async () => {
  let died = 0;
  for (let nth = 1; nth <= 6; nth += 1) {
    const { incident, operator } = await onDuty();
    const { crashes } = crashBehind(incident, nth);
    const explanation = await operator.orderToEnd(toBackup);
    await incident.advance(minute);
    if (crashes() === 0) break;
    died += 1;
    expect(explanation).toMatchObject({ ended: true, outcome: 'moved-to-backup' });
    expect([incident.owner(), incident.answers()]).toEqual(['ServerA eth1', true]);
    expect(await incident.info('ServerA')).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
  }
  expect(died).toBeGreaterThan(2);
});

test('whoever signs is who orders: a role by its session, whoever invokes the function', async () => {
  const { incident } = await onDuty();
  const role = 'on-call';
  incident.aws.account.iam.putRole(role);
  const onCall = operatorOf(incident, role);
  expect(onCall.arn).toContain(`assumed-role/${role}/`);
  expect(await onCall.order({ action: 'pause', tag, forMs: minute })).toMatchObject({ ok: true });
  const [summary] = (await incident.summaries()).filter(({ outcome }) => outcome === 'ordered');
  expect(summary?.trigger).toMatchObject({ arn: onCall.arn });
});

test('the switch of the fleet holds what an alarm would do, and an operator may act all the same', async () => {
  const { incident, operator } = await onDuty();
  await operator.order({ action: 'pause', forMs: 60 * minute, reason: 'patch day' });
  expect(await operator.status()).toMatchObject({ state: 'ISU' });
  expect(await operator.ask({ action: 'list' })).toMatchObject({
    fleet: { pausedUntilMs: expect.any(Number) },
    resources: [{ tag, state: 'ISU', ready: true }],
  });
  await operator.orderToEnd({ action: 'switchover', tag, server: 'ServerB' });
  expect(incident.owner()).toBe('ServerB eth0');
  expect(await operator.ask({ action: 'history' })).toMatchObject({
    entries: [
      { tag, outcome: 'failed-over' },
      { tag: 'fleet', outcome: 'ordered', who: { reason: 'patch day' } },
      {},
    ],
  });
});

test('an order that nobody has signed, or that was changed afterwards, moves nothing', async () => {
  const { incident, operator } = await onDuty();
  expect(await operator.ask(toBackup)).toMatchObject({ ok: false, code: 'who-unknown' });
  const proof = await signedIdentity(toBackup, operateFunctionName('main'), {
    region: 'us-east-1',
    credentials,
  });
  const other = { action: 'switchover', tag, server: 'ServerB', proof } as const;
  expect(await operator.ask(other)).toMatchObject({ ok: false, code: 'who-unknown' });
  expect(incident.owners()).toEqual(['ServerA eth0']);
});
