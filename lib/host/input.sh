# What comes from outside, checked before anything else is done.

# What an answer says when nothing has been looked at yet.
forget() {
  action='' address='' mac='' device='' elsewhere='' agent_version=''
  link=absent os=absent rule=absent path=not-asked witness=none arp=not-asked changed=false locked=no
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
  is_ping_list "$HOLDFAST_PING" || refuse HOLDFAST_PING "$HOLDFAST_PING" 'none, or 1 to 8 IPv4 addresses, each with a port or without, with commas'
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

is_target() { # an address, or an address and a port
  case $1 in
    *:*) is_ipv4 "${1%:*}" && is_number "${1##*:}" && [ "${1##*:}" -ge 1 ] && [ "${1##*:}" -le 65535 ] ;;
    *) is_ipv4 "$1" ;;
  esac
}

is_ping_list() {
  case $1 in
    none) return 0 ;;
    '' | ,* | *, | *,,* | *,*,*,*,*,*,*,*,*) return 1 ;;
  esac
  IFS=,
  for target in $1; do
    IFS=$blanks
    is_target "$target" || return 1
  done
  IFS=$blanks
}
