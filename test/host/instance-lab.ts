/** What lkipbu stands on at an instance: the installed program, the agent's configuration, a metadata service, endpoints. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imdsServer, type MetadataService } from '../../lib/emulator/imds/listener.ts';
import { lkipbuScript } from '../../lib/host/lkipbu-script.ts';
import { execute, type Outcome } from './labs.ts';
import type { Shell } from './shells.ts';

export interface InstanceLab {
  run(
    shell: Shell,
    argv: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ): Promise<Outcome>;
  /** Another configuration from now on. */
  configure(lines: readonly string[]): void;
  readonly root: string;
  /** Where the metadata service listens. */
  readonly imds: string;
  stop(): Promise<void>;
}

/** @param endpoint of Lambda and STS */
export async function startInstance(
  metadata: MetadataService,
  instanceId: string,
  endpoint: string,
): Promise<InstanceLab> {
  const root = mkdtempSync(join(tmpdir(), 'holdfast-instance-'));
  const program = join(root, 'lkipbu');
  const server = imdsServer(metadata, instanceId);
  const imds = await listening(server);
  mkdirSync(join(root, 'etc/holdfast'), { recursive: true });
  writeFileSync(program, impatient(lkipbuScript().text));
  const configure = (lines: readonly string[]): void =>
    writeFileSync(join(root, 'etc/holdfast/agent.conf'), `${lines.join('\n')}\n`);
  configure(configurationOf(imds, endpoint));
  return {
    root,
    imds,
    configure,
    run: ([command, ...args], argv, environment = {}) =>
      execute(command, [...args, program, ...argv], { HOLDFAST_ROOT: root, ...environment }),
    async stop() {
      await closed(server);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** A test has no time for the pauses. */
function impatient(text: string): string {
  return Object.entries(pauses).reduce((all, [name, value]) => {
    const line = new RegExp(`^${name}=.*$`, 'm');
    if (!line.test(all)) throw new Error(`the program has no constant ${name}`);
    return all.replace(line, `${name}=${value}`);
  }, text);
}

const pauses = { PAUSES_S: "'0.01 0.01 0.01 0.01'", METADATA_PAUSE_S: '0.01', LOOK_EVERY_S: '0.05' } as const;

export function configurationOf(imds: string, endpoint: string): readonly string[] {
  return [
    'fleet main',
    'region us-east-1',
    `imds ${imds}`,
    `lambda ${endpoint}`,
    `sts ${endpoint}`,
    'address ip-db 10.0.1.50 10.0.1.0/24 none',
  ];
}

export interface LambdaReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

interface FakeLambda {
  readonly endpoint: string;
  readonly requests: readonly {
    readonly url: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }[];
  stop(): Promise<void>;
}

/** @param answer null: the connection breaks */
async function startLambda(answer: (request: unknown) => Promise<LambdaReply | null>): Promise<FakeLambda> {
  const requests: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    requests.push({ url: `${request.method} ${request.url}`, headers: request.headers, body });
    const reply = await answer(JSON.parse(body));
    if (reply === null) request.socket.destroy();
    else response.writeHead(reply.status ?? 200, { ...reply.headers }).end(reply.body);
  });
  return { endpoint: await listening(server), requests, stop: () => closed(server) };
}

/** An instance of one role, and a Lambda that answers as it is told. */
export async function startAnswered(
  answer: (request: unknown) => Promise<LambdaReply | null>,
): Promise<{ readonly lambda: FakeLambda; readonly instance: InstanceLab; stop(): Promise<void> }> {
  const lambda = await startLambda(answer);
  const instance = await startInstance(oneRole, 'i-0a1b2c3d4e5f60001', lambda.endpoint);
  return {
    lambda,
    instance,
    async stop() {
      await lambda.stop();
      await instance.stop();
    },
  };
}

/** Of one role, with keys that nobody else has. */
const oneRole: MetadataService = {
  handle: (_, { path }) => {
    const body = {
      '/latest/api/token': 'AQAE-token==',
      '/latest/meta-data/iam/security-credentials/': 'db-server',
      '/latest/meta-data/iam/security-credentials/db-server': JSON.stringify(roleCredentials, undefined, 2),
    }[path];
    return body === undefined ? { status: 404, body: '' } : { status: 200, body };
  },
};

export const roleCredentials = {
  Code: 'Success',
  AccessKeyId: 'ASIAEXAMPLE',
  SecretAccessKey: 'a/b+c==0123456789',
  Token: 'IQoJb3JpZ2luX2VjEJr//////////wEaCXVz+LWVhc3QtMSJHMEUCIQ==',
  Expiration: '2099-01-05T16:00:00Z',
} as const;

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closed(server: Server): Promise<void> {
  const ended = new Promise((resolve) => server.close(resolve));
  server.closeAllConnections();
  await ended;
}
