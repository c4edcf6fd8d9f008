/**
 * The calls that Automation makes for a run: through the front door like anybody's, with the credentials of the role that
 * the run has, so that IAM decides, faults strike and the account's trail shows them.
 */
import type { Account } from '../account.ts';
import { AwsError, ConnectionLost, notModelled } from '../errors.ts';
import type { Caller } from '../iam.ts';
import type { WireRequest, WireResponse } from '../service.ts';
import type { Inputs } from './automation-actions.ts';
import { asText, type Json } from './automation-references.ts';

export interface FrontDoor {
  readonly handle: (request: WireRequest) => Promise<WireResponse>;
}

/** A call that AWS refused, or whose answer never came; in the words of the SDK that Automation runs on. */
export class CallFailed extends Error {
  constructor(operation: string, code: string, message: string) {
    super(`An error occurred (${code}) when calling the ${operation} operation: ${message}`);
    this.name = 'CallFailed';
  }
}

export interface LambdaAnswer {
  readonly statusCode: number;
  readonly functionError: string | undefined;
  readonly logResult: string | undefined;
  readonly payload: string;
}

/** For an account whose Automation was built without a front door. */
export const noFrontDoor: FrontDoor = {
  async handle() {
    throw notModelled('calls of Automation without a gateway: give one to Ssm');
  },
};

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html. @throws CallFailed */
export async function invokeFunction(
  account: Account,
  door: FrontDoor,
  caller: Caller,
  inputs: Inputs,
): Promise<LambdaAnswer> {
  const { FunctionName, Qualifier, InvocationType = 'RequestResponse', LogType } = inputs;
  const name = encodeURIComponent(asText(FunctionName ?? ''));
  const qualifier = Qualifier === undefined ? '' : asText(Qualifier);
  const type = asText(InvocationType);
  const response = await send(account, door, caller, 'Invoke', {
    service: 'lambda',
    path: `/2015-03-31/functions/${name}/invocations`,
    query: qualifier === '' ? '' : new URLSearchParams({ Qualifier: qualifier }).toString(),
    headers: {
      'x-amz-invocation-type': type,
      // "If the default value is Tail, the invocation type must be RequestResponse."
      'x-amz-log-type': asText(LogType ?? (type === 'RequestResponse' ? 'Tail' : 'None')),
    },
    body: payloadOf(inputs),
  });
  return {
    statusCode: response.status,
    functionError: response.headers['x-amz-function-error'],
    logResult: response.headers['x-amz-log-result'],
    payload: response.body.toString('utf8'),
  };
}

/** https://docs.aws.amazon.com/sns/latest/api/API_Publish.html. @throws CallFailed */
export async function publish(
  account: Account,
  door: FrontDoor,
  caller: Caller,
  message: { readonly topicArn: string; readonly subject: string; readonly text: string },
): Promise<void> {
  const { topicArn, subject, text } = message;
  const parameters = { Action: 'Publish', TopicArn: topicArn, Subject: subject, Message: text };
  await send(account, door, caller, 'Publish', {
    service: 'sns',
    path: '/',
    query: '',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(parameters).toString(),
  });
}

/** InputPayload wins over Payload. */
function payloadOf({ InputPayload, Payload }: Inputs): string {
  if (InputPayload !== undefined) return JSON.stringify(InputPayload);
  return Payload === undefined ? '' : asText(Payload);
}

async function send(
  account: Account,
  door: FrontDoor,
  caller: Caller,
  operation: string,
  call: Pick<WireRequest, 'path' | 'query' | 'headers'> & { readonly service: string; readonly body: string },
): Promise<WireResponse> {
  const day = new Date(account.clock.now()).toISOString().slice(0, 10).replaceAll('-', '');
  const scope = `${day}/${account.region}/${call.service}/aws4_request`;
  const credential = `${accessKeyOf(account, caller)}/${scope}`;
  const request = {
    method: 'POST',
    path: call.path,
    query: call.query,
    headers: { ...call.headers, authorization: `AWS4-HMAC-SHA256 Credential=${credential}` },
    body: Buffer.from(call.body),
  };
  const response = await door.handle(request).catch((error: unknown) => {
    if (error instanceof ConnectionLost) throw new CallFailed(operation, 'ConnectionLost', error.message);
    if (error instanceof AwsError) throw new CallFailed(operation, error.code, error.message);
    throw error;
  });
  if (response.status >= 400) throw refusal(operation, response);
  return response;
}

/** The account's operator has no role, and any key that is not a role's. */
function accessKeyOf({ iam }: Account, { roleName }: Caller): string {
  return roleName === undefined ? 'operator' : iam.credentialsOf(roleName).accessKeyId;
}

function refusal(operation: string, { headers, body }: WireResponse): CallFailed {
  const text = body.toString('utf8');
  if (headers['x-amzn-errortype'] === undefined) {
    const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
    return new CallFailed(operation, field('Code'), field('Message'));
  }
  const { message = '' } = JSON.parse(text) as { readonly message?: string };
  return new CallFailed(operation, headers['x-amzn-errortype'], message);
}

/** The object that selectors look into: the response, its payload parsed where it is JSON. */
export function responseOf(answer: LambdaAnswer): { readonly [name: string]: Json | undefined } {
  return {
    StatusCode: answer.statusCode,
    FunctionError: answer.functionError,
    LogResult: answer.logResult,
    Payload: parsed(answer.payload),
  };
}

function parsed(payload: string): Json | undefined {
  if (payload === '') return undefined;
  try {
    return JSON.parse(payload) as Json;
  } catch {
    return payload;
  }
}
