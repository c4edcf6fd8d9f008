/**
 * What the engine tells the rest of the account, as EventBridge events with source `holdfast`: what LifeKeeper sends as
 * traps 110-132. The schema is docs/events.schema.json, held to this by `test/unit/announcement.test.ts`.
 *
 * They are sent when a run ends or hands over, not in the way of a recovery; each bears its own time. A run that dies
 * tells nothing: the one that goes on where it was tells all. Only a question and its answer are told at once, because
 * somebody has to give the one and may stop looking after the other; a run that dies in between tells them twice.
 */
import type { Summary } from './audit.ts';
import type { Waiting } from './confirmation.ts';
import type { Verdict } from './decide.ts';
import { type Answered, movingOrders, type Who } from './order.ts';
import { type HoldReason, type Reason, wordsOf } from './reasons.ts';
import type { Place, ResourceRecord, Rung } from './resource.ts';
import type { ResourceState } from './states.ts';
import type { Trigger } from './trigger.ts';
import { whoOf } from './who.ts';

type DetailType =
  | `Holdfast Recovery ${'Started' | 'Completed' | 'Failed' | 'Held'}`
  | `Holdfast Switchover ${'Started' | 'Completed' | 'Failed'}`
  | `Holdfast Confirmation ${'Asked' | 'Answered'}`
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
      /** As this run has left them; empty when it had nothing to do with any. */
      readonly dependents: readonly {
        readonly name: string;
        readonly state: ResourceState;
        readonly server: string | null;
        readonly why: string;
      }[];
    })
  | (Common & { readonly before: ResourceState; readonly after: ResourceState; readonly reason: string })
  | (Common & {
      readonly question: string;
      /** ISO 8601, as EventBridge writes its own times. */
      readonly until: string;
      readonly otherwise: Waiting['otherwise'];
    })
  | (Common & {
      readonly answer: Answered['answer'];
      /** The IAM principal; null: nobody. */
      readonly by: string | null;
      readonly reason: string | null;
      /** What follows from it, or from nobody's answer. */
      readonly goesOn: boolean;
    });

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

/**
 * Null when it is no news: the reconcile looks every minute and mostly holds.
 * @param left the dependents of the record, as the run has written them
 */
export function endOf(summary: Summary, left: ResourceRecord['dependents'] = {}): Announcement | null {
  const { trigger, outcome, reason, words, from, to, stagesMs, atMs } = summary;
  const run = { tag: summary.tag, recovery: summary.recoveryId, epoch: summary.epoch, trigger };
  if (outcome === 'ordered' || (trigger.kind === 'operator' && !isSwitchover(trigger))) return null;
  const type = typeOf(trigger, outcome);
  if (type === 'Holdfast Recovery Held' && (trigger.kind === 'tick' || notLookedAt.has(reason))) return null;
  const dependents = Object.entries(left).map(([name, { state, server, why }]) => ({
    name,
    state,
    server,
    why,
  }));
  return { type, atMs, detail: { ...commonOf(run), outcome, reason, words, from, to, stagesMs, dependents } };
}

export function changeOf(
  run: Run,
  change: { readonly before: ResourceState; readonly after: ResourceState; readonly reason: string },
  atMs: number,
): Announcement {
  return { type: 'Holdfast State Changed', atMs, detail: { ...commonOf(run), ...change } };
}

/** A failover asks a person. */
export function questionAsked(
  run: Run,
  { question, untilMs, otherwise }: Pick<Waiting, 'question' | 'untilMs' | 'otherwise'>,
  atMs: number,
): Announcement {
  const until = new Date(untilMs).toISOString();
  return {
    type: 'Holdfast Confirmation Asked',
    atMs,
    detail: { ...commonOf(run), question, until, otherwise },
  };
}

/** It was answered, or the time was over. */
export function questionAnswered(run: Run, answered: Answered, atMs: number): Announcement {
  const told =
    answered.answer === 'nobody'
      ? { by: null, reason: null, goesOn: answered.otherwise === 'proceed' }
      : { by: answered.arn, reason: answered.reason, goesOn: answered.answer === 'yes' };
  return {
    type: 'Holdfast Confirmation Answered',
    atMs,
    detail: { ...commonOf(run), answer: answered.answer, ...told },
  };
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

/** What a person has ordered to be moved, or the rule that an address goes back (switch-back.ts). */
function isSwitchover(trigger: Trigger): boolean {
  return trigger.kind === 'operator' && movingOrders.some((order) => order === trigger.order);
}

function commonOf({ tag, recovery, epoch, trigger }: Run): Common {
  return { version: 1, tag, recovery, epoch, who: whoOf(trigger) };
}
