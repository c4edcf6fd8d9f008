/**
 * CloudWatch: metrics come in, alarms are evaluated on the account's clock, their transitions go out as actions, events
 * and history.
 *
 *   create ─▶ INSUFFICIENT_DATA ─▶ evaluated when periods close ─▶ transition ─▶ history, event, actions of the new state
 *                                        ▲                                          (once: nothing repeats while it stays)
 *                                        └── SetAlarmState holds only until here
 *
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
 */
import type { Account } from '../account.ts';
import { later } from '../background.ts';
import type { Timer } from '../clock.ts';
import { AwsError } from '../errors.ts';
import { handOver } from '../handover.ts';
import type { Alarm, AlarmSettings, StateRecord } from './alarm.ts';
import { evaluate, evaluationRange } from './evaluation.ts';
import { AlarmHistory } from './history.ts';
import { lambdaEvent, snsMessage, snsSubject, stateChangeDetail, type Transition } from './messages.ts';
import { Metrics } from './metrics.ts';
import { initialReason, reasonDataFor, reasonFor } from './wording.ts';

/** Periods of a minute and more are evaluated once a minute, shorter ones every 10 s (same page; 20 s is presumed). */
const minuteMs = 60_000;
const subMinuteMs = 10_000;

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html (resource policy) */
const lambdaPrincipal = 'lambda.alarms.cloudwatch.amazonaws.com';
const snsPrincipal = 'cloudwatch.amazonaws.com';

interface Watched {
  alarm: Alarm;
  /** The evaluation time it was last seen at, in cadences since the epoch. */
  slot: number;
}

export class CloudWatch {
  readonly account: Account;
  readonly metrics = new Metrics();
  readonly history = new AlarmHistory();
  readonly #watched = new Map<string, Watched>();
  #timer: Timer | undefined;
  /** Time from one look at the alarms to the next; 0 while nobody looks. */
  #stepMs = 0;
  #stopped = false;
  #actionCopies = 1;
  #actionDelayMs = 0;

  constructor(account: Account) {
    this.account = account;
    account.onMetric((datum) => this.metrics.put(datum));
  }

  /** Creates the alarm, or overwrites its whole configuration and keeps its state; tags count at creation only. */
  putAlarm(settings: AlarmSettings, tags: { readonly [key: string]: string } = {}): Alarm {
    const { account } = this;
    const nowMs = account.clock.now();
    const known = this.#watched.get(settings.name);
    const initial: StateRecord = { value: 'INSUFFICIENT_DATA', reason: initialReason, atMs: nowMs };
    const alarm: Alarm = {
      arn: account.arn('cloudwatch', `alarm:${settings.name}`),
      state: known?.alarm.state ?? initial,
      transitionedAtMs: known?.alarm.transitionedAtMs ?? nowMs,
      tags: known?.alarm.tags ?? tags,
      metricId: known?.alarm.metricId ?? account.random.uuid(),
      settings,
      configuredAtMs: nowMs,
    };
    this.#watched.set(settings.name, { alarm, slot: slotAt(nowMs, settings) });
    this.history.configured(alarm, known === undefined ? 'Create' : 'Update', nowMs);
    this.#arm();
    return alarm;
  }

