# Whose each address is, from the metadata, the marks and one listing of the kernel: the OS is made to follow, and what is
# left then is its health (health.sh).

# What looks failed is looked at three times before it is: an interface may blink.
step() {
  wake_at=$((now + heartbeat))
  try=1
  while :; do
    if [ "$try" -gt 1 ] || ! is_listed; then list_anew; fi
    suspects=no
    each_record judge
    [ -z "$round" ] || start_round
    if [ "$suspects" = no ] || [ "$try" -eq "$CONFIRM_LOOKS" ]; then break; fi
    try=$((try + 1))
    sleep "$CONFIRM_PAUSE_S" 2>/dev/null
  done
}

# A listing is good until the kernel says that something has changed, or until it has not said so for long.
is_listed() { [ "$listed,$changed_since" = yes,no ] && [ $((now - listed_at)) -lt "$LISTING_S" ]; }

# `listing_number` tells one that differs from the one before.
list_anew() {
  changed_since=no listed_at=$now
  if list; then listed=yes; else listed=no; fi
  [ "$listed_before" != "$links$addresses$rules$defaults" ] || return 0
  listed_before=$links$addresses$rules$defaults listing_number=$((listing_number + 1))
}

judge() {
  find_owner
  heed_mark
  case $owner_now in
    none) judge_gone ;;
    \?) judge_unsure ;;
    *) judge_owned ;;
  esac
}

# ---- Whose it is -------------------------------------------------------------------------------------------------------

# shellcheck disable=SC2086
find_owner() { # sets `owner_now` to a MAC, `none` or `?`, and `told` to the same, whatever a mark says then
  owner_now=none
  [ -n "$metadata" ] || owner_now='?'
  for each in $metadata; do
    case ",${each#*=}," in
      *",$address,"*)
        owner_now=${each%%=*}
        break
        ;;
      ,\?,) owner_now='?' ;;
    esac
  done
  told=$owner_now
}

# `agreed` is the time of the mark and how often the metadata has agreed with it since.
heed_mark() {
  read_mark || return 0
  if [ "$mark_word" = on ] && [ $((now - mark_at)) -ge "$hold" ]; then
    spend_mark
    return
  fi
  case $mark_word,$owner_now in
    on,"$mark_mac") ;;
    on,*)
      agreed=$mark_at:0 owner_now=$mark_mac
      wake_by $((mark_at + hold))
      return
      ;;
    off,"$mark_mac" | off,\?)
      agreed=$mark_at:0
      if [ "$owner_now" != '?' ] || [ "$owner" = "$mark_mac" ]; then owner_now=none; fi
      return
      ;;
  esac
  wake_by $((now + 1))
  [ -n "$cycle" ] && [ "$try" -eq 1 ] || return 0
  case $agreed in
    "$mark_at:"*) agreed=$mark_at:$((${agreed#*:} + 1)) ;;
    *) agreed=$mark_at:1 ;;
  esac
  [ "${agreed#*:}" -lt "$AGREE_CYCLES" ] || spend_mark
}

read_mark() {
  mark_at='' mark_word='' mark_mac=''
  { read -r mark_at mark_word mark_mac <"$run/placed-$address"; } 2>/dev/null
  [ -n "$mark_at" ]
}

spend_mark() {
  rm -f "$run/placed-$address"
  agreed=- mark_at='' mark_word='' mark_mac=''
}

# ---- What follows ------------------------------------------------------------------------------------------------------

judge_gone() {
  if [ "$owner" != - ]; then log "$tag $address: is not on this host any more"; fi
  owner=- path_seen='?'
  turn away -
  if [ "$gone" = - ] || [ "$told" != none ]; then gone=$now; fi
  [ "$listed" = yes ] || return 0
  mac=- && see
  [ -n "$elsewhere$own_tables" ] || return 0
  if [ $((now - gone)) -lt "$grace" ]; then
    wake_by $((gone + grace))
    return
  fi
  change_address clear
  gone=$now
}

judge_unsure() {
  gone=-
  if [ "$owner" != - ] && [ $((now - sure_at)) -lt "$sure" ]; then
    wake_by $((sure_at + sure))
    see_owner
    judge_health
  elif [ "$owner" != - ]; then
    path_seen='?'
    turn unknown metadata
  fi
}

judge_owned() {
  gone=-
  if [ "$owner" != "$owner_now" ]; then
    owner=$owner_now path_seen='?'
    log "$tag $address: belongs to $owner"
  fi
  # An address is not looked for again in a listing that has nothing against it.
  if [ "$listed,$seen" = "yes,$listing_number:$owner" ]; then
    judge_path
    return
  fi
  seen=-
  see_owner
  if [ "$listed" = yes ] && ! is_in_order && can_follow; then change_address restore; fi
  judge_health
  if [ "$listed" = yes ] && [ -z "$flaw" ]; then seen=$listing_number:$owner; fi
}

see_owner() {
  mac=$owner
  [ "$listed" = no ] || see
}

is_in_order() {
  [ "$link,$os,$elsewhere" = up,here, ] && [ "$rule" != absent ]
}

# Without the interface, or with its wire cut, there is nothing that the host could do.
can_follow() {
  case $link,$admin in
    up,* | down,down) ;;
    *) return 1 ;;
  esac
}

# Under the lock, and only if nobody has placed the address meanwhile. The second time it waits, and so can break the
# lock of somebody who has died.
change_address() { # restore | clear
  marked_before="$mark_at $mark_word $mark_mac"
  if [ "$changes" -ge "$changes_most" ]; then
    log "$tag $address: left as it is for now, since somebody keeps undoing what is done here"
    return
  fi
  changes=$((changes + 1))
  if ! take_lock "$patience"; then
    patience=$((NAMELESS_TENTHS + 1))
    wake_at=$now missed=yes
    return
  fi
  patience=0
  read_mark
  if [ "$mark_at $mark_word $mark_mac" = "$marked_before" ]; then
    log "$tag $address: $1${device:+ on $device}"
    is_subnet "$HOLDFAST_SUBNET"
    # A subshell, since a look that fails in there ends it; what it says it does goes to the log.
    (
      locked=no
      "$1" >/dev/null
    ) 2>&1
  fi
  drop_lock
  list_anew
  if [ "$listed" = yes ]; then see; fi
}

# Off every interface that has it: there is none that it belongs to.
clear() {
  delete_where other
  delete_rules "$own_tables"
}

wake_by() { if [ "$1" -lt "$wake_at" ]; then wake_at=$1; fi; }
