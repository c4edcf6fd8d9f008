/**
 * What a checkpoint asks for, read and checked before any of it is applied. The messages are those that the service was
 * seen to answer and those of AWS's own test runner, which stands in for it:
 * https://github.com/aws/aws-durable-execution-sdk-python (testing), https://github.com/aws/aws-durable-execution-sdk-go (durabletest).
 */
import { AwsError, notModelled } from '../errors.ts';
import { list, readJson, structure, type Value } from '../shapes.ts';
import {
  type DurableOperation,
  type OperationAction,
  type OperationStatus,
  type OperationType,
  operationActions,
  operationTypes,
} from './durable-model.ts';

export const errorShape = structure({
  ErrorType: 'string',
  ErrorMessage: 'string',
  ErrorData: 'string',
  StackTrace: list('string'),
});

/** https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html */
const updateShape = structure({
  Id: 'string',
  ParentId: 'string',
  Name: 'string',
  Type: 'string',
  SubType: 'string',
  Action: 'string',
  Payload: 'string',
  Error: errorShape,
  ContextOptions: structure({ ReplayChildren: 'boolean' }),
  StepOptions: structure({ NextAttemptDelaySeconds: 'integer' }),
  WaitOptions: structure({ WaitSeconds: 'integer' }),
  CallbackOptions: structure({ TimeoutSeconds: 'integer', HeartbeatTimeoutSeconds: 'integer' }),
  ChainedInvokeOptions: structure({ FunctionName: 'string', TenantId: 'string' }),
});

const requestShape = structure({
  CheckpointToken: 'string',
  ClientToken: 'string',
  Updates: list(updateShape),
});

type RawUpdate = Value<typeof updateShape>;

export type OperationUpdate = Omit<RawUpdate, 'Id' | 'Type' | 'Action'> & {
  readonly Id: string;
  readonly Type: OperationType;
  readonly Action: OperationAction;
};

export interface CheckpointRequest {
  readonly token: string;
  readonly clientToken: string | undefined;
  readonly updates: readonly OperationUpdate[];
}

/** Seen by AWS's own runners: 256 KB for a step's result and for an error. */
const payloadLimitBytes = 262_144;
/** https://docs.aws.amazon.com/lambda/latest/api/API_OperationUpdate.html, Payload. */
const executionResultLimitBytes = 6_291_456;
/** https://docs.aws.amazon.com/lambda/latest/api/API_WaitOptions.html and API_StepOptions.html: 366 days. */
const longestS = 31_622_400;

const idPattern = /^[a-zA-Z0-9_-]{1,64}$/;
const subTypePattern = /^[a-zA-Z0-9_-]{1,32}$/;
const namePattern = /^[\x20-\x7e]{1,256}$/;
const clientTokenPattern = /^[\x21-\x7e]{1,64}$/;
const tokenPattern = /^[A-Za-z0-9+/]+={0,2}$/;

const actionsOf: { readonly [type in OperationType]: readonly OperationAction[] } = {
  EXECUTION: ['SUCCEED', 'FAIL'],
  CONTEXT: ['START', 'SUCCEED', 'FAIL'],
  STEP: ['START', 'SUCCEED', 'FAIL', 'RETRY'],
  WAIT: ['START', 'CANCEL'],
  CALLBACK: ['START'],
  CHAINED_INVOKE: ['START', 'CANCEL'],
};

/** The body of CheckpointDurableExecution. @throws AwsError SerializationException, ValidationException */
export function readCheckpoint(body: unknown): CheckpointRequest {
  const { CheckpointToken = '', ClientToken, Updates = [] } = readJson(requestShape, body);
  check('checkpointToken', CheckpointToken, tokenPattern);
  if (ClientToken !== undefined) check('clientToken', ClientToken, clientTokenPattern);
  return { token: CheckpointToken, clientToken: ClientToken, updates: Updates.map(readUpdate) };
}

/** Such as `STEP move SUCCEED`. */
export function wordsOf({ Type, Name, Action }: OperationUpdate): string {
  return [Type, Name, Action].filter((word) => word !== undefined).join(' ');
}

/** The whole batch, or nothing of it. @throws AwsError InvalidParameterValueException */
export function requireValid(
  updates: readonly OperationUpdate[],
  known: (id: string) => DurableOperation | undefined,
): void {
  const ends = updates.filter(({ Type }) => Type === 'EXECUTION');
  if (ends.length > 1) throw invalid('Cannot checkpoint multiple EXECUTION updates.');
  if (ends.length === 1 && updates.at(-1)?.Type !== 'EXECUTION')
    throw invalid('EXECUTION checkpoint must be the last update.');
  const last = new Map<string, OperationUpdate>();
  for (const update of updates) {
    const before = last.get(update.Id);
    if (before !== undefined && !mayFollow(before, update))
      throw invalid('Cannot update the same operation twice in a single request.');
    requireParent(update, (id) => last.get(id)?.Type ?? known(id)?.type);
    requireSizes(update);
    requireTransition(update, before, known(update.Id));
    last.set(update.Id, update);
  }
}