  deleteAlarm(name: string): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) return;
    this.#watched.delete(name);
    this.history.configured(watched.alarm, 'Delete', this.account.clock.now());
    this.#arm();
  }

  alarms(): readonly Alarm[] {
    return [...this.#watched.values()].map(({ alarm }) => alarm);
  }

  alarm(name: string): Alarm | undefined {
    return this.#watched.get(name)?.alarm;
  }

  /** Names that do not exist are passed over: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_EnableAlarmActions.html lists no error. */
  enableActions(name: string, actionsEnabled: boolean): void {
    const watched = this.#watched.get(name);
    if (watched === undefined || watched.alarm.settings.actionsEnabled === actionsEnabled) return;
    const { alarm } = watched;
    const configuredAtMs = this.account.clock.now();
    watched.alarm = { ...alarm, settings: { ...alarm.settings, actionsEnabled }, configuredAtMs };
    this.history.configured(watched.alarm, 'Update', configuredAtMs);
  }

  /** Until the next evaluation. @throws AwsError ResourceNotFound */
  setState(name: string, state: Omit<StateRecord, 'atMs'>): void {
    const watched = this.#watched.get(name);
    if (watched === undefined) throw new AwsError('ResourceNotFound', 'Unknown alarm.', 404);
    this.#enter(watched, { ...state, atMs: this.account.clock.now() });
  }

  /** From now on every action is delivered `copies` times: Lambda and SNS deliver at least once. */
  duplicateActions(copies: number): void {
    this.#actionCopies = copies;
  }

  /** From now on every action leaves `ms` after its transition. */
  delayActions(ms: number): void {
    this.#actionDelayMs = ms;
  }

  /** No alarm is evaluated any more. */
  stop(): void {
    this.#stopped = true;
    this.#arm();
  }

  #arm(): void {
    const cadences = [...this.#watched.values()].map(({ alarm }) => cadence(alarm.settings));
    const stepMs = cadences.length === 0 || this.#stopped ? 0 : Math.min(...cadences);
    if (stepMs === this.#stepMs) return;
    this.#timer?.cancel();
    this.#stepMs = stepMs;
    if (stepMs === 0) return;
    const nowMs = this.account.clock.now();
    const dueMs = (Math.floor(nowMs / stepMs) + 1) * stepMs;
    this.#timer = later(this.account.clock, dueMs - nowMs, () => {
      this.#stepMs = 0;
      this.#arm();
      this.#evaluateDue();
    });
  }

  #evaluateDue(): void {
    const nowMs = this.account.clock.now();
    for (const watched of this.#watched.values()) {
      const slot = slotAt(nowMs, watched.alarm.settings);
      if (slot === watched.slot) continue;
      watched.slot = slot;
      this.#evaluate(watched, slot * cadence(watched.alarm.settings));
    }
  }

  /** Looks at the periods that have closed by `endMs`: a window that slides by the cadence, not by the period. */
  #evaluate(watched: Watched, endMs: number): void {
    const { settings, state } = watched.alarm;
    const periodMs = settings.periodSeconds * 1_000;
    const buckets = this.metrics.buckets({
      namespace: settings.namespace,
      name: settings.metricName,
      dimensions: settings.dimensions,
      statistic: settings.statistic,
      ...(settings.unit === undefined ? {} : { unit: settings.unit }),
      periodMs,
      endMs,
      count: evaluationRange(settings),
    });
    const evaluation = evaluate(buckets, settings);
    if (evaluation.outcome === 'keep' || evaluation.outcome === state.value) return;
    const atMs = this.account.clock.now();
    this.#enter(watched, {
      value: evaluation.outcome,
      reason: reasonFor(evaluation.outcome, evaluation, settings),
      reasonData: reasonDataFor(evaluation, settings, atMs, endMs - periodMs),
      atMs,
    });
  }

  #enter(watched: Watched, to: StateRecord): void {
    const from = watched.alarm.state;
    const changed = from.value !== to.value;
    const transitionedAtMs = changed ? to.atMs : watched.alarm.transitionedAtMs;
    const alarm: Alarm = { ...watched.alarm, state: to, transitionedAtMs };
    watched.alarm = alarm;
    if (!changed) return;
    this.history.stateUpdated(alarm, from, to);
    const transition = { alarm, from, to };
    // The event goes out whether or not actions are enabled.
    this.account.emitEvent({
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm State Change',
      resources: [alarm.arn],
      detail: stateChangeDetail(transition),
      time: new Date(to.atMs),
    });
    if (alarm.settings.actionsEnabled)
      for (const action of alarm.settings.actions[to.value]) this.#act(action, transition);
  }

  #act(action: string, transition: Transition): void {
    const { account } = this;
    const { alarm, to } = transition;
    const toTopic = action.split(':')[2] === 'sns';
    const place = { accountId: account.id, region: account.region };
    const message = toTopic ? snsMessage(transition, place) : lambdaEvent(transition, place);
    const delivery = {
      targetArn: action,
      principal: toTopic ? snsPrincipal : lambdaPrincipal,
      sourceArn: alarm.arn,
      payload: JSON.stringify(message),
      ...(toTopic ? { subject: snsSubject(alarm.settings.name, to.value, account.region) } : {}),
    };
    for (let copy = 1; copy <= this.#actionCopies; copy += 1)
      handOver(account, delivery, {
        delayMs: this.#actionDelayMs,
        done: (refusal) => this.history.acted(alarm, action, to, refusal?.message, account.clock.now()),
      });
  }
}

function cadence(settings: AlarmSettings): number {
  return settings.periodSeconds < 60 ? subMinuteMs : minuteMs;
}

function slotAt(nowMs: number, settings: AlarmSettings): number {
  return Math.floor(nowMs / cadence(settings));
}
