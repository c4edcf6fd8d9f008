# What is declared: the configuration, and a record of each address.

# `key value` per line; addresses as `address <tag> <address> <subnet> <ping list, with commas, or none> [<mechanism>]`.
# Of an elastic address it is the public one. Where each server has a subnet of its own, with overlay and elastic
# addresses, it is `none`.
# shellcheck disable=SC2086
read_configuration() {
  fleet='' region='' lists=local-ipv4s imds=http://169.254.169.254 cloudwatch='' events='' records='' changes_most=0
  heartbeat=$HEARTBEAT_S grace=$GRACE_S hold=$HOLD_S sure=$SURE_S
  [ -r "$configuration" ] || stop_with 78 "$configuration cannot be read"
  while read -r text || [ -n "$text" ]; do
    case $text in '' | '#'*) continue ;; esac
    set -- $text
    is_plain "$(printf '%s' "$@")" || stop_with 78 "$configuration: '$text' has quotes or a backslash in it"
    case $1,$# in
      fleet,2) fleet=$2 ;;
      region,2) region=$2 ;;
      imds,2) imds=${2%/} ;;
      cloudwatch,2) cloudwatch=${2%/} ;;
      events,2) events=${2%/} ;;
      lambda,2 | sts,2) ;; # for lkipbu
      heartbeat,2) heartbeat=$2 ;;
      grace,2) grace=$2 ;;
      hold,2) hold=$2 ;;
      sure,2) sure=$2 ;;
      address,5) read_address "$2" "$3" "$4" "$5" secondary ;;
      address,6) read_address "$2" "$3" "$4" "$5" "$6" ;;
      *) stop_with 78 "$configuration: '$text' is not known" ;;
    esac
  done <"$configuration"
  if [ -z "$fleet" ] || [ -z "$region" ]; then stop_with 78 "$configuration: fleet and region are missing"; fi
  for number in "$heartbeat" "$grace" "$hold" "$sure"; do
    [ "$number" -ge 1 ] 2>/dev/null || stop_with 78 "$configuration: '$number' is not a whole number of seconds above 0"
  done
  cloudwatch=${cloudwatch:-https://monitoring.$region.amazonaws.com}
  events=${events:-https://events.$region.amazonaws.com}
}

# A record is a line: what is declared, then what is known, a `-` for nothing. The address is the one that the OS has:
# of an elastic one that of the interface which it leads to, so it is not known yet.
read_address() { # tag, address, subnet, ping list, mechanism
  if ! set_mechanism "$5" || ! is_address "$2" || ! is_its_subnet "$canonical" "$3" || ! is_ping_list "$4"; then
    stop_with 78 "$configuration: '$*' is not a tag, an address, its subnet or none, a ping list or none, and what it is"
  fi
  declared=$address
  case $mechanism,$lists in
    ipv6,*ipv6s* | elastic,*public*) ;;
    ipv6,*) families='4 6' lists="$lists ipv6s" ;;
    elastic,*) lists="$lists public-ipv4s" ;;
  esac
  [ "$mechanism" != elastic ] || address=-
  records="$records$1 $declared $mechanism $address $3 $4 - - - - new - ? none - - - -$newline"
  changes_most=$((changes_most + CHANGES_PER_ADDRESS))
}

is_its_subnet() { # address, subnet
  address=$1
  case $mechanism in
    overlay | elastic) [ "$2" = none ] ;;
    *) is_subnet "$2" ;;
  esac
}

# Runs a function on every record, which it may change.
# shellcheck disable=SC2086
each_record() { # function
  on_record=$1 all=$records records=''
  IFS=$newline
  for record in $all; do
    IFS=$blanks
    set -- $record
    set_mechanism "$3"
    tag=$1 declared=$2 address=$4 HOLDFAST_SUBNET=$5 HOLDFAST_PING=$6 owner=$7 seen=$8 gone=$9
    shift 9
    agreed=$1 health=$2 why=$3 path_seen=$4 witness=$5 sent=$6 word=$7 word_at=$8 event=$9
    "$on_record"
    records="$records$tag $declared $mechanism $address $HOLDFAST_SUBNET $HOLDFAST_PING $owner $seen $gone $agreed"
    records="$records $health $why $path_seen $witness $sent $word $word_at $event$newline"
  done
  IFS=$blanks
}
