/** Both programs end to end: processes of their own, against the stack as `npm start -- --no-story` serves it. */
import { spawn } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Answer, Explanation, HistoryEntry, Status } from '../../lib/recovery/order.ts';
import { type Finished, run, type Served, serve } from './programs.ts';

const fourLines = (primary: string, backup: string) =>
  `IP address: 10.0.1.50\nNetmask: 255.255.255.0\nPrimary interface: ${primary} (up)\nBackup interface: ${backup}\n`;
/** Who the embedded AWS says that any key is. */
const operator = 'arn:aws:iam::123456789012:user/operator';

const mostAttempts = 10;

let served: Served;
beforeAll(async () => {
  served = await serve();
  const armed = { status: { state: 'ISP', armed: true, primary: { name: 'eth0', up: true } } };
  await vi.waitFor(async () => expect(await asked('status', 'ip-db')).toMatchObject(armed), {
    timeout: 30_000,
    interval: 500,
  });
}, 90_000);
afterAll(async () => {
  expect(await served.stop()).toBe(0);
});

test('the four forms of lkipbu do what the LifeKeeper page says, on a fresh stack', () => {
  expect(lkipbu('-s', '-t', 'ip-db')).toEqual(done(fourLines('eth0', 'eth1')));

  expect(lkipbu('-a', '-t', 'ip-db', '-f', 'eth1')).toMatchObject({ code: 4, stdout: '' });
  expect(lkipbu('-r', '-t', 'ip-db', '-f', 'eth0')).toMatchObject({ code: 7, stdout: '' });

  expect(lkipbu('-r', '-t', 'ip-db', '-f', 'eth1')).toMatchObject({ code: 0, stderr: '' });
  expect(lkipbu('-s', '-t', 'ip-db')).toEqual(done(fourLines('eth0', 'none')));
  expect(lkipbu('-m', '-t', 'ip-db')).toMatchObject({ code: 7, stdout: '' });

  expect(lkipbu('-a', '-t', 'ip-db', '-f', 'eth7')).toMatchObject({ code: 5, stdout: '' });
  expect(lkipbu('-a', '-t', 'ip-db', '-f', 'eth0')).toMatchObject({ code: 5, stdout: '' });
  expect(lkipbu('-a', '-t', 'ip-db', '-f', 'eth1')).toMatchObject({ code: 0, stderr: '' });
  expect(lkipbu('-s', '-t', 'ip-db')).toEqual(done(fourLines('eth0', 'eth1')));

  const moved = lkipbu('-m', '-t', 'ip-db');
  expect(moved).toMatchObject({ code: 0, stderr: '' });
  expect(moved.stdout).toMatch(/^ip-db is on eth1 of ServerA, was on eth0; verified in \d+\.\d{3} s\n$/);
  expect(lkipbu('-s', '-t', 'ip-db')).toEqual(done(fourLines('eth1', 'eth0')));
  // On the other server nothing has changed, and nothing is up.
  expect(lkipbu('-d', 'ServerB', '-s', '-t', 'ip-db')).toEqual(
    done(fourLines('eth0', 'eth1').replace('(up)', '(down)')),
  );
});

test('a dry run changes nothing; a move tells every step and its end; explain names who gave the order', async () => {
  const before = await status();
  const plan = holdfast('move', 'ip-db', '--dry-run');
  expect(plan).toMatchObject({ code: 0, stderr: '' });
  expect(plan.stdout).toMatch(/^Would do:\n {2}1\. /);
  expect(await status()).toMatchObject({ primary: before.primary, backup: before.backup });

  const moved = holdfast('move', 'ip-db', '--wait', '--reason', 'end to end');
  expect(moved.code).toBe(0);
  expect(moved.stderr).toMatch(
    /^ {2,3}\+\d+\.\d{3} s {2}ordered [\s\S]* s {2}assigned [\s\S]* s {2}verified [\s\S]* s {2}committed +\d+ ms\n$/,
  );
  expect(moved.stdout).toMatch(
    /^ip-db: moved-to-backup, ServerA\/eth\d → ServerA\/eth\d, in \d+\.\d{3} s\n$/,
  );

  const [last] = (await entries()).toReversed();
  expect(last).toMatchObject({
    outcome: 'moved-to-backup',
    who: { kind: 'operator', name: operator, reason: 'end to end' },
  });
  const explained = holdfast('explain', last?.recovery ?? '');
  expect(explained).toMatchObject({ code: 0, stderr: '' });
  expect(explained.stdout).toContain(`set off by  ${operator}\n`);
  expect(explained.stdout).toContain('because     end to end\n');
  for (const step of ['observed', 'decided', 'assigned', 'host-asked', 'verified', 'committed'])
    expect(explained.stdout).toMatch(new RegExp(`^ {2}\\+ +\\d+\\.\\d{3} s {2}${step} +\\d+ ms$`, 'm'));
});

