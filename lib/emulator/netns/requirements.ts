/** What guests in network namespaces need of the machine. */
import { spawnSync } from 'node:child_process';
import { guestEnvironment } from './commands.ts';
import { isHiding } from './guest.ts';

const commands = ['ip', 'unshare', 'nsenter', 'mount', 'hostname', 'sh', 'ping', 'curl', 'openssl'] as const;
/** What is installed in a guest goes there, and must not go to the machine's own. */
const writtenTo = ['/etc', '/opt'] as const;

/** Undefined when all of it is there; else what is missing, in one line. */
export function whyNoNamespaces(): string | undefined {
  if (process.platform !== 'linux') return `needs Linux, and this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'needs root, to make network namespaces';
  const missing = commands.find((command) => !succeeds('sh', ['-c', `command -v ${command}`]));
  if (missing !== undefined) return `needs the command "${missing}"`;
  const hiding = writtenTo.find(isHiding);
  if (hiding !== undefined)
    return `needs Node and this program elsewhere than on a file system below ${hiding}`;
  if (!succeeds('unshare', ['--net', '--mount', '--uts', '--pid', '--fork', 'true']))
    return 'needs network, mount and process namespaces, which are not allowed here';
  return undefined;
}

function succeeds(command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { env: guestEnvironment }).status === 0;
}
