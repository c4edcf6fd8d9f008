/** The step actions that are modelled: what inputs each takes, what outputs it has of its own, how long it may take. */
import { AwsError } from '../errors.ts';
import { type Branch, readBranch } from './automation-branch.ts';
import { type Json, referenceOf } from './automation-references.ts';

export type Inputs = { readonly [name: string]: Json | undefined };

interface Action {
  readonly takes: readonly string[];
  readonly needs: readonly string[];
  readonly outputs: readonly string[];
  /** Names that no declared output may have. */
  readonly reserved: readonly string[];
  readonly declaresOutputs: boolean;
  readonly defaultTimeoutSeconds: number;
  readonly longestTimeoutSeconds: number;
}

const actions = {
  /** https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-approve.html */
  'aws:approve': {
    takes: ['NotificationArn', 'Message', 'MinRequiredApprovals', 'Approvers'],
    needs: ['Approvers'],
    outputs: ['ApprovalStatus', 'ApproverDecisions'],
    reserved: [],
    declaresOutputs: false,
    defaultTimeoutSeconds: 604_800,
    longestTimeoutSeconds: 2_592_000,
  },
  /** https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-branch.html */
  'aws:branch': {
    takes: ['Choices', 'Default'],
    needs: ['Choices'],
    outputs: [],
    reserved: [],
    declaresOutputs: false,
    defaultTimeoutSeconds: 3_600,
    longestTimeoutSeconds: 3_600,
  },
  /** https://docs.aws.amazon.com/systems-manager/latest/userguide/automation-action-lamb.html: 300 seconds, whatever a step says. */
  'aws:invokeLambdaFunction': {
    takes: ['FunctionName', 'Qualifier', 'InvocationType', 'LogType', 'InputPayload', 'Payload'],
    needs: ['FunctionName'],
    outputs: ['StatusCode', 'FunctionError', 'LogResult', 'Payload'],
    // Seen: https://github.com/cdklabs/cdk-ssm-documents/issues/55
    reserved: ['LogResult', 'OutputPayload', 'FunctionError', 'Payload', 'StatusCode'],
    declaresOutputs: true,
    defaultTimeoutSeconds: 300,
    longestTimeoutSeconds: Number.MAX_SAFE_INTEGER,
  },
} as const satisfies { readonly [name: string]: Action };

export type ActionName = keyof typeof actions;

/** @throws AwsError InvalidDocumentContent */
export function readAction(
  stepName: string,
  name = '',
  inputs: Inputs,
  seconds: number | undefined,
): Action & {
  readonly action: ActionName;
  readonly inputs: Inputs;
  readonly branch: Branch | undefined;
  readonly timeoutSeconds: number;
} {
  if (!isModelled(name)) throw invalid(stepName, `the action ${name} is not modelled`);
  const action: Action = actions[name];
  for (const input of Object.keys(inputs))
    if (!action.takes.includes(input)) throw invalid(stepName, `${name} has no modelled input ${input}`);
  for (const input of action.needs)
    if (inputs[input] === undefined) throw invalid(stepName, `${name} needs the input ${input}`);
  checkTypes(stepName, inputs);
  const timeoutSeconds = seconds ?? action.defaultTimeoutSeconds;
  if (
    !Number.isInteger(timeoutSeconds) ||
    timeoutSeconds < 1 ||
    timeoutSeconds > action.longestTimeoutSeconds
  )
    throw invalid(stepName, `timeoutSeconds ${timeoutSeconds} is too short or too long for ${name}`);
  const branch = name === 'aws:branch' ? readBranch(stepName, inputs) : undefined;
  return { ...action, action: name, inputs, branch, timeoutSeconds };
}

function isModelled(name: string): name is ActionName {
  return Object.hasOwn(actions, name);
}

const textInputs = ['NotificationArn', 'Message', 'FunctionName', 'Qualifier', 'Payload'] as const;
const enums: { readonly [input: string]: readonly string[] } = {
  InvocationType: ['RequestResponse', 'Event', 'DryRun'],
  LogType: ['None', 'Tail'],
};

/** A reference may stand for anything; what it stands for is looked at when the step runs. */
function checkTypes(stepName: string, inputs: Inputs): void {
  for (const input of textInputs)
    if (inputs[input] !== undefined && typeof inputs[input] !== 'string')
      throw invalid(stepName, `${input} is a text`);
  for (const [input, values] of Object.entries(enums)) {
    const value = inputs[input];
    if (value !== undefined && !isReference(value) && !values.includes(String(value)))
      throw invalid(stepName, `${input} ${String(value)} is none of ${values.join(', ')}`);
  }
  const { InputPayload, Approvers, MinRequiredApprovals } = inputs;
  if (InputPayload !== undefined && (typeof InputPayload !== 'object' || Array.isArray(InputPayload)))
    throw invalid(stepName, 'InputPayload is a map');
  if (Approvers !== undefined && !isReference(Approvers) && !Array.isArray(Approvers))
    throw invalid(stepName, 'Approvers is a list');
  if (
    MinRequiredApprovals !== undefined &&
    !isReference(MinRequiredApprovals) &&
    !Number.isInteger(MinRequiredApprovals)
  )
    throw invalid(stepName, 'MinRequiredApprovals is an integer');
}

function isReference(value: Json): boolean {
  return typeof value === 'string' && referenceOf(value) !== undefined;
}

function invalid(stepName: string, message: string): AwsError {
  return new AwsError('InvalidDocumentContent', `In step ${stepName}, ${message}.`);
}
