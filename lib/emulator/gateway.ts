/**
 * The front door: one request in, one response out, over whichever transport. Reads the wire (EC2 query, AWS Query,
 * JSON with X-Amz-Target; REST services read their own), asks IAM, applies planted faults, runs the operation, records
 * the call. Protocol forms: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html and what the
 * SDK and CLI were seen to send.
 */
import { gunzipSync } from 'node:zlib';
import type { Account } from './account.ts';
import { AwsError, ConnectionLost, notModelled } from './errors.ts';
import { under } from './faults.ts';
import type { Caller, IamTarget } from './iam.ts';
import type { Call, Operation, RawService, Reply, Service, WireRequest, WireResponse } from './service.ts';
import { readJson, readQuery } from './shapes.ts';
import { toJson, toXml } from './xml.ts';

type Wire = 'ec2' | 'query' | 'json';

export class Gateway {
  readonly #account: Account;
  readonly #services = new Map<string, Service>();
  readonly #raw = new Map<string, RawService>();

  constructor(account: Account) {
    this.#account = account;
  }

  add(service: Service): void {
    this.#services.set(service.signingName, service);
  }

  addRaw(service: RawService): void {
    this.#raw.set(service.signingName, service);
  }

  /** @throws ConnectionLost when a planted fault breaks the connection: the transport breaks it for real */
  handle(request: WireRequest): Promise<WireResponse> {
    return this.#account.clock.work(() => this.#route(request));
  }

  async #route(request: WireRequest): Promise<WireResponse> {
    const scope = credentialScope(request);
    const caller = this.#account.iam.caller(scope.accessKeyId);
    const call: Call = { caller, requestId: this.#account.random.uuid() };
    const raw = this.#raw.get(scope.service);
    if (raw !== undefined) return this.#handleRaw(raw, request, call);
    const service = this.#services.get(scope.service);
    if (service === undefined)
      return errorResponse(
        'json',
        undefined,
        notModelled(`the service "${scope.service}"`, 'UnknownService'),
        call,
      );
    const wire = wireOf(service, request);
    try {
      const { name, operation, input } = readCall(service, wire, request);
      const action = `${service.iamPrefix}:${name}`;
      const targets = operation.targets?.(input as never) ?? [{ arn: '*' }];
      const reply = await this.#perform(service.iamPrefix, name, action, targets, input, caller, async () =>
        operation.run(input as never, call),
      );
      return replyResponse(wire, service, name, reply, call);
    } catch (error) {
      if (error instanceof AwsError) return errorResponse(wire, request, error, call);
      throw error;
    }
  }

  async #handleRaw(service: RawService, request: WireRequest, call: Call): Promise<WireResponse> {
    try {
      const { operation, action, input, targets } = service.describe(request);
      const iamAction = action ?? `${service.iamPrefix}:${operation}`;
      return await this.#perform(service.iamPrefix, operation, iamAction, targets, input, call.caller, () =>
        service.handle(request, call),
      );
    } catch (error) {
      if (error instanceof AwsError) return errorResponse(service.errorWire ?? 'json', request, error, call);
      throw error;
    }
  }

  async #perform<T>(
    service: string,
    operation: string,
    action: string,
    targets: readonly IamTarget[],
    input: unknown,
    caller: Caller,
    run: () => Promise<T>,
  ): Promise<T> {
    const { clock, faults, iam } = this.#account;
    const record = { atMs: clock.now(), service, operation, callerArn: caller.arn, input };
    try {
      const effects = faults.take({ operation, input, callerArn: caller.arn });
      const result = await under(
        effects,
        (ms) => clock.sleep(ms),
        async () => {
          const denied = iam.firstDenied(caller, action, targets);
          if (denied !== undefined) throw accessDenied(service, caller, action, denied);
          return run();
        },
      );
      this.#account.recordCall(record);
      return result;
    } catch (error) {
      const code =
        error instanceof AwsError ? error.code : error instanceof ConnectionLost ? 'ConnectionLost' : 'Crash';
      this.#account.recordCall({ ...record, error: code });
      throw error;
    }
  }
}

const saysAccessDenied: ReadonlySet<string> = new Set([
  'cloudwatch',
  'elasticloadbalancing',
  'route53',
  'sts',
]);

