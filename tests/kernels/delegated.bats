#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# An ordinary user's limits in a delegated cgroup of v2, below which tests/kernels/init runs this.

load ../cli/lib

@test "limits hold for an ordinary user" {
	run xrun -q --network none --memory 64m "$PLAIN/test:amd64" sh -c 'head -c 200m /dev/zero | tail -c 200m'
	[ "$status" = 137 ]
	[ "$(xrun -q --network none --pids-limit 20 "$PLAIN/test:amd64" sh -c 'for i in $(seq 30); do sleep 2 & done; echo reached' 2>&1 | grep -c reached)" = 0 ]
}

@test "the container's cgroup is below the one that was delegated, and is removed" {
	"$XRUN" --root "$STORE" run -q --rm --network none --name limited --memory 64m "$PLAIN/test:amd64" sh -c 'echo ready; exec sleep 600' \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	await_text ready "$BATS_TEST_TMPDIR/out"
	id=$(xrun ps -q --no-trunc --filter name=limited)
	[ "$(cat "/sys/fs/cgroup/delegated/xrun/$id/memory.max")" = 67108864 ]
	xrun exec limited true
	xrun pause limited
	xrun unpause limited
	xrun update --memory 96m limited
	[ "$(cat "/sys/fs/cgroup/delegated/xrun/$id/memory.max")" = 100663296 ]
	xrun rm -f limited
	[ ! -e "/sys/fs/cgroup/delegated/xrun/$id" ]
}

@test "alone in its cgroup, xrun steps aside" {
	mkdir /sys/fs/cgroup/delegated/alone
	run sh -c 'echo $$ >/sys/fs/cgroup/delegated/alone/cgroup.procs && exec "$0" --root "$1" -q --network none --memory 64m "$2" true' \
		"$XRUN" "$STORE" "$PLAIN/test:amd64"
	[ "$status" = 0 ]
}

@test "so it does for a controller that a cgroup with processes could hand down as well" {
	mkdir /sys/fs/cgroup/delegated/alone-too
	run sh -c 'echo $$ >/sys/fs/cgroup/delegated/alone-too/cgroup.procs && exec "$0" --root "$1" -q --network none --pids-limit 64 "$2" true' \
		"$XRUN" "$STORE" "$PLAIN/test:amd64"
	[ "$status" = 0 ]
}

@test "nothing is left afterwards" {
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
	xrun rmi --all
}
