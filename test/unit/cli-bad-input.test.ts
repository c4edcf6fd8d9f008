/** Wrong invocations of both programs: each has its exit code and its words, and none changes anything. */
import { describe, expect, test } from 'vitest';
import { Fault, type FaultCode } from '../../lib/recovery/fault.ts';
import { recoveryName } from '../fakes/engine.ts';
import { type Ran, runHoldfast, runLkipbu, type Situation } from './cli-programs.ts';

type Wrong = readonly [argv: readonly string[], code: number, message: string, situation?: Situation];

const long = 'x'.repeat(10_240);
const free: Situation = {
  given: (engine) => {
    engine.backup = null;
  },
};
const held: Situation = {
  given: (engine) => {
    engine.claim = {
      holder: recoveryName,
      expiresAtMs: Date.UTC(2026, 0, 5, 10, 0, 41),
      doing: {
        rung: 'move-to-backup',
        to: { server: 'ServerA', interface: 'eth1' },
        waits: false,
        words: 'doing move-to-backup to ServerA/eth1',
      },
    };
  },
};

function failing(code: FaultCode): Situation {
  return {
    given: (engine) => {
      engine.failsWith = new Fault(code, `because ${code}`, 'never');
    },
  };
}

const ofLkipbu: readonly Wrong[] = [
  [[], 2, 'give exactly one of -a, -r, -m, -s'],
  [['-t', 'ip-db'], 2, 'give exactly one of -a, -r, -m, -s'],
  [['-s', '-m', '-t', 'ip-db'], 2, 'give exactly one of -a, -r, -m, -s'],
  [['-arms', '-t', 'ip-db', '-f', 'eth1'], 2, 'give exactly one of -a, -r, -m, -s'],
  [['-s'], 2, '-s needs -t tag'],
  [['-s', '-t'], 2, '-t needs a value'],
  [['-s', '-t', ''], 2, '-t needs a value'],
  [['-s', '-t', '  '], 2, '-t needs a value'],
  [['-s', '-t', '-d'], 2, '-t needs a value'],
  [['-s', '-t', 'ip-db', '-f', 'eth1'], 2, '-f does not go with -s'],
  [['-m', '-t', 'ip-db', '-f', 'eth1'], 2, '-f does not go with -m'],
  [['-a', '-t', 'ip-db'], 2, '-a needs -f interface'],
  [['-r', '-t', 'ip-db'], 2, '-r needs -f interface'],
  [['-r', '-t', 'ip-db', '-f', ''], 2, '-f needs a value'],
  [['-s', '-t', 'ip-db', '-d', ''], 2, '-d needs a value'],
  [['-s', '-t', 'ip-db', '-x'], 2, 'there is no option "-x"'],
  [['-s', '--t', 'ip-db'], 2, 'there is no option "--t"'],
  [['-s', '-t', 'ip-db', 'ip-web'], 2, 'got "ip-web"'],
  [['-s', '-t', 'ip-db', '-t', 'ip-web'], 2, '-t is given twice'],
  [['-m', '-m', '-t', 'ip-db'], 2, '-m is given twice'],
  [['-m', '-t', 'ip-db', '--force'], 2, '--force goes with -a, not with -m'],
  [['-s', '-t', 'ip-db', '--reason', 'because'], 2, '--reason does not go with -s'],
  [['-m', '-t', 'ip-db', '--force=yes'], 2, '--force takes no value'],
  [['-s', '-t', 'IP DB'], 5, '"IP DB" is not a tag'],
  [['-s', '-t', 'fleet'], 5, '"fleet" is not a tag'],
  [['-s', '-t', 'ip-db;reboot'], 5, '"ip-db;reboot" is not a tag'],
  [['-s', '-t', 'ip-dß'], 5, '"ip-dß" is not a tag'],
  [['-s', '-t', 'ip\u202edb'], 5, '"ip\\u202edb" is not a tag'],
  [['-s', '-t', '\x1b[31mip'], 5, '"\\u001b[31mip" is not a tag'],
  [['-s', '-t', long], 5, '… (10240 characters) is not a tag'],
  [['-s', '-t', 'ip-db', '-d', 'Server A'], 5, '"Server A" is not the name of a server'],
  [['-s', '-t', 'ip-db', '-d', long], 5, 'is not the name of a server'],
  [['-a', '-t', 'ip-db', '-f', 'eth1/2'], 5, '"eth1/2" is not the name of an interface'],
  [['-a', '-t', 'ip-db', '-f', 'none'], 5, '"none" is not the name of an interface'],
  [['-a', '-t', 'ip-db', '-f', 'a-device-of-sixteen'], 5, 'at most 15 characters'],
  [['-m', '-t', 'ip-db', '--reason', long], 5, '--reason takes at most 256 characters, and got 10240'],
  [
    ['-s', '-t', 'ip-db'],
    5,
    'HOLDFAST_FLEET "Main Fleet" is not valid',
    { environment: { HOLDFAST_FLEET: 'Main Fleet' } },
  ],
  [['-s', '-t', 'ip-dc'], 7, 'no resource has the tag "ip-dc"'],
  [['-d', 'ServerC', '-s', '-t', 'ip-db'], 7, 'resource ip-db has no server "ServerC"'],
  [['-a', '-t', 'ip-db', '-f', 'ens6'], 5, 'server ServerA has no interface "ens6"', free],
  [['-a', '-t', 'ip-db', '-f', 'eth2'], 4, 'ip-db has the backup interface eth1'],
  [['-r', '-t', 'ip-db', '-f', 'eth2'], 7, 'eth2 is not the backup interface'],
  [['-m', '-t', 'ip-db'], 7, 'ip-db has no backup interface', free],
  [['-m', '-t', 'ip-db'], 1, `recovery ${recoveryName} works on ip-db`, held],
  [['-m', '-t', 'ip-db'], 9, 'because access-denied', failing('access-denied')],
  [['-m', '-t', 'ip-db'], 9, 'because throttled', failing('throttled')],
  [['-m', '-t', 'ip-db'], 9, 'because not-found', failing('not-found')],
  [['-m', '-t', 'ip-db'], 9, 'because no-answer', failing('no-answer')],
];

