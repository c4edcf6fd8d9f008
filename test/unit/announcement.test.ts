/** What the rest of the account is told, and that it is what the published schema says. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  type Announcement,
  endOf,
  questionAnswered,
  questionAsked,
} from '../../lib/recovery/announcement.ts';
import type { Summary } from '../../lib/recovery/audit.ts';
import { asking, everyKind } from '../fakes/every-kind.ts';
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

describe('of a failover that asks a person', () => {
  const run = {
    tag,
    recovery: 'ip-db@1@a',
    epoch: 7,
    trigger: { kind: 'tick', atMs: 1 },
  } as const;
  const untilMs = Date.UTC(2026, 0, 5, 10, 10);

  test('the question is told, with its time and what follows without an answer', () => {
    const asked = questionAsked(run, { question: 'move ip-db?', untilMs, otherwise: 'hold' }, 5);
    expect(asked).toMatchObject({
      type: 'Holdfast Confirmation Asked',
      atMs: 5,
      detail: { tag, question: 'move ip-db?', until: '2026-01-05T10:10:00.000Z', otherwise: 'hold' },
    });
    expect(misfits(asked)).toEqual([]);
  });

  const said = { arn: 'arn:aws:iam::1:user/alice', via: 'command', reason: 'seen it', atMs: 3 } as const;
  test.each([
    [
      { answer: 'yes', ...said },
      { answer: 'yes', by: said.arn, reason: 'seen it', goesOn: true },
    ],
    [
      { answer: 'no', ...said },
      { answer: 'no', by: said.arn, goesOn: false },
    ],
    [
      { answer: 'nobody', otherwise: 'hold' },
      { answer: 'nobody', by: null, reason: null, goesOn: false },
    ],
    [
      { answer: 'nobody', otherwise: 'proceed' },
      { answer: 'nobody', by: null, goesOn: true },
    ],
  ] as const)('the answer is told, by whom, and what follows: %j', (answered, detail) => {
    const told = questionAnswered(run, answered, 5);
    expect(told).toMatchObject({ type: 'Holdfast Confirmation Answered', detail });
    expect(misfits(told)).toEqual([]);
  });
});

test('the end of a failover tells how it has left what depends on the address', () => {
  const summary: Summary = {
    version: 1,
    kind: 'summary',
    tag,
    recoveryId: 'ip-db@1@a',
    epoch: 7,
    startedAtMs: 1,
    atMs: 2,
    trigger: { kind: 'tick', atMs: 1 },
    outcome: 'failed-over',
    reason: 'dependent-not-started',
    words: '',
    from: null,
    to: { server: 'ServerB', interface: 'eth0' },
    stagesMs: {},
  };
  const told = endOf(summary, {
    data: { state: 'ISP', server: 'ServerB', why: 'verified', atMs: 2 },
    db: { state: 'OSF', server: 'ServerB', why: 'failed: exit 1', atMs: 2 },
  });
  if (told === null) throw new Error('nothing was told');
  expect(told.detail).toMatchObject({
    dependents: [
      { name: 'data', state: 'ISP', server: 'ServerB', why: 'verified' },
      { name: 'db', state: 'OSF', server: 'ServerB', why: 'failed: exit 1' },
    ],
  });
  expect(misfits(told)).toEqual([]);
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
    'Holdfast Confirmation Asked',
    'Holdfast Confirmation Answered',
  ]);
  expect(schema.$defs?.['who']?.properties?.['kind']?.enum).toEqual([
    'alarm',
    'agent',
    'instance-state',
    'reconcile',
    'operator',
  ]);
});

describe('a failover that asks, with dependents', () => {
  async function asked(plan: (scene: Scene) => void): Promise<Scene> {
    const scene = await armedScene({ resource: { failover: asking, dependents: everyKind } });
    for (const { name } of everyKind) scene.ports.dependents.set(name, 'ServerA', 'in-service');
    plan(scene);
    scene.ports.announcements.told.length = 0;
    scene.world.stop(instanceOf('ServerA'));
    await scene.alarmToEnd();
    return scene;
  }
  const yes = {
    answer: 'yes',
    arn: 'arn:aws:iam::1:user/alice',
    via: 'command',
    reason: null,
    atMs: 0,
  } as const;

  test('tells the question and the answer when they are given, and the end with how each dependent is', async () => {
    const scene = await asked(({ people, ports }) => {
      people.plan(60_000, yes);
      ports.dependents.plan('backup', { verb: 'start', luck: 'fails' });
    });
    expect(typesOf(scene)).toEqual([
      'Recovery Started',
      'Confirmation Asked',
      'Confirmation Answered',
      'Recovery Started',
      'State Changed',
      'Recovery Completed',
    ]);
    const { told } = scene.ports.announcements;
    expect(told.at(-1)?.detail).toMatchObject({
      reason: 'dependent-not-started',
      dependents: expect.arrayContaining([
        expect.objectContaining({ name: 'data', state: 'ISP', server: 'ServerB' }),
        expect.objectContaining({ name: 'backup', state: 'OSF', server: 'ServerB' }),
        expect.objectContaining({ name: 'web', state: 'OSU' }),
      ]),
    });
    expect(told.flatMap(misfits)).toEqual([]);
  });

  test('tells that nobody has answered', async () => {
    const scene = await asked(() => {});
    expect(typesOf(scene)).toContain('Confirmation Answered');
    const answered = scene.ports.announcements.told.find(({ type }) => type.endsWith('Answered'));
    expect(answered?.detail).toMatchObject({ answer: 'nobody', by: null, goesOn: false });
  });

  test('asks all the same when it cannot be told', async () => {
    const scene = await asked(({ people, world }) => {
      people.plan(60_000, yes);
      world.faults.plant('announcements.tell', 'before', 10);
    });
    expect(scene.record.activeServer).toBe('ServerB');
  });
});
