/**
 * `lkipbu` as LifeKeeper users know it: https://docs.us.sios.com/spslinux/9.3.2/en/topic/ip-local-recovery
 * One line on stdout when it is done, one on stderr when it is not. Its exit codes are those of the LifeKeeper family:
 * https://docs.us.sios.com/sps/8.7.0/en/topic/lcdi-relationship
 */

import { Fault } from '../recovery/fault.ts';
import type { Answer, AskedRequest, Explanation, RefusalCode, Status } from '../recovery/order.ts';
import type { Clock } from '../recovery/ports.ts';
import {
  type Context,
  Interrupted,
  interruptedExit,
  unlessInterrupted,
  WrongUsage,
  WrongValue,
} from './command.ts';
import type { Engine } from './engine.ts';
import { type LkipbuOrder, lkipbuUsage, readLkipbu } from './lkipbu-arguments.ts';
import { type Environment, type Fleet, fleetOfEnvironment } from './settings.ts';
import { durationWords } from './values.ts';

export const lkipbuExit = {
  done: 0,
  failed: 1,
  usage: 2,
  exists: 4,
  illegal: 5,
  missing: 7,
  unreachable: 9,
} as const;

const mayBeTaken = 'interrupted; the order may have been taken: holdfast history';

export interface CommandResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface LkipbuWorld {
  readonly environment: Environment;
  readonly clock: Clock;
  readonly interrupted: AbortSignal;
  engine(fleet: Fleet): Engine;
}

/** @param argv without node and the script */
export async function lkipbu(argv: readonly string[], world: LkipbuWorld): Promise<CommandResult> {
  try {
    const read = readLkipbu(argv);
    if (read.kind === 'help') return done(lkipbuUsage);
    const engine = world.engine(fleetOfEnvironment(world.environment));
    const ask = (request: AskedRequest): Promise<Answer> =>
      unlessInterrupted(world.interrupted, engine.ask(request));
    return await carriedOut(read, { ...world, ask });
  } catch (error) {
    if (error instanceof WrongValue) return failure(lkipbuExit.illegal, error.message);
    if (error instanceof WrongUsage) return failure(lkipbuExit.usage, `${error.message}\n${lkipbuUsage}`);
    if (error instanceof Interrupted)
      return failure(interruptedExit, isQuestion(argv) ? 'interrupted' : mayBeTaken);
    if (error instanceof Fault) return failure(exitOf(error.code), error.message);
    throw error;
  }
}

function isQuestion(argv: readonly string[]): boolean {
  const { kind } = readLkipbu(argv);
  return kind === 'show' || kind === 'help';
}

async function carriedOut(
  order: LkipbuOrder,
  context: Pick<Context, 'ask' | 'clock' | 'interrupted'>,
): Promise<CommandResult> {
  const writes = order.kind === 'add' || order.kind === 'remove';
  const request = requestOf(order);
  const answer = await (writes
    ? (await import('./looking.ts')).askBesideLookers(request, context)
    : context.ask(request));
  if (!answer.ok) return failure(exitOf(answer.code), answer.message);
  switch (answer.kind) {
    case 'status':
      return done(statusText(answer.status));
    case 'done':
      return done(`${answer.message}\n`);
    case 'started':
      return await awaited(answer.recovery, order, context);
    default:
      throw new Fault('invalid-answer', `the engine answered with "${answer.kind}"`, 'never');
  }
}

function requestOf(order: LkipbuOrder): AskedRequest {
  const { tag, machine, reason } = order;
  const about = { tag, ...(machine === undefined ? {} : { machine }) };
  const why = reason === undefined ? {} : { reason };
  switch (order.kind) {
    case 'show':
      return { action: 'status', ...about };
    case 'move':
      return { action: 'move-to-backup', ...about, ...why };
    case 'add':
      return {
        action: 'add-backup',
        ...about,
        interface: order.interface,
        ...(order.force ? { force: true } : {}),
        ...why,
      };
    case 'remove':
      return { action: 'remove-backup', ...about, interface: order.interface, ...why };
  }
}

/** The seed's four lines. */
function statusText(status: Status): string {
  return [
    `IP address: ${status.address}`,
    `Netmask: ${status.netmask}`,
    `Primary interface: ${status.primary.name} (${status.primary.up ? 'up' : 'down'})`,
    `Backup interface: ${status.backup ?? 'none'}`,
    '',
  ].join('\n');
}

async function awaited(
  recovery: string,
  order: LkipbuOrder,
  context: Pick<Context, 'ask' | 'clock' | 'interrupted'>,
): Promise<CommandResult> {
  const watching = `still running: holdfast explain ${recovery}\n`;
  const { defaultTimeoutMs, follow } = await import('./follow.ts');
  try {
    const { ended, answer } = await follow(recovery, context, {
      timeoutMs: defaultTimeoutMs,
      show: () => {},
    });
    if (ended && answer !== undefined) return endOf(answer.explanation);
    const waited = `${order.tag}: no end within ${durationWords(defaultTimeoutMs)}`;
    return { exitCode: lkipbuExit.failed, stdout: '', stderr: `lkipbu: ${waited}; ${watching}` };
  } catch (error) {
    if (error instanceof Interrupted) return { exitCode: interruptedExit, stdout: '', stderr: watching };
    if (error instanceof Fault) return failure(exitOf(error.code), `${error.message}; ${watching.trimEnd()}`);
    throw error;
  }
}

function endOf(explanation: Explanation): CommandResult {
  const { tag, outcome, from, to, reason, words, recovery, startedAtMs, endedAtMs } = explanation;
  if (outcome === 'held' || outcome === 'failed')
    return failure(
      lkipbuExit.failed,
      `${tag} is not moved: ${words} (${outcome}, ${reason}); holdfast explain ${recovery}`,
    );
  const took = `${((endedAtMs - startedAtMs) / 1_000).toFixed(3)} s`;
  if (to === null) return done(`${tag}: ${outcome} in ${took}\n`);
  const before =
    from === null ? '' : `, was on ${from.interface}${from.server === to.server ? '' : ` of ${from.server}`}`;
  return done(`${tag} is on ${to.interface} of ${to.server}${before}; verified in ${took}\n`);
}

const exits: { readonly [code in RefusalCode]?: number } = {
  'backup-exists': lkipbuExit.exists,
  usage: lkipbuExit.illegal,
  'interface-invalid': lkipbuExit.illegal,
  'unknown-tag': lkipbuExit.missing,
  'unknown-server': lkipbuExit.missing,
  'unknown-recovery': lkipbuExit.missing,
  'backup-missing': lkipbuExit.missing,
  throttled: lkipbuExit.unreachable,
  'service-unavailable': lkipbuExit.unreachable,
  'no-answer': lkipbuExit.unreachable,
  'access-denied': lkipbuExit.unreachable,
  'not-found': lkipbuExit.unreachable,
  'invalid-settings': lkipbuExit.unreachable,
};

function exitOf(code: RefusalCode): number {
  return exits[code] ?? lkipbuExit.failed;
}

function done(stdout: string): CommandResult {
  return { exitCode: lkipbuExit.done, stdout, stderr: '' };
}

function failure(exitCode: number, message: string): CommandResult {
  return { exitCode, stdout: '', stderr: `lkipbu: ${message}\n` };
}
