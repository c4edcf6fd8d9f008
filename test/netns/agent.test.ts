/**
 * What may break on a server of the lab, one after the other on the same fleet, with the real agent, the project's own
 * stack and real packets. Every case mends what it broke, and leaves the address served where the recovery has put it.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { whyNoNamespaces } from '../../lib/emulator/netns/requirements.ts';
import type { Summary } from '../../lib/recovery/audit.ts';
import { addressFailed } from '../../lib/recovery/names.ts';
import { type ArmedLab, openArmedLab, until } from './armed-lab.ts';
import { traces } from './small-vpc.ts';

const missing = whyNoNamespaces();
const openLimitMs = 120_000;
const limit = { timeoutMs: 5_000 };

let lab: ArmedLab;
const mends: (() => void)[] = [];

/** When the test is over, before the next one waits for all to be well. */
function mending(mend: () => void): void {
  mends.push(mend);
}

describe.skipIf(missing !== undefined)(
  `with the agent on every server${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    beforeAll(async () => {
      lab = await openArmedLab({ fastLane: true });
    }, openLimitMs);

    afterEach(async () => {
      for (const mend of mends.splice(0)) mend();
      await lab.settled();
    });

    afterAll(async () => {
      await lab.close();
      expect(traces()).toEqual([]);
    });

    test('a move completes through the agent while Systems Manager is cut off', async () => {
      const before = await infoOf('ServerA');
      await cutOffSsm();
      const summary = await lab.recovered(await linkDown());
      expect([before, await infoOf('ServerA')]).toEqual([
        'ServerA eth0 10.0.1.50 ffffff00 eth1',
        'ServerA eth1 10.0.1.50 ffffff00 eth0',
      ]);
      expect(summary).toMatchObject({
        outcome: 'moved-to-backup',
        to: { server: 'ServerA', interface: 'eth1' },
      });
      expect(await proverOf(summary)).toBe('agent');
    });

    test('a move completes through Systems Manager while the agent is frozen', async () => {
      await freezeAgentOnceItHasTold();
      const summary = await lab.recovered(await linkDown());
      expect(summary).toMatchObject({
        outcome: 'moved-to-backup',
        to: { server: 'ServerA', interface: 'eth0' },
      });
      expect(await proverOf(summary)).toBe('ssm');
    });

    test('the address moves when its interface loses every packet although its link is up', async () => {
      const { clock } = lab.stage;
      const { host, interface: device } = await lab.holder();
      const brokenAtMs = clock.now();
      host.cutPath(device);
      mending(() => host.mendPath(device));
      const summary = await lab.recovered(brokenAtMs);
      expect(summary).toMatchObject({ outcome: 'moved-to-backup', reason: 'path-unanswered' });
    });

    test('a move completes through the agent when the metadata lag, once they have caught up', async () => {
      const { imds } = lab.stage.world;
      await cutOffSsm();
      imds.lagMs = 3_000;
      const { host } = await lab.holder();
      // Until then the agent believes whoever has placed the address last, and that was Systems Manager.
      await until(lab, 'the metadata has agreed with the last move', async () => {
        const { exitCode } = await host.exec(`test ! -e /run/holdfast/placed-${address()}`, limit);
        return exitCode === 0 || undefined;
      });
      mending(() => {
        imds.lagMs = 0;
      });
      const summary = await lab.recovered(await linkDown());
      expect(summary.outcome).toBe('moved-to-backup');
      expect(summary.stagesMs['host']).toBeGreaterThan(imds.lagMs / 2);
    });

    test.each([
      ['ends', "pkill -TERM -o -f '^/bin/sh /opt/holdfast/'"],
      ['is installed anew', 'touch /opt/holdfast/holdfast-agent'],
    ])('an agent that %s is started again', async (_, script) => {
      const { host, agent } = await lab.holder();
      const saidBefore = agent.log().length;
      await host.exec(script, limit);
      for (const word of ['holdfast-agent ends', 'for fleet main'])
        await until(lab, word, () => said(agent.log().slice(saidBefore), word));
    });

    test('an address that somebody deletes is put back by the agent at once', async () => {
      const { host, agent, interface: device } = await lab.holder();
      const saidBefore = agent.log().length;
      host.deleteAddress(device, address());
      await until(lab, 'put back', () => said(agent.log().slice(saidBefore), 'ip addr replace'));
    });

    test('a rule that leads the replies elsewhere is overruled by the agent at once', async () => {
      const { host, agent, interface: device } = await lab.holder();
      const [rule, saidBefore] = [[address(), 'eth1', 10_001] as const, agent.log().length];
      expect(device).toBe('eth0');
      host.addRule(...rule);
      mending(() => host.deleteRule(...rule));
      await until(lab, 'overruled', () => said(agent.log().slice(saidBefore), 'ip -4 rule add'));
    });

    test('metadata that cannot be read are no failure', async () => {
      const { world, clock } = lab.stage;
      const { agent } = await lab.holder();
      const [brokenAtMs, saidBefore] = [clock.now(), agent.log().length];
      world.imds.failing = 500;
      mending(() => {
        world.imds.failing = undefined;
      });
      const unread = 'the metadata cannot be read';
      await until(lab, unread, () => said(agent.log().slice(saidBefore), unread));
      world.imds.failing = undefined;
      await until(lab, 'read again', () => said(agent.log().slice(saidBefore), 'can be read again'));
      await lab.settled();
      expect(world.client.outages(brokenAtMs)).toEqual([]);
    });

    test('the address moves when the driver of its interface is gone, and a restarted server has its agent again', async () => {
      const { clock } = lab.stage;
      const { host, agent, interface: device } = await lab.holder();
      const [brokenAtMs, saidBefore] = [clock.now(), agent.log().length];
      host.loseDriver(device);
      const summary = await lab.recovered(brokenAtMs);
      expect(summary).toMatchObject({ outcome: 'moved-to-backup', reason: 'interface-absent' });
      host.halt();
      host.boot();
      await until(lab, 'started', () => said(agent.log().slice(saidBefore), 'holdfast-agent'));
    });

    test('with Systems Manager cut off and the agent frozen nothing is swapped, and the address fails over', async () => {
      const before = await infoOf('ServerA');
      await cutOffSsm();
      await freezeAgentOnceItHasTold();
      const summary = await lab.recovered(await linkDown());
      expect(summary).toMatchObject({ outcome: 'failed-over', to: { server: 'ServerB', interface: 'eth0' } });
      expect(await infoOf('ServerA')).toBe(before);
    });
  },
);

function address(): string {
  return lab.stage.world.resource.address;
}

async function infoOf(server: string): Promise<string | undefined> {
  return (await lab.record()).servers[server]?.info;
}

// ---- Breaks of what holds the address, mended when the test is over

/** @returns when, epoch milliseconds */
async function linkDown(): Promise<number> {
  const { host, interface: device } = await lab.holder();
  const brokenAtMs = lab.stage.clock.now();
  host.setLink(device, 'down');
  mending(() => host.setLink(device, 'up'));
  return brokenAtMs;
}

async function cutOffSsm(): Promise<void> {
  const { ssm } = lab.stage.aws;
  const { host } = await lab.holder();
  ssm.cutOff(host.id);
  mending(() => ssm.reconnect(host.id));
}

/** It tells of the failure, and does nothing more. */
async function freezeAgentOnceItHasTold(): Promise<void> {
  const { agent } = await lab.holder();
  let told = false;
  lab.stage.aws.account.onCall(({ operation, input }) => {
    const isWord = operation === 'PutEvents' && JSON.stringify(input).includes(addressFailed);
    if (isWord && !told) agent.freeze();
    told ||= isWord;
  });
  mending(() => agent.thaw());
}

// ---- What came of it

/** Who proved that the address is in service at its new place: `ssm` or `agent`. */
async function proverOf(summary: Summary): Promise<unknown> {
  const steps = await lab.stepsOf(summary);
  const asked = steps.findLast((each) => each.kind === 'step' && each.step === 'host-asked');
  return asked?.kind === 'step' ? (asked.evidence as { readonly by?: string }).by : undefined;
}

function said(lines: readonly string[], what: string): true | undefined {
  return lines.some((line) => line.includes(what)) || undefined;
}
