/** What address.sh has to do with others on the host: its lock, its marks for the agent, settings and leftovers. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { answerOf, rendered } from './asked.ts';
import {
  eth1,
  type Guest,
  type KernelGuest,
  nameOf,
  removeKernels,
  startKernel,
  startModel,
} from './labs.ts';
import { missing, noKernel, shells, titled } from './shells.ts';

const vip = '10.0.1.50';

interface Case {
  readonly title: string;
  readonly holds: (guest: KernelGuest) => Promise<void>;
}

async function ask(guest: Guest, action: string, before = '') {
  const outcome = await guest.run(`${before}\n${rendered({ Action: action, PingList: 'none' })}`);
  return { exitCode: outcome.exitCode, stderr: outcome.stderr, ...answerOf(outcome) };
}

function lockOf(guest: KernelGuest, owner: string | undefined): string {
  const lock = join(guest.runDirectory, 'lock');
  mkdirSync(lock);
  if (owner !== undefined) writeFileSync(join(lock, 'owner'), `${owner}\n`);
  return lock;
}

const onKernel: readonly Case[] = [
  {
    title: 'waits three seconds for the lock of a process that lives, then is busy and has changed nothing',
    holds: async (guest) => {
      const lock = lockOf(guest, nameOf(process.pid));
      const busy = { exitCode: 75, verdict: 'could-not-look', why: 'busy', changed: false };
      expect(await ask(guest, 'restore')).toMatchObject(busy);
      expect(existsSync(lock)).toBe(true);
      expect(await ask(guest, 'status')).toMatchObject({ exitCode: 0, why: 'address-absent' });
    },
  },
  {
    title: 'breaks the lock of a process that is gone, and of one that had its number',
    holds: async (guest) => {
      for (const owner of ['4194304 1', `${process.pid} 1`]) {
        const lock = lockOf(guest, owner);
        expect(await ask(guest, 'restore')).toMatchObject({
          exitCode: 0,
          stderr: expect.stringContaining(`broke the lock of ${owner}`),
        });
        expect(existsSync(lock)).toBe(false);
      }
    },
  },
  {
    title: 'breaks a lock without a name after a second',
    holds: async (guest) => {
      const lock = lockOf(guest, undefined);
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0 });
      expect(existsSync(lock)).toBe(false);
    },
  },
  {
    title: 'many at once go one after the other, and leave no lock',
    holds: async (guest) => {
      const answers = await Promise.all(
        ['restore', 'restore', 'restore'].map((action) => ask(guest, action)),
      );
      expect(answers.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
      expect(answers.filter((answer) => 'changed' in answer && answer.changed === true)).toHaveLength(1);
      expect(existsSync(join(guest.runDirectory, 'lock'))).toBe(false);
    },
  },
  {
    title: 'marks what it has placed, and nothing when it has not',
    holds: async (guest) => {
      const mark = join(guest.runDirectory, `placed-${vip}`);
      await ask(guest, 'status');
      expect(existsSync(mark)).toBe(false);
      await ask(guest, 'restore');
      expect(readFileSync(mark, 'utf8')).toMatch(new RegExp(`^\\d+ on ${eth1}\n$`));
      await ask(guest, 'remove');
      expect(readFileSync(mark, 'utf8')).toMatch(new RegExp(`^\\d+ off ${eth1}\n$`));
    },
  },
  {
    title: 'tells the version of the agent that runs on the host, and none of one that is gone',
    holds: async (guest) => {
      for (const [agent, named] of besides) {
        writeFileSync(join(guest.runDirectory, 'agent'), `${agent}\n`);
        for (const action of ['status', 'verify'])
          expect([agent, await ask(guest, action)]).toMatchObject([agent, { agent: named }]);
      }
    },
  },
  {
    title: 'makes the interface answer and ask for its own addresses only, and names strict rp_filter',
    holds: async (guest) => {
      await guest.run('echo 1 >/proc/sys/net/ipv4/conf/eth1/rp_filter');
      const outcome = await guest.run(rendered({ Action: 'restore', PingList: 'none' }));
      expect(outcome.stdout).toContain('note: rp_filter is strict (1) on eth1:');
      const settings = ['arp_ignore', 'arp_announce'].map((name) => `/proc/sys/net/ipv4/conf/eth1/${name}`);
      expect((await guest.run(`cat ${settings.join(' ')}`)).stdout).toBe('1\n2\n');
      expect(await ask(guest, 'restore')).toMatchObject({ changed: false });
    },
  },
];

const besides: readonly (readonly [agent: string, named: string | null])[] = [
  [`${nameOf(process.pid)} 0123456789abcdef`, '0123456789abcdef'],
  [`${process.pid} 1 0123456789abcdef`, null],
  ['4194304 1 0123456789abcdef', null],
  ['', null],
];

/** As the script finds it under `root`, and what it says of it. */
const leftovers: readonly (readonly [file: string, text: string, note: string | undefined])[] = [
  ['etc/netplan/50-cloud-init.yaml', '      addresses: ["10.0.1.50/24"]', 'so it is back at every boot'],
  ['etc/netplan/50-cloud-init.yaml', '        - 10.0.1.50/32', 'cloud-init may write'],
  ['etc/netplan/60-ours.yaml', '        - 10.0.1.5/32', undefined],
  ['etc/netplan/60-ours.yaml', '        - 110.0.1.50/32', undefined],
  ['etc/network/interfaces.d/eth1', 'address 10.0.1.50/24', 'interfaces.d/eth1 configures 10.0.1.50'],
  ['etc/sysconfig/network-scripts/ifcfg-eth0', 'IPADDR1=10.0.1.50', 'ifcfg-eth0 configures 10.0.1.50'],
  ['etc/systemd/network/eth0.network', 'Address=10.0.1.50/32', 'eth0.network configures 10.0.1.50'],
  ['etc/systemd/system/timers.target.wants/nm-cloud-setup.timer', '', 'nm-cloud-setup is enabled'],
  ['usr/lib/systemd/system/policy-routes@.service', '', 'amazon-ec2-net-utils follows'],
];

