/**
 * The sender's side of a delivery between services: later, on the account's clock; again when the target is only busy;
 * never again when it is missing or lets nobody in
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html).
 */
import type { Account, Delivery } from './account.ts';
import { later } from './background.ts';
import { AwsError } from './errors.ts';

/** AWS retries "until accepted"; here the patience has an end. */
const attemptsAtMost = 60;
const retryAfterMs = 1_000;

interface Options {
  readonly delayMs: number;
  /** How often a busy target is asked, the first time included. */
  readonly attempts?: number;
  /** Called once: without an error when the target accepted, with its refusal when it did not. */
  readonly done: (refusal: AwsError | undefined) => void;
}

export function handOver(account: Account, delivery: Delivery, options: Options): void {
  attempt(account, delivery, options, 1);
}

function attempt(account: Account, delivery: Delivery, options: Options, number: number): void {
  const attempts = Math.min(options.attempts ?? attemptsAtMost, attemptsAtMost);
  later(account.clock, options.delayMs, () => {
    const refusal = refusalOf(account, delivery);
    if (refusal !== undefined && busy(refusal) && number < attempts)
      attempt(account, delivery, { ...options, delayMs: retryAfterMs }, number + 1);
    else options.done(refusal);
  });
}

function refusalOf(account: Account, delivery: Delivery): AwsError | undefined {
  try {
    account.deliver(delivery);
    return undefined;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}

function busy(refusal: AwsError): boolean {
  return refusal.status >= 500 || refusal.code === 'TooManyRequestsException';
}
