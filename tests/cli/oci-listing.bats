#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci list, ps, features and spec: what it tells of containers and of itself.

load lib
load bundle

@test "list shows containers with their states, as a table, as JSON, as ids" {
	make_bundle "$B" sleep 1000
	[ "$(oci list --format json)" = "[]" ]
	oci run -d -b "$B" one </dev/null >/dev/null 2>&1
	oci create -b "$B" two </dev/null >/dev/null 2>&1
	[ "$(oci list -q)" = "one
two" ]
	run oci list
	[[ ${lines[0]} == ID*PID*STATUS*BUNDLE*CREATED*OWNER* ]]
	[[ ${lines[1]} == one*running*"$B"* ]]
	[[ ${lines[2]} == two*created*"$(id -un)"* ]]
	oci kill one KILL
	await_status one stopped
	[ "$(oci list -f json | jq -c '.[] | [.id, .status, .pid > 0]')" = '["one","stopped",false]
["two","created",true]' ]
	fails_saying "neither table nor json" oci list -f xml
}

@test "features names what config.json may ask for" {
	oci features >"$BATS_TEST_TMPDIR/features"
	jq -e '.ociVersionMin == "1.0.0" and .linux.cgroup.systemd and .linux.seccomp.enabled' "$BATS_TEST_TMPDIR/features"
	jq -e '(.hooks | length) == 6 and (.linux.capabilities | contains(["CAP_SYS_ADMIN", "CAP_CHECKPOINT_RESTORE"]))' "$BATS_TEST_TMPDIR/features"
	jq -e '.mountOptions | contains(["ro", "rro", "idmap", "tmpcopyup"]) and (index("remount") | not)' "$BATS_TEST_TMPDIR/features"
}

@test "spec writes a config.json that runs, and overwrites none" {
	mkdir "$B"
	ln -s "$ROOTFS" "$B/rootfs"
	local rootless=()
	((EUID == 0)) || rootless=(--rootless)
	oci spec -b "$B" "${rootless[@]}"
	fails_saying "exists" oci spec -b "$B"
	change_config "$B" 'c["process"]["terminal"] = False; c["process"]["args"] = ["sh", "-c", "echo $$ $(cat /proc/sys/kernel/hostname)"]'
	[ "$(oci run -b "$B" one)" = "1 xrun" ]
	[ "$(jq -c '[.linux.namespaces[].type] | index("cgroup") != null' "$B/config.json")" = "$([ -e /sys/fs/cgroup/cgroup.controllers ] && echo true || echo false)" ]
}
