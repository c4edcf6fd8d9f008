import { describe, expect, test } from 'vitest';
import { Fault } from '../../lib/recovery/fault.ts';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import { operator, recoveryName } from '../fakes/engine.ts';
import { runHoldfast } from './cli-programs.ts';

const tag = 'ip-db';

describe('asks the engine for what was said:', () => {
  test.each<readonly [string, AskedRequest]>([
    ['list', { action: 'list' }],
    ['status ip-db', { action: 'status', tag }],
    ['status ip-db --on ServerB', { action: 'status', tag, machine: 'ServerB' }],
    ['move ip-db --no-wait', { action: 'move-to-backup', tag }],
    ['move ip-db --to ServerB --no-wait', { action: 'move', tag, server: 'ServerB' }],
    ['move --no-wait --to ServerA/eth1 ip-db', { action: 'move', tag, server: 'ServerA', interface: 'eth1' }],
    [
      'switchover ip-db --to ServerB --dry-run',
      { action: 'switchover', tag, server: 'ServerB', dryRun: true },
    ],
    ['failover ip-db --force --no-wait', { action: 'failover', tag, force: true }],
    [
      'failover ip-db --force --to ServerB --no-wait',
      { action: 'failover', tag, server: 'ServerB', force: true },
    ],
    ['in-service ip-db --no-wait', { action: 'in-service', tag }],
    ['in-service ip-db --on ServerA --no-wait', { action: 'in-service', tag, server: 'ServerA' }],
    ['out-of-service ip-db --no-wait --reason night', { action: 'out-of-service', tag, reason: 'night' }],
    ['pause --for 2h', { action: 'pause', forMs: 7_200_000 }],
    ['pause ip-db --for 1h30m', { action: 'pause', tag, forMs: 5_400_000 }],
    ['resume', { action: 'resume' }],
    ['resume ip-db', { action: 'resume', tag }],
    ['automation off', { action: 'automation', mode: 'off' }],
    ['automation ip-db observe', { action: 'automation', tag, mode: 'observe' }],
    ['ack ip-db --comment fixed', { action: 'acknowledge', tag, comment: 'fixed' }],
    ['history', { action: 'history' }],
    [
      'history ip-db --since 1h --limit 5',
      { action: 'history', tag, sinceMs: Date.UTC(2026, 0, 5, 9), limit: 5 },
    ],
    [`explain ${recoveryName}`, { action: 'explain', recovery: recoveryName }],
  ])('%s', async (line, request) => {
    const { engine } = await runHoldfast(line.split(' '));
    expect(engine.asked).toEqual([request]);
  });

  test.each(['yes', 'no'] as const)('confirm ip-db --%s', async (answer) => {
    const { code, engine } = await runHoldfast(['confirm', 'ip-db', `--${answer}`], {
      given: (each) => {
        each.waits = true;
      },
    });
    expect([code, engine.asked]).toEqual([0, [{ action: 'confirm', tag, answer }]]);
  });
});

describe('the fleet and the AWS', () => {
  test.each([
    ['nobody names one', [], {}, { name: 'main', named: false }],
    ['the environment', [], { HOLDFAST_FLEET: 'db' }, { name: 'db', named: true }],
    [
      '--fleet before the environment',
      ['--fleet', 'web'],
      { HOLDFAST_FLEET: 'db' },
      { name: 'web', named: true },
    ],
    ['the name of the stack', ['--stack', 'holdfast-web'], {}, { name: 'web', named: true }],
  ] as const)('are named by: %s', async (_, options, environment, fleet) => {
    expect((await runHoldfast([...options, 'list'], { environment: { ...environment } })).fleet).toEqual(
      fleet,
    );
    expect((await runHoldfast(['list', ...options], { environment: { ...environment } })).fleet).toEqual(
      fleet,
    );
  });

  test('of the options stand before those of the environment', async () => {
    const { environment } = await runHoldfast(
      ['list', '--profile', 'prod', '--region', 'us-gov-west-1', '--endpoint-url', 'http://127.0.0.1:4610'],
      { environment: { AWS_REGION: 'eu-central-1' } },
    );
    expect(environment).toEqual({
      AWS_PROFILE: 'prod',
      AWS_REGION: 'us-gov-west-1',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:4610',
    });
  });
});

