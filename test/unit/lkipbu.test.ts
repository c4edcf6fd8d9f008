import { describe, expect, test } from 'vitest';
import { lkipbu } from '../../lib/operator/lkipbu.ts';
import { Fault, type FaultCode } from '../../lib/recovery/fault.ts';
import type { OperateAnswer, Status } from '../../lib/recovery/operate.ts';

const status: Status = {
  tag: 'ip-db',
  state: 'ISP',
  reason: 'already-healthy',
  activeServer: 'ServerA',
  server: 'ServerA',
  address: '172.17.106.10',
  netmask: '255.255.252.0',
  primary: { name: 'eth0', up: true },
  backup: 'eth1',
  info: { ServerA: 'ServerA eth0 172.17.106.10 fffffc00 eth1' },
};

function run(
  argv: readonly string[],
  answer: OperateAnswer | Fault = { ok: true, status },
  asked: object[] = [],
) {
  return lkipbu(argv, () => ({
    async ask(request) {
      asked.push(request);
      if (answer instanceof Fault) throw answer;
      return answer;
    },
  }));
}

test('prints the four lines of the LifeKeeper page', async () => {
  expect(await run(['-s', '-t', 'ip-db'])).toEqual({
    exitCode: 0,
    stdout:
      'IP address: 172.17.106.10\nNetmask: 255.255.252.0\nPrimary interface: eth0 (up)\nBackup interface: eth1\n',
    stderr: '',
  });
});

test('says down where the address is not in service, and none where there is no backup', async () => {
  const { stdout } = await run(['-s', '-t', 'ip-db'], {
    ok: true,
    status: { ...status, primary: { name: 'eth0', up: false }, backup: null },
  });
  expect(stdout).toContain('Primary interface: eth0 (down)\nBackup interface: none\n');
});

test('asks about the machine it is told, in whatever order the flags come', async () => {
  const asked: object[] = [];
  await run(['-t', 'ip-db', '-d', 'ServerB', '-s'], undefined, asked);
  await run(['-st', 'ip-db'], undefined, asked);
  expect(asked).toEqual([
    { action: 'status', tag: 'ip-db', machine: 'ServerB' },
    { action: 'status', tag: 'ip-db' },
  ]);
});

describe('refuses with exit code 2 and its usage, without asking anybody', () => {
  test.each([
    [[], 'give exactly one of -a, -r, -m, -s'],
    [['-s', '-m', '-t', 'ip-db'], 'give exactly one of -a, -r, -m, -s'],
    [['-s'], '-s needs -t tag'],
    [['-s', '-t', ''], '-s needs -t tag'],
    [['-s', '-t'], "Option '-t, --t <value>' argument missing"],
    [['-s', '-t', 'ip-db', '-f', 'eth1'], '-f does not go with -s'],
    [['-s', '-t', 'ip-db', '-d', ''], '-d needs the name of a server'],
    [['-a', '-t', 'ip-db'], '-a needs -f interface'],
    [['-r', '-t', 'ip-db'], '-r needs -f interface'],
    [['-m', '-t', 'ip-db', '-f', 'eth1'], '-f does not go with -m'],
    [['-m', '-t', 'ip-db'], '-m is not in this version'],
    [['-a', '-t', 'ip-db', '-f', 'eth1'], '-a is not in this version'],
    [['-s', '-t', 'ip-db', '-x'], "Unknown option '-x'"],
    [['-s', '-t', 'ip-db', 'ip-web'], "Unexpected argument 'ip-web'"],
  ])('%j', async (argv, message) => {
    const asked: object[] = [];
    const { exitCode, stdout, stderr } = await run(argv, undefined, asked);
    expect(stderr).toContain(`lkipbu: ${message}`);
    expect(stderr).toContain('Usage: lkipbu');
    expect([exitCode, stdout, asked]).toEqual([2, '', []]);
  });
});

test.each([
  ['unknown-tag', 7],
  ['unknown-server', 7],
  ['usage', 5],
  ['service-unavailable', 9],
  ['access-denied', 9],
  ['invalid-record', 1],
] as const satisfies readonly (readonly [FaultCode, number])[])(
  '%s is exit code %i and one line',
  async (code, exitCode) => {
    const told = await run(['-s', '-t', 'ip-db'], { ok: false, code, message: 'why' });
    expect(told).toEqual({ exitCode, stdout: '', stderr: 'lkipbu: why\n' });
    expect(await run(['-s', '-t', 'ip-db'], new Fault(code, 'why', 'never'))).toEqual(told);
  },
);
