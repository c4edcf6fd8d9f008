/** The REST paths of the durable operations (the `http` trait of the SDK's client); every other path and parameter is refused by name. */
import { AwsError, notModelled } from '../errors.ts';
import type { WireRequest } from '../service.ts';
import { readJson } from '../shapes.ts';
import { type ErrorObject, type ExecutionStatus, executionStatuses } from './durable-model.ts';
import {
  type CheckpointRequest,
  errorShape,
  invalid,
  readCheckpoint,
  validation,
} from './durable-updates.ts';
import { type FunctionReference, readReference } from './reference.ts';

interface Paging {
  readonly marker: string | undefined;
  readonly maxItems: number;
}

export type DurableCall =
  | {
      readonly operation: 'CheckpointDurableExecution';
      readonly arn: string;
      readonly request: CheckpointRequest;
    }
  | ({
      readonly operation: 'GetDurableExecutionState';
      readonly arn: string;
      readonly token: string;
    } & Paging)
  | { readonly operation: 'GetDurableExecution'; readonly arn: string }
  | ({
      readonly operation: 'GetDurableExecutionHistory';
      readonly arn: string;
      readonly reverse: boolean;
      readonly withData: boolean;
    } & Paging)
  | { readonly operation: 'StopDurableExecution'; readonly arn: string; readonly error: ErrorObject }
  | {
      readonly operation: 'SendDurableExecutionCallbackSuccess';
      readonly callbackId: string;
      readonly result: string | undefined;
    }
  | {
      readonly operation: 'SendDurableExecutionCallbackFailure';
      readonly callbackId: string;
      readonly error: ErrorObject;
    }
  | { readonly operation: 'SendDurableExecutionCallbackHeartbeat'; readonly callbackId: string }
  | ({
      readonly operation: 'ListDurableExecutionsByFunction';
      readonly reference: FunctionReference;
      readonly name: string | undefined;
      readonly status: ExecutionStatus | undefined;
      readonly startedAfterMs: number | undefined;
      readonly startedBeforeMs: number | undefined;
      readonly reverse: boolean;
    } & Paging);

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecution.html, DurableExecutionArn. */
const arnPattern =
  /^arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]+:(?:\$LATEST(?:\.PUBLISHED)?|[0-9]+)\/durable-execution\/[a-zA-Z0-9_-]+\/[a-zA-Z0-9_-]+$/;
/** https://docs.aws.amazon.com/lambda/latest/api/API_SendDurableExecutionCallbackSuccess.html */
const callbackResultLimitBytes = 262_144;
/** https://docs.aws.amazon.com/lambda/latest/api/API_GetDurableExecutionHistory.html, MaxItems. */
const pageDefault = 100;
const pageLimit = 1_000;

const executionPath = /^\/2025-12-01\/durable-executions\/(.+?)(\/checkpoint|\/state|\/history|\/stop)?$/;
const callbackPath = /^\/2025-12-01\/durable-execution-callbacks\/(.+)\/(succeed|fail|heartbeat)$/;
const listPath = /^\/2025-12-01\/functions\/([^/]+)\/durable-executions$/;

/** @throws AwsError ValidationException, InvalidParameterValueException, UnknownOperationException */
export function readDurableCall(request: WireRequest): DurableCall {
  const query = new URLSearchParams(request.query);
  const [, arn, kind = ''] = executionPath.exec(request.path) ?? [];
  if (arn !== undefined) return readExecutionCall(request, query, readArn(decodeURIComponent(arn)), kind);
  const [, callbackId, verb] = callbackPath.exec(request.path) ?? [];
  if (callbackId !== undefined && request.method === 'POST') {
    allow(query, []);
    return readCallbackCall(request, decodeURIComponent(callbackId), verb ?? '');
  }
  const [, functionName] = listPath.exec(request.path) ?? [];
  if (functionName !== undefined && request.method === 'GET')
    return readListCall(query, decodeURIComponent(functionName));
  throw unknownRoute(request);
}

