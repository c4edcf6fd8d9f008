/**
 * What an operator may ask of the engine, and what it answers: the one contract of the command line, the runbooks, the
 * instance's own front and the operate function. A question is answered at once; an order that only writes the record
 * is carried out at once; one that moves an address is a recovery like any other, which the answer names, so that
 * whoever stops waiting can watch it (docs/decisions/0011-orders.md).
 */
import * as v from 'valibot';
import type { Outcome } from './audit.ts';
import type { Confirmation, Waiting } from './confirmation.ts';
import type { DependentKind } from './dependent.ts';
import type { FaultCode } from './fault.ts';
import { interfaceNamePattern, serverNamePattern } from './info.ts';
import type { MechanismKind } from './mechanism.ts';
import { tagPattern } from './names.ts';
import type { Place, Rung } from './resource.ts';
import type { ResourceState } from './states.ts';
import type { Trigger } from './trigger.ts';

const tag = v.pipe(v.string(), v.regex(tagPattern, 'is not a tag'));
const server = v.pipe(v.string(), v.regex(serverNamePattern, 'is not the name of a server'));
const device = v.pipe(v.string(), v.regex(interfaceNamePattern, 'is not the name of an interface'));
const reason = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256)));
const automation = v.picklist(['on', 'observe', 'off']);

/** Who asks. Only what the engine has verified itself is believed; without it only questions are answered. */
const proof = v.variant('kind', [
  /** A signed sts:GetCallerIdentity, for the engine to send: who signed it is who asks. Bound to the order by a header. */
  v.strictObject({
    kind: v.literal('signed-identity'),
    headers: v.record(v.string(), v.string()),
    body: v.string(),
  }),
  /** The run of one of our runbooks; Systems Manager says who started it. */
  v.strictObject({ kind: v.literal('runbook'), executionId: v.string() }),
]);

const asked = {
  proof: v.optional(proof),
  /** Why, in the operator's words; stands in the audit trail. */
  reason,
} as const;

/** Orders may be asked for their plan alone. */
const ordered = { ...asked, dryRun: v.optional(v.boolean(), false) } as const;

export const request = v.variant('action', [
  // ---- Questions
  v.strictObject({ action: v.literal('list'), ...asked }),
  v.strictObject({ action: v.literal('status'), tag, machine: v.optional(server), ...asked }),
  v.strictObject({
    action: v.literal('history'),
    tag: v.optional(tag),
    sinceMs: v.optional(v.number()),
    limit: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(200))),
    ...asked,
  }),
  v.strictObject({ action: v.literal('explain'), recovery: v.pipe(v.string(), v.maxLength(256)), ...asked }),
  // ---- Orders that write the record
  v.strictObject({
    action: v.literal('add-backup'),
    tag,
    machine: v.optional(server),
    interface: device,
    /** Accepts other security groups or another source/destination check; it is recorded. */
    force: v.optional(v.boolean(), false),
    ...ordered,
  }),
  v.strictObject({
    action: v.literal('remove-backup'),
    tag,
    machine: v.optional(server),
    interface: device,
    ...ordered,
  }),
  /** Without a tag: the whole fleet. */
  v.strictObject({
    action: v.literal('pause'),
    tag: v.optional(tag),
    /** A pause always has an end. */
    forMs: v.pipe(v.number(), v.integer(), v.minValue(60_000), v.maxValue(7 * 86_400_000)),
    ...ordered,
  }),
  v.strictObject({ action: v.literal('resume'), tag: v.optional(tag), ...ordered }),
  v.strictObject({ action: v.literal('automation'), tag: v.optional(tag), mode: automation, ...ordered }),
  /** Clears the block after a failover. */
  v.strictObject({
    action: v.literal('acknowledge'),
    tag,
    comment: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
    ...ordered,
  }),
  /** Answers a failover that waits for a person. */
  v.strictObject({ action: v.literal('confirm'), tag, answer: v.picklist(['yes', 'no']), ...ordered }),
  // ---- Orders that move an address
  /** `lkipbu -m`: to the backup interface of `machine`; out of service the two interfaces only change places. */
  v.strictObject({ action: v.literal('move-to-backup'), tag, machine: v.optional(server), ...ordered }),
  /** To a place; the server alone means its INFO primary. */
  v.strictObject({
    action: v.literal('move'),
    tag,
    server: v.optional(server),
    interface: v.optional(device),
    ...ordered,
  }),
  /** Planned; refuses a server that is not ready. */
  v.strictObject({ action: v.literal('switchover'), tag, server, ...ordered }),
  /** As if the active server had failed: to the next one that is ready, or to `server`. */
  v.strictObject({
    action: v.literal('failover'),
    tag,
    server: v.optional(server),
    force: v.literal(true),
    ...ordered,
  }),
  v.strictObject({ action: v.literal('in-service'), tag, server: v.optional(server), ...ordered }),
  v.strictObject({ action: v.literal('out-of-service'), tag, ...ordered }),
]);

