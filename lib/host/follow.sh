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
is_listed() { [ -n "$listed" ] && [ "$changed_since" = no ] && [ $((now - listed_at)) -lt "$LISTING_S" ]; }

# `listing_number` tells one that differs from the one before.
list_anew() {
  changed_since=no listed_at=$now
  list
  [ "$listed_before" != "$listed$links$addresses$rules$defaults$defaults6" ] || return 0
  listed_before=$listed$links$addresses$rules$defaults$defaults6 listing_number=$((listing_number + 1))
}

judge() {
  mark_at='' mark_word='' mark_mac=''
  find_owner
  case $mechanism in
    overlay) ;;
    elastic) find_private ;;
    *) heed_mark ;;
  esac
  case $owner_now in
    none) judge_gone ;;
    \?) judge_unsure ;;
    *) judge_owned ;;
  esac
}

# ---- Whose it is -------------------------------------------------------------------------------------------------------

find_owner() { # sets `owner_now` to a MAC, `none` or `?`, and `told` to the same, whatever a mark says then
  if [ "$mechanism" = overlay ]; then
    find_holder
    return
  fi
  owner_now=none
  [ -n "$metadata" ] || owner_now='?'
  for each in $metadata; do
    case ",${each#*=}," in
      *",$declared,"*)
        owner_now=${each%%=*}
        break
        ;;
      *,\?,*) owner_now='?' ;;
    esac
  done
  told=$owner_now
}

# The metadata do not know an overlay address. It belongs to the interface that the last order has put it on; without an
# order, to the one that has it, but then nobody says that routes lead here: no answer is no failure.
find_holder() {
  if read_mark; then
    owner_now=none
    [ "$mark_word" = off ] || owner_now=$mark_mac
    told=$owner_now
    return
  fi
  told='?' owner_now=$owner
  if could_list; then
    mac=- && see
    mac_of "$elsewhere"
  fi
  [ "$owner_now" != - ] || owner_now=none
}

# shellcheck disable=SC2086
mac_of() { # device, or none; sets `owner_now`
  owner_now=none
  [ -n "$1" ] || return 0
  IFS=$newline
  for each in $links; do
    IFS=$blanks
    set -- "$1" $each
    name=${3%:}
    [ "${name%%@*}" = "$1" ] || continue
    case "$* " in *" link/ether "*)
      owner_now=${each#*link/ether }
      owner_now=${owner_now%% *}
      ;;
    esac
  done
  IFS=$blanks
}

# The first address of an interface in the metadata is its own. No order is heeded: it would not say for which of two
# elastic addresses it was, and there is nothing here that could be put on or taken off too early.
find_private() {
  case $owner_now in none | \?) return ;; esac
  private=''
  for each in $metadata; do
    case $each in "$owner_now="[0-9]*) private=${each#*=} ;; esac
  done
  if [ -n "$private" ]; then address=${private%%,*}; else owner_now='?'; fi
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
  if [ "$owner" != - ]; then log "$tag $declared: is not on this host any more"; fi
  owner=- path_seen='?'
  turn away -
  if [ "$gone" = - ] || [ "$told" != none ]; then gone=$now; fi
  could_list && [ "$mechanism" != overlay ] || return 0
  mac=- && see
  [ "$mechanism" != elastic ] || elsewhere=''
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
    log "$tag $declared: belongs to $owner"
  fi
  # An address is not looked for again in a listing that has nothing against it.
  if could_list && [ "$seen" = "$listing_number:$owner" ]; then
    judge_path
    return
  fi
  seen=-
  see_owner
  if could_list && ! is_in_order && can_follow; then change_address restore; fi
  judge_health
  if could_list && [ -z "$flaw" ]; then seen=$listing_number:$owner; fi
}

see_owner() {
  mac=$owner
  if could_list; then see; fi
}

is_in_order() {
  [ "$link,$os,$elsewhere" = up,here, ] && [ "$rule" != absent ]
}

# Without the interface, or with its wire cut, there is nothing that the host could do. An overlay address is for the
# engine to move: nobody here knows whether routes still lead to it.
can_follow() {
  case $link,$admin,$mechanism in
    *,overlay) return 1 ;;
    up,* | down,down,*) ;;
    *) return 1 ;;
  esac
}

# Under the lock, and only if nobody has placed the address meanwhile. The second time it waits, and so can break the
# lock of somebody who has died.
change_address() { # restore | clear
  marked_before="$mark_at $mark_word $mark_mac"
  if [ "$changes" -ge "$changes_most" ]; then
    log "$tag $declared: left as it is for now, since somebody keeps undoing what is done here"
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
    log "$tag $declared: $1${device:+ on $device}"
    # A subshell, since a look that fails in there ends it; what it says it does goes to the log.
    (
      locked=no
      if [ "$1" = restore ]; then
        [ "$mechanism" != elastic ] || find_subnet
        is_subnet "$HOLDFAST_SUBNET" || exit
      fi
      "$1" >/dev/null
    ) 2>&1
  fi
  drop_lock
  list_anew
  if could_list; then see; fi
}

# The subnet of an interface's own address, as the kernel has it.
# shellcheck disable=SC2086
find_subnet() {
  IFS=$newline
  for each in $addresses; do
    IFS=$blanks
    set -- $each
    [ "${4%/*}" = "$address" ] || continue
    length=${4#*/} size=1 bits=${4#*/}
    while [ "$bits" -lt 32 ]; do size=$((size * 2)) bits=$((bits + 1)); done
    number_of "$address"
    number=$((number - number % size))
    HOLDFAST_SUBNET=$((number / 16777216)).$((number / 65536 % 256)).$((number / 256 % 256)).$((number % 256))/$length
  done
  IFS=$blanks
}

# Off every interface that has it: there is none that it belongs to. An interface's own address stays.
clear() {
  [ "$mechanism" = elastic ] || delete_where other
  delete_rules "$own_tables"
}

wake_by() { if [ "$1" -lt "$wake_at" ]; then wake_at=$1; fi; }
