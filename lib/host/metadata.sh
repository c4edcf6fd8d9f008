# The metadata service (IMDSv2), asked once a second by a process of its own, or QUICK_CYCLES times, which tells the agent
# over descriptor 3, with its number in front (`@3 imds ...`):
#   imds <way> <mac>=<address>,... ...   what each interface has, its own private address first, then secondary, and
#                                        IPv6 and public ones if any is declared; a ? stands for what could not be read
#   unknown <why>                        nothing could be read
#   identity <instance id>
#   and for the next watcher: token <token> <until>, macs <mac> ..., credentials <key id> <secret> <session> <until>
# Paths: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-categories.html
#
# curl takes ten times longer to start than to ask. Where it can be told a rate (7.84) one run asks for minutes; without
# that, every second has its own run. The number in the path is for curl only, which takes `/7/..` out before it asks.

IMDS_CONNECT_S=1
IMDS_TOTAL_S=2
TOKEN_TTL_S=21600
STREAM_CYCLES=300
QUICK_CYCLES=8    # in a second
QUICK_REQUESTS=40 # in a second, for a host with many interfaces: AWS has a limit and publishes none
CREDENTIALS_MARGIN_S=300 # AWS has new ones at least five minutes before the old ones end
CREDENTIALS_RETRY_S=10
KNOWN_LENGTH=8000

watch_metadata() {
  trap 'kill "$asking" 2>/dev/null; exit 0' TERM
  answers=$answers-$((generation % 2)) asking='' said='' body_listed='' known='' cycles=1
  if [ -n "$links" ]; then choose_way; fi
  if can_stream; then cycles=$STREAM_CYCLES; fi
  while :; do
    read_uptime
    at_once=no
    if renew_token; then
      tell_identity
      tell_credentials
      ask_addresses
    else
      tell 'unknown no token'
      next_way
    fi
    [ "$at_once" = yes ] || rest
  done
}

rest() {
  [ "$rhythm" = quick ] && sleep 0.1 2>/dev/null && return
  sleep 1
}

