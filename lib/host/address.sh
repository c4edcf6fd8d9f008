#!/bin/sh
# Puts one protected address in service on one interface of this host, takes it off, or looks.
#
# Success is what a second look sees, never what a command returned: every action ends by looking again, and the last
# line on stdout is that look: `HOLDFAST {json}`. EC2 is not asked and not changed here.
# Runs under dash, bash and busybox with iproute2 alone, and in a model shell: so no trap, local, [[ ]], negated bracket
# expression, grep or sed.
set -u
set -f
LC_ALL=C # [0-9] means ten characters in no other locale, and ping's words are read
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin

# Our own rules and tables, clear of the others on EC2: amazon-vpc-cni-k8s has rule priorities 512-1536, cloud-init
# tables 100+, amazon-ec2-net-utils priorities and tables 10000+. A lower priority is asked first.
RULE_PRIORITY=5200
TABLE_BASE=520000 # + the interface's index: one table per interface, shared by its addresses

# Bounds. Together with the listings they stay below 12 s.
LINK_WAIT_TENTHS=30
PING_TRIES=3
PING_WAIT_S=1

newline='
'
blanks=" 	$newline"

main() {
  forget
  check_input
  look
  case $action in
    restore) restore ;;
    remove) remove ;;
  esac
  [ "$changed" = false ] || look
  [ "$action" = remove ] || ask_path
  conclude
}

# ---- The actions -----------------------------------------------------------------------------------------------------

# The target is checked before anything is taken away elsewhere: an absent or dead interface changes nothing.
restore() {
  [ -n "$device" ] || return 0
  raise_link || return 0
  delete_where other
  [ "$os" = here ] || change ip addr replace "$address/32" dev "$device" || return 0
  route_replies
}

raise_link() {
  [ "$link" = down ] || return 0
  [ "$admin" = up ] || change ip link set dev "$device" up
  waited=0
  while [ "$waited" -lt "$LINK_WAIT_TENTHS" ]; do
    read_links
    [ "$link" = down ] || return 0
    if sleep 0.2 2>/dev/null; then waited=$((waited + 2)); else
      sleep 1
      waited=$((waited + 10))
    fi
  done
  read_links
  [ "$link" = up ]
}

# A reply must leave by the interface that owns its source: EC2 drops it anywhere else. On the interface of the main
# default route it does so by itself, unless somebody's rule sends this address elsewhere: amazon-ec2-net-utils leaves
# one for up to 65 s after an address has moved (https://github.com/amazonlinux/amazon-ec2-net-utils). Only the first
# interface is trusted to keep the default route: another has it just as long as the first is down.
# Tests: `makes the rule on eth1 even while ...`, `overrules a rule that somebody else left behind`.
route_replies() {
  table=$((TABLE_BASE + index))
  default_of main
  if [ "$found" = "$device" ] && [ "$first_device" = "$device" ] && [ "$foreign_rule" = no ]; then
    delete_rules "$own_tables"
    return
  fi
  default_of "$table"
  if [ "$found" != "$device" ]; then
    change ip -4 route replace "$HOLDFAST_SUBNET" dev "$device" table "$table"
    change ip -4 route replace default via "$gateway" dev "$device" table "$table"
  fi
  kept=no stale=''
  for each in $own_tables; do
    if [ "$each" = "$table" ] && [ "$kept" = no ]; then kept=yes; else stale="$stale $each"; fi
  done
  delete_rules "$stale"
  [ "$kept" = yes ] || change ip -4 rule add from "$address" lookup "$table" priority "$RULE_PRIORITY"
}

# Never touches another interface: the address may already be in service there.
remove() {
  if [ -n "$device" ]; then delete_where here; fi
  if [ -z "$elsewhere" ]; then
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
    change ip -4 rule del from "$address" lookup "$each" priority "$RULE_PRIORITY"
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

# ---- Looking ---------------------------------------------------------------------------------------------------------

look() {
  read_links
  addresses=$(ip -o -4 addr show) || could_not_look 'ip -o -4 addr show'
  rules=$(ip -4 rule show) || could_not_look 'ip -4 rule show'
  defaults=$(ip -4 route show table all default) || could_not_look 'ip -4 route show table all default'
  read_addresses
  read_rules
}

# 3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 ... link/ether 02:00:00:00:00:0b brd ff:ff:ff:ff:ff:ff
# The first with the MAC wins: a VLAN or a bridge made on top of an interface shares it, and comes later.
# shellcheck disable=SC2086
read_links() {
  links=$(ip -o link show) || could_not_look 'ip -o link show'
  device='' index='' link=absent admin=down first_device=''
  IFS=$newline
  for each in $links; do
    IFS=$blanks
    set -- $each
    name=${2%:}
    name=${name%%@*}
    case $each in *" link/ether "*) first_device=${first_device:-$name} ;; esac
    case $each in *" link/ether $mac "*) ;; *) continue ;; esac
    [ -z "$device" ] || continue
    device=$name index=${1%:} link=down
    case $3 in *[,\<]UP[,\>]*) admin=up ;; esac
    case $admin,$3 in up,*[,\<]LOWER_UP[,\>]*) link=up ;; esac
  done
  IFS=$blanks
}

