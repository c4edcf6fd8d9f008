#!/bin/sh
# Starts or stops one dependent of a protected address on this host, or looks at it: a systemd unit, or a program with
# its arguments. What those are is declared in the document (dependent-document.ts); from outside come its tag and name,
# the action and an order, and nothing that was not declared is ever run.
#
# Success is what a second look sees, never what a command returned: `HOLDFAST {json}`, the last line on stdout, is that
# look. Runs where address.sh runs, under the same constraints, with `timeout` of coreutils or busybox besides.
# Its parts are joined by dependent-script.ts: the actions here, dependent-look.sh, dependent-answer.sh, and the lock of
# address.sh with what belongs to it.
set -u
set -f
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin

LOCK_WAIT_TENTHS=30
NAMELESS_TENTHS=10
KILL_AFTER_S=5 # between the request to end and the kill
LOOK_S=10 # for systemd to say how a unit is
SETTLE_S=1 # so long a unit that was started is given to fail at once
CHECK_EVERY_S=1
OUTPUT_BYTES=500
CLOCK_STEP_MS=20 # two readings of the clock may be so much closer than what they measure

run=${HOLDFAST_RUN:-/run/holdfast}

newline='
'
blanks=" 	$newline"

main() {
  cd /
  forget
  read_clock || finish unknown could-not-look 75
  began=$clock
  check_input
  run=$run/dependent/$tag/$name
  take_lock "$LOCK_WAIT_TENTHS" || finish unknown busy 75
  [ "$locked" = yes ] || finish unknown cannot-lock 75
  address=this # in_order keeps the last order under this name
  [ "$action" = check ] || in_order || finish unknown superseded 75
  chmod 700 "$run" # what a program says may be nobody else's business
  look
  case $action in
    check) tell ;;
    start) reach in-service ;;
    stop) reach out-of-service ;;
  esac
}

# ---- The actions -----------------------------------------------------------------------------------------------------

reach() { # the state that is asked for
  [ "$state" != "$1" ] || finish "$1" already-so 0
  [ "$kind,$state" != systemd,failed ] || bounded "$LOOK_S" systemctl --no-ask-password reset-failed -- "$unit"
  read_clock
  acted=$clock
  act
  act_code=$code act_hung=$timed_out output=$said
  case $code in 125 | 126 | 127) ;; *) changed=true ;; esac # it was not found, or could not be run
  if [ "$checkable" = false ]; then
    believe "$1"
  else
    look_until "$1"
    conclude "$1"
  fi
}

act() {
  case $kind in
    systemd) bounded "$limit" systemctl --no-ask-password "$action" -- "$unit" ;;
    command) declared "$action" ;;
  esac
}

# Nobody can look: what the program itself says has to do, and the answer says that it was not checked.
believe() { # the state that was asked for
  [ "$act_hung" = false ] || finish unknown timed-out 75
  [ "$act_code" -eq 0 ] || finish unknown "$action-failed" 69
  case $action in
    start) finish "$1" started 0 ;;
    stop) finish "$1" stopped 0 ;;
  esac
}

# systemd says when a job is done; a program may return before what it has started is in service.
look_until() { # the state that is asked for
  look
  case $kind in
    systemd)
      [ "$state" = in-service ] || return 0
      sleep "$SETTLE_S"
      look
      ;;
    command)
      # What was killed in the middle of its start may still answer, for a moment.
      case $action,$act_hung,$state in start,true,in-service) state=unknown ;; esac
      [ "$act_hung,$act_code" = false,0 ] || return 0
      while [ "$state" != "$1" ] && has_time; do
        sleep "$CHECK_EVERY_S"
        look
      done
      ;;
  esac
}

has_time() {
  read_clock
  [ $((clock - acted)) -lt $((limit * 1000)) ]
}

# Runs a program for so long at most, in no shell. A file takes what it says: a pipe would be open, and waited for, as
# long as whatever it leaves behind. Sets `code`, `timed_out` and `said`, the end of what it said.
bounded() { # seconds, program, arguments
  seconds=$1
  shift
  say "+ $*"
  read_clock
  before=$clock timed_out=false
  timeout -k "$KILL_AFTER_S" "$seconds" "$@" </dev/null >"$run/output" 2>&1
  code=$?
  read_clock
  # Its own exit code says less: busybox and coreutils differ, and a program may have the same one.
  if [ "$code" -ne 0 ] && [ $((clock - before + CLOCK_STEP_MS)) -ge $((seconds * 1000)) ]; then timed_out=true; fi
  said=$(tail -c "$OUTPUT_BYTES" "$run/output" | LC_ALL=C tr -c '\n -~' '?')
  rm -f "$run/output"
}

# 350735.47 234388.90: seconds since boot, no clock that somebody may set. Sets `clock` to milliseconds.
read_clock() {
  { read -r uptime _ </proc/uptime; } 2>/dev/null || return 1
  hundredths=1${uptime#*.} # of two digits, and 08 would be read as octal
  uptime=${uptime%.*}
  clock=$((uptime * 1000 + (hundredths - 100) * 10))
}
