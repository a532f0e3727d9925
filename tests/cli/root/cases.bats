#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/cases.md lists what befell others, and the test that it is not so here; and those of them that need root.

load ../lib
load ../fixtures

PAGE=$PLACE/tests/cases.md

prepare() {
	xrun pull -q "$NATIVE"
}

@test "every test that the list of cases names exists" {
	local file name
	[ "$(grep -oE '[a-z/-]+\.bats: "[^"]+"' "$PAGE" | wc -l)" -ge 60 ]
	while IFS=$'\t' read -r file name; do
		echo "$file: $name"
		grep -qF "@test \"$name" "$PLACE/tests/$file"
	done < <(grep -oE '[a-z/-]+\.bats: "[^"]+"' "$PAGE" | sed -E 's/^([a-z\/-]+\.bats): "([^"]+)"$/\1\t\2/')
	while IFS=$'\t' read -r file name; do
		echo "$file: $name"
		grep -qF "static void $name(" "$PLACE/tests/$file"
	done < <(grep -oE 'unit/[a-z_]+\.c: "[^"]+"' "$PAGE" | sed -E 's/^([a-z_\/]+\.c): "([^"]+)"$/\1\t\2/')
}

@test "every case in the list has a test, or says why it has none" {
	local row
	while read -r row; do
		echo "$row"
		[[ $row == *'.bats: "'* || $row == *'.c: "'* || $row == *"| no test: "?* ]]
	done < <(grep -E '^\| ' "$PAGE" | grep -vE '^\| (case|---)')
}

# CVE-2019-14271, CVE-2026-41567, CVE-2022-1227: what a host's process loads or starts from a container's root.
@test "nothing of an image is executed or loaded by xrun, which finds users and looks into programs without libraries" {
	local log=$BATS_TEST_TMPDIR/log status=0
	env LSAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve,openat,openat2 -o "$log" "$XRUN" --root "$STORE" run --rm --network none -u app "$NATIVE" /none || status=$?
	[ "$status" = 127 ]
	grep execve "$log"
	refute grep -vE "\"($XRUN|/none|/proc/self/exe|/usr/bin/new[ug]idmap)\"|memfd|/proc/self/fd/|[0-9]+ execve\(\"\"" <(grep 'execve(' "$log")
	refute grep -E 'libnss|nsswitch|gconv|locale-archive' "$log"
}

# bubblewrap 0.11.1: a caller that ignores SIGCHLD, or blocks signals.
@test "a caller's ignored and blocked signals change nothing" {
	run python3 - "$XRUN" --root "$STORE" run --rm --network none "$NATIVE" sh -c \
		'sed -n "s/^\(SigIgn\|SigBlk\):\s*0*$/\1 none/p" /proc/self/status; sleep 0 & wait $!; exit 7' <<-'END'
		import os, signal, sys
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		signal.signal(signal.SIGPIPE, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1})
		os.execv(sys.argv[1], sys.argv[1:])
	END
	echo "$output"
	[ "$status" = 7 ]
	[[ $output == *"SigBlk none"* && $output == *"SigIgn none"* ]]
}

# runc 13a6f5609; crun, "test_mount_no_leak_to_host".
@test "no mount of a container shows outside, whatever the propagation of what it is started in" {
	local way
	for way in shared slave private; do
		# shellcheck disable=SC2016 # the inner shell's
		unshare --mount --propagation "$way" sh -ec 'before=$(wc -l </proc/self/mountinfo)
			"$@" -v /tmp:/v --tmpfs /t "$0" true; test "$before" = "$(wc -l </proc/self/mountinfo)"' \
			"$NATIVE" "$XRUN" --root "$STORE" run --rm --network none
	done
}

@test "who may have no more processes is told so in one line, and nothing is left" {
	mkdir "$BATS_TEST_TMPDIR/user"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	chown xrun-test "$BATS_TEST_TMPDIR/user"
	as_user() { setpriv --reuid xrun-test --regid xrun-test --init-groups "$@"; }
	as_user "$XRUN" --root "$BATS_TEST_TMPDIR/user" pull -q "$NATIVE"
	# LeakSanitizer looks for leaks in a process of its own, which it cannot have either.
	fails_with 125 "cannot" as_user env ASAN_OPTIONS=detect_leaks=0 prlimit --nproc=1 "$XRUN" --root "$BATS_TEST_TMPDIR/user" run --rm --network none "$NATIVE" true
	[ -z "$(find "$BATS_TEST_TMPDIR/user/containers" -mindepth 1 -maxdepth 1 ! -name '.*' 2>/dev/null)" ]
	as_user "$XRUN" --root "$BATS_TEST_TMPDIR/user" run --rm --network none "$NATIVE" true
	as_user "$XRUN" --root "$BATS_TEST_TMPDIR/user" rmi --all
}

# CVE-2014-9357; libarchive's "all filters" start lrzip, grzip and lzop.
@test "no program is started to read a layer, whatever it begins with" {
	local magic file=$BATS_TEST_TMPDIR/layer log=$BATS_TEST_TMPDIR/log
	for magic in 'LRZI\000\006' 'GRZipII\000\002\004:)' '\211LZO\000\r\n\032\n' '\3757zXZ\000' 'BZh91AY&SY' '\037\235\220' '\355\253\356\333\003\000' 'PK\003\004' \
		'7z\274\257\047\034' 'begin 644 x\n' '\035\000\000\000\000'; do
		# shellcheck disable=SC2059 # escapes
		{ printf "$magic"; head -c 4000 /dev/zero; } >"$file"
		make_layout magic --layer "$file" --compress none
		fails_with 125 "is not a sound tar archive" env LSAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=execve,execveat -o "$log" "$XRUN" --root "$STORE" pull -q "oci:$LAYOUT:magic"
		grep xrun-fetch "$log"
		refute grep -vE "\"$XRUN\"|xrun-fetch|new[ug]idmap|exited|SIG" "$log"
	done
}

@test "where a part of /proc or /sys is covered no container starts, and the reason is told" {
	local cover
	for cover in "mount --bind /dev/null /proc/uptime" "mount -t tmpfs none /sys/kernel"; do
		fails_with 125 "a part of /proc or /sys is covered here" unshare -m sh -c "$cover && exec \"\$@\"" - "$XRUN" --root "$STORE" "$NATIVE" true
	done
}
