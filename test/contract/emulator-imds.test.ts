import { AssignPrivateIpAddressesCommand } from '@aws-sdk/client-ec2';
import { beforeEach, describe, expect, it } from 'vitest';
import { VirtualClock } from '../../lib/emulator/clock.ts';
import { Imds } from '../../lib/emulator/imds/imds.ts';
import {
  backupA,
  ec2Client,
  primaryA,
  serverA,
  serverB,
  type TwoServers,
  twoServers,
  vip,
} from './two-servers.ts';

const macs = 'network/interfaces/macs/';
const macA = '02:00:00:00:0a:00';

let clock: VirtualClock;
let aws: TwoServers;
let imds: Imds;

beforeEach(() => {
  clock = new VirtualClock();
  aws = twoServers(clock);
  imds = new Imds(aws.account, aws.ec2);
});

function tokenOf(instanceId: string, ttlSeconds = '60'): string {
  const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': ttlSeconds };
  return imds.handle(instanceId, { method: 'PUT', path: '/latest/api/token', headers }).body;
}

function get(path: string, token = tokenOf(serverA), instanceId = serverA) {
  const headers = { 'x-aws-ec2-metadata-token': token };
  return imds.handle(instanceId, { method: 'GET', path: `/latest/meta-data/${path}`, headers });
}

async function moveToBackup(): Promise<void> {
  const move = { NetworkInterfaceId: backupA, PrivateIpAddresses: [vip], AllowReassignment: true };
  await clock.run(ec2Client(aws).send(new AssignPrivateIpAddressesCommand(move)));
}

function addresses(): readonly string[] {
  const [, backup = ''] = get(macs).body.split('\n');
  return [`${macA}/`, backup].map((mac) => get(`${macs}${mac}local-ipv4s`).body);
}

describe('a token', () => {
  it('is asked for with its life in seconds, from 1 to 21600', () => {
    const path = '/latest/api/token';
    const statusOf = (ttl: string | undefined) =>
      imds.handle(serverA, { method: 'PUT', path, headers: { 'x-aws-ec2-metadata-token-ttl-seconds': ttl } })
        .status;
    expect(['1', '21600'].map(statusOf)).toEqual([200, 200]);
    expect(['0', '21601', '-1', 'x', '', undefined].map(statusOf)).toEqual([400, 400, 400, 400, 400, 400]);
    expect(imds.handle(serverA, { method: 'GET', path, headers: {} }).status).toBe(405);
  });

  it('is needed for everything else', () => {
    const path = '/latest/meta-data/instance-id';
    expect(imds.handle(serverA, { method: 'GET', path, headers: {} })).toEqual({ status: 401, body: '' });
    expect(get('instance-id', 'made-up').status).toBe(401);
  });

  it('ends when its life does, and is good for its own instance only', async () => {
    const token = tokenOf(serverA, '60');
    expect(get('instance-id', token).status).toBe(200);
    expect(get('instance-id', token, serverB).status).toBe(401);
    await clock.advance(60_000);
    expect(get('instance-id', token).status).toBe(401);
  });
});

describe('what an instance reads about itself', () => {
  it('is what EC2 has of it', () => {
    expect(get('instance-id').body).toBe(serverA);
    expect(get('mac').body).toBe(macA);
    expect(get('placement/region').body).toBe('us-east-1');
    expect(get(macs).body).toMatch(/^02:00:00:00:0a:00\/\n02(:[0-9a-f]{2}){5}\/$/);
    const names = ['interface-id', 'device-number', 'local-ipv4s', 'subnet-id', 'subnet-ipv4-cidr-block'];
    expect(names.map((name) => get(`${macs}${macA}/${name}`).body)).toEqual([
      primaryA,
      '0',
      `10.0.1.10\n${vip}`,
      'subnet-0123456789abcdef0',
      '10.0.1.0/24',
    ]);
  });

  it('is not there for a path that does not exist or another instance has', () => {
    const [other = ''] = get(macs, tokenOf(serverB), serverB).body.split('\n');
    for (const path of ['nothing', `${macs}${macA}/ipv4-prefix`, `${macs}${other}local-ipv4s`, ''])
      expect([path, get(path).status]).toEqual([path, 404]);
  });

  it("has the role's credentials, which lead back to the role", () => {
    expect(get('iam/security-credentials/').status).toBe(404);
    imds.setRole(serverA, 'db-server');
    expect(get('iam/security-credentials/').body).toBe('db-server');
    const credentials = JSON.parse(get('iam/security-credentials/db-server').body) as Record<string, string>;
    expect(credentials).toMatchObject({ Code: 'Success', Expiration: '2026-01-05T16:00:00Z' });
    expect(Object.keys(credentials)).toEqual(
      expect.arrayContaining(['AccessKeyId', 'SecretAccessKey', 'Token', 'LastUpdated', 'Type']),
    );
    expect(aws.account.iam.caller(credentials['AccessKeyId'])).toMatchObject({ roleName: 'db-server' });
  });
});

describe('after a move', () => {
  it('shows it at once when it does not lag', async () => {
    await moveToBackup();
    expect(addresses()).toEqual(['10.0.1.10', `10.0.1.11\n${vip}`]);
  });

  it('shows both the loss and the gain only after the lag', async () => {
    imds.lagMs = 30_000;
    await moveToBackup();
    await clock.advance(29_000);
    expect(addresses()).toEqual([`10.0.1.10\n${vip}`, '10.0.1.11']);
    await clock.advance(2_000);
    expect(addresses()).toEqual(['10.0.1.10', `10.0.1.11\n${vip}`]);
  });

  it('answers everything with an error while it fails', () => {
    const token = tokenOf(serverA);
    imds.failing = 500;
    expect(get('instance-id', token)).toEqual({ status: 500, body: '' });
    imds.failing = undefined;
    expect(get('instance-id', token).status).toBe(200);
  });
});
