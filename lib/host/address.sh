#!/bin/sh
# Puts one protected address in service on one interface of this host, takes it off, or looks.
#
# Success is what a second look sees, never what a command returned: every action ends by looking again, and the last
# line on stdout is that look: `HOLDFAST {json}`. EC2 is not asked and not changed here.
# Runs under dash, bash and busybox with iproute2 alone, and in a model shell: so no trap, local, [[ ]], negated bracket
# expression, grep or sed.
# The agent has these functions too, all but the last line: see agent-document.ts.
set -u
set -f
LC_ALL=C # [0-9] means ten characters in no other locale, and ping's words are read
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin

# Our own rules and tables, clear of the others on EC2: amazon-vpc-cni-k8s has rule priorities 512-1536, cloud-init
# tables 100+, amazon-ec2-net-utils priorities and tables 10000+. A lower priority is asked first.
RULE_PRIORITY=5200
TABLE_BASE=520000 # + the interface's index: one table per interface, shared by its addresses

# Bounds. Together with the listings they stay below 13 s.
LINK_WAIT_TENTHS=30
PING_TRIES=3
PING_WAIT_S=1
WITNESS_TRIES=3
LOCK_WAIT_TENTHS=30
NAMELESS_TENTHS=10 # a lock without an owner's name: somebody died within the moment that this takes

# What does not outlive a boot: the lock, and who has placed an address last.
run=${HOLDFAST_RUN:-/run/holdfast}
root=${HOLDFAST_ROOT-} # in front of /etc, /usr and /proc/sys, for tests

newline='
'
blanks=" 	$newline"

main() {
  forget
  check_input
  case $action in
    restore | remove)
      take_lock "$LOCK_WAIT_TENTHS" || finish could-not-look busy 75
      in_order || finish could-not-look superseded 75
      ;;
  esac
  look
  case $action in
    restore) restore ;;
    remove) remove ;;
  esac
  [ "$changed" = false ] || look
  mark
  drop_lock
  [ "$action" = remove ] || ask_path
  [ "$action" = remove ] || note_neighbours
  conclude
}

# ---- The actions -----------------------------------------------------------------------------------------------------

# The target is checked before anything is taken away elsewhere: an absent or dead interface changes nothing.
restore() {
  [ -n "$device" ] || return 0
  raise_link || return 0
  delete_where other
  [ "$os" = here ] || change ip addr replace "$address/32" dev "$device" || return 0
  tune "net/ipv4/conf/$device/arp_ignore" 1
  tune "net/ipv4/conf/$device/arp_announce" 2
  route_replies
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
    [ "$link" = down ] || return 0
    pause
  done
  read_links
  [ "$link" = up ]
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
  list || could_not_look "$listing"
  see
}

# Everything that is asked of the kernel; `see` reads what concerns one address. Sets `listing` to the one that failed.
list() {
  list_links || return 1
  listing='ip -o -4 addr show'
  addresses=$(ip -o -4 addr show) || return 1
  listing='ip -4 rule show'
  rules=$(ip -4 rule show) || return 1
  listing='ip -4 route show table all default'
  defaults=$(ip -4 route show table all default) || return 1
}

list_links() {
  listing='ip -o link show'
  links=$(ip -o link show)
}

see() {
  see_link
  read_addresses
  read_rules
}

# 3: eth1: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 9001 ... link/ether 02:00:00:00:00:0b brd ff:ff:ff:ff:ff:ff
# The first with the MAC wins: a VLAN or a bridge made on top of an interface shares it, and comes later.
read_links() {
  list_links || could_not_look "$listing"
  see_link
}

# shellcheck disable=SC2086
see_link() {
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
  [ "$path" != unanswered ] || ask_witness
}

# No answer may mean that the targets are down. Another address of this host that gets one says that they are not; when
# none does, nobody can tell. The addresses come in the order of their devices, so another interface's is asked too.
# shellcheck disable=SC2086
ask_witness() {
  witness=none tries=0
  for target in $usable; do
    for other in $own_addresses; do
      case $other in "$address" | 127.*) continue ;; esac
      [ "$tries" -lt "$WITNESS_TRIES" ] || return 0
      tries=$((tries + 1))
      witness=silent
      ping -n -c 1 -W "$PING_WAIT_S" -I "$other" "$target" >/dev/null 2>&1 || continue
      witness=answered
      return 0
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

# ---- One at a time ---------------------------------------------------------------------------------------------------

# Whatever changes addresses on this host holds `$run/lock` meanwhile, a directory with the owner's name in it: its
# process id and when that process began, so that a later process of the same number is not taken for it. The lock of a
# process that is gone is broken. Without /proc nobody could tell, so there is no lock then.
take_lock() { # tenths of a second to wait
  name_process "$$" || return 0
  [ -d "$run" ] || mkdir -p "$run" 2>/dev/null
  [ -w "$run" ] || return 0
  me=$process waited=0
  until mkdir "$run/lock" 2>/dev/null; do
    holder=''
    { read -r holder <"$run/lock/owner"; } 2>/dev/null
    if is_gone; then
      break_lock
      continue
    fi
    [ "$waited" -lt "$1" ] || return 1
    pause
  done
  printf '%s\n' "$me" >"$run/lock/owner"
  locked=yes
}

# A command that arrives late must not undo a younger one. Each carries a number that rises, and what is older than the
# last that ran here is refused; 0 is no number, for a person and for what runs on this host itself.
in_order() {
  [ "$HOLDFAST_ORDER" != 0 ] || return 0
  last=0
  { read -r last <"$run/order-$address"; } 2>/dev/null
  is_number "$last" || last=0
  [ "$HOLDFAST_ORDER" -ge "$last" ] || return 1
  [ -d "$run" ] || mkdir -p "$run" 2>/dev/null
  [ ! -w "$run" ] || printf '%s\n' "$HOLDFAST_ORDER" >"$run/order-$address"
}

