# AWS Signature Version 4 of one request, with openssl alone; curl is only the transport. Many distributions have a curl
# without --aws-sigv4, or one that leaves the session token unsigned.
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
# A key stands on openssl's command line for some milliseconds: whoever can read that there can ask the metadata service
# for the same role by himself.

# Sets `authorization`. Reads `access_key`, `secret_key`, `region` and `amz_date` (20260105T100000Z).
sign() { # service, method, path, headers (name:value lines in order), their names with semicolons, body
  scope="${amz_date%T*}/$region/$1/aws4_request"
  payload_hash=$(printf '%s' "$6" | sha256) || return 1
  request_hash=$(printf '%s\n%s\n\n%s\n\n%s\n%s' "$2" "$3" "$4" "$5" "$payload_hash" | sha256) || return 1
  derive_key "$1" || return 1
  signature=$(printf 'AWS4-HMAC-SHA256\n%s\n%s\n%s' "$amz_date" "$scope" "$request_hash" | hmac "hexkey:$signing_key") ||
    return 1
  authorization="AWS4-HMAC-SHA256 Credential=$access_key/$scope, SignedHeaders=$5, Signature=$signature"
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
  signing_key=$(printf '%s' "${scope%%/*}" | hmac "key:AWS4$secret_key") || return 1
  for part in "$region" "$1" aws4_request; do
    signing_key=$(printf '%s' "$part" | hmac "hexkey:$signing_key") || return 1
  done
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

# Starts in a third of the time where coreutils or busybox has it, which is nearly everywhere.
sha256() {
  if command -v sha256sum >/dev/null 2>&1; then digest sha256sum; else digest openssl dgst -sha256; fi
}

hmac() { digest openssl dgst -sha256 -mac HMAC -macopt "$1"; } # key

digest() { # prints the hexadecimal digits alone: the name that stands before or behind differs from tool to tool
  line=$("$@") || return 1
  line=${line%%  *}
  line=${line##* }
  case $line in
    ????????????????????????????????????????????????????????????????) printf '%s' "$line" ;;
    *) return 1 ;;
  esac
}
