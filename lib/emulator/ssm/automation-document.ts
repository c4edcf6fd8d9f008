/**
 * Runbooks: documents of type Automation, schema 0.3. Read once; what is wrong or not modelled is refused by name when the
 * document is made, so that a start can only fail by its parameters and a step only by what it meets.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-actions.html
 */
import { AwsError } from '../errors.ts';
import { list, map, readJson, structure, type Value } from '../shapes.ts';
import { type ActionName, type Inputs, readAction } from './automation-actions.ts';
import type { Branch } from './automation-branch.ts';
import { checkFlow } from './automation-flow.ts';
import { parameterShape, type RunbookParameter, readParameter } from './automation-parameters.ts';
import { type Json, referenceOf, referencesIn } from './automation-references.ts';
import { type DeclaredOutput, readOutput } from './automation-selector.ts';

export interface Step {
  readonly name: string;
  readonly action: ActionName;
  readonly inputs: Inputs;
  /** Of aws:branch, whose inputs are read when the document is. */
  readonly branch: Branch | undefined;
  readonly outputs: readonly DeclaredOutput[];
  /** What other steps may ask of it, declared or the action's own. */
  readonly outputNames: readonly string[];
  readonly timeoutSeconds: number;
  readonly maxAttempts: number;
  /** `Abort`, `Continue`, or the step to go on with. */
  readonly onFailure: 'Abort' | 'Continue' | { readonly step: string };
  readonly isCritical: boolean;
  readonly isEnd: boolean;
  readonly nextStep: string | undefined;
}

export interface Runbook {
  readonly description: string | undefined;
  /** An ARN, or a reference to the parameter that has it. */
  readonly assumeRole: string | undefined;
  readonly parameters: ReadonlyMap<string, RunbookParameter>;
  readonly steps: readonly [Step, ...Step[]];
  /** As `step.output`. */
  readonly outputs: readonly string[];
}

const stepShape = structure({
  name: 'string',
  action: 'string',
  description: 'string',
  inputs: map('json'),
  outputs: list(structure({ Name: 'string', Selector: 'string', Type: 'string' })),
  timeoutSeconds: 'integer',
  maxAttempts: 'integer',
  onFailure: 'string',
  isCritical: 'boolean',
  isEnd: 'boolean',
  nextStep: 'string',
});

const runbookShape = structure({
  schemaVersion: 'string',
  description: 'string',
  assumeRole: 'string',
  parameters: map(parameterShape),
  mainSteps: list(stepShape),
  outputs: list('string'),
});

/** https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-variables.html */
const systemVariables: ReadonlySet<string> = new Set([
  'automation:EXECUTION_ID',
  'global:ACCOUNT_ID',
  'global:DATE',
  'global:DATE_TIME',
  'global:REGION',
]);

export const roleArn = /^arn:aws:iam::\d{12}:role\/(?:[\w+=,.@-]+\/)*([\w+=,.@-]{1,64})$/;
const stepName = /^[a-zA-Z0-9_]{1,128}$/;
const mostAttempts = 10;

/** @throws AwsError InvalidDocumentSchemaVersion, InvalidDocumentContent naming what is wrong or not modelled */
export function readRunbook(content: unknown): Runbook {
  const raw = readContent(content);
  if (raw.schemaVersion !== '0.3')
    throw new AwsError('InvalidDocumentSchemaVersion', `schemaVersion ${raw.schemaVersion} is not 0.3`);
  const parameters = new Map(
    Object.entries(raw.parameters ?? {}).map(([name, each]) => [name, readParameter(name, each)]),
  );
  checkRole(raw.assumeRole, parameters);
  const [first, ...others] = (raw.mainSteps ?? []).map(readStep);
  if (first === undefined) throw invalid('mainSteps is missing');
  const steps = [first, ...others] as const;
  checkFlow(steps);
  const known = new Set([
    ...parameters.keys(),
    ...systemVariables,
    ...steps.flatMap(({ name, outputNames }) => outputNames.map((output) => `${name}.${output}`)),
  ]);
  for (const { name, inputs } of steps)
    for (const reference of referencesIn(inputs as Json))
      if (!known.has(reference))
        throw invalid(
          `in step ${name}, {{ ${reference} }} is no parameter, step output or system variable of the document`,
        );
  for (const output of raw.outputs ?? [])
    if (!output.includes('.') || !known.has(output))
      throw invalid(`the output ${output} is no output of a step`);
  return {
    description: raw.description,
    assumeRole: raw.assumeRole,
    parameters,
    steps,
    outputs: raw.outputs ?? [],
  };
}

function readContent(content: unknown): Value<typeof runbookShape> {
  try {
    return readJson(runbookShape, content);
  } catch (error) {
    throw error instanceof AwsError ? invalid(error.message) : error;
  }
}

function checkRole(assumeRole: string | undefined, parameters: ReadonlyMap<string, RunbookParameter>): void {
  if (assumeRole === undefined || assumeRole === '' || roleArn.test(assumeRole)) return;
  const name = referenceOf(assumeRole);
  if (name === undefined) throw invalid('The format of the supplied assume role ARN is invalid.');
  if (parameters.get(name)?.type !== 'String')
    throw invalid(`assumeRole refers to ${name}, which is no parameter of type String of the document`);
}

function readStep(raw: Value<typeof stepShape>): Step {
  const { name = '', maxAttempts = 1, isEnd = false, nextStep } = raw;
  if (!stepName.test(name)) throw invalid(`'${name}' is not the name of a step: letters, digits and _`);
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1 || maxAttempts > mostAttempts)
    throw invalid(`in step ${name}, maxAttempts ${maxAttempts} is not between 1 and ${mostAttempts}`);
  if (isEnd && nextStep !== undefined) throw invalid(`step ${name} has both isEnd and nextStep`);
  const action = readAction(name, raw.action, (raw.inputs ?? {}) as Inputs, raw.timeoutSeconds);
  if (!action.declaresOutputs && raw.outputs !== undefined)
    throw invalid(`in step ${name}, outputs of ${action.action} are not modelled`);
  const outputs = (raw.outputs ?? []).map((each) => readOutput(name, each, action.reserved));
  const onFailure = readOnFailure(name, raw.onFailure);
  return {
    name,
    action: action.action,
    inputs: action.inputs,
    branch: action.branch,
    outputs,
    outputNames: [...action.outputs, ...outputs.map((each) => each.name)],
    timeoutSeconds: action.timeoutSeconds,
    maxAttempts,
    onFailure,
    isCritical: raw.isCritical ?? onFailure !== 'Continue',
    isEnd,
    nextStep,
  };
}

function readOnFailure(name: string, text = 'Abort'): Step['onFailure'] {
  if (text === 'Abort' || text === 'Continue') return text;
  const step = /^step:(\w+)$/.exec(text)?.[1];
  if (step === undefined)
    throw invalid(`in step ${name}, onFailure ${text} is none of Abort, Continue and step:name`);
  return { step };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidDocumentContent', message);
}
