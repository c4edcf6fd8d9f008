# AWS Signature Version 4 of one request, with openssl alone; curl is only the transport. Many distributions have a curl
# without --aws-sigv4, or one that leaves the session token unsigned.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
# A key stands on openssl's command line for some milliseconds: whoever can read that there can ask the metadata service
# for the same role by himself.

# Sets `authorization`. Reads `access_key`, `secret_key`, `region` and `amz_date` (20260105T100000Z).
sign() { # service, method, path, headers (name:value lines in order), their names with semicolons, body
  scope="${amz_date%T*}/$region/$1/aws4_request"
  digest_of "$6" || return 1
  digest_of "$2$newline$3$newline$newline$4$newline$newline$5$newline$digest" || return 1
  request_hash=$digest
  derive_key "$1" || return 1
  keyed_digest_of "hexkey:$signing_key" "AWS4-HMAC-SHA256$newline$amz_date$newline$scope$newline$request_hash" || return 1
  authorization="AWS4-HMAC-SHA256 Credential=$access_key/$scope, SignedHeaders=$5, Signature=$digest"
}

# A key is good for one day, one Region and one service: it is kept, one per service, so that a request costs three
# digests and not seven. Sets `signing_key`.
derive_key() { # service
  case $signing_keys in
    *" $scope $access_key "*)
      signing_key=${signing_keys#*" $scope $access_key "}
      signing_key=${signing_key%% *}
      return
      ;;
  esac
  keyed_digest_of "key:AWS4$secret_key" "${scope%%/*}" || return 1
  for part in "$region" "$1" aws4_request; do
    keyed_digest_of "hexkey:$digest" "$part" || return 1
  done
  signing_key=$digest
  drop_key "$1"
  signing_keys="$signing_keys $scope $access_key $signing_key "
}

# shellcheck disable=SC2086 # three words each
drop_key() { # service: yesterday's key, or one of earlier credentials
  dropped=$1
  set -- $signing_keys
  signing_keys=''
  while [ $# -ge 3 ]; do
    case $1 in */"$dropped"/aws4_request) ;; *) signing_keys="$signing_keys $1 $2 $3 " ;; esac
    shift 3
  done
}

# Both set `digest`, with as few processes as there can be: most of what a request costs is their start. sha256sum starts in
# a third of the time, and coreutils or busybox has it nearly everywhere.
digest_of() { # text
  if command -v sha256sum >/dev/null 2>&1; then line=$(printf %s "$1" | sha256sum); else
    line=$(printf %s "$1" | openssl dgst -sha256)
  fi
  read_digest
}

keyed_digest_of() { # key, text
  line=$(printf %s "$2" | openssl dgst -sha256 -mac HMAC -macopt "$1")
  read_digest
}

# The hexadecimal digits alone: the name that stands before or behind differs from tool to tool.
read_digest() {
  digest=${line%%  *}
  digest=${digest##* }
  case $digest in
    ????????????????????????????????????????????????????????????????) ;;
    *) return 1 ;;
  esac
}
