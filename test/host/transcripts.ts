/**
 * What a guest of labs.ts answers, word for word: taken from iproute2 6.1 and iputils on Linux, and what the model must
 * say too. Left out: peers of veth devices, mtu and queueing, measured times, blanks at the end of a line.
 */
export interface Transcript {
  readonly title: string;
  readonly commands: readonly string[];
  readonly expected: string;
}

export const transcripts: readonly Transcript[] = [
  {
    title: 'links, up, down and absent',
    commands: [
      'ip -o link show',
      'ip -o link show dev eth9',
      'ip link set dev eth1 down',
      'ip -o link show dev eth1',
      'ip -o -4 addr show dev eth1',
      'ip -4 route show',
      'ip link set dev eth1 up',
      'ip link set dev eth9 up',
    ],
    expected: `
$ ip -o link show
1: lo: <LOOPBACK,UP,LOWER_UP> mtu M qdisc Q state UNKNOWN mode DEFAULT group default qlen 1000\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00
2: eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu M qdisc Q state UP mode DEFAULT group default qlen 1000\\    link/ether 02:00:00:00:00:0a brd ff:ff:ff:ff:ff:ff
3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu M qdisc Q state UP mode DEFAULT group default qlen 1000\\    link/ether 02:00:00:00:00:0b brd ff:ff:ff:ff:ff:ff
= 0
$ ip -o link show dev eth9
Device "eth9" does not exist.
= 1
$ ip link set dev eth1 down
= 0
$ ip -o link show dev eth1
3: eth1: <BROADCAST,MULTICAST> mtu M qdisc Q state DOWN mode DEFAULT group default qlen 1000\\    link/ether 02:00:00:00:00:0b brd ff:ff:ff:ff:ff:ff
= 0
$ ip -o -4 addr show dev eth1
3: eth1    inet 10.0.1.11/24 metric 513 brd 10.0.1.255 scope global eth1\\       valid_lft forever preferred_lft forever
= 0
$ ip -4 route show
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512
= 0
$ ip link set dev eth1 up
= 0
$ ip link set dev eth9 up
Cannot find device "eth9"
= 1
`,
  },
  {
    title: 'addresses, twice, missing and secondary',
    commands: [
      'ip -o -4 addr show',
      'ip addr add 10.0.1.50/32 dev eth1',
      'ip addr add 10.0.1.50/32 dev eth1',
      'ip addr replace 10.0.1.50/32 dev eth1',
      'ip addr add 10.0.1.60/24 dev eth1',
      'ip -o -4 addr show dev eth1',
      'ip -4 route show',
      'ip addr del 10.0.1.77/32 dev eth1',
      'ip addr del 10.0.1.50/24 dev eth1',
      'ip addr del 10.0.1.11/24 dev eth1',
      'ip -o -4 addr show dev eth1',
      'ip -4 route show',
      'ip addr add 10.0.1.50/32 dev eth9',
      'ip addr add bogus dev eth1',
      'ip addr add 10.0.1.3/99 dev eth1',
      'ip -o addr show dev eth9',
    ],
    expected: `
$ ip -o -4 addr show
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 10.0.1.10/24 metric 512 brd 10.0.1.255 scope global eth0\\       valid_lft forever preferred_lft forever
3: eth1    inet 10.0.1.11/24 metric 513 brd 10.0.1.255 scope global eth1\\       valid_lft forever preferred_lft forever
= 0
$ ip addr add 10.0.1.50/32 dev eth1
= 0
$ ip addr add 10.0.1.50/32 dev eth1
Error: ipv4: Address already assigned.
= 2
$ ip addr replace 10.0.1.50/32 dev eth1
= 0
$ ip addr add 10.0.1.60/24 dev eth1
= 0
$ ip -o -4 addr show dev eth1
3: eth1    inet 10.0.1.11/24 metric 513 brd 10.0.1.255 scope global eth1\\       valid_lft forever preferred_lft forever
3: eth1    inet 10.0.1.50/32 scope global eth1\\       valid_lft forever preferred_lft forever
3: eth1    inet 10.0.1.60/24 scope global secondary eth1\\       valid_lft forever preferred_lft forever
= 0
$ ip -4 route show
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512
10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 513
= 0
$ ip addr del 10.0.1.77/32 dev eth1
Error: ipv4: Address not found.
= 2
$ ip addr del 10.0.1.50/24 dev eth1
Error: ipv4: Address not found.
= 2
$ ip addr del 10.0.1.11/24 dev eth1
= 0
$ ip -o -4 addr show dev eth1
3: eth1    inet 10.0.1.50/32 scope global eth1\\       valid_lft forever preferred_lft forever
3: eth1    inet 10.0.1.60/24 scope global eth1\\       valid_lft forever preferred_lft forever
= 0
$ ip -4 route show
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.60
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512
= 0
$ ip addr add 10.0.1.50/32 dev eth9
Cannot find device "eth9"
= 1
$ ip addr add bogus dev eth1
Error: any valid prefix is expected rather than "bogus".
= 1
$ ip addr add 10.0.1.3/99 dev eth1
Error: any valid prefix is expected rather than "10.0.1.3/99".
= 1
$ ip -o addr show dev eth9
Device "eth9" does not exist.
= 1
`,
  },
  {
    title: 'rules, twice and missing',
    commands: [
      'ip -4 rule show',
      'ip rule add from 10.0.1.50 lookup 520003 priority 5200',
      'ip -4 rule add from 10.0.1.50 lookup 520003 priority 5200',
      'ip rule add from 10.0.1.50 lookup 520004 priority 5200',
      'ip rule add from 10.0.1.51 lookup main priority 5200',
      'ip -4 rule show',
      'ip -4 rule del from 10.0.1.50 lookup 520004 priority 5200',
      'ip rule del from 10.0.1.52 priority 5200',
      'ip rule del priority 5201',
      'ip -4 rule show',
    ],
    expected: `
$ ip -4 rule show
0:	from all lookup local
10001:	from 10.0.1.11 lookup 10001
32766:	from all lookup main
32767:	from all lookup default
= 0
$ ip rule add from 10.0.1.50 lookup 520003 priority 5200
= 0
$ ip -4 rule add from 10.0.1.50 lookup 520003 priority 5200
RTNETLINK answers: File exists
= 2
$ ip rule add from 10.0.1.50 lookup 520004 priority 5200
= 0
$ ip rule add from 10.0.1.51 lookup main priority 5200
= 0
$ ip -4 rule show
0:	from all lookup local
5200:	from 10.0.1.50 lookup 520003
5200:	from 10.0.1.50 lookup 520004
5200:	from 10.0.1.51 lookup main
10001:	from 10.0.1.11 lookup 10001
32766:	from all lookup main
32767:	from all lookup default
= 0
$ ip -4 rule del from 10.0.1.50 lookup 520004 priority 5200
= 0
$ ip rule del from 10.0.1.52 priority 5200
RTNETLINK answers: No such file or directory
= 2
$ ip rule del priority 5201
RTNETLINK answers: No such file or directory
= 2
$ ip -4 rule show
0:	from all lookup local
5200:	from 10.0.1.50 lookup 520003
5200:	from 10.0.1.51 lookup main
10001:	from 10.0.1.11 lookup 10001
32766:	from all lookup main
32767:	from all lookup default
= 0
`,
  },
  {
    title: 'routes of the main table and of others',
    commands: [
      'ip -4 route show',
      'ip -4 route show table all default',
      'ip -4 route show table 520003',
      'ip -4 route replace 10.0.1.0/24 dev eth1 table 520003',
      'ip -4 route replace default via 10.0.1.1 dev eth1 table 520003',
      'ip -4 route replace default via 10.0.1.1 dev eth1 table 520003',
      'ip -4 route add default via 10.0.1.1 dev eth1 table 520003',
      'ip -4 route show table 520003',
      'ip -4 route show default',
      'ip route add default via 10.9.9.9 dev eth1 table 520003',
      'ip route add 10.0.5.0/24 dev eth9',
      'ip route del 10.0.7.0/24',
      'ip route flush table 520003',
      'ip route flush table 520003',
      'ip route del default',
      'ip -4 route show default',
      'ip link set dev eth1 down',
      'ip route add default via 10.0.1.1 dev eth1 table 520003',
    ],
    expected: `
$ ip -4 route show
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513
10.0.1.0/24 dev eth0 proto kernel scope link src 10.0.1.10 metric 512
10.0.1.0/24 dev eth1 proto kernel scope link src 10.0.1.11 metric 513
= 0
$ ip -4 route show table all default
default via 10.0.1.1 dev eth1 table 10001 proto static
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513
= 0
$ ip -4 route show table 520003
Error: ipv4: FIB table does not exist.
Dump terminated
= 2
$ ip -4 route replace 10.0.1.0/24 dev eth1 table 520003
= 0
$ ip -4 route replace default via 10.0.1.1 dev eth1 table 520003
= 0
$ ip -4 route replace default via 10.0.1.1 dev eth1 table 520003
= 0
$ ip -4 route add default via 10.0.1.1 dev eth1 table 520003
RTNETLINK answers: File exists
= 2
$ ip -4 route show table 520003
default via 10.0.1.1 dev eth1
10.0.1.0/24 dev eth1 scope link
= 0
$ ip -4 route show default
default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513
= 0
$ ip route add default via 10.9.9.9 dev eth1 table 520003
Error: Nexthop has invalid gateway.
= 2
$ ip route add 10.0.5.0/24 dev eth9
Cannot find device "eth9"
= 1
$ ip route del 10.0.7.0/24
RTNETLINK answers: No such process
= 2
$ ip route flush table 520003
= 0
$ ip route flush table 520003
= 0
$ ip route del default
= 0
$ ip -4 route show default
default via 10.0.1.1 dev eth1 proto dhcp src 10.0.1.11 metric 513
= 0
$ ip link set dev eth1 down
= 0
$ ip route add default via 10.0.1.1 dev eth1 table 520003
Error: Nexthop has invalid gateway.
= 2
`,
  },
  {
    title: 'the way a packet takes',
    commands: [
      'ip addr add 10.0.1.50/32 dev eth1',
      'ip -o route get 192.0.2.1',
      'ip -o route get 10.0.1.9 from 10.0.1.50',
      'ip -o route get 192.0.2.1 from 10.0.1.50',
      'ip -o route get 192.0.2.1 from 10.0.1.11',
      'ip -o route get 192.0.2.1 from 10.0.1.99',
      'ip route del default',
      'ip route del default',
      'ip route get 192.0.2.1',
    ],
    expected: `
$ ip addr add 10.0.1.50/32 dev eth1
= 0
$ ip -o route get 192.0.2.1
192.0.2.1 via 10.0.1.1 dev eth0 src 10.0.1.10 uid 0 \\    cache
= 0
$ ip -o route get 10.0.1.9 from 10.0.1.50
10.0.1.9 from 10.0.1.50 dev eth0 uid 0 \\    cache
= 0
$ ip -o route get 192.0.2.1 from 10.0.1.50
192.0.2.1 from 10.0.1.50 via 10.0.1.1 dev eth0 uid 0 \\    cache
= 0
$ ip -o route get 192.0.2.1 from 10.0.1.11
192.0.2.1 from 10.0.1.11 via 10.0.1.1 dev eth1 table 10001 uid 0 \\    cache
= 0
$ ip -o route get 192.0.2.1 from 10.0.1.99
RTNETLINK answers: Network is unreachable
= 2
$ ip route del default
= 0
$ ip route del default
= 0
$ ip route get 192.0.2.1
RTNETLINK answers: Network is unreachable
= 2
`,
  },
  {
    title: 'words that nobody knows',
    commands: [
      'ip frob',
      'ip link set dev',
      'ip -o addr show dev',
      'ip route show table',
      'ip route add default via x',
      'ip -4 route show table bogus',
    ],
    expected: `
$ ip frob
Object "frob" is unknown, try "ip help".
= 1
$ ip link set dev
Command line is not complete. Try option "help"
= 255
$ ip -o addr show dev
Command line is not complete. Try option "help"
= 255
$ ip route show table
Command line is not complete. Try option "help"
= 255
$ ip route add default via x
Error: any valid address is expected rather than "x".
= 1
$ ip -4 route show table bogus
Error: argument "bogus" is wrong: table id value is invalid

= 255
`,
  },
  {
    title: 'pings',
    commands: [
      'ping -n -c 1 -W 1 -I 10.0.1.11 10.0.1.100',
      'ping -n -c 1 -W 1 -I 10.0.1.10 10.0.1.11',
      'ping -n -c 1 -W 1 -I 10.0.1.77 10.0.1.100',
      'ping -n -c 1 -W 1 -I 10.0.1.11 10.0.1.99',
      'ping -c 1',
      'ip route del default',
      'ip route del default',
      'ping -n -c 1 -W 1 -I 10.0.1.10 192.0.2.1',
    ],
    expected: `
$ ping -n -c 1 -W 1 -I 10.0.1.11 10.0.1.100
PING 10.0.1.100 (10.0.1.100) from 10.0.1.11 : 56(84) bytes of data.
64 bytes from 10.0.1.100: icmp_seq=1 ttl=64 time=T ms

--- 10.0.1.100 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time Tms
rtt min/avg/max/mdev = T ms
= 0
$ ping -n -c 1 -W 1 -I 10.0.1.10 10.0.1.11
PING 10.0.1.11 (10.0.1.11) from 10.0.1.10 : 56(84) bytes of data.
64 bytes from 10.0.1.11: icmp_seq=1 ttl=64 time=T ms

--- 10.0.1.11 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time Tms
rtt min/avg/max/mdev = T ms
= 0
$ ping -n -c 1 -W 1 -I 10.0.1.77 10.0.1.100
ping: bind: Cannot assign requested address
= 2
$ ping -n -c 1 -W 1 -I 10.0.1.11 10.0.1.99
PING 10.0.1.99 (10.0.1.99) from 10.0.1.11 : 56(84) bytes of data.

--- 10.0.1.99 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time Tms

= 1
$ ping -c 1
ping: usage error: Destination address required
= 1
$ ip route del default
= 0
$ ip route del default
= 0
$ ping -n -c 1 -W 1 -I 10.0.1.10 192.0.2.1
PING 192.0.2.1 (192.0.2.1) from 10.0.1.10 : 56(84) bytes of data.

--- 192.0.2.1 ping statistics ---
1 packets transmitted, 0 received, 100% packet loss, time Tms

= 1
`,
  },
];
