/** Commands of this machine that build and break namespaces: each is over when the call returns, so order is plain. */
import { spawnSync } from 'node:child_process';

/** What a guest's root has; nothing of this process's own environment goes in. */
export const guestEnvironment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', LANG: 'C.UTF-8' };

const outputLimitBytes = 1_000_000;
/** A command on namespaces takes milliseconds; one that hangs is a fault of the machine. */
const limitMs = 10_000;

/** A command was refused: the machine is not as the lab needs it, or the lab is wrong. */
export class CommandRefused extends Error {
  constructor(what: string, why: string) {
    super(`${what}: ${why.trim() || 'failed without a word'}`);
    this.name = 'CommandRefused';
  }
}

/** Shell lines as root inside the network namespace. @throws CommandRefused at the first line that fails */
export function within(namespace: string, lines: readonly string[]): void {
  must('ip', ['netns', 'exec', namespace, 'sh', '-euc', lines.join('\n')]);
}

/** Lines of `ip` inside the network namespace, without a shell. @throws CommandRefused at the first that fails */
export function ip(namespace: string, lines: readonly string[]): void {
  if (lines.length > 0) must('ip', ['-n', namespace, '-batch', '-'], lines.join('\n'));
}

export function addNamespace(name: string): void {
  must('ip', ['netns', 'add', name]);
}

/** Nothing happens when it is not there. */
export function deleteNamespace(name: string): void {
  run('ip', ['netns', 'del', name]);
}

function must(command: string, args: readonly string[], input = ''): void {
  const { status, stderr, error } = run(command, args, input);
  if (status !== 0) throw new CommandRefused([command, ...args].join(' '), error?.message ?? stderr);
}

function run(command: string, args: readonly string[], input = '') {
  return spawnSync(command, args, {
    input,
    cwd: '/',
    encoding: 'utf8',
    env: guestEnvironment,
    maxBuffer: outputLimitBytes,
    timeout: limitMs,
    killSignal: 'SIGKILL',
  });
}
