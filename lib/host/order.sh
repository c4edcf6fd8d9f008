# One order from outside: checked, carried out, looked at again, answered.

LOCK_WAIT_TENTHS=30

main() {
  forget
  check_input
  find_agent
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
  [ "$action" = remove ] || ask_link
  [ "$action" = remove ] || note_neighbours
  conclude
}

# ---- What is asked for

# The SSM document checks the same by pattern; this is the check that holds whoever calls.
check_input() {
  HOLDFAST_ORDER=${HOLDFAST_ORDER:-0} HOLDFAST_MECHANISM=${HOLDFAST_MECHANISM:-secondary}
  HOLDFAST_PING=${HOLDFAST_PING-} HOLDFAST_SUBNET=${HOLDFAST_SUBNET-} HOLDFAST_MAC=${HOLDFAST_MAC-}
  case ${HOLDFAST_ACTION-} in
    restore | remove | verify | status) action=$HOLDFAST_ACTION ;;
    *) refuse HOLDFAST_ACTION "${HOLDFAST_ACTION-}" 'restore, remove, verify or status' ;;
  esac
  set_mechanism "$HOLDFAST_MECHANISM" ||
    refuse HOLDFAST_MECHANISM "$HOLDFAST_MECHANISM" 'secondary, ipv6, overlay or elastic'
  families=$family
  case $family in
    4) an_address='IPv4 address, such as 10.0.1.50' a_length='/16 to /28, such as 10.0.1.0/24' ;;
    6) an_address='IPv6 address in lower case, such as fd00::50' a_length='/44 to /64, such as fd00::/64' ;;
  esac
  is_address "${HOLDFAST_ADDRESS-}" || refuse HOLDFAST_ADDRESS "${HOLDFAST_ADDRESS-}" "one $an_address"
  address=$canonical where=in
  is_mac "$HOLDFAST_MAC" || refuse HOLDFAST_MAC "$HOLDFAST_MAC" 'a lower-case MAC address, such as 02:00:00:00:00:0b'
  mac=$HOLDFAST_MAC
  [ "$mechanism" != overlay ] || where='not in'
  is_subnet "$HOLDFAST_SUBNET" ||
    refuse HOLDFAST_SUBNET "$HOLDFAST_SUBNET" "a VPC subnet that $address is $where, $a_length"
  is_ping_list "$HOLDFAST_PING" ||
    refuse HOLDFAST_PING "$HOLDFAST_PING" "none, or 1 to 8 times an $an_address, with a port or without, with commas"
  is_number "$HOLDFAST_ORDER" || refuse HOLDFAST_ORDER "$HOLDFAST_ORDER" 'a number of at most 15 digits'
}

refuse() { # field, value, allowed
  printf "%s is '%.80s'; allowed: %s\n" "$1" "$2" "$3" >&2
  finish could-not-look usage 64
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

# ---- What is seen, and told

look() {
  list
  could_list || could_not_look "$listing"
  see
}

# The router answers ARP whatever else is wrong: so it tells whether the wire carries anything, and nothing of the address.
ask_link() {
  [ "$family,$link,$path" = 4,up,unanswered ] || return 0
  command -v arping >/dev/null 2>&1 || return 0
  if arping -q -c 1 -w "$PING_WAIT_S" -I "$device" "$gateway" >/dev/null 2>&1; then arp=answered; else arp=unanswered; fi
}

# Who has placed an address last, and when: the agent waits for the metadata to agree (see agent.sh). An interface's own
# is placed by nobody.
mark() {
  case $mechanism,$action,$os in
    elastic,*) return 0 ;;
    *,restore,here) placed=on ;;
    *,remove,absent | *,remove,elsewhere) placed=off ;;
    *) return 0 ;;
  esac
  read_uptime || return 0
  [ ! -w "$run" ] || printf '%s %s %s\n' "$now" "$placed" "$mac" >"$run/placed-$address"
}

# The version of the agent that runs on this host, '' for none: the agent names itself in `$run/agent` as the lock's
# owner does, with its version behind.
find_agent() {
  agent_version='' named=''
  { read -r named <"$run/agent"; } 2>/dev/null
  [ -n "$named" ] || return 0
  name_process "${named%% *}" || return 0
  [ "$process" != "${named% *}" ] || agent_version=${named##* }
}

conclude() {
  if [ "$action" = remove ]; then
    [ "$os,$mechanism" = here,elastic ] || [ "$os" != here ] || finish failed 'address-present' 69
    finish ok 'removed' 0
  fi
  find_flaw
  [ -z "$flaw" ] || failed "$flaw"
  [ "$path" != unanswered ] || failed 'path-unanswered'
  [ "$path" != answered ] || finish ok 'verified' 0
  finish ok 'verified-without-path' 0
}

failed() { # why; `status` was asked to look, and that it could
  [ "$action" != status ] || finish failed "$1" 0
  finish failed "$1" 69
}
