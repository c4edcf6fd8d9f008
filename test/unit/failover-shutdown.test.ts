/** The instance is stopped: by a person, by a failure, or by the failover's own fence. */
import { expect, test } from 'vitest';
import { instanceOf, vip } from '../fakes/fleets.ts';
import { dependOn, servingScene, unit } from '../fakes/hierarchies.ts';
import { eth0A, told } from '../fakes/scene.ts';

const minute = 60_000;

test('a stop that a person has asked for moves everything away', async () => {
  const scene = await servingScene(dependOn([unit('db')]));
  scene.world.stop(instanceOf('ServerA'), 'asked-for');
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
});

test('a stop that a person has asked for is left, where the fleet file says so', async () => {
  const scene = await servingScene(dependOn([unit('db')], { shutdownStrategy: 'hold' }));
  scene.world.stop(instanceOf('ServerA'), 'asked-for');
  expect(told(await scene.alarm())).toBe('held: stopped-on-purpose');
  expect(scene.record).toMatchObject({ state: 'OSU', activeServer: 'ServerA' });
  expect([scene.ports.failovers.started, scene.ports.pages.sent]).toEqual([[], []]);
  scene.world.setInstance(instanceOf('ServerA'), {
    state: 'running',
    systemStatus: 'ok',
    instanceStatus: 'ok',
  });
  scene.guest('ServerA').answers = true;
  scene.world.serve(vip, eth0A);
  scene.world.clock.advance(minute);
  expect(told(await scene.alarm())).toBe('held: already-healthy');
  expect(scene.record.state).toBe('ISP');
});

test('a stop that was a failure moves everything away all the same', async () => {
  const scene = await servingScene(dependOn([unit('db')], { shutdownStrategy: 'hold' }));
  scene.world.stop(instanceOf('ServerA'), 'failed');
  expect(told(await scene.alarmToEnd())).toBe('failed-over: instance-not-running');
});

test('a stop that a person has asked for to make a halted failover go on does not hold it', async () => {
  const scene = await servingScene(dependOn([unit('db')], { shutdownStrategy: 'hold' }));
  scene.world.setInstance(instanceOf('ServerA'), { systemStatus: 'impaired' });
  scene.guest('ServerA').answers = false;
  expect(told(await scene.alarmToEnd())).toBe('held: dependent-not-stopped');
  scene.world.stop(instanceOf('ServerA'), 'asked-for');
  scene.world.clock.advance(minute);
  await scene.tick();
  expect((await scene.failovers()).map(told)).toEqual(['failed-over: instance-not-running']);
});
