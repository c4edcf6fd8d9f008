#!/bin/sh
# Puts one protected address in service on one interface of this host, takes it off, or looks.
#
# Success is what a second look sees, never what a command returned: every action ends by looking again, and the last
# line on stdout is that look: `HOLDFAST {json}`. EC2 is not asked and not changed here.
# Runs under dash, bash and busybox with iproute2 alone, and in a model shell: so no trap, local, [[ ]], negated bracket
# expression, grep or sed.
#
#   secondary  a private IPv4 address of the interface's subnet: put on the device and taken off it
#   ipv6       the same with an IPv6 address, in an IPv6 subnet
#   overlay    the same with an IPv4 address outside of the VPC, which routes lead to the interface
#   elastic    the interface's own primary private address, which a public one is associated with. It belongs to the
#              OS: it is never added and never deleted here; link, rule and path alone are looked after
#
# Its parts are joined by address-script.ts: restore and remove here, look.sh, path.sh, lock.sh, answer.sh, input.sh and
# ipv6.sh, which the agent has too; order.sh, where it begins, and neighbours.sh.
set -u
set -f
LC_ALL=C # [0-9] means ten characters in no other locale, and ping's words are read
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin

# Our own rules and tables, clear of the others on EC2: amazon-vpc-cni-k8s has rule priorities 512-1536, cloud-init
# tables 100+, amazon-ec2-net-utils priorities and tables 10000+. A lower priority is asked first.
RULE_PRIORITY=5200
TABLE_BASE=520000 # + the interface's index: one table per interface, shared by its addresses

# Bounds. Together with the listings, and the wait for the lock, they stay below 13 s.
LINK_WAIT_TENTHS=30
PING_TRIES=3
PING_WAIT_S=1
WITNESS_TRIES=3
NAMELESS_TENTHS=10 # a lock without an owner's name: somebody died within the moment that this takes

# What does not outlive a boot: the lock, and who has placed an address last.
run=${HOLDFAST_RUN:-/run/holdfast}
root=${HOLDFAST_ROOT-} # in front of /etc, /usr and /proc/sys, for tests

newline='
'
blanks=" 	$newline"

# Of the address at hand: see set_mechanism. `families` are those that the kernel is asked about.
mechanism=secondary family=4 families=4

# The target is checked before anything is taken away elsewhere: an absent or dead interface changes nothing.
restore() {
  [ -n "$device" ] || return 0
  raise_link || return 0
  if [ "$mechanism" = elastic ]; then
    [ "$os" = here ] || return 0
  else
    delete_where other
    put_on || return 0
  fi
  route_replies
}

# An address of IPv6 is in use at once, without a search for duplicates: EC2 alone says who has it. It is not preferred:
# else the kernel would take it as the source of whatever this host begins, and lose those connections when it moves.
# One that somebody has added otherwise, and that still waits for that search or has failed it, is of no use as it is.
put_on() {
  if [ "$family" = 6 ]; then
    [ "$os" != here ] || return 0
    delete_where here
    change ip -6 addr replace "$address/128" dev "$device" nodad preferred_lft 0
    return
  fi
  [ "$os" = here ] || change ip addr replace "$address/32" dev "$device" || return 1
  tune "net/ipv4/conf/$device/arp_ignore" 1
  tune "net/ipv4/conf/$device/arp_announce" 2
}

# So that an interface answers and asks for its own addresses only: Linux answers for all of them by any.
# https://docs.kernel.org/networking/ip-sysctl.html
tune() { # setting, value; where it cannot be set it is left alone
  [ -w "$root/proc/sys/$1" ] || return 0
  read_setting "$1"
  [ "$setting" != "$2" ] || return 0
  say "+ $1 = $2"
  if { printf '%s\n' "$2" >"$root/proc/sys/$1"; } 2>/dev/null; then changed=true; fi
}

read_setting() { # sets `setting`, '' when it is not there
  setting=''
  { read -r setting <"$root/proc/sys/$1"; } 2>/dev/null
}

raise_link() {
  [ "$link" = down ] || return 0
  [ "$admin" = up ] || change ip link set dev "$device" up
  waited=0
  while [ "$waited" -lt "$LINK_WAIT_TENTHS" ]; do
    read_links
    if [ "$link" = up ] && has_router; then return; fi
    pause
  done
  read_links
  [ "$link" = up ]
}

# A link that comes up has no router of IPv6 yet: that one says itself who it is, after a moment.
has_router() {
  [ "$family" = 6 ] || return 0
  list_defaults 6 || could_not_look "$listing"
  find_router
}

pause() { # counts in `waited`
  if sleep 0.2 2>/dev/null; then waited=$((waited + 2)); else
    sleep 1
    waited=$((waited + 10))
  fi
}

# A reply must leave by the interface that owns its source: EC2 drops it anywhere else. On the interface of the main
# default route it does so by itself, unless somebody's rule sends this address elsewhere: amazon-ec2-net-utils leaves
# one for up to 65 s after an address has moved (https://github.com/amazonlinux/amazon-ec2-net-utils). Only the first
# interface is trusted to keep the default route: another has it just as long as the first is down. Of IPv6 none is:
# every interface takes one from the router, and their metrics may be the same.
# Tests: `makes the rule on eth1 even while ...`, `overrules a rule that somebody else left behind`.
route_replies() {
  table=$((TABLE_BASE + index))
  default_of main
  if [ "$family,$found,$first_device,$foreign_rule" = "4,$device,$device,no" ]; then
    delete_rules "$own_tables"
    return
  fi
  kept=no stale=''
  for each in $own_tables; do
    if [ "$each" = "$table" ] && [ "$kept" = no ]; then kept=yes; else stale="$stale $each"; fi
  done
  default_of "$table"
  router=$gateway
  [ "$family" = 4 ] || find_router || say "no router of IPv6 has made itself known on $device"
  case $kept,$router,"$found $found_via" in
    *",$router,$device $router" | yes,,*) ;;
    *)
      change ip "-$family" route replace "$HOLDFAST_SUBNET" dev "$device" table "$table"
      [ -z "$router" ] || change ip "-$family" route replace default via "$router" dev "$device" table "$table"
      ;;
  esac
  delete_rules "$stale"
  [ "$kept" = yes ] || change ip "-$family" rule add from "$address" lookup "$table" priority "$RULE_PRIORITY"
}

# Never touches another interface: the address may already be in service there.
remove() {
  if [ -n "$device" ] && [ "$mechanism" != elastic ]; then delete_where here; fi
  if [ -z "$elsewhere" ] || [ "$mechanism" = elastic ]; then
    delete_rules "$own_tables"
    return
  fi
  own_table=$((TABLE_BASE + index)) stale=''
  for each in $own_tables; do
    [ "$each" != "$own_table" ] || stale="$stale $each"
  done
  delete_rules "$stale"
}

# shellcheck disable=SC2086 # a line is split into its words on purpose, here and below
delete_where() { # here | other
  IFS=$newline
  for each in $addresses; do
    IFS=$blanks
    set -- "$1" $each
    [ "${5%/*}" = "$address" ] || continue
    if [ "$3" = "$device" ]; then where=here; else where=other; fi
    [ "$where" != "$1" ] || change ip addr del "$5" dev "$3"
  done
  IFS=$blanks
}

delete_rules() { # tables, one word each; a table named twice loses two rules
  for each in $1; do
    change ip "-$family" rule del from "$address" lookup "$each" priority "$RULE_PRIORITY"
  done
}

change() { # a command and its arguments
  say "+ $*"
  tool=$1
  shift
  if "$tool" "$@" >&2; then changed=true; else
    say "that was refused"
    return 1
  fi
}
