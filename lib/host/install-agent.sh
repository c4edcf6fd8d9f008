# The agent with its unit and configuration. Another content restarts it.
program=$root/opt/holdfast/holdfast-agent
configuration=$root/etc/holdfast/agent.conf
unit=$root/etc/systemd/system/holdfast-agent.service

install_all() {
  check_tools 'the agent' ip curl openssl mkfifo date
  mkdir -p "$root/opt/holdfast" "$root/etc/holdfast" "$root/etc/systemd/system"
  put "$program" "$(agent_text)" 755
  put "$configuration" "$(configuration_text)" 600
  put "$unit" "$(unit_text)" 644
  has_systemd || return 0
  [ "$changed" = false ] || systemctl daemon-reload
  systemctl enable --quiet holdfast-agent.service
  if [ "$changed" = true ]; then systemctl restart holdfast-agent.service; else systemctl start holdfast-agent.service; fi
}

remove_all() {
  if has_systemd && [ -f "$unit" ]; then systemctl disable --quiet --now holdfast-agent.service; fi
  drop "$unit" "$program" "$configuration"
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
