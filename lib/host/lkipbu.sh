# lkipbu on the instance itself, where no Node is needed: the options, the words and the exit codes are those of
# lib/operator/lkipbu.ts, and test/host/lkipbu.test.ts holds them together. It asks the engine's operate function, as the
# role of the instance, and nothing else.
#
#   lkipbu-arguments.sh  the command line, and what its values may be
#   lkipbu-text.sh       text from outside, made fit for a line and for JSON
#   lkipbu-engine.sh     configuration, credentials, one signed invocation
#   lkipbu-answer.sh     what was answered
#
# Nothing that comes from an argument or an answer is expanded or evaluated.
set -u
set -f
LC_ALL=C # [0-9] means ten characters in no other locale, and ? one byte
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin

DONE=0
FAILED=1
USAGE=2
EXISTS=4
ILLEGAL=5
MISSING=7
UNREACHABLE=9

WAIT_MOST_S=300
WAIT_MOST_WORDS=5m
BEGINNING_S=60 # an asynchronous invocation may take that long to begin
LOOK_EVERY_S=0.3

newline='
'
blanks=" 	$newline"
IFS=$blanks

lkipbu() {
  read_arguments "$@"
  check_arguments
  read_settings
  take_credentials
  case $letter in
    s) give "$(request status)" question ;;
    m) order move-to-backup ;;
    a) order add-backup ;;
    r) order remove-backup ;;
  esac
  [ "$ok" = true ] || stop "$(exit_of "$code")" "$message"
  case $kind in
    status) show_status ;;
    'done') succeed "$message" ;;
    started) await_end ;;
    *) stop "$FAILED" "the engine answered with \"$kind\"" ;;
  esac
}

# ---- What is asked -----------------------------------------------------------------------------------------------------

# The engine's proof is bound to the order as JSON with sorted keys and no blanks: that is how it is written here.
request() { # action
  text="{\"action\":\"$1\""
  [ "$force" = no ] || text="$text,\"force\":true"
  [ -z "$device" ] || text="$text,\"interface\":\"$device\""
  [ -z "$machine" ] || text="$text,\"machine\":\"$machine\""
  [ -z "$reason" ] || text="$text,\"reason\":\"$reason\""
  printf '%s' "$text,\"tag\":\"$tag\"}"
}

order() { # action
  text=$(request "$1")
  prove "$text" || stop "$UNREACHABLE" 'the order could not be signed'
  give "${text%\}},\"proof\":$proof}" order
}

give() { # request, question | order; ends when there is no answer
  ask "$@" || stop "$(exit_of "$fault")" "$why"
}

# ---- A move ------------------------------------------------------------------------------------------------------------

# Whoever stops waiting changes nothing: the recovery is the engine's. So that line is what stands on a terminal meanwhile,
# and what Ctrl-C leaves there.
await_end() {
  case $recovery in '' | *[!A-Za-z0-9@._:-]*) stop "$FAILED" 'the engine names no recovery that can be followed' ;; esac
  following=$recovery watching="still running: holdfast explain $recovery" live=no
  if [ -t 2 ] && [ "${TERM-}" != dumb ]; then live=yes; fi
  now=0
  read_uptime
  began=$now
  while [ $((now - began)) -lt "$WAIT_MOST_S" ]; do
    show_progress
    look_at_recovery
    sleep "$LOOK_EVERY_S" 2>/dev/null || sleep 1
    read_uptime
  done
  clear_progress
  stop "$FAILED" "$tag: no end within $WAIT_MOST_WORDS; $watching"
}

look_at_recovery() { # ends when it has ended, and when asking again cannot help
  if ask "{\"action\":\"explain\",\"recovery\":\"$following\"}" question; then
    case $ok,$kind,$ended in
      true,explanation,true) show_end ;;
      true,explanation,false) return 0 ;;
    esac
    if [ "$ok,$code" = false,unknown-recovery ] && [ $((now - began)) -lt "$BEGINNING_S" ]; then return 0; fi
    clear_progress
    [ "$ok" = true ] || stop "$FAILED" "explain was refused: $message ($code); $watching"
    stop "$FAILED" "explain was answered with \"$kind\"; $watching"
  fi
  [ "$again" = never ] || return 0
  clear_progress
  stop "$(exit_of "$fault")" "$why; $watching"
}

read_uptime() { # sets `now` to whole seconds since boot: no clock that somebody may set
  { read -r now _ </proc/uptime; } 2>/dev/null || return 1
  now=${now%.*}
}

show_progress() { if [ "$live" = yes ]; then printf '\r%s; %s s\033[K' "$watching" $((now - began)) >&2; fi; }

clear_progress() { if [ "$live" = yes ]; then printf '\r\033[K' >&2; fi; }

# ---- What is said ------------------------------------------------------------------------------------------------------

show_status() {
  if [ "$primary_up" = true ]; then primary_up=up; else primary_up=down; fi
  printf 'IP address: %s\nNetmask: %s\nPrimary interface: %s (%s)\nBackup interface: %s\n' \
    "$shown_address" "$netmask" "$primary" "$primary_up" "${backup:-none}"
  exit "$DONE"
}

show_end() {
  clear_progress
  case $outcome in
    held | failed)
      stop "$FAILED" "$about is not moved: $words ($outcome, $why_so); holdfast explain $recovery"
      ;;
  esac
  took=$((ended_at - started_at))
  took=$(printf '%d.%03d s' $((took / 1000)) $((took % 1000)))
  [ -n "$to_interface" ] || succeed "$about: $outcome in $took"
  before=''
  if [ -n "$from_interface" ]; then before=", was on $from_interface"; fi
  if [ -n "$before" ] && [ "$from_server" != "$to_server" ]; then before="$before of $from_server"; fi
  succeed "$about is on $to_interface of $to_server$before; verified in $took"
}

exit_of() { # code of a refusal or a fault
  case $1 in
    backup-exists) printf %s "$EXISTS" ;;
    usage | interface-invalid) printf %s "$ILLEGAL" ;;
    unknown-tag | unknown-server | unknown-recovery | backup-missing) printf %s "$MISSING" ;;
    throttled | service-unavailable | no-answer | access-denied | not-found | invalid-settings) printf %s "$UNREACHABLE" ;;
    *) printf %s "$FAILED" ;;
  esac
}

succeed() { # line
  printf '%s\n' "$1"
  exit "$DONE"
}

stop() { # exit code, line
  printf 'lkipbu: %s\n' "$2" >&2
  exit "$1"
}

wrong() { # what is wrong with the command line
  printf 'lkipbu: %s\n%s\n\n' "$1" "$(usage_text)" >&2
  exit "$USAGE"
}