function readExecutionCall(
  request: WireRequest,
  query: URLSearchParams,
  arn: string,
  kind: string,
): DurableCall {
  switch (`${request.method} ${kind}`) {
    case 'POST /checkpoint':
      allow(query, []);
      return { operation: 'CheckpointDurableExecution', arn, request: readCheckpoint(bodyOf(request)) };
    case 'POST /stop':
      allow(query, []);
      return { operation: 'StopDurableExecution', arn, error: readError(request) };
    case 'GET ':
      allow(query, []);
      return { operation: 'GetDurableExecution', arn };
    case 'GET /state': {
      allow(query, ['CheckpointToken', 'Marker', 'MaxItems']);
      const token = query.get('CheckpointToken') ?? '';
      return { operation: 'GetDurableExecutionState', arn, token, ...readPaging(query) };
    }
    case 'GET /history':
      allow(query, ['IncludeExecutionData', 'Marker', 'MaxItems', 'ReverseOrder']);
      return {
        operation: 'GetDurableExecutionHistory',
        arn,
        reverse: query.get('ReverseOrder') === 'true',
        withData: query.get('IncludeExecutionData') !== 'false',
        ...readPaging(query),
      };
    default:
      throw unknownRoute(request);
  }
}

function readCallbackCall(request: WireRequest, callbackId: string, verb: string): DurableCall {
  if (verb === 'heartbeat') return { operation: 'SendDurableExecutionCallbackHeartbeat', callbackId };
  if (verb === 'fail')
    return { operation: 'SendDurableExecutionCallbackFailure', callbackId, error: readError(request) };
  if (request.body.length > callbackResultLimitBytes)
    throw validation(
      `Value at 'result' failed to satisfy constraint: Member must have length less than or equal to ${callbackResultLimitBytes}`,
    );
  const result = request.body.length === 0 ? undefined : request.body.toString('utf8');
  return { operation: 'SendDurableExecutionCallbackSuccess', callbackId, result };
}

function readListCall(query: URLSearchParams, functionName: string): DurableCall {
  allow(query, [
    'DurableExecutionName',
    'Marker',
    'MaxItems',
    'Qualifier',
    'ReverseOrder',
    'StartedAfter',
    'StartedBefore',
    'Statuses',
  ]);
  const [status, ...others] = query.getAll('Statuses');
  // Seen by https://github.com/floci-io/floci: the list has room for more than is allowed.
  if (others.length > 0) throw invalid('Cannot filter by more than one status');
  const known = executionStatuses.find((each) => each === status);
  if (status !== undefined && known === undefined)
    throw validation(
      `Value '[${status}]' at 'statuses' failed to satisfy constraint: Member must satisfy enum value set: [${executionStatuses.join(', ')}]`,
    );
  return {
    operation: 'ListDurableExecutionsByFunction',
    reference: readReference(functionName, query.get('Qualifier') ?? undefined),
    name: query.get('DurableExecutionName') ?? undefined,
    status: known,
    startedAfterMs: readTime(query.get('StartedAfter')),
    startedBeforeMs: readTime(query.get('StartedBefore')),
    reverse: query.get('ReverseOrder') === 'true',
    ...readPaging(query),
  };
}

function readArn(arn: string): string {
  if (!arnPattern.test(arn))
    throw validation(
      `Value '${arn}' at 'durableExecutionArn' failed to satisfy constraint: Member must satisfy regular expression pattern: ${arnPattern.source}`,
    );
  return arn;
}

/** Zero is the default. */
function readPaging(query: URLSearchParams): Paging {
  const maxItems = Number(query.get('MaxItems') ?? 0);
  if (!Number.isInteger(maxItems) || maxItems < 0)
    throw validation(
      `Value '${query.get('MaxItems')}' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 0`,
    );
  return { marker: query.get('Marker') ?? undefined, maxItems: Math.min(maxItems || pageDefault, pageLimit) };
}

function readTime(text: string | null): number | undefined {
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new AwsError('SerializationException', `'${text}' can not be converted to Date`);
  return ms;
}

function readError(request: WireRequest): ErrorObject {
  return readJson(errorShape, bodyOf(request));
}

function bodyOf({ body }: WireRequest): unknown {
  try {
    return body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch {
    throw new AwsError('SerializationException', 'The body of the request is not JSON.');
  }
}

function allow(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys())
    if (!known.includes(name)) throw notModelled(`the parameter ${name}`, 'InvalidParameterValueException');
}

function unknownRoute({ method, path }: WireRequest): AwsError {
  return notModelled(`the Lambda request ${method} ${path}`, 'UnknownOperationException');
}
