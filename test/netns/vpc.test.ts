import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { MetadataService } from '../../lib/emulator/imds/listener.ts';
import { awsAddress, openDoors } from '../../lib/emulator/netns/doors.ts';
import { forgetLab, openLabId } from '../../lib/emulator/netns/lab-id.ts';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import { openSmallVpc, type SmallVpc, traces } from './small-vpc.ts';

const missing = whyNoNamespaces();
let small: SmallVpc | undefined;

function open(): SmallVpc {
  small = openSmallVpc();
  return small;
}

afterEach(async () => {
  await small?.close();
  small = undefined;
});

describe.skipIf(missing !== undefined)(
  `a VPC of namespaces${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    test('loses the packets of an interface that is cut off although its link is up', async () => {
      const { server, client, answers, say } = open();
      server.cutPath('eth0');
      expect(await answers('10.0.1.10')).toBe(false);
      const lost = await server.exec('ping -n -c 1 -W 1 10.0.1.100', { timeoutMs: 5_000 });
      expect(lost.exitCode).toBe(1);
      expect(await say('ip -o link show dev eth0', server)).toContain('LOWER_UP');
      server.mendPath('eth0');
      // The server may be about to repeat an ARP request that got lost.
      const asked = await client.exec('ping -n -c 1 -w 5 10.0.1.10', { timeoutMs: 6_000 });
      expect(asked.exitCode).toBe(0);
    });

    test('answers ARP for an address whose interface is dead, and for none that nobody owns', async () => {
      const { server, answers, say } = open();
      server.setLink('eth0', 'down');
      expect(await answers('10.0.1.10')).toBe(false);
      expect(await answers('10.0.1.77')).toBe(false);
      const neighbours = await say('ip neigh show dev eth0');
      expect(neighbours).toMatch(/^10\.0\.1\.10 lladdr /m);
      expect(neighbours).toMatch(/^10\.0\.1\.77 +(FAILED|INCOMPLETE)/m);
    });

    test('promises no answer from its router, and carries no broadcast', async () => {
      const { answers, client } = open();
      expect(await answers('10.0.1.1')).toBe(false);
      const broadcast = await client.exec('ping -n -b -c 1 -W 1 10.0.1.255', { timeoutMs: 5_000 });
      expect(broadcast.exitCode).toBe(1);
    });

    test('has no device once its driver is gone, until the next boot', async () => {
      const { server, answers, say } = open();
      server.loseDriver('eth0');
      expect(await say('ip -o link show', server)).not.toContain('eth0');
      server.halt();
      server.boot();
      expect(await answers('10.0.1.10')).toBe(true);
    });

    test('ends whatever a guest has started when it halts, and starts its commands at the next boot', async () => {
      const { server } = open();
      const said: string[] = [];
      const line = Promise.withResolvers<void>();
      server.startCommand('daemon', ['sh', '-c', 'echo $$ up; setsid sleep 1000 & sleep 1000'], (each) => {
        said.push(each);
        line.resolve();
      });
      await line.promise;
      await server.exec('(setsid sleep 1001 >/dev/null 2>&1 &)', { timeoutMs: 5_000 });
      server.halt();
      server.boot();
      const { stdout } = await server.exec('sleep 0.3; ps -eo args', { timeoutMs: 5_000 });
      expect(stdout).not.toContain('sleep 1001');
      expect(stdout.match(/^sleep 1000$/gm)).toHaveLength(2);
      expect(said).toHaveLength(2);
    });

    test('stops a command with all that it has started, and lets it go on', async () => {
      const { server, say } = open();
      const line = Promise.withResolvers<void>();
      server.startCommand('daemon', ['sh', '-c', 'sleep 1002 & echo up; wait'], () => line.resolve());
      await line.promise;
      const states = async () =>
        (await say('ps -eo stat=,args=', server)).match(/^T.*sleep 1002.*$/gm)?.length;
      server.freeze('daemon');
      expect(await states()).toBe(2);
      server.thaw('daemon');
      expect(await states()).toBeUndefined();
    });

    test('sends packets from an address by the interface that a rule names', async () => {
      const { server, answers, say } = open();
      server.addRule('10.0.1.10', 'eth0', 100);
      expect(await say('ip -4 rule show', server)).toMatch(/^100:\tfrom 10\.0\.1\.10 lookup main$/m);
      server.deleteRule('10.0.1.10', 'eth0', 100);
      expect(await answers('10.0.1.10')).toBe(true);
    });

    test('keeps the changes of a guest away from the machine', async () => {
      const { server } = open();
      await server.exec('echo x >/etc/holdfast-x; echo x >/run/holdfast-x; hostname', { timeoutMs: 5_000 });
      expect(['/etc/holdfast-x', '/run/holdfast-x'].some((path) => existsSync(path))).toBe(false);
    });

    test('knows who asks the metadata service, and leads to the AWS endpoint', async () => {
      const { vpc, say } = open();
      const imds: MetadataService = {
        handle: (instanceId, { method, path, headers }) => ({
          status: 200,
          body: `${instanceId} ${method} ${path} ${headers['x-ask']}`,
        }),
      };
      const aws = createServer((request, response) => response.end(`aws ${request.url}`)).listen(
        0,
        '127.0.0.1',
      );
      await once(aws, 'listening');
      await openDoors({
        vpc,
        instanceOwning: (address) => (address === '10.0.1.100' ? 'i-client' : undefined),
        imds,
        awsPort: (aws.address() as AddressInfo).port,
      });
      const asked = 'curl -sS -m 2 -X PUT -H "X-Ask: yes" http://169.254.169.254/latest/api/token?x';
      expect(await say(asked)).toBe('i-client PUT /latest/api/token yes');
      expect(await say(`curl -sS -m 2 http://${awsAddress}/x`)).toBe('aws /x');
      aws.close();
    });

    test('leaves no namespace, process or file behind, ten times in a row', async () => {
      for (let cycle = 0; cycle < 10; cycle += 1) {
        const each = open();
        if (cycle === 0) expect(traces().length).toBeGreaterThan(3);
        expect(await each.answers('10.0.1.10')).toBe(true);
        await each.close();
        expect(traces()).toEqual([]);
      }
    });

    test('removes what a lab has left whose process is gone', async () => {
      const program = fileURLToPath(new URL('crashing-lab.ts', import.meta.url));
      const crashed = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(crashed.stdout, 'data');
      const left = `hf-${crashed.pid}-1-vpc`;
      crashed.kill('SIGKILL');
      await once(crashed, 'exit');
      expect(namespaces()).toContain(left);
      forgetLab(openLabId());
      expect(namespaces()).not.toContain(left);
      expect(existsSync(`/dev/shm/hf-${crashed.pid}-1`)).toBe(false);
    });

    test('adds nothing to the network of the machine', async () => {
      const state = () =>
        ['addr', 'route', 'rule'].map((each) => spawnSync('ip', ['-o', each], { encoding: 'utf8' }).stdout);
      const before = state();
      open();
      expect(state()).toEqual(before);
    });
  },
);

function namespaces(): string {
  return spawnSync('ip', ['netns', 'list'], { encoding: 'utf8' }).stdout;
}
