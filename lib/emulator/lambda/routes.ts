/** The REST paths of Lambda as far as they are modelled; every other path and parameter is refused by name. */
import { AwsError, notModelled } from '../errors.ts';
import type { WireRequest } from '../service.ts';
import { type FunctionReference, readReference } from './reference.ts';

export type LambdaCall =
  | {
      readonly operation: 'Invoke';
      readonly reference: FunctionReference;
      readonly type: 'RequestResponse' | 'Event' | 'DryRun';
      readonly tail: boolean;
      readonly executionName: string | undefined;
    }
  | { readonly operation: FunctionRead; readonly reference: FunctionReference }
  | { readonly operation: FunctionList; readonly reference: FunctionReference; readonly page: Page }
  | { readonly operation: 'ListFunctions'; readonly page: Page }
  | { readonly operation: 'GetAlias'; readonly reference: FunctionReference; readonly alias: string };

type FunctionRead = 'GetFunction' | 'GetFunctionConfiguration' | 'GetPolicy' | 'GetFunctionEventInvokeConfig';
type FunctionList = 'ListAliases' | 'ListVersionsByFunction';

export interface Page {
  readonly marker: number;
  readonly maxItems: number;
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html: at most 50 on a page, whatever is asked. */
const pageLimit = 50;

/** Method and path of each operation: the `http` trait of the SDK's client, seen on the wire. */
export function readLambdaCall(request: WireRequest): LambdaCall {
  const [apiVersion, kind, name, what, which, ...rest] = request.path
    .split('/')
    .slice(1)
    .map(decodeURIComponent);
  const query = new URLSearchParams(request.query);
  const route = `${request.method} ${apiVersion}/${kind}/${name ? '{name}' : ''}${what ? `/${what}` : ''}${which ? '/{which}' : ''}`;
  if (rest.length > 0 || kind !== 'functions') throw unknownRoute(request);
  const read = (operation: FunctionRead): LambdaCall => {
    allow(query, ['Qualifier']);
    return { operation, reference: readReference(name ?? '', query.get('Qualifier') ?? undefined) };
  };
  const list = (operation: FunctionList): LambdaCall => ({
    operation,
    reference: readReference(name ?? ''),
    page: readPage(query),
  });
  switch (route) {
    case 'POST 2015-03-31/functions/{name}/invocations':
      return readInvoke(request, query, name ?? '');
    case 'GET 2015-03-31/functions/':
      return { operation: 'ListFunctions', page: readPage(query) };
    case 'GET 2015-03-31/functions/{name}':
      return read('GetFunction');
    case 'GET 2015-03-31/functions/{name}/configuration':
      return read('GetFunctionConfiguration');
    case 'GET 2015-03-31/functions/{name}/policy':
      return read('GetPolicy');
    case 'GET 2019-09-25/functions/{name}/event-invoke-config':
      return read('GetFunctionEventInvokeConfig');
    case 'GET 2015-03-31/functions/{name}/aliases':
      return list('ListAliases');
    case 'GET 2015-03-31/functions/{name}/versions':
      return list('ListVersionsByFunction');
    case 'GET 2015-03-31/functions/{name}/aliases/{which}':
      allow(query, []);
      return { operation: 'GetAlias', reference: readReference(name ?? ''), alias: which ?? '' };
    default:
      throw unknownRoute(request);
  }
}

function readInvoke({ headers }: WireRequest, query: URLSearchParams, name: string): LambdaCall {
  allow(query, ['Qualifier']);
  for (const header of ['x-amz-client-context', 'x-amz-tenant-id'])
    if (headers[header] !== undefined)
      throw notModelled(`the header ${header} of Invoke`, 'InvalidParameterValueException');
  const type = headers['x-amz-invocation-type'] ?? 'RequestResponse';
  const logType = headers['x-amz-log-type'] ?? 'None';
  if (type !== 'RequestResponse' && type !== 'Event' && type !== 'DryRun')
    throw badEnum('invocationType', type);
  if (logType !== 'None' && logType !== 'Tail') throw badEnum('logType', logType);
  return {
    operation: 'Invoke',
    reference: readReference(name, query.get('Qualifier') ?? undefined),
    type,
    tail: logType === 'Tail',
    executionName: headers['x-amz-durable-execution-name'],
  };
}

function readPage(query: URLSearchParams): Page {
  allow(query, ['Marker', 'MaxItems']);
  const maxItems = Number(query.get('MaxItems') ?? pageLimit);
  return { marker: Number(query.get('Marker') ?? 0), maxItems: Math.min(maxItems, pageLimit) };
}

function allow(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys())
    if (!known.includes(name)) throw notModelled(`the parameter ${name}`, 'InvalidParameterValueException');
}

function badEnum(name: string, value: string): AwsError {
  return new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set`,
  );
}

function unknownRoute({ method, path }: WireRequest): AwsError {
  return notModelled(`the Lambda request ${method} ${path}`, 'UnknownOperationException');
}
