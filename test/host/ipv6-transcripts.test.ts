/**
 * What a guest of ipv6-lab.ts answers about IPv6, word for word: taken from iproute2 6.1 and iputils on Linux, and what
 * the model must say too. Left out: whether a link-local address still waits for its search for duplicates.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { startKernel6, startModel6 } from './ipv6-lab.ts';
import { type Guest, removeKernels } from './labs.ts';
import { noKernel, titled } from './shells.ts';
import { transcript } from './transcript.ts';
import type { Transcript } from './transcripts.ts';

const transcripts: readonly Transcript[] = [
  {
    title: 'addresses, twice, missing and not preferred',
    commands: [
      'ip -o -6 addr show',
      'ip -6 addr replace fd00:0:0:1::50/128 dev eth1 nodad preferred_lft 0',
      'ip -6 addr replace fd00:0:0:1::50/128 dev eth1 nodad preferred_lft 0',
      'ip -6 addr add fd00:0:0:1::50/64 dev eth1 nodad',
      'ip -6 addr add fd00:0:0:1::60/64 dev eth1 nodad',
      'ip -o addr show dev eth1',
      'ip -6 route show',
      'ip addr del fd00:0:0:1::50/128 dev eth1',
      'ip addr del fd00:0:0:1::50/128 dev eth1',
      'ip -6 addr del fd00:0:0:1::60/64 dev eth1',
      'ip -6 route show',
      'ip -6 addr del fd00:0:0:1::11/64 dev eth1',
      'ip -6 route show',
      'ip -6 addr add bogus dev eth1',
      'ip -6 addr add 10.0.1.3/32 dev eth1',
      'ip -4 addr add fd00::3/128 dev eth1',
      'ip addr add fd00::3/999 dev eth1',
      'ip addr add fd00::3/128 dev eth9',
    ],
    expected: `
$ ip -o -6 addr show
1: lo    inet6 ::1/128 scope host \\       valid_lft forever preferred_lft forever
2: eth0    inet6 fd00:0:0:1::10/64 scope global nodad \\       valid_lft forever preferred_lft forever
2: eth0    inet6 fe80::ff:fe00:a/64 scope link \\       valid_lft forever preferred_lft forever
3: eth1    inet6 fd00:0:0:1::11/64 scope global nodad \\       valid_lft forever preferred_lft forever
3: eth1    inet6 fe80::ff:fe00:b/64 scope link \\       valid_lft forever preferred_lft forever
= 0
$ ip -6 addr replace fd00:0:0:1::50/128 dev eth1 nodad preferred_lft 0
= 0
$ ip -6 addr replace fd00:0:0:1::50/128 dev eth1 nodad preferred_lft 0
= 0
$ ip -6 addr add fd00:0:0:1::50/64 dev eth1 nodad
Error: ipv6: address already assigned.
= 2
$ ip -6 addr add fd00:0:0:1::60/64 dev eth1 nodad
= 0
$ ip -o addr show dev eth1
3: eth1    inet 10.0.1.11/24 metric 513 brd 10.0.1.255 scope global eth1\\       valid_lft forever preferred_lft forever
3: eth1    inet6 fd00:0:0:1::60/64 scope global nodad \\       valid_lft forever preferred_lft forever
3: eth1    inet6 fd00:0:0:1::50/128 scope global nodad deprecated \\       valid_lft forever preferred_lft 0sec
3: eth1    inet6 fd00:0:0:1::11/64 scope global nodad \\       valid_lft forever preferred_lft forever
3: eth1    inet6 fe80::ff:fe00:b/64 scope link \\       valid_lft forever preferred_lft forever
= 0
$ ip -6 route show
fd00:0:0:1::50 dev eth1 proto kernel metric 256 pref medium
fd00:0:0:1::/64 dev eth0 proto kernel metric 256 pref medium
fd00:0:0:1::/64 dev eth1 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth1 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::1 dev eth1 proto ra metric 513 pref medium
= 0
$ ip addr del fd00:0:0:1::50/128 dev eth1
= 0
$ ip addr del fd00:0:0:1::50/128 dev eth1
Error: ipv6: address not found.
= 2
$ ip -6 addr del fd00:0:0:1::60/64 dev eth1
= 0
$ ip -6 route show
fd00:0:0:1::/64 dev eth0 proto kernel metric 256 pref medium
fd00:0:0:1::/64 dev eth1 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth1 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::1 dev eth1 proto ra metric 513 pref medium
= 0
$ ip -6 addr del fd00:0:0:1::11/64 dev eth1
= 0
$ ip -6 route show
fd00:0:0:1::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth1 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::1 dev eth1 proto ra metric 513 pref medium
= 0
$ ip -6 addr add bogus dev eth1
Error: inet6 prefix is expected rather than "bogus".
= 1
$ ip -6 addr add 10.0.1.3/32 dev eth1
Error: inet6 prefix is expected rather than "10.0.1.3/32".
= 1
$ ip -4 addr add fd00::3/128 dev eth1
Error: inet prefix is expected rather than "fd00::3/128".
= 1
$ ip addr add fd00::3/999 dev eth1
Error: any valid prefix is expected rather than "fd00::3/999".
= 1
$ ip addr add fd00::3/128 dev eth9
Cannot find device "eth9"
= 1
`,
  },
  {
    title: 'rules',
    commands: [
      'ip -6 rule show',
      'ip -6 rule add from fd00:0:0:1::50 lookup 520003 priority 5200',
      'ip -6 rule add from fd00:0:0:1::50 lookup 520003 priority 5200',
      'ip -6 rule show',
      'ip -4 rule show',
      'ip -6 route show table 520003',
      'ip -6 route show table 520005',
      'ip -6 rule add from bogus lookup 520003 priority 5200',
      'ip -6 rule del from fd00:0:0:1::50 lookup 520003 priority 5200',
      'ip -6 rule del from fd00:0:0:1::50 lookup 520003 priority 5200',
    ],
    expected: `
$ ip -6 rule show
0:	from all lookup local
32766:	from all lookup main
= 0
$ ip -6 rule add from fd00:0:0:1::50 lookup 520003 priority 5200
= 0
$ ip -6 rule add from fd00:0:0:1::50 lookup 520003 priority 5200
RTNETLINK answers: File exists
= 2
$ ip -6 rule show
0:	from all lookup local
5200:	from fd00:0:0:1::50 lookup 520003
32766:	from all lookup main
= 0
$ ip -4 rule show
0:	from all lookup local
10001:	from 10.0.1.11 lookup 10001
32766:	from all lookup main
32767:	from all lookup default
= 0
$ ip -6 route show table 520003
= 0
$ ip -6 route show table 520005
Error: ipv6: FIB table does not exist.
Dump terminated
= 2
$ ip -6 rule add from bogus lookup 520003 priority 5200
Error: inet6 prefix is expected rather than "bogus".
= 1
$ ip -6 rule del from fd00:0:0:1::50 lookup 520003 priority 5200
= 0
$ ip -6 rule del from fd00:0:0:1::50 lookup 520003 priority 5200
RTNETLINK answers: No such file or directory
= 2
`,
  },
  {
    title: 'routes, and what a link takes along',
    commands: [
      'ip -6 route show table all default',
      'ip -6 route show table 520003',
      'ip -6 route replace fd00:0:0:1::/64 dev eth1 table 520003',
      'ip -6 route replace default via fe80::1 dev eth1 table 520003',
      'ip -6 route replace default via fe80::1 dev eth1 table 520003',
      'ip -6 route add default via fe80::1 dev eth1 table 520003',
      'ip -6 route show table 520003',
      'ip -6 route show table all default',
      'ip -6 route add default via fd01::9 dev eth1 table 520004',
      'ip -6 route add default via bogus dev eth1',
      'ip -6 route replace default via fe80::2 dev eth1 proto ra metric 513',
      'ip -6 route show default',
      'ip -6 route del default dev eth1',
      'ip -6 route del default dev eth1',
      'ip -6 route show default',
      'ip link set dev eth1 down',
      'ip -o -6 addr show dev eth1',
      'ip -6 route show table 520003',
      'ip -6 route replace default via fe80::1 dev eth1 table 520003',
      'ip -6 route show',
      'ip -6 route flush table 520003',
    ],
    expected: `
$ ip -6 route show table all default
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::1 dev eth1 proto ra metric 513 pref medium
= 0
$ ip -6 route show table 520003
Error: ipv6: FIB table does not exist.
Dump terminated
= 2
$ ip -6 route replace fd00:0:0:1::/64 dev eth1 table 520003
= 0
$ ip -6 route replace default via fe80::1 dev eth1 table 520003
= 0
$ ip -6 route replace default via fe80::1 dev eth1 table 520003
= 0
$ ip -6 route add default via fe80::1 dev eth1 table 520003
RTNETLINK answers: File exists
= 2
$ ip -6 route show table 520003
fd00:0:0:1::/64 dev eth1 metric 1024 pref medium
default via fe80::1 dev eth1 metric 1024 pref medium
= 0
$ ip -6 route show table all default
default via fe80::1 dev eth1 table 520003 metric 1024 pref medium
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::1 dev eth1 proto ra metric 513 pref medium
= 0
$ ip -6 route add default via fd01::9 dev eth1 table 520004
RTNETLINK answers: No route to host
= 2
$ ip -6 route add default via bogus dev eth1
Error: inet6 address is expected rather than "bogus".
= 1
$ ip -6 route replace default via fe80::2 dev eth1 proto ra metric 513
= 0
$ ip -6 route show default
default via fe80::1 dev eth0 proto ra metric 512 pref medium
default via fe80::2 dev eth1 proto ra metric 513 pref medium
= 0
$ ip -6 route del default dev eth1
= 0
$ ip -6 route del default dev eth1
RTNETLINK answers: No such process
= 2
$ ip -6 route show default
default via fe80::1 dev eth0 proto ra metric 512 pref medium
= 0
$ ip link set dev eth1 down
= 0
$ ip -o -6 addr show dev eth1
= 0
$ ip -6 route show table 520003
= 0
$ ip -6 route replace default via fe80::1 dev eth1 table 520003
Error: Nexthop device is not up.
= 2
$ ip -6 route show
fd00:0:0:1::/64 dev eth0 proto kernel metric 256 pref medium
fe80::/64 dev eth0 proto kernel metric 256 pref medium
default via fe80::1 dev eth0 proto ra metric 512 pref medium
= 0
$ ip -6 route flush table 520003
= 0
`,
  },
  {
    title: 'pings',
    commands: [
      'ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::100',
      'ping -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::100',
      'ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::11',
      'ping -6 -n -c 1 -W 1 -I fd00:0:0:1::77 fd00:0:0:1::100',
      'ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::99',
      'ping -6 -c 1',
    ],
    expected: `
$ ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::100
PING fd00:0:0:1::100(fd00:0:0:1::100) from fd00:0:0:1::10 : 56 data bytes
64 bytes from fd00:0:0:1::100: icmp_seq=1 ttl=64 time=T ms

--- fd00:0:0:1::100 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time Tms
rtt min/avg/max/mdev = T ms
= 0
$ ping -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::100
PING fd00:0:0:1::100(fd00:0:0:1::100) from fd00:0:0:1::10 : 56 data bytes
64 bytes from fd00:0:0:1::100: icmp_seq=1 ttl=64 time=T ms

--- fd00:0:0:1::100 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time Tms
rtt min/avg/max/mdev = T ms
= 0
$ ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::11
PING fd00:0:0:1::11(fd00:0:0:1::11) from fd00:0:0:1::10 : 56 data bytes
64 bytes from fd00:0:0:1::11: icmp_seq=1 ttl=64 time=T ms

--- fd00:0:0:1::11 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time Tms
rtt min/avg/max/mdev = T ms
= 0
$ ping -6 -n -c 1 -W 1 -I fd00:0:0:1::77 fd00:0:0:1::100
ping: bind icmp socket: Cannot assign requested address
= 2
$ ping -6 -n -c 1 -W 1 -I fd00:0:0:1::10 fd00:0:0:1::99
PING fd00:0:0:1::99(fd00:0:0:1::99) from fd00:0:0:1::10 : 56 data bytes

--- fd00:0:0:1::99 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time Tms

= 1
$ ping -6 -c 1
ping: usage error: Destination address required
= 1
`,
  },
];

afterAll(removeKernels);

describe('ip and ping say the same of IPv6', () => {
  const version = spawnSync('ip', ['-V'], { encoding: 'utf8' }).stdout ?? '';
  const reason =
    noKernel ?? (version.includes('iproute2-6') ? undefined : 'these are the words of iproute2 6');

  async function said(guest: Guest, commands: readonly string[]): Promise<string> {
    try {
      return (await transcript(guest, commands)).replaceAll(' tentative', '');
    } finally {
      await guest.dispose();
    }
  }

  for (const { title, commands, expected } of transcripts) {
    test.skipIf(reason !== undefined)(titled(`on a real kernel: ${title}`, reason), async () => {
      expect(await said(await startKernel6(['sh']), commands)).toBe(expected);
    });

    test(`on the model: ${title}`, async () => {
      expect(await said(await startModel6(), commands)).toBe(expected);
    });
  }
});
