# What was seen, as one line of JSON and an exit code.

# What a look at the kernel alone holds against the address. Sets `flaw`, '' for nothing.
find_flaw() {
  flaw=''
  if [ "$link" = absent ]; then
    flaw='interface-absent'
  elif [ "$link,$admin" = down,up ]; then
    flaw='no-carrier'
  elif [ "$link" = down ]; then
    flaw='link-down'
  elif [ "$os" = absent ]; then
    flaw='address-absent'
  elif [ -n "$elsewhere" ]; then
    flaw='address-elsewhere'
  elif [ "$rule" = absent ]; then flaw='rule-absent'; fi
}

could_not_look() { # the listing that failed
  say "could not look: $1"
  finish could-not-look could-not-look 75
}

finish() { # verdict, why, exit code
  drop_lock
  printf 'HOLDFAST '
  print_answer "$1" "$2"
  exit "$3"
}

print_answer() { # verdict, why; one line of JSON without blanks
  printf '{"v":1,"action":%s,"address":%s,"mac":%s,"device":%s,"link":"%s","os":"%s","elsewhere":%s' \
    "$(json "$action")" "$(json "$address")" "$(json "$mac")" "$(json "$device")" "$link" "$os" "$(json "$elsewhere")"
  printf ',"rule":"%s","path":"%s","witness":"%s","arp":"%s"' "$rule" "$path" "$witness" "$arp"
  printf ',"changed":%s,"agent":%s,"verdict":"%s","why":"%s"}\n' "$changed" "$(json "$agent_version")" "$1" "$2"
}

json() { # a word, or null for none; a device may be called anything, but nothing that needs escaping is let through
  case $1 in
    '') printf null ;;
    *\"* | *\\*) printf '"?"' ;;
    *) printf '"%s"' "$1" ;;
  esac
}

say() { printf '%s\n' "$*" >&2; }
