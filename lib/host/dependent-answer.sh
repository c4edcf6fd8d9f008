# What is asked, checked before anything else is done; and what was seen, as one line of JSON and an exit code.

forget() {
  action='' tag='' name='' kind='' limit='' unit='' checkable=true
  state=unknown checked=false changed=false exact='' output='' looked='' locked=no
  act_code='' act_hung=false code='' timed_out=false clock=0 began=0
}

# Only what the document declares passes `declared`, so neither name needs a pattern here.
check_input() {
  HOLDFAST_ORDER=${HOLDFAST_ORDER:-0} HOLDFAST_TAG=${HOLDFAST_TAG-} HOLDFAST_NAME=${HOLDFAST_NAME-}
  case ${HOLDFAST_ACTION-} in
    start | stop | check) action=$HOLDFAST_ACTION ;;
    *) refuse usage HOLDFAST_ACTION "${HOLDFAST_ACTION-}" 'start, stop or check' ;;
  esac
  is_number "$HOLDFAST_ORDER" || refuse usage HOLDFAST_ORDER "$HOLDFAST_ORDER" 'a number of at most 15 digits'
  tag=$HOLDFAST_TAG name=$HOLDFAST_NAME
  declared kind && return
  tag='' name=''
  refuse not-declared 'HOLDFAST_TAG/HOLDFAST_NAME' "$HOLDFAST_TAG/$HOLDFAST_NAME" "what is declared: $DECLARED"
}

refuse() { # why, field, value, allowed
  printf "%s is '%.80s'; allowed: %s\n" "$2" "$3" "$4" >&2
  finish unknown "$1" 64
}

tell() { # what a look alone has seen
  output=$looked act_hung=$timed_out
  [ "$kind" = systemd ] || act_code=$code
  case $state in
    in-service | out-of-service) finish "$state" verified 0 ;;
    failed) finish failed check-failed 69 ;;
    changing) finish changing still-changing 75 ;;
  esac
  case $exact in no-check | processes-left) finish unknown "$exact" 69 ;; esac
  finish unknown "$exact" 75
}

conclude() { # the state that was asked for
  [ "$state" != "$1" ] || finish "$1" verified 0
  if [ "$act_hung,$act_code" = false,0 ] && [ -n "$looked" ]; then output=$looked; fi
  [ "$exact" != processes-left ] || finish unknown processes-left 69
  case $state,$act_hung in
    changing,true | unknown,true) finish "$state" timed-out 75 ;;
    *,true) finish "$state" timed-out 69 ;;
    changing,*) finish changing still-changing 75 ;;
    unknown,*) finish unknown "$exact" 75 ;;
  esac
  finish "$state" "$action-failed" 69
}

finish() { # state, why, exit code
  drop_lock
  read_clock
  [ "$act_hung" = false ] || act_code='' # that of the kill
  escape "$output"
  printf 'HOLDFAST {"v":1,"action":%s,"tag":%s,"name":%s,"state":"%s","changed":%s,"checked":%s' \
    "$(word "$action")" "$(word "$tag")" "$(word "$name")" "$1" "$changed" "$checked"
  printf ',"exit":%s,"timedOut":%s,"why":"%s","output":"%s","ms":%s}\n' \
    "${act_code:-null}" "$act_hung" "$2" "$escaped" "$((clock - began))"
  exit "$3"
}

word() { # of what is declared, so nothing in it needs escaping
  if [ -n "$1" ]; then printf '"%s"' "$1"; else printf null; fi
}

# For JSON: of printable ASCII and line ends, which is all that `bounded` lets through.
# shellcheck disable=SC1003
escape() { # sets `escaped`
  escaped=$1
  replace '\' '\\'
  replace '"' '\"'
  replace "$newline" '\n'
}

replace() { # in `escaped`: one string by another
  rest=$escaped escaped=''
  while :; do
    part=${rest%%"$1"*}
    [ "$part" != "$rest" ] || break
    escaped=$escaped$part$2
    rest=${rest#*"$1"}
  done
  escaped=$escaped$rest
}
