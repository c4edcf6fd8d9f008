/** Steps of a failover in words: as the workflow writes them, and as an operator is told them. */
import { expect, test } from 'vitest';
import { stepWords } from '../../lib/recovery/step-words.ts';
import { asking, everyKind } from '../fakes/every-kind.ts';
import { instanceOf, tag } from '../fakes/fleets.ts';
import { alice, orderScene } from '../fakes/orders.ts';

const db = { name: 'db', kind: 'systemd', server: 'ServerA', detail: 'timed-out' };

test.each([
  ['dependent-stopped', db, 'db (systemd) is out of service on ServerA'],
  ['dependent-not-stopped', db, 'db (systemd) could not be stopped on ServerA: timed-out'],
  ['dependent-started', db, 'db (systemd) is in service on ServerA'],
  ['dependent-not-started', db, 'db (systemd) did not come into service on ServerA: timed-out'],
  [
    'fenced',
    { fence: { kind: 'stop-instance' }, server: 'ServerA' },
    'ServerA is fenced: EC2 says that its instance is stopped',
  ],
  [
    'fenced',
    { fence: { kind: 'isolate', securityGroup: 'sg-0' }, server: 'ServerA' },
    'ServerA is fenced: its interfaces have no security group but sg-0',
  ],
  [
    'fenced',
    { fence: 'none', server: 'ServerA', names: ['db', 'data'] },
    'ServerA is not fenced, as the fleet file says; db, data may still run there',
  ],
  [
    'not-fenced',
    { fence: 'halt', server: 'ServerA', names: ['db'] },
    'ServerA is not fenced, as the fleet file says; db may still run there, so nothing is moved',
  ],
  [
    'not-fenced',
    { fence: { kind: 'stop-instance' }, server: 'ServerA', names: ['db'] },
    'ServerA could not be fenced; db may still run there, so nothing is moved',
  ],
  ['answered', { answer: 'no', arn: alice, reason: 'not now' }, `${alice} has answered no: not now`],
  ['answered', { answer: 'yes', arn: alice, reason: null }, `${alice} has answered yes`],
  ['answered', { answer: 'nobody', otherwise: 'proceed' }, 'nobody has answered: it goes on'],
  [
    'asked',
    { question: 'move?', untilMs: Date.UTC(2026, 0, 5, 10), otherwise: 'hold' },
    'until 2026-01-05T10:00:00.000Z: move?; without an answer nothing is moved',
  ],
  ['observed', { host: {} }, null],
  ['dependent-started', null, '- (-) is in service on -'],
] as const)('%s', (step, evidence, words) => {
  expect(stepWords(step, evidence)).toBe(words);
});

test('a failover with a question and dependents is explained step by step, while it runs and after', async () => {
  const orders = await orderScene({ resource: { failover: asking, dependents: everyKind } });
  const { scene } = orders;
  for (const { name } of everyKind) scene.ports.dependents.set(name, 'ServerA', 'in-service');
  const confirmation = { answer: 'yes', arn: alice, via: 'command', reason: null, atMs: 0 } as const;
  scene.people.plan(2_000, confirmation);
  scene.world.stop(instanceOf('ServerA'));
  const { recoveryId } = await scene.alarmToEnd();
  const answer = await orders.ask({ action: 'explain', recovery: recoveryId });
  if (!answer.ok || answer.kind !== 'explanation') throw new Error(JSON.stringify(answer));
  const said = answer.explanation.steps.flatMap(({ words }) => words ?? []);
  expect(said).toEqual([
    expect.stringMatching(/^until .*: move ip-db .*; without an answer nothing is moved$/),
    `${alice} has answered yes`,
    'web (target) is out of service on ServerA',
    'postgres (systemd) is out of service on ServerA',
    'backup (command) is out of service on ServerA',
    'data (volume) is out of service on ServerA',
    'data (volume) is in service on ServerB',
    'public (elasticIp) is in service on ServerB',
    'vpn (route) is in service on ServerB',
    'name (dns) is in service on ServerB',
    'postgres (systemd) is in service on ServerB',
    'backup (command) is in service on ServerB',
    'web (target) is in service on ServerB',
  ]);
  expect(JSON.stringify(answer)).not.toContain('callbackId');

  const status = await orders.ask({ action: 'status', tag });
  expect(status).toMatchObject({
    status: {
      dependents: [
        {
          name: 'data',
          kind: 'volume',
          what: 'vol-0a1b2c3d4e5f60001',
          state: 'ISP',
          server: 'ServerB',
          needs: [],
        },
        { name: 'public', kind: 'elasticIp' },
        { name: 'vpn', what: '10.9.0.0/16 in rtb-0a1b2c3d4e5f60001, rtb-0a1b2c3d4e5f60002' },
        { name: 'name', what: 'CNAME db.example.com' },
        { name: 'postgres', what: 'postgresql.service', needs: ['data'] },
        { name: 'backup', what: '/opt/backup' },
        { name: 'web', what: 'web', why: 'verified', needs: ['postgres', 'backup'] },
      ],
    },
  });
});

test('a dependent that no failover has had to do with has no state; another resource has its own', async () => {
  const orders = await orderScene({ resource: { dependents: everyKind } });
  expect(await orders.ask({ action: 'status', tag })).toMatchObject({
    status: {
      dependents: [
        { name: 'data', state: null, server: null, why: null, atMs: null },
        {},
        {},
        {},
        {},
        {},
        {},
      ],
    },
  });
});

test('the list marks what the last failover could not bring into service', async () => {
  const orders = await orderScene({ resource: { dependents: everyKind } });
  const left = { server: 'ServerA', why: 'exit 1', atMs: 0 };
  orders.scene.ports.ledger.change(tag, {
    dependents: { data: { state: 'ISP', ...left }, postgres: { state: 'OSF', ...left } },
  });
  expect(await orders.ask({ action: 'list' })).toMatchObject({
    resources: [{ dependentsOut: ['postgres'] }],
  });
});
