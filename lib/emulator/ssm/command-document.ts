/**
 * Command documents of schema 2.2 with one shell step: read once, bound to parameters, turned into a script.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html
 */
import { AwsError } from '../errors.ts';
import { list, map, readJson, structure, type Value } from '../shapes.ts';

const parameterShape = structure({
  type: 'string',
  description: 'string',
  displayType: 'string',
  default: 'json',
  allowedValues: list('string'),
  allowedPattern: 'string',
  minChars: 'integer',
  maxChars: 'integer',
});

const documentShape = structure({
  schemaVersion: 'string',
  description: 'string',
  parameters: map(parameterShape),
  mainSteps: list(
    structure({
      action: 'string',
      name: 'string',
      precondition: structure({ StringEquals: list('string') }),
      inputs: structure({ runCommand: list('string'), timeoutSeconds: 'json' }),
    }),
  ),
});

type DocumentParameter = Value<typeof parameterShape>;

export interface ShellStep {
  readonly name: string;
  readonly lines: readonly string[];
  /** A number of seconds, or a reference to a parameter that is one. */
  readonly timeoutSeconds: string;
}

export interface CommandDocument {
  readonly description: string | undefined;
  readonly parameters: ReadonlyMap<string, DocumentParameter>;
  /** What a Linux host runs; absent when no step applies to Linux. */
  readonly step: ShellStep | undefined;
  /** Of the first step, applicable or not: invocations are reported under it. */
  readonly pluginName: string;
}

export type Arguments = ReadonlyMap<string, readonly string[]>;

export interface Script {
  readonly text: string;
  readonly timeoutMs: number;
}

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html#aws-runShellScript */
const defaultTimeoutSeconds = '3600';
const reference = /\{\{\s*([A-Za-z0-9_:./-]+)\s*\}\}/g;

/** @throws AwsError InvalidDocumentSchemaVersion, InvalidDocumentContent naming what is not modelled */
export function readCommandDocument(content: unknown): CommandDocument {
  const raw = readContent(content);
  if (raw.schemaVersion !== '2.2')
    throw new AwsError('InvalidDocumentSchemaVersion', `schemaVersion ${raw.schemaVersion} is not 2.2`);
  const parameters = new Map(Object.entries(raw.parameters ?? {}));
  for (const [name, parameter] of parameters) checkDeclaration(name, parameter);
  const steps = raw.mainSteps ?? [];
  for (const { action } of steps)
    if (action !== 'aws:runShellScript') throw invalidContent(`the action ${action} is not modelled`);
  const onLinux = steps.filter(appliesToLinux);
  if (steps.length === 0) throw invalidContent('mainSteps is missing');
  if (onLinux.length > 1) throw invalidContent('more than one step for Linux is not modelled');
  const step = onLinux[0] && readStep(onLinux[0]);
  if (step !== undefined) checkReferences(step, parameters);
  return { description: raw.description, parameters, step, pluginName: steps[0]?.name ?? '' };
}

/** What a command gives, completed by defaults. @throws AwsError InvalidParameters */
export function bind(
  { parameters }: CommandDocument,
  given: { readonly [name: string]: readonly string[] },
): Arguments {
  const unknown = Object.keys(given).filter((name) => !parameters.has(name));
  if (unknown.length > 0)
    throw invalidParameters(`Parameters [${unknown.join(', ')}] are not defined in the document.`);
  const bound = new Map<string, readonly string[]>();
  for (const [name, parameter] of parameters) {
    const values = given[name] ?? defaultOf(parameter);
    if (values === undefined) throw invalidParameters(`Parameter ${name} is required and has no value.`);
    checkValues(name, parameter, values);
    bound.set(name, values);
  }
  return bound;
}

/** `{{ Name }}` is replaced as text: what a value says to a shell is the document's concern. */
export function scriptOf(step: ShellStep, bound: Arguments): Script {
  const substitute = (text: string) =>
    text.replaceAll(reference, (_, name: string) => bound.get(name)?.[0] ?? '');
  const lines = step.lines.flatMap((line) => wholeLine(line, bound) ?? [substitute(line)]);
  const seconds = Number(substitute(step.timeoutSeconds));
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw invalidParameters(
      `timeoutSeconds '${substitute(step.timeoutSeconds)}' is not a number of seconds.`,
    );
  return { text: lines.join('\n'), timeoutMs: seconds * 1000 };
}

function readContent(content: unknown): Value<typeof documentShape> {
  try {
    return readJson(documentShape, content);
  } catch (error) {
    throw error instanceof AwsError ? invalidContent(error.message) : error;
  }
}

/** Command documents take String and StringList only. */
function checkDeclaration(name: string, { type, allowedPattern }: DocumentParameter): void {
  if (type !== 'String' && type !== 'StringList')
    throw invalidContent(`parameter ${name} has the type ${type}; String and StringList are allowed`);
  if (allowedPattern !== undefined) compile(allowedPattern);
}

type RawStep = NonNullable<Value<typeof documentShape>['mainSteps']>[number];

function appliesToLinux({ precondition }: RawStep): boolean {
  const equals = precondition?.StringEquals;
  if (equals === undefined) return true;
  if (equals[0] !== 'platformType' || equals.length !== 2)
    throw invalidContent(`the precondition [${equals.join(', ')}] is not modelled`);
  return equals[1] === 'Linux';
}

function readStep({ name, inputs }: RawStep): ShellStep {
  const timeout = inputs?.timeoutSeconds ?? defaultTimeoutSeconds;
  if (typeof timeout !== 'string' && typeof timeout !== 'number')
    throw invalidContent('timeoutSeconds is neither text nor a number');
  if (name === undefined || inputs?.runCommand === undefined)
    throw invalidContent('a step has a name and inputs.runCommand');
  return { name, lines: inputs.runCommand, timeoutSeconds: String(timeout) };
}

function checkReferences(step: ShellStep, parameters: ReadonlyMap<string, DocumentParameter>): void {
  for (const line of [...step.lines, step.timeoutSeconds])
    for (const [whole, name = ''] of line.matchAll(reference)) {
      const parameter = parameters.get(name);
      if (parameter === undefined) throw invalidContent(`${whole} refers to no parameter of the document`);
      if (parameter.type === 'StringList' && line.trim() !== whole)
        throw invalidContent(`${whole} is a StringList: modelled only as a line of its own`);
    }
}

function wholeLine(line: string, bound: Arguments): readonly string[] | undefined {
  const [match] = line.matchAll(reference);
  return match !== undefined && line.trim() === match[0] ? bound.get(match[1] ?? '') : undefined;
}

function defaultOf({ default: value }: DocumentParameter): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

function checkValues(name: string, parameter: DocumentParameter, values: readonly string[]): void {
  if (parameter.type === 'String' && values.length !== 1)
    throw invalidParameters(`Parameter ${name} is a String and takes one value, not ${values.length}.`);
  for (const value of values) {
    if (parameter.allowedValues?.includes(value) === false)
      throw invalidParameters(`Parameter ${name} is not one of [${parameter.allowedValues.join(', ')}].`);
    if (parameter.allowedPattern !== undefined && !compile(parameter.allowedPattern).test(value))
      throw invalidParameters(`Parameter ${name} does not match ${parameter.allowedPattern}.`);
    if (
      value.length < (parameter.minChars ?? 0) ||
      value.length > (parameter.maxChars ?? Number.MAX_SAFE_INTEGER)
    )
      throw invalidParameters(`Parameter ${name} is too short or too long.`);
  }
}

/** Searched for, not matched as a whole: an unanchored pattern lets the rest of the value through. */
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
  return new AwsError('InvalidParameters', message);
}
