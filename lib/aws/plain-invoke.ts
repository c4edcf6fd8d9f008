/**
 * Lambda's Invoke over Node's own HTTP, signed here: what the SDK would send, without the SDK
 * (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). `test/unit/plain-invoke.test.ts` compares the two.
 */
import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, RequestOptions } from 'node:http';
import type { Invoked } from './invoke.ts';
import type { PlainSettings } from './plain-settings.ts';

const connectionTimeoutMs = 3_000;
/** A first start of the function and its looks at EC2 are in it. */
const answerTimeoutMs = 20_000;
const maxAnswerBytes = 6 * 1024 * 1024;

/** @throws Error with the name of AWS's error or the code of the network's, as the SDK's clients do */
export async function invokePlainly(
  settings: PlainSettings,
  functionName: string,
  qualifier: string,
  payload: string,
  nowMs: number,
): Promise<Invoked> {
  const path = `/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`;
  const query = `Qualifier=${encodeURIComponent(qualifier)}`;
  const url = new URL(`${settings.endpoint}${path}?${query}`);
  const headers = signedHeaders(settings, { host: url.host, path, query, payload }, nowMs);
  const { response, body } = await post(url, headers, payload);
  const status = response.statusCode ?? 0;
  if (status >= 300) throw serviceError(status, response.headers['x-amzn-errortype'], body);
  const failed = response.headers['x-amz-function-error'];
  return { payload: body, functionError: typeof failed === 'string' ? failed : undefined };
}

interface ToSign {
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly payload: string;
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signedHeaders(
  settings: PlainSettings,
  { host, path, query, payload }: ToSign,
  nowMs: number,
): Record<string, string> {
  const date = new Date(nowMs).toISOString().replace(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    'content-type': 'application/octet-stream',
    host,
    'x-amz-content-sha256': sha256(payload),
    'x-amz-date': date,
    ...(settings.sessionToken === undefined ? {} : { 'x-amz-security-token': settings.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const list = names.join(';');
  const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
  // A path is encoded once more than it is sent, for every service but S3.
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const canonical = ['POST', encoded, query, lines, list, sha256(payload)].join('\n');
  const scope = `${date.slice(0, 8)}/${settings.region}/lambda/aws4_request`;
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${settings.secretAccessKey}`);
  const signature = hmac(key, ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')).toString(
    'hex',
  );
  const credential = `${settings.accessKeyId}/${scope}`;
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${list}, Signature=${signature}`,
  };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

interface Response {
  readonly response: IncomingMessage;
  readonly body: string;
}

function post(url: URL, headers: Record<string, string>, payload: string): Promise<Response> {
  // An import of node:http as a module also loads WebSocket, which takes as long as starting Node.
  const { request } = process.getBuiltinModule(url.protocol === 'http:' ? 'node:http' : 'node:https');
  const options: RequestOptions = {
    method: 'POST',
    headers: { ...headers, 'content-length': String(Buffer.byteLength(payload)) },
    agent: false,
  };
  return new Promise((resolve, reject) => {
    const call = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > maxAnswerBytes) call.destroy(new Error(`an answer of more than ${maxAnswerBytes} bytes`));
        else chunks.push(chunk);
      });
      response.once('end', () => resolve({ response, body: Buffer.concat(chunks).toString('utf8') }));
      response.once('error', reject);
    });
    const answerLimit = setTimeout(() => call.destroy(timeout('answered', answerTimeoutMs)), answerTimeoutMs);
    call.once('socket', (socket) => {
      const limit = setTimeout(
        () => call.destroy(timeout('connected', connectionTimeoutMs, 'ETIMEDOUT')),
        connectionTimeoutMs,
      );
      const connected = (): void => clearTimeout(limit);
      socket.once('connect', connected).once('close', connected);
    });
    call.once('close', () => clearTimeout(answerLimit));
    call.once('error', reject);
    call.end(payload);
  });
}

function timeout(what: string, ms: number, code = 'TimeoutError'): Error {
  return Object.assign(new Error(`not ${what} within ${ms} ms`), { name: 'TimeoutError', code });
}

/** `ResourceNotFoundException:http://…` in a header, the words in the body as `Message` or `message`. */
function serviceError(httpStatusCode: number, type: string | string[] | undefined, body: string): Error {
  const said = read(body);
  const name = (typeof type === 'string' ? type : String(said['__type'] ?? 'UnknownError')).replace(
    /^.*#|:.*$/g,
    '',
  );
  const message = String(said['Message'] ?? said['message'] ?? `status ${httpStatusCode}`);
  return Object.assign(new Error(message), { name, $metadata: { httpStatusCode } });
}

function read(body: string): Readonly<Record<string, unknown>> {
  try {
    const said: unknown = JSON.parse(body);
    return typeof said === 'object' && said !== null ? { ...said } : {};
  } catch {
    return {};
  }
}
