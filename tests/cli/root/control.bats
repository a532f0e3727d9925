#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What is done to a running container by its cgroups: pause, unpause, update, and what stats reads there.

load ../lib

prepare() {
	xrun pull -q "$NATIVE"
}

# running SCRIPT [OPTION...]: a container "one", from when the script says ready.
running() {
	local script=$1
	shift
	"$XRUN" --root "$STORE" run --rm --network none --name one "$@" "$NATIVE" sh -c "$script" >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	background=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	find_id
}

find_id() {
	id=$(xrun ps -q --no-trunc --filter name=one)
}

# counting [OPTION...]: one that counts on its output, ten times a second.
counting() {
	# shellcheck disable=SC2016 # it is the container's shell that counts
	running 'echo ready; i=0; while :; do i=$((i + 1)); echo $i; sleep 0.1; done' "$@"
}

count() {
	wc -l <"$BATS_TEST_TMPDIR/out"
}

# more_than COUNT: whether there are more lines than that.
more_than() {
	(($(count) > $1))
}

setting() {
	cat "$(find /sys/fs/cgroup -path "*/xrun/$id/$1")"
}

teardown() {
	[ -z "${background:-}" ] || kill -KILL "$background" || true
	wait
	xrun run --network none "$NATIVE" true
	[ -z "$(find /sys/fs/cgroup -path "*/xrun/${id:-none}")" ]
}

@test "with --pid host pause stops the container's processes, and no others" {
	local before
	counting --pid host
	await more_than 2
	xrun pause one
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	[ "$(wc -l <"$(find /sys/fs/cgroup -path "*/xrun/$id/cgroup.procs" | head -n 1)")" -le 2 ]
	xrun unpause one
	await more_than "$before"
}

