/** What the rest of the account is told, and that it is what the published schema says. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Announcement } from '../../lib/recovery/announcement.ts';
import { instanceOf, statusEvent, tag } from '../fakes/fleets.ts';
import { armedScene, type Scene } from '../fakes/scene.ts';

async function brokenScene(): Promise<Scene> {
  const scene = await armedScene();
  scene.guest('ServerA').links.set('eth0', 'broken');
  scene.ports.announcements.told.length = 0;
  return scene;
}

function typesOf(scene: Scene): readonly string[] {
  return scene.ports.announcements.told.map(({ type }) => type.replace('Holdfast ', ''));
}

test('a recovery is told from its start to its end', async () => {
  const scene = await brokenScene();
  await scene.alarm();
  expect(typesOf(scene)).toEqual(['Recovery Started', 'Recovery Completed']);
  const [started, completed] = scene.ports.announcements.told;
  const who = { kind: 'alarm', name: 'holdfast-test-health-ip-db' };
  expect(started?.detail).toMatchObject({ tag, who, rung: 'move-to-backup', reason: 'no-carrier' });
  expect(completed?.detail).toMatchObject({
    outcome: 'moved-to-backup',
    from: { server: 'ServerA', interface: 'eth0' },
    to: { server: 'ServerA', interface: 'eth1' },
    words: 'the interface is up and has no carrier',
  });
});

test('a failover is told as one recovery, by the two functions that share it', async () => {
  const scene = await brokenScene();
  scene.guest('ServerA').links.set('eth1', 'broken');
  await scene.alarmToEnd();
  expect(typesOf(scene)).toEqual(['Recovery Started', 'Recovery Started', 'Recovery Completed']);
  const recoveries = new Set(scene.ports.announcements.told.map(({ detail }) => detail.recovery));
  expect(recoveries.size).toBe(1);
});

test('a state that changes is told with what it was', async () => {
  const scene = await brokenScene();
  scene.ports.ledger.change(tag, { automation: 'observe' });
  await scene.alarm();
  expect(typesOf(scene)).toEqual(['State Changed', 'Recovery Held']);
  expect(scene.ports.announcements.told[0]?.detail).toMatchObject({ before: 'ISP', after: 'OSF' });
});

test('the reconcile that finds nothing new tells nothing', async () => {
  const scene = await brokenScene();
  scene.ports.ledger.change(tag, { automation: 'observe' });
  await scene.alarm();
  scene.ports.announcements.told.length = 0;
  scene.world.clock.advance(60_000);
  await scene.tick();
  expect(typesOf(scene)).toEqual([]);
});

test('an event that is about no address of ours tells nothing', async () => {
  const scene = await brokenScene();
  await scene.respond(statusEvent(scene.world.clock.now(), 'ServerB'));
  await scene.respond({ unknown: true });
  expect(typesOf(scene)).toEqual([]);
});

test('what cannot be told does not hold the recovery', async () => {
  const scene = await brokenScene();
  scene.world.faults.plant('announcements.tell', 'before', 10);
  await scene.alarm();
  expect(scene.info).toBe('ServerA eth1 10.0.1.50 ffffff00 eth0');
});

interface Schema {
  readonly properties?: { readonly [name: string]: Schema };
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly enum?: readonly string[];
  readonly $defs?: { readonly [name: string]: Schema };
}

const schema = JSON.parse(
  readFileSync(new URL('../../docs/events.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** By what the schema itself says: no field that it does not name, none missing that it requires. */
function misfits({ type, detail }: Announcement): readonly string[] {
  const part = schema.$defs?.[type];
  if (part === undefined) return [`${type} is not in the schema`];
  const told = { ...detail, fleet: 'test' };
  const named = Object.keys(part.properties ?? {});
  return [
    ...Object.keys(told).flatMap((key) => (named.includes(key) ? [] : [`${type}.${key} is not named`])),
    ...(part.required ?? []).flatMap((key) =>
      Object.hasOwn(told, key) ? [] : [`${type}.${key} is missing`],
    ),
  ];
}

test('every announcement is as the published schema says', async () => {
  const scene = await brokenScene();
  await scene.alarm();
  scene.ports.ledger.change(tag, { automation: 'observe' });
  scene.guest('ServerA').links.set('eth1', 'broken');
  scene.world.clock.advance(60_000);
  await scene.alarm();
  scene.ports.ledger.change(tag, { automation: 'on' });
  scene.world.stop(instanceOf('ServerB'));
  scene.world.clock.advance(60_000);
  await scene.alarmToEnd();
  const { told } = scene.ports.announcements;
  expect(new Set(told.map(({ type }) => type)).size).toBeGreaterThanOrEqual(4);
  expect(told.flatMap(misfits)).toEqual([]);
});

test('the schema tells of every kind of event, and of who there is', () => {
  expect(Object.keys(schema.$defs ?? {}).filter((name) => name.startsWith('Holdfast'))).toEqual([
    'Holdfast Recovery Started',
    'Holdfast Recovery Completed',
    'Holdfast Recovery Failed',
    'Holdfast Recovery Held',
    'Holdfast Switchover Started',
    'Holdfast Switchover Completed',
    'Holdfast Switchover Failed',
    'Holdfast State Changed',
  ]);
  expect(schema.$defs?.['who']?.properties?.['kind']?.enum).toEqual([
    'alarm',
    'agent',
    'instance-state',
    'reconcile',
    'operator',
  ]);
});
