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
LISTING_S=30
CHANGES_PER_ADDRESS=5 # from one heartbeat to the next
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
}

# ---- The configuration -------------------------------------------------------------------------------------------------

# `key value` per line; addresses as `address <tag> <address> <subnet> <ping list, with commas, or none>`.
# shellcheck disable=SC2086
read_configuration() {
  fleet='' region='' imds=http://169.254.169.254 cloudwatch='' events='' fast_lane=false records='' changes_most=0
  heartbeat=$HEARTBEAT_S grace=$GRACE_S hold=$HOLD_S sure=$SURE_S
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
      hold,2) hold=$2 ;;
      sure,2) sure=$2 ;;
      address,5) read_address "$2" "$3" "$4" "$5" ;;
      *) stop_with 78 "$configuration: '$text' is not known" ;;
    esac
  done <"$configuration"
  if [ -z "$fleet" ] || [ -z "$region" ]; then stop_with 78 "$configuration: fleet and region are missing"; fi
  case $fast_lane in
    true | false) ;;
    *) stop_with 78 "$configuration: fastLane is '$fast_lane'; allowed: true, false" ;;
  esac
  for number in "$heartbeat" "$grace" "$hold" "$sure"; do
    [ "$number" -ge 1 ] 2>/dev/null || stop_with 78 "$configuration: '$number' is not a whole number of seconds above 0"
  done
  cloudwatch=${cloudwatch:-https://monitoring.$region.amazonaws.com}
  events=${events:-https://events.$region.amazonaws.com}
}

# A record is a line: what is declared, then what is known, a `-` for nothing.
read_address() { # tag, address, subnet, ping list
  address=$2
  if ! is_ipv4 "$2" || ! is_subnet "$3" || ! is_ping_list "$4"; then
    stop_with 78 "$configuration: '$*' is not a tag, an IPv4 address, its subnet and a ping list or none"
  fi
  records="$records$1 $2 $3 $4 - - - new - ? - -$newline" changes_most=$((changes_most + CHANGES_PER_ADDRESS))
}

# Runs a function on every record, which it may change.
# shellcheck disable=SC2086
each_record() { # function
  on_record=$1 all=$records records=''
  IFS=$newline
  for record in $all; do
    IFS=$blanks
    set -- $record
    tag=$1 address=$2 HOLDFAST_SUBNET=$3 HOLDFAST_PING=$4 owner=$5 gone=$6 agreed=$7 health=$8 why=$9
    shift 9
    path_seen=$1 sent=$2 event=$3
    "$on_record"
    records="$records$tag $address $HOLDFAST_SUBNET $HOLDFAST_PING $owner $gone $agreed $health $why"
    records="$records $path_seen $sent $event$newline"
  done
  IFS=$blanks
}

# ---- The loop ----------------------------------------------------------------------------------------------------------

prepare() {
  umask 077
  if ! mkdir -p "$run"; then stop_with 69 "$run cannot be made"; fi
  read_uptime || stop_with 69 '/proc/uptime cannot be read'
  answers=$run/answers
  [ "$once" = no ] || answers=$run/answers-once
  rm -f "$answers" "$run/events"
  mkfifo "$answers" "$run/events" || stop_with 69 "no pipe can be made in $run"
  exec 3<>"$run/events"
  rm -f "$run/events"
  signing_keys='' access_key='' secret_key='' session_token='' instance_id=''
  metadata='' cycle='' sure_at=-$sure silent='' monitor='' watcher=''
  metrics_pid='' metrics_at=0 metrics_address='' events_pid='' events_at=0 events_address=''
  outstanding=0 asked_at=0 askers='' came_of=' ' hasty=no due_at=0 events_due=no posted_at=0 looking='' looks=0 missed=no wake_at=0 beat_at=0 petted_at=0 anew_at=0
  patience=0 changes=0 listed=no listed_at=0 changed_since=yes stopping=no heard_once=no
}

serve() {
  trap stop EXIT
  trap 'stopping=yes' TERM INT HUP
  log "holdfast-agent $VERSION for fleet $fleet"
  watch_metadata &
  watcher=$!
  watch_kernel
  notify --ready
  began=$now
  while [ "$stopping" = no ]; do
    read -r heard <&3 || continue
    read_uptime
    # shellcheck disable=SC2086
    set -- $heard
    case ${1-} in
      @imds) hear_metadata "$heard" ;;
      @unknown) hear_silence "${heard#* }" ;;
      @identity) instance_id=$2 ;;
      @credentials) access_key=$2 secret_key=$3 session_token=$4 ;;
      @path) hear_path "$2" "$3" ;;
      @sent) hear_sent "$2" "$3" "${4-}" ;;
      @look) look_now ;;
      *) hear_kernel ;;
    esac
    publish
    [ "$once" = no ] || ! is_done || break
  done
}

