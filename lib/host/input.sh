# What comes from outside is checked before anything else is done: the forms.

# What an answer says when nothing has been looked at yet.
forget() {
  action='' address='' mac='' device='' elsewhere='' agent_version=''
  link=absent os=absent rule=absent path=not-asked witness=none arp=not-asked changed=false locked=no
}

set_mechanism() {
  mechanism=$1 family=4
  case $1 in
    secondary | overlay | elastic) ;;
    ipv6) family=6 ;;
    *) return 1 ;;
  esac
}

is_address() { # sets `canonical` to how the kernel prints it
  canonical=$1
  case $family in 4) is_ipv4 "$1" ;; 6) is_ipv6 "$1" ;; esac
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

# Sets `gateway` too: the VPC router is the subnet's base plus one. Of IPv6 the router says itself who it is.
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
is_subnet() { # that the address at hand is in, or with an overlay address is not
  gateway=''
  if [ "$family" = 6 ]; then
    is_ipv6_subnet "$1"
    return
  fi
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
  within=no
  if [ $((number / size)) -eq "$block" ]; then within=yes; fi
  case $mechanism,$within in overlay,no | secondary,yes | elastic,yes) ;; *) return 1 ;; esac
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

is_target() { # an address, or an address and a port: 10.0.1.9:22, [fd00::9]:22
  host=$1
  case $family,$1 in
    4,[0-9]*:* | 6,\[*]:*)
      host_of "$1"
      is_number "${1##*:}" && [ "${1##*:}" -ge 1 ] && [ "${1##*:}" -le 65535 ] || return 1
      ;;
  esac
  is_address "$host"
}

host_of() { # target; sets `host`
  case $1 in
    \[*) host=${1#?} host=${host%]*} ;;
    *:*:*) host=$1 ;;
    *) host=${1%:*} ;;
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
