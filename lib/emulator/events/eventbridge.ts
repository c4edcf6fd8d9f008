/**
 * EventBridge: the default bus, its rules and their targets. Events come from the services of the account and from
 * PutEvents; a rule that matches hands each event to its targets.
 */
import type { Account, AwsEvent } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import { handOver } from '../handover.ts';
import { type InputTransformer, transform } from './input-transformer.ts';
import { matchesPattern, type Pattern, readPattern } from './pattern.ts';
import { readSchedule } from './schedule.ts';

/** https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html */
export interface EventEnvelope {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** Whole seconds: `2021-11-11T21:29:54Z`. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
}

export interface RuleSettings {
  readonly name: string;
  readonly description?: string;
  /** JSON */
  readonly eventPattern?: string;
  readonly scheduleExpression?: string;
  readonly enabled: boolean;
}

export interface Target {
  readonly id: string;
  readonly arn: string;
  /** JSON that is sent instead of the event. */
  readonly input?: string;
  /** What is sent instead of it, with parts of it. */
  readonly inputTransformer?: InputTransformer;
  readonly retryPolicy?: {
    readonly maximumRetryAttempts?: number;
    readonly maximumEventAgeInSeconds?: number;
  };
  /** Gets what the target refused for good. */
  readonly deadLetterArn?: string;
}

export interface Rule {
  readonly settings: RuleSettings;
  readonly arn: string;
  readonly targets: readonly Target[];
}

/** A delivery that its target refused for good. */
export interface FailedInvocation {
  readonly ruleName: string;
  readonly target: Target;
  readonly event: EventEnvelope;
  readonly error: AwsError;
}

interface Kept {
  rule: Rule;
  readonly pattern: Pattern | undefined;
  timer: Timer | undefined;
}

/** "The typical latency is about half a second": https://aws.amazon.com/eventbridge/faqs/ */
const typicalLatencyMs = 500;
const keptEvents = 1_000;
const keptFailures = 1_000;
/** https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html */
const targetsAtMost = 5;
const rulesAtMost = 300;
const principal = 'events.amazonaws.com';

export class EventBridge {
  readonly account: Account;
  /** From accepting an event to its delivery. */
  latencyMs = typicalLatencyMs;
  readonly #rules = new Map<string, Kept>();
  readonly #recent: EventEnvelope[] = [];
  readonly #failures: FailedInvocation[] = [];

  constructor(account: Account) {
    this.account = account;
    account.onEvent((event) => void this.accept(event));
  }

  /** The last events of the bus, oldest first. */
  recentEvents(): readonly EventEnvelope[] {
    return this.#recent;
  }

  /** The last deliveries that failed for good (the metric FailedInvocations counts these). */
  failedInvocations(): readonly FailedInvocation[] {
    return this.#failures;
  }

