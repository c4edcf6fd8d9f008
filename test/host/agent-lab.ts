/**
 * The agent itself on a guest in a network namespace, with EC2, its metadata, CloudWatch and EventBridge of the embedded
 * AWS. The guest reaches those over its own interfaces: they listen inside the VPC's namespace.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { Server } from 'node:net';
import { join } from 'node:path';
import { Account } from '../../lib/emulator/account.ts';
import { WallClock } from '../../lib/emulator/clock.ts';
import { CloudWatch } from '../../lib/emulator/cloudwatch/cloudwatch.ts';
import { cloudWatchService } from '../../lib/emulator/cloudwatch/service.ts';
import { Ec2 } from '../../lib/emulator/ec2/model.ts';
import { ec2Service } from '../../lib/emulator/ec2/service.ts';
import { EventBridge } from '../../lib/emulator/events/eventbridge.ts';
import { eventBridgeService } from '../../lib/emulator/events/service.ts';
import { Gateway } from '../../lib/emulator/gateway.ts';
import { Fabric } from '../../lib/emulator/host/fabric.ts';
import { ModelHost } from '../../lib/emulator/host/model-host.ts';
import { Imds } from '../../lib/emulator/imds/imds.ts';
import { imdsServer } from '../../lib/emulator/imds/listener.ts';
import type { WireRequest } from '../../lib/emulator/service.ts';
import { agentScript } from '../../lib/host/agent-script.ts';
import { startKernel6, subnet6 } from './ipv6-lab.ts';
import { eth0, eth1, execute, type KernelGuest, startKernel } from './labs.ts';

export const instanceId = 'i-0123456789abcdef0';
export const roleName = 'db-server';
const imdsAddress = '169.254.169.254';
const awsAddress = '169.254.0.1';
export const publicAddress = '203.0.113.9';
const enis = { eth0: 'eni-0123456789abcdef0', eth1: 'eni-0123456789abcdef1' };
const everyMs = 25;

export interface AgentLab {
  readonly guest: KernelGuest;
  readonly imds: Imds;
  readonly account: Account;
  /** What has been published so far, such as `AddressHealthy ip-db 1`. */
  readonly data: readonly string[];
  readonly requests: readonly WireRequest[];
  /** What the metadata service was asked, such as `PUT /latest/api/token 200`. */
  readonly asked: readonly string[];
  readonly log: () => string;
  readonly agent: ChildProcess;
  /** In EC2's model and in the VPC's routes at the same moment. */
  assign(address: string, device: 'eth0' | 'eth1' | 'nobody'): Promise<void>;
  /** The public address leads to the interface's own private one from now on. */
  associate(device: 'eth0' | 'eth1' | 'nobody'): Promise<void>;
  /** Where the guest has the address, such as `eth1 5200` with the priority of its rule. */
  placeOf(address: string): Promise<string>;
  stop(): Promise<void>;
}

interface AgentOptions {
  /** Lines of the configuration beside the fleet and the endpoints. */
  readonly settings: readonly string[];
  readonly args?: readonly string[];
  /** Constants of the script that a test has no time for. */
  readonly constants?: Readonly<Record<string, number>>;
  /** Assigned before the agent starts, so that a lagging metadata service knows it. */
  readonly initially?: readonly [string, 'eth0' | 'eth1'];
  /** Shell lines in front of the script, to put something in its way. */
  readonly before?: string;
  /** The guest and its VPC have IPv6 too. */
  readonly ipv6?: true;
}

