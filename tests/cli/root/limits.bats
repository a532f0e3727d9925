#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits hold, and leave no cgroup behind.

load ../lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

cgroups() {
	find /sys/fs/cgroup -mindepth 2 -type d -path '*/xrun/*' 2>/dev/null
}

teardown() {
	[ -z "$(cgroups)" ]
}

@test "--memory 64m kills a program that takes 200 MiB, and xrun says why" {
	fails_with 137 "ran out of memory" xrun --memory 64m "$NATIVE" dd if=/dev/zero of=/dev/null bs=200M count=1 status=none
	run xrun --memory 400m "$NATIVE" sh -c 'dd if=/dev/zero bs=200M count=1 status=none | wc -c'
	[ "$output" = 209715200 ]
}

@test "--pids-limit stops a fork bomb" {
	run xrun --pids-limit 20 "$NATIVE" sh -c 'i=0; while [ $i -lt 100 ]; do sleep 20 & i=$((i + 1)); done; ps -e --no-headers | wc -l'
	[ "$status" != 0 ]
	[[ $output == *"ork"* ]]
}

@test "--cpus 0.5 halves a busy loop" {
	run xrun --cpus 0.5 "$NATIVE" sh -c 'timeout 3 sh -c "while :; do :; done"; times >/tmp/times; tail -n 1 /tmp/times'
	echo "$output"
	local seconds
	seconds=$(sed -n 's/^0m\([0-9.]*\)s.*/\1/p' <<<"$output" | tail -1)
	python3 -c "import sys; s = float(sys.argv[1]); sys.exit(not 1.35 <= s <= 1.65)" "$seconds"
}

@test "limits hold for a foreign program as for a native one" {
	fails_with 137 "ran out of memory" xrun --arch aarch64 --memory 96m "$PLAIN/test:arm64" dd if=/dev/zero of=/dev/null bs=400M count=1 status=none
}

@test "a limit that is no limit is an error" {
	fails_with 125 "--cpus 0" xrun --cpus 0 "$NATIVE" true
	fails_with 125 "--pids-limit many" xrun --pids-limit many "$NATIVE" true
}

@test "the cgroup of a killed xrun is removed by the next" {
	"$XRUN" --root "$STORE" --memory 64m "$NATIVE" sh -c 'echo ready; exec sleep 60' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	[ -n "$(cgroups)" ]
	kill -KILL $!
	await_end $!
	xrun "$NATIVE" true
	[ -z "$(cgroups)" ]
}

@test "containers of the same name in two stores have limits of their own; a second in one store changes none" {
	local id before other=$BATS_TEST_TMPDIR/other
	"$XRUN" --root "$other" pull -q "$NATIVE"
	"$XRUN" --root "$STORE" --name one --memory 64m --pids-limit 20 "$NATIVE" sh -c 'echo ready; exec sleep 60' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	id=$(xrun ps -q --no-trunc --filter name=one)
	before=$(cat "$(find /sys/fs/cgroup -path "*/xrun/$id/pids.max")")
	[ "$before" = 20 ]
	fails_with 125 "named one is running" xrun --name one --memory 96m --pids-limit 40 "$NATIVE" true
	"$XRUN" --root "$other" --rm --name one --memory 96m --pids-limit 40 "$NATIVE" true
	[ "$(cat "$(find /sys/fs/cgroup -path "*/xrun/$id/pids.max")")" = "$before" ]
	kill -KILL $!
	await_end $!
	"$XRUN" --root "$other" rmi --all
	xrun "$NATIVE" true
}
