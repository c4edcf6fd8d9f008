# What the agent tells AWS: metrics here, its word as an event in word.sh. One request of each kind at a time, made by curl
# as a child that says on descriptor 3 how it ended: `@sent <kind> <HTTP code> <address that answered>`; 000 is none.

POST_CONNECT_S=2
POST_TOTAL_S=5
POST_RETRY_S=2
POST_RETRY_MOST_S=60
PATIENCE_S=2 # so long the healthy are not told while others are asked for

publish() {
  [ -n "$access_key" ] || return 0
  publish_words
  publish_metrics
}

# One PutMetricData for all addresses. What is due before long goes along, so that they stay together.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
publish_metrics() {
  [ "$now" -ge "$due_at" ] && [ -z "$metrics_pid" ] && [ "$now" -ge "$metrics_at" ] || return 0
  [ "$outstanding" -eq 0 ] || [ "$hasty" = yes ] || [ $((now - asked_at)) -ge "$PATIENCE_S" ] || return 0
  any_due=no due_at=$((now + heartbeat))
  each_record ask_due
  [ "$any_due" = yes ] || return 0
  body='' batch=$now hasty=no
  each_record add_datum
  metrics_body="{\"Namespace\":\"$METRIC_NAMESPACE\",\"MetricData\":[${body#,}]}"
  metrics_ways='' # all of them are to be tried
  post_metrics first || unsent metrics 000
}

# Sets `due_at` to when the next one is; what turns from one health to another is due at once.
ask_due() {
  if is_due "$heartbeat"; then
    any_due=yes
  elif [ "$health,$path_seen" = ok,asking ]; then
    due_at=$((now + 1))
  elif [ "$sent" != - ] && [ $((sent + heartbeat)) -lt "$due_at" ]; then due_at=$((sent + heartbeat)); fi
}

is_due() { # seconds after which it is
  case $health,$path_seen in
    ok,asking | new,* | away,*) return 1 ;;
  esac
  [ "$sent" = - ] || [ $((now - sent)) -ge "$1" ]
}

add_datum() {
  is_due $((heartbeat / 2)) || return 0
  case $health in
    ok) set -- "$HEALTH_METRIC" 1 ;;
    failed) set -- "$HEALTH_METRIC" 0 ;;
    unknown) set -- "$UNKNOWN_METRIC" 1 ;;
  esac
  body="$body,{\"MetricName\":\"$1\",\"Dimensions\":[{\"Name\":\"Fleet\",\"Value\":\"$fleet\"},"
  body="$body{\"Name\":\"Tag\",\"Value\":\"$tag\"}],\"Value\":$2,\"StorageResolution\":1}"
  sent=$now
}

mark_unsent() { if [ "$sent" = "$batch" ]; then sent=-; fi; }

post_metrics() { # first | next
  next_post_way "$1" metrics || return 1
  post metrics monitoring "$cloudwatch" GraniteServiceVersion20100801.PutMetricData 1.0 "$metrics_body" || return 1
  metrics_pid=$posting
}

# ---- One request -------------------------------------------------------------------------------------------------------

