#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Many containers at once, each with a private network: MANY=500 make check-many; fewer in every check.

load lib

COUNT=${MANY:-40}

prepare() {
	xrun pull -q "$NATIVE"
}

list() {
	local IFS=,
	echo "$*"
}

# Which of the processes PID... are still there.
alive() {
	local pid
	for pid; do [ ! -e "/proc/$pid" ] || echo "$pid"; done
}

# await_gone PID...: until all have ended.
await_gone() {
	await prints "" alive "$@" || { alive "$@" | xargs -I{} cat /proc/{}/stat; return 1; }
}

@test "many start, run, stop and are removed, and nothing of them is left" {
	local options=() supervisors helpers programs mounts
	((EUID != 0)) || options=(--memory 64m --pids-limit 20)
	mounts=$(wc -l </proc/self/mountinfo)
	ulimit -n 256 # as many descriptors as any number of them takes
	seq "$COUNT" | xargs -P 4 -I{} "$XRUN" --root "$STORE" run -q -d --name "many-{}" "${options[@]}" "$NATIVE" sleep 3000 >"$BATS_TEST_TMPDIR/ids" 3>&-
	[ "$(sort -u "$BATS_TEST_TMPDIR/ids" | wc -l)" = "$COUNT" ]
	[ "$(xrun ps -q | wc -l)" = "$COUNT" ]
	mapfile -t programs < <(xargs "$XRUN" --root "$STORE" inspect --format '{{.State.Pid}}' <"$BATS_TEST_TMPDIR/ids")
	mapfile -t supervisors < <(ps -o ppid= -p "$(list "${programs[@]}")" | tr -d ' ' | sort -u)
	mapfile -t helpers < <(pgrep -P "$(list "${supervisors[@]}")" | grep -vxFf <(printf '%s\n' "${programs[@]}"))
	echo "${#programs[@]} programs, ${#supervisors[@]} supervisors, ${#helpers[@]} helpers"
	[ "${#programs[@]}" = "$COUNT" ]
	[ "${#supervisors[@]}" = "$COUNT" ]
	((${#helpers[@]} >= COUNT))
	[ "$(xrun exec "many-$COUNT" sh -c 'sed -n "s/^ *\(eth0\):.*/\1/p" /proc/net/dev')" = eth0 ]
	xrun stats --no-stream --format json >"$BATS_TEST_TMPDIR/stats"
	xargs "$XRUN" --root "$STORE" stop <"$BATS_TEST_TMPDIR/ids" >/dev/null
	[ -z "$(xrun ps -q)" ]
	xargs "$XRUN" --root "$STORE" rm <"$BATS_TEST_TMPDIR/ids" >/dev/null
	await_gone "${programs[@]}" "${supervisors[@]}" "${helpers[@]}"
	[ -z "$(find "$STORE/containers" -mindepth 1 -maxdepth 1 ! -name '.*')" ]
	[ -z "$(ls -A "$STORE/containers/.names")" ]
	refute grep -Ff "$BATS_TEST_TMPDIR/ids" <(find /sys/fs/cgroup -type d 2>/dev/null)
	[ "$(wc -l </proc/self/mountinfo)" = "$mounts" ]
}
