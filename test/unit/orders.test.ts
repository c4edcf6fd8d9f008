import { describe, expect, test } from 'vitest';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import { instanceOf, tag, vip } from '../fakes/fleets.ts';
import { alice, bob, type OrderScene, orderScene } from '../fakes/orders.ts';
import { eth0B, eth1A, eth1B } from '../fakes/scene.ts';

const minute = 60_000;
const addEth1 = { action: 'add-backup', tag, interface: 'eth1' } as const;

function stateOf({ scene }: OrderScene): object {
  return { ...scene.record, claim: { ...scene.record.claim, epoch: 0, expiresAtMs: 0 } };
}

describe('an order is refused', () => {
  type Prepare = (orders: OrderScene) => void;
  type Case = readonly [title: string, order: AskedRequest, code: string, prepare?: Prepare];
  const cases: readonly Case[] = [
    ['for an unknown tag', { action: 'resume', tag: 'ip-none' }, 'unknown-tag'],
    ['for an unknown machine', { ...addEth1, machine: 'ServerZ' }, 'unknown-server'],
    ['when there is a backup already', addEth1, 'backup-exists'],
    [
      'that removes another interface than the backup',
      { action: 'remove-backup', tag, interface: 'eth2' },
      'backup-missing',
    ],
    ['when there is no failover to confirm', { action: 'confirm', tag, answer: 'yes' }, 'nothing-waits'],
    [
      'that moves to no server that there is',
      { action: 'switchover', tag, server: 'ServerZ' },
      'unknown-server',
    ],
    [
      'that moves to an interface that is neither primary nor backup',
      { action: 'move', tag, server: 'ServerB', interface: 'eth7' },
      'interface-invalid',
    ],
    [
      'that switches over to a server that is not ready',
      { action: 'switchover', tag, server: 'ServerB' },
      'target-not-ready',
      ({ scene }) => scene.world.setInstance(instanceOf('ServerB'), { systemStatus: 'impaired' }),
    ],
    [
      'that fails over by force to a server that is not running',
      { action: 'failover', tag, force: true },
      'target-not-ready',
      ({ scene }) => scene.world.setInstance(instanceOf('ServerB'), { state: 'stopped' }),
    ],
    [
      'that fails over by force to an interface that is not attached, when there is no other',
      { action: 'failover', tag, force: true },
      'target-not-ready',
      ({ scene }) => {
        scene.world.change(eth0B, { instanceId: null });
        scene.world.change(eth1B, { instanceId: null });
      },
    ],
    [
      'that moves to a backup with other security groups',
      { action: 'move-to-backup', tag },
      'target-not-ready',
      ({ scene }) => scene.world.change(eth1A, { securityGroups: ['sg-9'] }),
    ],
    [
      'while a stranger holds the address',
      { action: 'move-to-backup', tag },
      'refused',
      ({ scene }) => {
        scene.world.enis.set('eni-stranger', { ...scene.world.eni(eth1A), eniId: 'eni-stranger' });
        scene.world.owners.set(vip, 'eni-stranger');
      },
    ],
    [
      'while EC2 cannot be asked about the interfaces',
      { action: 'move-to-backup', tag },
      'service-unavailable',
      ({ scene }) => scene.world.faults.plant('addresses.look'),
    ],
    [
      'while EC2 cannot be asked about the instances',
      { action: 'switchover', tag, server: 'ServerB' },
      'service-unavailable',
      ({ scene }) => scene.world.faults.plant('instances.look'),
    ],
    [
      'while nobody can be asked who gives it',
      { action: 'resume', tag },
      'service-unavailable',
      ({ scene }) => scene.world.faults.plant('identities.verify'),
    ],
    [
      'that brings in service elsewhere what is in service',
      { action: 'in-service', tag, server: 'ServerB' },
      'refused',
    ],
    [
      'that switches over what is on no server',
      { action: 'switchover', tag, server: 'ServerB' },
      'refused',
      ({ scene }) => scene.ports.ledger.change(tag, { activeServer: null, state: 'OSU' }),
    ],
    [
      'that acknowledges for the whole fleet by a session of an instance',
      { action: 'pause', forMs: minute },
      'access-denied',
    ],
  ];
  for (const [title, order, code, prepare] of cases)
    test(title, async () => {
      const orders = await orderScene();
      prepare?.(orders);
      const before = stateOf(orders);
      const arn = code === 'access-denied' ? 'arn:aws:sts::1:assumed-role/agent/i-aaaaaaaaaaaaaaaaa' : alice;
      expect(await orders.order(order, arn)).toMatchObject({ ok: false, code });
      expect(stateOf(orders)).toEqual(before);
      expect(orders.carried).toEqual([]);
      const [summary] = orders.scene.ports.audit.summaries();
      expect(summary).toMatchObject({
        outcome: 'held',
        reason: 'order-refused',
        trigger: { kind: 'operator', order: order.action },
      });
    });

  test('without a proof of who gives it, and in the audit trail it is nobody’s', async () => {
    const orders = await orderScene();
    expect(await orders.ask({ action: 'resume', tag })).toMatchObject({ ok: false, code: 'who-unknown' });
    expect(orders.scene.ports.audit.summaries()).toMatchObject([{ trigger: { arn: 'unknown' } }]);
  });

  test('of an instance that the resource may not be on; its own may order', async () => {
    const orders = await orderScene();
    const role = 'arn:aws:sts::123456789012:assumed-role/holdfast-agent';
    const order = { action: 'pause', tag, forMs: minute } as const;
    expect(await orders.order(order, `${role}/${instanceOf('ServerC')}`)).toMatchObject({
      ok: false,
      code: 'access-denied',
    });
    expect(await orders.order(order, `${role}/${instanceOf('ServerB')}`)).toMatchObject({
      ok: true,
      kind: 'done',
    });
  });

  test('while somebody holds the claim, and told who, until when and doing what', async () => {
    const orders = await orderScene();
    const { ledger, clock } = orders.scene.ports;
    const expiresAtMs = clock.now() + 10_000;
    const to = { server: 'ServerA', interface: 'eth1' };
    ledger.change(tag, {
      claim: { epoch: 7, holder: 'another', expiresAtMs },
      intent: { epoch: 7, rung: 'move-to-backup', to },
    });
    for (const order of [
      { action: 'pause', tag, forMs: minute },
      { action: 'move-to-backup', tag },
    ] as const)
      expect(await orders.order(order)).toEqual({
        ok: false,
        code: 'claim-held',
        message: `ip-db is being worked on: another holds the claim until ${new Date(expiresAtMs).toISOString()}, doing move-to-backup to ServerA/eth1`,
        claim: {
          holder: 'another',
          expiresAtMs,
          doing: { rung: 'move-to-backup', to, waits: false, words: 'doing move-to-backup to ServerA/eth1' },
        },
      });
    expect(orders.scene.ports.audit.summaries()).toMatchObject([
      { reason: 'claim-held' },
      { reason: 'claim-held' },
    ]);
  });

  test('of a dry run, without a word in the audit trail', async () => {
    const orders = await orderScene();
    expect(await orders.order({ ...addEth1, dryRun: true })).toMatchObject({ code: 'backup-exists' });
    expect(orders.scene.ports.audit.records.size).toBe(0);
  });
});

