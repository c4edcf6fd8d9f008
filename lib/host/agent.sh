# holdfast-agent: makes this host follow what EC2 says of the declared addresses, and says how they are.
#
#   holdfast-agent [--once] [/etc/holdfast/agent.conf]      --once: look, follow, publish, end
#   holdfast-agent --version
#
# One loop that reads lines and never waits for anything else for long: the metadata, once a second; the kernel's own
# events (`ip monitor`), at once; what pings and requests came to, as they end. They all write into one pipe.
#
#   metadata gives a declared address to a MAC of this host    the OS follows: what address.sh does to restore
#   every MAC was read, and none has it, for GRACE_S           it is taken off this host
#   a MAC could not be read (404, 5xx, no answer)              nothing changes: a failed look is not an empty answer
#                                                              (https://github.com/amazonlinux/amazon-ec2-net-utils/issues/161)
#
# The last writer wins. The metadata lags behind a move, both ways, by up to a minute. So whoever places an address by
# address.sh (SSM, or a human) leaves a mark with the time and the MAC, and for HOLD_S the mark is believed and the
# metadata is not: an address put on one MAC is neither removed nor put on another, an address taken off a MAC is not put
# back on it. Once the metadata has agreed with the mark AGREE_CYCLES times in a row the mark is spent, and the next move
# is followed at once.
#
# Health, of an address that this host has: link, address, rule, then the ping list from it, three tries, as
# LifeKeeper's quickCheck. 1 at the heartbeat, 0 at once and at every heartbeat; what could not be looked at is never a
# 0, but a count of its own. No answer from the ping list counts only while the metadata says that the address is here.

CONFIRM_LOOKS=3
CONFIRM_PAUSE_S=0.05
HEARTBEAT_S=10
PATH_CAP_S=12
GRACE_S=60
HOLD_S=90
AGREE_CYCLES=3
SURE_S=15 # so long the metadata's last word on who has an address stands while it is silent
LOOKS_PER_SECOND=5
WATCHDOG_S=10
ONCE_CAP_S=20
LINK_WAIT_TENTHS=4 # the loop waits meanwhile

agent() {
  configuration=/etc/holdfast/agent.conf once=no
  for word in "$@"; do
    case $word in
      --version) printf '%s\n' "$VERSION" && exit 0 ;;
      --once) once=yes ;;
      -*) stop_with 64 "$word is not known: holdfast-agent [--once] [file], or --version" ;;
      *) configuration=$word ;;
    esac
  done
  forget
  read_configuration
  prepare
  serve
  stop
}

# ---- The configuration -------------------------------------------------------------------------------------------------

# `key value` per line; addresses as `address <tag> <address> <subnet> <ping list, with commas, or none>`.
# shellcheck disable=SC2086
read_configuration() {
  fleet='' region='' imds=http://169.254.169.254 cloudwatch='' events='' fast_lane=false records=''
  heartbeat=$HEARTBEAT_S grace=$GRACE_S
  [ -r "$configuration" ] || stop_with 78 "$configuration cannot be read"
  while read -r text || [ -n "$text" ]; do
    case $text in '' | '#'*) continue ;; esac
    set -- $text
    is_plain "$(printf '%s' "$@")" || stop_with 78 "$configuration: '$text' has quotes or a backslash in it"
    case $1,$# in
      fleet,2) fleet=$2 ;;
      region,2) region=$2 ;;
      imds,2) imds=${2%/} ;;
      cloudwatch,2) cloudwatch=${2%/} ;;
      events,2) events=${2%/} ;;
      fastLane,2) fast_lane=$2 ;;
      heartbeat,2) heartbeat=$2 ;;
      grace,2) grace=$2 ;;
      address,5) read_address "$2" "$3" "$4" "$5" ;;
      *) stop_with 78 "$configuration: '$text' is not known" ;;
    esac
  done <"$configuration"
  [ -n "$fleet" ] && [ -n "$region" ] || stop_with 78 "$configuration: fleet and region are missing"
  case $fast_lane in true | false) ;; *) stop_with 78 "$configuration: fastLane is '$fast_lane'; allowed: true, false" ;; esac
  [ "$heartbeat" -ge 1 ] && [ "$grace" -ge 1 ] || stop_with 78 "$configuration: heartbeat and grace are whole seconds"
  cloudwatch=${cloudwatch:-https://monitoring.$region.amazonaws.com}
  events=${events:-https://events.$region.amazonaws.com}
}

# A record is a line: what is declared, then what is known, a `-` for nothing.
read_address() { # tag, address, subnet, ping list
  address=$2
  is_ipv4 "$2" && is_subnet "$3" && is_ping_list "$4" || stop_with 78 "$configuration: address $* is not what it should be"
  records="$records$1 $2 $3 $4 - - - new - ? - -$newline"
}

# Runs a function on every record, which it may change.
# shellcheck disable=SC2086
each_record() { # function
  all=$records records=''
  IFS=$newline
  for record in $all; do
    IFS=$blanks
    set -- "$1" $record
    tag=$2 address=$3 HOLDFAST_SUBNET=$4 HOLDFAST_PING=$5
    owner=$6 gone=$7 agreed=$8 health=$9
    shift 9
    why=$1 path_seen=$2 sent=$3 event=$4
    set -- "${record_function:=$1}"
    records="$records$tag $address $HOLDFAST_SUBNET $HOLDFAST_PING $owner $gone $agreed $health"
    records="$records $why $path_seen $sent $event$newline"
  done
  IFS=$blanks
}
