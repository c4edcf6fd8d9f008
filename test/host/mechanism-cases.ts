/** What address.sh does with IPv6, overlay and elastic addresses: true on a real kernel under every shell and on the model. */
import { expect } from 'vitest';
import { answerOf, type Case, rendered } from './asked.ts';
import { advertised, own6, peer6, subnet6 } from './ipv6-lab.ts';
import { eth0, eth1, type Guest, peer } from './labs.ts';

export const vip6 = 'fd00:0:0:1::50';
/** Outside of the VPC 10.0.0.0/16: a route leads to the interface. */
const overlay = '192.168.77.50';
/** The interfaces' own. */
const own = { [eth0]: '10.0.1.10', [eth1]: '10.0.1.11' } as const;

type Mechanism = 'ipv6' | 'overlay' | 'elastic';
type Action = 'restore' | 'remove' | 'verify' | 'status';

interface Options {
  readonly on?: typeof eth0 | typeof eth1;
  readonly address?: string;
  readonly ping?: string;
  /** Shell lines before the script, to put something in its way. */
  readonly before?: string;
}

export async function ask(guest: Guest, mechanism: Mechanism, action: Action, options: Options = {}) {
  const { on = eth1, before = '' } = options;
  const address = options.address ?? { ipv6: vip6, overlay, elastic: own[on] }[mechanism];
  const outcome = await guest.run(
    `${before}\n${rendered({
      Action: action,
      Mechanism: mechanism,
      Address: address,
      Mac: on,
      Subnet: mechanism === 'ipv6' ? subnet6 : '10.0.1.0/24',
      PingList: options.ping ?? (mechanism === 'ipv6' ? peer6 : peer),
    })}`,
  );
  return { exitCode: outcome.exitCode, stdout: outcome.stdout, ...answerOf(outcome) };
}

async function done(guest: Guest, script: string): Promise<string> {
  const outcome = await guest.run(script);
  expect(outcome).toMatchObject({ exitCode: 0 });
  return outcome.stdout;
}

function lines(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split(/\s+/));
}

/** Where the address is configured, such as `eth1 10.0.1.50/32`. */
export async function placesOf(guest: Guest, address: string): Promise<readonly string[]> {
  return lines(await done(guest, 'ip -o -4 addr show; ip -o -6 addr show'))
    .filter((words) => words[3]?.startsWith(`${address}/`))
    .map((words) => `${words[1]} ${words[3]}`);
}

/** Our own rules of the address with the way out of their tables, such as `via 10.0.1.1 dev eth1`. */
export async function rulesOf(guest: Guest, address: string): Promise<readonly string[]> {
  const version = address.includes(':') ? 6 : 4;
  const routes = (await done(guest, `ip -${version} route show table all default`)).split('\n');
  return lines(await done(guest, `ip -${version} rule show`))
    .filter((words) => words[0] === '5200:' && words[2] === address)
    .map((words) => {
      const route = routes.find((each) => each.includes(` table ${words[4]} `));
      return route?.match(/via \S+ dev \S+/)?.[0] ?? 'nowhere';
    });
}

const failed = { exitCode: 69, verdict: 'failed' };
const verified = { exitCode: 0, verdict: 'ok', why: 'verified' };

