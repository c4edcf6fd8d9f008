/** The shell of a model guest: what a minimal Linux has, over the guest's own kernel, clock, files and units. */
import { Bash, type CommandName, defineCommand } from 'just-bash';
import type { Clock } from '../clock.ts';
import type { GuestFiles } from './guest-files.ts';
import { type Output, runIp } from './ip.ts';
import type { Kernel } from './kernel.ts';
import { type Pinger, runPing } from './ping.ts';
import { runSystemctl } from './systemctl.ts';
import { Deadlines, runTimeout } from './timeout.ts';
import type { Units } from './units.ts';

export interface GuestParts {
  readonly clock: Clock;
  readonly kernel: Kernel;
  readonly files: GuestFiles;
  readonly units: Units;
  readonly pinger: Pinger;
}

/** Less what would read the machine's own clock or wait on it. */
const shellCommands: readonly CommandName[] = [
  ...(['echo', 'printf', 'true', 'false', 'env', 'pwd', 'basename', 'dirname', 'seq'] as const),
  ...(['cat', 'ls', 'mkdir', 'rm', 'mv', 'cp', 'touch', 'chmod', 'tee'] as const),
  ...(['head', 'tail', 'grep', 'sed', 'awk', 'tr', 'cut', 'sort', 'wc', 'bash', 'sh'] as const),
];

/** One shell per script: nothing but the files, the units and the kernel is shared between two. */
export function guestShell(
  { clock, kernel, files, units, pinger }: GuestParts,
  pid: number,
  signal: AbortSignal,
): Bash {
  const deadlines = new Deadlines();
  const manager = { units, clock, deadlineMs: () => deadlines.nextMs() };
  /** A killed script has no further effect, even when its shell is a moment late to notice. */
  const command = (name: string, run: (args: string[]) => Promise<Output> | Output) =>
    defineCommand(name, async (args) => {
      signal.throwIfAborted();
      return run(args);
    });
  return new Bash({
    fs: files,
    commands: [...shellCommands],
    defenseInDepth: false, // it patches this process's globals; the scripts are our own
    processInfo: { pid },
    customCommands: [
      command('ip', (args) => runIp(kernel, args)),
      command('ping', (args) => runPing(pinger, args)),
      command('sleep', (args) => sleep(clock, deadlines, args)),
      command('systemctl', (args) => runSystemctl(manager, args)),
      defineCommand('timeout', async (args, { exec, cwd }) => {
        signal.throwIfAborted();
        if (exec === undefined) throw new Error('the shell gives its commands no way to run another');
        return runTimeout(
          { clock, deadlines, signal, run: (line, rest) => exec(line, { ...rest, cwd }) },
          args,
        );
      }),
    ],
  });
}

async function sleep(clock: Clock, deadlines: Deadlines, args: readonly string[]): Promise<Output> {
  const [seconds = '', ...rest] = args;
  if (rest.length > 0 || !/^[0-9]+(\.[0-9]+)?$/.test(seconds))
    return { stdout: '', stderr: `sleep: invalid time interval '${args.join(' ')}'\n`, exitCode: 1 };
  const wantedMs = Math.round(Number(seconds) * 1000);
  await clock.sleep(Math.max(0, Math.min(wantedMs, deadlines.nextMs() - clock.now())));
  return { stdout: '', stderr: '', exitCode: 0 };
}
