/**
 * What the engine tells the rest of the account, as EventBridge events with source `holdfast`: what LifeKeeper sends as
 * traps 110-132. The schema is docs/events.schema.json, held to this by `test/unit/announcement.test.ts`.
 *
 * They are sent when a run ends or hands over, not in the way of a recovery; each bears its own time. A run that dies
 * tells nothing: the one that goes on where it was tells all.
 */
import type { Summary } from './audit.ts';
import type { Verdict } from './decide.ts';
import { movingOrders, type Who } from './order.ts';
import { type HoldReason, type Reason, wordsOf } from './reasons.ts';
import type { Place, Rung } from './resource.ts';
import type { ResourceState } from './states.ts';
import type { Trigger } from './trigger.ts';
import { whoOf } from './who.ts';

type DetailType =
  | `Holdfast Recovery ${'Started' | 'Completed' | 'Failed' | 'Held'}`
  | `Holdfast Switchover ${'Started' | 'Completed' | 'Failed'}`
  | 'Holdfast State Changed';

export interface Announcement {
  readonly type: DetailType;
  readonly atMs: number;
  readonly detail: Detail;
}

interface Common {
  readonly version: 1;
  readonly tag: string;
  readonly recovery: string;
  readonly epoch: number;
  readonly who: Who;
}

type Detail =
  | (Common & {
      readonly rung: Rung;
      readonly to: Place;
      readonly reason: Reason;
      readonly words: string;
    })
  | (Common & {
      readonly outcome: Summary['outcome'];
      readonly reason: Reason;
      readonly words: string;
      readonly from: Place | null;
      readonly to: Place | null;
      readonly stagesMs: { readonly [stage: string]: number };
    })
  | (Common & { readonly before: ResourceState; readonly after: ResourceState; readonly reason: string });

export interface Run {
  readonly tag: string;
  readonly recovery: string;
  readonly epoch: number;
  readonly trigger: Trigger;
}

/** Refused for what the event itself says, before anybody looked: no news about an address. */
const notLookedAt: ReadonlySet<Reason> = new Set<HoldReason>([
  'event-not-understood',
  'event-too-old',
  'event-superseded',
  'not-in-alarm',
  'alarm-unknown',
  'tag-unknown',
  'server-not-active',
]);

export function startOf(run: Run, verdict: Extract<Verdict, { kind: 'act' }>, atMs: number): Announcement {
  const { rung, to, reason } = verdict;
  const detail = { ...commonOf(run), rung, to, reason, words: wordsOf(reason) };
  return { type: `Holdfast ${subject(run.trigger)} Started`, atMs, detail };
}

/** Null when it is no news: the reconcile looks every minute and mostly holds. */
export function endOf(summary: Summary): Announcement | null {
  const { trigger, outcome, reason, words, from, to, stagesMs, atMs } = summary;
  const run = { tag: summary.tag, recovery: summary.recoveryId, epoch: summary.epoch, trigger };
  if (outcome === 'ordered' || (trigger.kind === 'operator' && !isSwitchover(trigger))) return null;
  const type = typeOf(trigger, outcome);
  if (type === 'Holdfast Recovery Held' && (trigger.kind === 'tick' || notLookedAt.has(reason))) return null;
  return { type, atMs, detail: { ...commonOf(run), outcome, reason, words, from, to, stagesMs } };
}

export function changeOf(
  run: Run,
  change: { readonly before: ResourceState; readonly after: ResourceState; readonly reason: string },
  atMs: number,
): Announcement {
  return { type: 'Holdfast State Changed', atMs, detail: { ...commonOf(run), ...change } };
}

function typeOf(trigger: Trigger, outcome: Exclude<Summary['outcome'], 'ordered'>): DetailType {
  switch (outcome) {
    case 'held':
      return isSwitchover(trigger) ? 'Holdfast Switchover Failed' : 'Holdfast Recovery Held';
    case 'failed':
      return `Holdfast ${subject(trigger)} Failed`;
    default:
      return `Holdfast ${subject(trigger)} Completed`;
  }
}

function subject(trigger: Trigger): 'Switchover' | 'Recovery' {
  return isSwitchover(trigger) ? 'Switchover' : 'Recovery';
}

/** What a person has ordered to be moved. */
function isSwitchover(trigger: Trigger): boolean {
  return trigger.kind === 'operator' && movingOrders.some((order) => order === trigger.order);
}

function commonOf({ tag, recovery, epoch, trigger }: Run): Common {
  return { version: 1, tag, recovery, epoch, who: whoOf(trigger) };
}
