# IPv6 addresses and subnets, as input.sh has them of IPv4.

# One that a VPC may have: global (2000::/3) or unique local (fc00::/7), in lower case. Sets `canonical` to how the
# kernel prints it (RFC 5952), and `digits` to all 32 of them.
# shellcheck disable=SC2086
is_ipv6() {
  case $1 in
    *:::* | *::*::* | *[0-9a-f]:) return 1 ;;
    [23]???:* | f[cd]??:*) ;;
    *) return 1 ;;
  esac
  IFS=:
  case $1 in
    *::*) set -- ${1%%::*} :: ${1#*::} ;;
    *) set -- $1 ;;
  esac
  IFS=$blanks
  zeros=$((9 - $#)) canonical='' digits=''
  case $* in
    *::*) [ "$zeros" -ge 1 ] || return 1 ;;
    *) [ "$zeros" -eq 1 ] || return 1 ;;
  esac
  for group in "$@"; do
    case $group in
      ::)
        while [ "$zeros" -gt 0 ]; do canonical=$canonical:0 digits=${digits}0000 zeros=$((zeros - 1)); done
        continue
        ;;
      [0-9a-f] | [0-9a-f][0-9a-f] | [0-9a-f][0-9a-f][0-9a-f] | [0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
      *) return 1 ;;
    esac
    padded=000$group
    while [ "${#padded}" -gt 4 ]; do padded=${padded#?}; done
    while :; do
      case $group in 0?*) group=${group#0} ;; *) break ;; esac
    done
    canonical=$canonical:$group digits=$digits$padded
  done
  shorten_zeros
}

# The longest run of zero groups, the first of equal ones, becomes `::`; a single group does not.
shorten_zeros() {
  canonical=${canonical#:}: zeros=:0:0:0:0:0:0:0:
  while [ "${#zeros}" -gt 3 ]; do
    case $canonical in
      *"$zeros"*)
        canonical=${canonical%%"$zeros"*}::${canonical#*"$zeros"}
        break
        ;;
    esac
    zeros=${zeros#:0}
  done
  case $canonical in *::) ;; *) canonical=${canonical%:} ;; esac
}

# /44 to /64 by fours: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
is_ipv6_subnet() { # that the address at hand is in
  case $1 in */44 | */48 | */52 | */56 | */60 | */64) ;; *) return 1 ;; esac
  is_ipv6 "$address" || return 1
  within=$digits length=${1##*/}
  rest=$(((128 - length) / 4))
  is_ipv6 "${1%/*}" || return 1
  while [ "$rest" -gt 0 ]; do
    case $digits in *0) ;; *) return 1 ;; esac
    digits=${digits%?} within=${within%?} rest=$((rest - 1))
  done
  [ "$digits" = "$within" ]
}
