# The neighbours: others on this host that configure addresses, and settings in the way.

# What else on this host has a say in addresses. It is named, with what to do, and not fought.
note_neighbours() {
  case $family in
    4) note_strict_filter ;;
    6) note_router ;;
  esac
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

note_file() { # an address in it stays on its interface, whoever owns it by then; an interface's own belongs there
  [ "$mechanism" != elastic ] && names_address "$file" || return 0
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

# The router of a VPC's subnet advertises itself, and nothing else says who it is.
note_router() {
  [ -n "$device" ] || return 0
  find_router || note "$device has no default route of IPv6: it must take router advertisements (accept_ra), so that" \
    "answers leave by it"
}

names_address() { # file; as a word of its own: 10.0.1.5 is not in 10.0.1.50
  while read -r text; do
    case " $text " in *[\ \"\'=,[-]"$address"[]\ \"\'/,]*) return 0 ;; esac
  done <"$1"
  return 1
}

is_there() { [ -e "$1" ] || [ -L "$1" ]; }

note() { printf 'note: %s\n' "$*"; }
