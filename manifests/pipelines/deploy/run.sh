#!/bin/sh
# DRAVEN's entrypoint: releases this checkout below $HOME/sites/<app>/<environment>:
#
#   releases/1, releases/2 …   one complete folder for each release
#   shared/                    what releases have in common (uploads, settings); each release sees it as `shared`
#   current                    a link to the live release; it is moved in one step, never half
#
# It gets JOB_ID, ENV, REF, SHA and TYPE (deploy, rollback or dry-run), and the parameters that the environment declares.
# An executable deploy/health-check.sh in the release has to succeed before `current` moves to it.
# POSIX sh. Killing it at any moment leaves the live release as it was.
set -eu

app=shop
keep=5

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

for name in JOB_ID ENV REF SHA TYPE; do
	eval "value=\${$name:-}"
	[ -n "$value" ] || fail "The variable $name is missing: this script is started by DRAVEN."
done
case $ENV in
*[!a-zA-Z0-9_-]*) fail "ENV \"$ENV\" cannot be the name of a folder." ;;
esac
# What was approved is what is released: the commit that is checked out here, where that can be seen.
if [ -e .git ]; then
	head=$(git -c safe.directory='*' rev-parse HEAD) || fail "git cannot tell which commit is checked out here, so nothing is released."
	[ "$head" = "$SHA" ] ||
		fail "Checked out is $head, and approved was $SHA: check that commit out before this script is started."
fi

site=$HOME/sites/$app/$ENV
releases=$site/releases
commit=$(printf '%.12s' "$SHA")

# Numbers of the complete releases, oldest first.
numbers() {
	for folder in "$releases"/*; do
		case ${folder##*/} in
		*[!0-9]*) ;;
		*) printf '%s\n' "${folder##*/}" ;;
		esac
	done | sort -n
}

live() {
	link=$(readlink "$site/current" 2>/dev/null) || link=
	printf '%s' "${link##*/}"
}

next_number() {
	last=$(numbers | tail -n 1)
	printf '%s' "$((${last:-0} + 1))"
}

# The newest kept release of this commit, or nothing.
kept_release() {
	numbers | while read -r number; do
		if grep -qx "SHA=$SHA" "$releases/$number/REVISION" 2>/dev/null; then printf '%s\n' "$number"; fi
	done | tail -n 1
}

# All but the last $keep, and never the live one. $1: how many releases will come on top.
outdated() {
	live=$(live)
	surplus=$(($(numbers | wc -l) + $1 - keep))
	[ "$surplus" -gt 0 ] || return 0
	numbers | head -n "$surplus" | while read -r number; do
		if [ "$number" != "$live" ]; then printf '%s\n' "$number"; fi
	done
}

check_health() {
	[ -x "$1/deploy/health-check.sh" ] || return 0
	echo "Checking the health of $REF …"
	(cd "$1" && ./deploy/health-check.sh) || fail "The health check of $REF failed: current stays at ${2:-nothing}."
}

switch_to() {
	ln -s "releases/$1" "$site/.current-$$"
	# Replaces the link itself: -T says so to GNU and BusyBox, -h to BSD and macOS.
	mv -fT "$site/.current-$$" "$site/current" 2>/dev/null || mv -fh "$site/.current-$$" "$site/current"
	echo "current: ${2:-nothing} -> releases/$1"
}

release() {
	was=$(live)
	number=$(next_number)
	building=$releases/.building-$number
	mkdir -p "$releases" "$site/shared"
	# What a killed run left behind.
	rm -rf "$releases"/.building-* "$site"/.current-*
	mkdir "$building"
	cp -R -P . "$building"
	rm -rf "$building/.git" "$building/shared"
	ln -s ../../shared "$building/shared"
	printf 'SHA=%s\nREF=%s\nJOB_ID=%s\n' "$SHA" "$REF" "$JOB_ID" >"$building/REVISION"
	echo "Copied $(find "$building" -type f | wc -l | tr -d ' ') files to releases/$number."
	if ! (check_health "$building" "${was:+releases/$was}"); then
		rm -rf "$building"
		exit 1
	fi
	mv "$building" "$releases/$number"
	switch_to "$number" "${was:+releases/$was}"
	outdated 0 | while read -r old; do
		rm -rf "${releases:?}/$old"
		echo "Removed releases/$old."
	done
}

deploy() {
	echo "Deploying $REF ($commit) to $ENV."
	release
	echo "$REF is live on $ENV."
}

rollback() {
	echo "Rolling $ENV back to $REF ($commit)."
	number=$(kept_release)
	was=$(live)
	if [ -z "$number" ]; then
		echo "No release of it is kept: releasing it anew."
		release
	elif [ "$number" = "$was" ]; then
		echo "current is at releases/$number already."
	else
		check_health "$releases/$number" "${was:+releases/$was}"
		switch_to "$number" "${was:+releases/$was}"
	fi
	echo "$REF is live on $ENV."
}

dry_run() {
	was=$(live)
	echo "Would deploy $REF ($commit) to $ENV; nothing is changed."
	echo "Would copy $(find . -name .git -prune -o -type f -print | wc -l | tr -d ' ') files to releases/$(next_number)."
	echo "Would move current: ${was:+releases/}${was:-nothing} -> releases/$(next_number)"
	outdated 1 | while read -r old; do echo "Would remove releases/$old."; done
}

case $TYPE in
deploy) deploy ;;
rollback) rollback ;;
dry-run) dry_run ;;
*) fail "TYPE \"$TYPE\" is none of deploy, rollback, dry-run." ;;
esac
