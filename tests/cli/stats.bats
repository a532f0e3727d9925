#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container without cgroups uses is told all the same; and what needs a cgroup says so.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	[ -z "${background:-}" ] || xrun rm -f one
	wait
}

@test "stats counts a container's processes, memory, time and network" {
	"$XRUN" --root "$STORE" run --rm --name one -v "$PLACE/busybox-$(debian_name "$HOST"):/busybox:ro" "$NATIVE" \
		sh -c 'sleep 60 & (i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done); echo ready; wait' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	background=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	xrun stats --no-stream --format json one >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" <<-'END'
		import json, sys
		(c,) = json.load(open(sys.argv[1]))
		assert int(c["pids"]) == 2, c
		assert int(c["memoryBytes"]) > 500000 and int(c["cpuNanoseconds"]) > 0, c
		assert "receivedBytes" in c and "sentBytes" in c, c
	END
}

@test "with no container running the table is empty" {
	[ "$(xrun stats --no-stream | wc -l)" = 1 ]
}

@test "pause is refused where no cgroup can be had, with the reason" {
	((EUID != 0)) || return 0 # root can: tests/cli/root/control.bats
	if [ -w "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)" ]; then return 0; fi
	"$XRUN" --root "$STORE" run --rm --name one "$NATIVE" sh -c 'echo ready; exec sleep 60' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	background=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	fails_with 125 "is root's here" xrun pause one
}