export async function startAgent(
  shell: readonly [string, ...string[]],
  { settings, args = [], constants = {}, initially, before = '', ipv6 }: AgentOptions,
): Promise<AgentLab> {
  const guest = await (ipv6 ? startKernel6 : startKernel)(shell);
  const { account, gateway, ec2, imds } = startAws();
  const data: string[] = [];
  account.onMetric(({ name, dimensions, value }) => data.push(`${name} ${dimensions['Tag']} ${value}`));
  const requests: WireRequest[] = [];
  const asked: string[] = [];
  await mustExecute('ip', ['-n', guest.vpc, 'addr', 'add', `${imdsAddress}/32`, 'dev', 'lo']);
  await mustExecute('ip', ['-n', guest.vpc, 'addr', 'add', `${awsAddress}/32`, 'dev', 'lo']);
  const servers = [
    await listenInside(guest.vpc, imdsAddress, watched(imdsServer(imds, instanceId), asked)),
    await listenInside(guest.vpc, awsAddress, awsServer(gateway, requests)),
  ];
  const script = join(guest.runDirectory, 'holdfast-agent');
  const configuration = join(guest.runDirectory, 'agent.conf');
  writeFileSync(script, `${before}\n${withConstants(agentScript().text, constants)}`);
  writeFileSync(
    configuration,
    [
      'fleet main',
      'region us-east-1',
      `imds http://${imdsAddress}`,
      `cloudwatch http://${awsAddress}`,
      `events http://${awsAddress}`,
      ...settings,
      '',
    ].join('\n'),
  );
  const assign: AgentLab['assign'] = async (address, device) => {
    const what = address.includes(':') ? 'Ipv6Addresses' : 'PrivateIpAddresses';
    // Of IPv6 nothing is reassigned.
    if (device === 'nobody' || what === 'Ipv6Addresses')
      for (const eni of Object.values(enis)) {
        const { secondaryAddresses, ipv6Addresses } = ec2.world.interface(eni);
        const holds = [...secondaryAddresses, ...ipv6Addresses].includes(address);
        if (holds) await callAbout(gateway, `Unassign${what}`, eni, address);
      }
    if (device !== 'nobody') await callAbout(gateway, `Assign${what}`, enis[device], address);
    await guest.give(address, device);
  };
  const { allocationId } = ec2.elasticIps.add({ publicIp: publicAddress });
  const associate: AgentLab['associate'] = async (device) => {
    const { association } = ec2.elasticIps.get(allocationId);
    if (device !== 'nobody')
      await call(gateway, 'AssociateAddress', {
        AllocationId: allocationId,
        NetworkInterfaceId: enis[device],
        AllowReassociation: 'true',
      });
    else if (association !== undefined)
      await call(gateway, 'DisassociateAddress', { AssociationId: association.id });
  };
  if (initially !== undefined) await assign(...initially);
  const agent = spawn('ip', ['netns', 'exec', guest.host, ...shell, script, ...args, configuration], {
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOLDFAST_RUN: guest.runDirectory },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [agent.stdout, agent.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
    });

  return {
    guest,
    imds,
    account,
    data,
    requests,
    asked,
    log: () => log,
    agent,
    assign,
    associate,
    placeOf: async (address) => {
      const { stdout } = await guest.run('ip -o addr show; ip -4 rule show; ip -6 rule show');
      const lines = stdout.split('\n').map((line) => line.split(/\s+/));
      const whole = [`${address}/32`, `${address}/128`];
      const devices = lines.filter((words) => whole.includes(words[3] ?? '')).map((words) => words[1]);
      const rules = lines.filter((words) => words[2] === address).map((words) => words[0]?.slice(0, -1));
      return [...devices, ...rules].join(' ');
    },
    stop: async () => {
      if (agent.exitCode === null && agent.signalCode === null) {
        const ended = new Promise((resolve) => agent.once('exit', resolve));
        agent.kill('SIGTERM');
        await ended;
      }
      for (const { http, socket } of servers) {
        http.closeAllConnections();
        http.close();
        socket.close();
      }
      if (account.clock instanceof WallClock) account.clock.stop();
      await guest.dispose();
    },
  };
}

/** Waits for what must come to pass. @throws Error with `what` and the agent's log after `limitMs` */
export async function until(
  lab: AgentLab,
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 12_000,
): Promise<void> {
  for (let waitedMs = 0; waitedMs < limitMs; waitedMs += everyMs) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error(`${what}: not within ${limitMs} ms. The agent says:\n${lab.log()}`);
}