const ofHoldfast: readonly Wrong[] = [
  [[], 64, 'Usage: holdfast COMMAND'],
  [['--json'], 64, 'a command is missing'],
  [['swichover', 'ip-db'], 64, 'there is no command "swichover"'],
  [['__proto__'], 64, 'there is no command "__proto__"'],
  [['list', 'ip-db'], 64, 'takes no argument, and got "ip-db"'],
  [['list', '--tag', 'ip-db'], 64, 'there is no option "--tag"'],
  [['status'], 64, 'TAG: is missing'],
  [['status', ''], 64, 'argument 1 is empty'],
  [['status', 'ip-db', 'ip-web'], 64, 'takes TAG, and got "ip-web" too'],
  [['status', 'IP-DB'], 64, '"IP-DB" is not a tag'],
  [['status', long], 64, '(10240 characters) is not a tag'],
  [['status', 'ip-db', '--json', '--json'], 64, '--json is given twice'],
  [['status', 'ip-db', '--json=yes'], 64, '--json takes no value'],
  [['status', 'ip-dc'], 64, 'no resource has the tag "ip-dc" (unknown-tag)\n  holdfast list shows the tags'],
  [['status', 'ip-db', '--on', 'ServerC'], 64, 'resource ip-db has no server "ServerC"'],
  [['list', '--fleet', 'main', '--stack', 'holdfast-main'], 64, '--fleet and --stack exclude each other'],
  [['list', '--fleet', 'Main'], 64, '--fleet "Main" is not valid'],
  [['list', '--fleet', ''], 64, '--fleet needs a value'],
  [['list', '--region', 'Frankfurt'], 64, '--region "Frankfurt" is not valid'],
  [['list', '--endpoint-url', 'localhost:4610'], 64, '--endpoint-url "localhost:4610" is not valid'],
  [['list', '--profile', 'a\nb'], 64, '--profile "a\\nb" is not valid'],
  [['move', 'ip-db', '--to', 'ServerA/'], 64, '"" is not the name of an interface'],
  [['move', 'ip-db', '--to', '/eth1'], 64, '"" is not the name of a server'],
  [['move', 'ip-db', '--to', 'ServerA/eth0/eth1'], 64, '"eth0/eth1" is not the name of an interface'],
  [['move', 'ip-db', '--to', 'ServerB/eth1'], 64, 'server ServerB has no interface "eth1"'],
  [['move', 'ip-db', '--to'], 64, '--to needs a value'],
  [['move', 'ip-db', '--wait', '--no-wait'], 64, '--wait and --no-wait exclude each other'],
  [['move', 'ip-db', '--no-wait', '--timeout', '5m'], 64, '--timeout does not go with --no-wait'],
  [['move', 'ip-db', '--dry-run', '--wait'], 64, '--dry-run starts nothing to wait for'],
  [['move', 'ip-db', '--timeout', 'soon'], 64, '--timeout "soon" is not a time from 1s to 1d'],
  [['move', 'ip-db', '--timeout', '0s'], 64, '--timeout "0s" is not a time'],
  [['move', 'ip-db', '--reason', long], 64, '--reason takes at most 256 characters'],
  [['move', 'ip-db', '--force'], 64, 'there is no option "--force"'],
  [
    ['move', 'ip-db'],
    3,
    'ip-db has no backup interface on ServerA (backup-missing)\n  add one: lkipbu -a',
    free,
  ],
  [['move', 'ip-db'], 75, `watch it: holdfast explain ${recoveryName}`, held],
  [['switchover', 'ip-db'], 64, '--to SERVER is missing'],
  [['switchover', 'ip-db', '--to', 'ServerB/eth0'], 64, '"ServerB/eth0" is not the name of a server'],
  [
    ['switchover', 'ip-db', '--to', 'ServerB'],
    3,
    'ServerB is not ready: the instance is not running (target-not-ready)',
  ],
  [['failover', 'ip-db'], 64, '--force is missing'],
  [['failover', 'ip-db', '--to', 'ServerB'], 64, '--force is missing'],
  [['in-service', 'ip-db', '--on', 'Server B'], 64, '"Server B" is not the name of a server'],
  [['out-of-service'], 64, 'TAG: is missing'],
  [['pause', 'ip-db'], 64, '--for TIME is missing: a pause always has an end'],
  [['pause', '--for', '30s'], 64, '--for "30s" is not a time from 1m to 7d'],
  [['pause', '--for', '8d'], 64, '--for "8d" is not a time from 1m to 7d'],
  [['pause', '--for', '2 h'], 64, '--for "2 h" is not a time'],
  [['pause', '--for', '-2h'], 64, '--for needs a value'],
  [['resume', 'ip-db', 'ip-web'], 64, 'takes [TAG], and got "ip-web" too'],
  [['automation'], 64, '[TAG] on|observe|off: is missing'],
  [['automation', 'ip-db'], 64, '"ip-db" is not a mode: allowed are on, observe, off'],
  [['automation', 'on', 'ip-db'], 64, '"ip-db" is not a mode'],
  [['ack', 'ip-db'], 64, '--comment TEXT is missing'],
  [['ack', 'ip-db', '--comment', ' '], 64, '--comment needs a value'],
  [['ack', 'ip-db', '--comment', long], 64, '--comment takes at most 256 characters'],
  [['confirm', 'ip-db'], 64, 'one of --yes and --no is missing'],
  [['confirm', 'ip-db', '--yes', '--no'], 64, '--yes and --no exclude each other'],
  [['confirm', 'ip-db', '--yes'], 3, 'no failover of ip-db waits for a person (nothing-waits)'],
  [['history', '--limit', '0'], 64, '--limit "0" is not a number from 1 to 200'],
  [['history', '--limit', '1e2'], 64, '--limit "1e2" is not a number'],
  [['history', '--since', 'yesterday'], 64, '--since "yesterday" is not a time'],
  [['explain'], 64, 'RECOVERY: is missing'],
  [['explain', 'r 1'], 64, '"r 1" is not the name of a recovery'],
  [['explain', long], 64, 'is not the name of a recovery'],
  [
    ['explain', 'r-1'],
    64,
    'no recovery is called "r-1" (unknown-recovery)\n  holdfast history shows the recoveries',
  ],
  [['watch', 'ip-dc', '--until-idle'], 64, 'no resource has the tag "ip-dc"'],
  [['watch', '--timeout', '5m'], 64, '--timeout goes with --until-idle'],
  [['completion', 'tcsh'], 64, '"tcsh" is not a shell: allowed are bash, zsh, fish'],
  [
    ['pause', '--for', '2h'],
    78,
    'because access-denied (access-denied)\n  look at your credentials',
    failing('access-denied'),
  ],
  [['pause', '--for', '2h'], 78, 'because not-found', failing('not-found')],
  [['pause', '--for', '2h'], 75, 'because throttled', failing('throttled')],
  [['pause', '--for', '2h'], 69, 'because no-answer', failing('no-answer')],
  [['pause', '--for', '2h'], 70, 'because invalid-answer', failing('invalid-answer')],
];

