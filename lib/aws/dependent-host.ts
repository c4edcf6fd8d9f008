/** Units and commands on the server itself: the fleet's SSM document knows them by tag and name, and runs nothing else. */
import type { SSMClient } from '@aws-sdk/client-ssm';
import type { DependentDefinition, DependentPlace, DependentView } from '../recovery/dependent.ts';
import {
  type DependentAction,
  type DependentAnswer,
  parseDependentAnswer,
} from '../recovery/dependent-answer.ts';
import { Fault } from '../recovery/fault.ts';
import type { KindOf } from './dependents.ts';
import { codeBehind } from './errors.ts';
import type { Retrying } from './retry.ts';
import { type Ran, runCommand } from './run-command.ts';

/** The command's way there and back, and the looks before and after what it runs. */
const wayMs = 30_000;
/** A check that takes longer says as little as none. */
const checkMs = 20_000;

export function hostDependents(
  ssm: SSMClient,
  documentName: string,
  retrying: Retrying,
): KindOf<'systemd' | 'command'> {
  async function ask(
    action: DependentAction,
    dependent: DependentDefinition,
    at: DependentPlace,
    how: { readonly order: number; readonly deadlineMs: number },
  ): Promise<DependentAnswer> {
    const { tag, instanceId } = at;
    const { name } = dependent;
    const parameters = { Tag: tag, Name: name, Action: action, Order: String(how.order) };
    const run = { documentName, instanceId, parameters, deadlineMs: how.deadlineMs };
    const ran = await runCommand(ssm, run, retrying).catch(unheard);
    if (ran.kind === 'no-answer') throw new Fault('no-answer', `${action} ${name}: ${ran.why}`, 'later');
    return answerOf(ran, `${action} ${name}`);
  }

  return {
    look: async (_, at, dependent) =>
      viewOf(await ask('check', dependent, at, { order: 0, deadlineMs: checkMs })),
    start: async (_, at, dependent, order) =>
      obey(await ask('start', dependent, at, { order, deadlineMs: dependent.startMs + wayMs })),
    stop: async (_, at, dependent, order) =>
      obey(await ask('stop', dependent, at, { order, deadlineMs: dependent.stopMs + wayMs })),
  };
}

/** Systems Manager takes no command for a host that it does not hear; it may hear it in a moment. */
function unheard(error: unknown): Ran {
  if (codeBehind(error) !== 'invalidinstanceid') throw error;
  return { kind: 'no-answer', why: (error as Error).message };
}

function answerOf(ran: { readonly stdout: string; readonly shown: string }, what: string): DependentAnswer {
  try {
    return parseDependentAnswer(ran.stdout);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(error.code, `${what}: ${error.message} (${ran.shown})`, error.retry, { cause: error });
  }
}

function viewOf(answer: DependentAnswer): DependentView {
  return { state: answer.state, detail: detailOf(answer) };
}

/** @throws Fault when it was not even tried; what it came to otherwise, a look tells */
function obey(answer: DependentAnswer): void {
  if (answer.why === 'superseded') throw new Fault('refused', detailOf(answer), 'never');
  if (answer.why === 'not-declared' || answer.why === 'usage')
    throw new Fault('usage', detailOf(answer), 'never');
  // Nothing can look at it, so a start or stop that failed is told here or never.
  if (!answer.checked && answer.state === 'unknown') throw new Fault('refused', detailOf(answer), 'later');
}

function detailOf({ name, state, why, exit, output }: DependentAnswer): string {
  const code = exit === null ? '' : `, exit ${exit}`;
  // What went as it should needs no program's words in the audit trail.
  const asWished = why === 'verified' || why === 'already-so';
  const said = asWished || output.trim() === '' ? '' : `: ${output.trim()}`;
  return `${name ?? 'the host'} is ${state} (${why}${code})${said}`;
}
