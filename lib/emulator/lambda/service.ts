/** Lambda on the wire: REST with JSON bodies; an invocation's payload is the body itself. */
import { AwsError } from '../errors.ts';
import type { Call, RawService, WireRequest, WireResponse } from '../service.ts';
import { handleDurable, isDurable, readDurable } from './durable-service.ts';
import { notFound } from './functions.ts';
import type { Lambda } from './lambda.ts';
import { aliasReply, configurationReply, eventInvokeConfigReply } from './replies.ts';
import { policyDocument } from './resource-policy.ts';
import { type LambdaCall, type Page, readLambdaCall } from './routes.ts';

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, LogResult: the last 4 KB. */
const tailBytes = 4_096;

export function lambdaService(lambda: Lambda): RawService {
  return {
    signingName: 'lambda',
    iamPrefix: 'lambda',
    describe(request) {
      if (isDurable(request)) {
        const { operation, target, ...input } = readDurable(lambda, request);
        return { operation, input, targets: [{ arn: target }] };
      }
      const call = readLambdaCall(request);
      const { operation, ...input } = call;
      const arn = 'reference' in call ? lambda.functions.arn(call.reference) : '*';
      const payload = operation === 'Invoke' ? { payload: request.body.toString('utf8') } : {};
      return {
        operation,
        // The action is not named after the operation: https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html
        ...(operation === 'Invoke' ? { action: 'lambda:InvokeFunction' } : {}),
        input: { ...input, ...payload },
        targets: [{ arn }],
      };
    },
    async handle(request, call) {
      if (isDurable(request)) return json(handleDurable(lambda, readDurable(lambda, request)), call);
      const lambdaCall = readLambdaCall(request);
      return lambdaCall.operation === 'Invoke'
        ? invoke(lambda, lambdaCall, request, call)
        : json(read(lambda, lambdaCall), call);
    },
  };
}

async function invoke(
  lambda: Lambda,
  { reference, type, tail, executionName }: Extract<LambdaCall, { operation: 'Invoke' }>,
  request: WireRequest,
  { requestId }: Call,
): Promise<WireResponse> {
  const payload = request.body.toString('utf8');
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': requestId };
  if (type === 'DryRun') {
    lambda.target(reference, executionName);
    return { status: 204, headers, body: Buffer.alloc(0) };
  }
  if (type === 'Event') {
    const arn = lambda.invokeLater(reference, payload, requestId, executionName);
    return { status: 202, headers: { ...headers, ...executionHeader(arn) }, body: Buffer.alloc(0) };
  }
  const { outcome, version, lines, durableExecutionArn } = await lambda.invoke(
    reference,
    payload,
    requestId,
    executionName,
  );
  const body = outcome.kind === 'succeeded' ? outcome.payload : JSON.stringify(outcome.failure);
  return {
    status: 200,
    headers: {
      ...headers,
      'x-amz-executed-version': version,
      ...executionHeader(durableExecutionArn),
      ...(outcome.kind === 'failed' ? { 'x-amz-function-error': 'Unhandled' } : {}),
      ...(tail ? { 'x-amz-log-result': lastOf(lines) } : {}),
    },
    body: Buffer.from(body),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, DurableExecutionArn. */
function executionHeader(arn: string | undefined): { readonly [name: string]: string } {
  return arn === undefined ? {} : { 'x-amz-durable-execution-arn': arn };
}

function read(lambda: Lambda, call: Exclude<LambdaCall, { operation: 'Invoke' }>): object {
  const { functions, account } = lambda;
  if (call.operation === 'ListFunctions') {
    const all = functions.names().map((functionName) => {
      const { version, arn } = functions.target({ functionName, qualifier: undefined });
      return configurationReply(account, version, arn);
    });
    return pageOf('Functions', all, call.page);
  }
  const { reference } = call;
  const { functionName } = reference;
  const target = functions.target(reference);
  switch (call.operation) {
    case 'GetFunction':
      return {
        Configuration: configurationReply(account, target.version, target.arn),
        Code: { RepositoryType: 'S3', Location: `https://embedded-aws.invalid/code/${functionName}` },
        Tags: target.version.configuration.tags,
        ...(target.reservedConcurrency === undefined
          ? {}
          : { Concurrency: { ReservedConcurrentExecutions: target.reservedConcurrency } }),
      };
    case 'GetFunctionConfiguration':
      return configurationReply(account, target.version, target.arn);
    case 'GetPolicy': {
      const permissions = functions.permissions(reference);
      if (permissions.length === 0) throw notFound('The resource you requested does not exist.');
      return { Policy: policyDocument(permissions, target.arn), RevisionId: target.version.revisionId };
    }
    case 'GetFunctionEventInvokeConfig': {
      const config = functions.eventInvokeConfig(reference);
      const qualified = functions.arn({ functionName, qualifier: reference.qualifier ?? '$LATEST' });
      if (config === undefined) throw notFound(`The function ${qualified} doesn't have an EventInvokeConfig`);
      return eventInvokeConfigReply(config, qualified);
    }
    case 'ListAliases':
      return pageOf('Aliases', functions.aliases(functionName).map(aliasReply), call.page);
    case 'ListVersionsByFunction': {
      const all = functions.versions(functionName).map((version) => {
        const arn = functions.arn({ functionName, qualifier: version.version });
        return configurationReply(account, version, arn);
      });
      return pageOf('Versions', all, call.page);
    }
    case 'GetAlias':
      return aliasReply(functions.alias(functionName, call.alias));
  }
}

function pageOf(member: string, all: readonly object[], { marker, maxItems }: Page): object {
  if (!Number.isInteger(marker) || !Number.isInteger(maxItems) || maxItems < 1)
    throw new AwsError('InvalidParameterValueException', 'Marker or MaxItems is not valid');
  const end = marker + maxItems;
  return { [member]: all.slice(marker, end), ...(end < all.length ? { NextMarker: String(end) } : {}) };
}

function lastOf(lines: readonly string[]): string {
  return Buffer.from(`${lines.join('\n')}\n`)
    .subarray(-tailBytes)
    .toString('base64');
}

function json(reply: object, { requestId }: Call): WireResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
    body: Buffer.from(JSON.stringify(reply)),
  };
}
