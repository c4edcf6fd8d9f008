/**
 * lkipbu on two servers of a fleet, with the deployed engine of the embedded AWS at the other end. The emulator names a
 * role's session after the role, EC2 after the instance: so each server has a role that is called like its instance.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Imds } from '../../lib/emulator/imds/imds.ts';
import { commandsDocument, commandsVersion } from '../../lib/host/commands-document.ts';
import type { Explanation, HistoryEntry } from '../../lib/recovery/order.ts';
import { type Stage, setStageIn } from '../../lib/story/stage.ts';
import { buildWorld } from '../../lib/story/world.ts';
import { manualClock } from '../fakes/clock.ts';
import { lambdaEngine } from '../fakes/lambda-engine.ts';
import { type InstanceLab, startInstance } from './instance-lab.ts';
import { execute } from './labs.ts';
import { missing, shells, titled } from './shells.ts';

const serverA = 'i-0a1b2c3d4e5f60001';
const serverB = 'i-0b1b2c3d4e5f60002';
const stranger = 'passer-by';
const lookEveryMs = 50;
const reason = missing('dash', 'curl', 'openssl', 'od');
const it = (title: string, run: () => Promise<void>) =>
  test.skipIf(reason !== undefined)(titled(title, reason), run);
const show = ['-s', '-t', 'ip-db'];

let directory: string;
let stage: Stage;
let imds: Imds;
let onA: InstanceLab;
let onB: InstanceLab;

beforeAll(async () => {
  if (reason !== undefined) return;
  directory = mkdtempSync(join(tmpdir(), 'holdfast-commands-'));
  const fleetFile = join(directory, 'fleet.yaml');
  writeFileSync(fleetFile, withCommands(readFileSync(new URL('../../fleet.yaml', import.meta.url), 'utf8')));
  stage = await setStageIn(
    (aws, fleet, putHealth) => {
      for (const role of [serverA, serverB, stranger]) aws.account.iam.putRole(role);
      return buildWorld(aws, fleet, putHealth);
    },
    { fleetFile, port: 0, speed: 60, seed: 'commands' },
    () => {},
  );
  // The engine sees an address for the first time when its reconcile comes round.
  while ((await stage.record('ip-db'))?.state !== 'ISP' || (await stage.record('ip-web'))?.state !== 'ISP')
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  stage.clock.runAt(1);
  imds = new Imds(stage.aws.account, stage.aws.ec2);
  for (const id of [serverA, serverB]) imds.setRole(id, id);
  onA = await startInstance(imds, serverA, stage.endpoint);
  onB = await startInstance(imds, serverB, stage.endpoint);
}, 120_000);

afterAll(async () => {
  if (reason !== undefined) return;
  await onA?.stop();
  await onB?.stop();
  await stage?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** The example with a second address, which only ServerB may hold, and with its commands on the servers. */
