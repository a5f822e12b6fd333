#!/bin/sh
# DRAVEN's entrypoint for projects that are released with Deployer 7 (https://deployer.org): copy it to deploy/run.sh, and deploy.php
# to the root of the repository. The hosts of an environment are those whose label `env` is its name.
#
# It gets JOB_ID, ENV, REF, SHA and TYPE (deploy, rollback or dry-run), and the parameters that the environment declares.
# POSIX sh. Killing it at any moment leaves the live release as it was; `dep deploy:unlock env=<name>` takes a lock that it left.
set -eu

fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

for name in JOB_ID ENV REF SHA TYPE; do
	eval "value=\${$name:-}"
	[ -n "$value" ] || fail "The variable $name is missing: this script is started by DRAVEN."
done
case $ENV in
*[!a-zA-Z0-9_-]*) fail "ENV \"$ENV\" cannot be the label of a host." ;;
esac
case $SHA in
*[!0-9a-f]*) fail "SHA \"$SHA\" is no commit." ;;
esac
# What was approved is what is released: the commit that is checked out here, where that can be seen.
if [ -e .git ]; then
	head=$(git -c safe.directory='*' rev-parse HEAD) || fail "git cannot tell which commit is checked out here, so nothing is released."
	[ "$head" = "$SHA" ] ||
		fail "Checked out is $head, and approved was $SHA: check that commit out before this script is started."
fi
# deploy.php reads it.
export SHA

if [ -x vendor/bin/dep ]; then
	dep=vendor/bin/dep
else
	dep=$(command -v dep) || fail "There is no Deployer: add deployer/deployer to composer.json, or install dep where this runs."
fi

run() {
	task=$1
	shift
	"$dep" "$task" "env=$ENV" --no-interaction "$@"
}

echo "$TYPE of $REF ($(printf '%.12s' "$SHA")) on $ENV, job $JOB_ID."
case $TYPE in
deploy)
	run deploy:info --revision="$SHA"
	run deploy --revision="$SHA"
	;;
rollback)
	if run draven:kept; then
		run rollback
	else
		echo "No release of it is kept on every host: releasing it anew."
		run deploy --revision="$SHA"
	fi
	;;
dry-run)
	run deploy:info --revision="$SHA"
	run deploy --revision="$SHA" --plan
	;;
*) fail "TYPE \"$TYPE\" is none of deploy, rollback, dry-run." ;;
esac
