/**
 * One AWS account in one Region: what all services share. Services do not import each other; what crosses between them
 * goes over the three lines here: an event for EventBridge, a metric for CloudWatch, a delivery to an ARN.
 */
import type { Clock } from './clock.ts';
import { AwsError } from './errors.ts';
import { Faults } from './faults.ts';
import { Iam } from './iam.ts';
import { Random } from './random.ts';

export interface AwsEvent {
  readonly source: string;
  readonly detailType: string;
  readonly resources: readonly string[];
  readonly detail: unknown;
  /** When it happened, if that is not now. */
  readonly time?: Date;
}

export interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: { readonly [name: string]: string };
  readonly value: number;
  readonly unit?: string;
  /** 1 for high resolution, else 60. */
  readonly storageResolution: 1 | 60;
  readonly timestampMs: number;
}

/** Something one service hands to a target of another: an alarm action, a rule's target, a failure destination. */
export interface Delivery {
  readonly targetArn: string;
  /** The service principal on whose behalf it comes, for the target's resource policy. */
  readonly principal: string;
  /** ARN of the alarm, rule or function that sends it. */
  readonly sourceArn: string;
  readonly payload: string;
  /** Subject of a message to a topic, for senders that set one (CloudWatch does). */
  readonly subject?: string;
}

/** What was called, by whom and how it ended: the account's own CloudTrail, newest last. */
export interface CallRecord {
  readonly atMs: number;
  readonly service: string;
  readonly operation: string;
  readonly callerArn: string;
  readonly input: unknown;
  /** AWS's error code, or `ConnectionLost`; absent when it succeeded. */
  readonly error?: string;
}

const keptCalls = 10_000;

export class Account {
  readonly id: string;
  readonly region: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly iam: Iam;
  readonly faults = new Faults();
  readonly #calls: CallRecord[] = [];
  readonly #eventListeners: ((event: AwsEvent) => void)[] = [];
  readonly #metricListeners: ((datum: Datum) => void)[] = [];
  readonly #callListeners: ((call: CallRecord) => void)[] = [];
  readonly #targets = new Map<string, (delivery: Delivery) => void>();

  constructor(options: {
    readonly clock: Clock;
    readonly seed: string;
    readonly id?: string;
    readonly region?: string;
  }) {
    this.id = options.id ?? '123456789012';
    this.region = options.region ?? 'us-east-1';
    this.clock = options.clock;
    this.random = new Random(options.seed);
    this.iam = new Iam(this.id);
  }

  arn(service: string, resource: string): string {
    return `arn:aws:${service}:${this.region}:${this.id}:${resource}`;
  }

  onEvent(listener: (event: AwsEvent) => void): void {
    this.#eventListeners.push(listener);
  }

  emitEvent(event: AwsEvent): void {
    for (const listener of this.#eventListeners) listener(event);
  }

  onMetric(listener: (datum: Datum) => void): void {
    this.#metricListeners.push(listener);
  }

  putMetric(datum: Datum): void {
    for (const listener of this.#metricListeners) listener(datum);
  }

  /** A service takes deliveries to its ARNs (`lambda`, `sns`). It accepts or throws; what it starts runs on its own. */
  onDelivery(service: string, accept: (delivery: Delivery) => void): void {
    this.#targets.set(service, accept);
  }

  /** @throws AwsError when the target does not exist or does not let `principal` in */
  deliver(delivery: Delivery): void {
    const service = delivery.targetArn.split(':')[2] ?? '';
    const accept = this.#targets.get(service);
    if (accept === undefined)
      throw new AwsError(
        'InvalidParameterValue',
        `no service here takes deliveries to ${delivery.targetArn}`,
      );
    accept(delivery);
  }

  recordCall(call: CallRecord): void {
    this.#calls.push(call);
    if (this.#calls.length > keptCalls) this.#calls.shift();
    for (const listener of this.#callListeners) listener(call);
  }

  onCall(listener: (call: CallRecord) => void): void {
    this.#callListeners.push(listener);
  }

  calls(operation?: string): readonly CallRecord[] {
    return operation === undefined ? this.#calls : this.#calls.filter((call) => call.operation === operation);
  }
}
