#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Limits hold, and leave no cgroup behind.

load ../lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

# Those of `xrun run`, whose names are ids.
cgroups() {
	find /sys/fs/cgroup -mindepth 2 -type d -regextype posix-extended -regex '.*/xrun/[0-9a-f]{64}' 2>/dev/null
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

@test "a container, or a cgroup above it, that may have no more processes is named when one cannot start" {
	local cgroup=/sys/fs/cgroup/pids/xrun-test-short.$$
	[ -d /sys/fs/cgroup/pids ] || cgroup=/sys/fs/cgroup/xrun-test-short.$$
	limited --pids-limit 2
	fails_with 125 "the container has as many processes as it may, 2 (--pids-limit)" xrun exec limited true
	ended
	limited --pids-limit 3
	fails_with 125 "the container has as many processes as it may, 3 (--pids-limit)" xrun exec -d limited true
	ended
	mkdir "$cgroup"
	echo 1 >"$cgroup/pids.max"
	fails_with 125 "$cgroup has as many processes as it may, 1: end some, or write" env ASAN_OPTIONS=detect_leaks=0 sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$cgroup" \
		"$XRUN" --root "$STORE" run --rm --network none "$NATIVE" true
	# shellcheck disable=SC2154 # fails_with sets it
	[[ $said == *"cannot start a process: Resource temporarily unavailable"* ]]
	await rmdir "$cgroup"
}

@test "a limit of processes in which no container can start is an error, with --init as well" {
	[ "$(xrun --pids-limit 2 "$NATIVE" echo one)" = one ]
	[ "$(xrun --pids-limit 3 --init "$NATIVE" echo two)" = two ]
	fails_with 125 "--pids-limit 1: a container needs 2 processes to start" xrun --pids-limit 1 "$NATIVE" true
	fails_with 125 "--pids-limit 2: a container with --init needs 3 processes to start" xrun --pids-limit 2 --init "$NATIVE" true
	# as is a limit above it that only --init meets
	local cgroup=/sys/fs/cgroup/pids/xrun-test-init.$$
	[ -d /sys/fs/cgroup/pids ] || cgroup=/sys/fs/cgroup/xrun-test-init.$$
	mkdir "$cgroup"
	echo 3 >"$cgroup/pids.max" # xrun, what builds the container, and its first process
	fails_with 125 "--init: cannot start the program: Resource temporarily unavailable; see --pids-limit, pids.max" \
		env ASAN_OPTIONS=detect_leaks=0 sh -c 'echo 0 >"$0/cgroup.procs"; exec "$@"' "$cgroup" \
		"$XRUN" --root "$STORE" run --rm --network none --init "$NATIVE" true
	await rmdir "$cgroup"
}

@test "--cpus 0.5 halves a busy loop" {
	run xrun --cpus 0.5 "$NATIVE" sh -c 'timeout 3 sh -c "while :; do :; done"; times >/tmp/times; tail -n 1 /tmp/times'
	echo "$output"
	local seconds
	seconds=$(sed -n 's/^0m\([0-9.]*\)s.*/\1/p' <<<"$output" | tail -1)
	python3 -c "import sys; s = float(sys.argv[1]); sys.exit(not 0 < s <= 1.65)" "$seconds"
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

# limited OPTION...: a container with them in the background, from when its program runs; sets container, its id.
limited() {
	"$XRUN" --root "$STORE" run --rm --name limited "$@" "$NATIVE" sh -c 'echo ready; exec sleep 60' >"$BATS_TEST_TMPDIR/out" 3>&- &
	background=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	container=$(xrun inspect -f '{{.Id}}' limited) # which waits until that is known
}

ended() {
	xrun rm -f limited
	wait "$background" || true
}

# setting V1-FILE V2-FILE: what the kernel says it is for the container.
setting() {
	local file
	file=$(find /sys/fs/cgroup -path "*/$container/$1" -o -path "*/$container/$2" 2>/dev/null) || [ -n "$file" ] # others' go meanwhile
	cat "$file"
}

@test "memory limits are the kernel's" {
	limited --memory 64m --memory-reservation 32m --memory-swappiness 10 --oom-kill-disable
	[ "$(setting memory.limit_in_bytes memory.max)" = 67108864 ]
	[ "$(setting memory.soft_limit_in_bytes memory.low)" = 33554432 ]
	[ "$(setting memory.swappiness none)" = 10 ]
	setting memory.oom_control none | grep "oom_kill_disable 1"
	ended
}

@test "processor limits are the kernel's" {
	limited --cpu-quota 25000 --cpu-period 50000 --cpu-shares 512 --cpuset-cpus 0 --cpuset-mems 0
	[ "$(setting cpu.cfs_quota_us none)" = 25000 ]
	[ "$(setting cpu.cfs_period_us none)" = 50000 ]
	[ "$(setting cpu.shares none)" = 512 ]
	[ "$(setting cpuset.cpus cpuset.cpus)" = 0 ]
	ended
	[ "$(xrun run --cpuset-cpus 1 "$NATIVE" nproc)" = 1 ]
	fails_with 125 "--cpuset-cpus 0,4000: the machine has $(cat /sys/devices/system/cpu/online)" xrun run --cpuset-cpus 0,4000 "$NATIVE" true
	fails_with 125 "--cpuset-mems 0-99: the machine has $(cat /sys/devices/system/node/online)" xrun run --cpuset-mems 0-99 "$NATIVE" true
}

@test "limits of disks are the kernel's" {
	local device numbers
	device=/dev/$(lsblk -dno NAME | head -1)
	numbers=$(lsblk -dno MAJ:MIN "$device" | tr -d ' ')
	limited --device-read-bps "$device:1m" --device-write-iops "$device:100"
	[ "$(setting blkio.throttle.read_bps_device none)" = "$numbers 1048576" ]
	[ "$(setting blkio.throttle.write_iops_device none)" = "$numbers 100" ]
	ended
	fails_with 125 "--device-read-bps /dev/null: not a block device" xrun run --device-read-bps /dev/null:1m "$NATIVE" true
}

@test "a limit of huge pages is the kernel's, and a size that it has not is an error" {
	limited --hugetlb 2MB:4m
	[ "$(setting hugetlb.2MB.limit_in_bytes hugetlb.2MB.max)" = 4194304 ]
	ended
	fails_with 125 "--hugetlb" xrun run --hugetlb 3MB:4m "$NATIVE" true
}

@test "--device-cgroup-rule allows a device, and none but the usual others" {
	limited --device-cgroup-rule 'c 10:200 rw'
	setting devices.list none >"$BATS_TEST_TMPDIR/list"
	grep -qx 'c 10:200 rw' "$BATS_TEST_TMPDIR/list"
	grep -qx 'c 1:3 rwm' "$BATS_TEST_TMPDIR/list"
	refute grep -q '^a' "$BATS_TEST_TMPDIR/list"
	ended
}

# v2_devices COMMAND...: where v1's devices controller is out of sight, so that v2 rules them.
v2_devices() {
	# shellcheck disable=SC2016 # the inner shell's
	unshare --mount sh -c 'umount /sys/fs/cgroup/devices 2>/dev/null; exec "$@"' sh "$@"
}

@test "on cgroup v2 a program rules devices: those that a rule names, those of --device, the usual ones, and no others" {
	grep -q ' - cgroup2 ' /proc/self/mountinfo
	mkdir "$BATS_TEST_TMPDIR/nodes"
	mknod "$BATS_TEST_TMPDIR/nodes/tun" c 10 200
	mknod "$BATS_TEST_TMPDIR/nodes/kmsg" c 1 11
	chmod 666 "$BATS_TEST_TMPDIR"/nodes/*
	try() { v2_devices "$XRUN" --root "$STORE" run --rm -v "$BATS_TEST_TMPDIR/nodes:/nodes:dev" "$@"; }
	try "$NATIVE" sh -c ': <>/nodes/tun && : >/nodes/kmsg'
	try --device-cgroup-rule 'c 10:200 rw' "$NATIVE" sh -c ': <>/nodes/tun && head -c 1 /dev/zero >/dev/null'
	run try --device-cgroup-rule 'c 10:200 rw' "$NATIVE" sh -c ': >/nodes/kmsg'
	[ "$status" != 0 ]
	[[ $output == *"peration not permitted"* ]]
	run try --device-cgroup-rule 'c 10:200 r' "$NATIVE" sh -c ': </nodes/tun && echo read; : >/nodes/tun'
	[[ $output == "read"*"peration not permitted"* ]]
	try --device-cgroup-rule 'c 10:200 r' --device /dev/kmsg "$NATIVE" sh -c ': >/dev/kmsg'
	try --device-cgroup-rule 'c 10:200 r' --device-cgroup-rule 'c *:* w' "$NATIVE" sh -c ': <>/nodes/tun && : >/nodes/kmsg'
}

@test "--cgroup-parent is where the container's cgroup is" {
	limited --cgroup-parent /xrun-test-parent/one --pids-limit 50
	find /sys/fs/cgroup -path "*/xrun-test-parent/one/$container" | grep .
	ended
	[ -z "$(find /sys/fs/cgroup -path "*/$container")" ]
	find /sys/fs/cgroup -depth -path '*/xrun-test-parent*' -type d -exec rmdir {} +
	fails_with 125 "--cgroup-parent" xrun run --cgroup-parent ../../x "$NATIVE" true
}

# CVE-2025-47291: a process outside its container's cgroup is not limited.
@test "the program, and one that exec adds, are in the container's cgroup" {
	limited --memory 64m --pids-limit 50
	local pid
	xrun exec -d limited sleep 50
	pid=$(pgrep -f '^sleep 50$')
	for file in memory pids; do
		grep -q ":$file:/xrun/$container$" "/proc/$pid/cgroup" || grep -q "^0::/xrun/$container$" "/proc/$pid/cgroup"
	done
	ended
}

@test "a limit that makes no sense beside another is an error" {
	fails_with 125 "--cpus does not go with" xrun run --cpus 1 --cpu-quota 5000 "$NATIVE" true
	fails_with 125 "--memory-swap needs --memory" xrun run --memory-swap 1g "$NATIVE" true
	fails_with 125 "cannot be less than --memory" xrun run --memory 1g --memory-swap 512m "$NATIVE" true
}

@test "a container that runs out of memory as it starts says so" {
	fails_with 125 "ran out of memory before its program could start" xrun run --memory 100k "$NATIVE" true
}

@test "a container sees its own cgroups only, as their root, and cannot write there" {
	[ "$(xrun run --rm --memory 64m --cpus 1 "$NATIVE" ls /sys/fs/cgroup | sort | tr '\n' ' ')" = "cpu memory " ]
	[ "$(xrun run --rm --memory 64m "$NATIVE" cat /sys/fs/cgroup/memory/memory.limit_in_bytes)" = 67108864 ]
	[ "$(xrun run --rm --memory 64m "$NATIVE" sed -n 's/.*:memory://p' /proc/self/cgroup)" = / ]
	refute xrun run --rm --memory 64m "$NATIVE" sh -c 'echo 1g >/sys/fs/cgroup/memory/memory.limit_in_bytes'
	refute xrun run --rm --memory 64m "$NATIVE" mkdir /sys/fs/cgroup/memory/x
	[ -z "$(xrun run --rm "$NATIVE" ls /sys/fs/cgroup)" ]
}
