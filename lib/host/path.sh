# Packets from the address, and whether an answer came back.

# The path to a target and back, with the address as source. A reply from this host itself never left it: no evidence.
ask_path() {
  [ "$link,$os" = up,here ] || return 0
  [ "$HOLDFAST_PING" != none ] || return 0
  usable=''
  IFS=,
  for target in $HOLDFAST_PING; do
    IFS=$blanks
    host_of "$target"
    if is_ipv6 "$host"; then host=$canonical; fi
    case $own_addresses in *" $host "*) continue ;; esac
    if can_reach "$target"; then usable="$usable $target"; fi
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
      case $other,$target in "$address",* | 127.*,* | *.*,*:*:* | *:*,*.*) continue ;; esac
      [ "$tries" -lt "$WITNESS_TRIES" ] || return 0
      tries=$((tries + 1))
      witness=silent
      reach "$other" "$target" || continue
      witness=answered
      return 0
    done
  done
}

ask() { # target
  reach "$address" "$1"
  case $? in
    0) path=answered ;;
    1) path=unanswered ;;
    *) say "asking $1: $reply" ;;
  esac
  [ "$path" = answered ]
}

can_reach() { # target
  choose_tool "$1"
  command -v "$tool" >/dev/null 2>&1
}

# A port is asked for a connection. Pings of old have a sister of their own for IPv6, those of today an option.
choose_tool() { # target; sets `tool` and its `option`
  tool=ping option=''
  case $1 in
    \[* | *.*:*) tool=curl ;;
    *:*) if command -v ping6 >/dev/null 2>&1; then tool=ping6; else option=-6; fi ;;
  esac
}

# 0 = answered, 1 = no answer. Anything else is the tool's own trouble and says nothing about the path, save for ping's
# "network unreachable", which has no code of its own.
reach() { # source, target; sets `reply`
  choose_tool "$2"
  if [ "$tool" = curl ]; then
    reach_port "$1" "$2"
    return
  fi
  reply=$("$tool" ${option:+"$option"} -n -c 1 -W "$PING_WAIT_S" -I "$1" "$2" 2>&1)
  case $?,$reply in
    0,*) return 0 ;;
    1,* | *nreachable*) return 1 ;;
  esac
  return 2
}

# A connection is an answer. A refusal is none: it does not say who has refused.
# https://everything.curl.dev/cmdline/exitcode.html: 7 could not connect, 28 not in time
reach_port() { # source, target
  reply=$(curl -q -s -g --noproxy '*' --connect-timeout "$PING_WAIT_S" --max-time $((PING_WAIT_S + 1)) --interface "$1" \
    -o /dev/null -w ' %{time_connect}' "telnet://$2" </dev/null 2>&1)
  case $?,$reply in
    7,*' 0.000000' | 28,*' 0.000000') return 1 ;;
    *' 0.000000') return 2 ;;
  esac
}
