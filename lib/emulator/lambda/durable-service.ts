/**
 * The durable operations of Lambda's API. Most are authorized on the execution, whose ARN begins with that of the
 * function's version (https://docs.aws.amazon.com/lambda/latest/dg/durable-security.html).
 */
import type { AwsError } from '../errors.ts';
import type { WireRequest } from '../service.ts';
import { readCallbackId } from './durable-execution.ts';
import {
  eventReply,
  executionReply,
  executionSummary,
  inSeconds,
  operationOnTheWire,
} from './durable-replies.ts';
import { type DurableCall, readDurableCall } from './durable-routes.ts';
import { invalid } from './durable-updates.ts';
import type { Lambda } from './lambda.ts';

type Authorized = DurableCall & { readonly target: string };

/** https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html: the paths of this version are all durable. */
export function isDurable({ path }: WireRequest): boolean {
  return path.startsWith('/2025-12-01/');
}

/** @throws AwsError naming what is not modelled */
export function readDurable(lambda: Lambda, request: WireRequest): Authorized {
  const call = readDurableCall(request);
  if ('callbackId' in call) return { ...call, target: readCallbackId(call.callbackId).executionArn };
  if (call.operation === 'ListDurableExecutionsByFunction')
    return { ...call, target: lambda.functions.arn(call.reference) };
  return { ...call, target: call.arn };
}

/** @returns the reply's members */
export function handleDurable(lambda: Lambda, call: DurableCall): object {
  const { executions } = lambda;
  switch (call.operation) {
    case 'CheckpointDurableExecution': {
      const { token, operations } = executions.checkpoint(call.arn, call.request);
      return {
        CheckpointToken: token,
        NewExecutionState: { Operations: operations.map((each) => operationOnTheWire(each, inSeconds)) },
      };
    }
    case 'GetDurableExecutionState': {
      const page = executions.state(call.arn, call.token, call.marker, call.maxItems);
      return {
        Operations: page.operations.map(({ operation }) => operationOnTheWire(operation, inSeconds)),
        NextMarker: page.nextMarker,
      };
    }
    case 'GetDurableExecution':
      return executionReply(executions.get(call.arn));
    case 'GetDurableExecutionHistory': {
      const { history } = executions.get(call.arn);
      const ordered = call.reverse ? history.toReversed() : history;
      const page = pageOf(ordered, call.marker, call.maxItems);
      return {
        Events: page.items.map((event) => eventReply(event, call.withData)),
        NextMarker: page.nextMarker,
      };
    }
    case 'StopDurableExecution':
      return { StopTimestamp: inSeconds(executions.stopExecution(call.arn, call.error)) };
    case 'SendDurableExecutionCallbackSuccess':
      executions.answerCallback(call.callbackId, { result: call.result });
      return {};
    case 'SendDurableExecutionCallbackFailure':
      executions.answerCallback(call.callbackId, { error: call.error });
      return {};
    case 'SendDurableExecutionCallbackHeartbeat':
      executions.heartbeat(call.callbackId);
      return {};
    case 'ListDurableExecutionsByFunction':
      return list(lambda, call);
  }
}

/**
 * Those of one version, `$LATEST` when none is named, oldest first unless told otherwise, as the page says:
 * https://docs.aws.amazon.com/lambda/latest/api/API_ListDurableExecutionsByFunction.html. UNCONFIRMED on a live account.
 */
function list(
  { functions, executions }: Lambda,
  call: Extract<DurableCall, { operation: 'ListDurableExecutionsByFunction' }>,
): object {
  const { functionName } = call.reference;
  const { version } = functions.target(call.reference);
  const found = executions
    .list(functionName)
    .filter(
      ({ identity, status }) =>
        identity.version === version.version &&
        (call.name ?? identity.name) === identity.name &&
        (call.status ?? status) === status &&
        identity.startedMs > (call.startedAfterMs ?? Number.NEGATIVE_INFINITY) &&
        identity.startedMs < (call.startedBeforeMs ?? Number.POSITIVE_INFINITY),
    );
  const page = pageOf(call.reverse ? found.toReversed() : found, call.marker, call.maxItems);
  return { DurableExecutions: page.items.map(executionSummary), NextMarker: page.nextMarker };
}

/** A marker is the place to go on, opaque to the caller. @throws AwsError InvalidParameterValueException */
function pageOf<T>(
  all: readonly T[],
  marker: string | undefined,
  maxItems: number,
): { readonly items: readonly T[]; readonly nextMarker: string | undefined } {
  const start = marker === undefined ? 0 : Number(Buffer.from(marker, 'base64').toString('utf8') || 'none');
  if (!Number.isInteger(start) || start < 0 || start > all.length) throw invalidMarker();
  const end = start + maxItems;
  const nextMarker = end < all.length ? Buffer.from(String(end)).toString('base64') : undefined;
  return { items: all.slice(start, end), nextMarker };
}

function invalidMarker(): AwsError {
  return invalid('Invalid Marker');
}
