#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A detached container's supervisor is killed at each step that it takes on disk: what the next command says is true, and
# everything can be removed. (As root: newuidmap, which is set-uid, does not work under strace.)

load ../lib

prepare() {
	xrun pull -q "$NATIVE"
}

# killed_at CALL N COMMAND...: the command, killed at its Nth such system call; each process counts its own. strace waits for
# all of them, the supervisor too, so containers end by themselves.
killed_at() {
	local call=$1 n=$2
	shift 2
	strace -f -qq -o /dev/null -e "trace=$call" -e "inject=$call:signal=KILL:when=$n" "$XRUN" --root "$STORE" "$@" >/dev/null 2>&1
}

# honest: what ps says to run does run, and what does not can be removed; nothing is left then.
honest() {
	local pid
	for pid in $(xrun ps --format '{{.pid}}'); do
		kill -0 "$pid" || [ -z "$(xrun ps -q)" ] # it may have ended since
	done
	xrun rm -f box
	xrun run --rm --name box "$NATIVE" true
	[ -z "$(ls "$STORE/containers")" ]
	[ -z "$(ls "$STORE/containers/.names")" ]
}

@test "killed while it starts a container" {
	local call n
	for call in mkdirat symlinkat renameat pwrite64 unlinkat; do
		for n in 1 2 3; do
			killed_at "$call" "$n" run -d --name box "$NATIVE" sleep 0.2 || true
			echo "$call $n"
			honest
		done
	done
}

@test "killed while a container ends" {
	local n
	for n in 3 4 5 6 7; do
		killed_at renameat "$n" run -d --name box "$NATIVE" sleep 0.2 || true
		echo "renameat $n"
		honest
	done
}

@test "rm that is killed on its way is finished by the next command" {
	local call n
	for call in unlinkat openat; do
		for n in 1 2 4 8 12; do
			xrun run --name box "$NATIVE" sh -c 'mkdir /root/d; touch /root/d/f /root/f'
			killed_at "$call" "$n" rm box || true
			echo "$call $n"
			honest
		done
	done
}
