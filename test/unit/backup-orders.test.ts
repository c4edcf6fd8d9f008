/** `lkipbu -a` and `-r`: what may be a backup interface is checked, not believed. */
import { describe, expect, test } from 'vitest';
import { subnet, tag } from '../fakes/fleets.ts';
import { alice, type OrderScene, orderScene } from '../fakes/orders.ts';
import { eth1A } from '../fakes/scene.ts';

const addEth1 = { action: 'add-backup', tag, interface: 'eth1' } as const;

async function withoutBackup(): Promise<OrderScene> {
  return orderScene({ backup: false });
}

describe('a backup interface', () => {
  test('is added, and stands in INFO and in the audit trail', async () => {
    const orders = await withoutBackup();
    const plan = await orders.order({ ...addEth1, dryRun: true });
    expect(plan).toEqual({
      ok: true,
      kind: 'plan',
      plan: { steps: ['INFO of ServerA becomes "ServerA eth0 10.0.1.50 ffffff00 eth1"'], leftOut: [] },
    });
    expect(orders.scene.info).toContain('none');
    const done = await orders.order({ ...addEth1, reason: 'new cable' });
    expect(done).toMatchObject({ ok: true, kind: 'done', changed: true });
    expect(orders.scene.info).toBe('ServerA eth0 10.0.1.50 ffffff00 eth1');
    expect(orders.scene.record.claim.holder).toBe(null);
    expect(orders.scene.ports.audit.summaries()).toMatchObject([
      {
        outcome: 'ordered',
        reason: 'ordered',
        epoch: orders.scene.record.claim.epoch,
        trigger: { kind: 'operator', order: 'add-backup', arn: alice, via: 'command', reason: 'new cable' },
      },
    ]);
  });

  test('goes to the server that is named, and to the active one else', async () => {
    const orders = await withoutBackup();
    await orders.order({ ...addEth1, machine: 'ServerB' });
    expect(orders.scene.record.servers['ServerB']?.info).toContain('eth1');
    expect(orders.scene.info).toContain('none');
  });

  test.each<[string, (orders: OrderScene) => void, string]>([
    ['is the primary', () => undefined, 'eth0'],
    ['is not on that server', () => undefined, 'eth9'],
    ['is unknown to EC2', ({ scene }) => scene.world.enis.delete(eth1A), 'eth1'],
    ['is not attached', ({ scene }) => scene.world.change(eth1A, { instanceId: null }), 'eth1'],
    ['is on another instance', ({ scene }) => scene.world.change(eth1A, { instanceId: 'i-0' }), 'eth1'],
    ['is in another subnet', ({ scene }) => scene.world.change(eth1A, { subnetId: 'subnet-2' }), 'eth1'],
    [
      'has an address outside the subnet of the resource',
      ({ scene }) => scene.world.change(eth1A, { primaryAddress: '10.9.9.9' }),
      'eth1',
    ],
    ['has no room', (orders) => Object.assign(orders, { slots: { used: 10, most: 10 } }), 'eth1'],
    ['has other groups', ({ scene }) => scene.world.change(eth1A, { securityGroups: [] }), 'eth1'],
    ['has another check', ({ scene }) => scene.world.change(eth1A, { sourceDestCheck: false }), 'eth1'],
  ])('is refused when it %s', async (_, prepare, name) => {
    const orders = await withoutBackup();
    prepare(orders);
    expect(await orders.order({ ...addEth1, interface: name })).toMatchObject({
      ok: false,
      code: 'interface-invalid',
    });
    expect(orders.scene.info).toContain('none');
  });

  test('whose room nobody can tell is refused, to be tried again', async () => {
    const orders = await withoutBackup();
    orders.scene.world.faults.plant('slots.look');
    expect(await orders.order(addEth1)).toMatchObject({ code: 'service-unavailable' });
  });

  test('with other security groups is taken by force, and then the address can move there', async () => {
    const orders = await withoutBackup();
    orders.scene.world.change(eth1A, { securityGroups: ['sg-2'] });
    expect(await orders.order({ ...addEth1, force: true })).toMatchObject({
      message: expect.stringContaining('although the backup interface has other security groups'),
    });
    expect(orders.scene.record.servers['ServerA']?.differsByOrder).toBe(true);
    expect(await orders.orderToEnd({ action: 'move-to-backup', tag })).toMatchObject({
      outcome: 'moved-to-backup',
    });
    await orders.order({ action: 'remove-backup', tag, interface: 'eth0' });
    expect(orders.scene.record.servers['ServerA']?.differsByOrder).toBeUndefined();
  });

  test('in another subnet is not taken by force', async () => {
    const orders = await withoutBackup();
    orders.scene.world.change(eth1A, { subnetId: 'subnet-2' });
    expect(await orders.order({ ...addEth1, force: true })).toMatchObject({ code: 'interface-invalid' });
  });

  test('is removed, by its name alone', async () => {
    const orders = await orderScene();
    const remove = { action: 'remove-backup', tag, interface: 'eth1' } as const;
    expect(await orders.order(remove)).toMatchObject({ kind: 'done', changed: true });
    expect(orders.scene.info).toBe('ServerA eth0 10.0.1.50 ffffff00 none');
    expect(await orders.order(remove)).toMatchObject({ ok: false, code: 'backup-missing' });
  });

  test('that was added or removed survives a deploy that says of the server what it said before', async () => {
    const orders = await orderScene({ servers: ['ServerA', 'ServerB'] });
    await orders.order({ action: 'remove-backup', tag, interface: 'eth1' });
    const [resource] = orders.scene.fleet.resources;
    if (resource === undefined) throw new Error('no resource');
    Object.assign(resource, { pingList: ['10.0.1.101'], subnet });
    await orders.scene.tick();
    expect(orders.scene.record.pingList).toEqual(['10.0.1.101']);
    expect(orders.scene.info).toContain('none');
    Object.assign(resource, {
      candidates: resource.candidates.map((each) => ({ ...each, interface: 'eth1', backup: 'eth0' })),
    });
    await orders.scene.tick();
    expect(orders.scene.info).not.toContain('none');
  });
});
