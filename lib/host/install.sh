# Installs the agent with its unit and configuration, takes it off, or says what is there. Installing twice changes
# nothing; another content restarts it. The last line on stdout is `HOLDFAST-AGENT {json}`.
set -eu
LC_ALL=C
export LC_ALL
PATH=${PATH-}:/usr/sbin:/sbin:/usr/bin:/bin
root=${HOLDFAST_ROOT-} # in front of every path, for tests: then no service is touched
program=$root/opt/holdfast/holdfast-agent
configuration=$root/etc/holdfast/agent.conf
unit=$root/etc/systemd/system/holdfast-agent.service
changed=false

main() {
  case $HOLDFAST_ACTION in
    install) install_all ;;
    remove) remove_all ;;
    status) ;;
    *)
      printf "HOLDFAST_ACTION is '%.80s'; allowed: install, remove or status\n" "$HOLDFAST_ACTION" >&2
      exit 64
      ;;
  esac
  conclude
}

install_all() {
  umask 022
  check_version
  check_tools
  mkdir -p "$root/opt/holdfast" "$root/etc/holdfast" "$root/etc/systemd/system"
  put "$program" "$(agent_text)" 755
  put "$configuration" "$(configuration_text)" 600
  put "$unit" "$(unit_text)" 644
  has_systemd || return 0
  [ "$changed" = false ] || systemctl daemon-reload
  systemctl enable --quiet holdfast-agent.service
  if [ "$changed" = true ]; then systemctl restart holdfast-agent.service; else systemctl start holdfast-agent.service; fi
}

# An association may come to run with the document of before: State Manager tries again.
check_version() {
  case $HOLDFAST_VERSION in any | "$CARRIED_VERSION") return ;; esac
  printf "HOLDFAST_VERSION is '%.80s'; this document carries %s, and nothing was changed: run the document's new version\n" \
    "$HOLDFAST_VERSION" "$CARRIED_VERSION" >&2
  exit 75
}

check_tools() {
  for tool in ip curl openssl mkfifo date; do
    command -v "$tool" >/dev/null 2>&1 && continue
    printf 'the agent needs %s, which is not installed here\n' "$tool" >&2
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

remove_all() {
  if has_systemd && [ -f "$unit" ]; then systemctl disable --quiet --now holdfast-agent.service; fi
  for file in "$unit" "$program" "$configuration"; do
    [ -f "$file" ] || continue
    rm -f "$file"
    changed=true
  done
  rmdir "$root/opt/holdfast" "$root/etc/holdfast" 2>/dev/null || :
  if has_systemd && [ "$changed" = true ]; then systemctl daemon-reload; fi
}

has_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }

conclude() {
  version=null service=absent
  if [ -f "$program" ]; then version="\"$(sh "$program" --version)\"" service=installed; fi
  if has_systemd && [ -f "$unit" ]; then
    service=$(systemctl is-active holdfast-agent.service) || :
  fi
  printf 'HOLDFAST-AGENT {"v":1,"action":"%s","version":%s,"carries":"%s","service":"%s","changed":%s}\n' \
    "$HOLDFAST_ACTION" "$version" "$CARRIED_VERSION" "$service" "$changed"
}
