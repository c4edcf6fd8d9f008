/** What guests in network namespaces need of the machine. */
import { spawnSync } from 'node:child_process';
import { guestEnvironment } from './commands.ts';

const commands = ['ip', 'unshare', 'nsenter', 'mount', 'hostname', 'sh'] as const;

/** Undefined when all of it is there; else what is missing, in one line. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  const missing = commands.find((command) => !succeeds('sh', ['-c', `command -v ${command}`]));
  if (missing !== undefined) return `needs the command "${missing}" (iproute2 and util-linux have it)`;
  if (!succeeds('unshare', ['--net', '--mount', '--uts', '--pid', '--fork', 'true']))
    return 'needs network, mount and process namespaces, which are not allowed here';
  return undefined;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { env: guestEnvironment }).status === 0;
}
