/**
 * The functions die right behind the calls that change something: between two of those nothing can be told apart. Or at
 * the checkpoints of a failover, on either side.
 */
import { expect } from 'vitest';
import type { CallRecord } from '../../lib/emulator/account.ts';
import type { CheckpointCrash } from '../../lib/emulator/lambda/durable-faults.ts';
import type { CheckpointRecord } from '../../lib/emulator/lambda/durable-model.ts';
import { type Course, expectTheEndOf, play } from './courses.ts';
import type { Incident } from './incident.ts';
import type { FunctionOf } from './incident-world.ts';

/**
 * A look changes nothing, and a record of the audit trail nobody reads again: a crash behind either is a crash behind
 * the last change before it.
 */
const changes: ReadonlySet<string> = new Set([
  'UpdateItem',
  'PutItem',
  'SendCommand',
  'AssignPrivateIpAddresses',
  'AttachVolume',
  'DetachVolume',
  'ReplaceRoute',
  'RegisterTargets',
  'DeregisterTargets',
  'Invoke',
  'Publish',
]);

function isChange({ operation, input }: CallRecord): boolean {
  return changes.has(operation) && !JSON.stringify(input).includes('audit#');
}

/** A question to a host leaves nothing behind there. */
function isQuestion({ operation, input }: CallRecord): boolean {
  return operation === 'SendCommand' && /"Action":\["(check|status|verify)"\]/.test(JSON.stringify(input));
}

/** For tests that play a course dozens of times. */
export const manyPlaysMs = 400_000;

const either: readonly FunctionOf[] = ['recover', 'failover'];

/** Kills whichever of the functions makes the `nth` change from now on, and as often again counted from there. */
export function crashBehind(
  incident: Incident,
  nth: number,
  times = 1,
  functions = either,
): { readonly crashes: () => number } {
  let seen = 0;
  let crashes = 0;
  const afterCall = (_operation: string, call: CallRecord): boolean => {
    if (crashes === times || !isChange(call)) return false;
    if (functions !== either && isQuestion(call)) return false;
    seen += 1;
    if (seen < nth) return false;
    seen = 0;
    crashes += 1;
    return true;
  };
  for (const name of functions)
    incident.aws.lambda.crashFunction(incident.functionName(name), { afterCall, times });
  return { crashes: () => crashes };
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step?: number;
  /** So many runs in a row crash, each behind its nth change. */
  readonly times?: number;
  /** Which of them die; either when absent. */
  readonly functions?: readonly FunctionOf[];
}

/**
 * Plays the course once for each change of the range, until a run has so few that it goes through.
 * @returns how many runs crashed and came to the same end all the same
 */
export async function crashBehindEach(course: Course, range: Range): Promise<number> {
  const { from, to, step = 1, times = 1, functions } = range;
  let survived = 0;
  for (let nth = from; nth <= to; nth += step) {
    let plan = { crashes: () => 0 };
    const incident = await play(course, (started) => {
      plan = crashBehind(started, nth, times, functions);
    });
    if (plan.crashes() < times) return survived;
    const when = `after a crash behind change ${nth}`;
    await expectTheEndOf(course, incident, when);
    // A recover function that dies behind its commit has done all, and its summary is lost.
    if (functions?.includes('recover') === false)
      expect(await incident.acted(), when).toEqual(course.recoveries);
    survived += 1;
  }
  return survived;
}

/**
 * Plays the course until its failover has died once at each of its checkpoints.
 * @param each so many of them in one play, far apart from each other
 * @returns how many updates its checkpoints have
 */
export async function crashAtEachCheckpoint(
  course: Course,
  moment: CheckpointCrash['moment'],
  each = 1,
): Promise<number> {
  const undisturbed = await play(course, () => undefined);
  const updates = checkpointsOf(undisturbed).flatMap((checkpoint) => checkpoint.updates);
  const plays = Math.ceil(updates.length / each);
  for (let first = 0; first < plays; first += 1) {
    const left = new Set(updates.filter((_, index) => index % plays === first));
    const when = `killed ${moment} ${[...left].join(', ')}`;
    const times = left.size;
    const incident = await play(course, ({ aws }) =>
      aws.lambda.executions.crashAtCheckpoint({
        moment,
        at: (checkpoint) => checkpoint.updates.some((update) => left.delete(update)),
        times,
      }),
    );
    const killed = checkpointsOf(incident).filter(({ outcome }) => outcome === `killed-${moment}`);
    expect(killed, when).toHaveLength(times);
    await expectTheEndOf(course, incident, when);
    expect(await incident.acted(), when).toEqual(course.recoveries);
  }
  return updates.length;
}

function checkpointsOf(incident: Incident): readonly CheckpointRecord[] {
  return incident.executions().flatMap((execution) => execution.look().checkpoints);
}
