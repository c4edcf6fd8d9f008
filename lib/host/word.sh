# The agent's word on an address, as an event: failed, at once and at every heartbeat while it lasts; in service, once, for
# the interface that it is on by then. What could not be looked at is no event.
#
# `word` is what is to be told or has been, `ok:<mac>` or `failed:<why>`, `word_at` when it was told last, `event` whether
# it is due or going. The answer in it is made when it is sent, from the same listing as the judgement.

EVENTS_AT_ONCE=10 # https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html

say_word() { # health, why
  case $1 in
    ok) set -- "ok:$owner" ;;
    failed) set -- "failed:$2" ;;
    *) set -- - ;;
  esac
  [ "$word" != "$1" ] || return 0
  # A failure is not kept waiting by what could not be sent before.
  case $word,$1 in failed:*,failed:*) ;; *,failed:*) events_at=0 ;; esac
  word=$1 word_at=- event=due events_due=yes
  [ "$word" != - ] || event=-
}

publish_words() {
  [ "$events_due" = yes ] || [ "$now" -ge "$repeat_at" ] || return 0
  [ -z "$events_pid" ] && [ "$now" -ge "$events_at" ] && [ -n "$instance_id" ] || return 0
  events_due=no repeat_at=$((now + heartbeat)) body='' entries=0
  each_record add_entry
  [ "$entries" -gt 0 ] || return 0
  events_body="{\"Entries\":[${body#,}]}"
  post_events first || unsent events 000
}

add_entry() {
  is_word_wanted || return 0
  if [ "$entries" -ge "$EVENTS_AT_ONCE" ] || ! can_answer; then
    event=due events_due=yes
    return
  fi
  entries=$((entries + 1)) event=going word_at=$now
  uptime=0
  { read -r uptime _ </proc/uptime; } 2>/dev/null
  action=status mac=$owner path=$path_seen changed=false
  case $health in
    failed) verdict=failed detail_type=$WORD_FAILED ;;
    *) verdict=ok detail_type=$WORD_IN_SERVICE ;;
  esac
  [ "$path" != '?' ] || path=not-asked
  escape "{\"v\":1,\"fleet\":\"$fleet\",\"tag\":\"$tag\",\"instanceId\":\"$instance_id\",\"agent\":\"$VERSION\",\"uptime\":$uptime,\"answer\":$(
    print_answer "$verdict" "$why"
  )}"
  body="$body,{\"Source\":\"$WORD_SOURCE\",\"DetailType\":\"$detail_type\",\"Detail\":\"$escaped\"}"
}

# Due, or told too long ago; what is to be repeated before long goes along.
is_word_wanted() {
  [ "$event" != due ] || return 0
  [ "$health,$event" = failed,- ] || return 1
  [ $((now - word_at)) -lt $((heartbeat / 2)) ] || return 0
  [ $((word_at + heartbeat)) -ge "$repeat_at" ] || repeat_at=$((word_at + heartbeat))
  return 1
}

# Not while the path is being asked, nor when the kernel has changed since the judgement: the next one follows at once.
can_answer() {
  [ "$path_seen" != asking ] && could_list || return 1
  see_owner
  find_flaw
  case $word in
    ok:* | failed:path-unanswered) [ -z "$flaw" ] ;;
    *) [ "failed:$flaw" = "$word" ] ;;
  esac
}

escape() { # sets `escaped`: every quote with a backslash in front, for JSON in JSON
  escaped='' unescaped=$1
  while :; do
    case $unescaped in
      *\"*)
        escaped="$escaped${unescaped%%\"*}\\\""
        unescaped=${unescaped#*\"}
        ;;
      *) break ;;
    esac
  done
  escaped=$escaped$unescaped
}

word_is_out() { if [ "$event" = going ]; then event=-; fi; }

word_is_due() { if [ "$event" = going ]; then event=due events_due=yes; fi; }

post_events() { # first | next
  next_post_way "$1" events || return 1
  post events events "$events" AWSEvents.PutEvents 1.1 "$events_body" || return 1
  events_pid=$posting
}
