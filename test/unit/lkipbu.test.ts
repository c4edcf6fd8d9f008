import { describe, expect, test } from 'vitest';
import { Fault, type FaultCode } from '../../lib/recovery/fault.ts';
import { recoveryName } from '../fakes/engine.ts';
import { runLkipbu } from './cli-programs.ts';

const show = ['-s', '-t', 'ip-db'];

describe('-s', () => {
  test('prints the four lines of the LifeKeeper page, and nothing else', async () => {
    expect(await runLkipbu(show)).toMatchObject({
      code: 0,
      out: 'IP address: 172.17.106.10\nNetmask: 255.255.252.0\nPrimary interface: eth0 (up)\nBackup interface: eth1\n',
      err: '',
    });
  });

  test('says none where there is no backup', async () => {
    const ran = await runLkipbu(show, {
      given: (engine) => {
        engine.backup = null;
      },
    });
    expect(ran.out).toMatch(/\nBackup interface: none\n$/);
  });

  test('asks about the machine it is told, in whatever order the flags come', async () => {
    const asked = [{ action: 'status', tag: 'ip-db', machine: 'ServerB' }];
    expect((await runLkipbu(['-t', 'ip-db', '-d', 'ServerB', '-s'])).engine.asked).toEqual(asked);
    expect((await runLkipbu(['-sdServerB', '-tip-db'])).engine.asked).toEqual(asked);
  });
});

describe('-a', () => {
  const add = ['-a', '-t', 'ip-db', '-f', 'eth2'];

  test('adds the interface to a resource without backup, and says so in one line', async () => {
    const ran = await runLkipbu([...add, '--reason', 'new card'], {
      given: (engine) => {
        engine.backup = null;
      },
    });
    expect(ran).toMatchObject({ code: 0, out: 'add-backup done\n', err: '' });
    expect(ran.engine.asked).toEqual([
      { action: 'add-backup', tag: 'ip-db', interface: 'eth2', reason: 'new card' },
    ]);
  });

  test('with --force accepts what differs', async () => {
    const { engine } = await runLkipbu([...add, '--force']);
    expect(engine.asked).toEqual([{ action: 'add-backup', tag: 'ip-db', interface: 'eth2', force: true }]);
  });

  test('where there is a backup already is refused with 4', async () => {
    const ran = await runLkipbu(add);
    expect(ran).toMatchObject({
      code: 4,
      out: '',
      err: 'lkipbu: ip-db has the backup interface eth1 on ServerA\n',
    });
    expect(ran.engine.carriedOut).toEqual([]);
  });
});

describe('-r', () => {
  test('removes the backup interface', async () => {
    const ran = await runLkipbu(['-d', 'ServerA', '-r', '-t', 'ip-db', '-f', 'eth1']);
    expect(ran).toMatchObject({ code: 0, out: 'remove-backup done\n', err: '' });
    expect(ran.engine.carriedOut).toHaveLength(1);
  });

  test('of another interface than the backup is refused with 7', async () => {
    const ran = await runLkipbu(['-r', '-t', 'ip-db', '-f', 'eth2']);
    expect(ran).toMatchObject({
      code: 7,
      out: '',
      err: 'lkipbu: eth2 is not the backup interface of ip-db on ServerA\n',
    });
  });
});

describe('-m', () => {
  const move = ['-m', '-t', 'ip-db'];

  test('waits for the end, and says in one line where the address is', async () => {
    expect(await runLkipbu(move)).toMatchObject({
      code: 0,
      out: 'ip-db is on eth1 of ServerA, was on eth0; verified in 2.000 s\n',
      err: '',
    });
  });

  test.each(['failed', 'held'] as const)('that has %s is exit code 1 and one line', async (outcome) => {
    const ran = await runLkipbu(move, {
      given: (engine) => {
        engine.ends = { outcome, afterMs: 500 };
      },
    });
    expect(ran).toMatchObject({ code: 1, out: '' });
    expect(ran.err).toMatch(
      new RegExp(`^lkipbu: ip-db is not moved: .* \\(${outcome}, .*\\); holdfast explain ${recoveryName}\n$`),
    );
  });

  test('without an end leaves it running after five minutes', async () => {
    const ran = await runLkipbu(move, {
      given: (engine) => {
        engine.ends = { outcome: 'failed', afterMs: 3_600_000 };
      },
    });
    expect(ran).toMatchObject({
      code: 1,
      err: `lkipbu: ip-db: no end within 5m; still running: holdfast explain ${recoveryName}\n`,
    });
  });

  test('ended by Ctrl-C leaves it running and says how to watch it', async () => {
    const ran = await runLkipbu(move, { interruptedAt: 2 });
    expect(ran).toMatchObject({
      code: 130,
      out: '',
      err: `still running: holdfast explain ${recoveryName}\n`,
    });
    expect(ran.engine.carriedOut).toHaveLength(1);
  });
});

test('Ctrl-C while an order is on its way says that it may have been taken; a question is only interrupted', async () => {
  const order = await runLkipbu(['-r', '-t', 'ip-db', '-f', 'eth1'], { interruptedAt: 1 });
  expect(order).toMatchObject({
    code: 130,
    err: 'lkipbu: interrupted; the order may have been taken: holdfast history\n',
  });
  expect(await runLkipbu(show, { interruptedAt: 1 })).toMatchObject({
    code: 130,
    err: 'lkipbu: interrupted\n',
  });
});

test('-h prints the four forms and asks nobody', async () => {
  const ran = await runLkipbu(['-h']);
  expect(ran).toMatchObject({ code: 0, err: '', fleet: undefined });
  expect(ran.out).toContain('lkipbu [-d machine] -{a|r} -t tag -f interface');
});

test.each([
  ['unknown-tag', 7],
  ['unknown-server', 7],
  ['usage', 5],
  ['service-unavailable', 9],
  ['access-denied', 9],
  ['throttled', 9],
  ['not-found', 9],
  ['invalid-record', 1],
] as const satisfies readonly (readonly [FaultCode, number])[])(
  'the fault %s is exit code %i and one line',
  async (code, exitCode) => {
    const ran = await runLkipbu(show, {
      given: (engine) => {
        engine.failsWith = new Fault(code, 'why', 'never');
      },
    });
    expect(ran).toMatchObject({ code: exitCode, out: '', err: 'lkipbu: why\n' });
  },
);