const ipv6: readonly Case[] = [
  {
    title: 'restore puts an IPv6 address on the interface, with the router that its link knows',
    holds: async (guest) => {
      await guest.give(vip6, 'eth1');
      const { stdout: _, ...answer } = await ask(guest, 'ipv6', 'restore', {
        address: 'fd00:0:0:1:0:0:0:0050',
      });
      expect(answer).toEqual({
        exitCode: 0,
        v: 1,
        action: 'restore',
        address: vip6,
        mac: eth1,
        device: 'eth1',
        link: 'up',
        os: 'here',
        elsewhere: null,
        rule: 'present',
        path: 'answered',
        witness: 'none',
        arp: 'not-asked',
        changed: true,
        agent: null,
        verdict: 'ok',
        why: 'verified',
      });
      expect(await placesOf(guest, vip6)).toEqual([`eth1 ${vip6}/128`]);
      expect(await rulesOf(guest, vip6)).toEqual(['via fe80::1 dev eth1']);
      expect(await done(guest, 'ip -o -6 addr show dev eth1')).toContain(
        `${vip6}/128 scope global nodad deprecated`,
      );
      expect(await ask(guest, 'ipv6', 'restore')).toMatchObject({ ...verified, changed: false });
    },
  },
  {
    title: 'restore of an IPv6 address on the first interface makes a rule there, and takes it off the other',
    holds: async (guest) => {
      await guest.give(vip6, 'eth0');
      await done(guest, `ip -6 addr add ${vip6}/64 dev eth1 nodad`);
      expect(await ask(guest, 'ipv6', 'verify', { on: eth0 })).toMatchObject({
        ...failed,
        why: 'address-elsewhere',
      });
      const answer = { ...verified, device: 'eth0', rule: 'present' };
      expect(await ask(guest, 'ipv6', 'restore', { on: eth0 })).toMatchObject(answer);
      expect(await placesOf(guest, vip6)).toEqual([`eth0 ${vip6}/128`]);
      expect(await rulesOf(guest, vip6)).toEqual(['via fe80::1 dev eth0']);
    },
  },
  {
    title: 'remove takes an IPv6 address and its rule off, and no other address',
    holds: async (guest) => {
      await guest.give(vip6, 'eth1');
      await ask(guest, 'ipv6', 'restore');
      const answer = { exitCode: 0, os: 'absent', why: 'removed' };
      expect(await ask(guest, 'ipv6', 'remove')).toMatchObject({ ...answer, changed: true });
      expect(await ask(guest, 'ipv6', 'remove')).toMatchObject({ ...answer, changed: false });
      expect(await placesOf(guest, vip6)).toEqual([]);
      expect(await placesOf(guest, own6.eth1)).toEqual([`eth1 ${own6.eth1}/64`]);
      expect(await rulesOf(guest, vip6)).toEqual([]);
    },
  },
  {
    title: 'without its rule an IPv6 address is not answered, and without its owner neither, as others tell',
    holds: async (guest) => {
      await guest.give(vip6, 'eth1');
      await done(guest, `ip -6 addr add ${vip6}/128 dev eth1 nodad`);
      expect(await ask(guest, 'ipv6', 'verify')).toMatchObject({
        ...failed,
        path: 'unanswered',
        why: 'rule-absent',
      });
      expect(await ask(guest, 'ipv6', 'restore')).toMatchObject(verified);
      await guest.give(vip6, 'nobody');
      const unanswered = { ...failed, why: 'path-unanswered' };
      expect(await ask(guest, 'ipv6', 'verify')).toMatchObject({ ...unanswered, witness: 'answered' });
      const silent = { ping: 'fd00:0:0:1::77' };
      expect(await ask(guest, 'ipv6', 'verify', silent)).toMatchObject({ ...unanswered, witness: 'silent' });
      const nobody = { ping: `${vip6},${own6.eth0},fd00:0:0:1:0:0:0:11` };
      expect(await ask(guest, 'ipv6', 'verify', nobody)).toMatchObject({ why: 'verified-without-path' });
    },
  },
  {
    title: 'restore follows a router that has another address by now, and names an interface without one',
    holds: async (guest) => {
      await guest.give(vip6, 'eth1');
      await ask(guest, 'ipv6', 'restore');
      await done(guest, 'ip -6 route replace default via fe80::2 dev eth1 proto ra metric 513');
      expect(await ask(guest, 'ipv6', 'restore', { ping: 'none' })).toMatchObject({ changed: true });
      expect(await rulesOf(guest, vip6)).toEqual(['via fe80::2 dev eth1']);
      await done(guest, 'ip -6 route del default dev eth1');
      const unchanged = { exitCode: 0, changed: false, rule: 'present' };
      expect(await ask(guest, 'ipv6', 'restore', { ping: 'none' })).toMatchObject(unchanged);
      await done(guest, 'ip -6 route flush table 520003');
      const answer = await ask(guest, 'ipv6', 'restore', { ping: 'none' });
      expect(answer).toMatchObject({ ...failed, why: 'rule-absent' });
      expect(answer.stdout).toContain('note: eth1 has no default route of IPv6');
      await done(guest, advertised('eth1'));
      expect(await ask(guest, 'ipv6', 'restore')).toMatchObject(verified);
    },
  },
  {
    title: 'restore of an IPv6 address on a broken link takes it off no other interface',
    holds: async (guest) => {
      await guest.give(vip6, 'eth0');
      await ask(guest, 'ipv6', 'restore', { on: eth0 });
      await guest.setLink('eth1', 'down');
      const answer = { ...failed, why: 'no-carrier', changed: false };
      expect(await ask(guest, 'ipv6', 'restore')).toMatchObject(answer);
      expect(await placesOf(guest, vip6)).toEqual([`eth0 ${vip6}/128`]);
    },
  },
  {
    title: 'a look that fails at any listing is no verdict on an IPv6 address',
    holds: async (guest) => {
      for (const listing of ['link show', '-6 addr show', '-6 rule show', '-6 route show']) {
        const before = `ip() { case "$*" in *'${listing}'*) return 1 ;; esac; command ip "$@"; }`;
        const answer = { exitCode: 75, why: 'could-not-look', changed: false };
        for (const action of ['restore', 'remove', 'status'] as const)
          expect(await ask(guest, 'ipv6', action, { before })).toMatchObject(answer);
      }
    },
  },
];

