/** Which calls of a function lie one behind the other: before each, the one whose answer came last. */
import type { WatchedCall } from './watched-calls.ts';

/** From the function's first call to `last`. */
export function criticalPath(calls: readonly WatchedCall[], last: WatchedCall): readonly WatchedCall[] {
  const before = calls.filter((call) => call.by === last.by && call.endMs <= last.atMs && !isBeside(call));
  if (before.length === 0) return [last];
  const previous = before.reduce((latest, each) => (each.endMs > latest.endMs ? each : latest));
  return [...criticalPath(before, previous), last];
}

/** Nobody waits for a record of the audit trail, nor for the mere start of a step, which may run more than once. */
export function isBeside({ operation, input }: WatchedCall): boolean {
  const text = JSON.stringify(input);
  if (operation === 'PutItem') return text.includes('audit#');
  return operation === 'CheckpointDurableExecution' && !/"Action":"(?!START)/.test(text);
}
