/** The metadata service of one instance over HTTP, for whatever reaches this server in place of 169.254.169.254. */
import { createServer, type Server } from 'node:http';
import type { Imds } from './imds.ts';

/** Not listening yet: on a port or on a Unix socket is the caller's choice. */
export function imdsServer(imds: Imds, instanceId: string): Server {
  return createServer((request, response) => {
    request.resume();
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]),
    );
    const [path = '/'] = (request.url ?? '/').split('?');
    const { status, body } = imds.handle(instanceId, { method: request.method ?? 'GET', path, headers });
    response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) });
    response.end(body);
  });
}
