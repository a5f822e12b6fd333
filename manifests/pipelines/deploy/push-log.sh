#!/bin/sh
# Carries out a command, and shows its lines in DRAVEN while it works: ./deploy/push-log.sh ./deploy/run.sh
#
# DRAVEN_URL is DRAVEN's address, and DRAVEN_TOKEN a secret of the pipeline's: what `draven token create --runner --integration <slug>`
# prints. JOB_ID comes from DRAVEN. Without one of them, and where DRAVEN takes no lines, the command works all the same: at the end
# DRAVEN fetches the provider's own log in any case. POSIX sh and curl.
set -u

[ "$#" -gt 0 ] || {
	echo "Say which command: ./deploy/push-log.sh ./deploy/run.sh" >&2
	exit 2
}
if [ -z "${DRAVEN_URL:-}" ] || [ -z "${DRAVEN_TOKEN:-}" ] || [ -z "${JOB_ID:-}" ]; then exec "$@"; fi

# Nobody else can look into it.
folder=$(mktemp -d) || exec "$@"
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
: >"$folder/log"
# Not as an argument, which every process of the machine can read.
printf 'header = "Authorization: Bearer %s"\n' "$DRAVEN_TOKEN" >"$folder/curl"
token_free() {
	unset DRAVEN_TOKEN
	"$@"
}

sent=0
# At most 500 lines, and only whole ones.
push() {
	there=$(wc -l <"$folder/log")
	to=$((there > sent + 500 ? sent + 500 : there))
	[ "$to" -gt "$sent" ] || return 0
	sed -n "$((sent + 1)),${to}p" "$folder/log" >"$folder/part"
	curl --silent --show-error --fail --max-time 10 --config "$folder/curl" --output "$folder/answer" \
		--header 'Content-Type: text/plain' --header "Idempotency-Key: ${folder##*/}-$sent-$to" \
		--data-binary @"$folder/part" "${DRAVEN_URL%/}/api/v1/runs/$JOB_ID/log" || return 1
	sent=$to
}

follow() {
	fails=0
	while [ "$fails" -lt 5 ]; do
		over=no
		if [ -e "$folder/over" ]; then over=yes; fi
		if push; then fails=0; else fails=$((fails + 1)); fi
		if [ "$over" = yes ] && [ "$fails" -eq 0 ] && [ "$(wc -l <"$folder/log")" -le "$sent" ]; then return 0; fi
		[ "$over" = yes ] || sleep "${DRAVEN_PUSH_EVERY:-2}"
	done
	echo "DRAVEN takes no lines now: it fetches this log at the end." >&2
}

follow &
follower=$!
{
	token_free "$@" 2>&1
	echo "$?" >"$folder/code"
} | tee "$folder/log"
# The last line has to end too.
[ -z "$(tail -c 1 "$folder/log")" ] || echo >>"$folder/log"
: >"$folder/over"
wait "$follower"
exit "$(cat "$folder/code")"
