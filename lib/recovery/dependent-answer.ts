/** The host's answer about a dependent of kind systemd or command: the last line that dependent.sh prints. */
import * as v from 'valibot';
import { parseAnswerLine } from './answer-line.ts';

const whys = [
  /** A look after the change, or the look that was asked for. */
  'verified',
  /** It was so before; nothing was run but the look. */
  'already-so',
  /** The program ended with 0, and nothing can look. */
  'started',
  'stopped',
  'start-failed',
  'stop-failed',
  'check-failed',
  /** On its way, or just about to be started again by systemd. */
  'still-changing',
  /** The unit is called stopped, and processes of it are there: it is not stopped. */
  'processes-left',
  'timed-out',
  'unit-not-found',
  'no-check',
  'could-not-look',
  /** A younger start or stop has run. */
  'superseded',
  /** Another start, stop or check of it is at work. */
  'busy',
  'cannot-lock',
  'not-declared',
  'usage',
] as const;

const dependentAnswer = v.object({
  v: v.literal(1),
  /** Null, as tag and name, of what the script does not take. */
  action: v.nullable(v.picklist(['start', 'stop', 'check'])),
  tag: v.nullable(v.string()),
  name: v.nullable(v.string()),
  state: v.picklist(['in-service', 'out-of-service', 'changing', 'failed', 'unknown']),
  /** Something was started or stopped, or it was tried. */
  changed: v.boolean(),
  /** The state is what was seen, not what a program's exit code promises. */
  checked: v.boolean(),
  /** Of the start or stop; of the check where that was asked for. Null when none ended by itself. */
  exit: v.nullable(v.number()),
  /** What was run did not end in its time; a systemd job goes on all the same. */
  timedOut: v.boolean(),
  why: v.picklist(whys),
  /** The end of what was said, in ASCII. */
  output: v.string(),
  ms: v.number(),
});

export type DependentAnswer = Readonly<v.InferOutput<typeof dependentAnswer>>;
export type DependentAction = NonNullable<DependentAnswer['action']>;

/** @throws Fault `invalid-answer` when the output has no such line or the line is not what the script prints */
export function parseDependentAnswer(stdout: string): DependentAnswer {
  return parseAnswerLine(dependentAnswer, stdout);
}
