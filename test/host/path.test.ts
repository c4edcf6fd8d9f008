/** Whether a target answers, asked by the script's own functions: a connection, a refusal, silence, and a tool's trouble. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addressFunctions } from '../../lib/host/address-script.ts';
import { missing, shells, titled } from './shells.ts';

let server: Server;
let open = '';
let closed = '';
/** The same port of the same server, by IPv6. */
let open6 = '';

beforeAll(async () => {
  server = createServer((socket) => socket.on('error', () => undefined)).listen({ port: 0, host: '::' });
  await once(server, 'listening');
  open = targetOf(server);
  open6 = open.replace('127.0.0.1', '[::1]');
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  closed = targetOf(other);
  other.close();
  await once(other, 'close');
});
afterAll(() => server.close());

function targetOf(listening: Server): string {
  const address = listening.address();
  if (address === null || typeof address === 'string') throw new Error('it listens on no port');
  return `127.0.0.1:${address.port}`;
}

async function lastLine(shell: readonly string[], commands: string): Promise<string> {
  const [program = 'sh', ...words] = shell;
  const child = spawn(program, [...words, '-c', `${addressFunctions()}\n${commands}`]);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  await once(child, 'close');
  return said.trim().split('\n').at(-1) ?? '';
}

describe.each(shells.map((words) => ({ words, name: words.join(' ') })))('under $name', ({ words }) => {
  const absent = missing(words[0], 'curl');
  const reach = (source: string, target: string) =>
    lastLine(words, `reach ${source} ${target}; printf '\\n%s\\n' "$?"`);

  test.skipIf(absent !== undefined)(titled('a port that takes a connection answers', absent), async () => {
    expect(await reach('127.0.0.1', open)).toBe('0');
  });

  test.skipIf(absent !== undefined)(titled('a port that refuses does not answer', absent), async () => {
    expect(await reach('127.0.0.1', closed)).toBe('1');
  });

  test.skipIf(absent !== undefined)(
    titled('an address that this host has not got says nothing about the path', absent),
    async () => {
      expect(await reach('192.0.2.77', open)).toBe('2');
    },
  );

  test.skipIf(absent !== undefined)(
    titled('a port behind an IPv6 address is asked like any other', absent),
    async () => {
      expect(await reach('::1', open6)).toBe('0');
      expect(await reach('::1', closed.replace('127.0.0.1', '[::1]'))).toBe('1');
      expect(await reach('fd00::77', open6)).toBe('2');
    },
  );

  test.each([
    ['fd00::9', '0'],
    ['2600:1f14:abc:0:1::ac12', '0'],
    ['[fd00::9]:5432', '0'],
    ['[fd00::9]', '1'],
    ['[fd00::9]:0', '1'],
    ['[fd00::9]:65536', '1'],
    ['[fd00::9:22', '1'],
    ['[fd00::9]:22]:22', '1'],
    ['[10.0.1.9]:22', '1'],
    ['10.0.1.9', '1'],
    ['fe80::1', '1'],
    ['fd00::$(id)', '1'],
  ])('of IPv6 a target %s is taken or refused', async (target, code) => {
    const asked = `set_mechanism ipv6; is_target '${target}' && printf '\\n0\\n' || printf '\\n1\\n'`;
    expect(await lastLine(words, asked)).toBe(code);
  });

  test.each([
    ['10.0.1.100', '0'],
    ['10.0.1.100:5432', '0'],
    ['10.0.1.100:0', '1'],
    ['10.0.1.100:65536', '1'],
    ['10.0.1.100:', '1'],
    ['10.0.1.100:22:22', '1'],
    ['10.0.1.100:$(id)', '1'],
    ['10.0.1:22', '1'],
    ['fd00::9', '1'],
    ['[fd00::9]:22', '1'],
  ])('a target %s is taken or refused', async (target, code) => {
    expect(await lastLine(words, `is_target '${target}' && printf '\\n0\\n' || printf '\\n1\\n'`)).toBe(code);
  });
});
