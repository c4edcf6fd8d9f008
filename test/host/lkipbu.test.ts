/** lkipbu on an instance says and does, word for word, what lkipbu on a workstation does. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { orderDigest } from '../../lib/aws/order-digest.ts';
import { lkipbuScript } from '../../lib/host/lkipbu-script.ts';
import { lkipbu } from '../../lib/operator/lkipbu.ts';
import { lkipbuUsage } from '../../lib/operator/lkipbu-arguments.ts';
import { operateFunctionName } from '../../lib/recovery/names.ts';
import type { Answer, AskedRequest, RefusalCode } from '../../lib/recovery/order.ts';
import { manualClock } from '../fakes/clock.ts';
import { fakeEngine, recoveryName } from '../fakes/engine.ts';
import { roleCredentials, startAnswered } from './instance-lab.ts';
import { execute } from './labs.ts';
import { type Given, lines } from './lkipbu-lines.ts';
import { missing, type Shell, shells, titled } from './shells.ts';
import { authorizationOf } from './signature.ts';

type Ran = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

const fn = 'holdfast-main-operate';
const region = 'us-east-1';
const long = 'x'.repeat(10_240);
/** A second of the engine's for every look: a wait costs none of ours. */
const lookMs = 1_000;
const usageOfInstance = readFileSync(new URL('../../lib/host/lkipbu-usage.txt', import.meta.url), 'utf8');

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function lab(answer: Parameters<typeof startAnswered>[0]) {
  const started = await startAnswered(answer);
  stops.push(started.stop);
  return started;
}

async function onInstance(shell: Shell, given: Given = () => {}) {
  const clock = manualClock();
  const engine = fakeEngine(clock);
  given(engine);
  const { lambda, instance } = await lab(async (request) => {
    await clock.sleep(lookMs);
    return { body: JSON.stringify(await engine.ask(request as AskedRequest)) };
  });
  return { engine, lambda, run: (argv: readonly string[]) => instance.run(shell, argv) };
}

async function onWorkstation(argv: readonly string[], given: Given = () => {}): Promise<Ran> {
  const clock = manualClock();
  const engine = fakeEngine(clock);
  given(engine);
  return lkipbu(argv, {
    environment: {},
    clock,
    interrupted: new AbortController().signal,
    engine: () => engine,
  });
}

/** Where the fleet and the credentials come from is all that the two usages differ in. */
function withoutSettings(text: string): string {
  return text.replace(/^(On a server|Environment): .*\n.*\n/m, '');
}

test('the usage is that of the workstation, but for where its settings come from', () => {
  expect(withoutSettings(usageOfInstance)).toBe(withoutSettings(lkipbuUsage));
});

const noCheck = missing('shellcheck');
test.skipIf(noCheck !== undefined)(titled('shellcheck finds nothing in the program', noCheck), async () => {
  const { instance } = await lab(async () => null);
  // Words are split on purpose.
  const checks = ['--shell=sh', '--exclude=SC2086', `${instance.root}/lkipbu`];
  expect(await execute('shellcheck', checks)).toEqual({ exitCode: 0, stdout: '', stderr: '' });
});

