# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# scripted.bash: what the tests with the misbehaving registry share; tests/registry/scripted.py has a table of its images.

# shellcheck disable=SC2034 # the tests use them
SCRIPTED_TLS=127.0.0.1:$(cat "$PLACE/scripted.tls") EXPIRED=127.0.0.1:$(cat "$PLACE/scripted.expired") SILENT=127.0.0.1:$(cat "$PLACE/scripted.silent")
SENTINEL=$PLACE/scripted.sentinel

sentinel() {
	stat -c '%n %F %h %a %u %g %s %y' "$SENTINEL" "$SENTINEL"/*
	cat "$SENTINEL/kept"
}

setup() {
	sentinel >"$BATS_TEST_TMPDIR/sentinel"
}

# What was pulled goes, and must take everything along; the sentinel directory is as it was.
teardown() {
	[ ! -e "$STORE" ] || xrun rmi --all
	nothing_left
	diff "$BATS_TEST_TMPDIR/sentinel" <(sentinel)
}

pull() {
	local name=$1
	shift
	xrun pull -q "$@" "$SCRIPTED/$name:v1"
}

# asked NAME: what the registry was asked about this image since the last time, in lines of HOST PATH AUTHORIZATION.
asked() {
	curl -sS "http://$SCRIPTED/log/$1"
}

# nothing_left: no image, layer, blob or unfinished work in the store.
nothing_left() {
	local left
	[ -e "$STORE" ] || return 0
	left=$(cd "$STORE" && find . -regextype egrep -mindepth 1 \
		! -regex './(oci-layout|index.json(.old)?|lock|in-use|layers|staging|containers|blobs(/sha256)?)')
	echo "left: $left"
	[ -z "$left" ]
	[ "$(xrun images | wc -l)" = 1 ]
}

# refused NAME TEXT [OPTION...]: the pull fails with a line that names the image, or its layer, and holds TEXT.
refused() {
	local name=$1 text=$2
	shift 2
	fails_with 125 "$text" xrun pull "$@" "$SCRIPTED/$name:v1"
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"$SCRIPTED/$name:v1"* || $said == *"layer sha256:"* ]]
	nothing_left
}

# all_refused: so is each of the lines NAME TEXT of standard input.
all_refused() {
	local lines line name text
	mapfile -t lines
	for line in "${lines[@]}"; do
		read -r name text <<<"$line"
		refused "$name" "$text"
	done
}