function withConstants(text: string, constants: Readonly<Record<string, number>>): string {
  return Object.entries(constants).reduce((all, [name, value]) => {
    const line = new RegExp(`^${name}=[0-9]+`, 'm');
    if (!line.test(all)) throw new Error(`the agent has no constant ${name}`);
    return all.replace(line, `${name}=${value}`);
  }, text);
}

function watched(server: HttpServer, asked: string[]): HttpServer {
  return server.prependListener('request', (request, response) =>
    response.once('finish', () => asked.push(`${request.method} ${request.url} ${response.statusCode}`)),
  );
}

function startAws() {
  const clock = new WallClock();
  const account = new Account({ clock, seed: 'agent' });
  const ec2 = new Ec2(account);
  const imds = new Imds(account, ec2);
  const gateway = new Gateway(account);
  gateway.add(ec2Service(ec2));
  gateway.add(cloudWatchService(new CloudWatch(account)));
  gateway.add(eventBridgeService(new EventBridge(account)));
  const { id: vpcId } = ec2.networks.addVpc({ cidrs: ['10.0.0.0/16'], internetGateway: true });
  const { id: subnetId } = ec2.addSubnet({ vpcId, cidr: '10.0.1.0/24', ipv6Cidr: subnet6 });
  ec2.addNetworkInterface({ id: enis.eth0, subnetId, privateAddress: '10.0.1.10', macAddress: eth0 });
  ec2.addNetworkInterface({ id: enis.eth1, subnetId, privateAddress: '10.0.1.11', macAddress: eth1 });
  const fabric = new Fabric(ec2);
  ec2.addInstance({
    id: instanceId,
    type: 'm5.large',
    interfaces: [
      { eniId: enis.eth0, device: 'eth0' },
      { eniId: enis.eth1, device: 'eth1' },
    ],
    host: () => new ModelHost({ id: instanceId, clock, fabric }),
  });
  account.iam.putRole(roleName);
  account.iam.putRolePolicy(roleName, 'agent', {
    Statement: [
      {
        Effect: 'Allow',
        Action: 'cloudwatch:PutMetricData',
        Resource: '*',
        Condition: { StringEquals: { 'cloudwatch:namespace': 'Holdfast' } },
      },
      { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' },
    ],
  });
  imds.setRole(instanceId, roleName);
  return { account, gateway, ec2, imds };
}

async function callAbout(gateway: Gateway, action: string, eni: string, address: string): Promise<void> {
  const list = address.includes(':') ? 'Ipv6Addresses.1' : 'PrivateIpAddress.1';
  const reassign = action === 'AssignPrivateIpAddresses' ? { AllowReassignment: 'true' } : {};
  await call(gateway, action, { NetworkInterfaceId: eni, [list]: address, ...reassign });
}

/** As the operator. */
async function call(
  gateway: Gateway,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<void> {
  const query = new URLSearchParams({ Action: action, Version: '2016-11-15', ...parameters });
  const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/ec2/aws4_request';
  const { status, body } = await gateway.handle({
    method: 'POST',
    path: '/',
    query: '',
    headers: { authorization },
    body: Buffer.from(query.toString()),
  });
  if (status !== 200) throw new Error(`${action}: ${body.toString('utf8')}`);
}

function awsServer(gateway: Gateway, requests: WireRequest[]): HttpServer {
  return createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const wire = {
      method: 'POST',
      path: request.url ?? '/',
      query: '',
      headers,
      body: Buffer.concat(chunks),
    };
    requests.push(wire);
    const reply = await gateway.handle(wire);
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
}

/** Binds inside the namespace and hands the listening socket to this process: the server here, its door there. */
async function listenInside(namespace: string, address: string, http: HttpServer) {
  const program = `require('net').createServer().listen(80, '${address}', function () {
    process.send('door', this, () => process.exit()) })`;
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, '-e', program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const socket = await new Promise<Server>((resolve, reject) => {
    child.once('message', (_, door) => resolve(door as Server));
    child.once('error', reject);
  });
  http.listen(socket);
  return { http, socket };
}

async function mustExecute(command: string, args: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await execute(command, args);
  if (exitCode !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
