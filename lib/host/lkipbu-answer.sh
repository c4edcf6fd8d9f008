# The engine's answers (lib/recovery/order.ts), read member by member as Node writes JSON: without blanks. What is not
# wanted is passed over; what is a string stays one, whatever is in it.

# Sets what is wanted of it; fails when it is not an answer.
read_answer() { # JSON
  ok='' kind='' code='' message='' recovery='' ended='' kept=0
  shown_address='' netmask='' primary='' primary_up='' backup=''
  about='' outcome='' why_so='' words='' started_at=0 ended_at=0
  from_server='' from_interface='' to_server='' to_interface=''
  json=$1 path=.
  case $json in '{'*) json=${json#?} ;; *) return 1 ;; esac
  until is_told; do
    case $json in
      ,*) json=${json#?} ;;
      '}'*)
        json=${json#?}
        [ "$path" != . ] || break
        path=${path%.*.}.
        ;;
      \"*) read_member || return 1 ;;
      *) return 1 ;;
    esac
  done
  case $ok in true | false) ;; *) return 1 ;; esac
}

# Of an explanation, which has all of its evidence at the end, no more is read than is needed.
is_told() { [ "$ok,$kind,$ended" = true,explanation,false ] || [ "$ok,$kind,$kept" = true,explanation,10 ]; }

read_member() {
  read_string || return 1
  at=$path$string
  case $json in :*) json=${json#?} ;; *) return 1 ;; esac
  case $json in
    \"*)
      read_string || return 1
      keep "$at" "$string"
      ;;
    '{'*)
      case $at in
        .status | .status.primary | .explanation) path=$at. json=${json#?} ;;
        .explanation.from | .explanation.to) path=$at. json=${json#?} kept=$((kept + 1)) ;;
        *) pass_over ;;
      esac
      ;;
    '['*) pass_over ;;
    *)
      string=${json%%[],\}]*}
      json=${json#"$string"}
      case $string in null) keep "$at" '' ;; true | false | [0-9-]*) keep "$at" "$string" ;; *) return 1 ;; esac
      ;;
  esac
}

# Sets `string` to one as it is written, without its quotes. A quote behind an odd number of backslashes is part of it.
read_string() {
  string='' json=${json#?}
  while :; do
    case $json in *\"*) ;; *) return 1 ;; esac
    piece=${json%%\"*}
    json=${json#*\"} string=$string$piece
    case $piece in *\\) ;; *) return 0 ;; esac
    while :; do case $piece in *\\\\) piece=${piece%??} ;; *) break ;; esac done
    case $piece in *\\) string=$string\" ;; *) return 0 ;; esac
  done
}

pass_over() { # an object or a list
  depth=0
  while :; do
    case $json in
      '') return 1 ;;
      \"*) read_string || return 1 ;;
      '{'* | '['*) depth=$((depth + 1)) json=${json#?} ;;
      '}'* | ']'*)
        depth=$((depth - 1)) json=${json#?}
        [ "$depth" -gt 0 ] || return 0
        ;;
      *)
        piece=${json%%[]\"\{\}[]*}
        json=${json#"$piece"}
        ;;
    esac
  done
}

keep() { # where, value as it is written
  case $1 in
    .ok) ok=$2 ;;
    .kind) kind=$2 ;;
    .code) code=$2 ;;
    .message | .Message) plain "$2" && message=$plain said=$plain ;;
    .__type) plain "$2" && error_name=$plain ;;
    .recovery) recovery=$2 ;;
    .status.address) shown_address=$2 ;;
    .status.netmask) netmask=$2 ;;
    .status.primary.name) primary=$2 ;;
    .status.primary.up) primary_up=$2 ;;
    .status.backup) backup=$2 ;;
    .explanation.from.server) from_server=$2 ;;
    .explanation.from.interface) from_interface=$2 ;;
    .explanation.to.server) to_server=$2 ;;
    .explanation.to.interface) to_interface=$2 ;;
    .explanation.from | .explanation.to) kept=$((kept + 1)) ;;
    .explanation.*) keep_end "${1#.explanation.}" "$2" ;;
  esac
}

keep_end() { # member of an explanation, value
  case $1 in
    ended) ended=$2 ;;
    recovery) recovery=$2 ;;
    tag) about=$2 ;;
    outcome) outcome=$2 ;;
    reason) why_so=$2 ;;
    words) plain "$2" && words=$plain ;;
    startedAtMs) whole_number "$2" && started_at=$number ;;
    endedAtMs) whole_number "$2" && ended_at=$number ;;
    *) return 0 ;;
  esac
  kept=$((kept + 1))
}

whole_number() { # sets `number`; nothing else may come to where the shell calculates
  number=${1%%.*}
  case $number in 0 | [1-9]*) ;; *) number=0 ;; esac
  case $number in *[!0-9]* | ????????????????*) number=0 ;; esac
}

# Sets `plain` to a string as it is meant, but for control characters, which stay spelt out: it is for one line.
plain() {
  plain='' piece=$1
  while :; do
    case $piece in *\\*) ;; *) break ;; esac
    plain=$plain${piece%%\\*} piece=${piece#*\\}
    case $piece in
      \"*) plain=$plain\" piece=${piece#?} ;;
      \\*) plain=$plain\\ piece=${piece#?} ;;
      /*) plain=$plain/ piece=${piece#?} ;;
      *) plain=$plain\\ ;;
    esac
  done
  plain=$plain$piece
}
