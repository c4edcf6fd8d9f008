import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { longestRunS } from '../../lib/host/dependent-document.ts';
import { dependentScript } from '../../lib/host/dependent-script.ts';
import {
  application,
  ask,
  type DependentGuest,
  rendered,
  shellPath,
  startModelGuest,
  startShell,
  unit,
} from './dependent-lab.ts';
import { programCases } from './dependent-programs.ts';
import { unitCases } from './dependent-units.ts';
import { execute } from './labs.ts';
import { has, missing, type Shell, shells, titled } from './shells.ts';
import { systemctlTranscript } from './systemctl-transcript.ts';
import { noSystemd, type SystemdLab, startSystemd } from './systemd-lab.ts';

async function on<Guest extends DependentGuest>(
  guest: Guest,
  holds: (guest: Guest) => Promise<void>,
): Promise<void> {
  try {
    await holds(guest);
  } finally {
    await guest.dispose();
  }
}

/** busybox with its own `timeout`, the others with that of the machine. */
function toolsOf([command]: Shell): Readonly<Record<string, string>> {
  return command === 'busybox' ? { timeout: 'exec busybox timeout "$@"' } : {};
}

const namedShells = shells.map((shell) => [shell.join(' '), shell] as const);

describe.concurrent.each(namedShells)('programs under %s', (_, shell) => {
  const reason = missing(shell[0], 'timeout');
  const starting = () => startShell(shell, toolsOf(shell));
  for (const { title, holds } of programCases)
    test.skipIf(reason !== undefined)(titled(title, reason), () => on(starting(), holds), 60_000);

  test.skipIf(reason !== undefined)(
    titled('a program that ignores the request to end is killed', reason),
    () =>
      on(starting(), async (guest) => {
        const start = `trap '' TERM; touch ${guest.directory}/begun; while :; do sleep 0.2; done`;
        const app = application(guest, { start }, 1);
        const answer = await ask(guest, [app], 'start');
        expect(answer).toMatchObject({ exitCode: 69, state: 'out-of-service', timedOut: true, exit: null });
      }),
    60_000,
  );

  test.skipIf(reason !== undefined)(
    titled('what a program leaves behind in the background is not waited for', reason),
    () =>
      on(starting(), async (guest) => {
        const { directory: at } = guest;
        const start = `sleep 30 & echo $! >${at}/pid; touch ${at}/on; echo up`;
        const answer = await ask(guest, [application(guest, { start }, 10)], 'start');
        expect(answer).toMatchObject({ state: 'in-service', why: 'verified', output: 'up' });
        expect(answer.ms).toBeLessThan(10_000);
        expect((await guest.run(`kill "$(cat ${at}/pid)"`)).exitCode).toBe(0);
      }),
    60_000,
  );

  test.skipIf(reason !== undefined)(
    titled('a unit without a systemd cannot be looked at', reason),
    () =>
      on(
        startShell(shell, { ...toolsOf(shell), systemctl: 'echo "no systemd here" >&2; exit 1' }),
        async (guest) => {
          const units = [unit({ named: (name) => name }, 'fine.service')];
          const answer = {
            exitCode: 75,
            state: 'unknown',
            why: 'could-not-look',
            checked: false,
            changed: false,
          };
          for (const action of ['start', 'stop', 'check'])
            expect(await ask(guest, units, action)).toMatchObject({
              ...answer,
              output: 'no systemd here',
            });
        },
      ),
    60_000,
  );

  test.skipIf(reason !== undefined)(
    titled('a script that is killed leaves a lock that the next one breaks', reason),
    () =>
      on(starting(), async (guest) => {
        const begun = `${guest.directory}/begun`;
        const app = application(guest, { start: `touch ${begun} ${guest.directory}/on; exec sleep 5` }, 10);
        const asked = { Tag: 'ip-db', Name: 'app', Action: 'start', Order: '0' };
        const document = guest.program('document', rendered([app], asked));
        const child = spawn(shell[0], [...shell.slice(1), document], {
          stdio: 'ignore',
          env: { PATH: shellPath, HOLDFAST_RUN: join(guest.directory, 'run') },
        });
        const ended = new Promise((resolve) => child.once('close', resolve));
        await guest.run(`until [ -e ${begun} ]; do sleep 0.05; done`);
        child.kill('SIGKILL');
        await ended;
        expect(await ask(guest, [app], 'check')).toMatchObject({ state: 'in-service', why: 'verified' });
      }),
    60_000,
  );
});

describe('programs on the model', () => {
  for (const { title, holds } of programCases) test(title, () => on(startModelGuest(), holds));

  test.each([
    ['a program that hangs whatever is asked of it', { check: 'sleep 9999', start: 'sleep 9999' }],
    ['a program that is never in service', { check: 'sleep 59; exit 3', start: 'sleep 59' }],
  ])('the answer is there in time: %s', async (_, bodies) => {
    const guest = startModelGuest();
    const app = application(guest, bodies, 60);
    const answer = await ask(guest, [app], 'start');
    expect(answer.ms).toBeGreaterThan(100_000);
    expect(answer.ms).toBeLessThanOrEqual(longestRunS(app) * 1000);
  });
});

describe('units', () => {
  let lab: Promise<SystemdLab> | undefined;
  const systemd = () => {
    lab ??= startSystemd(shells.map(([owner]) => owner));
    return lab;
  };
  afterAll(async () => (await lab)?.stop());

  describe.concurrent.each(namedShells)('of a real systemd under %s', (_, shell) => {
    const reason = noSystemd ?? missing(shell[0]);
    for (const { title, holds } of unitCases)
      test.skipIf(reason !== undefined)(
        titled(title, reason),
        async () => on((await systemd()).guest(shell, shell[0]), holds),
        60_000,
      );
  });

  test.skipIf(noSystemd !== undefined)(titled('systemctl says what the model says', noSystemd), async () => {
    expect(await transcript((await systemd()).guest(['sh']))).toBe(systemctlTranscript.expected);
  });

  describe('of the model', () => {
    for (const { title, holds } of unitCases) test(title, () => on(startModelGuest(), holds));

    test('systemctl says what a real one says', async () => {
      expect(await transcript(startModelGuest())).toBe(systemctlTranscript.expected);
    });
  });
});

/** Each command with what it says and its exit code. A user's systemd names itself in its advice. */
async function transcript(guest: DependentGuest): Promise<string> {
  const { commands } = systemctlTranscript;
  const { stdout } = await guest.run(
    commands.map((command) => `echo '$ ${command}'\n${command} 2>&1\necho "= $?"`).join('\n'),
  );
  return `\n${stdout}`.replaceAll(' --user', '');
}

const noShellcheck = has('shellcheck') ? undefined : 'shellcheck is missing';
test.skipIf(noShellcheck !== undefined)(titled('shellcheck finds nothing in the script', noShellcheck), () =>
  on(startShell(['sh']), async (guest) => {
    const declared = `DECLARED=''\ndeclared() { kind=systemd limit=1 unit=$1 checkable=true; }`;
    const script = guest.program('script', `${declared}\n${dependentScript()}\nmain`);
    const { stdout, exitCode } = await execute('shellcheck', ['--shell=sh', script]);
    expect([exitCode, stdout]).toEqual([0, '']);
  }),
);
