/** The programs as processes, against a Lambda that answers what a test wants. */
import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v from 'valibot';
import { afterEach, describe, expect, test } from 'vitest';
import { type AskedRequest, request } from '../../lib/recovery/order.ts';
import { fakeEngine, recoveryName } from '../fakes/engine.ts';

const keys = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any', AWS_REGION: 'us-east-1' };
/** Nothing of whoever runs the tests. */
const bare = { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' };

let close: (() => void) | undefined;
afterEach(() => {
  close?.();
  close = undefined;
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const child = spawn(process.execPath, [`bin/${program}.ts`, ...args], { env: { ...bare, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString('utf8');
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString('utf8');
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

type Answering = (asked: unknown, response: ServerResponse) => void;

function lambda(answer: Answering): Promise<string> {
  const server = createServer((call, response) => {
    let body = '';
    call.on('data', (chunk: Buffer) => {
      body += chunk.toString('utf8');
    });
    call.on('end', () => answer(JSON.parse(body), response));
  });
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ),
  );
}

/** The fake engine behind the wire, on a clock that stands still: no recovery ends. */
function engine(): { readonly answer: Answering; readonly asked: readonly AskedRequest[] } {
  const fake = fakeEngine({ now: () => 0 });
  const answer: Answering = (asked, response) => {
    void fake.ask(v.parse(request, asked)).then((told) => response.end(JSON.stringify(told)));
  };
  return { answer, asked: fake.asked };
}

function refusing(status: number, type: string, message: string): Answering {
  return (_, response) => {
    response.writeHead(status, { 'x-amzn-errortype': type });
    response.end(JSON.stringify({ Message: message }));
  };
}

describe('Ctrl-C in a wait leaves the recovery running, says how to watch it, and is 130', () => {
  test.each([
    ['holdfast', ['move', 'ip-db']],
    ['lkipbu', ['-m', '-t', 'ip-db']],
  ] as const)('%s', async (program, args) => {
    const { answer, asked } = engine();
    let interrupt: (() => void) | undefined;
    const endpoint = await lambda((sent, response) => {
      answer(sent, response);
      // The third request is the second look: the program is in its wait.
      if (asked.length === 3) interrupt?.();
    });
    const child = spawn(process.execPath, [`bin/${program}.ts`, ...args], {
      env: { ...bare, ...keys, AWS_ENDPOINT_URL: endpoint },
    });
    interrupt = () => void child.kill('SIGINT');
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString('utf8');
    });
    const code = await new Promise((resolve) => child.once('close', resolve));
    expect([code, err]).toEqual([130, `still running: holdfast explain ${recoveryName}\n`]);
    expect(asked.map(({ action }) => action)).toEqual(['move-to-backup', 'explain', 'explain']);
  });
});

describe('says what is wrong with the way to the engine:', () => {
  test.each([
    [403, 'AccessDeniedException', 'User: ada is not authorized', 78, 9, 'User: ada is not authorized'],
    [403, 'UnrecognizedClientException', 'The security token is invalid', 78, 9, 'token is invalid'],
    [429, 'TooManyRequestsException', 'Rate Exceeded.', 75, 9, 'Rate Exceeded.'],
    [500, 'ServiceException', 'Internal', 69, 9, 'Internal'],
  ] as const)('%i %s', async (status, type, words, ofHoldfast, ofLkipbu, message) => {
    const env = { ...keys, AWS_ENDPOINT_URL: await lambda(refusing(status, type, words)) };
    const [holdfast, lkipbu] = await Promise.all([
      run('holdfast', ['status', 'ip-db'], env),
      run('lkipbu', ['-s', '-t', 'ip-db'], env),
    ]);
    expect([holdfast.code, holdfast.out, lkipbu.code, lkipbu.out]).toEqual([ofHoldfast, '', ofLkipbu, '']);
    expect(holdfast.err).toContain(message);
    expect(lkipbu.err).toMatch(/^lkipbu: [^\n]*\n$/);
    expect(lkipbu.err).toContain(message);
  });

  test('no function, and no fleet in this Region', async () => {
    const endpoint = await lambda((asked, response) => {
      if (typeof asked === 'object' && asked !== null && 'Path' in asked) {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify({ Parameters: [] }));
      } else refusing(404, 'ResourceNotFoundException', 'Function not found')(asked, response);
    });
    const ran = await run('holdfast', ['list'], { ...keys, AWS_ENDPOINT_URL: endpoint });
    expect([ran.code, ran.out]).toEqual([78, '']);
    expect(ran.err).toContain('no fleet "main" (function holdfast-main-operate); there is none: deploy one');
  });

  test('several fleets, and none of them is called main', async () => {
    const endpoint = await lambda((asked, response) => {
      if (typeof asked === 'object' && asked !== null && 'Path' in asked) {
        const Parameters = ['web', 'db'].map((name) => ({
          Name: `/holdfast/${name}/operate`,
          Value: `holdfast-${name}-operate`,
        }));
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
        response.end(JSON.stringify({ Parameters }));
      } else refusing(404, 'ResourceNotFoundException', 'Function not found')(asked, response);
    });
    const ran = await run('holdfast', ['list'], { ...keys, AWS_ENDPOINT_URL: endpoint });
    expect(ran.code).toBe(78);
    expect(ran.err).toContain('there are db, web: name one with --fleet or HOLDFAST_FLEET');
  });

  test('no credentials', async () => {
    const ran = await run('holdfast', ['list'], { AWS_REGION: 'us-east-1' });
    expect([ran.code, ran.out]).toEqual([78, '']);
    expect(ran.err).toContain('Could not load credentials');
    expect(ran.err).toContain('aws sts get-caller-identity');
  });

  test('no Region', async () => {
    const ran = await run('holdfast', ['list'], { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' });
    expect([ran.code, ran.out]).toEqual([78, '']);
    expect(ran.err).toContain('no AWS Region: give --region, set AWS_REGION');
  });

  test('nobody listens', async () => {
    const ran = await run('lkipbu', ['-s', '-t', 'ip-db'], {
      ...keys,
      AWS_ENDPOINT_URL: 'http://127.0.0.1:1',
    });
    expect([ran.code, ran.out]).toEqual([9, '']);
    expect(ran.err).toMatch(/^lkipbu: lambda:Invoke holdfast-main-operate: ECONNREFUSED: [^\n]*\n$/);
  });
});

test('a question loads no client of AWS, no CDK and no emulator', async () => {
  const { answer } = engine();
  const endpoint = await lambda(answer);
  const listing = `import { registerHooks } from 'node:module';
    registerHooks({ load: (url, context, next) => (process.stderr.write(url + '\\n'), next(url, context)) });`;
  const hook = `data:text/javascript,${encodeURIComponent(listing)}`;
  for (const [program, args] of [
    ['holdfast', ['status', 'ip-db']],
    ['lkipbu', ['-s', '-t', 'ip-db']],
  ] as const) {
    const child = await run(program, args, {
      ...keys,
      AWS_ENDPOINT_URL: endpoint,
      NODE_OPTIONS: `--import=${hook}`,
    });
    expect(child.code).toBe(0);
    const loaded = child.err
      .trim()
      .split('\n')
      .filter((url) => url.startsWith('file:'));
    expect(loaded.length).toBeGreaterThan(10);
    expect(loaded.filter((url) => url.includes('/node_modules/'))).toEqual([]);
    expect(loaded.filter((url) => /\/lib\/(?!operator|aws|recovery)/.test(url))).toEqual([]);
  }
});
