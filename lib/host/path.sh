# Packets from the address, and whether an answer came back.

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
