/**
 * The command `systemctl` of a model guest: words and exit codes of the real one, compared with it by test/host. What it
 * does not know it refuses by name.
 */
import type { Clock } from '../clock.ts';
import type { Output } from './ip.ts';
import type { Job, Units } from './units.ts';

export interface ServiceManager {
  readonly units: Units;
  readonly clock: Clock;
  /** When whatever runs this command will be killed; its jobs go on all the same. */
  readonly deadlineMs: () => number;
}

/** How soon a job that was cancelled is noticed. */
const noticeMs = 1_000;
const silent: Output = { stdout: '', stderr: '', exitCode: 0 };
/** https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#Exit%20status */
const exitCodes = { failed: 1, notRunning: 3, notFound: 5, notModelled: 127 } as const;

export async function runSystemctl(manager: ServiceManager, args: readonly string[]): Promise<Output> {
  const words = args.filter((word) => word !== '--no-ask-password');
  const [verb = '', ...rest] = words;
  const { properties, names } = readShow(rest);
  const [name, ...others] = names;
  const known = ['start', 'stop', 'show', 'is-active', 'reset-failed'].includes(verb);
  if (!known || name === undefined || others.length > 0 || (verb === 'show') === (properties.length === 0))
    return refusal(`The model guest does not know "systemctl ${args.join(' ')}".`, exitCodes.notModelled);
  const unit = /\.[a-z]+$/.test(name) ? name : `${name}.service`;
  switch (verb) {
    case 'show':
      return show(manager.units, unit, properties);
    case 'is-active':
      return isActive(manager.units, unit);
    case 'reset-failed':
      if (manager.units.resetFailed(unit)) return silent;
      return refusal(
        `Failed to reset failed state of unit ${unit}: Unit ${unit} not loaded.`,
        exitCodes.failed,
      );
    case 'start':
      if (manager.units.find(unit) === undefined)
        return refusal(`Failed to start ${unit}: Unit ${unit} not found.`, exitCodes.notFound);
      return wait(manager, unit, manager.units.start(unit));
    default:
      if (manager.units.find(unit) === undefined)
        return refusal(`Failed to stop ${unit}: Unit ${unit} not loaded.`, exitCodes.notFound);
      return wait(manager, unit, manager.units.stop(unit));
  }
}

function readShow(words: readonly string[]) {
  const properties: string[] = [];
  const names: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') return { properties, names: [...names, ...words.slice(at + 1)] };
    if (word === '-p') properties.push(words[++at] ?? '');
    else names.push(word);
  }
  return { properties, names };
}

/** Known properties, in the order in which systemd says them; the others are left out, as systemd does. */
function show(units: Units, name: string, properties: readonly string[]): Output {
  const unit = units.find(name);
  const state = unit?.state ?? 'inactive';
  const all = [
    ['Result', unit?.result ?? 'success'],
    ['TasksCurrent', unit === undefined || unit.tasks === 0 ? '[not set]' : String(unit.tasks)],
    ['LoadState', unit === undefined ? 'not-found' : 'loaded'],
    ['ActiveState', state],
    ['SubState', subStates[state]],
  ] as const;
  const lines = all.filter(([key]) => properties.includes(key)).map(([key, value]) => `${key}=${value}\n`);
  return { ...silent, stdout: lines.join('') };
}

const subStates = {
  inactive: 'dead',
  activating: 'start',
  active: 'running',
  deactivating: 'stop-sigterm',
  failed: 'failed',
} as const;

function isActive(units: Units, name: string): Output {
  const state = units.stateOf(name);
  return { ...silent, stdout: `${state}\n`, exitCode: state === 'active' ? 0 : exitCodes.notRunning };
}

async function wait({ clock, deadlineMs }: ServiceManager, unit: string, job: Job): Promise<Output> {
  while (job.outcome === 'waiting') {
    const untilMs = Math.min(Math.max(job.dueMs, clock.now() + 1), deadlineMs(), clock.now() + noticeMs);
    await clock.sleep(untilMs - clock.now());
    if (clock.now() >= deadlineMs()) return { ...silent, exitCode: exitCodes.failed };
  }
  if (job.outcome === 'done') return silent;
  if (job.outcome === 'canceled') return refusal(`Job for ${unit} canceled.`, exitCodes.failed);
  const why =
    job.outcome === 'timeout' ? 'a timeout was exceeded' : 'the control process exited with error code';
  return refusal(
    `Job for ${unit} failed because ${why}.\nSee "systemctl status ${unit}" and "journalctl -xeu ${unit}" for details.`,
    exitCodes.failed,
  );
}

function refusal(message: string, exitCode: number): Output {
  return { stdout: '', stderr: `${message}\n`, exitCode };
}
