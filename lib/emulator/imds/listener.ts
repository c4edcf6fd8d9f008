/** The metadata service over HTTP, for whatever reaches it in place of 169.254.169.254. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Imds } from './imds.ts';

/** What answers: the service, or a test's own. */
export type MetadataService = Pick<Imds, 'handle'>;

/** Of one instance. Not listening yet: on a port or on a Unix socket is the caller's choice. */
export function imdsServer(imds: MetadataService, instanceId: string): Server {
  return createServer((request, response) => answerMetadata(imds, instanceId, request, response));
}

/** Of the instance that asks. */
export function answerMetadata(
  imds: MetadataService,
  instanceId: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
  );
  const [path = '/'] = (request.url ?? '/').split('?');
  const { status, body } = imds.handle(instanceId, { method: request.method ?? 'GET', path, headers });
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
  response.end(body);
}
