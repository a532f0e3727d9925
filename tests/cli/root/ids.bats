#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers where there is one id to give.

load ../lib

# as_stranger COMMAND...: as a user of whom /etc/subuid knows nothing.
as_stranger() {
	setpriv --reuid 54321 --regid 54321 --clear-groups env -i PATH="$PATH" "$@"
}

prepare() {
	mkdir -m 777 "$BATS_FILE_TMPDIR/stranger"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
}

@test "a user without subordinate ids gets one id, and is told what that means" {
	local place=$BATS_FILE_TMPDIR/stranger/store said=$BATS_TEST_TMPDIR/said
	[ "$(as_stranger "$XRUN" --root "$place" "$NATIVE" cat /proc/self/uid_map 2>"$said" | tr -s ' ')" = " 0 0 1" ]
	grep -q '^xrun: note: .*one user id only.* chown.*: /etc/subuid' "$said"
	[ "$(as_stranger "$XRUN" --root "$place" --arch aarch64 "$PLAIN/test:arm64" uname -m)" = aarch64 ]
	run as_stranger "$XRUN" --root "$place" -u app "$NATIVE" id
	[ "$status" = 125 ]
	[[ $output == *"xrun: cannot become group 1000"* ]]
	as_stranger "$XRUN" --root "$place" rmi --all
}

@test "with one id, a pull says how many files lost their owner" {
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" pull "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said"
	grep -q '^note: [0-9]* files belong to root now' "$BATS_TEST_TMPDIR/said"
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" rmi --all
}

@test "root of a user namespace without more ids gets one, too" {
	unshare -Urm "$XRUN" --root "$STORE" "$NATIVE" id -u >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = 0 ]
	grep -q 'one user id only.*: this user namespace has no such ids' "$BATS_TEST_TMPDIR/said"
	unshare -Urm "$XRUN" --root "$STORE" rmi --all
}

@test "root with a line in /etc/subuid that names no ids is told so, and not given one id" {
	echo root:4294967290:65536 >"$BATS_TEST_TMPDIR/subuid"
	fails_with 125 "/etc/subuid" unshare -m sh -c 'mount --bind "$1" /etc/subuid && shift && exec "$@"' - \
		"$BATS_TEST_TMPDIR/subuid" "$XRUN" --root "$BATS_TEST_TMPDIR/store" "$NATIVE" true
}
