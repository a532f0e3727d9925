#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What must work on every kernel that the README names, private instances of binfmt_misc or not. Run by ci/kernels.sh in a
# virtual machine of its own: so it changes the host's table.

load ../cli/lib

TABLE=/proc/sys/fs/binfmt_misc

has_private() {
	[ "$(xrun binfmt status --format json s390x | sed -n 's/.*"way": "\(.*\)".*/\1/p')" = private ]
}

@test "a native image runs" {
	[ "$(xrun -q "$PLAIN/test:amd64" sh -c 'echo $$ $(uname -m)')" = "1 x86_64" ]
}

@test "an image of a hundred layers runs" {
	[ "$(xrun -q "$PLAIN/test:many" sh -c 'ls /file-* | wc -l')" = 100 ]
}

@test "layers with whiteouts and hard links between them are unpacked" {
	xrun pull -q "$PLAIN/test:layers-gzip"
}

@test "a store without extended attributes of users is refused, or works" {
	local status=0
	"$XRUN" --root "/tmp/store-$EUID" pull -q "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said" || status=$?
	[ "$status" = 0 ] || grep -q '^xrun: .*store.*extended attributes.*--root' "$BATS_TEST_TMPDIR/said"
	"$XRUN" --root "/tmp/store-$EUID" rmi --all
}

@test "files in a volume belong to the caller" {
	xrun -q -v "$BATS_TEST_TMPDIR:/v" "$PLAIN/test:amd64" touch /v/file
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/file")" = "$(id -u)" ]
}

@test "a foreign image runs: by itself, or through the host's handler after a refusal that names it" {
	if ! has_private; then
		xrun pull -q --arch s390x "$PLAIN/test:s390x"
		fails_with 125 "sudo xrun binfmt install s390x" xrun --arch s390x "$PLAIN/test:s390x" uname -m
		((EUID == 0)) || skip "the host's table is root's"
		xrun binfmt install s390x
	fi
	[ "$(xrun -q --arch s390x "$PLAIN/test:s390x" sh -c 'uname -m; seq 3 | sort -r | head -1' | tr '\n' ' ')" = "s390x 3 " ]
	has_private || xrun binfmt remove s390x
	[ ! -e "$TABLE/xrun-s390x" ]
}

@test "a private network has its interface, and --network none has none" {
	[ "$(xrun run -q --network private "$PLAIN/test:amd64" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | sort | tr '\n' ' ')" = "eth0 lo " ]
	[ "$(xrun run -q --network none "$PLAIN/test:amd64" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | tr '\n' ' ')" = "lo " ]
}

@test "limits hold, or are refused" {
	if ((EUID == 0)); then
		[ "$(xrun -q --memory 64m --pids-limit 20 "$PLAIN/test:amd64" sh -c 'for i in $(seq 30); do sleep 2 & done; echo reached' 2>&1 | grep -c reached)" = 0 ]
		run xrun -q --memory 64m "$PLAIN/test:amd64" sh -c 'head -c 200m /dev/zero | tail -c 200m'
		[ "$status" = 137 ]
	else
		fails_with 125 "--memory" xrun -q --memory 64m "$PLAIN/test:amd64" true
	fi
}

@test "nothing is left afterwards" {
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
	xrun rmi --all
}