describe('a switch', () => {
  test('pauses a resource until an end, and the state says that nothing protects it', async () => {
    const orders = await orderScene();
    const { clock, announcements } = orders.scene.ports;
    const untilMs = clock.now() + minute;
    expect(await orders.order({ action: 'pause', tag, forMs: minute })).toMatchObject({
      kind: 'done',
      changed: true,
      message: `ip-db is paused until ${new Date(untilMs).toISOString()}`,
    });
    expect(orders.scene.record).toMatchObject({ state: 'ISU', pausedUntilMs: untilMs });
    expect(announcements.told.slice(1)).toMatchObject([
      { type: 'Holdfast State Changed', detail: { before: 'ISP', after: 'ISU' } },
    ]);
    expect(await orders.order({ action: 'resume', tag })).toMatchObject({ changed: true });
    expect(orders.scene.record).toMatchObject({ state: 'ISP', pausedUntilMs: 0 });
    expect(await orders.order({ action: 'resume', tag })).toMatchObject({ changed: false });
  });

  test('sets automation, and setting it as it is changes nothing', async () => {
    const orders = await orderScene();
    expect(await orders.order({ action: 'automation', tag, mode: 'observe' })).toMatchObject({
      changed: true,
    });
    expect(orders.scene.record).toMatchObject({ automation: 'observe', state: 'ISU' });
    const { epoch } = orders.scene.record.claim;
    expect(await orders.order({ action: 'automation', tag, mode: 'observe' })).toMatchObject({
      changed: false,
    });
    expect(orders.scene.record.claim.epoch).toBe(epoch);
    await orders.order({ action: 'automation', tag, mode: 'on' });
    expect(orders.scene.record.state).toBe('ISP');
  });

  test('of the fleet stands in the fleet’s own item and audit trail', async () => {
    const orders = await orderScene();
    const { ledger, audit, clock } = orders.scene.ports;
    await orders.order({ action: 'pause', forMs: minute, reason: 'patch day' });
    expect(ledger.fleetView.pausedUntilMs).toBe(clock.now() + minute);
    await orders.order({ action: 'automation', mode: 'off' });
    expect(ledger.fleetView.automation).toBe('off');
    await orders.order({ action: 'resume' });
    expect(ledger.fleetView.pausedUntilMs).toBe(0);
    expect(audit.of('fleet').filter(({ kind }) => kind === 'summary')).toHaveLength(3);
    expect(orders.scene.record.automation).toBe('on');
  });

  test('is only shown by a dry run', async () => {
    const orders = await orderScene();
    const before = stateOf(orders);
    expect(await orders.order({ action: 'pause', tag, forMs: minute, dryRun: true })).toMatchObject({
      kind: 'plan',
      plan: { steps: [expect.stringContaining('paused until'), 'its state becomes ISU'] },
    });
    expect(await orders.order({ action: 'pause', forMs: minute, dryRun: true })).toMatchObject({
      kind: 'plan',
    });
    expect(stateOf(orders)).toEqual(before);
    expect(orders.scene.ports.ledger.fleetView.pausedUntilMs).toBe(0);
  });
});

