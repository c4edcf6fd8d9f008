/** A protected address that moves along with another one: under a claim of its own, and never alone. */
import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/recovery/fault.ts';
import type { FailoverRules } from '../../lib/recovery/fleet.ts';
import { recover } from '../../lib/recovery/recover.ts';
import { type FleetPlan, healthAlarm, instanceOf, tag, vip } from '../fakes/fleets.ts';
import { along, dependOn, ordersOf, recorded, servingScene, unit } from '../fakes/hierarchies.ts';
import { OrderScene } from '../fakes/orders.ts';
import { eth0A, eth0B, eth1A, type Scene, told } from '../fakes/scene.ts';

const minute = 60_000;
const child = 'ip-admin';
const childAddress = '10.0.1.51';

/** ip-db takes ip-admin along, and a unit needs both. */
async function family(plan: FleetPlan = {}, rules: Partial<FailoverRules> = {}): Promise<Scene> {
  const dependents = [along(child), unit('db', { needs: [`with-${child}`] })];
  const others = [{ tag: child, address: childAddress }];
  return servingScene(dependOn(dependents, rules, { ...plan, others }));
}

async function dead(scene: Scene): Promise<Scene> {
  scene.world.stop(instanceOf('ServerA'));
  return scene;
}

function recordOf(scene: Scene) {
  return scene.ports.ledger.record(child);
}

function ownerOf(scene: Scene): string | undefined {
  return scene.world.ownersOf(childAddress)[0];
}

/** An alarm of the child. */
async function childAlarm(scene: Scene): Promise<string> {
  const trigger = healthAlarm(scene.world.clock.now(), child);
  return told(await recover(scene.ports, scene.fleet, { tag: child, trigger, holder: scene.nextId() }));
}

/** Nothing on ServerA carries the child's address any more; the parent is well. */
function breakChild(scene: Scene): void {
  const { hosts } = scene.ports;
  const { ask } = hosts;
  Object.assign(hosts, {
    async ask(...asked: Parameters<typeof ask>) {
      const answer = await ask(...asked);
      const [instanceId, { address }] = asked;
      if (address !== childAddress || instanceId !== instanceOf('ServerA') || answer.kind !== 'found')
        return answer;
      return {
        kind: 'found',
        value: {
          ...answer.value,
          path: 'unanswered',
          witness: 'answered',
          verdict: 'failed',
          why: 'path-unanswered',
        },
      };
    },
  });
}

