/** The shells that the scripts must run under, and what this machine has of what the tests need. */
import { spawnSync } from 'node:child_process';

export type Shell = readonly [string, ...string[]];

export const shells: readonly Shell[] = [['dash'], ['bash'], ['busybox', 'sh']];

export function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Why there can be no guest in a network namespace, if so. */
export const noKernel: string | undefined =
  process.platform !== 'linux' || process.getuid?.() !== 0
    ? 'root on Linux only'
    : ['ip', 'ping'].some((command) => !has(command))
      ? 'ip and ping are missing'
      : spawnSync('unshare', ['--net', 'true']).status !== 0
        ? 'network namespaces are not allowed here'
        : undefined;

/** The first of the commands that is not here. */
export function missing(...commands: readonly string[]): string | undefined {
  const absent = commands.find((command) => !has(command));
  return absent === undefined ? undefined : `${absent} is missing`;
}

export function titled(title: string, reason: string | undefined): string {
  return reason === undefined ? title : `${title} (skipped: ${reason})`;
}
