# The command line of lkipbu: one of four letters, and what goes with it. What cannot be read comes before what is there
# twice or empty, and that before what does not go together, whatever the order on the line.

LONGEST_TAG=63
LONGEST_SERVER=63
LONGEST_INTERFACE=15
LONGEST_TEXT=256

read_arguments() {
  for each in "$@"; do
    case $each in
      --[a-z] | --[a-z]=*)
        quote "$each"
        wrong "there is no option $quoted"
        ;;
    esac
  done
  given=' ' complaint='' word_count=0 word='' empty=0
  tag='' device='' machine='' reason='' force=no
  while [ $# -gt 0 ]; do
    each=$1
    shift
    case $each in
      --)
        for each in "$@"; do take_word "$each"; done
        break
        ;;
      --reason=*) take reason --reason "${each#*=}" ;;
      --force=* | --help=*) wrong "${each%%=*} takes no value" ;;
      --reason)
        if ! is_value "$@"; then wrong "$each needs a value"; fi
        take reason --reason "$1"
        shift
        ;;
      --force | --help) take "${each#--}" "$each" ;;
      --*) no_option "$each" ;;
      -?*)
        letters=${each#-}
        while [ -n "$letters" ]; do
          each=$letters letters=${letters#?}
          case $each in
            a*) take a -a ;;
            r*) take r -r ;;
            m*) take m -m ;;
            s*) take s -s ;;
            h*) take help -h ;;
            [tfd]?*)
              take_letter "$each" "$letters"
              letters=''
              ;;
            [tfd])
              if ! is_value "$@"; then wrong "-$each needs a value"; fi
              take_letter "$each" "$1"
              shift
              ;;
            *) no_option "-$each" ;;
          esac
        done
        ;;
      *) take_word "$each" ;;
    esac
  done
}

# What looks like an option is the next one, and not the value of this one.
is_value() {
  [ $# -gt 0 ] || return 1
  case $1 in -?*) return 1 ;; esac
}

take_letter() { # what begins with it, value
  case $1 in
    t*) take t -t "$2" ;;
    f*) take f -f "$2" ;;
    d*) take d -d "$2" ;;
  esac
}

# The first complaint counts.
take() { # name, as it is written, value of those that have one
  [ -z "$complaint" ] || return 0
  case $given in
    *" $1 "*)
      complaint="$2 is given twice"
      return
      ;;
  esac
  if [ $# -eq 3 ] && is_blank "$3"; then
    complaint="$2 needs a value"
    return
  fi
  given="$given$1 "
  case $1 in
    t) tag=$3 ;;
    f) device=$3 ;;
    d) machine=$3 ;;
    reason) reason=$3 ;;
    force) force=yes ;;
  esac
}

take_word() {
  word_count=$((word_count + 1))
  if [ "$word_count" -eq 1 ]; then word=$1; fi
  if [ "$empty" -eq 0 ] && is_blank "$1"; then empty=$word_count; fi
}

is_blank() { case $1 in *[![:space:]]*) return 1 ;; esac }

no_option() { # as it is written: the whole word, or what begins with a letter that is none
  set -- "${1%%[=\'\<[:space:]]*}"
  case $1 in
    --*) quote "$1" ;;
    *)
      spell "$1" 2 all
      quoted="\"$spelt\""
      ;;
  esac
  wrong "there is no option $quoted"
}

check_arguments() {
  [ -z "$complaint" ] || wrong "$complaint"
  [ "$empty" -eq 0 ] || wrong "argument $empty is empty"
  if has help; then succeed "$(usage_text)"; fi
  if [ "$word_count" -gt 0 ]; then
    quote "$word"
    wrong "takes no argument without a letter, and got $quoted"
  fi
  letter=''
  for each in a r m s; do if has "$each"; then letter=$letter$each; fi; done
  case $letter in ?) ;; *) wrong 'give exactly one of -a, -r, -m, -s' ;; esac
  has t || wrong "-$letter needs -t tag"
  case $letter in
    a | r) has f || wrong "-$letter needs -f interface" ;;
    *) ! has f || wrong "-f does not go with -$letter" ;;
  esac
  if [ "$force" = yes ] && [ "$letter" != a ]; then wrong "--force goes with -a, not with -$letter"; fi
  if has reason && [ "$letter" = s ]; then wrong '--reason does not go with -s'; fi
  check_values
}

has() { case $given in *" $1 "*) ;; *) return 1 ;; esac }

check_values() {
  is_tag "$tag" || illegal "$tag" 'is not a tag: allowed are small letters, digits and dashes, at most 63, and not "fleet"'
  if has d && ! is_name "$machine" "$LONGEST_SERVER"; then
    illegal "$machine" 'is not the name of a server: allowed are letters, digits, dot, dash and underscore, at most 63'
  fi
  if has reason; then
    spell "$reason" "$LONGEST_TEXT" json
    [ "$units" -le "$LONGEST_TEXT" ] ||
      stop "$ILLEGAL" "--reason takes at most $LONGEST_TEXT characters, and got $units"
    reason=$spelt
  fi
  if has f && ! { is_name "$device" "$LONGEST_INTERFACE" && [ "$device" != none ]; }; then
    illegal "$device" \
      'is not the name of an interface: allowed is a Linux device name of at most 15 characters, such as eth1'
  fi
}

is_tag() {
  case $1 in '' | -* | *[!a-z0-9-]* | fleet) return 1 ;; esac
  [ ${#1} -le "$LONGEST_TAG" ]
}

is_name() { # text, most characters
  case $1 in '' | [!A-Za-z0-9]* | *[!A-Za-z0-9._-]*) return 1 ;; esac
  [ ${#1} -le "$2" ]
}

illegal() { # value, what it is not
  quote "$1"
  stop "$ILLEGAL" "$quoted $2"
}
