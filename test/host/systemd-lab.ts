/**
 * A real systemd, as a user's own, in namespaces and a control group of its own, so that nothing else on this machine
 * hears of it. Its units are those that the model has too (dependent-lab.ts).
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { shellPath, type UnitGuest } from './dependent-lab.ts';
import { execute } from './labs.ts';
import { missing, type Shell } from './shells.ts';

const systemd = '/lib/systemd/systemd';
const goneTries = 40;
const gonePauseMs = 50;
/** The one hierarchy of today, or of the old ones those that systemd keeps units in and counts their tasks in. */
const groupRoots = [
  '/sys/fs/cgroup',
  '/sys/fs/cgroup/systemd',
  '/sys/fs/cgroup/pids',
  '/sys/fs/cgroup/unified',
];

/** Why there can be none here, if so. */
export const noSystemd: string | undefined =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'root on Linux only'
    : (missing('systemctl', 'unshare', 'nsenter') ??
      (spawnSync('test', ['-x', systemd]).status !== 0
        ? 'systemd is missing'
        : spawnSync('unshare', ['--mount', '--pid', '--fork', 'true']).status !== 0
          ? 'namespaces are not allowed here'
          : spawnSync('sh', ['-c', 'mkdir "$1/holdfast-$$" && rmdir "$1/holdfast-$$"', 'sh', controlRoot()])
                .status !== 0
            ? 'control groups are not allowed here'
            : undefined));

/** Where systemd keeps its groups: a hierarchy of its own, or the only one there is. */
function controlRoot(): string {
  return spawnSync('test', ['-d', groupRoots[1] ?? '']).status === 0
    ? (groupRoots[1] ?? '')
    : (groupRoots[0] ?? '');
}

const service = (...lines: readonly string[]): string => `[Service]\n${lines.join('\n')}\n`;

const units: Readonly<Record<string, string>> = {
  'fine.service': service('ExecStart=/bin/sleep 1000'),
  'mortal.service': service('ExecStart=/bin/sleep 1000'),
  'app@.service': service('ExecStart=/bin/sleep 1000'),
  'nightly.timer': '[Timer]\nOnActiveSec=1h\nUnit=app@nightly.service\n',
  'broken.service': service('Type=oneshot', 'ExecStart=/bin/false'),
  'crashes.service': service("ExecStart=/bin/sh -c 'sleep 0.3; exit 7'"),
  'slow.service': service('Type=notify', 'TimeoutStartSec=infinity', 'ExecStart=/bin/sleep 1000'),
  'stubborn.service': service(
    'TimeoutStopSec=3',
    `ExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 0.2; done'`,
  ),
  'parent.service': service('KillMode=process', "ExecStart=/bin/sh -c 'sleep 1000 & exec sleep 1001'"),
};

/** $1 = directory of the lab, $2 = name of its control group. Whatever happens to us, the pipe that it reads ends. */
const firstProcess = `
for root in ${groupRoots.join(' ')}; do
  [ ! -w "$root/cgroup.subtree_control" ] || { echo +pids >"$root/cgroup.subtree_control"; } 2>/dev/null || :
  [ ! -w "$root/cgroup.procs" ] || { mkdir "$root/$2" && echo $$ >"$root/$2/cgroup.procs"; } 2>/dev/null || :
done
exec unshare --mount --pid --fork --kill-child --mount-proc sh -c '
  mount -t tmpfs tmpfs /run
  mkdir -p /run/systemd/system /run/user/0
  chmod 700 /run/user/0
  export XDG_RUNTIME_DIR=/run/user/0 XDG_CONFIG_HOME="$1/config"
  ${systemd} --user --unit=basic.target --log-target=console >"$1/log" 2>&1 &
  until systemctl --user is-active basic.target >/dev/null 2>&1; do
    kill -0 $! || exit 1
    sleep 0.05
  done
  echo ready
  cat >/dev/null' sh "$1"`;

export interface SystemdLab {
  /** A guest whose scripts run under that shell, with the units of that owner: all guests share the one systemd. */
  guest(shell: Shell, owner?: string): UnitGuest;
  stop(): Promise<void>;
}

export async function startSystemd(owners: readonly string[]): Promise<SystemdLab> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-systemd-'));
  const group = `holdfast-${process.pid}`;
  const place = (path: string, text: string, mode = 0o644) => {
    mkdirSync(join(directory, path, '..'), { recursive: true });
    writeFileSync(join(directory, path), text, { mode });
  };
  place('config/systemd/user/basic.target', '[Unit]\nDescription=nothing else\n');
  for (const owner of ['', ...owners])
    for (const [name, text] of Object.entries(units))
      place(`config/systemd/user/${ownedBy(owner, name)}`, text);
  place('tools/systemctl', '#!/bin/sh\nexec /usr/bin/systemctl --user "$@"\n', 0o755);
  const first = spawn('sh', ['-c', firstProcess, 'sh', directory, group], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await readiness(first);
  const within = [`--mount=/proc/${first.pid}/ns/mnt`, `--pid=/proc/${first.pid}/ns/pid_for_children`];
  const environment = { PATH: `${join(directory, 'tools')}:${shellPath}`, XDG_RUNTIME_DIR: '/run/user/0' };
  const enter = (words: readonly string[]) => execute('nsenter', [...within, ...words], environment);
  return {
    guest: (shell, owner = '') => ({
      directory,
      named: (unit) => ownedBy(owner, unit),
      program: (name, body) => {
        place(name, `#!/bin/sh\n${body}\n`, 0o755);
        return join(directory, name);
      },
      run: (script) => enter([...shell, '-c', script]),
      kill: async (unit) => void (await enter(['systemctl', 'kill', '-s', 'KILL', '--', unit])),
      dispose: async () => undefined,
    }),
    async stop() {
      const ended = new Promise((resolve) => first.once('close', resolve));
      first.stdin.end();
      await ended;
      await removeGroups(group);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** fine.service → fine-dash.service */
function ownedBy(owner: string, unit: string): string {
  return unit.replace(/^[a-z]+/, (word) => (owner === '' ? word : `${word}-${owner}`));
}

function readiness({
  stdout,
}: ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> }): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines = createInterface(stdout);
    lines.once('line', () => resolve());
    lines.once('close', () => reject(new Error('systemd did not come up')));
  });
}

/** A group can go when the last of its processes has. */
async function removeGroups(group: string): Promise<void> {
  const ours = groupRoots.map((root) => `${root}/${group}`).join(' ');
  for (let tries = 0; tries < goneTries; tries += 1) {
    await execute('sh', ['-c', `find ${ours} -depth -type d -exec rmdir {} \\;`]);
    if ((await execute('sh', ['-c', `ls -d ${ours}`])).stdout === '') return;
    await new Promise((resolve) => setTimeout(resolve, gonePauseMs));
  }
}
