#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many that use one store at the same time.

load lib
load scripted
load fixtures

NAME=unhurried

# start_pulls COUNT: pulls of the same image, each with a store of its own opened; their process ids are in pids.
start_pulls() {
	local i
	for ((i = 0; i < $1; i++)); do
		"$XRUN" --root "$STORE" pull -q "$SCRIPTED/$NAME:v1" 3>&- &
		pids+=($!)
	done
}

await_pulls() {
	local pid
	for pid in "${pids[@]}"; do
		await_end "$pid"
		[ "$status" = 0 ]
	done
}

# Each pull asks for the configuration, which is a blob, too.
blobs_asked() {
	asked "$NAME" >>"$BATS_TEST_TMPDIR/asked"
	grep -c /blobs/ "$BATS_TEST_TMPDIR/asked"
}

@test "a layer that many ask for at once is downloaded once" {
	local pids=()
	asked "$NAME" >/dev/null
	start_pulls 6
	await_pulls
	[ "$(blobs_asked)" = 7 ]
	[ -z "$(ls "$STORE/staging")" ]
}

@test "when the one that downloads is killed, another one takes over" {
	local pids=() leader i
	asked "$NAME" >/dev/null
	start_pulls 1
	await prints 2 blobs_asked
	leader=${pids[0]}
	pids=()
	start_pulls 4
	kill -KILL "$leader"
	await_pulls
	[ "$(blobs_asked)" = $((2 + 4 + 1)) ]
	await_end "$leader"
	[ "$status" = 137 ]
}

# in_loops COMMAND...: until $BATS_TEST_TMPDIR/done is there; what it says is kept. Its process id is added to others.
in_loops() {
	(
		while [ ! -e "$BATS_TEST_TMPDIR/done" ]; do
			"$XRUN" --root "$STORE" "$@" >/dev/null 2>>"$BATS_TEST_TMPDIR/said" || true
			sleep 0.05
		done
	) 3>&- &
	others+=($!)
}

# Both the pull and the run of an image may find it gone, and bring it again. LOOPS=250 for longer.
@test "pull, run, rmi and prune at once do no harm" {
	local i name pids=() others=()
	make_layout a --layer "$(native_tar)" --layer "$(small_tar a)"
	make_layout b --layer "$(native_tar)" --layer "$(small_tar b)"
	make_layout c --layer "$(small_tar c)" --layer "$(native_tar)"
	xrun -q --name stays "oci:$LAYOUT:c" sh -c 'echo kept >/kept'
	xrun -q -d --name lives "oci:$LAYOUT:c" sh -c 'while :; do cat /etc/c || exit 1; sleep 0.1; done'
	for name in a b; do
		(
			for ((i = 0; i < ${LOOPS:-12}; i++)); do
				[ "$("$XRUN" --root "$STORE" -q "oci:$LAYOUT:$name" cat "/etc/$name")" = "$name" ] || exit 1
			done
		) 3>&- &
		pids+=($!)
	done
	(
		for ((i = 0; i < ${LOOPS:-12}; i++)); do
			"$XRUN" --root "$STORE" pull -q "$PLAIN/test:layers-gzip" || exit 1
		done
	) 3>&- &
	pids+=($!)
	in_loops rmi -f "oci:$LAYOUT:a"
	in_loops prune
	in_loops images -q
	in_loops rmi -f "oci:$LAYOUT:b" "$PLAIN/test:layers-gzip" "oci:$LAYOUT:c"
	for i in "${pids[@]}"; do
		await_end "$i"
		[ "$status" = 0 ] || touch "$BATS_TEST_TMPDIR/failed"
	done
	touch "$BATS_TEST_TMPDIR/done"
	wait "${others[@]}"
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
	# prune says when it could do nothing; nothing else is ever said.
	refute grep -v "the store is in use by" "$BATS_TEST_TMPDIR/said"
	[ -n "$(xrun ps -q --filter name=lives)" ]
	xrun rm -f lives
	[ "$(xrun start -a stays)" = "" ]
	[ -n "$(xrun diff stays)" ]
	xrun rm stays
	xrun store verify --repair=false
	xrun rmi --all
	xrun prune
	[ -z "$(find "$STORE/layers" "$STORE/blobs/sha256" "$STORE/staging" -mindepth 1)" ]
}

@test "a damaged blob in the store is fetched again when it is needed" {
	pull good
	local hex
	hex=$(xrun inspect "$SCRIPTED/good:v1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["Layers"][0]["Digest"][7:])')
	xrun rmi --arch "$(oci_arch)" "$SCRIPTED/good:v1"
	for damage in "printf x | dd of=blobs/sha256/$hex bs=1 seek=99 conv=notrunc status=none" "truncate -s 500 blobs/sha256/$hex"; do
		pull good
		in_store sh -c "$damage"
		in_store find layers -mindepth 1 -delete
		pull good
		[ "$(sha256sum <"$STORE/blobs/sha256/$hex")" = "$hex  -" ]
	done
}