describe('with its parent', () => {
  test('it comes to the same server, before what needs it', async () => {
    const scene = await dead(await family());
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, ownerOf(scene)]).toEqual([eth0B, eth0B]);
    expect([scene.world.inService(vip), scene.world.inService(childAddress)]).toEqual([true, true]);
    expect(recordOf(scene)).toMatchObject({
      activeServer: 'ServerB',
      state: 'ISP',
      intent: null,
      claim: { holder: null },
    });
    expect(recorded(scene)).toEqual(['db ISP ServerB', `with-${child} ISP ServerB`]);
  });

  test('it has a recovery of its own in the audit trail', async () => {
    const scene = await dead(await family());
    const summary = await scene.alarmToEnd();
    const own = scene.ports.audit.of(child).at(-1);
    expect(own).toMatchObject({ kind: 'summary', outcome: 'failed-over', reason: 'dependent-failed' });
    expect(own?.recoveryId.split('@').at(-1)).toBe(summary.recoveryId.split('@').at(-1));
  });

  test('what has come there already is only proven, and not moved again', async () => {
    const scene = await family();
    scene.world.serve(childAddress, eth0B);
    const known = recordOf(scene);
    scene.ports.ledger.change(child, { activeServer: 'ServerB' });
    await dead(scene);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect(scene.world.moves.filter(({ address }) => address === childAddress)).toEqual([]);
    expect(recordOf(scene).recent).toEqual(known.recent);
    expect(recordOf(scene)).toMatchObject({ state: 'ISP', claim: { holder: null } });
  });

  test('what is out of service on purpose stays so, and holds up nobody', async () => {
    const scene = await family();
    scene.ports.ledger.change(child, { activeServer: null, state: 'OSU', stateReason: 'out-of-service' });
    await dead(scene);
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([ownerOf(scene), recordOf(scene).activeServer, recordOf(scene).claim.holder]).toEqual([
      eth0A,
      null,
      null,
    ]);
    expect(ordersOf(scene)).toEqual(['start db ServerB']);
  });

  test('a claim that somebody holds is waited for', async () => {
    const scene = await dead(await family());
    const expiresAtMs = scene.world.clock.now() + 8_000;
    scene.ports.ledger.change(child, { claim: { epoch: 40, holder: 'somebody', expiresAtMs } });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([ownerOf(scene), recordOf(scene).claim.epoch]).toEqual([eth0B, 41]);
  });

  test('a claim that is not given back in its time leaves it behind, and a person is called', async () => {
    const scene = await dead(await family());
    const claim = { epoch: 40, holder: 'somebody', expiresAtMs: Number.MAX_SAFE_INTEGER };
    scene.ports.ledger.change(child, { claim });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, ownerOf(scene)]).toEqual([eth0B, eth0A]);
    expect(recordOf(scene).claim).toEqual(claim);
    expect(scene.ports.pages.sent[0]?.text).toContain('somebody holds the claim of ip-admin');
    expect(ordersOf(scene)).toEqual([]);
  });

  test('the backup interface is tried when the first has no room for it', async () => {
    const scene = await dead(await family());
    scene.world.faults.afterEffect = (call) => {
      if (call === 'addresses.move' && scene.owner === eth0B) scene.world.full.add(eth0B);
    };
    expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
    expect([scene.owner, ownerOf(scene), recordOf(scene).servers['ServerB']?.info]).toEqual([
      eth0B,
      'eni-b1',
      'ServerB eth1 10.0.1.51 ffffff00 eth0',
    ]);
  });

  test('what cannot come up there either is left out of service, and a person hears of it', async () => {
    const scene = await dead(await family());
    const { move } = scene.ports.addresses;
    Object.assign(scene.ports.addresses, {
      async move(...asked: Parameters<typeof move>) {
        if (asked[0].some(({ address }) => address === childAddress))
          throw new Fault('refused', 'planted by the test', 'never');
        return move(...asked);
      },
    });
    expect(told(await scene.alarmToEnd())).toBe('failed-over: dependent-not-started');
    expect([scene.owner, scene.record.state, ownerOf(scene)]).toEqual([eth0B, 'ISP', eth0A]);
    expect(scene.ports.pages.sent).toHaveLength(1);
    scene.world.clock.advance(minute);
    expect((await scene.tick()).map(told)).toEqual(['escalated']);
    expect((await scene.failovers()).map(told)).toEqual(['failed: no-failover-target']);
    expect([scene.record.state, recordOf(scene).state]).toEqual(['ISP', 'OSF']);
    Object.assign(scene.ports.addresses, { move });
    scene.world.clock.advance(minute);
    await scene.tick();
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
    expect([scene.owner, ownerOf(scene)]).toEqual([eth0B, eth0B]);
  });

  test('a switchover takes it along, and goes home with it when it fails', async () => {
    const orders = new OrderScene(await family());
    const { scene } = orders;
    const toB = { action: 'switchover', tag, server: 'ServerB' } as const;
    scene.ports.dependents.plan('db', { verb: 'stop', luck: 'no-effect', times: 1_000 });
    expect(told(await orders.orderToEnd(toB))).toBe('failed: dependent-not-stopped');
    expect([scene.owner, ownerOf(scene), recordOf(scene).activeServer]).toEqual([eth0A, eth0A, 'ServerA']);
    expect([scene.record.state, recordOf(scene).state, recordOf(scene).claim.holder]).toEqual([
      'ISP',
      'ISP',
      null,
    ]);
  });
});

