/**
 * What runs in a booted guest: one process tree in namespaces of its own, so that ending its first process ends all of
 * it at once, whatever it has started. It ends as well when this process does, however that happens: its first process
 * waits on a pipe from here.
 *
 * /run is empty at every boot. Of `diskDirectories` a guest sees the machine's files and keeps its own changes, from
 * boot to boot and away from the machine.
 */
import { type ChildProcessByStdio, type SpawnOptions, spawn } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { CommandRefused, guestEnvironment } from './commands.ts';

export interface GuestPlan {
  readonly namespace: string;
  readonly hostname: string;
  /** Outlives a boot. */
  readonly diskDirectory: string;
  /** Lines of `ip` that put the guest's own routes back. */
  readonly routesFile: string;
}

/** The program itself and Node may lie below one, on a file system of their own that an overlay would hide. */
const needed = [fileURLToPath(import.meta.url), process.execPath];
const diskDirectories = ['/etc', '/opt', '/tmp', '/usr/local', '/var/lib'].filter(
  (directory) => !isHiding(directory),
);

/** Whether an overlay on the directory would hide what runs here: then guests would write to the machine's own. */
export function isHiding(directory: string): boolean {
  return needed.some(
    (file) => file.startsWith(`${directory}/`) && statSync(file).dev !== statSync(directory).dev,
  );
}

/** Of util-linux, as `unshare` is. */
const enterCommand: string = 'nsenter';

/** $1 = disk, $2 = routes file, $3 = hostname, the rest are directories. */
const firstProcess = `set -eu
disk=$1 routes=$2
hostname "$3"
shift 3
for each in "$@"; do
  mount -t overlay overlay -o "lowerdir=$each,upperdir=$disk$each/upper,workdir=$disk$each/work" "$each"
done
mount -t tmpfs -o mode=755 tmpfs /run
# It knows its own name, and that nobody here knows any other: a question would wait for seconds.
case " $* " in *' /etc '*)
  rm -f /etc/hosts /etc/resolv.conf
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n' "$(hostname)" >/etc/hosts
  : >/etc/resolv.conf
esac
exec 3<&0
# As systemd-networkd does: whenever a link comes up, its routes are put back.
ip -o monitor link </dev/null | while read -r line; do
  case $line in *LOWER_UP*) ip -force -batch "$routes" >/dev/null 2>&1 || : ;; esac
done &
echo ready
cat <&3 >/dev/null &
wait $!`;

export class Guest {
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when its first process runs in a place of its own. @throws CommandRefused when it does not come that far */
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;

  constructor(plan: GuestPlan) {
    for (const each of diskDirectories)
      for (const part of ['upper', 'work'])
        mkdirSync(`${plan.diskDirectory}${each}/${part}`, { recursive: true });
    const apart = ['--mount', '--uts', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const words = ['sh', '-c', firstProcess, 'first', plan.diskDirectory, plan.routesFile, plan.hostname];
    this.#process = spawn(
      'ip',
      ['netns', 'exec', plan.namespace, 'unshare', ...apart, ...words, ...diskDirectories],
      // Detached: a Ctrl-C is for this process, which then ends its guests in order.
      { cwd: '/', env: guestEnvironment, stdio: ['pipe', 'pipe', 'pipe'], detached: true },
    );
    this.#process.stdin.on('error', () => undefined); // nothing is ever written
    this.ended = new Promise((resolve) => this.#process.once('close', () => resolve()));
    this.ready = readiness(this.#process, plan.hostname);
    this.ready.catch(() => undefined); // asked for by whoever wants to run something
  }

  /** Starts a program in the guest, at the head of a process group of its own. */
  spawn<Options extends SpawnOptions>(command: readonly string[], options: Options) {
    const own = `/proc/${this.#process.pid}/ns`;
    const places = [
      `--net=${own}/net`,
      `--mount=${own}/mnt`,
      `--uts=${own}/uts`,
      `--pid=${own}/pid_for_children`,
    ];
    return spawn(enterCommand, [...places, '--', ...command], {
      cwd: '/',
      env: guestEnvironment,
      detached: true,
      ...options,
    });
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

function readiness(
  { stdout, stderr }: ChildProcessByStdio<Writable, Readable, Readable>,
  hostname: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    stdout.once('data', () => resolve());
    stdout.once('end', () => reject(new CommandRefused(`boot of ${hostname}`, said)));
  });
}
