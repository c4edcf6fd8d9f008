/** Two ways to the gateway: HTTP on loopback for any client, and a request handler for SDK clients in this process. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Gateway } from './gateway.ts';
import type { WireRequest } from './service.ts';

/** Listens on 127.0.0.1; port 0 takes a free one. @throws when the port is taken */
export async function listen(
  gateway: Gateway,
  port: number,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    serve(gateway, request, response).catch((error: unknown) => {
      // A broken connection is what a planted fault asks for; anything else is a defect of the emulator and is shown.
      if (!(error instanceof Error && error.name === 'ConnectionLost')) console.error('embedded AWS:', error);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return { port: (server.address() as AddressInfo).port, server };
}

async function serve(gateway: Gateway, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [path = '/', query = ''] = (request.url ?? '/').split('?');
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : (value ?? ''),
    ]),
  );
  const reply = await gateway.handle({
    method: request.method ?? 'GET',
    path,
    query,
    headers,
    body: Buffer.concat(chunks),
  });
  response.writeHead(reply.status, { ...reply.headers, 'content-length': String(reply.body.length) });
  response.end(reply.body);
}

/** What an SDK v3 client hands its request handler, as far as it is read here. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

interface SdkResponse {
  readonly response: {
    readonly statusCode: number;
    readonly headers: Record<string, string>;
    readonly body: Readable;
  };
}

/** A `requestHandler` for SDK v3 clients: the real serialiser and parser, without a socket. */
export function sdkRequestHandler(gateway: Gateway): { handle(request: SdkRequest): Promise<SdkResponse> } {
  return {
    async handle(request) {
      const reply = await gateway.handle(readSdkRequest(request));
      return {
        response: {
          statusCode: reply.status,
          headers: { ...reply.headers },
          body: Readable.from([reply.body]),
        },
      };
    },
  };
}

function readSdkRequest(request: SdkRequest): WireRequest {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request.query ?? {}))
    for (const each of Array.isArray(value) ? value : [value ?? '']) query.append(name, String(each));
  return {
    method: request.method,
    path: request.path,
    query: query.toString(),
    headers: Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value]),
    ),
    body: readBody(request.body),
  };
}

function readBody(body: unknown): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  // Not Buffer.from(body): the SDK's bytes warn when they are asked for their value.
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  throw new TypeError('the in-process transport takes bodies that are text or bytes');
}
