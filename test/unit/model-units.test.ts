import { beforeEach, describe, expect, test } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';

let clock: VirtualClock;
let host: ModelHost;
let startMs: number;

beforeEach(() => {
  clock = new VirtualClock();
  startMs = clock.now();
  host = new ModelHost({ id: 'i-guest', clock, fabric: new Fabric({ eniOwning: () => undefined }) });
  host.units.install({ name: 'database.service', startMs: 2_000, stopMs: 1_000 });
  host.units.install({ name: 'agent.service', enabled: true, startMs: 500 });
  host.boot();
});

function run(script: string) {
  return clock.run(host.exec(script, { timeoutMs: 600_000 }));
}

/** `2.5 database.service started`: seconds since the first boot. */
function told(): readonly string[] {
  return host.units.history.map(({ atMs, unit, what }) => `${(atMs - startMs) / 1000} ${unit} ${what}`);
}

describe('the units of a model guest', () => {
  test('start and stop take their time, and the history has it', async () => {
    expect(await run('systemctl start database.service; systemctl stop database.service')).toMatchObject({
      exitCode: 0,
    });
    expect(told().filter((each) => each.includes('database'))).toEqual([
      '0 database.service starting',
      '2 database.service started',
      '2 database.service stopping',
      '3 database.service stopped',
    ]);
  });

  test('of themselves come up at a boot those that are enabled, and at a power cut all are lost', async () => {
    await run('systemctl start database.service');
    host.halt();
    expect(host.units.stateOf('database.service')).toBe('inactive');
    await clock.advance(60_000);
    host.boot();
    await clock.advance(60_000);
    expect(told().slice(3)).toEqual([
      '2 database.service started',
      '2 agent.service lost',
      '2 database.service lost',
      '62 agent.service starting',
      '62.5 agent.service started',
    ]);
    expect(host.units.stateOf('database.service')).toBe('inactive');
  });

  test('a unit that is on its way down comes up after it, and one that is on its way up is stopped', async () => {
    const both = (first: string, second: string) =>
      Promise.all([run(`systemctl ${first}`), run(`sleep 0.3; systemctl ${second}`)]);
    await run('systemctl start database.service');
    expect(await both('stop database.service', 'start database.service')).toMatchObject([
      { exitCode: 0 },
      { exitCode: 0 },
    ]);
    expect(host.units.stateOf('database.service')).toBe('active');
    await run('systemctl stop database.service');
    expect(await both('start database.service', 'stop database.service')).toMatchObject([
      { exitCode: 1, stderr: 'Job for database.service canceled.\n' },
      { exitCode: 0 },
    ]);
    expect(host.units.stateOf('database.service')).toBe('inactive');
  });

  test('a start that hangs fails when its time is over, unless it has none', async () => {
    host.units.fault('database.service', 'hangs-on-start');
    const { exitCode, stderr } = await run('systemctl start database.service');
    expect([exitCode, stderr.split('\n')[0]]).toEqual([
      1,
      'Job for database.service failed because a timeout was exceeded.',
    ]);
    expect(told().at(-1)).toBe('90 database.service failed');
    host.units.fault('database.service');
    expect(await run('systemctl start database.service')).toMatchObject({ exitCode: 0 });
  });

  test('the job goes on when who waits for it is ended', async () => {
    expect(await run('timeout 1 systemctl start database.service; systemctl is-active database')).toEqual({
      exitCode: 3,
      stdout: 'activating\n',
      stderr: '',
      timedOut: false,
    });
    await clock.advance(1_000);
    expect(host.units.stateOf('database.service')).toBe('active');
  });

  test('a unit does not start without what it needs', async () => {
    let there = false;
    host.units.install({ name: 'needy.service', canStart: () => there });
    expect(await run('systemctl start needy')).toMatchObject({ exitCode: 1 });
    there = true;
    expect(await run('systemctl start needy')).toMatchObject({ exitCode: 0 });
  });
});

describe('the files of a model guest', () => {
  test('have the time since the boot, and the process that asks', async () => {
    await clock.advance(3_210);
    expect(await run('sleep 1; cat /proc/uptime')).toMatchObject({ stdout: '9.21 0.00\n' });
    const { stdout } = await run('echo $$; cat /proc/$$/stat; ls /proc/1001');
    const [pid, stat] = stdout.split('\n');
    expect(stat).toMatch(new RegExp(`^${pid} \\(sh\\) S 1 ([0-9]+ ){17}921 0$`));
  });

  test('are empty below /run after a boot, and elsewhere stay', async () => {
    host.writeProgram('/usr/local/bin/app', 'echo "$1" >/run/app/said; cat /run/app/said');
    expect(await run('mkdir -p /run/app; timeout 5 /usr/local/bin/app here')).toMatchObject({
      stdout: 'here\n',
    });
    host.halt();
    host.boot();
    expect(await run('cat /run/app/said')).toMatchObject({ exitCode: 1 });
    expect(await run('mkdir -p /run/app; timeout 5 /usr/local/bin/app again')).toMatchObject({
      stdout: 'again\n',
    });
  });

  test('a program that is ended at its time does nothing more', async () => {
    host.writeProgram('/usr/local/bin/app', 'sleep 3; echo late >/tmp/late');
    expect(await run('timeout 1 /usr/local/bin/app; echo $?')).toMatchObject({ stdout: '124\n' });
    await clock.advance(10_000);
    expect(await run('cat /tmp/late')).toMatchObject({ exitCode: 1 });
  });
});
