#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci with a seccomp profile that leaves calls to an agent of the engine's.

load lib
load bundle

setup() {
	use_bundle
	agent=
	export SOCKET="$BATS_TEST_TMPDIR/agent"
}

teardown() {
	delete_all
	[ -z "$agent" ] || kill "$agent"
}

start_agent() {
	"$BATS_TEST_DIRNAME/agent.py" "$SOCKET" "$BATS_TEST_TMPDIR/record" 3>&- &
	agent=$!
	await test -e "$SOCKET"
}

# ask CALL...: the bundle's profile leaves these to the agent.
ask() {
	CALLS="$*" change_config "$B" 'import os
c["annotations"] = {"of": "test"}
c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": os.environ["SOCKET"], "listenerMetadata": "words",
    "syscalls": [{"names": os.environ["CALLS"].split(), "action": "SCMP_ACT_NOTIFY"}]}'
}

# read_record N EXPRESSION: of the Nth state that the agent was sent.
read_record() {
	sed -n "$1p" "$BATS_TEST_TMPDIR/record" | python3 -c "import json, sys; s = json.load(sys.stdin); print([$2])"
}

@test "calls that seccomp leaves to an agent get its answer, of the program and of exec's" {
	start_agent
	make_bundle "$B" sleep 1000
	ask mkdir mkdirat
	oci run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	run oci exec one mkdir /tmp/new
	[ "$status" = 1 ]
	[[ $output == *"No medium found"* ]]
	[ ! -e "$ROOTFS/tmp/new" ]
	[ "$(read_record 1 's["fds"], s["metadata"], s["state"]["id"], s["state"]["annotations"], s["pid"] == s["state"]["pid"]')" = "[['seccompFd'], 'words', 'one', {'of': 'test'}, True]" ]
	[ "$(read_record 1 's["pid"], s["state"]["status"]')" = "[$(cat "$B/pid"), 'created']" ]
	[ "$(read_record 2 's["pid"] != s["state"]["pid"], s["state"]["status"]')" = "[True, 'running']" ]
}

@test "an agent can be asked about every call, those by which it is reached too" {
	start_agent
	make_bundle "$B" sh -c 'mkdir /tmp/new; echo end'
	ask sendmsg recvmsg write close fcntl execve capset rt_sigaction mmap munmap madvise exit futex read openat mkdir mkdirat
	run oci run -b "$B" one
	[[ $output == *"No medium found"*end ]]
	change_config "$B" 'c["process"]["noNewPrivileges"] = True'
	run oci run -b "$B" two
	[[ $output == *"No medium found"*end ]]
}

@test "without the agent no program is executed, and nothing stays" {
	make_bundle "$B" touch /tmp/began
	ask mkdir
	fails_saying "failed to connect with seccomp agent" oci run -b "$B" one
	fails_saying "does not exist" oci state one
	[ ! -e "$ROOTFS/tmp/began" ]
	change_config "$B" 'c["linux"]["seccomp"]["syscalls"] = []'
	oci run -b "$B" one
	[ -e "$ROOTFS/tmp/began" ]
	ask mkdir
	change_config "$B" 'del c["linux"]["seccomp"]["listenerMetadata"]; c["linux"]["seccomp"]["listenerPath"] = ""'
	fails_saying "SCMP_ACT_NOTIFY needs a listenerPath" oci run -b "$B" one
	change_config "$B" 'c["linux"]["seccomp"]["listenerMetadata"] = "x"; c["linux"]["seccomp"]["syscalls"] = []'
	fails_saying "no listenerPath" oci run -b "$B" one
}

@test "an agent that ends leaves calls that the kernel seems not to have" {
	start_agent
	make_bundle "$B" sh -c 'until [ -e /tmp/go ]; do sleep 0.05; done; mkdir /tmp/new'
	ask mkdir mkdirat
	oci run -d -b "$B" one </dev/null >"$B/out" 2>&1
	kill "$agent"
	wait "$agent" || true
	agent=
	fails_saying "failed to connect with seccomp agent" oci exec one true
	touch "$ROOTFS/tmp/go"
	await_status one stopped
	rm "$ROOTFS/tmp/go"
	grep "Function not implemented" "$B/out"
}