test('of two operators at once each that succeeds has moved it, and the other is told who is at work', async () => {
  const before = await status();
  const known = new Set((await entries()).map(({ recovery }) => recovery));
  let both: readonly Finished[] = [];
  // The reconcile may be at work too, and neither of them wins.
  for (let turn = 0; turn < mostAttempts && both.every(isClaimHeld); turn += 1)
    both = await Promise.all([later('move', 'ip-db'), later('move', 'ip-db')]);
  const winners = both.filter(({ code }) => code === 0);
  expect(winners.length).toBeGreaterThan(0);
  for (const { code, stderr } of both.filter((each) => each.code !== 0)) {
    expect([3, 75]).toContain(code);
    expect(stderr).toMatch(/claim/);
  }
  const moves = (await entries()).filter(
    ({ recovery, outcome }) => !known.has(recovery) && outcome === 'moved-to-backup',
  );
  expect(moves).toHaveLength(winners.length);
  const after = await status();
  const swapped = winners.length % 2 === 1;
  expect(after.primary.name).toBe(swapped ? before.backup : before.primary.name);
});

test('a switchover goes to the other server and back, and an order refused by a rule stands in the history', async () => {
  expect(holdfast('switchover', 'ip-db', '--to', 'ServerB')).toMatchObject({ code: 0 });
  expect(await status()).toMatchObject({ activeServer: 'ServerB', primary: { up: true } });
  expect(holdfast('confirm', 'ip-db', '--yes')).toMatchObject({ code: 3, stdout: '' });
  const [last] = (await entries()).toReversed();
  expect(last).toMatchObject({ outcome: 'held', who: { name: operator } });
  expect(holdfast('move', 'ip-db', '--to', 'ServerA/eth0')).toMatchObject({ code: 0 });
  expect(lkipbu('-s', '-t', 'ip-db')).toMatchObject({
    stdout: expect.stringContaining('Primary interface: eth0 (up)\n'),
  });
});

test('an address out of service is only swapped by lkipbu -m, and comes back where INFO says', async () => {
  expect(holdfast('out-of-service', 'ip-db')).toMatchObject({ code: 0 });
  const before = await status();
  expect(before.primary.up).toBe(false);
  expect(lkipbu('-d', 'ServerA', '-m', '-t', 'ip-db')).toMatchObject({ code: 0, stderr: '' });
  expect(await status('ServerA')).toMatchObject({
    primary: { name: before.backup, up: false },
    backup: before.primary.name,
  });
  expect(holdfast('in-service', 'ip-db', '--on', 'ServerA')).toMatchObject({ code: 0 });
  expect(await status()).toMatchObject({ primary: { name: before.backup, up: true } });
});

test('switches are written, shown and taken back', async () => {
  expect(holdfast('pause', 'ip-db', '--for', '2h', '--reason', 'work')).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(await status()).toMatchObject({ state: 'ISU', pausedUntilMs: expect.any(Number) });
  expect(holdfast('resume', 'ip-db')).toMatchObject({ code: 0, stderr: '' });
  expect(holdfast('automation', 'ip-db', 'observe')).toMatchObject({ code: 0, stderr: '' });
  expect(await status()).toMatchObject({ automation: 'observe' });
  expect(holdfast('automation', 'ip-db', 'on')).toMatchObject({ code: 0, stderr: '' });
  expect(await status()).toMatchObject({ automation: 'on', state: 'ISP' });
});

test('watch follows a recovery that another operator has started, to its end', async () => {
  const started = holdfast('move', 'ip-db', '--no-wait');
  const [, recovery = ''] = /^started (\S+)\n/.exec(started.stdout) ?? [];
  expect(holdfast('watch', '--until-idle', '--timeout', '1m')).toMatchObject({ code: 0, stderr: '' });
  await expect.poll(() => explained(recovery)).toMatchObject({ ended: true, outcome: 'moved-to-backup' });
});

function done(stdout: string): Finished {
  return { code: 0, stdout, stderr: '' };
}

/** As an operator does who is told that somebody is at work: tries again. On this clock the reconcile often is. */
function again(attempt: () => Finished): Finished {
  let finished = attempt();
  for (let turn = 1; turn < mostAttempts && isClaimHeld(finished); turn += 1) finished = attempt();
  return finished;
}

function isClaimHeld({ code, stderr }: Finished): boolean {
  return code !== 0 && /claim/.test(stderr);
}

function lkipbu(...args: readonly string[]): Finished {
  return again(() => run('lkipbu.ts', args, served.environment));
}

function holdfast(...args: readonly string[]): Finished {
  return again(() => run('holdfast.ts', args, served.environment));
}

/** Beside others. */
function later(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, ['bin/holdfast.ts', ...args], { env: { ...served.environment } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

async function asked(...args: readonly string[]): Promise<Answer> {
  return JSON.parse(holdfast(...args, '--json').stdout);
}

async function status(server?: string): Promise<Status> {
  const answer = await asked('status', 'ip-db', ...(server === undefined ? [] : ['--on', server]));
  if (!answer.ok || answer.kind !== 'status') throw new Error(JSON.stringify(answer));
  return answer.status;
}

/** The oldest first. */
async function entries(): Promise<readonly HistoryEntry[]> {
  const answer = await asked('history', 'ip-db');
  if (!answer.ok || answer.kind !== 'history') throw new Error(JSON.stringify(answer));
  return answer.entries.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
}

async function explained(recovery: string): Promise<Explanation> {
  const answer = await asked('explain', recovery);
  if (!answer.ok || answer.kind !== 'explanation') throw new Error(JSON.stringify(answer));
  return answer.explanation;
}
