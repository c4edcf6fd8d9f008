/** What dependent.sh does with programs: one list, true under every shell and on the model. */
import { expect } from 'vitest';
import {
  application,
  ask,
  type Case,
  type DependentGuest,
  inService,
  outOfService,
  startFailed,
  timedOut,
} from './dependent-lab.ts';

export const programCases: readonly Case<DependentGuest>[] = [
  {
    title: 'a start is over when a look has seen the program in service',
    holds: async (guest) => {
      const app = application(guest, { start: `echo up; touch ${guest.directory}/on` });
      const answer = await ask(guest, [app], 'start');
      expect(answer).toEqual({
        exitCode: 0,
        v: 1,
        action: 'start',
        tag: 'ip-db',
        name: 'app',
        state: 'in-service',
        changed: true,
        checked: true,
        exit: 0,
        timedOut: false,
        why: 'verified',
        output: 'up',
        ms: answer.ms,
      });
    },
  },
  {
    title: 'what is so already is not done again',
    holds: async (guest) => {
      const app = application(guest);
      const already = { exitCode: 0, changed: false, checked: true, exit: null, why: 'already-so' };
      expect(await ask(guest, [app], 'stop')).toMatchObject({ ...already, state: 'out-of-service' });
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...inService, changed: true });
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...already, state: 'in-service' });
      expect(await ask(guest, [app], 'stop')).toMatchObject({ ...outOfService, changed: true, exit: 0 });
    },
  },
  {
    title: 'a program that returns before it is in service is waited for',
    holds: async (guest) => {
      const { directory: at } = guest;
      const check = `[ -e ${at}/on ] || exit 3; echo x >>${at}/asked; [ "$(wc -l <${at}/asked)" -ge 2 ] || exit 1`;
      const app = application(guest, { check }, 10);
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...inService, exit: 0 });
      expect((await guest.run(`cat ${at}/asked`)).stdout).toBe('x\nx\n');
    },
  },
  {
    title: 'a start that ends with 0 and is never seen in service has failed, with the words of the check',
    holds: async (guest) => {
      const app = application(guest, { start: 'echo done', check: 'echo not listening; exit 3' });
      const answer = { ...startFailed, state: 'out-of-service', changed: true, exit: 0 };
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...answer, output: 'not listening' });
    },
  },
  {
    title: 'a start that fails says so in its own words, whatever they are',
    holds: async (guest) => {
      const words = `echo 'a "quoted" back\\slash, {"v":2} and \`id\`'; printf 'tab\\tand more\\n\\nend' >&2; exit 4`;
      const answer = await ask(guest, [application(guest, { start: words })], 'start');
      expect(answer).toMatchObject({ ...startFailed, state: 'out-of-service', exit: 4, changed: true });
      expect(answer.output).toBe('a "quoted" back\\slash, {"v":2} and `id`\ntab?and more\n\nend');
    },
  },
  {
    title: 'a start that complains of what is in service all the same has not failed',
    holds: async (guest) => {
      const app = application(guest, { start: `touch ${guest.directory}/on; exit 1` });
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...inService, exit: 1 });
    },
  },
  {
    title: 'of much output the end is told, in ASCII',
    holds: async (guest) => {
      const start = `i=0; while [ $i -lt 300 ]; do echo "line $i"; i=$((i + 1)); done; echo zürich; exit 1`;
      const { output } = await ask(guest, [application(guest, { start })], 'start');
      expect(output.length).toBeLessThanOrEqual(500);
      expect(output).toMatch(/line 298\nline 299\nz\?{1,2}rich$/);
      expect(output).not.toContain('line 200\n');
    },
  },
  {
    title: 'a start that hangs is ended at its time, and is not called in service',
    holds: async (guest) => {
      const app = application(guest, { start: 'echo waiting; sleep 1000' }, 1);
      expect(await ask(guest, [app], 'start')).toMatchObject({
        ...timedOut,
        exitCode: 69,
        state: 'out-of-service',
        changed: true,
      });
    },
  },
  {
    title: 'a start that answers while it hangs is not called in service: it has just been killed',
    holds: async (guest) => {
      const app = application(guest, { start: `touch ${guest.directory}/on; sleep 1000` }, 1);
      expect(await ask(guest, [app], 'start')).toMatchObject({ ...timedOut, exitCode: 75, state: 'unknown' });
    },
  },
  {
    title: 'a stop that hangs is not a stop',
    holds: async (guest) => {
      const app = application(guest, { stop: 'sleep 1000' }, 1);
      await ask(guest, [app], 'start');
      expect(await ask(guest, [app], 'stop')).toMatchObject({
        ...timedOut,
        exitCode: 69,
        state: 'in-service',
      });
    },
  },
  {
    title: 'a stop that ends with 0 while the program is still in service is not a stop',
    holds: async (guest) => {
      const app = application(guest, { stop: 'true' }, 1);
      await ask(guest, [app], 'start');
      const answer = { exitCode: 69, state: 'in-service', exit: 0, why: 'stop-failed', timedOut: false };
      expect(await ask(guest, [app], 'stop')).toMatchObject(answer);
    },
  },
  {
    title: 'a check tells 0, 3 and the rest apart',
    holds: async (guest) => {
      const check = (code: number) => ask(guest, [application(guest, { check: `exit ${code}` })], 'check');
      expect(await check(0)).toMatchObject({ ...inService, exit: 0, changed: false });
      expect(await check(3)).toMatchObject({ ...outOfService, exit: 3 });
      const failed = { exitCode: 69, state: 'failed', why: 'check-failed', checked: true };
      expect(await check(1)).toMatchObject({ ...failed, exit: 1 });
      expect(await check(124)).toMatchObject({ ...failed, exit: 124, timedOut: false });
      expect(await check(137)).toMatchObject({ ...failed, exit: 137, timedOut: false });
    },
  },
  {
    title: 'a check that hangs is no look',
    holds: async (guest) => {
      const app = application(guest, { check: 'sleep 1000' }, 1);
      const answer = { ...timedOut, exitCode: 75, state: 'unknown', checked: false };
      expect(await ask(guest, [app], 'check')).toMatchObject(answer);
      expect(await ask(guest, [app], 'start')).toMatchObject({
        exitCode: 75,
        state: 'unknown',
        changed: true,
      });
    },
  },
  {
    title: 'without a check the exit code has to do, and the answer says that nobody has looked',
    holds: async (guest) => {
      const app = application(guest, { check: null });
      const believed = { exitCode: 0, checked: false, changed: true, exit: 0 };
      expect(await ask(guest, [app], 'start')).toMatchObject({
        ...believed,
        state: 'in-service',
        why: 'started',
      });
      expect(await ask(guest, [app], 'stop')).toMatchObject({
        ...believed,
        state: 'out-of-service',
        why: 'stopped',
      });
      const nobodyKnows = { exitCode: 69, state: 'unknown', checked: false };
      expect(await ask(guest, [app], 'check')).toMatchObject({ ...nobodyKnows, why: 'no-check', exit: null });
      const failing = application(guest, { check: null, start: 'exit 2', stop: 'sleep 1000' }, 1);
      expect(await ask(guest, [failing], 'start')).toMatchObject({
        ...nobodyKnows,
        why: 'start-failed',
        exit: 2,
      });
      expect(await ask(guest, [failing], 'stop')).toMatchObject({
        ...nobodyKnows,
        ...timedOut,
        exitCode: 75,
      });
    },
  },
  {
    title: 'a program that is not there has changed nothing, and as a check has seen nothing',
    holds: async (guest) => {
      const app = application(guest);
      if (app.run.kind !== 'command') throw new Error('not a command');
      const nowhere = ['/nowhere/app'];
      const noStart = { ...app, run: { ...app.run, start: nowhere } };
      expect(await ask(guest, [noStart], 'start')).toMatchObject({
        ...startFailed,
        changed: false,
        exit: 127,
      });
      const noCheck = { ...app, run: { ...app.run, check: nowhere } };
      const blind = { exitCode: 75, state: 'unknown', checked: false, why: 'could-not-look' };
      expect(await ask(guest, [noCheck], 'check')).toMatchObject(blind);
      expect(await ask(guest, [noCheck], 'start')).toMatchObject({ ...blind, changed: true });
    },
  },
  {
    title: 'a program gets its arguments as they are declared, and no variable of the script',
    holds: async (guest) => {
      const words = [
        "it's",
        '$(id) `id` $HOME',
        'a "b" \\',
        '',
        '-n',
        'two\n\n # lines',
        '* ?',
        'ü €',
        '{{ Tag }}',
      ];
      const seen = `${guest.directory}/seen`;
      const path = guest.program('told', `printf '<%s>' "$@" >${seen}; env >>${seen}`);
      const run = { kind: 'command', start: [path, ...words], stop: ['true'], check: null } as const;
      await ask(guest, [{ tag: 'ip-db', name: 'app', timeoutS: 5, run }], 'start');
      const { stdout } = await guest.run(`cat ${seen}`);
      expect(stdout.startsWith(words.map((word) => `<${word}>`).join(''))).toBe(true);
      expect(stdout).not.toMatch(/HOLDFAST_(TAG|NAME|ACTION|ORDER)/);
    },
  },
  {
    title: 'what is not declared is refused, and nothing is run',
    holds: async (guest) => {
      const app = application(guest);
      const refused = { exitCode: 64, state: 'unknown', changed: false, tag: null, name: null };
      for (const asked of [
        { name: 'other' },
        { tag: 'ip-web' },
        { name: '' },
        { tag: '', name: 'ip-db/app' },
      ])
        expect(await ask(guest, [app], 'start', asked)).toMatchObject({ ...refused, why: 'not-declared' });
      expect(await ask(guest, [], 'start', { name: 'app' })).toMatchObject({
        ...refused,
        why: 'not-declared',
      });
      for (const action of ['', 'restart', 'kind', 'start;reboot', 'start\nstop'])
        expect(await ask(guest, [app], action)).toMatchObject({ ...refused, action: null, why: 'usage' });
      for (const order of ['-1', '1e3', ' 1', '1'.repeat(16), '٣'])
        expect(await ask(guest, [app], 'start', { order })).toMatchObject({ ...refused, why: 'usage' });
    },
  },
  {
    title: 'a start or stop that arrives late is refused, because a younger one has run',
    holds: async (guest) => {
      const app = application(guest);
      const other = { ...app, name: 'other' };
      expect(await ask(guest, [app], 'stop', { order: '1767607200500' })).toMatchObject({ exitCode: 0 });
      const late = { exitCode: 75, state: 'unknown', changed: false, why: 'superseded' };
      expect(await ask(guest, [app], 'start', { order: '1767607200499' })).toMatchObject(late);
      expect(await ask(guest, [app], 'check', { order: '1767607200499' })).toMatchObject(outOfService);
      expect(await ask(guest, [app], 'start', { order: '1767607200500' })).toMatchObject(inService);
      expect(await ask(guest, [app], 'stop', { order: '0' })).toMatchObject(outOfService);
      expect(await ask(guest, [app, other], 'start', { name: 'other', order: '7' })).toMatchObject(inService);
    },
  },
  {
    title: 'there are never two of them at once, and one does not wait for another dependent',
    holds: async (guest) => {
      const begun = `${guest.directory}/begun`;
      const app = application(guest, { start: `touch ${begun}; sleep 5; touch ${guest.directory}/on` }, 10);
      const run = { kind: 'command', start: ['true'], stop: ['true'], check: null } as const;
      const all = [app, { ...app, name: 'other', run }];
      const before = `until [ -e ${begun} ]; do sleep 0.1; done`;
      const [first, second, third] = await Promise.all([
        ask(guest, [app], 'start'),
        ask(guest, [app], 'stop', { before }),
        ask(guest, all, 'check', { name: 'other', before }),
      ]);
      expect(first).toMatchObject(inService);
      expect(second).toMatchObject({ exitCode: 75, state: 'unknown', changed: false, why: 'busy' });
      expect(third).toMatchObject({ why: 'no-check' });
    },
  },
  {
    title: 'the lock of a script that is gone is broken',
    holds: async (guest) => {
      const app = application(guest);
      expect(await ask(guest, [app], 'check')).toMatchObject(outOfService);
      const lock = 'dependent/ip-db/app/lock';
      const enter = `cd "$\{HOLDFAST_RUN:-/run/holdfast}"`;
      const before = `${enter}; mkdir -p ${lock}; echo '4194305 77' >${lock}/owner`;
      expect(await ask(guest, [app], 'start', { before })).toMatchObject(inService);
      expect((await guest.run(`${enter}; ls ${lock}`)).exitCode).not.toBe(0);
    },
  },
];
