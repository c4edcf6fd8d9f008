/** Two ways lead to a host, Systems Manager and its own agent: a recovery goes on while either of them works. */
import { expect, test } from 'vitest';
import { until } from './armed-lab.ts';
import { withAgents } from './broken-servers.ts';

const limit = { timeoutMs: 5_000 };

withAgents('with one way to the host, or none', (breakable) => {
  test('a move completes through the agent while Systems Manager is cut off', async () => {
    const { lab, infoOf, cutOffSsm, linkDown, proverOf } = breakable();
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
    const { lab, freezeAgentOnceItHasTold, linkDown, proverOf } = breakable();
    await freezeAgentOnceItHasTold();
    const summary = await lab.recovered(await linkDown());
    expect(summary).toMatchObject({
      outcome: 'moved-to-backup',
      to: { server: 'ServerA', interface: 'eth0' },
    });
    expect(await proverOf(summary)).toBe('ssm');
  });

  test('a move completes through the agent when the metadata lag, once they have caught up', async () => {
    const { lab, address, cutOffSsm, linkDown, mending } = breakable();
    const { imds } = lab.stage.world;
    await cutOffSsm();
    imds.lagMs = 3_000;
    const { host } = await lab.holder();
    // Until then the agent believes whoever has placed the address last, and that was Systems Manager.
    await until(lab, 'the metadata has agreed with the last move', async () => {
      const { exitCode } = await host.exec(`test ! -e /run/holdfast/placed-${address}`, limit);
      return exitCode === 0 || undefined;
    });
    mending(() => {
      imds.lagMs = 0;
    });
    const summary = await lab.recovered(await linkDown());
    expect(summary.outcome).toBe('moved-to-backup');
    expect(summary.stagesMs['host']).toBeGreaterThan(imds.lagMs / 2);
  });

  test('with Systems Manager cut off and the agent frozen nothing is swapped, and the address fails over', async () => {
    const { lab, infoOf, cutOffSsm, freezeAgentOnceItHasTold, linkDown } = breakable();
    const before = await infoOf('ServerA');
    await cutOffSsm();
    await freezeAgentOnceItHasTold();
    const summary = await lab.recovered(await linkDown());
    expect(summary).toMatchObject({ outcome: 'failed-over', to: { server: 'ServerB', interface: 'eth0' } });
    expect(await infoOf('ServerA')).toBe(before);
  });
});
