/** The agent's real script, in a network namespace of its own, against the embedded AWS. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { healthMetric, metricNamespace, unknownMetric } from '../../lib/recovery/names.ts';
import { type AgentLab, instanceId, roleName, until } from './agent-lab.ts';
import {
  cyclesOf,
  quick,
  type Story,
  tag,
  tellUnderEveryShell,
  toldNoMore,
  vip,
  wordsOf,
} from './agent-stories.ts';
import { rendered } from './asked.ts';
import { eth1 } from './labs.ts';
import { authorizationOf } from './signature.ts';

const healthy = `${healthMetric} ${tag} 1`;
const failed = `${healthMetric} ${tag} 0`;
const unknown = `${unknownMetric} ${tag} 1`;

const stories: readonly Story[] = [
  {
    title: 'a move in EC2 is followed without SSM, and health is published with the credentials of the role',
    options: { settings: [...quick, `address ip-web 10.0.1.51 10.0.1.0/24 none`] },
    holds: async (lab) => {
      await lab.assign(vip, 'eth0');
      await lab.assign('10.0.1.51', 'eth1');
      await until(
        lab,
        'both are placed',
        async () => (await placesOf(lab, vip, '10.0.1.51')) === 'eth0, eth1 5200',
      );
      await until(
        lab,
        'both are healthy',
        () => lab.data.includes(healthy) && lab.data.includes(`${healthMetric} ip-web 1`),
      );
      await lab.assign(vip, 'eth1');
      await until(lab, 'it has followed', async () => (await lab.placeOf(vip)) === 'eth1 5200');
      const before = lab.requests.length;
      await until(lab, 'one request for both', () =>
        lab.requests.slice(before).some(({ body }) => /ip-db.*ip-web/.test(body.toString('utf8'))),
      );
      const caller = `arn:aws:sts::123456789012:assumed-role/${roleName}/${instanceId}`;
      const calls = lab.account.calls('PutMetricData');
      expect(new Set(calls.map(({ callerArn, error }) => `${callerArn} ${error}`))).toEqual(
        new Set([`${caller} undefined`]),
      );
      for (const request of lab.requests) expectSigned(request);
      expect(calls[0]?.input).toMatchObject({
        Namespace: metricNamespace,
        MetricData: expect.arrayContaining([
          {
            MetricName: healthMetric,
            Dimensions: [
              { Name: 'Fleet', Value: 'main' },
              { Name: 'Tag', Value: expect.any(String) },
            ],
            Value: 1,
            StorageResolution: 1,
          },
        ]),
      });
    },
  },
  {
    title:
      'while the metadata fail nothing changes and health is unknown; what they have lost goes after the grace',
    options: { settings: quick, initially: [vip, 'eth1'] },
    holds: async (lab) => {
      await until(lab, 'it is healthy', () => lab.data.includes(healthy));
      lab.imds.failing = 500;
      await lab.assign(vip, 'nobody');
      await until(lab, 'it is unknown', () => lab.data.includes(unknown));
      expect(await lab.placeOf(vip)).toBe('eth1 5200');
      expect(lab.data).not.toContain(failed);
      lab.imds.failing = undefined;
      await until(lab, 'it is gone', async () => (await lab.placeOf(vip)) === '');
      expect(lab.log()).not.toContain('restore on eth0');
    },
  },
  {
    title: 'asks the metadata often while an address has failed, but not for ever',
    options: {
      settings: quick,
      initially: [vip, 'eth0'],
      constants: { QUICK_S: 3 },
    },
    holds: async (lab) => {
      await until(lab, 'it is healthy', () => lab.data.includes(healthy));
      await lab.guest.setLink('eth0', 'down');
      const cyclesUntil = async (words: number) => {
        const before = cyclesOf(lab);
        await until(lab, `${words} words`, () => wordsOf(lab).length >= words);
        return cyclesOf(lab) - before;
      };
      await cyclesUntil(2);
      // From one heartbeat to the next there are two of them at the ordinary pace, and sixteen at the quick one.
      expect(await cyclesUntil(3)).toBeGreaterThan(4);
      await cyclesUntil(4);
      expect(await cyclesUntil(5)).toBeLessThan(5);
      expect(lab.asked.filter((line) => line.startsWith('PUT'))).toHaveLength(1);
    },
  },
  {
    title: 'what somebody undoes by hand is done again at once, and no answer to three pings is 0',
    options: { settings: ['heartbeat 1', ...quick.slice(1)], initially: [vip, 'eth1'] },
    holds: async (lab) => {
      await until(lab, 'it is healthy', () => lab.data.includes(healthy));
      await lab.guest.run(
        `ip addr del ${vip}/32 dev eth1; ip rule del from ${vip}; ip link set dev eth1 down`,
      );
      await until(lab, 'it is back', async () => (await lab.placeOf(vip)) === 'eth1 5200');
      await lab.guest.give(vip, 'nobody');
      await until(lab, 'nobody answers', () => lab.log().includes(`${tag} ${vip}: failed (path-unanswered)`));
      await until(lab, 'it is told', () => lab.data.at(-1) === failed);
    },
  },
  {
    title: 'what SSM has placed is neither undone nor done again by metadata that lag',
    options: { settings: [...quick, 'hold 60'], initially: [vip, 'eth0'], constants: { AGREE_CYCLES: 2 } },
    holds: async (lab) => {
      await until(lab, 'it is on eth0', async () => (await lab.placeOf(vip)) === 'eth0');
      lab.imds.lagMs = 2_500;
      const mark = join(lab.guest.runDirectory, `placed-${vip}`);
      await lab.assign(vip, 'eth1');
      await placeBySsm(lab, 'restore');
      const places = new Set<string>();
      await until(lab, 'the mark is spent', async () => {
        places.add(await lab.placeOf(vip));
        return !existsSync(mark);
      });
      expect([...places]).toEqual(['eth1 5200']);
      await placeBySsm(lab, 'remove');
      const before = lab.data.length;
      await lab.assign(vip, 'nobody');
      places.clear();
      await until(lab, 'that mark is spent', async () => {
        places.add(await lab.placeOf(vip));
        return !existsSync(mark);
      });
      expect([...places]).toEqual(['']);
      expect(lab.data.slice(before)).not.toContain(failed);
    },
  },
  {
    title:
      'what is taken out of service on purpose stays so while EC2 assigns it, until somebody restores it',
    options: { settings: [...quick, 'hold 1'], initially: [vip, 'eth1'], constants: { AGREE_CYCLES: 2 } },
    holds: async (lab) => {
      await until(lab, 'it is healthy', () => lab.data.includes(healthy));
      await placeBySsm(lab, 'remove');
      await toldNoMore(lab);
      expect(await lab.placeOf(vip)).toBe('');
      const told = lab.data.length;
      await placeBySsm(lab, 'restore');
      await until(lab, 'it is healthy again', () => lab.data.length > told);
      await placeBySsm(lab, 'remove');
      const mark = join(lab.guest.runDirectory, `placed-${vip}`);
      await lab.assign(vip, 'nobody');
      await until(lab, 'EC2 agrees', () => !existsSync(mark));
      await lab.assign(vip, 'eth1');
      await until(lab, 'it is followed again', async () => (await lab.placeOf(vip)) === 'eth1 5200');
    },
  },
  {
    title: 'without --rate in curl it asks once a second all the same, and renews its token before that ends',
    options: { settings: quick, initially: [vip, 'eth0'], constants: { STREAM_CYCLES: 1, TOKEN_TTL_S: 4 } },
    holds: async (lab) => {
      const tokens = () => lab.asked.filter((line) => line === 'PUT /latest/api/token 200').length;
      await until(lab, 'three tokens', () => tokens() >= 3);
      expect(lab.asked.filter((line) => line.endsWith(' 401'))).toEqual([]);
      expect(lab.data).toContain(healthy);
    },
  },
  {
    title: '--once looks, follows, publishes and ends',
    options: { settings: quick, initially: [vip, 'eth1'], args: ['--once'] },
    holds: async (lab) => {
      await until(lab, 'it has ended', () => lab.agent.exitCode !== null);
      expect(lab.agent.exitCode).toBe(0);
      expect(lab.data).toEqual([healthy]);
      expect(await lab.placeOf(vip)).toBe('eth1 5200');
    },
  },
];

async function placesOf(lab: AgentLab, ...addresses: readonly string[]): Promise<string> {
  return (await Promise.all(addresses.map((address) => lab.placeOf(address)))).join(', ');
}

async function placeBySsm(lab: AgentLab, action: 'restore' | 'remove'): Promise<void> {
  const outcome = await lab.guest.run(rendered({ Action: action, Mac: eth1, PingList: 'none' }));
  expect(outcome).toMatchObject({ exitCode: 0 });
}

function expectSigned({ headers, body, path }: AgentLab['requests'][number]): void {
  const [, accessKey = '', date = '', region = '', service = ''] =
    /Credential=([^/]+)\/(\d+)\/([^/]+)\/([^/]+)\//.exec(headers['authorization'] ?? '') ?? [];
  const names = ['content-type', 'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'];
  expect(headers['x-amz-date']).toMatch(new RegExp(`^${date}T\\d{6}Z$`));
  const request = {
    service,
    method: 'POST',
    path,
    headers: names.map((name) => [name, headers[name] ?? ''] as const),
    body: body.toString('utf8'),
    date: headers['x-amz-date'] ?? '',
    region,
    accessKey,
    secretKey: 'embedded',
  };
  expect(headers['authorization']).toBe(authorizationOf(request));
}

tellUnderEveryShell(stories);