drop_lock() {
  [ "$locked" = yes ] || return 0
  rm -r "$run/lock"
  locked=no
}

is_gone() {
  if [ -z "$holder" ]; then
    [ "$waited" -ge "$NAMELESS_TENTHS" ]
    return
  fi
  name_process "${holder% *}" || return 0
  [ "$process" != "$holder" ]
}

# Moved aside first, so that of two who break the same lock one does it. Whoever finds that he has moved another one
# than he had looked at puts it back.
break_lock() {
  rm -rf "$run/lock.$$"
  mv "$run/lock" "$run/lock.$$" 2>/dev/null || return 0
  seen=''
  { read -r seen <"$run/lock.$$/owner"; } 2>/dev/null
  if [ "$seen" != "$holder" ] && mv "$run/lock.$$" "$run/lock" 2>/dev/null; then return; fi
  say "broke the lock of ${holder:-nobody}, which is gone"
  rm -rf "$run/lock.$$"
}

# 812 (a name) S 1 ...: the 22nd field is when it began; the name may have blanks and brackets in it.
# shellcheck disable=SC2086
name_process() { # a process id; sets `process`, fails when there is no such process
  process=''
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$1" ${stat##*) }
  shift 20
  process="${stat%% *} $1"
}

# Who has placed an address last, and when: the agent waits for the metadata to agree (see agent.sh).
mark() {
  case $action,$os in
    restore,here) placed=on ;;
    remove,absent | remove,elsewhere) placed=off ;;
    *) return 0 ;;
  esac
  read_uptime || return 0
  [ ! -w "$run" ] || printf '%s %s %s\n' "$now" "$placed" "$mac" >"$run/placed-$address"
}

read_uptime() { # sets `now` to whole seconds since boot: no clock that somebody may set
  { read -r now _ </proc/uptime; } 2>/dev/null || return 1
  now=${now%.*}
}

# ---- The neighbours --------------------------------------------------------------------------------------------------

# What else on this host has a say in addresses. It is named, with what to do, and not fought.
note_neighbours() {
  note_strict_filter
  set +f
  for file in "$root"/etc/netplan/*.yaml "$root"/etc/network/interfaces "$root"/etc/network/interfaces.d/* \
    "$root"/etc/systemd/network/*.network "$root"/etc/sysconfig/network-scripts/ifcfg-* \
    "$root"/etc/NetworkManager/system-connections/*; do
    [ ! -f "$file" ] || note_file
  done
  for unit in "$root"/etc/systemd/system/*.wants/nm-cloud-setup.*; do
    is_there "$unit" || continue
    note "nm-cloud-setup is enabled and rewrites addresses and rules:" \
      "systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"
    break
  done
  set -f
  for unit in "$root/usr/lib/systemd/system/policy-routes@.service" \
    "$root/etc/udev/rules.d/53-ec2-network-interfaces.rules"; do
    is_there "$unit" || continue
    note "amazon-ec2-net-utils follows the metadata too, within 65 s: leave it, our rules come before its own"
  done
}

note_file() { # an address in it stays on its interface, whoever owns it by then
  names_address "$file" || return 0
  note "$file configures $address, so it is back at every boot, wherever EC2 has it by then: take it out of there"
  case $file in
    *cloud-init*)
      note "cloud-init may write $file again: put 'network: {config: disabled}' into" \
        "/etc/cloud/cloud.cfg.d/99-holdfast.cfg"
      ;;
  esac
}

# Strict: a packet is dropped unless its answer would leave by the interface that it came in by.
note_strict_filter() {
  [ -n "$device" ] || return 0
  for scope in all "$device"; do
    read_setting "net/ipv4/conf/$scope/rp_filter"
    [ "$setting" = 1 ] || continue
    note "rp_filter is strict (1) on $scope: what comes in by $device is dropped unless a rule sends its answer" \
      "back by $device; 2 (loose) is safer"
  done
}

names_address() { # file; as a word of its own: 10.0.1.5 is not in 10.0.1.50
  while read -r text; do
    case " $text " in *[\ \"\'=,[-]"$address"[]\ \"\'/,]*) return 0 ;; esac
  done <"$1"
  return 1
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

note() { printf 'note: %s\n' "$*"; }

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
  drop_lock
  printf 'HOLDFAST {"v":1,"action":%s,"address":%s,"mac":%s,"device":%s,"link":"%s","os":"%s","elsewhere":%s' \
    "$(json "$action")" "$(json "$address")" "$(json "$mac")" "$(json "$device")" "$link" "$os" "$(json "$elsewhere")"
  printf ',"rule":"%s","path":"%s","witness":"%s"' "$rule" "$path" "$witness"
  printf ',"changed":%s,"verdict":"%s","why":"%s"}\n' "$changed" "$1" "$2"
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
  link=absent os=absent rule=absent path=not-asked witness=none changed=false locked=no
}

# The SSM document checks the same by pattern; this is the check that holds whoever calls.
check_input() {
  HOLDFAST_ORDER=${HOLDFAST_ORDER:-0}
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
  is_number "$HOLDFAST_ORDER" || refuse HOLDFAST_ORDER "$HOLDFAST_ORDER" 'a number of at most 15 digits'
}

is_number() {
  [ "${#1}" -ge 1 ] && [ "${#1}" -le 15 ] || return 1
  rest=$1
  while [ -n "$rest" ]; do
    case $rest in
      [0-9]*) rest=${rest#?} ;;
      *) return 1 ;;
    esac
  done
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