const count = ofLkipbu.length + ofHoldfast.length;

test(`the table has at least sixty rows: ${count}`, () => {
  expect(count).toBeGreaterThanOrEqual(60);
});

describe('lkipbu', () => {
  test.each(ofLkipbu.map((row) => [row[0].join(' ').slice(0, 60), ...row] as const))(
    'refuses "%s"',
    async (_, argv, code, message, situation) => {
      const ran = await runLkipbu(argv, situation);
      expectRefused(ran, code, message);
      const lines = ran.err.trimEnd().split('\n');
      expect(code === 2 ? lines[1] : lines.length).toEqual(
        code === 2 ? 'Usage: lkipbu [-d machine] -{a|r} -t tag -f interface' : 1,
      );
    },
  );
});

describe('holdfast', () => {
  test.each(ofHoldfast.map((row) => [row[0].join(' ').slice(0, 60), ...row] as const))(
    'refuses "%s"',
    async (_, argv, code, message, situation) => {
      expectRefused(await runHoldfast(argv, situation), code, message);
    },
  );

  test('answers a refusal in JSON too, with the same exit code', async () => {
    const ran = await runHoldfast(['status', 'ip-dc', '--json']);
    expect(ran.code).toBe(64);
    expect(JSON.parse(ran.out)).toEqual({
      ok: false,
      code: 'unknown-tag',
      message: 'no resource has the tag "ip-dc"',
    });
  });
});

describe('Ctrl-C', () => {
  test('in a wait leaves the recovery running and says how to watch it', async () => {
    const ran = await runHoldfast(['move', 'ip-db'], { interruptedAt: 2 });
    expect(ran).toMatchObject({ code: 130, out: '' });
    expect(ran.err).toMatch(new RegExp(`still running: holdfast explain ${recoveryName}\n$`));
    expect(ran.engine.carriedOut).toHaveLength(1);
  });

  test('while an order is on its way says that it may have been taken', async () => {
    const ran = await runHoldfast(['move', 'ip-db'], { interruptedAt: 1 });
    expect(ran).toMatchObject({ code: 130, out: '' });
    expect(ran.err).toContain('the order may have been taken: holdfast history');
  });

  test('ends a watch as it is meant to end', async () => {
    expect(await runHoldfast(['watch'], { interruptedAt: 2 })).toMatchObject({ code: 0, err: '' });
  });
});

function expectRefused({ code, out, err, engine }: Ran, expected: number, message: string): void {
  expect(err).toContain(message);
  // No line can be turned around or coloured by what was typed.
  expect(err.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(err.length).toBeLessThan(4_000);
  expect([code, out, engine.carriedOut]).toEqual([expected, '', []]);
}