  accept(event: AwsEvent): EventEnvelope {
    const envelope = this.#envelope(event);
    this.#keep(envelope);
    for (const { rule, pattern } of this.#rules.values())
      if (rule.settings.enabled && pattern !== undefined && matchesPattern(pattern, envelope))
        this.#send(rule, envelope);
    return envelope;
  }

  rules(): readonly Rule[] {
    return [...this.#rules.values()].map(({ rule }) => rule);
  }

  /** @throws AwsError ResourceNotFoundException */
  rule(name: string): Rule {
    return this.#kept(name).rule;
  }

  /** Creates the rule, or overwrites it and keeps its targets. @throws AwsError naming what is wrong with it */
  putRule(settings: RuleSettings): Rule {
    const { eventPattern, scheduleExpression } = settings;
    const pattern = eventPattern === undefined ? undefined : readPattern(eventPattern);
    const everyMs = scheduleExpression === undefined ? undefined : readSchedule(scheduleExpression);
    const known = this.#rules.get(settings.name);
    if (known === undefined && this.#rules.size >= rulesAtMost)
      throw new AwsError(
        'LimitExceededException',
        `The requested resource exceeds the maximum number allowed.`,
      );
    known?.timer?.cancel();
    const rule: Rule = {
      settings,
      arn: this.account.arn('events', `rule/${settings.name}`),
      targets: known?.rule.targets ?? [],
    };
    const kept: Kept = { rule, pattern, timer: undefined };
    this.#rules.set(settings.name, kept);
    if (everyMs !== undefined && settings.enabled) this.#schedule(kept, everyMs);
    return rule;
  }

  /** Deleting what is not there succeeds (seen). @throws AwsError ValidationException while it has targets */
  deleteRule(name: string): void {
    const kept = this.#rules.get(name);
    if (kept === undefined) return;
    if (kept.rule.targets.length > 0)
      throw new AwsError('ValidationException', "Rule can't be deleted since it has targets.");
    kept.timer?.cancel();
    this.#rules.delete(name);
  }

  /** @throws AwsError ResourceNotFoundException, LimitExceededException */
  putTargets(name: string, targets: readonly Target[]): void {
    const kept = this.#kept(name);
    const others = kept.rule.targets.filter(({ id }) => !targets.some((target) => target.id === id));
    const all = [...others, ...targets];
    if (all.length > targetsAtMost)
      throw new AwsError('LimitExceededException', `A rule has at most ${targetsAtMost} targets.`);
    kept.rule = { ...kept.rule, targets: all };
  }

  /** @throws AwsError ResourceNotFoundException */
  removeTargets(name: string, ids: readonly string[]): void {
    const kept = this.#kept(name);
    kept.rule = { ...kept.rule, targets: kept.rule.targets.filter(({ id }) => !ids.includes(id)) };
  }

  /** @throws AwsError ResourceNotFoundException */
  enableRule(name: string, enabled: boolean): void {
    this.putRule({ ...this.#kept(name).rule.settings, enabled });
  }

  /** No scheduled rule fires any more. */
  stop(): void {
    for (const kept of this.#rules.values()) kept.timer?.cancel();
  }

  #kept(name: string): Kept {
    const kept = this.#rules.get(name);
    if (kept === undefined)
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    return kept;
  }

  /** "The rate starts when the rule is created": the first event comes one interval later. Only this rule gets it. */
  #schedule(kept: Kept, everyMs: number): void {
    kept.timer = later(this.account.clock, everyMs, () => {
      this.#schedule(kept, everyMs);
      const envelope = this.#envelope({
        source: 'aws.events',
        detailType: 'Scheduled Event',
        resources: [kept.rule.arn],
        detail: {},
      });
      this.#keep(envelope);
      this.#send(kept.rule, envelope);
    });
  }

  #send(rule: Rule, event: EventEnvelope): void {
    for (const target of rule.targets)
      this.#handTo(target.arn, target, rule, event, () => {
        if (target.deadLetterArn !== undefined) this.#handTo(target.deadLetterArn, target, rule, event);
      });
  }

  #handTo(targetArn: string, target: Target, rule: Rule, event: EventEnvelope, lost?: () => void): void {
    const { input, inputTransformer } = target;
    const payload =
      inputTransformer === undefined ? (input ?? JSON.stringify(event)) : transform(inputTransformer, event);
    const retries = target.retryPolicy?.maximumRetryAttempts;
    handOver(
      this.account,
      { targetArn, principal, sourceArn: rule.arn, payload },
      {
        delayMs: this.latencyMs,
        ...(retries === undefined ? {} : { attempts: retries + 1 }),
        done: (refusal) => {
          if (refusal === undefined) return;
          this.#failed({ ruleName: rule.settings.name, target, event, error: refusal });
          lost?.();
        },
      },
    );
  }

  #failed(failure: FailedInvocation): void {
    this.#failures.push(failure);
    if (this.#failures.length > keptFailures) this.#failures.shift();
  }

  #keep(envelope: EventEnvelope): void {
    this.#recent.push(envelope);
    if (this.#recent.length > keptEvents) this.#recent.shift();
  }

  #envelope(event: AwsEvent): EventEnvelope {
    const { account } = this;
    const time = event.time ?? new Date(account.clock.now());
    return {
      version: '0',
      id: account.random.uuid(),
      'detail-type': event.detailType,
      source: event.source,
      account: account.id,
      time: `${time.toISOString().slice(0, 19)}Z`,
      region: account.region,
      resources: event.resources,
      // What a target gets has been through JSON: members that are undefined are not there.
      detail: JSON.parse(JSON.stringify(event.detail)),
    };
  }
}