describe('when it fails alone', () => {
  test('what helps on its server is done there', async () => {
    const scene = await family();
    scene.guest('ServerA').addresses.delete(childAddress);
    expect(await childAlarm(scene)).toBe('restored-in-place: address-absent');
    expect(scene.ports.failovers.started).toEqual([]);
  });

  test('nothing helps there: its parent moves, with everything', async () => {
    const scene = await family({ backup: false });
    breakChild(scene);
    expect(await childAlarm(scene)).toBe('held: moves-with-parent');
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: dependent-failed']);
    expect([scene.owner, ownerOf(scene)]).toEqual([eth0B, eth0B]);
    expect(ordersOf(scene)).toEqual(['stop db ServerA', 'start db ServerB']);
    expect(recordOf(scene)).toMatchObject({ activeServer: 'ServerB', state: 'ISP' });
  });

  test('its claim goes back before its parent needs it, and the parent is claimed', async () => {
    const scene = await family({ backup: false });
    breakChild(scene);
    await childAlarm(scene);
    expect([recordOf(scene).claim.holder, scene.record.claim.holder]).toEqual([
      null,
      expect.stringContaining(tag),
    ]);
    expect(scene.ports.failovers.started).toMatchObject([
      { members: [{ tag, because: { tag: child, reason: 'path-unanswered' } }] },
    ]);
  });

  test('a parent that is worked on already is left alone', async () => {
    const scene = await family({ backup: false });
    breakChild(scene);
    const claim = { epoch: 40, holder: 'somebody', expiresAtMs: Number.MAX_SAFE_INTEGER };
    scene.ports.ledger.change(tag, { claim });
    expect(await childAlarm(scene)).toBe('held: claim-held');
    expect([scene.ports.failovers.started, scene.record.claim, recordOf(scene).claim.holder]).toEqual([
      [],
      claim,
      null,
    ]);
  });

  test('a parent that may not move stays in service; the child is out of service, and a person hears of it once', async () => {
    const scene = await family({ backup: false });
    scene.ports.ledger.change(tag, { failoverBlockedUntilMs: Number.MAX_SAFE_INTEGER });
    breakChild(scene);
    for (let count = 0; count < 3; count += 1) {
      expect(await childAlarm(scene)).toBe('held: moves-with-parent');
      expect((await scene.failovers()).map(told)).toEqual(['held: failover-blocked']);
      scene.world.clock.advance(minute);
    }
    expect([scene.record.state, scene.record.claim.holder, scene.owner]).toEqual(['ISP', null, eth0A]);
    expect(recordOf(scene)).toMatchObject({
      state: 'OSF',
      stateReason: 'failover-blocked',
      claim: { holder: null },
    });
    expect(scene.ports.pages.sent).toMatchObject([
      { tag: child, subject: 'ip-admin is out of service: failover-blocked' },
    ]);
  });

  test.each([
    ['on purpose on no server', { activeServer: null, state: 'OSU', stateReason: 'out-of-service' }],
    ['on another server already', { activeServer: 'ServerB' }],
  ] as const)('a parent that is %s is left alone, and it fails over by itself', async (_, parent) => {
    const scene = await family({ backup: false });
    scene.ports.ledger.change(tag, parent);
    breakChild(scene);
    expect(await childAlarm(scene)).toBe('escalated');
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: path-unanswered']);
    expect([ownerOf(scene), recordOf(scene).activeServer]).toEqual([eth0B, 'ServerB']);
    expect([scene.record.activeServer, scene.record.claim.holder]).toEqual([parent.activeServer, null]);
    expect(ordersOf(scene)).toEqual([]);
  });

  test('a parent for which no server is ready stays in service, too', async () => {
    const scene = await family({ backup: false });
    for (const eniId of [eth0B, 'eni-b1']) scene.world.full.add(eniId);
    breakChild(scene);
    await childAlarm(scene);
    expect((await scene.failovers()).map(told)).toEqual(['held: no-failover-target']);
    expect([scene.record.state, recordOf(scene).state]).toEqual(['ISP', 'OSF']);
  });

  test('well again while a person was asked, it moves nobody', async () => {
    const scene = await family(
      { backup: false },
      { confirm: { withinMs: 10 * minute, otherwise: 'proceed' } },
    );
    const { ask } = scene.ports.hosts;
    breakChild(scene);
    expect(await childAlarm(scene)).toBe('held: moves-with-parent');
    void scene.world.clock.sleep(minute).then(() => Object.assign(scene.ports.hosts, { ask }));
    expect((await scene.failovers()).map(told)).toEqual(['held: already-healthy']);
    expect([scene.owner, ownerOf(scene), ordersOf(scene)]).toEqual([eth0A, eth0A, []]);
  });

  test('together with its parent it is one failover, and the parent says why itself', async () => {
    const scene = await dead(await family());
    const runs = await scene.tick();
    expect(runs.map(told).toSorted()).toEqual(['escalated', 'held: claim-held']);
    expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
    expect([scene.owner, ownerOf(scene)]).toEqual([eth0B, eth0B]);
  });

  test('with a backup interface it goes there, and its parent stays', async () => {
    const scene = await family();
    scene.guest('ServerA').addresses.delete(childAddress);
    scene.world.change(eth0A, { instanceId: null });
    expect(await childAlarm(scene)).toBe('moved-to-backup: interface-detached');
    expect([ownerOf(scene), scene.ports.failovers.started]).toEqual([eth1A, []]);
  });
});
