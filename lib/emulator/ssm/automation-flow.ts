/**
 * The way through the steps of a runbook: every step that is named exists, and no way leads in a circle.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-branch-condition.html
 */
import { AwsError } from '../errors.ts';
import type { Step } from './automation-document.ts';

/** The step behind `step` when nothing sends elsewhere: its nextStep, else the one below; undefined at the end. */
export function stepBehind(steps: readonly Step[], step: Step): Step | undefined {
  if (step.isEnd) return undefined;
  if (step.nextStep !== undefined) return steps.find(({ name }) => name === step.nextStep);
  return steps[steps.indexOf(step) + 1];
}

/** @throws AwsError InvalidDocumentContent: a name twice, a step that does not exist, a circle with its trace */
export function checkFlow(steps: readonly Step[]): void {
  const byName = new Map(steps.map((step) => [step.name, step]));
  if (byName.size < steps.length) {
    const twice = steps.find(({ name }, index) => steps.findIndex((each) => each.name === name) < index);
    throw invalid(`two steps have the name ${twice?.name}`);
  }
  for (const step of steps)
    for (const name of namedIn(step))
      if (!byName.has(name)) throw invalid(`step ${step.name} refers to step ${name}, which does not exist`);
  const done = new Set<Step>();
  const visit = (step: Step, trail: readonly Step[]): void => {
    if (trail.includes(step)) {
      const circle = [...trail.slice(trail.indexOf(step)), step].map(({ name }) => name);
      throw invalid(`the steps run in a circle: ${circle.join(' -> ')}`);
    }
    if (done.has(step)) return;
    for (const next of nextOf(steps, step)) visit(next, [...trail, step]);
    done.add(step);
  };
  for (const step of steps) visit(step, []);
}

/** Every step that may come after `step`, in any outcome. */
export function nextOf(steps: readonly Step[], step: Step): readonly Step[] {
  const named = new Set(namedIn(step));
  const behind = stepBehind(steps, step);
  // With a default, a branch never falls through.
  const through = step.branch?.otherwise === undefined ? behind : undefined;
  return steps.filter((each) => named.has(each.name) || each === through);
}

function namedIn({ nextStep, onFailure, branch }: Step): readonly string[] {
  return [
    ...(nextStep === undefined ? [] : [nextStep]),
    ...(typeof onFailure === 'string' ? [] : [onFailure.step]),
    ...(branch?.choices.map((choice) => choice.nextStep) ?? []),
    ...(branch?.otherwise === undefined ? [] : [branch.otherwise]),
  ];
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidDocumentContent', message);
}