describe('an order that only writes the record', () => {
  const looks = { holder: 'r-1', expiresAtMs: Date.UTC(2026, 0, 5, 10, 0, 41), doing: null };

  test('waits for whoever merely looks', async () => {
    const ran = await runHoldfast(['pause', tag, '--for', '2h'], {
      given: (engine) => {
        engine.claims = [looks, looks, null];
      },
    });
    expect(ran).toMatchObject({ code: 0, out: 'pause done\n', err: '' });
    expect(ran.engine.asked).toHaveLength(3);
  });

  test('and is in the way of a look that never ends is told after five seconds', async () => {
    const ran = await runHoldfast(['pause', tag, '--for', '2h'], {
      given: (engine) => {
        engine.claim = looks;
      },
    });
    expect([ran.code, ran.out, ran.engine.asked.length]).toEqual([75, '', 11]);
  });

  test('unlike one that moves, which would mean another place afterwards', async () => {
    const ran = await runHoldfast(['move', tag], {
      given: (engine) => {
        engine.claim = looks;
      },
    });
    expect([ran.code, ran.engine.asked.length]).toEqual([75, 1]);
  });
});

describe('an order that moves an address', () => {
  test('is waited for, tells every step on stderr and the end on stdout', async () => {
    const ran = await runHoldfast(['move', tag, '--reason', 'because']);
    expect(ran).toMatchObject({
      code: 0,
      out: "ip-db: moved-to-backup, ServerA/eth0 → ServerA/eth1, in 2.000 s (link-down: the interface's link is down)\n",
    });
    expect(ran.err.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual([
      '+0.012 s claimed 12 ms',
      '+0.300 s observed 288 ms',
      '+1.900 s verified 1600 ms',
      '',
    ]);
  });

  test('is drawn over on a terminal, with the time that passes', async () => {
    const { err } = await runHoldfast(['move', tag], { terminal: { live: true } });
    expect(err).toContain('\x1b[');
    expect(err).toContain('… 0.300 s');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told
    expect(err.split(/\x1b\[\d+A\x1b\[J/).at(-1)).toMatch(
      /^ {3}\+0.012 s {2}claimed .*\n.* observed .*\n.* verified .*\n$/,
    );
  });

  test.each([
    ['held', 3],
    ['failed', 69],
  ] as const)('and is %s ends with %i, and says on stderr where to read on', async (outcome, code) => {
    const ran = await runHoldfast(['move', tag], {
      given: (engine) => {
        engine.ends = { outcome, afterMs: 100 };
      },
    });
    expect([ran.code, ran.out]).toEqual([code, '']);
    expect(ran.err).toContain(`holdfast: ip-db: ${outcome}`);
    expect(ran.err).toContain(`holdfast explain ${recoveryName}`);
  });

  test('that takes longer than --timeout is left running', async () => {
    const ran = await runHoldfast(['move', tag, '--timeout', '1s']);
    expect([ran.code, ran.out]).toEqual([75, '']);
    expect(ran.err).toContain(`still running: holdfast explain ${recoveryName}\n`);
  });

  test('with --no-wait is named, and nobody waits', async () => {
    const ran = await runHoldfast(['move', tag, '--no-wait']);
    expect(ran).toMatchObject({
      code: 0,
      out: `started ${recoveryName}\n  holdfast explain ${recoveryName}\n`,
      err: '',
    });
    expect(ran.engine.asked).toHaveLength(1);
  });

  test('with --json is one document on stdout: the explanation of how it ended', async () => {
    const ran = await runHoldfast(['move', tag, '--json']);
    expect(JSON.parse(ran.out)).toMatchObject({
      ok: true,
      kind: 'explanation',
      explanation: { ended: true },
    });
    expect(ran.err).toBe('');
  });

  test('with --dry-run is its plan, with every place and why it is out; nothing is done', async () => {
    const ran = await runHoldfast(['move', tag, '--dry-run']);
    expect(ran).toMatchObject({ code: 0, err: '', engine: { carriedOut: [] } });
    expect(ran.out).toBe(`Would do:
  1. claim ip-db
  2. assign 172.17.106.10 to ServerA/eth1
  3. verify it there
  4. swap eth0 and eth1 in INFO
Left out:
  ServerB/eth0: the server's instance is not running (server-not-running)
`);
  });
});

test('list is a table without colour, and colour only where a terminal shows it', async () => {
  const { out } = await runHoldfast(['list']);
  expect(out).toBe(`TAG    ADDRESS        SERVER   INTERFACE  STATE  AUTOMATION  LAST RECOVERY  READY
ip-db  172.17.106.10  ServerA  eth0       ISP    on          3m 20s ago     yes

fleet main: automation on; 0 of 5 automatic failovers used
`);
  const painted = (await runHoldfast(['list'], { terminal: { colour: true } })).out;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told
  expect(painted.replace(/\x1b\[\d+m/g, '')).toBe(out);
  expect(painted).toContain('\x1b[32mISP\x1b[0m');
});

test('status tells who works on it, and where it could go', async () => {
  const { out } = await runHoldfast(['status', tag], {
    given: (engine) => {
      engine.claim = { holder: 'r-1', expiresAtMs: Date.UTC(2026, 0, 5, 10, 0, 41), doing: null };
    },
  });
  expect(out).toContain('state          ISP  in service, protected (already-healthy)\n');
  expect(out).toContain('now            r-1: is looking; its claim ends in 41s\n');
  expect(out).toContain('  ServerB eth0 172.17.106.10 fffffc00 none\n');
  expect(out).toContain(
    '  1  ServerA/eth1  ready\n  2  ServerB/eth0  not ready: the instance is not running\n',
  );
});

test('explain prints who, the rule, and every step with evidence and milliseconds', async () => {
  const { out } = await runHoldfast(['explain', recoveryName]);
  expect(out).toContain(`set off by  ${operator}\n`);
  expect(out).toContain('because     because\n');
  expect(out).toContain("rule        link-down: the interface's link is down\n");
  expect(out).toContain('stages      claim 12 ms, look 288 ms, host 1600 ms\n');
  expect(out).toContain(
    '  +  0.300 s  observed      288 ms\n      owners=eni-1\n      host: why=link-down\n',
  );
});

test('history is a line for each, the oldest first, and says what explain takes', async () => {
  const { out } = await runHoldfast(['history']);
  const [, line] = out.split('\n');
  expect(line).toMatch(
    new RegExp(`ip-db +moved-to-backup +ServerA/eth0 +ServerA/eth1 .* ${operator} +${recoveryName}$`),
  );
});

describe('watch', () => {
  test('--until-idle ends at once where nobody works', async () => {
    const ran = await runHoldfast(['watch', '--until-idle']);
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(ran.out).toMatch(
      /^\d\d:\d\d:\d\d {2}ip-db {2}ISP on ServerA\/eth0 \(already-healthy\), automation on, another place is ready\n$/,
    );
  });

  test('tells the steps of a recovery, each once, and waits for its end', async () => {
    const ran = await runHoldfast(['watch', tag, '--until-idle'], {
      given: (engine) => {
        engine.claim = { holder: recoveryName, expiresAtMs: 0, doing: null };
      },
    });
    expect(ran.code).toBe(0);
    expect(ran.out).toMatch(
      /ip-db: moved-to-backup, ServerA\/eth0 → ServerA\/eth1, in 2.000 s \(link-down.*\)\n$/,
    );
    expect(ran.out.match(/ip-db {2}claimed {2}12 ms/g)).toHaveLength(1);
  });

  test('goes on when a look fails that may succeed later, and ends when its time is over', async () => {
    const ran = await runHoldfast(['watch', '--until-idle', '--timeout', '10s'], {
      given: (engine) => {
        engine.failsWith = new Fault('throttled', 'Rate exceeded', 'later');
      },
    });
    expect(ran.code).toBe(75);
    expect(ran.out).toContain(
      'could not look: Rate exceeded (AWS limits the rate of calls: try again in a minute)\n',
    );
  });
});

test('--version, and help for every command, ask nobody', async () => {
  expect((await runHoldfast(['--version'])).out).toMatch(/^holdfast \d+\.\d+\.\d+\n$/);
  const overview = await runHoldfast(['--help']);
  const names = [...overview.out.matchAll(/^ {2}([a-z-]+) {2}/gm)].map(([, name = '']) => name);
  expect(names).toHaveLength(16);
  for (const name of names) {
    const { code, out, fleet } = await runHoldfast([name, '--help']);
    expect([code, fleet]).toEqual([0, undefined]);
    expect(out.startsWith(`Usage: holdfast ${name} `)).toBe(true);
    for (const part of ['Options:', 'Exit codes:', 'Example:']) expect(out).toContain(`\n${part}\n`);
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  }
});
