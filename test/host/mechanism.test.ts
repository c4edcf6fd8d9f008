/** address.sh with IPv6, overlay and elastic addresses, on real kernels and on the model. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Case } from './asked.ts';
import { advertised, startKernel6, startModel6 } from './ipv6-lab.ts';
import { eth1, type Guest, type KernelGuest, removeKernels, startKernel, startModel } from './labs.ts';
import { ask, mechanismCases, placesOf, rulesOf, vip6 } from './mechanism-cases.ts';
import { missing, noKernel, shells, titled } from './shells.ts';

afterAll(removeKernels);

async function on<G extends Guest>(starting: Promise<G>, holds: (guest: G) => Promise<void>): Promise<void> {
  const guest = await starting;
  try {
    await holds(guest);
  } finally {
    await guest.dispose();
  }
}

/** What the model has not: another process, a search for duplicates, marks in files that a test can read. */
const onKernel: readonly (Omit<Case, 'holds'> & { readonly holds: (guest: KernelGuest) => Promise<void> })[] =
  [
    {
      title: 'a link that is raised is waited for until its router has made itself known',
      holds: async (guest) => {
        await guest.give(vip6, 'eth1');
        await guest.run('ip link set dev eth1 down');
        const before = `(sleep 0.5; while ! ${advertised('eth1')} 2>/dev/null; do sleep 0.1; done) >/dev/null 2>&1 &`;
        expect(await ask(guest, 'ipv6', 'restore', { before })).toMatchObject({
          verdict: 'ok',
          why: 'verified',
        });
        expect(await rulesOf(guest, vip6)).toEqual(['via fe80::1 dev eth1']);
      },
    },
    {
      title: 'an IPv6 address that waits for a search for duplicates is none yet, and is put there at once',
      holds: async (guest) => {
        await guest.give(vip6, 'eth1');
        await guest.run('echo 60 >/proc/sys/net/ipv6/conf/eth1/dad_transmits');
        await guest.run(`ip -6 addr add ${vip6}/64 dev eth1`);
        expect(await ask(guest, 'ipv6', 'verify')).toMatchObject({ os: 'absent', why: 'address-absent' });
        expect(await ask(guest, 'ipv6', 'restore')).toMatchObject({ os: 'here', why: 'verified' });
        expect(await placesOf(guest, vip6)).toEqual([`eth1 ${vip6}/128`]);
      },
    },
    {
      title:
        "a mark names the address as the kernel spells it, and there is none of an interface's own address",
      holds: async (guest) => {
        const markOf = (address: string) => {
          const file = join(guest.runDirectory, `placed-${address}`);
          return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\d+ /, '') : '';
        };
        await ask(guest, 'ipv6', 'restore', { address: 'fd00:0:0:1:0:0:0:50', ping: 'none' });
        expect(markOf(vip6)).toBe(`on ${eth1}\n`);
        await ask(guest, 'ipv6', 'remove');
        expect(markOf(vip6)).toBe(`off ${eth1}\n`);
        await ask(guest, 'elastic', 'restore');
        await ask(guest, 'elastic', 'remove');
        expect(markOf('10.0.1.11')).toBe('');
      },
    },
    {
      title: "a configuration file that has the interface's own address in it is no leftover",
      holds: async (guest) => {
        const root = join(guest.runDirectory, 'root');
        mkdirSync(join(root, 'etc/netplan'), { recursive: true });
        writeFileSync(join(root, 'etc/netplan/50.yaml'), `addresses: [10.0.1.11/24, "${vip6}/128"]\n`);
        const before = `HOLDFAST_ROOT=${root}`;
        expect((await ask(guest, 'elastic', 'verify', { before })).stdout).not.toContain('50.yaml');
        expect((await ask(guest, 'ipv6', 'verify', { before })).stdout).toContain(
          `50.yaml configures ${vip6}`,
        );
      },
    },
  ];

describe.concurrent.each(shells.map((words) => ({ words, name: words.join(' ') })))(
  'on a real kernel under $name',
  ({ words }) => {
    const reason = noKernel ?? missing(words[0]);
    for (const { title, holds } of [...mechanismCases.ipv6, ...onKernel])
      test.skipIf(reason !== undefined)(titled(title, reason), () => on(startKernel6(words), holds));
    for (const { title, holds } of mechanismCases.ofIpv4)
      test.skipIf(reason !== undefined)(titled(title, reason), () => on(startKernel(words), holds));
  },
);

describe('on the model', () => {
  for (const { title, holds } of mechanismCases.ipv6) test(title, () => on(startModel6(), holds));
  for (const { title, holds } of mechanismCases.ofIpv4) test(title, () => on(startModel(), holds));

  test('a link that is raised brings its router along', () =>
    on(startModel6(), async (guest) => {
      await guest.give(vip6, 'eth1');
      await guest.run('ip link set dev eth1 down');
      expect(await ask(guest, 'ipv6', 'restore')).toMatchObject({ link: 'up', why: 'verified' });
    }));
});