const ofIpv4: readonly Case[] = [
  {
    title: 'restore puts an overlay address on the interface, with its rule and the router of the subnet',
    holds: async (guest) => {
      await guest.give(overlay, 'eth1');
      const answer = { ...verified, address: overlay, rule: 'present' };
      expect(await ask(guest, 'overlay', 'restore')).toMatchObject({ ...answer, changed: true });
      expect(await ask(guest, 'overlay', 'restore')).toMatchObject({ ...answer, changed: false });
      expect(await placesOf(guest, overlay)).toEqual([`eth1 ${overlay}/32`]);
      expect(await rulesOf(guest, overlay)).toEqual(['via 10.0.1.1 dev eth1']);
      await guest.give(overlay, 'eth0');
      const moved = { ...verified, rule: 'not-needed' };
      expect(await ask(guest, 'overlay', 'restore', { on: eth0 })).toMatchObject(moved);
      expect(await placesOf(guest, overlay)).toEqual([`eth0 ${overlay}/32`]);
      expect(await ask(guest, 'overlay', 'remove', { on: eth0 })).toMatchObject({ why: 'removed' });
      expect(await placesOf(guest, overlay)).toEqual([]);
    },
  },
  {
    title: 'restore of an elastic address looks after rule and path, and leaves the address to the OS',
    holds: async (guest) => {
      await done(guest, 'ip rule del from 10.0.1.11 priority 10001');
      expect(await ask(guest, 'elastic', 'verify')).toMatchObject({ ...failed, why: 'rule-absent' });
      const answer = { ...verified, address: '10.0.1.11', os: 'here', rule: 'present' };
      expect(await ask(guest, 'elastic', 'restore')).toMatchObject({ ...answer, changed: true });
      expect(await ask(guest, 'elastic', 'restore')).toMatchObject({ ...answer, changed: false });
      expect(await rulesOf(guest, '10.0.1.11')).toEqual(['via 10.0.1.1 dev eth1']);
      const first = { ...verified, address: '10.0.1.10', rule: 'not-needed', changed: false };
      expect(await ask(guest, 'elastic', 'restore', { on: eth0 })).toMatchObject(first);
    },
  },
  {
    title: 'remove of an elastic address deletes our own rule alone',
    holds: async (guest) => {
      await ask(guest, 'elastic', 'restore');
      const answer = { exitCode: 0, os: 'here', verdict: 'ok', why: 'removed' };
      expect(await ask(guest, 'elastic', 'remove')).toMatchObject({ ...answer, changed: true });
      expect(await ask(guest, 'elastic', 'remove')).toMatchObject({ ...answer, changed: false });
      expect(await placesOf(guest, '10.0.1.11')).toEqual(['eth1 10.0.1.11/24']);
      expect(await rulesOf(guest, '10.0.1.11')).toEqual([]);
      expect(await done(guest, 'ip -4 rule show')).toContain('10001:\tfrom 10.0.1.11 lookup 10001');
    },
  },
  {
    title: 'an elastic address that the OS has not, or has elsewhere, is neither added nor deleted',
    holds: async (guest) => {
      const absent = { ...failed, os: 'absent', why: 'address-absent', changed: false };
      expect(await ask(guest, 'elastic', 'restore', { address: '10.0.1.77' })).toMatchObject(absent);
      expect(await placesOf(guest, '10.0.1.77')).toEqual([]);
      const elsewhere = { ...failed, os: 'elsewhere', why: 'address-elsewhere', changed: false };
      expect(await ask(guest, 'elastic', 'restore', { address: '10.0.1.10' })).toMatchObject(elsewhere);
      expect(await ask(guest, 'elastic', 'remove', { address: '10.0.1.10' })).toMatchObject({
        why: 'removed',
      });
      await done(guest, 'ip addr add 10.0.1.11/32 dev eth0');
      expect(await ask(guest, 'elastic', 'restore')).toMatchObject({ ...failed, why: 'address-elsewhere' });
      expect(await placesOf(guest, '10.0.1.10')).toEqual(['eth0 10.0.1.10/24']);
      expect(await placesOf(guest, '10.0.1.11')).toHaveLength(2);
    },
  },
  {
    title: 'restore raises the link of an elastic address',
    holds: async (guest) => {
      await done(guest, 'ip link set dev eth1 down');
      expect(await ask(guest, 'elastic', 'verify')).toMatchObject({ ...failed, why: 'link-down' });
      expect(await ask(guest, 'elastic', 'restore')).toMatchObject({
        ...verified,
        link: 'up',
        changed: true,
      });
      await guest.setLink('eth1', 'down');
      expect(await ask(guest, 'elastic', 'restore')).toMatchObject({ ...failed, why: 'no-carrier' });
    },
  },
];

/** Which of the guests of ipv6-lab.ts and labs.ts a case needs. */
export const mechanismCases = { ipv6, ofIpv4 } as const;
