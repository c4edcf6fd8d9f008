/**
 * One run of a runbook as the service shows it.
 *
 *   Pending ─▶ InProgress ◀─▶ Waiting (for approval) ─▶ Success | Failed | TimedOut | Rejected | Cancelled
 *
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-statuses.html
 */
import type { Caller } from '../iam.ts';
import type { Runbook, Step } from './automation-document.ts';
import type { Given } from './automation-parameters.ts';
import type { Json } from './automation-references.ts';

export type Ending = 'Success' | 'Failed' | 'TimedOut' | 'Rejected' | 'Cancelled';
export type AutomationStatus = 'Pending' | 'InProgress' | 'Waiting' | Ending;

export interface StepRun {
  readonly id: string;
  readonly step: Step;
  readonly status: AutomationStatus;
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
  /** As the step got them, every reference replaced. */
  readonly inputs: ReadonlyMap<string, Json>;
  readonly outputs: ReadonlyMap<string, Json>;
  readonly failureMessage: string | undefined;
}

export interface AutomationExecution {
  readonly id: string;
  readonly documentName: string;
  readonly documentVersion: string;
  readonly runbook: Runbook;
  /** As given; what the token of a repeated start is compared with. */
  readonly given: Given;
  readonly parameters: ReadonlyMap<string, Json>;
  readonly clientToken: string | undefined;
  readonly executedBy: string;
  /** Whose credentials the steps have: the assumed role's, else the starter's own. */
  readonly actsAs: Caller;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly status: AutomationStatus;
  readonly failureMessage: string | undefined;
  readonly currentStep: Step | undefined;
  readonly steps: readonly StepRun[];
}

export function hasEnded({ status }: { readonly status: AutomationStatus }): boolean {
  return status !== 'Pending' && status !== 'InProgress' && status !== 'Waiting';
}

/** Of a run that has come to its end: the first critical step that did not succeed decides. */
export function endingOf(steps: readonly StepRun[]): {
  readonly status: Ending;
  readonly failureMessage: string | undefined;
} {
  const spoiled = steps.find(
    ({ step, status }) =>
      step.isCritical && (status === 'Failed' || status === 'TimedOut' || status === 'Rejected'),
  );
  if (spoiled === undefined) return { status: 'Success', failureMessage: undefined };
  return { status: spoiled.status as Ending, failureMessage: spoiled.failureMessage };
}

/** Values as the API has them: lists of text. */
export function asTexts(value: Json): readonly string[] {
  const items: readonly Json[] = Array.isArray(value) ? value : [value];
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}
