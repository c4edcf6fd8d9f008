/**
 * Bad luck of durable executions. The sandbox of an invocation can die at any checkpoint it makes, on either side of it:
 *
 *   effect ──▶ checkpoint sent ──✂ before──▶ applied ──✂ after──▶ answer heard
 *
 * An API that refuses or is out of reach is a fault of the account like every other; the two effects here are for that:
 * `account.faults.add({ operation: 'CheckpointDurableExecution', effect: checkpointOutage, times: 3 })`, and for good
 * with `times: Infinity`.
 */
import type { Effect } from '../faults.ts';
import type { CheckpointRecord } from './durable-model.ts';

export interface CheckpointCrash {
  /** `before`: nothing is applied. `after`: all of it is, and the sandbox dies before the answer. */
  readonly moment: 'before' | 'after';
  /** Number of the checkpoint in its execution, from 1, or what picks one. */
  readonly at: number | ((checkpoint: CheckpointRecord) => boolean);
  /** Only executions of that name; all when absent. */
  readonly executionName?: string;
  /** How often; 1 when absent. */
  readonly times?: number;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_CheckpointDurableExecution.html, Errors. */
export const checkpointThrottle: Effect = {
  kind: 'refuse',
  code: 'TooManyRequestsException',
  status: 429,
  message: 'Rate exceeded',
};
export const checkpointOutage: Effect = {
  kind: 'refuse',
  code: 'ServiceException',
  status: 500,
  message: 'Service error',
};

export class CheckpointCrashes {
  #pending: { readonly crash: CheckpointCrash; left: number }[] = [];

  add(crash: CheckpointCrash): void {
    this.#pending.push({ crash, left: crash.times ?? 1 });
  }

  clear(): void {
    this.#pending = [];
  }

  /** Whether the sandbox dies at that moment of that checkpoint; counted as used. */
  take(moment: CheckpointCrash['moment'], executionName: string, checkpoint: CheckpointRecord): boolean {
    const met = this.#pending.find(
      ({ crash, left }) =>
        left > 0 &&
        crash.moment === moment &&
        (crash.executionName ?? executionName) === executionName &&
        (typeof crash.at === 'number' ? crash.at === checkpoint.number : crash.at(checkpoint)),
    );
    if (met === undefined) return false;
    met.left -= 1;
    return true;
  }
}