/** EC2 says UnauthorizedOperation, SNS AuthorizationError, everybody else AccessDenied(Exception), each with HTTP 403 or 400 as AWS does. */
function accessDenied(service: string, caller: Caller, action: string, target: IamTarget): AwsError {
  const message = `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${target.arn} because no identity-based policy allows the ${action} action`;
  if (service === 'ec2')
    return new AwsError(
      'UnauthorizedOperation',
      `You are not authorized to perform this operation. ${message}`,
      403,
    );
  if (service === 'sns') return new AwsError('AuthorizationError', message, 403);
  if (saysAccessDenied.has(service)) return new AwsError('AccessDenied', message, 403);
  return new AwsError('AccessDeniedException', message, service === 'lambda' ? 403 : 400);
}

function credentialScope(request: WireRequest): { accessKeyId: string | undefined; service: string } {
  const credential = /Credential=([^/,\s]+)\/\d+\/[^/]+\/([^/]+)\/aws4_request/.exec(
    request.headers['authorization'] ?? '',
  );
  return { accessKeyId: credential?.[1], service: credential?.[2] ?? 'unsigned' };
}

function wireOf(service: Service, request: WireRequest): Wire {
  if (request.headers['x-amz-target'] !== undefined && service.wires.includes('json')) return 'json';
  const query = service.wires.find((wire) => wire !== 'json');
  return query ?? 'json';
}

function readCall(
  service: Service,
  wire: Wire,
  request: WireRequest,
): { readonly name: string; readonly operation: Operation; readonly input: unknown } {
  if (wire === 'json') {
    const name = (request.headers['x-amz-target'] ?? '').split('.').at(-1) ?? '';
    const operation = service.operations[name];
    if (operation === undefined)
      throw notModelled(`the operation ${service.iamPrefix}:${name}`, 'UnknownOperationException');
    return { name, operation, input: readJson(operation.input, parseJson(bodyText(request))) };
  }
  const parameters = new Map(new URLSearchParams(bodyText(request) || request.query));
  const name = parameters.get('Action') ?? '';
  const operation = service.operations[name];
  if (operation === undefined)
    throw notModelled(`the operation ${service.iamPrefix}:${name}`, 'InvalidAction');
  parameters.delete('Action');
  parameters.delete('Version');
  return { name, operation, input: readQuery(operation.input, parameters, wire === 'ec2' ? '' : 'member') };
}

/** Seen: the SDK and the CLI gzip the body of a PutMetricData above 10 KB. */
function bodyText(request: WireRequest): string {
  const body =
    request.headers['content-encoding'] === 'gzip' && request.body.length > 0
      ? gunzipSync(request.body)
      : request.body;
  return body.toString('utf8');
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? {} : JSON.parse(text);
  } catch {
    throw new AwsError('SerializationException', 'The body of the request is not JSON.');
  }
}

function replyResponse(wire: Wire, service: Service, name: string, reply: Reply, call: Call): WireResponse {
  if (wire === 'json') return jsonResponse(200, toJson(reply), call);
  const namespace = service.xmlNamespace ?? '';
  const body =
    wire === 'ec2'
      ? `<${name}Response xmlns="${namespace}"><requestId>${call.requestId}</requestId>${toXml(reply, 'item')}</${name}Response>`
      : `<${name}Response xmlns="${namespace}"><${name}Result>${toXml(reply, 'member')}</${name}Result><ResponseMetadata><RequestId>${call.requestId}</RequestId></ResponseMetadata></${name}Response>`;
  return xmlResponse(200, body, call);
}

function errorResponse(
  wire: Wire,
  request: WireRequest | undefined,
  error: AwsError,
  call: Call,
): WireResponse {
  const { code, message, status } = error;
  if (wire === 'json') {
    const queryMode =
      request?.headers['x-amzn-query-mode'] === undefined
        ? {}
        : { 'x-amzn-query-error': `${code};${error.type}` };
    return jsonResponse(status, JSON.stringify({ __type: code, message }), call, {
      'x-amzn-errortype': code,
      ...queryMode,
    });
  }
  const fields = toXml({ Code: code, Message: message }, 'item');
  const body =
    wire === 'ec2'
      ? `<Response><Errors><Error>${fields}</Error></Errors><RequestID>${call.requestId}</RequestID></Response>`
      : `<ErrorResponse><Error><Type>${error.type}</Type>${fields}</Error><RequestId>${call.requestId}</RequestId></ErrorResponse>`;
  return xmlResponse(status, body, call);
}

function jsonResponse(
  status: number,
  body: string,
  call: Call,
  headers: Record<string, string> = {},
): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': call.requestId, ...headers },
    body: Buffer.from(body),
  };
}

function xmlResponse(status: number, body: string, call: Call): WireResponse {
  return {
    status,
    headers: { 'content-type': 'text/xml;charset=UTF-8', 'x-amzn-requestid': call.requestId },
    body: Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`),
  };
}