/** As it is asked; defaults may be missing. */
export type AskedRequest = v.InferInput<typeof request>;
export type Request = v.InferOutput<typeof request>;
export type Action = Request['action'];

export const questions = ['list', 'status', 'history', 'explain'] as const;
export const movingOrders = [
  'move-to-backup',
  'move',
  'switchover',
  'failover',
  'in-service',
  'out-of-service',
] as const;

// ---- Answers

/** `up`: in service on this server, and EC2 says that this interface owns the address. */
export interface Status {
  readonly tag: string;
  readonly state: ResourceState;
  readonly reason: string;
  readonly activeServer: string | null;
  /** The server that the fields below are about. */
  readonly server: string;
  readonly address: string;
  /** Dotted. */
  readonly netmask: string;
  readonly primary: { readonly name: string; readonly up: boolean };
  readonly backup: string | null;
  /** INFO records by server. */
  readonly info: { readonly [server: string]: string };
  /** By which means of EC2 it moves. */
  readonly mechanism: { readonly kind: MechanismKind; readonly words: string };
  readonly automation: 'on' | 'observe' | 'off';
  readonly pausedUntilMs: number | null;
  readonly failoverBlockedUntilMs: number | null;
  readonly armed: boolean;
  /** Who holds the claim now, since when, and doing what; null when nobody does. */
  readonly claim: ClaimView | null;
  /** A failover that asks a person; null when none does. */
  readonly waiting: WaitingView | null;
  /** What depends on it, in the order in which it comes into service. */
  readonly dependents: readonly DependentStatus[];
  /** Newest last. */
  readonly recent: readonly { readonly atMs: number; readonly outcome: string }[];
  /** Of the active server's agent: version and when it last spoke; null when it never did. */
  readonly agent: { readonly version: string | null; readonly spokeAtMs: number } | null;
  /** Where it could go, in the order in which it would be tried, and why not. */
  readonly targets: readonly { readonly at: Place; readonly ready: boolean; readonly why: string | null }[];
}

export interface ClaimView {
  /** Of the recovery, where it is known; else the invocation. */
  readonly holder: string;
  readonly expiresAtMs: number;
  /** Null: it only looks. */
  readonly doing: {
    readonly rung: Rung;
    readonly to: Place;
    /** For a person's answer. */
    readonly waits: boolean;
    readonly words: string;
  } | null;
}

/** The question, until when, what happens without an answer, and the answer that was given. */
export type WaitingView = Omit<Waiting, 'callbackId'>;

/** A dependent as the last failover has left it; another resource as it is now. */
export interface DependentStatus {
  readonly name: string;
  readonly kind: DependentKind;
  /** The unit, the volume, the tag … */
  readonly what: string;
  /** Null: no failover has had to do with it yet. */
  readonly state: ResourceState | null;
  readonly server: string | null;
  readonly why: string | null;
  readonly atMs: number | null;
  /** Its children, besides the address itself. */
  readonly needs: readonly string[];
}

/** Who has answered what, and when; `nobody` within the time. */
export type Answered = Confirmation | { readonly answer: 'nobody'; readonly otherwise: Waiting['otherwise'] };

