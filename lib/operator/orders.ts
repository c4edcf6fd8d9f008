/** Gives an order: its plan alone with --dry-run, its end with --wait, and one exit code for how it went. */
import { exitCodes } from '../recovery/fault.ts';
import type { Action, Answer, AskedRequest, Explanation, Plan } from '../recovery/order.ts';
import { type Context, type Given, Interrupted, interruptedExit, WrongUsage } from './command.ts';
import { defaultTimeoutMs, follow } from './follow.ts';
import { askBesideLookers } from './looking.ts';
import { json, lines, placeWords, seconds } from './print.ts';
import { openProgress } from './progress.ts';
import { refused } from './refusals.ts';
import { durationOf, textOf } from './values.ts';

type Order = Extract<AskedRequest, { dryRun?: boolean | undefined }>;

/** Not imported from order.ts, which loads all of its schema; `test/unit/cli-engine.test.ts` compares. */
export const moving: ReadonlySet<Action> = new Set<Action>([
  'move-to-backup',
  'move',
  'switchover',
  'failover',
  'in-service',
  'out-of-service',
]);

const timeoutBounds = { leastMs: 1_000, mostMs: 86_400_000 };

/** @param order without what every order may have */
export async function giveOrder(order: Order, given: Given, context: Context): Promise<number> {
  const wait = waitOf(given);
  const reason = given.text('reason');
  const dryRun = given.flag('dry-run');
  const asked: Order = {
    ...order,
    ...(reason === undefined ? {} : { reason: textOf('--reason', reason) }),
    ...(dryRun ? { dryRun } : {}),
  };
  const answer = await (moving.has(order.action) ? context.ask(asked) : askBesideLookers(asked, context));
  if (!answer.ok) return refused(answer, given, context);
  if (answer.kind === 'started' && wait.kind === 'wait')
    return await awaited(answer, wait.timeoutMs, given, context);
  if (given.flag('json')) json(context.terminal, answer);
  else lines(context.terminal, wordsOf(answer));
  return exitCodes.done;
}

type Wait = { readonly kind: 'wait'; readonly timeoutMs: number } | { readonly kind: 'leave' };

function waitOf(given: Given): Wait {
  const [wait, leave, dryRun] = ['wait', 'no-wait', 'dry-run'].map((name) => given.flag(name));
  const timeout = given.text('timeout');
  if (wait && leave) throw new WrongUsage('--wait and --no-wait exclude each other');
  if (dryRun && (wait || leave || timeout !== undefined))
    throw new WrongUsage('--dry-run starts nothing to wait for: leave out --wait, --no-wait and --timeout');
  if (leave && timeout !== undefined) throw new WrongUsage('--timeout does not go with --no-wait');
  if (leave) return { kind: 'leave' };
  return {
    kind: 'wait',
    timeoutMs: timeout === undefined ? defaultTimeoutMs : durationOf('--timeout', timeout, timeoutBounds),
  };
}

function planLines({ steps, leftOut }: Plan): readonly string[] {
  return [
    ...(steps.length === 0 ? ['Nothing would be done.'] : ['Would do:']),
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
    ...(leftOut.length === 0 ? [] : ['Left out:']),
    ...leftOut.map(({ at, reason, words }) => `  ${at}: ${words} (${reason})`),
  ];
}

function wordsOf(answer: Extract<Answer, { ok: true }>): readonly string[] {
  switch (answer.kind) {
    case 'plan':
      return planLines(answer.plan);
    case 'started':
      return [`started ${answer.recovery}`, `  holdfast explain ${answer.recovery}`];
    case 'done':
      return [answer.message];
    default:
      return [`the engine answered with "${answer.kind}"`];
  }
}

async function awaited(
  started: Extract<Answer, { kind: 'started' }>,
  timeoutMs: number,
  given: Given,
  context: Context,
): Promise<number> {
  const { terminal } = context;
  const { recovery } = started;
  const quiet = given.flag('json');
  const progress = openProgress(context);
  const show = (explanation: Explanation | undefined): void => {
    if (!quiet) progress.show(explanation);
  };
  try {
    const { ended, answer } = await follow(recovery, context, { timeoutMs, show });
    if (quiet) json(terminal, answer ?? started);
    if (!ended || answer === undefined) {
      stillRunning(recovery, context);
      return exitCodes.tryLater;
    }
    const code = exitOfOutcome(answer.explanation);
    const line = `${endWords(answer.explanation)}\n`;
    if (code !== exitCodes.done) terminal.err(`holdfast: ${line}  holdfast explain ${recovery}\n`);
    else if (!quiet) terminal.out(line);
    return code;
  } catch (error) {
    stillRunning(recovery, context);
    if (error instanceof Interrupted) return interruptedExit;
    throw error;
  } finally {
    progress.end();
  }
}

function stillRunning(recovery: string, { terminal }: Pick<Context, 'terminal'>): void {
  terminal.err(`still running: holdfast explain ${recovery}\n`);
}

function exitOfOutcome({ outcome }: Pick<Explanation, 'outcome'>): number {
  if (outcome === 'held') return exitCodes.held;
  return outcome === 'failed' ? exitCodes.unavailable : exitCodes.done;
}

/** `ip-db: moved-to-backup, ServerA/eth0 → ServerA/eth1, in 2.113 s`; why, where it was not the order itself. */
export function endWords(explanation: Explanation): string {
  const { tag, outcome, from, to, startedAtMs, endedAtMs, reason, words } = explanation;
  const moved = to === null ? '' : `, ${placeWords(from)} → ${placeWords(to)}`;
  const why = reason === 'ordered' ? '' : ` (${reason}: ${words})`;
  const what = outcome === 'ordered' ? 'as ordered' : outcome;
  return `${tag}: ${what}${moved}, in ${seconds(endedAtMs - startedAtMs)}${why}`;
}
