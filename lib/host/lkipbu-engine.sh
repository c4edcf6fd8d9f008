# The engine as lkipbu reaches it: the operate function of the agent's fleet, invoked by its alias, as the role that the
# metadata service gives. An order bears a proof of who gives it: an sts:GetCallerIdentity that is signed here, together
# with the order's digest, and sent by the engine (lib/aws/identity.ts). What is secret goes to curl over its standard
# input, where no list of processes shows it.

CONNECT_S=3
ANSWER_S=20 # a first start of the function and its looks at EC2 are in it
ATTEMPTS=5
PAUSES_S='0.2 0.4 0.8 1.6'
METADATA_ATTEMPTS=3
METADATA_PAUSE_S=1
IDENTITY_BODY='Action=GetCallerIdentity&Version=2011-06-15'

carriage_return=$(printf '\r')

read_settings() {
  configuration=${HOLDFAST_ROOT-}/etc/holdfast/agent.conf fleet='' region='' imds=http://169.254.169.254 lambda='' sts=''
  for tool in curl openssl od date; do
    command -v "$tool" >/dev/null 2>&1 || stop "$UNREACHABLE" "lkipbu needs $tool, which is not installed here"
  done
  [ -r "$configuration" ] ||
    stop "$UNREACHABLE" "$configuration cannot be read: lkipbu is for root, on a server that has the Holdfast agent"
  while read -r key value _ || [ -n "$key" ]; do
    case $key in
      fleet) fleet=$value ;;
      region) region=$value ;;
      imds) imds=${value%/} ;;
      lambda) lambda=${value%/} ;;
      sts) sts=${value%/} ;;
    esac
  done <"$configuration"
  case $fleet,$region in
    ,* | *, | *[!a-z0-9,-]*) stop "$UNREACHABLE" "$configuration: fleet or region is missing, or is none" ;;
  esac
  lambda=${lambda:-https://lambda.$region.amazonaws.com} sts=${sts:-https://sts.$region.amazonaws.com}
  for value in "$imds" "$lambda" "$sts"; do
    is_plain "$value" || stop "$UNREACHABLE" "$configuration: an endpoint has quotes or a blank in it"
  done
  function=holdfast-$fleet-operate
  invocations=/2015-03-31/functions/$function%3Alive/invocations
  # A path is encoded once more than it is sent, for every service but S3.
  signed_path=/2015-03-31/functions/$function%253Alive/invocations
  signing_keys=''
}

# As the agent's watcher takes them (metadata.sh); nobody is told here.
take_credentials() {
  now=0 token='' token_until=0 credentials_until=0 way='' key_id='' session='' attempt=1
  until renew_token; do
    [ "$attempt" -lt "$METADATA_ATTEMPTS" ] ||
      stop "$UNREACHABLE" "no credentials: the metadata service at $imds gives no token"
    attempt=$((attempt + 1))
    sleep "$METADATA_PAUSE_S"
  done
  tell_credentials
  [ -n "$session" ] || stop "$UNREACHABLE" "no credentials: the metadata service at $imds knows no role of this instance"
  access_key=$key_id secret_key=$secret session_token=$session
}

tell() { :; }

