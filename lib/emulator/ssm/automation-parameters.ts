/**
 * Parameters of a runbook: declared in the document, given as lists of text when it is started, typed from then on.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 */
import { AwsError } from '../errors.ts';
import { list, structure, type Value } from '../shapes.ts';
import type { Json } from './automation-references.ts';

export const parameterShape = structure({
  type: 'string',
  description: 'string',
  displayType: 'string',
  default: 'json',
  allowedValues: list('json'),
  allowedPattern: 'string',
  minChars: 'integer',
  maxChars: 'integer',
  minItems: 'integer',
  maxItems: 'integer',
});

type Declaration = Value<typeof parameterShape>;
const types = ['String', 'StringList', 'Boolean', 'Integer'] as const;

export interface RunbookParameter extends Omit<Declaration, 'type' | 'default'> {
  readonly type: (typeof types)[number];
  readonly default: Json | undefined;
}

export type Given = { readonly [name: string]: readonly string[] };

/** https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html */
const longestName = 50;
const longestValue = 512;
const mostValues = 50;
const mostParameters = 200;

/** @throws AwsError InvalidDocumentContent */
export function readParameter(name: string, raw: Declaration): RunbookParameter {
  // A dot would make it look like a step's output.
  if (!/^\w+$/.test(name) || name.length > longestName)
    throw invalidContent(`'${name}' is not the name of a parameter: letters, digits and _`);
  const type = types.find((each) => each === raw.type);
  if (type === undefined)
    throw invalidContent(
      `parameter ${name} has the type ${raw.type}; modelled are ${types.join(', ')}, and nothing else`,
    );
  if (raw.allowedPattern !== undefined) compile(raw.allowedPattern);
  const parameter = { ...raw, type, default: raw.default as Json | undefined };
  const problem = parameter.default === undefined ? undefined : problemWith(parameter, parameter.default);
  if (problem !== undefined) throw invalidContent(`the default of parameter ${name} ${problem}`);
  return parameter;
}

/** What a start gives, completed by defaults. @throws AwsError InvalidAutomationExecutionParametersException, ValidationException */
export function bindParameters(
  parameters: ReadonlyMap<string, RunbookParameter>,
  given: Given,
): ReadonlyMap<string, Json> {
  checkLimits(given);
  const unknown = Object.keys(given).filter((name) => !parameters.has(name));
  if (unknown.length > 0)
    throw invalidParameters(
      `The following parameters are not defined in the Automation document: [${unknown.join(', ')}].`,
    );
  const bound = new Map<string, Json>();
  for (const [name, parameter] of parameters) {
    const texts = given[name];
    const value = texts === undefined ? parameter.default : typed(name, parameter, texts);
    if (value === undefined) throw invalidParameters(`Parameter ${name} is required and has no value.`);
    const problem = texts === undefined ? undefined : problemWith(parameter, value);
    if (problem !== undefined) throw invalidParameters(`The value of parameter ${name} ${problem}.`);
    bound.set(name, value);
  }
  return bound;
}

function checkLimits(given: Given): void {
  const entries = Object.entries(given);
  if (entries.length > mostParameters) throw outside(`parameters has more than ${mostParameters} entries`);
  for (const [name, values] of entries) {
    if (name === '' || name.length > longestName)
      throw outside(`the name '${name.slice(0, longestName)}' is not of 1 to ${longestName} characters`);
    if (values.length > mostValues) throw outside(`parameter ${name} has more than ${mostValues} values`);
    if (values.some((value) => value === '' || value.length > longestValue))
      throw outside(`a value of parameter ${name} is not of 1 to ${longestValue} characters`);
  }
}

function typed(name: string, { type }: RunbookParameter, texts: readonly string[]): Json {
  if (type === 'StringList') return texts;
  const [text = ''] = texts;
  if (texts.length !== 1) throw invalidParameters(`Parameter ${name} takes one value, not ${texts.length}.`);
  if (type === 'Boolean' && /^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  if (type === 'Integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'String') return text;
  throw invalidParameters(`Parameter ${name} is of type ${type}, and '${text}' is not.`);
}

function problemWith(parameter: RunbookParameter, value: Json): string | undefined {
  const { type, minItems = 0, maxItems = Number.MAX_SAFE_INTEGER } = parameter;
  if (!fits(type, value)) return `is not of type ${type}`;
  if (!Array.isArray(value)) return problemWithOne(parameter, value);
  if (value.length < minItems || value.length > maxItems)
    return `has ${value.length} items, allowed are ${minItems} to ${maxItems}`;
  return value.map((item: Json) => problemWithOne(parameter, item)).find((each) => each !== undefined);
}

function fits(type: RunbookParameter['type'], value: Json): boolean {
  if (type === 'StringList') return Array.isArray(value) && value.every((item) => typeof item === 'string');
  if (type === 'Integer') return Number.isInteger(value);
  return typeof value === (type === 'Boolean' ? 'boolean' : 'string');
}

function problemWithOne(parameter: RunbookParameter, value: Json): string | undefined {
  const { allowedValues, allowedPattern, minChars = 0, maxChars = Number.MAX_SAFE_INTEGER } = parameter;
  const text = String(value);
  if (allowedValues !== undefined && !allowedValues.some((allowed) => String(allowed) === text))
    return `is not one of [${allowedValues.join(', ')}]`;
  if (allowedPattern !== undefined && !compile(allowedPattern).test(text))
    return `does not match ${allowedPattern}`;
  if (text.length < minChars || text.length > maxChars) return 'is too short or too long';
  return undefined;
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw invalidContent(`allowedPattern ${pattern} is not a regular expression`);
  }
}

function invalidContent(message: string): AwsError {
  return new AwsError('InvalidDocumentContent', message);
}

function invalidParameters(message: string): AwsError {
  return new AwsError('InvalidAutomationExecutionParametersException', message);
}

function outside(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