# 3: eth1    inet 10.0.1.50/32 scope global eth1\       valid_lft forever preferred_lft forever
# shellcheck disable=SC2086
read_addresses() {
  os=absent elsewhere='' own_addresses=' '
  IFS=$newline
  for each in $addresses; do
    IFS=$blanks
    set -- $each
    own_addresses="$own_addresses${4%/*} "
    [ "${4%/*}" = "$address" ] || continue
    if [ "$2" = "$device" ]; then os=here; else elsewhere=${elsewhere:-$2}; fi
  done
  IFS=$blanks
  if [ "$os" = absent ] && [ -n "$elsewhere" ]; then os=elsewhere; fi
}

# 5200:	from 10.0.1.50 lookup 520003
# What counts is where a reply really goes: by the first rule for this address whose table has a default route.
# shellcheck disable=SC2086
read_rules() {
  own_tables='' foreign_rule=no leads_to=''
  IFS=$newline
  for each in $rules; do
    IFS=$blanks
    set -- $each
    [ "${2-} ${3-} ${4-}" = "from $address lookup" ] || continue
    if [ "$1" = "$RULE_PRIORITY:" ]; then own_tables="$own_tables $5"; else foreign_rule=yes; fi
    [ -n "$leads_to" ] || { default_of "$5" && leads_to=$found; }
  done
  IFS=$blanks
  default_of main
  rule=absent
  [ -n "$device" ] || return 0
  if [ "$leads_to" = "$device" ]; then rule=present; fi
  if [ "$leads_to" = '' ] && [ "$found" = "$device" ]; then rule=not-needed; fi
}

# default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
# Sets `found` to the device of the table's best default route, '' (and fails) when it has none.
# shellcheck disable=SC2086
default_of() { # table
  found='' best=''
  IFS=$newline
  for route in $defaults; do
    IFS=$blanks
    set -- "$1" $route
    in_table=main via='' metric=0
    [ "$2" = default ] || continue
    wanted=$1
    while [ $# -gt 1 ]; do
      case $1 in
        dev) via=$2 ;;
        table) in_table=$2 ;;
        metric) metric=$2 ;;
      esac
      shift
    done
    set -- "$wanted"
    [ "$in_table" = "$wanted" ] || continue
    if [ -z "$best" ] || [ "$metric" -lt "$best" ]; then best=$metric found=$via; fi
  done
  IFS=$blanks
  [ -n "$found" ]
}

# The path to a target and back, with the address as source. A reply from this host itself never left it: no evidence.
ask_path() {
  [ "$link,$os" = up,here ] || return 0
  [ "$HOLDFAST_PING" != none ] || return 0
  command -v ping >/dev/null 2>&1 || return 0
  usable=''
  IFS=,
  for target in $HOLDFAST_PING; do
    IFS=$blanks
    case $own_addresses in *" $target "*) ;; *) usable="$usable $target" ;; esac
  done
  IFS=$blanks
  [ -n "$usable" ] || return 0
  tries=0
  while [ "$tries" -lt "$PING_TRIES" ]; do
    for target in $usable; do
      [ "$tries" -lt "$PING_TRIES" ] || break
      tries=$((tries + 1))
      ask "$target" && return 0
    done
  done
}

# 0 = answered, 1 = no answer. Anything else is ping's own trouble and says nothing about the path, save for "network
# unreachable", which has no code of its own.
ask() { # target
  reply=$(ping -n -c 1 -W "$PING_WAIT_S" -I "$address" "$1" 2>&1)
  case $?,$reply in
    0,*) path=answered ;;
    1,* | *nreachable*) path=unanswered ;;
    *) say "ping $1: $reply" ;;
  esac
  [ "$path" = answered ]
}

# ---- The answer ------------------------------------------------------------------------------------------------------

conclude() {
  if [ "$action" = remove ]; then
    [ "$os" != here ] || finish failed 'address-present' 69
    finish ok 'removed' 0
  fi
  [ "$link" != absent ] || failed 'interface-absent'
  [ "$link" != down ] || failed 'link-down'
  [ "$os" != absent ] || failed 'address-absent'
  [ -z "$elsewhere" ] || failed 'address-elsewhere'
  [ "$rule" != absent ] || failed 'rule-absent'
  [ "$path" != unanswered ] || failed 'path-unanswered'
  [ "$path" != answered ] || finish ok 'verified' 0
  finish ok 'verified-without-path' 0
}

failed() { # why; `status` was asked to look, and that it could
  [ "$action" != status ] || finish failed "$1" 0
  finish failed "$1" 69
}

