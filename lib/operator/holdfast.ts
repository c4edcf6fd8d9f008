/** The program `holdfast`: finds the command, reads its line, lets it work, and turns whatever goes wrong into words. */

import { exitCodes, Fault } from '../recovery/fault.ts';
import type { Clock } from '../recovery/ports.ts';
import { readArguments } from './arguments.ts';
import {
  type Command,
  type Context,
  Interrupted,
  interruptedExit,
  type Terminal,
  unlessInterrupted,
  WrongUsage,
} from './command.ts';
import type { Engine } from './engine.ts';
import { everyOption } from './options.ts';
import { exitOf, nextStep } from './refusals.ts';
import { applySettings, type Environment, type Fleet } from './settings.ts';
import { quoted } from './values.ts';

export interface World {
  readonly environment: Environment;
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly interrupted: AbortSignal;
  engine(fleet: Fleet): Engine;
}

/** Each loads what it needs and nothing else. In the order in which help lists them. */
const commands: { readonly [name: string]: () => Promise<Command> } = {
  list: async () => (await import('./list.ts')).list,
  status: async () => (await import('./status.ts')).status,
  move: async () => (await import('./move.ts')).move,
  switchover: async () => (await import('./switchover.ts')).switchover,
  failover: async () => (await import('./failover.ts')).failover,
  'in-service': async () => (await import('./in-service.ts')).inService,
  'out-of-service': async () => (await import('./out-of-service.ts')).outOfService,
  pause: async () => (await import('./pause.ts')).pause,
  resume: async () => (await import('./resume.ts')).resume,
  automation: async () => (await import('./automation.ts')).automation,
  ack: async () => (await import('./ack.ts')).ack,
  confirm: async () => (await import('./confirm.ts')).confirm,
  history: async () => (await import('./history.ts')).history,
  explain: async () => (await import('./explain.ts')).explain,
  watch: async () => (await import('./watch.ts')).watch,
  completion: async () => (await import('./completion.ts')).completion,
};

/** @param argv without node and the script; @returns the exit code */
export async function holdfast(argv: readonly string[], world: World): Promise<number> {
  const { terminal } = world;
  const { name, rest } = split(argv);
  if (name === undefined && rest.join() === '--version') {
    terminal.out(await version());
    return exitCodes.done;
  }
  if (name === undefined || name === 'help') return await overview(rest, terminal);
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    terminal.err(`holdfast: there is no command ${quoted(name)}; holdfast --help lists them\n`);
    return exitCodes.usage;
  }
  const command = await load();
  try {
    const given = readArguments(command, rest);
    if (given.flag('help')) {
      const { commandHelp } = await import('./help.ts');
      terminal.out(commandHelp(command));
      return exitCodes.done;
    }
    const fleet = applySettings(given, world.environment);
    return await command.run(given, contextOf(fleet, world));
  } catch (error) {
    return wordsOf(error, command, rest.includes('--json'), world);
  }
}

export async function everyCommand(): Promise<readonly Command[]> {
  return await Promise.all(Object.values(commands).map((load) => load()));
}

async function version(): Promise<string> {
  const { readFile } = await import('node:fs/promises');
  const about: unknown = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  return `holdfast ${(about as { readonly version: string }).version}\n`;
}

/** The first word is the command; options of every command may stand before it. */
function split(argv: readonly string[]): {
  readonly name: string | undefined;
  readonly rest: readonly string[];
} {
  const takesValue = new Set(
    everyOption.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`),
  );
  let index = 0;
  while (argv[index]?.startsWith('-')) index += takesValue.has(argv[index] ?? '') ? 2 : 1;
  return { name: argv[index], rest: argv.toSpliced(index, 1) };
}

async function overview(rest: readonly string[], terminal: Terminal): Promise<number> {
  const asked = rest.every((word) => word === '--help' || word === '-h');
  const { programHelp } = await import('./help.ts');
  const text = programHelp(await everyCommand());
  if (rest.length > 0 && asked) {
    terminal.out(text);
    return exitCodes.done;
  }
  terminal.err(rest.length === 0 ? text : `holdfast: a command is missing; holdfast --help lists them\n`);
  return exitCodes.usage;
}

function contextOf(fleet: Fleet, { terminal, clock, interrupted, engine }: World): Context {
  let opened: Engine | undefined;
  return {
    terminal,
    clock,
    interrupted,
    commands: everyCommand,
    ask(request) {
      opened ??= engine(fleet);
      return unlessInterrupted(interrupted, opened.ask(request));
    },
  };
}

function wordsOf(error: unknown, command: Command, asJson: boolean, { terminal }: World): number {
  if (error instanceof WrongUsage) {
    terminal.err(`holdfast ${command.name}: ${error.message}\n  holdfast ${command.name} --help says more\n`);
    return exitCodes.usage;
  }
  if (error instanceof Interrupted) {
    const order = command.options.some(({ name }) => name === 'dry-run');
    terminal.err(order ? 'interrupted; the order may have been taken: holdfast history\n' : 'interrupted\n');
    return interruptedExit;
  }
  if (!(error instanceof Fault)) throw error;
  const { code, message } = error;
  if (asJson) terminal.out(`${JSON.stringify({ ok: false, code, message }, null, 2)}\n`);
  terminal.err(`holdfast: ${message} (${code})\n`);
  const next = nextStep(error);
  if (next !== undefined) terminal.err(`  ${next}\n`);
  return exitOf(code);
}
