/**
 * How soon the agent tells that a link has died, and follows a move that EC2 has made then:
 * `node test/bench/agent-latency.ts [times] [shell ...]`, as root on Linux. AWS answers at once here.
 */
import { spawn } from 'node:child_process';
import { addressFailed, addressInService } from '../../lib/recovery/names.ts';
import { type AgentLab, startAgent, until } from '../host/agent-lab.ts';
import { peer, removeKernels } from '../host/labs.ts';
import type { Shell } from '../host/shells.ts';

const vip = '10.0.1.50';

/** In milliseconds. */
export interface Latency {
  /** From the cut of the wire to the kernel's event: not the agent's, some kernels let up to a second pass. */
  readonly cutToNoticed: number;
  readonly noticedToFailedWord: number;
  readonly movedToAddress: number;
  readonly movedToInServiceWord: number;
}

export async function agentLatencies(shell: Shell, times: number): Promise<readonly Latency[]> {
  const lab = await startAgent(shell, {
    settings: [`address ip-db ${vip} 10.0.1.0/24 ${peer}`],
    initially: [vip, 'eth0'],
  });
  const kernel = watchKernel(lab);
  const latencies: Latency[] = [];
  try {
    await until(lab, 'in service', () => timeOf(lab, addressInService, 0) !== undefined);
    for (let time = 0; time < times; time += 1) {
      await pause(3000 + 97 * time);
      latencies.push(await once(lab, kernel));
    }
    return latencies;
  } finally {
    kernel.stop();
    await lab.stop();
  }
}

async function once(lab: AgentLab, kernel: ReturnType<typeof watchKernel>): Promise<Latency> {
  const { clock } = lab.account;
  const cutMs = clock.now();
  await lab.guest.setLink('eth0', 'down');
  const failedMs = await soon(lab, 'failed', () => timeOf(lab, addressFailed, cutMs));
  const noticedMs = await soon(lab, 'noticed', () => kernel.timeOf(/eth0.*NO-CARRIER/, cutMs));
  await pause(700);
  const movedMs = clock.now();
  await lab.assign(vip, 'eth1');
  const placed = new RegExp(`eth1 +inet ${vip}/32`);
  const placedMs = await soon(lab, 'placed', () => kernel.timeOf(placed, movedMs));
  const inServiceMs = await soon(lab, 'in service', () => timeOf(lab, addressInService, movedMs));
  await lab.guest.setLink('eth0', 'up');
  const backMs = clock.now();
  await lab.assign(vip, 'eth0');
  await soon(lab, 'back', () => timeOf(lab, addressInService, backMs));
  return {
    cutToNoticed: noticedMs - cutMs,
    noticedToFailedWord: failedMs - noticedMs,
    movedToAddress: placedMs - movedMs,
    movedToInServiceWord: inServiceMs - movedMs,
  };
}

/** When the first such word came after that moment. */
function timeOf(lab: AgentLab, detailType: string, sinceMs: number): number | undefined {
  return lab.account
    .calls('PutEvents')
    .find(({ atMs, input }) => atMs >= sinceMs && JSON.stringify(input).includes(detailType))?.atMs;
}

function watchKernel(lab: AgentLab) {
  const lines: { readonly atMs: number; readonly text: string }[] = [];
  const monitor = spawn('ip', ['-n', lab.guest.host, '-o', 'monitor', 'link', 'address']);
  monitor.stdout.on('data', (chunk: Buffer) => {
    for (const text of chunk.toString('utf8').split('\n'))
      lines.push({ atMs: lab.account.clock.now(), text });
  });
  return {
    timeOf: (pattern: RegExp, sinceMs: number) =>
      lines.find(({ atMs, text }) => atMs >= sinceMs && pattern.test(text))?.atMs,
    stop: () => monitor.kill(),
  };
}

async function soon(lab: AgentLab, what: string, find: () => number | undefined): Promise<number> {
  await until(lab, what, () => find() !== undefined);
  return find() ?? Number.NaN;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

if (import.meta.main) {
  const [times = '10', command = 'dash', ...rest] = process.argv.slice(2);
  const latencies = await agentLatencies([command, ...rest], Number(times));
  console.table(latencies);
  for (const key of Object.keys(latencies[0] ?? {}) as (keyof Latency)[]) {
    const sorted = latencies.map((each) => each[key]).toSorted((a, b) => a - b);
    console.log(key, 'median', sorted[Math.floor((sorted.length - 1) / 2)], 'most', sorted.at(-1));
  }
  await removeKernels();
}