# Sets `posting` to curl's process id.
post() { # kind, service, endpoint, target, version of JSON, body
  host=${3#*://}
  host=${host%%/*}
  amz_date=$(date -u +%Y%m%dT%H%M%SZ)
  headers="content-type:application/x-amz-json-$5
host:$host
x-amz-date:$amz_date
x-amz-security-token:$session_token
x-amz-target:$4"
  sign "$2" POST / "$headers" 'content-type;host;x-amz-date;x-amz-security-token;x-amz-target' "$6" || return 1
  posted_at=$now
  post_options "$@" | curl -q -K - --data-binary "$6" >&3 2>/dev/null &
  posting=$!
}

post_options() {
  printf 'silent\nconnect-timeout = %s\nmax-time = %s\n' "$POST_CONNECT_S" "$POST_TOTAL_S"
  printf 'url = "%s/"\noutput = "%s"\n' "${3%/}" "$run/said-$1"
  # A blank in front: what begins with @ is the name of a file to curl.
  printf 'write-out = " @sent %s %%{http_code} %%{remote_ip}\\n"\n' "$1"
  IFS=$newline
  for each in $headers; do
    case $each in host:*) ;; *) printf 'header = "%s: %s"\n' "${each%%:*}" "${each#*:}" ;; esac
  done
  IFS=$blanks
  printf 'header = "authorization: %s"\nheader = "expect:"\n' "$authorization"
  [ "$post_way" = - ] || printf 'interface = "%s"\n' "$post_way"
  # Names are asked for by the default route, which may be what has failed: the address that answered last will do.
  if [ "$post_way" != - ] && [ -n "$known_address" ]; then printf 'resolve = "%s"\n' "$known_address"; fi
}

# The ways out are tried in turn: as the routes say, unless that interface is known to be down, then by each interface.
next_post_way() { # first | next, kind; sets `post_way`, fails after the last
  if [ "$1" = first ]; then ways_out; else ways=$(ways_of "$2"); fi
  [ -n "$ways" ] || return 1
  post_way=${ways%% *} ways=${ways#* }
  case $2 in
    metrics) metrics_ways=$ways known_address=$metrics_address ;;
    events) events_ways=$ways known_address=$events_address ;;
  esac
}

ways_of() { case $1 in metrics) printf '%s' "$metrics_ways" ;; events) printf '%s' "$events_ways" ;; esac; }

ways_out() { # sets `ways`, each with a blank behind it
  devices_up
  ways='' family=4
  for each in $devices; do ways="$ways$each "; done
  default_of main
  case " $ways" in *" $found "*) ways="- $ways" ;; *) ways="${ways:-- }" ;; esac
}

# curl says how it ended, unless it is killed.
give_up_posts() {
  [ -n "$metrics_pid$events_pid" ] && [ $((now - posted_at)) -gt $((POST_TOTAL_S * 2)) ] || return 0
  # shellcheck disable=SC2086
  kill $metrics_pid $events_pid 2>/dev/null
  [ -z "$metrics_pid" ] || unsent metrics 000
  [ -z "$events_pid" ] || unsent events 000
}

# ---- How it ended ------------------------------------------------------------------------------------------------------

hear_sent() { # kind, code, address
  case $1 in
    metrics) wait "$metrics_pid" ;;
    events) wait "$events_pid" ;;
  esac
  case $1,$2 in
    metrics,200)
      metrics_pid=''
      metrics_address=$(resolved "$cloudwatch" "${3-}")
      ;;
    events,200)
      events_pid='' events_wait=$POST_RETRY_S
      events_address=$(resolved "$events" "${3-}")
      case $(first_line "$run/said-events") in
        *'"FailedEntryCount":0'*) each_record word_is_out ;;
        *) unsent events "$2" ;;
      esac
      ;;
    *,000) post_"$1" next || unsent "$1" "$2" ;;
    *) unsent "$1" "$2" ;;
  esac
}

unsent() { # kind, code
  log "$1 were not sent: code $2 $(first_line "$run/said-$1")"
  case $1 in
    metrics)
      metrics_pid='' metrics_at=$((now + POST_RETRY_S)) due_at=0
      each_record mark_unsent
      ;;
    events)
      events_pid='' events_at=$((now + events_wait)) events_wait=$((events_wait * 2))
      [ "$events_wait" -le "$POST_RETRY_MOST_S" ] || events_wait=$POST_RETRY_MOST_S
      each_record word_is_due
      ;;
  esac
  # Refused, perhaps for credentials that are none any more: the watcher begins anew, and with new ones.
  case $2 in 40[0-9]) begin_anew ;; esac
}

resolved() { # endpoint, address; what curl's --resolve takes, for a name with TLS
  case $1,$2 in
    https://*,*.*.*.*)
      name=${1#https://}
      printf '%s:443:%s' "${name%%/*}" "$2"
      ;;
  esac
}

first_line() { # of a file, cut
  first=''
  { read -r first <"$1"; } 2>/dev/null
  printf '%.300s' "$first"
}
