# What the installers have in common: install-agent.sh and install-commands.sh say what there is to install. Installing
# twice changes nothing. The last line on stdout says what is there.
set -eu
LC_ALL=C
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin
root=${HOLDFAST_ROOT-} # in front of every path, for tests: then no service is touched
changed=false

main() {
  case $HOLDFAST_ACTION in
    install)
      umask 022
      check_version
      install_all
      ;;
    remove) remove_all ;;
    status) ;;
    *)
      printf "HOLDFAST_ACTION is '%.80s'; allowed: install, remove or status\n" "$HOLDFAST_ACTION" >&2
      exit 64
      ;;
  esac
  conclude
}

# An association may come to run with the document of before: State Manager tries again.
check_version() {
  case $HOLDFAST_VERSION in any | "$CARRIED_VERSION") return ;; esac
  printf "HOLDFAST_VERSION is '%.80s'; this document carries %s, and nothing was changed: run the document's new version\n" \
    "$HOLDFAST_VERSION" "$CARRIED_VERSION" >&2
  exit 75
}

check_tools() { # who needs them, tool, ...
  needing=$1
  shift
  for tool in "$@"; do
    command -v "$tool" >/dev/null 2>&1 && continue
    printf '%s needs %s, which is not installed here\n' "$needing" "$tool" >&2
    exit 69
  done
}

# Written beside and moved over, so that nobody reads half a file.
put() { # file, text, mode
  if [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; then return; fi
  printf '%s\n' "$2" >"$1.new"
  chmod "$3" "$1.new"
  mv "$1.new" "$1"
  changed=true
}

drop() { # file, ...
  for file in "$@"; do
    [ -f "$file" ] || continue
    rm -f "$file"
    changed=true
  done
}
