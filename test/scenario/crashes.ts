/** The functions die right behind the calls that change something: between two of those nothing can be told apart. */
import type { CallRecord } from '../../lib/emulator/account.ts';
import { type Course, expectTheEndOf, play } from './courses.ts';
import type { Incident } from './incident.ts';

/**
 * A look changes nothing, and a record of the audit trail nobody reads again: a crash behind either is a crash behind
 * the last change before it.
 */
const changes: ReadonlySet<string> = new Set([
  'UpdateItem',
  'PutItem',
  'SendCommand',
  'AssignPrivateIpAddresses',
  'Invoke',
  'Publish',
]);

function isChange({ operation, input }: CallRecord): boolean {
  return changes.has(operation) && !JSON.stringify(input).includes('audit#');
}

/** Kills whichever function makes the `nth` change from now on, and as often again counted from there. */
export function crashBehind(incident: Incident, nth: number, times = 1): { readonly crashes: () => number } {
  let seen = 0;
  let crashes = 0;
  const afterCall = (_operation: string, call: CallRecord): boolean => {
    if (crashes === times || !isChange(call)) return false;
    seen += 1;
    if (seen < nth) return false;
    seen = 0;
    crashes += 1;
    return true;
  };
  for (const name of ['recover', 'failover'] as const)
    incident.aws.lambda.crashFunction(incident.functionName(name), { afterCall, times });
  return { crashes: () => crashes };
}

export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step?: number;
  /** So many runs in a row crash, each behind its nth change. */
  readonly times?: number;
}

/**
 * Plays the course once for each change of the range, until a run has so few that it goes through.
 * @returns how many runs crashed and came to the same end all the same
 */
export async function crashBehindEach(course: Course, range: Range): Promise<number> {
  const { from, to, step = 1, times = 1 } = range;
  let survived = 0;
  for (let nth = from; nth <= to; nth += step) {
    let plan = { crashes: () => 0 };
    const incident = await play(course, (started) => {
      plan = crashBehind(started, nth, times);
    });
    if (plan.crashes() < times) return survived;
    await expectTheEndOf(course, incident, `after a crash behind change ${nth}`);
    survived += 1;
  }
  return survived;
}
