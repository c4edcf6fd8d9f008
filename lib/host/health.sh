# How each address is that this host has: link, address and rule by a look at the kernel, then the ping list.

judge_health() {
  if ! could_list; then
    turn unknown listing
    return
  fi
  find_flaw
  if [ -z "$flaw" ]; then
    judge_path
  elif [ "$health" = failed ] || [ "$try" -eq "$CONFIRM_LOOKS" ]; then
    path_seen='?'
    turn failed "$flaw"
  else
    suspects=yes
  fi
}

judge_path() {
  case $HOLDFAST_PING,$path_seen in
    none,*) turn ok verified-without-path ;;
    *,\?) start_path ;;
    *,asking) ;;
    *,answered) turn ok verified ;;
    *,not-asked) turn ok verified-without-path ;;
    *,unanswered)
      case $mechanism,$told in
        *,"$owner") turn failed path-unanswered ;;
        overlay,*) turn unknown no-order ;;
        *) turn unknown metadata ;;
      esac
      ;;
  esac
}

turn() { # health, why
  say_word "$1" "$2"
  [ "$health,$why" != "$1,$2" ] || return 0
  log "$tag $declared: $1 ($2)"
  turned=yes
  if [ "$1" = failed ] && [ "$health" != failed ]; then hasty=yes hurry=yes; fi
  if [ "$health" != "$1" ]; then sent=- due_at=0; fi
  health=$1 why=$2
}

# ---- Pings, by children ------------------------------------------------------------------------------------------------

# Only of an address that a look at the kernel has nothing against.
start_path() {
  path_seen=asking asked_at=$now outstanding=$((outstanding + 1))
  if [ "$word" = "ok:$owner" ]; then
    round="$round $address/$HOLDFAST_PING"
    return
  fi
  pressing=yes
  ask_alone &
  askers="$askers $!"
}

ask_alone() {
  link=up os=here path=not-asked witness=none
  ask_path 2>/dev/null
  printf '@path %s %s %s\n' "$address" "$path" "$witness" >&3
}

# Those in service are asked for in turn by one child, since a process costs more than a ping. Once one has no answer, it
# and all that are left are asked for at the same time.
start_round() {
  ask_round &
  askers="$askers $!"
  round=''
}

ask_round() {
  trap 'kill $alone 2>/dev/null; exit 0' TERM
  alone='' ping_tries=$PING_TRIES witness_tries=$WITNESS_TRIES
  PING_TRIES=1 WITNESS_TRIES=0 link=up os=here
  for each in $round; do
    address=${each%%/*} HOLDFAST_PING=${each#*/}
    if [ -z "$alone" ]; then
      path=not-asked witness=none
      ask_path 2>/dev/null
      if [ "$path" != unanswered ]; then
        printf '@path %s %s none\n' "$address" "$path" >&3
        continue
      fi
      PING_TRIES=$ping_tries WITNESS_TRIES=$witness_tries
    fi
    ask_alone &
    alone="$alone $!"
  done
  wait
}

# What is in service already is judged when all have been heard, the others each at once.
hear_path() { # address, what came of it and of the witness
  [ "$outstanding" -gt 0 ] || return 0
  came_of="$came_of$1 $2 "
  outstanding=$((outstanding - 1))
  if [ "$outstanding" -eq 0 ]; then
    # shellcheck disable=SC2086
    wait $askers
    askers='' pressing=no
  elif [ "$pressing" = no ]; then return; fi
  try=$CONFIRM_LOOKS
  each_record take_path
  came_of=' '
}

# Who was asked for had no flaw; one that has come since then is not overlooked by the look that its event brings.
take_path() {
  [ "$path_seen" = asking ] || return 0
  case $came_of in
    *" $address "*)
      path_seen=${came_of#*" $address "}
      path_seen=${path_seen%% *}
      witness=${path_seen#*/} path_seen=${path_seen%/*}
      find_owner
      judge_path
      ;;
  esac
}

expire_path() { if [ "$path_seen" != asking ]; then path_seen='?'; fi; }

give_up_paths() {
  # shellcheck disable=SC2086
  kill $askers 2>/dev/null
  # shellcheck disable=SC2086
  wait $askers 2>/dev/null
  askers='' outstanding=0 came_of=' '
  each_record forget_path
}

forget_path() {
  [ "$path_seen" = asking ] || return 0
  path_seen='?'
  turn unknown path-not-told
}
