/** What people see of a failover with a question and dependents, by the program itself over the fakes of the engine. */
import { describe, expect, test } from 'vitest';
import type { Terminal } from '../../lib/operator/command.ts';
import { questions } from '../../lib/operator/engine.ts';
import { holdfast } from '../../lib/operator/holdfast.ts';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import { asking, everyKind } from '../fakes/every-kind.ts';
import { instanceOf, tag } from '../fakes/fleets.ts';
import { alice, type OrderScene, orderScene } from '../fakes/orders.ts';
import { runHoldfast } from './cli-programs.ts';

const minute = 60_000;

async function serving(): Promise<OrderScene> {
  const orders = await orderScene({ resource: { failover: asking, dependents: everyKind } });
  for (const { name } of everyKind) orders.scene.ports.dependents.set(name, 'ServerA', 'in-service');
  return orders;
}

/** ServerA has died, and while the failover waits this is done. */
async function whileItWaits(meanwhile: (orders: OrderScene) => Promise<void>): Promise<OrderScene> {
  const orders = await serving();
  const { people, world } = orders.scene;
  const { wait } = people;
  Object.assign(people, {
    async wait(...asked: Parameters<typeof wait>) {
      if (!people.asked.includes(asked[0])) people.asked.push(asked[0]);
      await meanwhile(orders);
      return wait(...asked);
    },
  });
  world.stop(instanceOf('ServerA'));
  return orders;
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(orders: OrderScene, line: string, given: Partial<Terminal> = {}): Promise<Ran> {
  let [out, err] = ['', ''];
  const terminal: Terminal = {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    live: false,
    colour: false,
    columns: 120,
    ...given,
  };
  const ask = (request: AskedRequest) =>
    orders.ask(questions.has(request.action) ? request : orders.proven(request));
  const { clock } = orders.scene.world;
  const interrupted = new AbortController().signal;
  const world = { environment: {}, terminal, clock, interrupted, engine: () => ({ ask }) };
  const code = await holdfast(line.split(' '), world);
  return { code, out, err };
}

describe('while a failover waits', () => {
  test('status shows the question, what follows without an answer, and how to give one', async () => {
    const orders = await whileItWaits(async (each) => {
      const { out } = await run(each, 'status ip-db');
      expect(out).toContain(
        '  question       move ip-db (10.0.1.50) from ServerA/eth0 to ServerB/eth0? the instance is not running\n' +
          '  answer         none yet: holdfast confirm ip-db --yes (or --no)\n',
      );
      expect(out).toMatch(/ {2}without one {4}until .* \(\d+m.* left\): nothing is moved\n/);
      expect(out).toMatch(
        / {2}now {12}ip-db@.*: waiting for a person's answer whether to move to ServerB\/eth0; its claim ends in 10m \d+s\n/,
      );
    });
    await orders.scene.alarmToEnd();
  });

  test('the list marks it, and its JSON says the same', async () => {
    const orders = await whileItWaits(async (each) => {
      expect((await run(each, 'list')).out).toContain('yes  (waits for an answer: holdfast confirm ip-db)\n');
      const { resources } = JSON.parse((await run(each, 'list --json')).out);
      expect(resources).toMatchObject([{ waiting: { otherwise: 'hold', answered: null } }]);
    });
    await orders.scene.alarmToEnd();
  });

  test('confirm answers it once; whoever comes second with another answer is told so', async () => {
    const orders = await whileItWaits(async (each) => {
      const first = await run(each, 'confirm ip-db --yes');
      expect(first.code).toBe(0);
      expect(first.out).toMatch(
        /^the failover of ip-db looks again and goes on: holdfast explain ip-db@.*\n$/,
      );
      const same = await run(each, 'confirm ip-db --yes');
      expect(same.out).toContain(`the failover of ip-db was answered "yes" by ${alice} at `);
      expect(same.code).toBe(0);
      const other = await run(each, 'confirm ip-db --no');
      expect(other.err).toContain(`was answered "yes" by ${alice} at `);
      expect(other.code).toBe(3);
      expect((await run(each, 'status ip-db')).out).toContain(`  answer         yes, by ${alice}, `);
    });
    expect(await orders.scene.alarmToEnd()).toMatchObject({ outcome: 'failed-over' });
  });

  test('watch says so, and again when it was answered', async () => {
    const orders = await whileItWaits(async (each) => {
      const line = 'watch ip-db --until-idle --timeout 1s';
      const waits = ', a failover waits for an answer: holdfast confirm ip-db\n';
      expect((await run(each, line)).out).toContain(waits);
      await run(each, 'confirm ip-db --no');
      expect((await run(each, line)).out).toContain(`, its failover was answered no by ${alice}\n`);
    });
    await orders.scene.alarmToEnd();
  });

  test('a dry run of the answer says what it would do', async () => {
    const orders = await whileItWaits(async (each) => {
      const { out } = await run(each, 'confirm ip-db --no --dry-run');
      expect(out).toMatch(
        /^Would do:\n {2}1. answer "no" to: move .*\n {2}2. ip-db is not moved.*\n {2}3. without an answer until .*: nothing is moved\n$/,
      );
    });
    expect(await orders.scene.alarmToEnd()).toMatchObject({ reason: 'nobody-confirmed' });
  });
});

describe('what depends on the address', () => {
  test('is drawn with its parents above, what several need once, and how it stands', async () => {
    const orders = await serving();
    const { ledger, dependents } = orders.scene.ports;
    dependents.plan('backup', { verb: 'start', luck: 'fails' });
    const ended = await orders.orderToEnd({ action: 'switchover', tag, server: 'ServerB' });
    expect(ended).toMatchObject({ outcome: 'failed-over' });
    const { out } = await run(orders, 'status ip-db');
    const [, tree = ''] =
      /^Depends on ip-db, as the last failover has left it\n((?: .*\n)+)/m.exec(out) ?? [];
    expect(tree.replace(/(\S) {2,}/g, '$1  ')).toBe(
      [
        '  web  target web  OSU  ServerB  what it needs is not in service',
        '  ├─ postgres  systemd postgresql.service  ISP  ServerB  verified',
        '  │  └─ data  volume vol-0a1b2c3d4e5f60001  ISP  ServerB  verified',
        '  └─ backup  command /opt/backup  OSF  ServerB  failed: backup is failed on ServerB',
        '     └─ data  (above)',
        '  name  dns CNAME db.example.com  ISP  ServerB  verified',
        '  vpn  route 10.9.0.0/16 in rtb-0a1b2c3d4e5f60001, rtb-0a1b2c3d4e5f60002  ISP  ServerB  verified',
        '  public  elasticIp eipalloc-0a1b2c3d4e5f60001  ISP  ServerB  verified',
        '',
      ].join('\n'),
    );
    expect((await run(orders, 'list')).out).toContain('yes  (out of service: backup)\n');
    expect(ledger.record(tag).state).toBe('ISP');
  });

  test('has no state before a failover has had to do with it', async () => {
    const { out } = await run(await serving(), 'status ip-db');
    expect(out).toMatch(/ {2}web .* - {2}- {2}no failover has had to do with it yet\n/);
  });

  test('is told from any engine that tells it, whatever is in its words', async () => {
    const { out } = await runHoldfast(['status', tag]);
    expect(out).toMatch(/^ {2}web .* no failover has had to do with it yet$/m);
    expect(out).toContain('OSF  ServerA  it said "no {" \\ [1]\n');
  });
});

describe('the steps of a failover are told in words', () => {
  const words = [
    /asked .*until .*: move ip-db .*; without an answer nothing is moved/,
    /answered .*alice has answered yes/,
    /dependent-stopped .*postgres \(systemd\) is out of service on ServerA/,
    /dependent-started .*data \(volume\) is in service on ServerB/,
  ];

  test('by watch, as they happen', async () => {
    const orders = await serving();
    const answer = { answer: 'yes', arn: alice, via: 'command', reason: null, atMs: 0 } as const;
    orders.scene.people.plan(minute, answer);
    orders.scene.world.stop(instanceOf('ServerA'));
    await orders.scene.alarm();
    const [watched] = await Promise.all([run(orders, 'watch ip-db --until-idle'), orders.scene.failovers()]);
    expect(watched.code).toBe(0);
    for (const each of words) expect(watched.out).toMatch(each);
    const explained = await run(orders, `explain ${orders.scene.ports.audit.summaries()[0]?.recoveryId}`);
    for (const each of words) expect(explained.out).toMatch(each);
    expect(explained.out).not.toContain('callbackId');
  });

  test('by whoever waits for an order', async () => {
    const orders = await serving();
    const [ran] = await Promise.all([
      run(orders, 'switchover ip-db --to ServerB'),
      (async () => {
        while (orders.carried.length === 0) await orders.scene.world.clock.sleep(10);
        await orders.carryOut();
      })(),
    ]);
    expect(ran.code).toBe(0);
    expect(ran.err).toMatch(words[2] ?? /never/);
    expect(ran.err).toMatch(words[3] ?? /never/);
    expect(ran.out).toMatch(/^ip-db: failed-over, ServerA\/eth0 → ServerB\/eth0, in .* s\n$/);
  });
});
