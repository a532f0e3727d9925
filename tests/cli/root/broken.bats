#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Pulls that are killed, or fail, at some of the system calls that change the store; `make sweep` tries all of them.

load ../lib

# (LeakSanitizer does not work under strace.)
@test "a pull names what is flushed, and broken off anywhere it leaves a store that is whole" {
	run env ASAN_OPTIONS=detect_leaks=0 python3 "$PLACE/tests/sweep/pull.py" "$XRUN" "$STORE" "oci:$IMAGES:layers-gzip" 30
	echo "$output"
	[ "$status" = 0 ]
	[[ $output =~ "pull: "([0-9]+)" passed, 0 failed" ]]
	[ "${BASH_REMATCH[1]}" -gt 10 ]
}

# (The first of a thread's is whether the store's file system has such attributes.)
@test "a layer whose mark for overlayfs cannot be written is an error" {
	local inject
	for inject in fsetxattr:error=EIO:when=2+ fsetxattr:error=ENOSPC:when=2+; do
		fails_with 125 "cannot mark the layer's directory" env ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$BATS_TEST_TMPDIR/trace" \
			-e trace="${inject%%:*}" -e inject="$inject" "$XRUN" --root "$STORE" pull -q "oci:$IMAGES:layers-gzip"
	done
	[ -z "$(xrun images -q)" ]
}
