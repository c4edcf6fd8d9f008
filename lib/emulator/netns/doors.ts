/**
 * What guests reach by link-local addresses: the metadata service and the AWS endpoint. Each door is a listener made
 * inside the VPC's namespace and held here, so a guest's connection arrives in this process with the guest's address.
 */
import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import { connect, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { answerMetadata, type MetadataService } from '../imds/listener.ts';
import { CommandRefused, guestEnvironment } from './commands.ts';
import type { NetnsVpc } from './vpc.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html */
const metadataAddress = '169.254.169.254';
/** Stands for the service endpoints, which no guest here could reach. */
export const awsAddress = '169.254.100.1';
const httpPort = 80;
const doorProgram = fileURLToPath(new URL('door-main.ts', import.meta.url));

interface DoorOptions {
  readonly vpc: NetnsVpc;
  /** Undefined for an address that no instance has. */
  readonly instanceOwning: (address: string) => string | undefined;
  readonly imds: MetadataService;
  /** Where the embedded AWS listens on loopback. */
  readonly awsPort: number;
}

/** They close with the VPC. */
export async function openDoors({ vpc, instanceOwning, imds, awsPort }: DoorOptions): Promise<void> {
  await openDoor(vpc, awsAddress, (socket) => join(socket, connect(awsPort, '127.0.0.1')));
  const http = createServer((request, response) => {
    const instanceId = instanceOwning(request.socket.remoteAddress ?? '');
    if (instanceId === undefined) response.destroy();
    else answerMetadata(imds, instanceId, request, response);
  });
  await openDoor(vpc, metadataAddress, (socket) => http.emit('connection', socket));
}

async function openDoor(vpc: NetnsVpc, address: string, enter: (socket: Socket) => void): Promise<void> {
  vpc.addLocalAddress(address);
  const server = await listenerIn(vpc.namespace, address);
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined); // a guest that dies leaves its connections broken
    enter(socket);
  });
  const ended = new Promise<void>((resolve) => server.once('close', () => resolve()));
  vpc.admit({
    halt: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
    ended: () => ended,
  });
}

function listenerIn(namespace: string, address: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const child = fork(doorProgram, [address, String(httpPort)], {
      execPath: 'ip',
      execArgv: ['netns', 'exec', namespace, process.execPath],
      env: guestEnvironment,
    });
    child.once('message', (_, handle) => {
      child.disconnect();
      resolve(handle as Server);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new CommandRefused(`listen on ${address}`, `exit code ${code}`)));
  });
}

function join(one: Socket, other: Socket): void {
  one.pipe(other).pipe(one);
  one.once('close', () => other.destroy());
  other.once('close', () => one.destroy());
  other.on('error', () => one.destroy());
}
