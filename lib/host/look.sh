# What the kernel has of one address, read from four listings.

# Everything that is asked of the kernel; `see` reads what concerns one address. Sets `listed` to the families of which
# all is known, and `listing` to the question that failed last.
# shellcheck disable=SC2086
list() {
  listed='' addresses='' rules='' defaults='' defaults6=''
  list_links || return 0
  for version in $families; do
    if list_family "$version"; then listed="$listed$version"; fi
  done
}

could_list() { # the family of the address at hand
  case $listed in *"$family"*) ;; *) return 1 ;; esac
}

list_family() { # 4 | 6
  listing="ip -o -$1 addr show"
  addresses=$addresses$newline$(ip -o "-$1" addr show) || return 1
  listing="ip -$1 rule show"
  rules=$rules$newline$(ip "-$1" rule show) || return 1
  list_defaults "$1"
}

list_defaults() { # 4 | 6
  listing="ip -$1 route show table all default"
  shown=$(ip "-$1" route show table all default) || return 1
  case $1 in 4) defaults=$shown ;; 6) defaults6=$shown ;; esac
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
# `own_addresses` are those of every family that was asked about, but those of the link alone.
# shellcheck disable=SC2086
read_addresses() {
  os=absent elsewhere='' own_addresses=' '
  IFS=$newline
  for each in $addresses; do
    IFS=$blanks
    set -- $each
    case $4 in fe80:* | ::1/*) continue ;; esac
    own_addresses="$own_addresses${4%/*} "
    [ "${4%/*}" = "$address" ] || continue
    case "$2,$each" in
      "$device,"*' tentative '*) ;;
      "$device,"*) os=here ;;
      *) elsewhere=${elsewhere:-$2} ;;
    esac
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
  if [ "$family,$leads_to,$found" = "4,,$device" ]; then rule=not-needed; fi
}

# default via 10.0.1.1 dev eth0 proto dhcp src 10.0.1.10 metric 512
# Sets `found` to the device of the table's best default route, '' (and fails) when it has none, and `found_via`.
# shellcheck disable=SC2086
default_of() { # table
  found='' found_via='' best=''
  IFS=$newline
  if [ "$family" = 4 ]; then routes=$defaults; else routes=$defaults6; fi
  for route in $routes; do
    IFS=$blanks
    set -- "$1" $route
    in_table=main on='' via='' metric=0
    [ "$2" = default ] || continue
    wanted=$1
    while [ $# -gt 1 ]; do
      case $1 in
        dev) on=$2 ;;
        via) via=$2 ;;
        table) in_table=$2 ;;
        metric) metric=$2 ;;
      esac
      shift
    done
    set -- "$wanted"
    [ "$in_table" = "$wanted" ] || continue
    if [ -z "$best" ] || [ "$metric" -lt "$best" ]; then best=$metric found=$on found_via=$via; fi
  done
  IFS=$blanks
  [ -n "$found" ]
}

# Sets `router` to what a default route of IPv6 by the device leads to, other than our own: '' (and fails) without one.
# shellcheck disable=SC2086
find_router() {
  router=''
  IFS=$newline
  for route in $defaults6; do
    IFS=$blanks
    case "$route " in
      *" table $((TABLE_BASE + index)) "*) ;;
      "default via "*" dev $device "*)
        set -- $route
        router=$3
        break
        ;;
    esac
  done
  IFS=$blanks
  [ -n "$router" ]
}