hear_metadata() { # the line
  heard_once=yes
  [ -z "$silent" ] || log 'the metadata can be read again'
  silent='' cycle=yes
  case $1 in *=\?*) ;; *) sure_at=$now ;; esac
  set -- "${1#@imds }"
  if [ "$metadata" != "${1#* }" ]; then
    metadata=${1#* } wake_at=$now changed_since=yes
    log "the metadata say $metadata"
  fi
  tick
  cycle=''
}

hear_silence() { # why
  heard_once=yes
  if [ "$silent" != "$1" ]; then
    log "the metadata cannot be read: $1"
    silent=$1 wake_at=$now
  fi
  metadata=''
  tick
}

tick() {
  looks=0
  # Without events from the kernel every second has to do.
  if [ "$missed" = yes ] || ! kill -0 "$monitor" 2>/dev/null; then wake_at=$now changed_since=yes; fi
  missed=no
  if [ "$outstanding" -gt 0 ] && [ $((now - asked_at)) -gt "$PATH_CAP_S" ]; then give_up_paths; fi
  give_up_posts
  if [ "$now" -ge "$beat_at" ]; then
    beat_at=$((now + heartbeat)) wake_at=$now changes=0
    [ "$outstanding" -gt 0 ] || each_record expire_path
  fi
  if [ "$now" -ge "$wake_at" ]; then step; fi
  [ $((now - petted_at)) -lt "$WATCHDOG_S" ] || notify WATCHDOG=1
}

# A change of the kernel's comes in many lines. The look is asked for at the end of those that are in the pipe already,
# by a child, since a full pipe would hold whoever both writes and reads it.
watch_kernel() {
  ip -o monitor link address rule route >&3 2>/dev/null &
  monitor=$!
}

hear_kernel() {
  changed_since=yes
  [ -z "$looking" ] || return 0
  if [ "$looks" -ge "$LOOKS_PER_SECOND" ]; then
    missed=yes
    return
  fi
  looks=$((looks + 1))
  printf '@look\n' >&3 &
  looking=$!
}

look_now() {
  wait "$looking"
  looking=''
  step
}

begin_anew() { # once a minute at most
  [ $((now - anew_at)) -ge 60 ] || return 0
  anew_at=$now
  kill "$watcher" 2>/dev/null
  wait "$watcher" 2>/dev/null
  watch_metadata &
  watcher=$!
}

is_done() {
  [ $((now - began)) -lt "$ONCE_CAP_S" ] || return 0
  [ "$heard_once" = yes ] && [ "$outstanding" -eq 0 ] && [ -z "$metrics_pid$events_pid" ] || return 1
  read_uptime
  [ "$metrics_at" -le "$now" ] && [ "$events_at" -le "$now" ]
}

stop() {
  trap '' TERM INT HUP EXIT
  notify STOPPING=1
  # shellcheck disable=SC2086
  kill $watcher $monitor $looking $metrics_pid $events_pid $askers 2>/dev/null
  wait
  rm -f "$answers"
  log 'holdfast-agent ends'
}

stop_with() { # exit code, message
  printf 'holdfast-agent: %s\n' "$2" >&2
  exit "$1"
}

notify() {
  petted_at=$now
  [ -n "${NOTIFY_SOCKET-}" ] || return 0
  command -v systemd-notify >/dev/null 2>&1 && systemd-notify "$@"
}

log() { printf '%s\n' "$*"; }
