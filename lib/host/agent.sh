# holdfast-agent: makes this host follow what EC2 says of the declared addresses, and says how they are.
#
#   holdfast-agent [--once] [/etc/holdfast/agent.conf]      --once: look, follow, publish, end
#   holdfast-agent --version
#
# One loop that reads lines and never waits for anything else for long: the metadata, once a second, and some eight times
# while a failed address is about to be moved; the kernel's own events (`ip monitor`), at once; what pings and requests
# came to, as they end. They all write into one pipe.
#
#   metadata gives a declared address to a MAC of this host    the OS follows: what address.sh does to restore
#   every MAC was read, and none has it, for GRACE_S           it is taken off this host
#   a MAC could not be read (404, 5xx, no answer)              nothing changes: a failed look is not an empty answer
#                                                              (https://github.com/amazonlinux/amazon-ec2-net-utils/issues/161)
#
# An elastic address is that of an interface whose public addresses have it in the metadata, and is never put on or taken
# off: link and rule alone follow. An overlay address is not in the metadata. It is where the last order has put it, or
# where the OS has it; it is judged and nothing follows, so a host that has been restarted does not take it again.
#
# The last writer wins. The metadata lags behind a move, both ways, by up to a minute. So whoever places an address by
# address.sh (SSM, or a human) leaves a mark with the time and the MAC, and the mark is believed and the metadata is not:
# for HOLD_S an address put on one MAC is neither removed nor put on another. An address taken off a MAC on purpose is not
# put back on it, however long EC2 goes on to assign it there: until somebody restores it, or the next boot. Once the
# metadata has agreed with the mark in AGREE_CYCLES seconds in a row the mark is spent, and the next move is followed at
# once.
#
# Health, of an address that this host has: link, address, rule, then the ping list from it, three tries, as
# LifeKeeper's quickCheck. 1 at the heartbeat, 0 at once and at every heartbeat; what could not be looked at is never a
# 0, but a count of its own. No answer from the ping list counts only while the metadata says that the address is here.
# Whether the targets or the address are to blame the 0 does not say; the word (word.sh) has the witness for it.

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
STOP_WAIT_TENTHS=20
QUICK_S=30         # so long the metadata is asked often for an address that has failed; then as long a rest as it was

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

# ---- The loop ----------------------------------------------------------------------------------------------------------

prepare() {
  umask 077
  if ! mkdir -p "$run"; then stop_with 69 "$run cannot be made"; fi
  read_uptime || stop_with 69 '/proc/uptime cannot be read'
  # Of the two watchers that may live at the same time for a moment each has its own.
  answers=$run/answers
  if [ "$once" = yes ]; then answers=$run/answers-once; else announce; fi
  rm -f "$answers-0" "$answers-1" "$run/events"
  mkfifo "$answers-0" "$answers-1" "$run/events" || stop_with 69 "no pipe can be made in $run"
  exec 3<>"$run/events"
  exec 4>"$run/events"
  rm -f "$run/events"
  agent_version=$VERSION
  signing_keys='' access_key='' secret_key='' session_token=''
  token='' token_until=0 instance_id='' credentials_until=0 macs='' way='' links='' addresses='' rules='' defaults='' defaults6=''
  metadata='' cycle='' cycle_at='' sure_at=-$sure silent='' monitor='' watcher='' ended='' generation=0
  rhythm=slow hurry=no turned=no any_failed=no quick_at=0 quick_rest=0
  metrics_pid='' metrics_at=0 metrics_address='' events_pid='' events_at=0 events_address=''
  events_due=no events_wait=$POST_RETRY_S repeat_at=0 posted_at=0 hasty=no due_at=0
  outstanding=0 asked_at=0 askers='' came_of=' ' round='' pressing=no
  looking='' looks=0 looks_at=0 missed=no wake_at=0 beat_at=0 petted_at=0 anew_at=0
  patience=0 changes=0 listed='' listed_at=0 listed_before='' listing_number=0 changed_since=yes stopping=no heard_once=no
}

# For address.sh, which tells it with its answer.
announce() {
  name_process "$$" || return 0
  printf '%s %s\n' "$process" "$VERSION" >"$run/agent"
}

