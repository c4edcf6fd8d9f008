# What the kernel has of one address, read from four listings.

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
