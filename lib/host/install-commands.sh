# lkipbu, for who works on the instance itself. A program of that name which is not ours stays as it is.
program=$root/usr/local/sbin/lkipbu

install_all() {
  check_tools lkipbu curl openssl od date
  read_version
  [ "$version" != foreign ] || refuse_foreign
  mkdir -p "$root/usr/local/sbin"
  put "$program" "$(lkipbu_text)" 755
}

remove_all() {
  read_version
  if [ "$version" != foreign ]; then drop "$program"; fi
}

conclude() {
  read_version
  case $version in absent | foreign) shown=null ;; *) shown="\"$version\"" ;; esac
  printf 'HOLDFAST-COMMANDS {"v":1,"action":"%s","lkipbu":%s,"carries":"%s","changed":%s}\n' \
    "$HOLDFAST_ACTION" "$shown" "$CARRIED_VERSION" "$changed"
}

# The second line of ours says which one it is. Sets `version`.
read_version() {
  version=absent second=''
  if ! [ -e "$program" ] && ! [ -h "$program" ]; then return; fi
  version=foreign
  { read -r second && read -r second; } 2>/dev/null <"$program" || :
  case $second in HOLDFAST_LKIPBU=????????????????) version=${second#*=} ;; esac
}

refuse_foreign() {
  printf '%s is there and is not of Holdfast: nothing was changed\n' "$program" >&2
  exit 73
}
