# How a dependent is. Sets `state`, `checked`, and `exact` to why it is no better known.

look() {
  checked=true exact=''
  case $kind in
    systemd) look_at_unit ;;
    command) look_at_program ;;
  esac
  looked=$said
}

# LoadState=loaded, ActiveState=active and so on, one a line.
# https://www.freedesktop.org/software/systemd/man/latest/org.freedesktop.systemd1.html#Properties1
look_at_unit() {
  load='' active='' tasks=''
  bounded "$LOOK_S" systemctl --no-ask-password show -p LoadState -p ActiveState -p SubState -p Result \
    -p TasksCurrent -- "$unit"
  IFS=$newline
  # In quotes, or the model's shell takes a pattern for an assignment.
  for line in $said; do
    case $line in
      'LoadState='*) load=${line#*=} ;;
      'ActiveState='*) active=${line#*=} ;;
      'TasksCurrent='*) tasks=${line#*=} ;;
    esac
  done
  IFS=$blanks
  if [ "$code" -ne 0 ] || [ -z "$active" ]; then
    [ -n "$output" ] || output=$said
    [ "$timed_out" = false ] || act_hung=true
    checked=false
    finish unknown could-not-look 75
  fi
  case $active in
    active | reloading | refreshing) state=in-service ;;
    activating | deactivating | maintenance) state=changing ;;
    inactive) state=out-of-service ;;
    failed) state=failed ;;
    *) state=unknown exact=could-not-look ;;
  esac
  case $load,$state in not-found,out-of-service | not-found,failed)
    output=$said
    finish unknown unit-not-found 78
    ;;
  esac
  case $state in
    failed | out-of-service)
      if has_tasks; then
        state=unknown exact=processes-left
      elif [ "$action" = stop ]; then
        state=out-of-service # it has failed, and nothing of it is there
      fi
      ;;
  esac
}

# KillMode=process leaves children behind, and so does what cannot be killed: the unit is called inactive or failed all
# the same. Without any it is `[not set]`, in old versions a number of 20 digits.
has_tasks() {
  [ "${#tasks}" -le 9 ] && is_number "$tasks" && [ "$tasks" -gt 0 ]
}

# As LSB has it for `status`: 0 it runs, 3 it does not.
# https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/iniscrptact.html
look_at_program() {
  code='' said='' timed_out=false
  if [ "$checkable" = false ]; then
    state=unknown checked=false exact=no-check
    return
  fi
  declared check
  case $timed_out,$code in
    true,*) state=unknown checked=false exact=timed-out ;;
    *,0) state=in-service ;;
    *,3) state=out-of-service ;;
    *,125 | *,126 | *,127) state=unknown checked=false exact=could-not-look ;;
    *) state=failed ;;
  esac
}