function withCommands(text: string): string {
  return text
    .replace(
      /^agent:\n(?: .*\n|#.*\n)*/m,
      `agent: { install: false, commands: true, roles: [${serverA}, ${serverB}] }\n`,
    )
    .replace(
      /^policy:/m,
      `  ip-web:
    address: 10.0.1.51
    servers:
      - { server: ServerB, interface: eth0, backup: eth1 }
policy:`,
    );
}

async function newest(): Promise<HistoryEntry> {
  const client = {
    region: stage.aws.account.region,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
    requestHandler: stage.aws.requestHandler(),
  };
  const engine = lambdaEngine('main', { clock: manualClock(), chance: () => 0 }, client);
  const answer = await engine.ask({ action: 'history', limit: 1 });
  const [entry] = answer.ok && answer.kind === 'history' ? answer.entries : [];
  if (entry === undefined) throw new Error(JSON.stringify(answer));
  return entry;
}

function who(order: Partial<Explanation['who']>) {
  const arn = `arn:aws:sts::${stage.aws.account.id}:assumed-role/${serverA}/${serverA}`;
  return { kind: 'operator', name: arn, via: 'instance', ...order };
}

it('-s shows the four lines, -m moves the address and waits, and the trail names the instance', async () => {
  expect(await onA.run(['dash'], show)).toEqual({
    exitCode: 0,
    stdout:
      'IP address: 10.0.1.50\nNetmask: 255.255.255.0\nPrimary interface: eth0 (up)\nBackup interface: eth1\n',
    stderr: '',
  });
  const moved = await onA.run(['dash'], ['-m', '-t', 'ip-db', '--reason', 'cable test']);
  expect(moved).toMatchObject({ exitCode: 0, stderr: '' });
  expect(moved.stdout).toMatch(/^ip-db is on eth1 of ServerA, was on eth0; verified in \d+\.\d{3} s\n$/);
  expect((await onB.run(['dash'], show)).stdout).toContain(
    'Primary interface: eth1 (up)\nBackup interface: eth0\n',
  );
  expect(await newest()).toMatchObject({ outcome: 'moved-to-backup', who: who({ reason: 'cable test' }) });
});

it('a resource that may not be on this server is refused, whatever is asked', async () => {
  const own = stage.aws.account.calls('AssignPrivateIpAddresses').length;
  for (const argv of [
    ['-m', '-t', 'ip-web'],
    ['-r', '-t', 'ip-web', '-f', 'eth1'],
    ['-a', '-t', 'ip-web', '-f', 'eth1', '-d', 'ServerB', '--force'],
  ])
    expect(await onA.run(['dash'], argv)).toEqual({
      exitCode: 9,
      stdout: '',
      stderr: `lkipbu: ${serverA} may act only on resources that may be on it, and ip-web is not one\n`,
    });
  expect(await newest()).toMatchObject({
    tag: 'ip-web',
    outcome: 'held',
    reason: 'order-refused',
    who: who({}),
  });
  expect(stage.aws.account.calls('AssignPrivateIpAddresses')).toHaveLength(own);
  expect(await onB.run(['dash'], ['-r', '-t', 'ip-web', '-f', 'eth1'])).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  expect(await onB.run(['dash'], ['-m', '-t', 'ip-web'])).toMatchObject({ exitCode: 7, stdout: '' });
  expect(await onB.run(['dash'], ['-a', '-t', 'ip-web', '-f', 'eth1'])).toMatchObject({
    exitCode: 0,
    stderr: '',
  });
  expect(await onB.run(['dash'], ['-a', '-t', 'ip-web', '-f', 'eth0'])).toMatchObject({
    exitCode: 4,
    stdout: '',
  });
});

it('a role without the permission is told so by AWS', async () => {
  imds.setRole(serverA, stranger);
  const refused = await onA.run(['dash'], show);
  imds.setRole(serverA, serverA);
  expect(refused).toMatchObject({ exitCode: 9, stdout: '' });
  expect(refused.stderr).toMatch(
    /^lkipbu: lambda:Invoke holdfast-main-operate: AccessDeniedException: User: .*passer-by.* is not authorized to perform: lambda:InvokeFunction on resource: .*:holdfast-main-operate:live /,
  );
});

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))('under $name', ({ words }) => {
  const absent = missing(words[0], 'curl', 'openssl', 'od');

  test.skipIf(absent !== undefined)(
    titled('a hostile reason stands in the trail as it was given, and has done nothing else', absent),
    async () => {
      const hostile = `$(touch ${onB.root}/pwned) \`id\` "; '\\" \n\t\u0001 ß 日本 😀 {"action":"move"} \\u0041`;
      const remove = ['-r', '-t', 'ip-web', '-f', 'eth1'];
      const removed = await onB.run(words, [...remove, '--reason', hostile]);
      expect(removed).toMatchObject({ exitCode: 0, stderr: '' });
      expect(await newest()).toMatchObject({ tag: 'ip-web', outcome: 'ordered', who: { reason: hostile } });
      expect(await execute('ls', [`${onB.root}`])).toMatchObject({ stdout: 'etc\nlkipbu\n' });
      const added = await onB.run(words, ['-a', '-t', 'ip-web', '-f', 'eth1', '--reason=x'.padEnd(256, 'y')]);
      expect(added).toMatchObject({ exitCode: 0, stderr: '' });
    },
  );

  test.skipIf(absent !== undefined)(
    titled(
      'the document installs the program, keeps it, takes it off, and leaves a foreign one alone',
      absent,
    ),
    async () => {
      const root = mkdtempSync(join(tmpdir(), 'holdfast-root-'));
      const { mainSteps } = JSON.parse(JSON.stringify(commandsDocument()));
      const run = (action: string, version = 'any') => {
        const lines: readonly string[] = mainSteps[0].inputs.runCommand;
        const text = lines.join('\n').replace('{{ Action }}', action).replace('{{ Version }}', version);
        return execute(words[0], [...words.slice(1), '-c', text], { HOLDFAST_ROOT: root });
      };
      const carries = commandsVersion();
      const said = (action: string, lkipbu: string | null, changed: boolean) => ({
        exitCode: 0,
        stdout: `HOLDFAST-COMMANDS ${JSON.stringify({ v: 1, action, lkipbu, carries, changed })}\n`,
        stderr: '',
      });
      try {
        expect(await run('status')).toEqual(said('status', null, false));
        expect(await run('install', carries)).toEqual(said('install', carries, true));
        expect(await run('install')).toEqual(said('install', carries, false));
        expect(await run('status')).toEqual(said('status', carries, false));
        expect(await run('install', '0123456789abcdef')).toMatchObject({ exitCode: 75 });
        const program = join(root, 'usr/local/sbin/lkipbu');
        expect(await execute('stat', ['-c', '%a', program])).toMatchObject({ stdout: '755\n' });
        expect((await execute(program, ['-h'])).stdout).toContain('Usage: lkipbu [-d machine]');
        expect(await run('remove')).toEqual(said('remove', null, true));
        expect(await run('remove')).toEqual(said('remove', null, false));
        mkdirSync(join(root, 'usr/local/sbin'), { recursive: true });
        writeFileSync(program, '#!/bin/sh\necho another\n');
        expect(await run('install')).toEqual({
          exitCode: 73,
          stdout: '',
          stderr: `${program} is there and is not of Holdfast: nothing was changed\n`,
        });
        expect(await run('remove')).toEqual(said('remove', null, false));
        expect(readFileSync(program, 'utf8')).toBe('#!/bin/sh\necho another\n');
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    },
  );
});

test('the document is within the limit of 64 KB', () => {
  expect(JSON.stringify(commandsDocument()).length).toBeLessThan(64 * 1024);
});
