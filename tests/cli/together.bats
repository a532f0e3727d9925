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
	for ((i = 0; i < 200; i++)); do
		[ "$(blobs_asked)" = 2 ] && break
		sleep 0.02
	done
	leader=${pids[0]}
	pids=()
	start_pulls 4
	kill -KILL "$leader"
	await_pulls
	[ "$(blobs_asked)" = $((2 + 4 + 1)) ]
	await_end "$leader"
	[ "$status" = 137 ]
}

# Both the pull and the run of an image may find it gone, and bring it again.
@test "run, rmi and prune at once do no harm" {
	local i pids=() others=()
	make_layout a --layer "$(native_tar)" --layer "$(small_tar a)"
	make_layout b --layer "$(native_tar)" --layer "$(small_tar b)"
	for name in a b; do
		(
			for ((i = 0; i < 15; i++)); do
				[ "$("$XRUN" --root "$STORE" -q "oci:$LAYOUT:$name" cat "/etc/$name")" = "$name" ] || exit 1
			done
		) 3>&- &
		pids+=($!)
	done
	for command in "rmi -f oci:$LAYOUT:a" prune "images -q" "rmi -f oci:$LAYOUT:b"; do
		(
			while [ ! -e "$BATS_TEST_TMPDIR/done" ]; do
				# shellcheck disable=SC2086 # words
				"$XRUN" --root "$STORE" $command >/dev/null 2>>"$BATS_TEST_TMPDIR/said" || true
				sleep 0.05
			done
		) 3>&- &
		others+=($!)
	done
	for i in "${pids[@]}"; do
		await_end "$i"
		[ "$status" = 0 ] || touch "$BATS_TEST_TMPDIR/failed"
	done
	touch "$BATS_TEST_TMPDIR/done"
	wait "${others[@]}"
	[ ! -e "$BATS_TEST_TMPDIR/failed" ]
	# prune says when it could do nothing; nothing else is ever said.
	refute grep -v "the store is in use by" "$BATS_TEST_TMPDIR/said"
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
