/** Rules and targets on the wire and in a template, checked as PutRule and PutTargets check them. */
import type { Account } from '../account.ts';
import { AwsError, notModelled } from '../errors.ts';
import { list, map, structure, type Value } from '../shapes.ts';
import type { RuleSettings, Target } from './eventbridge.ts';
import { readInputTransformer } from './input-transformer.ts';

/** InputPath, RoleArn and the parameters of other services are refused by name. */
export const targetsShape = list(
  structure({
    Id: 'string',
    Arn: 'string',
    Input: 'string',
    InputTransformer: structure({ InputPathsMap: map('string'), InputTemplate: 'string' }),
    RetryPolicy: structure({ MaximumRetryAttempts: 'integer', MaximumEventAgeInSeconds: 'integer' }),
    DeadLetterConfig: structure({ Arn: 'string' }),
  }),
);

/** https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html */
const namePattern = /^[.\-_A-Za-z0-9]{1,64}$/;
const targetServices = ['lambda', 'sns'];
const retriesAtMost = 185;
const youngestEventSeconds = 60;
const oldestEventSeconds = 86_400;

/** @throws AwsError ValidationException */
export function readRule(input: {
  readonly Name?: string;
  readonly Description?: string;
  readonly EventPattern?: string;
  readonly ScheduleExpression?: string;
  readonly State?: string;
}): RuleSettings {
  const name = input.Name ?? '';
  if (!namePattern.test(name))
    throw invalid(
      `1 validation error detected: Value '${name}' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+`,
    );
  if (input.EventPattern === undefined && input.ScheduleExpression === undefined)
    throw invalid('Parameter(s) EventPattern or ScheduleExpression must be specified.');
  if (!['ENABLED', 'DISABLED'].includes(input.State ?? 'ENABLED'))
    throw notModelled(`the rule state ${input.State}`, 'ValidationException');
  return {
    name,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(input.EventPattern === undefined ? {} : { eventPattern: input.EventPattern }),
    ...(input.ScheduleExpression === undefined ? {} : { scheduleExpression: input.ScheduleExpression }),
    enabled: input.State !== 'DISABLED',
  };
}

/** @throws AwsError ValidationException */
export function readTargets(targets: Value<typeof targetsShape> = []): readonly Target[] {
  return targets.map((target) => {
    const {
      Id: id = '',
      Arn: arn = '',
      Input: input,
      InputTransformer,
      RetryPolicy,
      DeadLetterConfig,
    } = target;
    if (!namePattern.test(id)) throw invalid(`Parameter ${id} is not valid for a target's Id.`);
    const service = arn.split(':')[2];
    if (service === undefined)
      throw invalid(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
    if (!targetServices.includes(service))
      throw notModelled(`targets of ${service} (${arn})`, 'ValidationException');
    if (input !== undefined && !isJson(input)) throw invalid(`JSON syntax error in input for target ${id}.`);
    if (input !== undefined && InputTransformer !== undefined)
      throw invalid(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`);
    const retryPolicy = readRetryPolicy(RetryPolicy);
    return {
      id,
      arn,
      ...(input === undefined ? {} : { input }),
      ...(InputTransformer === undefined
        ? {}
        : { inputTransformer: readInputTransformer(id, InputTransformer) }),
      ...(retryPolicy === undefined ? {} : { retryPolicy }),
      ...(DeadLetterConfig?.Arn === undefined ? {} : { deadLetterArn: DeadLetterConfig.Arn }),
    };
  });
}

function readRetryPolicy(
  raw: { readonly MaximumRetryAttempts?: number; readonly MaximumEventAgeInSeconds?: number } | undefined,
): Target['retryPolicy'] {
  if (raw === undefined) return undefined;
  const { MaximumRetryAttempts: attempts, MaximumEventAgeInSeconds: age } = raw;
  if (attempts !== undefined && (attempts < 0 || attempts > retriesAtMost))
    throw invalid(`MaximumRetryAttempts must be from 0 to ${retriesAtMost}, not ${attempts}.`);
  if (age !== undefined && (age < youngestEventSeconds || age > oldestEventSeconds))
    throw invalid(
      `MaximumEventAgeInSeconds must be from ${youngestEventSeconds} to ${oldestEventSeconds}, not ${age}.`,
    );
  return {
    ...(attempts === undefined ? {} : { maximumRetryAttempts: attempts }),
    ...(age === undefined ? {} : { maximumEventAgeInSeconds: age }),
  };
}

/** @throws AwsError ResourceNotFoundException: only the default bus is modelled */
export function checkBus(account: Account, name: string | undefined): void {
  if (name === undefined || name === 'default' || name === busArn(account)) return;
  throw new AwsError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
}

export function busArn(account: Account): string {
  return account.arn('events', 'event-bus/default');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
