/** What may break on a server, and what its agent makes of it. */
import { expect, test } from 'vitest';
import { until } from './armed-lab.ts';
import { said, withAgents } from './broken-servers.ts';

const limit = { timeoutMs: 5_000 };

withAgents('with the agent on every server', (breakable) => {
  test.each([
    ['ends', "pkill -TERM -o -f '^/bin/sh /opt/holdfast/'"],
    ['is installed anew', 'touch /opt/holdfast/holdfast-agent'],
  ])('an agent that %s is started again', async (_, script) => {
    const { lab } = breakable();
    const { host, agent } = await lab.holder();
    const saidBefore = agent.log().length;
    await host.exec(script, limit);
    for (const word of ['holdfast-agent ends', 'for fleet main'])
      await until(lab, word, () => said(agent.log().slice(saidBefore), word));
  });

  test('an address that somebody deletes is put back by the agent at once', async () => {
    const { lab, address } = breakable();
    const { host, agent, interface: device } = await lab.holder();
    const saidBefore = agent.log().length;
    host.deleteAddress(device, address);
    await until(lab, 'put back', () => said(agent.log().slice(saidBefore), 'ip addr replace'));
  });

  test('a rule that leads the replies elsewhere is overruled by the agent at once', async () => {
    const { lab, address, mending } = breakable();
    const { host, agent, interface: device } = await lab.holder();
    const [rule, saidBefore] = [[address, 'eth1', 10_001] as const, agent.log().length];
    expect(device).toBe('eth0');
    host.addRule(...rule);
    mending(() => host.deleteRule(...rule));
    await until(lab, 'overruled', () => said(agent.log().slice(saidBefore), 'ip -4 rule add'));
  });

  test('metadata that cannot be read are no failure', async () => {
    const { lab, mending } = breakable();
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

  test('the address moves when its interface loses every packet although its link is up', async () => {
    const { lab, mending } = breakable();
    const { host, interface: device } = await lab.holder();
    const brokenAtMs = lab.stage.clock.now();
    host.cutPath(device);
    mending(() => host.mendPath(device));
    const summary = await lab.recovered(brokenAtMs);
    expect(summary).toMatchObject({ outcome: 'moved-to-backup', reason: 'path-unanswered' });
  });

  test('the address moves when the driver of its interface is gone, and a restarted server has its agent again', async () => {
    const { lab } = breakable();
    const { host, agent, interface: device } = await lab.holder();
    const [brokenAtMs, saidBefore] = [lab.stage.clock.now(), agent.log().length];
    host.loseDriver(device);
    const summary = await lab.recovered(brokenAtMs);
    expect(summary).toMatchObject({ outcome: 'moved-to-backup', reason: 'interface-absent' });
    host.halt();
    host.boot();
    await until(lab, 'started', () => said(agent.log().slice(saidBefore), 'holdfast-agent'));
  });
});
