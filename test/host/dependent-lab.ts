/**
 * Guests for what dependent.sh does: this machine's shells in a directory of their own, and the model. Programs are
 * scripts that a guest keeps; units are for guests with a systemd, the model and systemd-lab.ts.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import {
  type DependentParameter,
  dependentDocument,
  type HostDependent,
} from '../../lib/host/dependent-document.ts';
import { type DependentAnswer, parseDependentAnswer } from '../../lib/recovery/dependent-answer.ts';
import { execute, type Outcome } from './labs.ts';
import type { Shell } from './shells.ts';

export interface DependentGuest {
  run(script: string): Promise<Outcome>;
  /** Writes a shell script to the guest. @returns its path */
  program(name: string, body: string): string;
  /** Where programs are, and what they leave behind. */
  readonly directory: string;
  dispose(): Promise<void>;
}

export interface UnitGuest extends DependentGuest {
  /** What a unit is called there: guests that share a systemd have units of their own. */
  named(unit: string): string;
  /** It ends by itself, badly. */
  kill(unit: string): Promise<void>;
}

// ---- What is asked

interface Ask {
  readonly tag?: string;
  readonly name?: string;
  readonly order?: string;
  /** Shell lines before the script. */
  readonly before?: string;
}

export type Asked = DependentAnswer & { readonly exitCode: number };

export async function ask(
  guest: Pick<DependentGuest, 'run'>,
  dependents: readonly HostDependent[],
  action: string,
  { tag = 'ip-db', name = dependents[0]?.name ?? '', order = '0', before = '' }: Ask = {},
): Promise<Asked> {
  const script = rendered(dependents, { Tag: tag, Name: name, Action: action, Order: order });
  const { exitCode, stdout } = await guest.run(`${before}\n${script}`);
  return { exitCode, ...parseDependentAnswer(stdout) };
}

/** The very lines that an instance is sent. `{{ Name }}` is replaced as text, as SSM does it. */
export function rendered(
  dependents: readonly HostDependent[],
  parameters: Readonly<Record<DependentParameter, string>>,
): string {
  const given: Readonly<Record<string, string>> = parameters;
  return linesOf(dependentDocument(dependents))
    .join('\n')
    .replaceAll(/\{\{ (\w+) \}\}/g, (_, name: string) => given[name] ?? '');
}

export function linesOf(document: object): readonly string[] {
  const { mainSteps } = document as {
    readonly mainSteps: readonly [{ readonly inputs: { readonly runCommand: readonly string[] } }];
  };
  return mainSteps[0].inputs.runCommand;
}

/** A program that is in service as long as a file is there; each part can be another one. */
export function application(
  guest: DependentGuest,
  bodies: { readonly start?: string; readonly stop?: string; readonly check?: string | null } = {},
  timeoutS = 2,
): HostDependent {
  const on = `${guest.directory}/on`;
  const { start = `touch ${on}`, stop = `rm -f ${on}`, check = `[ -e ${on} ] || exit 3` } = bodies;
  return {
    tag: 'ip-db',
    name: 'app',
    timeoutS,
    run: {
      kind: 'command',
      start: [guest.program('start', start)],
      stop: [guest.program('stop', stop)],
      check: check === null ? null : [guest.program('check', check)],
    },
  };
}

export function unit(guest: Pick<UnitGuest, 'named'>, plainName: string, timeoutS = 10): HostDependent {
  const name = guest.named(plainName);
  return {
    tag: 'ip-db',
    name: name.replaceAll(/[^a-z0-9]+/g, '-'),
    timeoutS,
    run: { kind: 'systemd', unit: name },
  };
}

// ---- What is answered

export const inService = {
  exitCode: 0,
  state: 'in-service',
  why: 'verified',
  checked: true,
  timedOut: false,
};
export const outOfService = { ...inService, state: 'out-of-service' };
export const startFailed = { exitCode: 69, why: 'start-failed' };
export const timedOut = { timedOut: true, exit: null, why: 'timed-out' };

export interface Case<Guest> {
  readonly title: string;
  readonly holds: (guest: Guest) => Promise<void>;
}

// ---- The guests

export const shellPath = '/usr/sbin:/usr/bin:/sbin:/bin';

/** @param tools commands in front of the machine's own, each a line of shell */
export function startShell(
  [command, ...args]: Shell,
  tools: Readonly<Record<string, string>> = {},
): DependentGuest {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-dependent-'));
  mkdirSync(join(directory, 'tools'));
  const program = (name: string, body: string): string => {
    const path = join(directory, name);
    writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
    return path;
  };
  for (const [name, line] of Object.entries(tools)) program(`tools/${name}`, line);
  const environment = {
    PATH: `${join(directory, 'tools')}:${shellPath}`,
    HOLDFAST_RUN: join(directory, 'run'),
  };
  return {
    directory,
    program,
    run: (script) => execute(command, [...args, '-c', script], environment),
    dispose: async () => rmSync(directory, { recursive: true, force: true }),
  };
}

export function startModelGuest(): UnitGuest & { readonly clock: VirtualClock; readonly host: ModelHost } {
  const clock = new VirtualClock();
  const host = new ModelHost({ id: 'i-guest', clock, fabric: new Fabric({ eniOwning: () => undefined }) });
  const { units } = host;
  for (const name of ['fine.service', 'mortal.service', 'app@.service', 'nightly.timer'])
    units.install({ name });
  units.install({ name: 'broken.service' });
  units.fault('broken.service', 'fails-to-start');
  units.install({ name: 'crashes.service' });
  units.fault('crashes.service', 'fails-after-start');
  units.install({ name: 'slow.service', startTimeoutMs: Number.POSITIVE_INFINITY });
  units.fault('slow.service', 'hangs-on-start');
  units.install({ name: 'stubborn.service', stopTimeoutMs: 3_000 });
  units.fault('stubborn.service', 'hangs-on-stop');
  units.install({ name: 'parent.service' });
  units.fault('parent.service', 'leaves-a-process');
  host.boot();
  const directory = '/var/app';
  return {
    clock,
    host,
    directory,
    named: (unit) => unit,
    program: (name, body) => {
      host.writeProgram(`${directory}/${name}`, `#!/bin/sh\n${body}\n`);
      return `${directory}/${name}`;
    },
    run: (script) => clock.run(host.exec(script, { timeoutMs: 3_600_000 })),
    kill: async (name) => units.die(name),
    dispose: async () => host.halt(),
  };
}
