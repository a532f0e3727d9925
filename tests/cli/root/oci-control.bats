#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci pause, resume, update and ps: what is done by a container's cgroups.

load ../lib
load ../bundle

setup() {
	use_bundle
	make_bundle "$B" sleep 1000
	oci run -d -b "$B" one </dev/null >/dev/null 2>&1
}

teardown() {
	oci delete --force one
}

# limit_of FILE: its content, in the container's directory of whichever hierarchy has it.
limit_of() {
	local path file
	while read -r path; do
		file="$path/$1"
		[ ! -e "$file" ] || { cat "$file" && return; }
	done < <(jq -r '.cgroups[].path' "$BATS_TEST_TMPDIR/state/one/state.json")
	return 1
}

@test "pause stops all processes, resume lets them go on" {
	oci pause one
	[ "$(status_of one)" = paused ]
	fails_saying "paused already" oci pause one
	fails_saying "is paused" oci exec one true
	oci resume one
	[ "$(status_of one)" = running ]
	fails_saying "not paused" oci resume one
	oci exec one true
	oci pause one
	oci delete --force one
	fails_saying "does not exist" oci pause one
}

@test "delete --force ends a process that somebody stopped in another cgroup" {
	local dir=/sys/fs/cgroup/freezer/xrun-oci-other.$$ file=freezer.state word=FROZEN
	[ -d /sys/fs/cgroup/freezer ] || { dir=/sys/fs/cgroup/xrun-oci-other.$$ file=cgroup.freeze word=1; }
	pid=$(oci state one | jq .pid)
	mkdir "$dir"
	echo "$pid" >"$dir/cgroup.procs"
	echo "$word" >"$dir/$file"
	oci delete --force one
	[ ! -d "/proc/$pid" ] || grep -q 'State:.*Z' "/proc/$pid/status"
	rmdir "$dir"
}

@test "--cgroup-manager disabled makes no cgroup" {
	oci delete --force one
	oci --cgroup-manager disabled run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	diff <(sed 's/.*://' "/proc/$(cat "$B/pid")/cgroup") <(sed 's/.*://' "/proc/$$/cgroup")
	oci delete --force one
	fails_saying "none of cgroupfs, systemd, disabled" oci --cgroup-manager mine run -b "$B" one
	change_config "$B" 'c["linux"]["resources"] = {"pids": {"limit": 37}}'
	fails_saying "needs a cgroup" oci --cgroup-manager disabled run -b "$B" one
	oci run -d -b "$B" one </dev/null >/dev/null 2>&1
}

@test "update changes limits, by options or by a file" {
	oci update --pids-limit 77 --memory 100m one
	[ "$(limit_of pids.max)" = 77 ]
	[ "$(limit_of memory.limit_in_bytes || limit_of memory.max)" = 104857600 ]
	echo '{"pids": {"limit": 55}, "memory": {"limit": 52428800}}' | oci update -r - one
	[ "$(limit_of pids.max)" = 55 ]
	[ "$(limit_of memory.limit_in_bytes || limit_of memory.max)" = 52428800 ]
	oci update --memory 50m --memory-swap 50m one
	oci update --memory -1 one
	[[ $(limit_of memory.limit_in_bytes || limit_of memory.max) =~ ^(9223372036854771712|max)$ ]]
	fails_saying "cannot write 4096 to" oci update -r - one <<<'{"memory": {"limit": 4096, "checkBeforeUpdate": true}}'
	[ "$(status_of one)" = running ]
	fails_saying "--pids-limit many: not a number" oci update --pids-limit many one
	fails_saying "--memory many: not a size" oci update --memory many one
	fails_saying "pids" oci update -r - one <<<'{"pids": {"limit": "many"}}'
	[ "$(limit_of pids.max)" = 55 ]
}

@test "ps lists a container's processes, and no other ones" {
	oci exec -d --pid-file "$B/pid" one sleep 1001 </dev/null >/dev/null 2>&1
	[ "$(oci ps --format json one | jq -c sort)" = "$(oci state one | jq -c --argjson other "$(cat "$B/pid")" '[.pid, $other] | sort')" ]
	run oci ps one
	[[ ${lines[0]} == *PID*CMD* ]]
	[ "${#lines[@]}" = 3 ]
	run oci ps one -o pid,args
	[[ $output == *"$(cat "$B/pid") sleep 1001"* ]]
	[ "${#lines[@]}" = 3 ]
	fails_saying "no column PID" oci ps one -o args
}

@test "events tells what a container uses, and when its memory is short, until it ends" {
	local events
	oci exec one sh -c 'i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done'
	oci events --stats one >"$B/stats"
	[ "$(wc -l <"$B/stats")" = 1 ]
	jq -e '.type == "stats" and .id == "one" and .data.cpu.usage.total > 1000000 and .data.pids.current == 1 and .data.memory.usage.usage > 0' "$B/stats"
	jq -e '.data.memory.usage.limit > 0 or (.data.memory.usage | has("limit") | not)' "$B/stats"
	oci update --memory 16m --memory-swap 16m one
	oci events --interval 20ms one >"$B/events" 3>&- &
	events=$!
	await test -s "$B/events"
	oci exec one dd if=/dev/zero of=/dev/null bs=200M count=1 status=none || true
	await_text oom "$B/events"
	[ "$(grep -m1 oom "$B/events")" = '{"type":"oom","id":"one"}' ]
	[ "$(jq -s 'map(select(.type == "stats") | .data.memory.usage.limit) | unique' -c "$B/events")" = "[16777216]" ]
	oci delete --force one
	wait "$events"
	fails_saying "does not exist" oci events one
	oci run -d -b "$B" one </dev/null >/dev/null 2>&1
	fails_saying "write a time" oci events --interval 0s one
	fails_saying "write a time" oci events --interval soon one
}

@test "exec --cgroup puts a process into a cgroup below the container's, and nowhere else" {
	local pids up
	jq -r '.cgroups[].path' "$BATS_TEST_TMPDIR/state/one/state.json" >"$B/groups"
	pids=$(grep /pids/ "$B/groups" || head -1 "$B/groups")
	mkdir "$pids/deep"
	oci exec --cgroup deep one cat /proc/self/cgroup | grep "/xrun/one.*/deep$"
	oci exec --cgroup pids:deep one cat /proc/self/cgroup | grep "/xrun/one.*/deep$"
	fails_saying "there is no such cgroup below the container's" oci exec --cgroup shallow one true
	fails_saying "there is no $pids/shallow" oci exec --cgroup pids:shallow one true
	fails_saying 'unknown controller "moon"' oci exec --cgroup moon:deep one true
	for up in .. pids:.. deep/../..; do
		fails_saying "is not a sub cgroup path" oci exec --cgroup "$up" one true
	done
}
