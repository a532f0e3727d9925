#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A store on a read-only mount: root's and a user's.

load ../lib

# mounted DIR COMMAND...: runs it where DIR is a read-only mount.
mounted() {
	local dir=$1
	shift
	unshare -m sh -c 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"' "$dir" "$@"
}

@test "images run from a store on a read-only mount" {
	xrun pull -q "$NATIVE"
	[ "$(mounted "$STORE" "$XRUN" --root "$STORE" --runroot "$BATS_TEST_TMPDIR/beside" "$NATIVE" sh -c 'echo x >/x; cat /x')" = x ]
	fails_with 125 "the store is read-only" mounted "$STORE" "$XRUN" --root "$STORE" --runroot "$BATS_TEST_TMPDIR/beside" pull "$PLAIN/test:empty"
	[ "$(xrun "$NATIVE" echo again)" = again ]
}

@test "a user's images run from a store on a read-only mount" {
	local place
	place=$(mktemp -d /tmp/xrun-readonly.XXXXXX)
	local user=(setpriv --reuid xrun-test --regid xrun-test --init-groups "$XRUN" --root "$place/store" --runroot "$place/beside")
	chown xrun-test: "$place"
	"${user[@]}" pull -q "$NATIVE"
	[ "$(mounted "$place/store" "${user[@]}" "$NATIVE" sh -c 'echo x >/x; cat /x')" = x ]
	fails_with 125 "the store is read-only" mounted "$place/store" "${user[@]}" rmi "$NATIVE"
	"${user[@]}" rmi "$NATIVE"
	rm -rf "$place"
}