function readUpdate(raw: RawUpdate, index: number): OperationUpdate {
  const at = (member: string): string => `updates.${index + 1}.member.${member}`;
  const { Id = '', ParentId, Name, SubType, WaitOptions, StepOptions, Payload = '' } = raw;
  const Type = oneOf(at('type'), raw.Type, operationTypes);
  const Action = oneOf(at('action'), raw.Action, operationActions);
  check(at('id'), Id, idPattern);
  if (ParentId !== undefined) check(at('parentId'), ParentId, idPattern);
  if (Name !== undefined) check(at('name'), Name, namePattern);
  if (SubType !== undefined) check(at('subType'), SubType, subTypePattern);
  if (Type === 'WAIT' && Action === 'START')
    checkSeconds(at('waitOptions.waitSeconds'), WaitOptions?.WaitSeconds ?? 0);
  if (StepOptions?.NextAttemptDelaySeconds !== undefined)
    checkSeconds(at('stepOptions.nextAttemptDelaySeconds'), StepOptions.NextAttemptDelaySeconds);
  if (Buffer.byteLength(Payload) > executionResultLimitBytes)
    throw validation(
      `Value at '${at('payload')}' failed to satisfy constraint: Member must have length less than or equal to ${executionResultLimitBytes}`,
    );
  return { ...raw, Id, Type, Action };
}

/** A step or a context may start and end in one batch: the SDK sends both when the body is quick. */
function mayFollow(before: OperationUpdate, update: OperationUpdate): boolean {
  const twoPart = before.Type === 'STEP' || before.Type === 'CONTEXT';
  return twoPart && before.Type === update.Type && before.Action === 'START' && update.Action !== 'START';
}

function requireParent(
  { ParentId }: OperationUpdate,
  typeOf: (id: string) => OperationType | undefined,
): void {
  if (ParentId !== undefined && typeOf(ParentId) !== 'CONTEXT') throw invalid('Invalid parent operation id.');
}

function requireSizes({ Type, Payload = '', Error: error }: OperationUpdate): void {
  // That a context's result has the same limit as a step's is UNCONFIRMED; the SDK sends none that is longer.
  if (Type !== 'EXECUTION' && Buffer.byteLength(Payload) > payloadLimitBytes)
    throw invalid(`${Type} output payload size must be less than or equal to ${payloadLimitBytes} bytes.`);
  if (error !== undefined && Buffer.byteLength(JSON.stringify(error)) > payloadLimitBytes)
    throw invalid(`Error object size must be less than or equal to ${payloadLimitBytes} bytes.`);
}

function requireTransition(
  update: OperationUpdate,
  inBatch: OperationUpdate | undefined,
  stored: DurableOperation | undefined,
): void {
  const { Type, Action, Payload, Error: error } = update;
  if (!actionsOf[Type].includes(Action)) throw invalid('Invalid action for the given operation type.');
  if (Type === 'CHAINED_INVOKE')
    throw notModelled('CHAINED_INVOKE (context.invoke)', 'InvalidParameterValueException');
  if (Action === 'SUCCEED' && error !== undefined)
    throw invalid('Cannot provide an Error for SUCCEED action.');
  if (Action === 'FAIL' && Payload !== undefined) throw invalid('Cannot provide a Payload for FAIL action.');
  if (Type === 'EXECUTION') return;
  requireSame(update, stored);
  const status = inBatch === undefined ? stored?.status : 'STARTED';
  if (Type === 'STEP') requireStep(update, status);
  else if (Action === 'START') requireNew(Type, status);
  else if (Type === 'CONTEXT') requireOpenContext(status);
  else if (status !== 'STARTED')
    throw invalid('Cannot cancel a WAIT that does not exist or has already completed.');
}

function requireNew(type: OperationType, status: OperationStatus | undefined): void {
  if (status !== undefined) throw invalid(`Cannot start a ${type} that already exist.`);
}

function requireOpenContext(status: OperationStatus | undefined): void {
  if (status !== undefined && status !== 'STARTED') throw invalid('Invalid current CONTEXT state to close.');
}

function requireStep(
  { Action, Payload, Error: error, StepOptions }: OperationUpdate,
  status: OperationStatus | undefined,
): void {
  const open = status === undefined || status === 'STARTED' || status === 'READY';
  if (Action === 'START') {
    if (status !== undefined && status !== 'READY') throw invalid('Invalid current STEP state to start.');
  } else if (Action === 'RETRY') {
    if (!open) throw invalid('Invalid current STEP state to re-attempt.');
    if (StepOptions?.NextAttemptDelaySeconds === undefined)
      throw invalid('Invalid StepOptions for the given action.');
    if (error !== undefined && Payload !== undefined)
      throw invalid('Cannot provide both error and payload to RETRY a STEP.');
  } else if (!open) throw invalid('Invalid current STEP state to close.');
}

function requireSame(
  { Type, SubType, Name, ParentId }: OperationUpdate,
  stored: DurableOperation | undefined,
): void {
  if (stored === undefined) return;
  if (Type !== stored.type) throw invalid('Inconsistent operation type.');
  if (SubType !== undefined && SubType !== stored.subType) throw invalid('Inconsistent operation subtype.');
  if (Name !== undefined && Name !== stored.name) throw invalid('Inconsistent operation name.');
  if (ParentId !== undefined && ParentId !== stored.parentId)
    throw invalid('Inconsistent parent operation id.');
}

function checkSeconds(member: string, seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 1)
    throw validation(
      `Value '${seconds}' at '${member}' failed to satisfy constraint: Member must have value greater than or equal to 1`,
    );
  if (seconds > longestS)
    throw validation(
      `Value '${seconds}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${longestS}`,
    );
}

function check(member: string, value: string, pattern: RegExp): void {
  if (!pattern.test(value))
    throw validation(
      `Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern.source}`,
    );
}

function oneOf<const T extends string>(member: string, value: string | undefined, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw validation(
      `Value '${value ?? ''}' at '${member}' failed to satisfy constraint: Member must satisfy enum value set: [${allowed.join(', ')}]`,
    );
  return found;
}

export function validation(constraint: string): AwsError {
  return new AwsError('ValidationException', `1 validation error detected: ${constraint}`);
}

export function invalid(message: string): AwsError {
  return new AwsError('InvalidParameterValueException', message);
}