test('the program says on its second line which one it is', () => {
  const { text, version } = lkipbuScript();
  expect(text.split('\n')[1]).toBe(`HOLDFAST_LKIPBU=${version}`);
  expect(lkipbuScript('beside').version).not.toBe(version);
});

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))('under $name', ({ words }) => {
  const reason = missing(words[0], 'curl', 'openssl', 'od');
  const it = (title: string, run: () => Promise<void>) =>
    test.skipIf(reason !== undefined)(titled(title, reason), run);
  const show = ['-s', '-t', 'ip-db'];
  const remove = ['-r', '-t', 'ip-db', '-f', 'eth1'];

  it(`${lines.length} command lines come to the same exit code, stdout and stderr as on a workstation`, async () => {
    for (const [argv, given] of lines) {
      const there = await onWorkstation(argv, given);
      const { run } = await onInstance(words, given);
      const here = await run(argv);
      for (const stop of stops.splice(0)) await stop();
      expect([argv, here.exitCode, withoutSettings(here.stderr), withoutSettings(here.stdout)]).toEqual([
        argv,
        there.exitCode,
        withoutSettings(there.stderr),
        withoutSettings(there.stdout),
      ]);
    }
  });

  it('what is wrong on the command line asks nobody', async () => {
    const { run, lambda } = await onInstance(words);
    for (const argv of [[], ['-s'], ['-s', '-t', 'IP'], ['-m', '-t', 'ip-db', '--reason', long], ['-h']])
      await run(argv);
    expect(lambda.requests).toEqual([]);
  });

  it('an invocation is signed as the role, and its alias is part of the name', async () => {
    const { run, lambda } = await onInstance(words);
    await run(show);
    const [asked, ...more] = lambda.requests;
    expect(more).toEqual([]);
    expect(asked?.url).toBe(`POST /2015-03-31/functions/${fn}%3Alive/invocations`);
    expect(asked?.body).toBe('{"action":"status","tag":"ip-db"}');
    const { host = '', authorization, ...headers } = asked?.headers ?? {};
    const date = String(headers['x-amz-date']);
    expect(authorization).toBe(
      authorizationOf({
        service: 'lambda',
        method: 'POST',
        path: `/2015-03-31/functions/${fn}%253Alive/invocations`,
        headers: [
          ['content-type', 'application/octet-stream'],
          ['host', host],
          ['x-amz-date', date],
          ['x-amz-security-token', roleCredentials.Token],
        ],
        body: asked?.body ?? '',
        date,
        region,
        accessKey: roleCredentials.AccessKeyId,
        secretKey: roleCredentials.SecretAccessKey,
      }),
    );
  });

  it('an order bears a signed identity that is bound to it, whatever its reason has in it', async () => {
    const { run, lambda, engine } = await onInstance(words);
    const reasons = [
      'new card',
      '"quoted" \'too\' \\ and \\" $(reboot) `reboot` $HOME %s %n * ; | &',
      'over\nseveral\r\nlines\t\u0001\u001f\u007f',
      'ß 日本 😀 \u2028',
      'x'.repeat(256),
      '@/etc/passwd',
    ];
    for (const each of reasons) await run([...remove, '--reason', each]);
    expect(engine.asked).toEqual(
      reasons.map((each) => ({ action: 'remove-backup', interface: 'eth1', reason: each, tag: 'ip-db' })),
    );
    for (const { body } of lambda.requests) {
      const { proof, ...order } = JSON.parse(body);
      const { authorization, ...headers } = proof.headers;
      expect(headers['x-holdfast-order']).toBe(orderDigest(order, operateFunctionName('main')));
      expect(authorization).toBe(
        authorizationOf({
          service: 'sts',
          method: 'POST',
          path: '/',
          headers: Object.entries<string>(headers),
          body: proof.body,
          date: headers['x-amz-date'],
          region,
          accessKey: roleCredentials.AccessKeyId,
          secretKey: roleCredentials.SecretAccessKey,
        }),
      );
      expect(JSON.stringify(proof)).not.toContain(roleCredentials.SecretAccessKey);
    }
  });

  it('the same order given twice in a second is two orders: no proof is like another', async () => {
    const { run, lambda } = await onInstance(words);
    await Promise.all([run(remove), run(remove), run(remove)]);
    const ids = lambda.requests.map(({ body }) => JSON.parse(body).proof.headers['amz-sdk-invocation-id']);
    expect(new Set(ids).size).toBe(3);
  });

  it('every refusal has the exit code and the words that it has on a workstation', async () => {
    const codes = {
      ...{ 'claim-held': 0, 'backup-exists': 0, 'backup-missing': 0, 'interface-invalid': 0, usage: 0 },
      ...{ 'target-not-ready': 0, 'nothing-waits': 0, 'unknown-recovery': 0, 'who-unknown': 0 },
      ...{ 'unknown-tag': 0, 'unknown-server': 0, throttled: 0, 'service-unavailable': 0, 'no-answer': 0 },
      ...{ 'access-denied': 0, 'not-found': 0, refused: 0, 'invalid-settings': 0, 'invalid-record': 0 },
      ...{ 'invalid-address': 0, 'invalid-netmask': 0, 'invalid-info': 0, 'invalid-fleet': 0 },
      ...{ 'invalid-answer': 0, 'illegal-transition': 0 },
    } as const satisfies { readonly [code in RefusalCode]: 0 };
    const message = 'it "says" \\ /why/ $(reboot) {"ok":true}';
    let code: RefusalCode = 'usage';
    const { instance } = await lab(async () => ({ body: JSON.stringify({ ok: false, code, message }) }));
    for (const each of Object.keys(codes) as RefusalCode[]) {
      code = each;
      const there = await lkipbu(show, {
        environment: {},
        clock: manualClock(),
        interrupted: new AbortController().signal,
        engine: () => ({ ask: async (): Promise<Answer> => ({ ok: false, code: each, message }) }),
      });
      expect([each, await instance.run(words, show)]).toEqual([each, there]);
    }
  });

  it('what is in the evidence of an explanation is not taken for the explanation', async () => {
    const nested = {
      ended: false,
      outcome: 'failed',
      words: '"ended":false',
      to: { server: 'x', interface: 'y' },
    };
    const place = { server: 'ServerA', interface: 'eth1' };
    const explanation = {
      steps: [{ evidence: [nested, 'a "quote\\', { '}': ']' }] }],
      trigger: nested,
      who: { name: 'arn', reason: 'of theirs' },
      ended: true,
      recovery: recoveryName,
      tag: 'ip-db',
      startedAtMs: 1_767_607_200_000.25,
      endedAtMs: 1_767_607_201_042,
      outcome: 'moved-to-backup',
      reason: 'ordered',
      words: 'as ordered',
      from: null,
      to: place,
    };
    const { instance } = await lab(async (request) => ({
      body: JSON.stringify(
        (request as AskedRequest).action === 'explain'
          ? { explanation, kind: 'explanation', ok: true }
          : { ok: true, kind: 'started', plan: { steps: ['{', '"'], leftOut: [] }, recovery: recoveryName },
      ),
    }));
    expect(await instance.run(words, ['-m', '-t', 'ip-db'])).toEqual({
      exitCode: 0,
      stdout: 'ip-db is on eth1 of ServerA; verified in 1.042 s\n',
      stderr: '',
    });
  });
});