# Sets `proof`. No two are alike, as the SDK's are not: the engine takes an order that comes with a proof that it has seen
# for the same order, sent again.
prove() { # order
  { read -r number_once </proc/sys/kernel/random/uuid; } 2>/dev/null && is_plain "$number_once" || return 1
  host=${sts#*://}
  host=${host%%/*}
  amz_date=$(date -u +%Y%m%dT%H%M%SZ)
  digest_of "$function$newline$1" || return 1
  order_digest=$digest
  headers="amz-sdk-invocation-id:$number_once
content-type:application/x-www-form-urlencoded
host:$host
x-amz-date:$amz_date
x-amz-security-token:$session_token
x-holdfast-order:$order_digest"
  names='amz-sdk-invocation-id;content-type;host;x-amz-date;x-amz-security-token;x-holdfast-order'
  sign sts POST / "$headers" "$names" "$IDENTITY_BODY" || return 1
  proof="\"authorization\":\"$authorization\""
  IFS=$newline
  for each in $headers; do proof="$proof,\"${each%%:*}\":\"${each#*:}\""; done
  IFS=$blanks
  proof="{\"kind\":\"signed-identity\",\"headers\":{$proof},\"body\":\"$IDENTITY_BODY\"}"
}

# ---- One request, and its answer ---------------------------------------------------------------------------------------

# Tried again as it is, with the same proof: the engine knows an order that it has obeyed by its proof. Without an answer
# it fails: `fault` is what kind of fault, `why` its words, `again` whether another time could help.
ask() { # request, question | order
  attempt=1 pauses=$PAUSES_S
  until ask_once "$1"; do
    [ "$again" = later ] || return 1
    if [ "$attempt" -ge "$ATTEMPTS" ]; then
      [ "$2" = order ] && note_uncertainty
      return 1
    fi
    attempt=$((attempt + 1))
    sleep "${pauses%% *}" 2>/dev/null || sleep 1
    pauses=${pauses#* }
  done
}

# An order without an answer is not an order without effect.
note_uncertainty() {
  case $fault,$arrived in
    throttled,* | *,no) ;;
    *) why="$why; the order may have been taken all the same: holdfast history shows it" again=never ;;
  esac
}

ask_once() { # request
  host=${lambda#*://}
  host=${host%%/*}
  amz_date=$(date -u +%Y%m%dT%H%M%SZ)
  headers="content-type:application/octet-stream
host:$host
x-amz-date:$amz_date
x-amz-security-token:$session_token"
  arrived=maybe error_type='' function_error=no
  sign lambda POST "$signed_path" "$headers" 'content-type;host;x-amz-date;x-amz-security-token' "$1" || {
    trouble invalid-settings never 'the request could not be signed'
    return 1
  }
  # The dot keeps the newlines at the end, which the shell would drop.
  reply=$(
    request_options "$1" | curl -q -K - 2>&1
    went=$?
    printf .
    exit "$went"
  )
  went=$?
  reply=${reply%.}
  if [ "$went" -ne 0 ]; then
    # Not found by its name, or not connected to.
    case $went in 6 | 7) arrived=no ;; esac
    reply=${reply##*"curl: "}
    trouble no-answer later "lambda:Invoke $function: curl: ${reply%%"$newline"*}"
    return 1
  fi
  read_head
  if [ "$function_error" = yes ]; then
    trouble service-unavailable later "$function failed: $(printf '%.300s' "$reply")"
  elif [ "$status" -ge 300 ]; then
    hear_error
  elif read_answer "$reply"; then
    return 0
  else
    trouble invalid-answer never "$function answered with something else: $(printf '%.200s' "$reply")"
  fi
  return 1
}

trouble() { # fault, later | never, words
  fault=$1 again=$2 why=$3
}

request_options() { # body
  printf 'silent\nshow-error\ninclude\nconnect-timeout = %s\nmax-time = %s\n' "$CONNECT_S" "$ANSWER_S"
  printf 'url = "%s%s"\nuser-agent = "holdfast-lkipbu/%s"\n' "$lambda" "$invocations" "$HOLDFAST_LKIPBU"
  IFS=$newline
  for each in $headers; do
    case $each in host:*) ;; *) printf 'header = "%s: %s"\n' "${each%%:*}" "${each#*:}" ;; esac
  done
  IFS=$blanks
  printf 'header = "authorization: %s"\nheader = "expect:"\n' "$authorization"
  escape "$1"
  printf 'data-binary = "%s"\n' "$escaped"
}

escape() { # sets `escaped`: quotes and backslashes with a backslash in front, for a word in quotes
  escaped='' unescaped=$1
  while :; do
    piece=${unescaped%%[\"\\]*}
    [ "$piece" != "$unescaped" ] || break
    unescaped=${unescaped#"$piece"}
    case $unescaped in \"*) escaped="$escaped$piece\\\"" ;; *) escaped="$escaped$piece\\\\" ;; esac
    unescaped=${unescaped#?}
  done
  escaped=$escaped$unescaped
}

# Takes the head off `reply`, and what came before it: a proxy's own, or 100 Continue. Sets `status`.
read_head() {
  end_of_head=$carriage_return$newline$carriage_return$newline status=000
  while :; do
    case $reply in HTTP/*"$end_of_head"*) ;; *) break ;; esac
    head=${reply%%"$end_of_head"*} reply=${reply#*"$end_of_head"}
    status=${head#* }
    status=$(printf '%.3s' "$status")
  done
  case $status in [0-9][0-9][0-9]) ;; *) status=999 ;; esac
  IFS=$newline
  for each in $head; do
    each=${each%"$carriage_return"}
    case $each in
      [Xx]-[Aa][Mm][Zz]-[Ff][Uu][Nn][Cc][Tt][Ii][Oo][Nn]-[Ee][Rr][Rr][Oo][Rr]:*) function_error=yes ;;
      [Xx]-[Aa][Mm][Zz][Nn]-[Ee][Rr][Rr][Oo][Rr][Tt][Yy][Pp][Ee]:*) error_type=${each#*:} ;;
    esac
  done
  IFS=$blanks
}

# `ResourceNotFoundException:http://...` in a header, the words in the body. As lib/aws/errors.ts has it.
hear_error() {
  said='' error_name=''
  read_answer "$reply" || :
  error_type=${error_type:-${error_name:-UnknownError}}
  error_type=${error_type# } error_type=${error_type##*#}
  error_type=${error_type%%:*}
  case $error_type in
    *Throttl* | *throttl* | TooManyRequestsException | RequestLimitExceeded | SlowDown) set -- throttled later ;;
    InternalError | InternalFailure | InternalServerError | ServiceUnavailable | ServiceException) set -- service-unavailable later ;;
    AccessDenied | AccessDeniedException | UnrecognizedClientException | ExpiredToken | ExpiredTokenException | \
      InvalidClientTokenId | SignatureDoesNotMatch | AuthFailure) set -- access-denied never ;;
    ResourceNotFoundException) set -- not-found never ;;
    *)
      case $status in
        429) set -- throttled later ;;
        5??) set -- service-unavailable later ;;
        *) set -- refused never ;;
      esac
      ;;
  esac
  trouble "$1" "$2" "lambda:Invoke $function: $error_type: ${said:-status $status}"
}
