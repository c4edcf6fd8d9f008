# One at a time, and who is here besides.

# Whatever changes addresses on this host holds `$run/lock` meanwhile, a directory with the owner's name in it: its
# process id and when that process began, so that a later process of the same number is not taken for it. The lock of a
# process that is gone is broken. Without /proc nobody could tell, so there is no lock then.
take_lock() { # tenths of a second to wait
  name_process "$$" || return 0
  [ -d "$run" ] || mkdir -p "$run" 2>/dev/null
  [ -w "$run" ] || return 0
  me=$process waited=0
  until mkdir "$run/lock" 2>/dev/null; do
    holder=''
    { read -r holder <"$run/lock/owner"; } 2>/dev/null
    if is_gone; then
      break_lock
      continue
    fi
    [ "$waited" -lt "$1" ] || return 1
    pause
  done
  printf '%s\n' "$me" >"$run/lock/owner"
  locked=yes
}

drop_lock() {
  [ "$locked" = yes ] || return 0
  rm -r "$run/lock"
  locked=no
}

is_gone() {
  if [ -z "$holder" ]; then
    [ "$waited" -ge "$NAMELESS_TENTHS" ]
    return
  fi
  name_process "${holder% *}" || return 0
  [ "$process" != "$holder" ]
}

# Moved aside first, so that of two who break the same lock one does it. Whoever finds that he has moved another one
# than he had looked at puts it back.
break_lock() {
  rm -rf "$run/lock.$$"
  mv "$run/lock" "$run/lock.$$" 2>/dev/null || return 0
  seen=''
  { read -r seen <"$run/lock.$$/owner"; } 2>/dev/null
  if [ "$seen" != "$holder" ] && mv "$run/lock.$$" "$run/lock" 2>/dev/null; then return; fi
  say "broke the lock of ${holder:-nobody}, which is gone"
  rm -rf "$run/lock.$$"
}

# 812 (a name) S 1 ...: the 22nd field is when it began; the name may have blanks and brackets in it.
# shellcheck disable=SC2086
name_process() { # a process id; sets `process`, fails when there is no such process
  process=''
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  set -- "$1" ${stat##*) }
  shift 20
  process="${stat%% *} $1"
}

read_uptime() { # sets `now` to whole seconds since boot: no clock that somebody may set
  { read -r now _ </proc/uptime; } 2>/dev/null || return 1
  now=${now%.*}
}