serve() {
  trap stop EXIT
  trap 'stopping=yes' TERM INT HUP
  log "holdfast-agent $VERSION for fleet $fleet"
  watch_kernel
  begin_watch
  notify --ready
  began=$now
  while [ "$stopping" = no ]; do
    read -r heard <&3 || continue
    read_uptime
    # shellcheck disable=SC2086
    set -- $heard
    case ${1-} in
      "@$generation") hear_watcher "${heard#* }" ;;
      @[0-9]*) ;; # of one that has been ended
      @path) hear_path "$2" "$3/$4" ;;
      @sent) hear_sent "$2" "$3" "${4-}" ;;
      @look) look_now ;;
      *) hear_kernel ;;
    esac
    publish
    keep_pace
    [ "$once" = no ] || ! is_done || break
  done
}

# shellcheck disable=SC2086
hear_watcher() { # what it said
  case $1 in
    'imds '*) hear_metadata "$1" ;;
    'unknown '*) hear_silence "${1#* }" ;;
    'macs '*) macs=${1#* } ;;
    *)
      set -- $1
      case $1 in
        token) token=$2 token_until=$3 ;;
        identity) instance_id=$2 ;;
        credentials) access_key=$2 secret_key=$3 session_token=$4 credentials_until=$5 ;;
      esac
      ;;
  esac
}

hear_metadata() { # the line
  heard_once=yes
  [ -z "$silent" ] || log 'the metadata can be read again'
  silent=''
  if [ "$now" != "$cycle_at" ]; then cycle=yes cycle_at=$now; fi
  case $1 in *\?*) ;; *) sure_at=$now ;; esac
  set -- "${1#imds }"
  way=${1%% *} way=${way#-}
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
  # Without events from the kernel every second has to do.
  if [ "$missed" = yes ] || ! kill -0 "${monitor% *}" 2>/dev/null; then wake_at=$now changed_since=yes; fi
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
# by a child, since a full pipe would hold whoever both writes and reads it. `ip` itself only writes, so that it ends with
# its first line that nobody reads.
watch_kernel() {
  ip -o monitor link address rule route >&4 2>/dev/null 3>&- 4>&- &
  exec 4>&-
  name_process "$!"
  monitor=$process
}

hear_kernel() {
  changed_since=yes
  [ -z "$looking" ] || return 0
  if [ "$looks_at" != "$now" ]; then looks=0 looks_at=$now; fi
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

# A watcher takes over what the one before it has told. That one may still wait for an answer: nobody waits for it until
# the next begins, and what it says is not heard.
begin_watch() {
  end_process "$ended"
  [ -z "$ended" ] || wait "${ended% *}" 2>/dev/null
  ended=$watcher
  end_process "$ended"
  generation=$((generation + 1))
  watch_metadata &
  name_process "$!"
  watcher=$process
}

# A shell's child that has just been forked still has its parent's trap: what it is sent then is lost.
end_process() { # as name_process names it; fails when that is gone
  [ -n "$1" ] && name_process "${1% *}" && [ "$process" = "$1" ] && kill "${1% *}" 2>/dev/null
}

begin_anew() { # once a minute at most
  [ $((now - anew_at)) -ge 60 ] || return 0
  anew_at=$now token_until=0 credentials_until=0
  begin_watch
}

# An address that has just failed is soon on another interface: then the metadata is asked often, for a while.
keep_pace() {
  if [ "$turned" = yes ]; then
    turned=no any_failed=no
    each_record note_failed
  fi
  case $rhythm in
    slow)
      [ "$hurry" = yes ] || return 0
      hurry=no
      [ "$now" -ge "$quick_rest" ] && [ "$any_failed" = yes ] || return 0
      rhythm=quick quick_at=$now
      ;;
    quick)
      hurry=no
      if [ "$any_failed" = yes ] && [ $((now - quick_at)) -lt "$QUICK_S" ]; then return; fi
      rhythm=slow quick_rest=$((now + now - quick_at))
      ;;
  esac
  begin_watch
}

note_failed() { if [ "$health" = failed ]; then any_failed=yes; fi; }

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
  kill $looking $metrics_pid $events_pid $askers 2>/dev/null
  for child in "$watcher" "$ended" "$monitor"; do
    waited=0
    while end_process "$child" && [ "$waited" -lt "$STOP_WAIT_TENTHS" ]; do pause; done
  done
  wait
  rm -f "$answers-0" "$answers-1"
  [ "$once" = yes ] || rm -f "$run/agent"
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
