/**
 * What the agent costs an instance with ten addresses in service: `node test/bench/agent.ts [seconds] [shell ...]`, as
 * root on Linux. Processor time is that of all its processes, children that have ended included; memory is the
 * proportional share (Pss) of those that live, once a second, and of it what is no file's (anonymous).
 */
import { readFileSync } from 'node:fs';
import { startAgent, until } from '../host/agent-lab.ts';
import { execute, peer, removeKernels } from '../host/labs.ts';
import type { Shell } from '../host/shells.ts';

export interface Cost {
  /** Of one core. */
  readonly processorPercent: number;
  readonly medianPssKb: number;
  readonly largestPssKb: number;
  readonly medianAnonymousKb: number;
}

const addressCount = 10;
const ticksPerSecond = 100;

export async function agentCost(shell: Shell, seconds: number, settleSeconds = 15): Promise<Cost> {
  const addresses = Array.from({ length: addressCount }, (_, n) => `10.0.1.${50 + n}`);
  const settings = addresses.map(
    (address) => `address ip-${address.split('.')[3]} ${address} 10.0.1.0/24 ${peer}`,
  );
  const lab = await startAgent(shell, { settings });
  try {
    for (const [n, address] of addresses.entries()) await lab.assign(address, n % 2 === 0 ? 'eth0' : 'eth1');
    await until(lab, 'all are healthy', () => new Set(lab.data).size >= addressCount, 30_000);
    await sleep(settleSeconds);
    const processes = async () =>
      (await execute('ip', ['netns', 'pids', lab.guest.host])).stdout.trim().split('\n');
    const memory: { readonly pss: number; readonly anonymous: number }[] = [];
    const before = totalTicks(await processes());
    for (let second = 0; second < seconds; second += 1) {
      await sleep(1);
      const living = (await processes()).map(rollupOf);
      memory.push({
        pss: living.reduce((sum, { pss }) => sum + pss, 0),
        anonymous: living.reduce((sum, { anonymous }) => sum + anonymous, 0),
      });
    }
    const ticks = totalTicks(await processes()) - before;
    return {
      processorPercent: (ticks / ticksPerSecond / seconds) * 100,
      medianPssKb: median(memory.map(({ pss }) => pss)),
      largestPssKb: Math.max(...memory.map(({ pss }) => pss)),
      medianAnonymousKb: median(memory.map(({ anonymous }) => anonymous)),
    };
  } finally {
    await lab.stop();
  }
}

/** User and system time, of itself and of the children it has waited for. */
function totalTicks(pids: readonly string[]): number {
  return pids.reduce((sum, pid) => {
    const fields = textOf(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
    return sum + fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
  }, 0);
}

function rollupOf(pid: string): { readonly pss: number; readonly anonymous: number } {
  const text = textOf(`/proc/${pid}/smaps_rollup`);
  const kb = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return { pss: kb('Pss'), anonymous: kb('Anonymous') };
}

/** Empty for a process that has just ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}

if (import.meta.main) {
  const [seconds = '60', command = 'dash', ...rest] = process.argv.slice(2);
  console.log(await agentCost([command, ...rest], Number(seconds)));
  await removeKernels();
}