@test "pause stops a container, and unpause lets it go on" {
	local before
	counting
	await more_than 2
	[ "$(xrun pause one)" = one ]
	before=$(count)
	[ "$(xrun ps --filter name=one --format json | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = paused ]
	sleep 0.5
	[ "$(count)" = "$before" ]
	xrun unpause one
	await more_than "$before"
	[ "$(xrun ps --filter name=one --format json | sed -n 's/.*"status": "\(.*\)".*/\1/p')" = running ]
}

@test "a paused container whose xrun is killed is cleared up by the next" {
	counting
	xrun pause one
	kill -KILL "$background"
	wait "$background" || true
	xrun run --network none "$NATIVE" true
	refute pgrep -f 'i=0; while :; do i='
}

@test "pause says what is wrong with a container" {
	counting
	xrun pause one
	fails_with 125 "container one is paused already" xrun pause one
	xrun unpause one
	fails_with 125 "container one is not paused" xrun unpause one
	fails_with 125 "nonesuch" xrun pause nonesuch
}

@test "of several containers one that is not there keeps pause, unpause and update from none of the others" {
	counting --memory 64m
	fails_with 125 "nonesuch" xrun pause nonesuch one
	[ "$(xrun ps -q --filter status=paused --no-trunc)" = "$id" ]
	fails_with 125 "nonesuch" xrun unpause nonesuch one
	[ "$(xrun ps -q --filter status=running --no-trunc)" = "$id" ]
	fails_with 125 "nonesuch" xrun update --memory 128m nonesuch one
	[ "$(setting memory.limit_in_bytes)" = 134217728 ]
}

@test "processes that fork all the time are stopped all the same" {
	running 'echo ready; while :; do (echo x; sleep 0.01) & wait; done'
	xrun pause one
	local before
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	xrun unpause one
	await more_than "$before"
}

@test "a shell that starts commands all the time is stopped all the same" {
	running 'echo ready; while :; do mkdir /dev; done 2>/dev/null'
	for ((i = 0; i < 30; i++)); do
		timeout 20 "$XRUN" --root "$STORE" pause one
		xrun unpause one
	done
}

@test "a process that nobody waits for keeps no container from being paused, or from getting limits" {
	running 'sleep 0 & echo ready; exec sleep 1000'
	await prints Z ps -o state= --ppid "$(xrun inspect --format '{{.State.Pid}}' one)"
	timeout 20 "$XRUN" --root "$STORE" pause one
	xrun unpause one
	timeout 20 "$XRUN" --root "$STORE" update --pids-limit 30 one
	[ "$(setting pids.max)" = 30 ]
}

@test "a process with as many groups as there can be is stopped like any other" {
	local before
	mkdir "$BATS_TEST_TMPDIR/v"
	cc -static -x c -o "$BATS_TEST_TMPDIR/v/many" - <<-C
		#include <grp.h>
		#include <stdio.h>
		#include <unistd.h>
		static gid_t groups[65536];
		int main(void)
		{
			for (int i = 0; i < 65536; i++)
				groups[i] = 10000 + i / 2;
			if (setgroups(65536, groups) < 0)
				return 1;
			for (puts("ready"); fflush(stdout) == 0; puts("more"))
				usleep(50000);
			return 1;
		}
	C
	running 'exec /v/many' -v "$BATS_TEST_TMPDIR/v:/v"
	xrun pause one
	before=$(count)
	sleep 0.5
	[ "$(count)" = "$before" ]
	xrun unpause one
	await more_than "$before"
}

# What a pause that is killed leaves: the state does not tell it.
freeze() {
	echo FROZEN >"$(find /sys/fs/cgroup -path "*/xrun/$id/freezer.state")"
}

@test "a container whose pause was killed can go on, be stopped and be removed" {
	local before
	counting
	xrun pause one
	xrun unpause one
	freeze
	[ "$(xrun unpause one)" = one ]
	before=$(count)
	await more_than "$before"
	freeze
	timeout 20 "$XRUN" --root "$STORE" stop one
	counting
	xrun pause one
	xrun unpause one
	freeze
	timeout 20 "$XRUN" --root "$STORE" rm -f one
}

@test "update changes limits while the container runs" {
	counting --memory 64m
	xrun update --memory 128m --cpus 0.5 --pids-limit 30 one
	[ "$(setting memory.limit_in_bytes)" = 134217728 ]
	[ "$(setting cpu.cfs_quota_us)" = 50000 ]
	[ "$(setting pids.max)" = 30 ]
	xrun update --memory 32m one
	[ "$(setting memory.limit_in_bytes)" = 33554432 ]
	local before
	before=$(count)
	await more_than "$before"
}

@test "update gives limits to a container that was started without" {
	counting
	xrun update --pids-limit 30 one
	[ "$(setting pids.max)" = 30 ]
	(($(setting cgroup.procs | wc -l) >= 1))
	fails_with 125 "which limit" xrun update one
	fails_with 125 "--memory lots" xrun update --memory lots one
}

@test "update is for later starts as well, by --restart and by start, and for a container that does not run" {
	counting --memory 64m --memory-swap 80m --pids-limit 30 --cpu-period 50000
	xrun update --pids-limit -1 one
	[ "$(setting pids.max)" = 4194304 ]
	fails_with 125 "container one: --memory-swap is the limit of memory and swap together" xrun update --memory 96m one
	xrun update --memory 72m --cpu-quota 20000 one
	[ "$(setting memory.limit_in_bytes)" = 75497472 ]
	[ "$(setting memory.memsw.limit_in_bytes)" = 83886080 ]
	[ "$(setting cpu.cfs_period_us)" = 50000 ]
	xrun rm -f one >/dev/null
	wait "$background" || true

	xrun run -d --restart always --network none --name one --memory 64m "$NATIVE" sh -c 'until [ -e /end ]; do sleep 0.1; done; rm /end' >/dev/null
	find_id
	xrun update --memory 48m one
	xrun exec one touch /end
	await started_again
	[ "$(setting memory.limit_in_bytes)" = 50331648 ]
	xrun stop -t 0 one >/dev/null
	xrun update --memory 40m --cpus 0.5 one
	[ "$(xrun inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}}' one)" = "41943040 500000000" ]
	xrun start one
	[ "$(setting memory.limit_in_bytes)" = 41943040 ]
	[ "$(setting cpu.cfs_quota_us)" = 50000 ]
	fails_with 125 "--blkio-weight 0: it has to be a number from 10 to 1000" xrun update --blkio-weight 0 one
	xrun rm -f one
}

started_again() {
	[ "$(xrun inspect --format '{{.RestartCount}} {{.State.Status}}' one)" = "1 running" ]
}

@test "stats says what a container uses, of its limits" {
	counting --memory 64m --pids-limit 30
	xrun stats --no-stream --format json >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" "$id" <<-'END'
		import json, sys
		(c,) = json.load(open(sys.argv[1]))
		assert c["id"] == sys.argv[2] and c["name"] == "one", c
		assert c["memoryLimitBytes"] == "67108864" and 0 < int(c["memoryBytes"]) < 67108864, c
		assert int(c["pids"]) >= 1 and int(c["cpuNanoseconds"]) >= 0, c
		assert c["cpuPercent"].endswith("%"), c
	END
	xrun stats --no-stream one | grep -E "^${id:0:12} +one +[0-9.]+% +[0-9.]+[kM]B / 67.1MB"
}

@test "what only built the container is not counted as its process" {
	running 'echo ready; exec sleep 60' --pids-limit 30
	[ "$(setting pids.current)" = 1 ]
}

@test "stats --no-stream ends, without it goes on" {
	counting
	[ "$(xrun stats --no-stream | wc -l)" = 2 ]
	[ "$(timeout 4 "$XRUN" --root "$STORE" stats one | grep -c one)" -ge 2 ]
	fails_with 125 "nonesuch" xrun stats --no-stream nonesuch
}
