#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A store that is read-only: its images run, from whatever place containers have then; nothing of it can be changed.

load lib

prepare() {
	export READ_ONLY="the store is read-only: its images can be run"
	xrun pull -q "$NATIVE"
	xrun pull -q --arch arm64 "$PLAIN/test:arm64"
}

setup() {
	chmod 555 "$STORE"
	export XDG_RUNTIME_DIR=$BATS_FILE_TMPDIR/run
	mkdir -p "$XDG_RUNTIME_DIR"
}

teardown() {
	chmod 700 "$STORE"
}

# Root's default is /run/xrun, which tests leave alone.
ro() {
	"$XRUN" --root "$STORE" --runroot "$BATS_FILE_TMPDIR/beside" "$@"
}

@test "images of a read-only store run, also foreign ones, and it stays as it was" {
	local before
	before=$(find "$STORE" -printf '%P %m %U %s %T@ %C@\n' | sort)
	[ "$(ro "$NATIVE" sh -c 'echo mine >/etc/x; cat /etc/x')" = mine ]
	[ "$(ro --arch arm64 "$PLAIN/test:arm64" uname -m)" = aarch64 ]
	[ "$(find "$STORE" -printf '%P %m %U %s %T@ %C@\n' | sort)" = "$before" ]
	[ "$(ro images | wc -l)" = 3 ]
	ro save -o "$BATS_TEST_TMPDIR/saved.tar" "$NATIVE"
}

@test "its containers live as others do" {
	ro -d --name beside "$NATIVE" sleep 100
	ro exec beside touch /added
	ro ps | grep beside
	ro diff beside | grep -x "A /added"
	ro stop beside
	ro start beside
	[ "$(ro exec beside ls /added)" = /added ]
	ro cp beside:/etc/passwd "$BATS_TEST_TMPDIR"
	ro stop beside
	ro export beside | tar -t | grep -x added
	ro rm beside
	[ -z "$(ro ps -aq)" ]
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
}

@test "what would change it fails at once, in one line" {
	fails_with 125 "$READ_ONLY" ro pull "$PLAIN/test:empty"
	fails_with 125 "$READ_ONLY" ro "$PLAIN/test:empty" true
	fails_with 125 "$READ_ONLY" ro rmi "$NATIVE"
	fails_with 125 "$READ_ONLY" ro tag "$NATIVE" localhost/other:1
	fails_with 125 "$READ_ONLY" ro prune
	fails_with 125 "$READ_ONLY" ro store verify
	chmod 700 "$STORE"
	xrun save -o "$BATS_TEST_TMPDIR/saved.tar" "$NATIVE"
	chmod 555 "$STORE"
	fails_with 125 "$READ_ONLY" ro load -i "$BATS_TEST_TMPDIR/saved.tar"
	ro --name source "$NATIVE" sh -c 'echo x >/x'
	fails_with 125 "$READ_ONLY" ro commit source localhost/other:1
	ro rm source
}

@test "who is not root has its containers in XDG_RUNTIME_DIR, or is told what to say" {
	[ "$EUID" = 0 ] || [ "$(xrun "$NATIVE" echo ran)" = ran ]
	[ "$EUID" = 0 ] || ls -d "$XDG_RUNTIME_DIR"/xrun/*/containers
	unset XDG_RUNTIME_DIR
	[ "$EUID" = 0 ] || fails_with 125 "say where containers go with --runroot DIR" xrun "$NATIVE" true
	fails_with 125 "--runroot needs an argument" xrun --runroot
	fails_with 125 "read-only" "$XRUN" --root "$STORE" --runroot /proc/nothing "$NATIVE" true
}
