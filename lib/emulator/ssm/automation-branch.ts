/**
 * aws:branch: choices in order, each one operation on a variable or an And, Or, Not of such.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-branch.html
 */
import { AwsError } from '../errors.ts';
import { asText, type Json, type Lookup, resolveKnown } from './automation-references.ts';

export interface Branch {
  readonly choices: readonly { readonly nextStep: string; readonly when: Condition }[];
  readonly otherwise: string | undefined;
}

type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | {
      readonly kind: 'compare';
      readonly variable: Json;
      readonly operation: Operation;
      readonly operand: Json;
    };

const onText = (test: (actual: string, wanted: string) => boolean) => (actual: Json, wanted: Json) =>
  typeof actual === 'string' && test(actual, asText(wanted));
const onNumber = (test: (actual: number, wanted: number) => boolean) => (actual: Json, wanted: Json) =>
  typeof actual === 'number' && typeof wanted === 'number' && test(actual, wanted);

const operations = {
  StringEquals: onText((actual, wanted) => actual === wanted),
  EqualsIgnoreCase: onText((actual, wanted) => actual.toLowerCase() === wanted.toLowerCase()),
  StartsWith: onText((actual, wanted) => actual.startsWith(wanted)),
  EndsWith: onText((actual, wanted) => actual.endsWith(wanted)),
  Contains: onText((actual, wanted) => actual.includes(wanted)),
  NumericEquals: onNumber((actual, wanted) => actual === wanted),
  NumericGreater: onNumber((actual, wanted) => actual > wanted),
  NumericLesser: onNumber((actual, wanted) => actual < wanted),
  NumericGreaterOrEquals: onNumber((actual, wanted) => actual >= wanted),
  NumericLesserOrEquals: onNumber((actual, wanted) => actual <= wanted),
  BooleanEquals: (actual: Json, wanted: Json) => typeof actual === 'boolean' && actual === wanted,
} as const;
type Operation = keyof typeof operations;

/** @throws AwsError InvalidDocumentContent */
export function readBranch(stepName: string, inputs: { readonly [name: string]: Json | undefined }): Branch {
  const { Choices: choices, Default: otherwise } = inputs;
  if (!Array.isArray(choices) || choices.length === 0)
    throw invalid(stepName, 'Choices is a list of choices');
  if (otherwise !== undefined && typeof otherwise !== 'string')
    throw invalid(stepName, 'Default is the name of a step');
  return {
    otherwise,
    choices: choices.map((choice: Json) => {
      const { NextStep: nextStep, ...condition } = members(stepName, choice);
      if (typeof nextStep !== 'string') throw invalid(stepName, 'a choice has no NextStep');
      return { nextStep, when: readCondition(stepName, condition) };
    }),
  };
}

/** The step that a choice or the default sends to; undefined when there is none. */
export function decide({ choices, otherwise }: Branch, lookup: Lookup): string | undefined {
  return choices.find(({ when }) => holds(when, lookup))?.nextStep ?? otherwise;
}

function readCondition(stepName: string, raw: Json): Condition {
  const { Variable: variable, ...rest } = members(stepName, raw);
  const [[name, operand] = [], ...more] = Object.entries(rest);
  if (name === undefined || operand === undefined || more.length > 0)
    throw invalid(stepName, 'a condition has exactly one operation');
  if (name === 'And' || name === 'Or') {
    if (!Array.isArray(operand) || operand.length === 0) throw invalid(stepName, `${name} is a list`);
    const of = operand.map((each: Json) => readCondition(stepName, each));
    return { kind: name === 'And' ? 'and' : 'or', of };
  }
  if (name === 'Not') return { kind: 'not', of: readCondition(stepName, operand) };
  if (!Object.hasOwn(operations, name)) throw invalid(stepName, `the operation ${name} is not known`);
  if (variable === undefined) throw invalid(stepName, `${name} has no Variable`);
  return { kind: 'compare', variable, operation: name as Operation, operand };
}

function holds(condition: Condition, lookup: Lookup): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((each) => holds(each, lookup));
    case 'or':
      return condition.of.some((each) => holds(each, lookup));
    case 'not':
      return !holds(condition.of, lookup);
    case 'compare': {
      const actual = resolveKnown(condition.variable, lookup);
      return operations[condition.operation](actual, resolveKnown(condition.operand, lookup));
    }
  }
}

function members(stepName: string, raw: Json): { readonly [name: string]: Json | undefined } {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw invalid(stepName, 'a choice is a map');
  return raw as { readonly [name: string]: Json | undefined };
}

function invalid(stepName: string, message: string): AwsError {
  return new AwsError('InvalidDocumentContent', `In step ${stepName}, ${message}.`);
}
