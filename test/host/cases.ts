/** What address.sh does on a guest: one list, true on a real kernel under every shell and on the model. */
import { expect } from 'vitest';
import { ask, type Case, done, failed, inService, placesOf, protectedAddress, rulesOf } from './asked.ts';
import { eth0, eth1, type Guest, peer } from './labs.ts';

export const cases: readonly Case[] = [
  // ---- restore
  {
    title: 'restore puts the address on the second interface with a rule of its own, and it is answered',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      expect(await ask(guest, 'restore')).toEqual({
        exitCode: 0,
        v: 1,
        action: 'restore',
        address: protectedAddress,
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
      expect(await placesOf(guest)).toEqual(['eth1 10.0.1.50/32']);
      expect(await rulesOf(guest)).toEqual(['5200: eth1']);
    },
  },
  {
    title: 'a restore that arrives late is refused, because a younger one has run',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      expect(await ask(guest, 'restore', { order: '1767607200500' })).toMatchObject({ verdict: 'ok' });
      expect(await ask(guest, 'restore', { on: eth0, order: '1767607200499' })).toMatchObject({
        exitCode: 75,
        verdict: 'could-not-look',
        why: 'superseded',
        changed: false,
      });
      expect(await placesOf(guest)).toEqual(['eth1 10.0.1.50/32']);
      expect(await ask(guest, 'restore', { order: '1767607200500' })).toMatchObject({ verdict: 'ok' });
      expect(await ask(guest, 'remove', { order: '1767607200501' })).toMatchObject({ verdict: 'ok' });
      expect(await placesOf(guest)).toEqual([]);
    },
  },
  {
    title: 'a second restore changes nothing',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, changed: false, why: 'verified' });
      expect(await rulesOf(guest)).toEqual(['5200: eth1']);
    },
  },
  {
    title: 'restore on the interface of the default route takes the address and its rule off the other',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      await guest.give(protectedAddress, 'eth0');
      const answer = { exitCode: 0, device: 'eth0', rule: 'not-needed', path: 'answered', why: 'verified' };
      expect(await ask(guest, 'restore', { on: eth0 })).toMatchObject(answer);
      expect(await placesOf(guest)).toEqual(['eth0 10.0.1.50/32']);
      expect(await rulesOf(guest)).toEqual([]);
    },
  },
  {
    title: 'restore removes every stale copy, whatever its prefix length',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(guest, 'ip addr add 10.0.1.50/24 dev eth0; ip addr add 10.0.1.50/32 dev lo');
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, elsewhere: null, why: 'verified' });
      expect(await placesOf(guest)).toEqual(['eth1 10.0.1.50/32']);
    },
  },
  {
    title: 'restore raises a link that was set down',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(guest, 'ip link set dev eth1 down');
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, link: 'up', why: 'verified' });
    },
  },
  {
    title: 'restore on a broken link takes the address off no other interface',
    holds: async (guest) => {
      await inService(guest, 'eth0');
      await guest.setLink('eth1', 'down');
      expect(await ask(guest, 'restore')).toMatchObject({ ...failed, why: 'no-carrier', changed: false });
      expect(await placesOf(guest)).toEqual(['eth0 10.0.1.50/32']);
    },
  },
  {
    title: 'restore waits for the link in whole seconds where sleep knows no fractions',
    holds: async (guest) => {
      await guest.setLink('eth1', 'down');
      const before = 'sleep() { case $1 in *.*) return 1 ;; esac; command sleep "$@"; }';
      expect(await ask(guest, 'restore', { before })).toMatchObject({ ...failed, why: 'no-carrier' });
    },
  },
  {
    title: 'restore on an interface that is not there changes nothing',
    holds: async (guest) => {
      await inService(guest, 'eth0');
      const answer = {
        ...failed,
        device: null,
        link: 'absent',
        os: 'elsewhere',
        elsewhere: 'eth0',
        changed: false,
      };
      expect(await ask(guest, 'restore', { on: '02:00:00:00:00:0c' })).toMatchObject({
        ...answer,
        why: 'interface-absent',
      });
      expect(await placesOf(guest)).toEqual(['eth0 10.0.1.50/32']);
    },
  },
  {
    title: 'restore makes the rule on eth1 even while eth1 has the default route because eth0 is down',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(guest, 'ip link set dev eth0 down');
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, rule: 'present', why: 'verified' });
      await done(
        guest,
        'ip link set dev eth0 up && ip route replace default via 10.0.1.1 dev eth0 proto dhcp metric 512',
      );
      expect(await ask(guest, 'verify')).toMatchObject({ exitCode: 0, why: 'verified' });
    },
  },
  {
    title: 'restore overrules a rule that somebody else left behind',
    holds: async (guest) => {
      await done(
        guest,
        'ip addr add 10.0.1.50/32 dev eth0; ip rule add from 10.0.1.50 lookup 10001 priority 10001',
      );
      await guest.give(protectedAddress, 'eth0');
      expect(await ask(guest, 'verify', { on: eth0 })).toMatchObject({ ...failed, why: 'rule-absent' });
      expect(await ask(guest, 'restore', { on: eth0 })).toMatchObject({ exitCode: 0, why: 'verified' });
      expect(await rulesOf(guest)).toEqual(['5200: eth0', '10001: eth1']);
    },
  },
  {
    title: 'restore replaces a rule of ours that leads to a table of the past',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(guest, 'ip rule add from 10.0.1.50 lookup 520099 priority 5200');
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, why: 'verified' });
      expect(await rulesOf(guest)).toEqual(['5200: eth1']);
    },
  },
  {
    title: 'restore brings back the routes that a link takes along when it goes down',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      await done(guest, 'ip link set dev eth1 down; ip link set dev eth1 up');
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, why: 'rule-absent' });
      expect(await ask(guest, 'restore')).toMatchObject({ exitCode: 0, why: 'verified' });
      expect(await rulesOf(guest)).toEqual(['5200: eth1']);
    },
  },
  // ---- remove
  {
    title: 'remove takes the address and its rule off the interface',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      expect(await ask(guest, 'remove')).toMatchObject({
        exitCode: 0,
        os: 'absent',
        why: 'removed',
        changed: true,
      });
      expect(await placesOf(guest)).toEqual([]);
      expect(await rulesOf(guest)).toEqual([]);
      expect(await ask(guest, 'remove')).toMatchObject({ exitCode: 0, why: 'removed', changed: false });
    },
  },
  {
    title: 'remove leaves the address and its rule on the other interface alone',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      await done(guest, 'ip addr add 10.0.1.50/32 dev eth0');
      expect(await ask(guest, 'remove', { on: eth0 })).toMatchObject({
        exitCode: 0,
        os: 'elsewhere',
        why: 'removed',
      });
      expect(await placesOf(guest)).toEqual(['eth1 10.0.1.50/32']);
      expect(await rulesOf(guest)).toEqual(['5200: eth1']);
    },
  },
  {
    title: 'remove from an interface that is not there is done',
    holds: async (guest) => {
      const answer = { exitCode: 0, device: null, verdict: 'ok', why: 'removed', changed: false };
      expect(await ask(guest, 'remove', { on: '02:00:00:00:00:0c' })).toMatchObject(answer);
    },
  },
  // ---- verify and status
  {
    title: 'verify fails while the address is nowhere on the host, and adds nothing',
    holds: async (guest) => {
      expect(await ask(guest, 'verify')).toMatchObject({
        ...failed,
        os: 'absent',
        path: 'not-asked',
        changed: false,
      });
      expect(await placesOf(guest)).toEqual([]);
    },
  },
  {
    title: 'verify fails while the address is on the wrong interface',
    holds: async (guest) => {
      await done(guest, 'ip addr add 10.0.1.50/32 dev eth0');
      const answer = { os: 'elsewhere', elsewhere: 'eth0', why: 'address-elsewhere' };
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, ...answer });
    },
  },
  {
    title: 'verify fails while a second copy is on another interface',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      await done(guest, 'ip addr add 10.0.1.50/32 dev eth0');
      const answer = { os: 'here', elsewhere: 'eth0', why: 'address-elsewhere' };
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, ...answer });
    },
  },
  {
    title: 'verify fails without a rule on the second interface, and no reply comes back then',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(guest, 'ip addr add 10.0.1.50/32 dev eth1');
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, path: 'unanswered', why: 'rule-absent' });
    },
  },
  {
    title: 'verify takes the rule that Amazon Linux makes by itself for good',
    holds: async (guest) => {
      await guest.give(protectedAddress, 'eth1');
      await done(
        guest,
        'ip addr add 10.0.1.50/32 dev eth1; ip rule add from 10.0.1.50 lookup 10001 priority 10001',
      );
      expect(await ask(guest, 'verify')).toMatchObject({ exitCode: 0, rule: 'present', why: 'verified' });
    },
  },
  {
    title: 'verify fails while the VPC sends the address to nobody',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      await guest.give(protectedAddress, 'nobody');
      expect(await ask(guest, 'verify')).toMatchObject({
        ...failed,
        path: 'unanswered',
        witness: 'answered',
        why: 'path-unanswered',
      });
    },
  },
  {
    title: 'verify has no witness against the path when no address of the host gets an answer',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      expect(await ask(guest, 'verify', { ping: '10.0.1.77' })).toMatchObject({
        ...failed,
        path: 'unanswered',
        witness: 'silent',
      });
    },
  },
  {
    title: 'verify takes the first answer of the list',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      expect(await ask(guest, 'verify', { ping: `10.0.1.77,${peer}` })).toMatchObject({ path: 'answered' });
    },
  },
  {
    title: 'verify asks three times at most, so a fourth target is not reached',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      const ping = `10.0.1.77,10.0.1.78,10.0.1.79,${peer}`;
      expect(await ask(guest, 'verify', { ping })).toMatchObject({ ...failed, path: 'unanswered' });
    },
  },
  {
    title: 'verify is done without a path when there is no target, only own addresses, or no ping',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      const answer = { exitCode: 0, path: 'not-asked', verdict: 'ok', why: 'verified-without-path' };
      expect(await ask(guest, 'verify', { ping: 'none' })).toMatchObject(answer);
      expect(await ask(guest, 'verify', { ping: `10.0.1.10,10.0.1.11,${protectedAddress}` })).toMatchObject(
        answer,
      );
      expect(await ask(guest, 'verify', { before: 'command() { return 127; }' })).toMatchObject(answer);
    },
  },
  {
    title: 'verify takes an unreachable network for no answer, and trouble of ping itself for no evidence',
    holds: async (guest) => {
      await inService(guest, 'eth1');
      const unreachable = 'ping() { echo "ping: connect: Network is unreachable"; return 2; }';
      expect(await ask(guest, 'verify', { before: unreachable })).toMatchObject({
        ...failed,
        why: 'path-unanswered',
      });
      const forbidden = 'ping() { echo "ping: socket: Operation not permitted"; return 2; }';
      const answer = { exitCode: 0, path: 'not-asked', why: 'verified-without-path' };
      expect(await ask(guest, 'verify', { before: forbidden })).toMatchObject(answer);
    },
  },
  {
    title: 'status exits 0 whatever it sees',
    holds: async (guest) => {
      expect(await ask(guest, 'status')).toMatchObject({
        exitCode: 0,
        verdict: 'failed',
        why: 'address-absent',
      });
      expect(await ask(guest, 'status', { on: '02:00:00:00:00:0c' })).toMatchObject({
        exitCode: 0,
        why: 'interface-absent',
      });
    },
  },
  {
    title: 'a link that was set down is told from one without a carrier',
    holds: async (guest) => {
      await guest.setLink('eth1', 'down');
      expect(await ask(guest, 'status')).toMatchObject({ exitCode: 0, link: 'down', why: 'no-carrier' });
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, link: 'down', why: 'no-carrier' });
      await done(guest, 'ip link set dev eth1 down');
      expect(await ask(guest, 'status')).toMatchObject({ exitCode: 0, link: 'down', why: 'link-down' });
      expect(await ask(guest, 'verify')).toMatchObject({ ...failed, link: 'down', why: 'link-down' });
    },
  },
  ...['link show', 'addr show', 'rule show', 'route show'].map((listing) => ({
    title: `a look that fails at ${listing} is no verdict on the address`,
    holds: async (guest: Guest) => {
      const before = `ip() { case "$*" in *'${listing}'*) return 1 ;; esac; command ip "$@"; }`;
      const answer = { exitCode: 75, verdict: 'could-not-look', why: 'could-not-look', changed: false };
      for (const action of ['restore', 'remove', 'verify', 'status'] as const)
        expect(await ask(guest, action, { before })).toMatchObject(answer);
      expect(await placesOf(guest)).toEqual([]);
    },
  })),
];