export interface ListEntry {
  readonly tag: string;
  readonly address: string;
  readonly server: string | null;
  readonly interface: string | null;
  readonly state: ResourceState;
  readonly reason: string;
  readonly automation: 'on' | 'observe' | 'off';
  readonly pausedUntilMs: number | null;
  /** When the record's last recovery ended; null when there was none. */
  readonly sinceMs: number | null;
  /** Whether there is another place that is ready; null when nobody could look. */
  readonly ready: boolean | null;
  /** As in `Status`: what `watch` follows. */
  readonly claim: ClaimView | null;
  readonly waiting: WaitingView | null;
  /** Dependents that the last failover could not bring into service. */
  readonly dependentsOut: readonly string[];
}

export interface FleetStatus {
  readonly name: string;
  readonly automation: 'on' | 'observe' | 'off';
  readonly pausedUntilMs: number | null;
  /** Automatic failovers that count now, and how many are allowed. */
  readonly brake: { readonly counted: number; readonly max: number };
}

/** Who set something off, in words of their own. */
export interface Who {
  readonly kind: 'alarm' | 'agent' | 'instance-state' | 'reconcile' | 'operator';
  /** Alarm name, instance id, or the IAM principal's ARN. */
  readonly name: string;
  /** How an operator came: by the command line, a runbook, or from an instance. */
  readonly via?: 'command' | 'runbook' | 'instance';
  /** What an operator has ordered. */
  readonly order?: string;
  readonly reason?: string;
}

export interface HistoryEntry {
  /** What `explain` takes. */
  readonly recovery: string;
  readonly tag: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly outcome: Outcome;
  readonly reason: string;
  readonly words: string;
  readonly from: Place | null;
  readonly to: Place | null;
  readonly who: Who;
}

export interface Explanation extends HistoryEntry {
  /** False while it runs; outcome and reason are then of the last thing known. */
  readonly ended: boolean;
  readonly trigger: Trigger;
  readonly stagesMs: { readonly [stage: string]: number };
  /** As they happened. What is done side by side is written side by side, so a late one may come before one that was seen. */
  readonly steps: readonly ExplainedStep[];
}

export interface ExplainedStep {
  /** The same however often it is asked for. */
  readonly id: string;
  readonly atMs: number;
  readonly ms: number;
  readonly step: string;
  /** What it says of a dependent, a fence or a question; null of steps that speak for themselves. */
  readonly words: string | null;
  readonly evidence: unknown;
}

export interface Plan {
  /** What would be done, in order, in words. */
  readonly steps: readonly string[];
  /** Places that were considered and left out, and why. */
  readonly leftOut: readonly { readonly at: string; readonly reason: string; readonly words: string }[];
}

export type Answer =
  | {
      readonly ok: true;
      readonly kind: 'list';
      readonly fleet: FleetStatus;
      readonly resources: readonly ListEntry[];
    }
  | { readonly ok: true; readonly kind: 'status'; readonly status: Status }
  | { readonly ok: true; readonly kind: 'history'; readonly entries: readonly HistoryEntry[] }
  | { readonly ok: true; readonly kind: 'explanation'; readonly explanation: Explanation }
  /** A dry run. */
  | { readonly ok: true; readonly kind: 'plan'; readonly plan: Plan }
  /** Done already; `changed` is false when there was nothing to do. */
  | {
      readonly ok: true;
      readonly kind: 'done';
      readonly changed: boolean;
      readonly message: string;
      readonly recovery: string;
    }
  /** Under way; `explain` of that recovery tells how it goes. */
  | { readonly ok: true; readonly kind: 'started'; readonly recovery: string; readonly plan: Plan }
  | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly code: RefusalCode;
  readonly message: string;
  /** For `claim-held`. */
  readonly claim?: ClaimView;
}

export type RefusalCode =
  | FaultCode
  | 'claim-held'
  | 'backup-exists'
  | 'backup-missing'
  | 'interface-invalid'
  | 'target-not-ready'
  | 'nothing-waits'
  | 'unknown-recovery'
  | 'who-unknown';