test('an acknowledgement clears the block after a failover, with name and comment', async () => {
  const orders = await orderScene();
  const { ledger, audit, clock } = orders.scene.ports;
  const order = { action: 'acknowledge', tag, comment: 'disk replaced' } as const;
  expect(await orders.order(order)).toMatchObject({ changed: false });
  ledger.change(tag, { failoverBlockedUntilMs: clock.now() + minute });
  expect(await orders.order(order, bob)).toMatchObject({ changed: true });
  expect(orders.scene.record.failoverBlockedUntilMs).toBe(0);
  expect(audit.summaries().at(-1)).toMatchObject({ trigger: { arn: bob, reason: 'disk replaced' } });
});

test('an order that is sent again, because its answer was lost, is answered as it was', async () => {
  const orders = await orderScene();
  const remove = orders.proven({ action: 'remove-backup', tag, interface: 'eth1' });
  const first = await orders.ask(remove);
  expect(first).toMatchObject({ kind: 'done', changed: true });
  expect(await orders.ask(remove)).toEqual(first);
  const move = orders.proven({ action: 'switchover', tag, server: 'ServerB' });
  const started = await orders.ask(move);
  await orders.carryOut();
  expect(await orders.ask(move)).toEqual(started);
  await orders.carryOut();
  expect(orders.scene.record.activeServer).toBe('ServerB');
  expect(orders.scene.world.moves).toHaveLength(1);
});

test('a pause lost to a recovery that took the claim in between is told who has it', async () => {
  const orders = await orderScene();
  const { ledger, clock } = orders.scene.ports;
  const { faults } = orders.scene.world;
  faults.beforeCall = async (call) => {
    if (call !== 'ledger.claim') return;
    faults.beforeCall = async () => undefined;
    ledger.change(tag, { claim: { epoch: 9, holder: 'faster', expiresAtMs: clock.now() + minute } });
  };
  expect(await orders.order({ action: 'pause', tag, forMs: minute })).toMatchObject({
    code: 'claim-held',
    claim: { holder: 'faster' },
  });
  expect(orders.scene.record.pausedUntilMs).toBe(0);
});

describe('a runbook', () => {
  const proof = { kind: 'runbook', executionId: 'e' } as const;

  test('sends what was not given as empty text, and a time in minutes', async () => {
    const orders = await orderScene();
    const asked = { action: 'status', tag, machine: '', reason: '', proof };
    expect(await orders.ask(asked)).toMatchObject({ ok: true, kind: 'status' });
    const pause = { action: 'pause', tag: '', forMinutes: '30', reason: '', proof };
    expect(await orders.ask(pause)).toMatchObject({ ok: false, code: 'who-unknown' });
  });

  test('waits for the end of what it has started, and says so when there is none yet', async () => {
    const orders = await orderScene();
    const started = await orders.order({ action: 'move-to-backup', tag });
    const recovery = started.ok && started.kind === 'started' ? started.recovery : '';
    expect(await orders.ask({ action: 'explain', recovery })).toMatchObject({
      explanation: { ended: false, who: { name: alice }, reason: 'ordered' },
    });
    const explain = { action: 'explain', recovery, proof };
    expect(await orders.ask(explain)).toMatchObject({ ok: false, code: 'no-answer' });
    const [answer] = await Promise.all([orders.ask(explain), orders.carryOut()]);
    expect(answer).toMatchObject({ explanation: { ended: true, outcome: 'moved-to-backup' } });
  });
});