could_not_look() { # the listing that failed
  say "could not look: $1"
  finish could-not-look could-not-look 75
}

finish() { # verdict, why, exit code
  printf 'HOLDFAST {"v":1,"action":%s,"address":%s,"mac":%s,"device":%s,"link":"%s","os":"%s","elsewhere":%s' \
    "$(json "$action")" "$(json "$address")" "$(json "$mac")" "$(json "$device")" "$link" "$os" "$(json "$elsewhere")"
  printf ',"rule":"%s","path":"%s","changed":%s,"verdict":"%s","why":"%s"}\n' "$rule" "$path" "$changed" "$1" "$2"
  exit "$3"
}

json() { # a word, or null for none; a device may be called anything, but nothing that needs escaping is let through
  case $1 in
    '') printf null ;;
    *\"* | *\\*) printf '"?"' ;;
    *) printf '"%s"' "$1" ;;
  esac
}

say() { printf '%s\n' "$*" >&2; }

# ---- The input -------------------------------------------------------------------------------------------------------

# What an answer says when nothing has been looked at yet.
forget() {
  action='' address='' mac='' device='' elsewhere=''
  link=absent os=absent rule=absent path=not-asked changed=false
}

# The SSM document checks the same by pattern; this is the check that holds whoever calls.
check_input() {
  HOLDFAST_PING=${HOLDFAST_PING-} HOLDFAST_SUBNET=${HOLDFAST_SUBNET-} HOLDFAST_MAC=${HOLDFAST_MAC-}
  case ${HOLDFAST_ACTION-} in
    restore | remove | verify | status) action=$HOLDFAST_ACTION ;;
    *) refuse HOLDFAST_ACTION "${HOLDFAST_ACTION-}" 'restore, remove, verify or status' ;;
  esac
  is_ipv4 "${HOLDFAST_ADDRESS-}" || refuse HOLDFAST_ADDRESS "${HOLDFAST_ADDRESS-}" 'one IPv4 address, such as 10.0.1.50'
  address=$HOLDFAST_ADDRESS
  is_mac "$HOLDFAST_MAC" || refuse HOLDFAST_MAC "$HOLDFAST_MAC" 'a lower-case MAC address, such as 02:00:00:00:00:0b'
  mac=$HOLDFAST_MAC
  is_subnet "$HOLDFAST_SUBNET" ||
    refuse HOLDFAST_SUBNET "$HOLDFAST_SUBNET" "a VPC subnet that $address is in, /16 to /28, such as 10.0.1.0/24"
  is_ping_list "$HOLDFAST_PING" || refuse HOLDFAST_PING "$HOLDFAST_PING" 'none, or 1 to 8 IPv4 addresses with commas'
}

refuse() { # field, value, allowed
  printf "%s is '%.80s'; allowed: %s\n" "$1" "$2" "$3" >&2
  finish could-not-look usage 64
}

# Four numbers from 0 to 255 without leading zeros: the shell would read those as octal.
# shellcheck disable=SC2086
is_ipv4() {
  IFS=.
  set -- "$1" $1
  IFS=$blanks
  [ $# -eq 5 ] && [ "$2.$3.$4.$5" = "$1" ] || return 1
  shift
  for octet in "$@"; do
    case $octet in
      [0-9] | [1-9][0-9] | 1[0-9][0-9] | 2[0-4][0-9] | 25[0-5]) ;;
      *) return 1 ;;
    esac
  done
}

is_mac() {
  case $1 in
    [0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]:[0-9a-f][0-9a-f]) ;;
    *) return 1 ;;
  esac
}

# Sets `gateway` too: the VPC router is the subnet's base plus one.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
is_subnet() {
  base=${1%/*}
  is_ipv4 "$base" || return 1
  case $1 in "$base"/1[6-9] | "$base"/2[0-8]) ;; *) return 1 ;; esac
  bits=${1#*/}
  size=1
  while [ "$bits" -lt 32 ]; do size=$((size * 2)) bits=$((bits + 1)); done
  number_of "$base"
  [ $((number % size)) -eq 0 ] || return 1
  block=$((number / size))
  number_of "$address"
  [ $((number / size)) -eq "$block" ] || return 1
  last=${base##*.}
  gateway=${base%.*}.$((last + 1))
}

# shellcheck disable=SC2086
number_of() { # sets `number`; by multiplication, since not every shell shifts beyond 31 bits
  IFS=.
  set -- $1
  IFS=$blanks
  number=$(($1 * 16777216 + $2 * 65536 + $3 * 256 + $4))
}

is_ping_list() {
  case $1 in
    none) return 0 ;;
    '' | ,* | *, | *,,* | *,*,*,*,*,*,*,*,*) return 1 ;;
  esac
  IFS=,
  for target in $1; do
    IFS=$blanks
    is_ipv4 "$target" || return 1
  done
  IFS=$blanks
}

main
