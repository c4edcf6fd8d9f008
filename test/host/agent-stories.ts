/** What the agent's tests have in common: a story runs under every shell, and leaves no process behind. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type AgentLab, startAgent, until } from './agent-lab.ts';
import { execute, peer, removeKernels } from './labs.ts';
import { missing, noKernel, type Shell, shells, titled } from './shells.ts';

export const vip = '10.0.1.50';
export const tag = 'ip-db';
const declared = `address ${tag} ${vip} 10.0.1.0/24 ${peer}`;
/** Ten times as fast as on an instance, where nobody waits for it. */
export const quick = ['heartbeat 2', 'grace 2', 'sure 2', declared];

export interface Story {
  readonly title: string;
  readonly options: Parameters<typeof startAgent>[1];
  readonly holds: (lab: AgentLab) => Promise<void>;
}

export function tellUnderEveryShell(stories: readonly Story[]): void {
  afterAll(removeKernels);

  describe.concurrent.each(shells.map((words) => ({ words, name: words.join(' ') })))(
    'under $name',
    ({ words }) => {
      const reason = noKernel ?? missing(words[0], 'curl', 'openssl');
      for (const story of stories)
        test.skipIf(reason !== undefined)(titled(story.title, reason), () => tell(words, story));
    },
  );
}

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
}

/** The words, oldest first. */
export function entriesOf(lab: AgentLab): readonly Entry[] {
  return lab.account
    .calls('PutEvents')
    .flatMap(({ input }) => (input as { readonly Entries: Entry[] }).Entries);
}

export function detailsOf(lab: AgentLab): readonly Readonly<Record<string, unknown>>[] {
  return entriesOf(lab).map(({ Detail }) => JSON.parse(Detail));
}

/** Such as `failed no-carrier 02:00:00:00:00:0a`. */
export function wordsOf(lab: AgentLab): readonly string[] {
  return detailsOf(lab).map(({ answer }) => {
    const { verdict, why, mac } = answer as Readonly<Record<string, string>>;
    return `${verdict} ${why} ${mac}`;
  });
}

/** How often the metadata service was asked for the list of interfaces. */
export function cyclesOf(lab: AgentLab): number {
  return lab.asked.filter((line) => /\/interfaces\/macs\/ 200$/.test(line)).length;
}

/** Of a second each: two heartbeats, and the grace. */
const quietCycles = 4;

/** What was on its way may still come; then heartbeats pass, and the grace, in which nothing does. */
export async function toldNoMore(lab: AgentLab): Promise<void> {
  let told = lab.data.length;
  let asked = cyclesOf(lab);
  await until(lab, 'nothing is told any more', () => {
    if (lab.data.length !== told) [told, asked] = [lab.data.length, cyclesOf(lab)];
    return cyclesOf(lab) >= asked + quietCycles;
  });
}

async function tell(shell: Shell, { options, holds }: Story): Promise<void> {
  const lab = await startAgent(shell, options);
  try {
    await holds(lab);
    lab.agent.kill('SIGTERM');
    await until(lab, 'it has ended', () => lab.agent.exitCode !== null);
    expect(lab.agent.exitCode).toBe(0);
    await until(lab, 'no process is left', async () => (await insideOf(lab)) === '', 5_000);
    expect(processesOf(lab)).toEqual([]);
  } finally {
    await lab.stop();
  }
}

/** Whose command line names the guest's own files. */
function processesOf(lab: AgentLab): readonly string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return words.includes(lab.guest.runDirectory) ? [words] : [];
      } catch {
        return [];
      }
    });
}

/** Whatever runs in the guest's namespace: the agent's curl, sleep, ping and ip name no file of it. */
async function insideOf(lab: AgentLab): Promise<string> {
  return (await execute('ip', ['netns', 'pids', lab.guest.host])).stdout;
}