async function namesLeftovers(guest: Guest, root: string): Promise<void> {
  for (const [file, text, note] of leftovers) {
    const directory = `${root}/${file.slice(0, file.lastIndexOf('/'))}`;
    const before = `HOLDFAST_ROOT=${root}\nmkdir -p ${directory}\necho '${text}' >${root}/${file}`;
    const outcome = await guest.run(`${before}\n${rendered({ Action: 'verify', PingList: 'none' })}`);
    const notes = outcome.stdout.split('\n').filter((line) => line.startsWith('note: '));
    expect([file, text, notes.length > 0]).toEqual([file, text, note !== undefined]);
    if (note !== undefined) expect(notes.join('\n')).toContain(note);
    expect(answerOf(outcome)).toMatchObject({ why: 'address-absent' });
    await guest.run(`rm -r ${root}`);
  }
}

afterAll(removeKernels);

describe.concurrent.each(shells.map((words) => ({ words, name: words.join(' ') })))(
  'address.sh under $name',
  ({ words }) => {
    const reason = noKernel ?? missing(words[0]);

    async function on(holds: Case['holds']): Promise<void> {
      const guest = await startKernel(words);
      try {
        await holds(guest);
      } finally {
        await guest.dispose();
      }
    }
    for (const { title, holds } of onKernel)
      test.skipIf(reason !== undefined)(titled(title, reason), () => on(holds));

    test.skipIf(reason !== undefined)(titled('names what configures the address at boot', reason), () =>
      on((guest) => namesLeftovers(guest, `${guest.runDirectory}/root`)),
    );
  },
);

test('address.sh on the model names what configures the address at boot', async () => {
  await namesLeftovers(await startModel(), '/fake');
});