can_stream() {
  said=$(curl --version) || return 1
  said=${said#curl } said=${said%% *}
  major=${said%%.*} minor=${said#*.}
  minor=${minor%%.*}
  { [ "$major" -gt 7 ] || { [ "$major" -eq 7 ] && [ "$minor" -ge 84 ]; }; } 2>/dev/null
}

# Well before it ends: at half its life.
renew_token() {
  [ "$now" -ge "$token_until" ] || return 0
  said=$(imds -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: $TOKEN_TTL_S" "$imds/latest/api/token") || return 1
  is_plain "$said" || return 1
  token=$said token_until=$((now + TOKEN_TTL_S / 2))
  tell "token $token $token_until"
}

tell_identity() {
  [ -z "$instance_id" ] || return 0
  said=$(get meta-data/instance-id) || return 0
  is_plain "$said" || return 0
  instance_id=$said
  tell "identity $instance_id"
}

# The role's own, as JSON over several lines.
tell_credentials() {
  [ "$now" -ge "$credentials_until" ] || return 0
  credentials_until=$((now + CREDENTIALS_RETRY_S))
  role=$(get meta-data/iam/security-credentials/) || return 0
  json=$(get "meta-data/iam/security-credentials/${role%%"$newline"*}") || return 0
  key_id=$(member AccessKeyId) && secret=$(member SecretAccessKey) && session=$(member Token) &&
    ends=$(member Expiration) || return 0
  if seconds_until "$ends" && [ "$left" -gt "$CREDENTIALS_MARGIN_S" ]; then
    credentials_until=$((now + left - CREDENTIALS_MARGIN_S))
  fi
  tell "credentials $key_id $secret $session $credentials_until"
}

member() { # prints one member of `json`; no value of credentials has a blank or a quote in it
  rest=${json#*\""$1"\"}
  [ "$rest" != "$json" ] || return 1
  rest=${rest#*:}
  rest=${rest#*\"}
  rest=${rest%%\"*}
  is_plain "$rest" || return 1
  printf '%s' "$rest"
}

seconds_until() { # 2026-01-05T16:00:00Z; sets `left`
  case $1 in [0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]*Z) ;; *) return 1 ;; esac
  end=$(seconds_of "$1") && start=$(seconds_of "$(date -u +%Y-%m-%dT%H:%M:%SZ)") || return 1
  left=$((end - start))
}

# Days of the civil calendar with the year beginning in March, so that its last day is the one that comes and goes.
seconds_of() { # prints seconds since an arbitrary day
  year=${1%%-*} month=${1#*-} day=${1#*-*-} hour=${1#*T} minute=${1#*:} second=${1#*:*:}
  month=${month%%-*} day=${day%%T*} hour=${hour%%:*} minute=${minute%%:*} second=${second%%[.Z]*}
  month=$((${month#0})) year=$((year))
  if [ "$month" -lt 3 ]; then month=$((month + 12)) year=$((year - 1)); fi
  days=$((365 * year + year / 4 - year / 100 + year / 400 + (153 * (month - 3) + 2) / 5 + ${day#0}))
  printf '%s' $((days * 86400 + ${hour#0} * 3600 + ${minute#0} * 60 + ${second#0}))
}

# ---- The addresses of every interface ----------------------------------------------------------------------------------

# A cycle is the list of interfaces and the addresses of each; it is told as a whole. Another list than the one that is
# asked for, a token that is no longer taken, or no answer at all ends the run early.
# shellcheck disable=SC2086
ask_addresses() {
  urls=macs/ list_count=0
  for each in $macs; do
    for list in $lists; do urls="$urls,macs/$each/$list" list_count=$((list_count + 1)); done
  done
  pace=1
  if [ "$rhythm" = quick ]; then
    pace=$((QUICK_REQUESTS / (list_count + 1)))
    [ "$pace" -le "$QUICK_CYCLES" ] || pace=$QUICK_CYCLES
    [ "$pace" -ge 1 ] || pace=1
  fi
  # Opened in both directions first, which never waits; then each way alone, so that either end notices that the other is
  # gone: curl ends by itself then, whatever has become of this process.
  exec 4<>"$answers"
  exec 5<"$answers"
  exec 6>"$answers" 4>&-
  imds_options | curl -q -K - >&6 2>&1 5<&- 6>&- &
  asking=$!
  exec 6>&-
  body='' heard='' heard_count=0
  while read -r said; do
    case $said in
      '@ '*)
        hear_answer ${said#@ } || break
        body=''
        ;;
      ?*) body="$body $said" ;;
    esac
  done <&5
  exec 5<&-
  kill "$asking" 2>/dev/null
  wait "$asking" 2>/dev/null
  asking=''
}

imds_options() {
  common_options
  printf 'fail-early\n'
  printf 'header = "X-aws-ec2-metadata-token: %s"\n' "$token"
  printf 'url = "%s/latest/[1-%s]/../meta-data/network/interfaces/{%s}"\n' "$imds" "$cycles" "$urls"
  if [ "$cycles" = 1 ]; then
    printf 'write-out = "\\n@ %%{http_code} %%{url_effective}\\n"\n'
  else # on stderr, which is not kept back until there is more of it
    printf 'rate = "%s/s"\nno-buffer\nwrite-out = "%%{stderr}\\n@ %%{http_code} %%{url_effective}\\n"\n' $(((list_count + 1) * pace))
  fi
}

common_options() {
  printf 'silent\nnoproxy = "*"\nconnect-timeout = %s\nmax-time = %s\n' "$IMDS_CONNECT_S" "$IMDS_TOTAL_S"
  [ -z "$way" ] || printf 'interface = "%s"\n' "$way"
}

# shellcheck disable=SC2086
hear_answer() { # code and address of one answer, whose words are in `body`; fails when this run is of no more use
  asked=${2#*/interfaces/macs/}
  case $1,$asked in
    200,) hear_interfaces || return 1 ;;
    401,*)
      token_until=0
      return 1
      ;;
    *,)
      tell "unknown the list of interfaces: code $1"
      if [ "$1" = 000 ]; then next_way; fi
      return 1
      ;;
    200,*) hear_addresses ;;
    # An interface that has none of these has no such list.
    404,*/ipv6s | 404,*/public-ipv4s) of='' && hear_list ;;
    *) of='?' && hear_list ;;
  esac
  [ "$heard_count" -eq 0 ] || [ "$heard_count" -ne "$list_count" ] || tell "imds ${way:--}$heard"
}

# The lists of one interface come one after the other.
hear_list() { # `of`
  heard_count=$((heard_count + 1))
  case $asked in
    */local-ipv4s) heard="$heard ${asked%/*}=$of" ;;
    *) heard=$heard${of:+,$of} ;;
  esac
}

hear_interfaces() {
  heard='' heard_count=0
  [ "$body" != "$body_listed" ] || return 0
  body_listed=$body listed=''
  for each in $body; do
    if is_mac "${each%/}"; then listed="$listed ${each%/}"; fi
  done
  [ "${listed# }" != "$macs" ] || return 0
  if [ -z "$macs" ]; then at_once=yes; fi
  macs=${listed# }
  tell "macs $macs"
  return 1
}

# An answer that has anything but addresses in it is none. One that has come before is not read twice.
hear_addresses() {
  case $known in
    *"|$asked$body>"*)
      of=${known#*"|$asked$body>"}
      of=${of%%|*}
      ;;
    *)
      read_list
      [ ${#known} -lt "$KNOWN_LENGTH" ] || known=''
      known="$known|$asked$body>$of|"
      ;;
  esac
  hear_list
}

read_list() { # sets `of`
  of='' family=4
  case $asked in */ipv6s) family=6 ;; esac
  for each in $body; do
    if ! is_address "$each"; then
      of=',?'
      break
    fi
    of="$of,$canonical"
  done
  of=${of#,}
}

# When the way of the default route does not answer, the metadata is asked by each interface in turn, as
# amazon-ec2-net-utils does (https://github.com/amazonlinux/amazon-ec2-net-utils); the one that answers is kept.
next_way() {
  list_links || return 0
  devices_up
  # shellcheck disable=SC2086
  set -- '' $devices
  while [ $# -gt 0 ] && [ "$1" != "$way" ]; do shift; done
  way=${2-}
  if [ -n "$way" ]; then at_once=yes; fi
}

# As the one before has asked, unless that was by an interface whose wire is known to be cut by now.
choose_way() {
  devices_up
  family=4
  default_of main
  case "$devices " in
    *" ${way:-${found:-?}} "*) ;;
    *)
      way=${devices# }
      way=${way%% *}
      ;;
  esac
}

# shellcheck disable=SC2086
devices_up() { # sets `devices` to the interfaces with a wire that is up
  devices=''
  IFS=$newline
  for each in $links; do
    IFS=$blanks
    set -- $each
    each=${2%:}
    case "$* " in *" link/ether "*) ;; *) continue ;; esac
    case $3 in *[,\<]LOWER_UP[,\>]*) devices="$devices ${each%%@*}" ;; esac
  done
  IFS=$blanks
}

# Nothing that would end a word in quotes, on a command line or in JSON.
is_plain() {
  case $1 in '' | *[\"\'\\\$\`\ ]* | *"$newline"*) return 1 ;; esac
}

get() { imds -H "X-aws-ec2-metadata-token: $token" "$imds/latest/$1"; }

imds() { common_options | curl -q -f -K - "$@"; }

tell() { # and ends when there is nobody to tell
  kill -0 "$$" 2>/dev/null || exit 0
  printf '@%s %s\n' "$generation" "$*" >&3
}
