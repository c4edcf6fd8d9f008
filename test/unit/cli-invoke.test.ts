/** Invoke without the SDK, beside the SDK's own: the same request, and the same faults. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, describe, expect, test } from 'vitest';
import { type Environment, invoker } from '../../lib/aws/invoke.ts';
import { plainSettings } from '../../lib/aws/plain-settings.ts';
import { Fault } from '../../lib/recovery/fault.ts';

const nowMs = Date.UTC(2026, 10, 22, 15, 0, 0);
const keys = {
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  AWS_REGION: 'eu-central-1',
};
const name = 'holdfast-main-operate';

let close: (() => Promise<void>) | undefined;
afterEach(async () => {
  await close?.();
  close = undefined;
});

describe('the request', () => {
  test.each([
    ['long-lived keys', {}],
    ['a session', { AWS_SESSION_TOKEN: 'token/with+signs=' }],
  ])('with %s is signed as the SDK signs it', async (_, session) => {
    const seen: {
      readonly path: string;
      readonly headers: IncomingMessage['headers'];
      readonly body: string;
    }[] = [];
    const endpoint = await serve((request, response, body) => {
      seen.push({ path: request.url ?? '', headers: request.headers, body });
      response.end('{"ok":true}');
    });
    const environment: Environment = { ...keys, ...session, AWS_ENDPOINT_URL: endpoint };
    await invoker(environment, () => nowMs)(name, 'live', '{"action":"list"}');
    await withSdk(endpoint, environment);
    const [ours, theirs] = seen;
    expect(ours?.path).toBe(theirs?.path);
    expect(ours?.body).toBe(theirs?.body);
    expect(ours?.headers.authorization).toMatch(/Signature=[0-9a-f]{64}$/);
    // Theirs signs more headers; ours, signed by their rules, is what counts.
    const [, signedByUs = ''] = /SignedHeaders=([^,]+)/.exec(ours?.headers.authorization ?? '') ?? [];
    const again = await signedByTheirCode(endpoint, environment, ours?.headers ?? {}, signedByUs.split(';'));
    expect(ours?.headers.authorization).toBe(again);
  });
});

describe('an error', () => {
  test.each([
    [404, 'ResourceNotFoundException', 'not-found'],
    [403, 'AccessDeniedException', 'access-denied'],
    [403, 'UnrecognizedClientException', 'access-denied'],
    [429, 'TooManyRequestsException', 'throttled'],
    [500, 'ServiceException', 'service-unavailable'],
    [502, 'EC2UnexpectedException', 'service-unavailable'],
    [400, 'SomethingNewException', 'refused'],
  ])('%i %s is the fault that the SDK error would be', async (status, type, code) => {
    const endpoint = await serve((_, response) => {
      response.writeHead(status, { 'x-amzn-errortype': `${type}:http://internal.amazon.com/` });
      response.end('{"Message":"because","Type":"User"}');
    });
    const invoke = invoker({ ...keys, AWS_ENDPOINT_URL: endpoint }, () => nowMs);
    await expect(invoke(name, 'live', '{}')).rejects.toMatchObject({
      code,
      message: `lambda:Invoke ${name}: ${type}: because`,
    });
  });

  test('of the network is no answer', async () => {
    const endpoint = await serve(() => {});
    await close?.();
    close = undefined;
    const refused = invoker({ ...keys, AWS_ENDPOINT_URL: endpoint }, () => nowMs)(name, 'live', '{}');
    await expect(refused).rejects.toMatchObject({ code: 'no-answer', retry: 'later' });
  });

  test('of a connection that breaks off is no answer', async () => {
    const endpoint = await serve((request) => request.socket.destroy());
    const broken = invoker({ ...keys, AWS_ENDPOINT_URL: endpoint }, () => nowMs)(name, 'live', '{}');
    await expect(broken).rejects.toBeInstanceOf(Fault);
    await expect(broken).rejects.toMatchObject({ code: 'no-answer' });
  });
});

test('a function that failed says so beside its payload', async () => {
  const endpoint = await serve((_, response) => {
    response.writeHead(200, { 'x-amz-function-error': 'Unhandled' });
    response.end('{"errorMessage":"x"}');
  });
  const invoke = invoker({ ...keys, AWS_ENDPOINT_URL: endpoint }, () => nowMs);
  expect(await invoke(name, 'live', '{}')).toEqual({
    payload: '{"errorMessage":"x"}',
    functionError: 'Unhandled',
  });
});

describe('what the environment says outright', () => {
  const nowhere = { HOME: '/nonexistent' };

  test('goes to the Region, or to the endpoint that is named, Lambda before all', () => {
    const at = (more: Environment) => plainSettings({ ...keys, ...nowhere, ...more })?.endpoint;
    expect(at({})).toBe('https://lambda.eu-central-1.amazonaws.com');
    expect(at({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4610/' })).toBe('http://127.0.0.1:4610');
    expect(at({ AWS_ENDPOINT_URL: 'http://a:1', AWS_ENDPOINT_URL_LAMBDA: 'http://b:2' })).toBe('http://b:2');
  });

  test.each([
    ['a profile', { AWS_PROFILE: 'prod' }],
    ['no key', { AWS_ACCESS_KEY_ID: '' }],
    ['no secret', { AWS_SECRET_ACCESS_KEY: undefined }],
    ['no Region', { AWS_REGION: undefined }],
    ['a Region of another partition', { AWS_REGION: 'cn-north-1' }],
    ['FIPS', { AWS_USE_FIPS_ENDPOINT: 'true' }],
    ['an endpoint with a path', { AWS_ENDPOINT_URL: 'http://127.0.0.1:1/aws' }],
    ['an endpoint that is no URL', { AWS_ENDPOINT_URL: 'localhost' }],
  ])('with %s is left to the SDK', (_, more) => {
    expect(plainSettings({ ...keys, ...nowhere, ...more })).toBeNull();
  });
});

function serve(
  answer: (request: IncomingMessage, response: ServerResponse, body: string) => void,
): Promise<string> {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    request.on('end', () => answer(request, response, body));
  });
  close = () => new Promise((resolve) => server.close(() => resolve()));
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
}

function sdkClient(endpoint: string, environment: Environment): LambdaClient {
  const sessionToken = environment['AWS_SESSION_TOKEN'];
  return new LambdaClient({
    endpoint,
    region: keys.AWS_REGION,
    maxAttempts: 1,
    credentials: {
      accessKeyId: keys.AWS_ACCESS_KEY_ID,
      secretAccessKey: keys.AWS_SECRET_ACCESS_KEY,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
  });
}

async function withSdk(endpoint: string, environment: Environment): Promise<void> {
  const lambda = sdkClient(endpoint, environment);
  await lambda.send(
    new InvokeCommand({ FunctionName: name, Qualifier: 'live', Payload: Buffer.from('{"action":"list"}') }),
  );
  lambda.destroy();
}

/** The SDK's signer over the headers that we have signed, at our time. */
async function signedByTheirCode(
  endpoint: string,
  environment: Environment,
  headers: IncomingMessage['headers'],
  signed: readonly string[],
): Promise<string | undefined> {
  const lambda = sdkClient(endpoint, environment);
  const sign = lambda.config.signer;
  if (sign === undefined) throw new Error('the client has no signer');
  const signer = await sign({
    name: 'sigv4',
    signingName: 'lambda',
    signingRegion: keys.AWS_REGION,
    properties: {},
  });
  const { hostname, port } = new URL(endpoint);
  const request = {
    method: 'POST',
    protocol: 'http:',
    hostname,
    port: Number(port),
    path: `/2015-03-31/functions/${name}/invocations`,
    query: { Qualifier: 'live' },
    headers: Object.fromEntries(
      signed
        .filter((each) => !['x-amz-date', 'x-amz-security-token'].includes(each))
        .map((each) => [each, String(headers[each])]),
    ),
    body: '{"action":"list"}',
  };
  const result = await signer.sign(request, { signingDate: new Date(nowMs) });
  lambda.destroy();
  return result.headers['authorization'];
}
