/** lkipbu on an instance where there is no answer, or somebody does not wait for it: what it says, and what it does again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, test } from 'vitest';
import type { AskedRequest } from '../../lib/recovery/order.ts';
import { recoveryName } from '../fakes/engine.ts';
import { configurationOf, type LambdaReply, startAnswered, startInstance } from './instance-lab.ts';
import { execute } from './labs.ts';
import { missing, shells, titled } from './shells.ts';

const fn = 'holdfast-main-operate';
const pseudoTerminal = 'script';
const show = ['-s', '-t', 'ip-db'];
const remove = ['-r', '-t', 'ip-db', '-f', 'eth1'];

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function lab(answer: Parameters<typeof startAnswered>[0]) {
  const started = await startAnswered(answer);
  stops.push(started.stop);
  return started;
}

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))('under $name', ({ words }) => {
  const reason = missing(words[0], 'curl', 'openssl', 'od');
  const it = (title: string, run: () => Promise<void>) =>
    test.skipIf(reason !== undefined)(titled(title, reason), run);

  const noTerminal = reason ?? missing(pseudoTerminal);
  test.skipIf(noTerminal !== undefined)(
    titled(
      'Ctrl-C at a terminal leaves the line there that says how to watch it, and exit code 130',
      noTerminal,
    ),
    async () => {
      const { instance, lambda } = await lab(async (request) => ({
        body: JSON.stringify(
          (request as AskedRequest).action === 'explain'
            ? { ok: true, kind: 'explanation', explanation: { ended: false } }
            : { ok: true, kind: 'started', recovery: recoveryName },
        ),
      }));
      const line = `${words.join(' ')} ${instance.root}/lkipbu -m -t ip-db`;
      const terminal = spawn(pseudoTerminal, ['-qec', line, '/dev/null'], {
        env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOLDFAST_ROOT: instance.root, TERM: 'xterm' },
      });
      let shown = '';
      let sent = false;
      terminal.stdout.on('data', (chunk: Buffer) => {
        shown += chunk.toString('utf8');
        // Once it has looked twice it is known to wait.
        if (sent || lambda.requests.length < 3) return;
        sent = true;
        terminal.stdin.write('\u0003');
      });
      const [exitCode] = await once(terminal, 'close');
      expect(exitCode).toBe(130);
      expect(shown).toContain(`still running: holdfast explain ${recoveryName}; `);
      expect(shown).not.toContain('lkipbu:');
    },
  );

  describe('without an answer', () => {
    const denied: LambdaReply = {
      status: 403,
      headers: { 'x-amzn-ErrorType': 'AccessDeniedException:http://internal.amazon.com/' },
      body: '{"Message":"User: arn is not authorized to perform: lambda:InvokeFunction"}',
    };
    const throttled: LambdaReply = {
      status: 429,
      body: '{"Reason":"CallerRateLimitExceeded","Type":"User","__type":"TooManyRequestsException","message":"Rate exceeded"}',
    };
    const broken: LambdaReply = {
      headers: { 'X-Amz-Function-Error': 'Unhandled' },
      body: '{"errorType":"Error","errorMessage":"boom"}',
    };
    const uncertain = '; the order may have been taken all the same: holdfast history shows it';

    const answers: readonly (readonly [string, LambdaReply | null, number, string, string])[] = [
      [
        'access denied',
        denied,
        9,
        `lambda:Invoke ${fn}: AccessDeniedException: User: arn is not authorized to perform: lambda:InvokeFunction`,
        '',
      ],
      [
        'no such function',
        { status: 404, body: '{"__type":"ResourceNotFoundException","message":"Function not found"}' },
        9,
        `lambda:Invoke ${fn}: ResourceNotFoundException: Function not found`,
        '',
      ],
      ['throttled', throttled, 9, `lambda:Invoke ${fn}: TooManyRequestsException: Rate exceeded`, ''],
      ['failed', broken, 9, `${fn} failed: ${broken.body}`, uncertain],
      [
        'a gateway in between',
        { status: 502, body: '<html>' },
        9,
        `lambda:Invoke ${fn}: UnknownError: status 502`,
        uncertain,
      ],
      ['refused', { status: 400, body: '{"message":"no"}' }, 1, `lambda:Invoke ${fn}: UnknownError: no`, ''],
      ['something else', { body: '["ok"]' }, 1, `${fn} answered with something else: ["ok"]`, ''],
      [
        'half of it',
        { body: '{"ok":true,"kind":"status' },
        1,
        `${fn} answered with something else: {"ok":true,"kind":"status`,
        '',
      ],
      ['nothing', { body: '' }, 1, `${fn} answered with something else: `, ''],
    ];

    it('it says which, with the exit code of the fault, and of an order whether it may have been taken', async () => {
      let reply: LambdaReply | null = null;
      const { instance } = await lab(async () => reply);
      for (const [name, given, exitCode, message, more] of answers) {
        reply = given;
        const stderr = `lkipbu: ${message}\n`;
        expect([name, await instance.run(words, show)]).toEqual([name, { exitCode, stdout: '', stderr }]);
        const ordered = await instance.run(words, remove);
        expect([name, ordered]).toEqual([
          name,
          { exitCode, stdout: '', stderr: `lkipbu: ${message}${more}\n` },
        ]);
      }
    });

    it('it asks again what may be answered the next time, an order with the same proof', async () => {
      const bad = [throttled, null, broken];
      const { instance, lambda } = await lab(async () => {
        const next = bad.shift();
        return next === undefined
          ? { body: '{"ok":true,"kind":"done","changed":true,"message":"done"}' }
          : next;
      });
      expect(await instance.run(words, remove)).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' });
      const bodies = lambda.requests.map(({ body }) => body);
      expect(bodies).toHaveLength(4);
      expect(new Set(bodies).size).toBe(1);
    });

    it('it says that nothing is reached, and of a broken connection that the order may have been taken', async () => {
      const { instance } = await lab(async () => null);
      const cut = await instance.run(words, remove);
      expect(cut).toMatchObject({ exitCode: 9, stdout: '' });
      expect(cut.stderr).toMatch(
        /^lkipbu: lambda:Invoke holdfast-main-operate: curl: \(52\) .*; the order may have/,
      );
      instance.configure(configurationOf(instance.imds, 'http://127.0.0.1:1'));
      const absent = await instance.run(words, remove);
      expect(absent).toMatchObject({ exitCode: 9, stdout: '' });
      expect(absent.stderr).toMatch(/^lkipbu: lambda:Invoke holdfast-main-operate: curl: \(7\) [^;]*\n$/);
    });

    it('while it waits it goes on looking, and stops where looking cannot help', async () => {
      const started = { ok: true, kind: 'started', recovery: recoveryName, plan: { steps: [], leftOut: [] } };
      const unknown = { ok: false, code: 'unknown-recovery', message: 'no recovery' };
      const looks: (LambdaReply | null)[] = [
        { body: JSON.stringify(started) },
        { body: JSON.stringify(unknown) },
        throttled,
        denied,
      ];
      const { instance, lambda } = await lab(async () => looks.shift() ?? null);
      const ran = await instance.run(words, ['-m', '-t', 'ip-db']);
      expect(ran).toMatchObject({ exitCode: 9, stdout: '' });
      expect(ran.stderr).toMatch(
        new RegExp(`AccessDeniedException: .*; still running: holdfast explain ${recoveryName}\n$`),
      );
      expect(lambda.requests).toHaveLength(4);
    });
  });

  it('a server without the agent, without a role, or without its metadata service asks nobody', async () => {
    const { instance, lambda } = await lab(async () => null);
    const good = configurationOf(instance.imds, lambda.endpoint);
    const run = () => instance.run(words, show);
    instance.configure(good.filter((line) => !line.startsWith('imds')).concat('imds http://127.0.0.1:1'));
    expect(await run()).toEqual({
      exitCode: 9,
      stdout: '',
      stderr: 'lkipbu: no credentials: the metadata service at http://127.0.0.1:1 gives no token\n',
    });
    instance.configure(['fleet main']);
    expect(await run()).toMatchObject({
      exitCode: 9,
      stderr: expect.stringContaining('fleet or region is missing'),
    });
    instance.configure([...good, 'sts https://sts.$(reboot)']);
    expect(await run()).toMatchObject({
      exitCode: 9,
      stderr: expect.stringContaining('an endpoint has quotes'),
    });
    const none = await execute(words[0], [...words.slice(1), `${instance.root}/lkipbu`, ...show], {
      HOLDFAST_ROOT: `${instance.root}/none`,
    });
    expect(none).toMatchObject({
      exitCode: 9,
      stderr: expect.stringContaining('/agent.conf cannot be read'),
    });
    const bare = await startInstance(
      {
        handle: (_, { path }) =>
          path.endsWith('token') ? { status: 200, body: 'T' } : { status: 404, body: '' },
      },
      'i-0a1b2c3d4e5f60001',
      lambda.endpoint,
    );
    stops.push(bare.stop);
    expect(await bare.run(words, show)).toMatchObject({
      exitCode: 9,
      stderr: expect.stringContaining('knows no role of this instance'),
    });
    expect(lambda.requests).toEqual([]);
  });
});
