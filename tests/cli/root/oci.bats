#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci as root: cgroups, users, capabilities, devices, namespaces that are there already.

load ../lib
load ../bundle

teardown() {
	delete_all
	[ ! -e "$BATS_TEST_TMPDIR/net" ] || umount "$BATS_TEST_TMPDIR/net"
	[ ! -e "$BATS_TEST_TMPDIR/held" ] || umount "$BATS_TEST_TMPDIR/held/ns" "$BATS_TEST_TMPDIR/held"
}

# map_ids: the bundle's container gets a user namespace, with a thousand ids of ours.
map_ids() {
	chmod 755 "$BATS_FILE_TMPDIR"
	change_config "$B" 'c["linux"]["namespaces"].append({"type": "user"})
c["linux"]["uidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 1000}]
c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 200000, "size": 1000}]'
}

@test "resources are limits of a cgroup that is the container's, and goes with it" {
	make_bundle "$B" sleep 1000
	change_config "$B" 'c["linux"]["cgroupsPath"] = "/xrun-oci-test/one"; c["linux"]["resources"] = {"pids": {"limit": 37}, "memory": {"limit": 67108864, "swap": 67108864}, "cpu": {"shares": 512}}'
	oci run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	grep -q /xrun-oci-test/one "/proc/$(cat "$B/pid")/cgroup"
	[ "$(cat /sys/fs/cgroup/{pids/,}xrun-oci-test/one/pids.max 2>/dev/null)" = 37 ]
	fails_saying "the container's cgroup is not empty" oci create -b "$B" two
	[ "$(cat /sys/fs/cgroup/memory/xrun-oci-test/one/memory.limit_in_bytes /sys/fs/cgroup/xrun-oci-test/one/memory.max 2>/dev/null)" = 67108864 ]
	oci kill --all one KILL
	await_status one stopped
	oci delete one
	[ -z "$(find /sys/fs/cgroup -path '*xrun-oci-test/one')" ]
	find /sys/fs/cgroup -depth -type d -name xrun-oci-test -exec rmdir {} +
	change_config "$B" 'c["linux"]["resources"] = {"unified": {"../x": "1"}}'
	fails_saying "must be a file name" oci create -b "$B" one
}

@test "the program is the user, has the groups and the capabilities of config.json" {
	make_bundle "$B" sh -c 'while read -r key value; do case $key in Uid:|Gid:|Groups:|Cap*|NoNewPrivs:|Umask:) echo $key $value;; esac; done </proc/self/status'
	change_config "$B" 'c["process"]["user"] = {"uid": 1000, "gid": 1001, "additionalGids": [5, 6], "umask": 7}
sets = ["bounding", "permitted", "effective", "inheritable", "ambient"]
c["process"]["capabilities"] = {one: ["CAP_CHOWN", "CAP_KILL"] for one in sets}; c["process"]["noNewPrivileges"] = True'
	run oci run -b "$B" one
	echo "$output"
	diff - <(echo "$output") <<-'END'
		Umask: 0007
		Uid: 1000 1000 1000 1000
		Gid: 1001 1001 1001 1001
		Groups: 5 6
		CapInh: 0000000000000021
		CapPrm: 0000000000000021
		CapEff: 0000000000000021
		CapBnd: 0000000000000021
		CapAmb: 0000000000000021
		NoNewPrivs: 1
	END
}

@test "the standard streams are the user's, so that they can be opened by name" {
	make_bundle "$B" sh -c 'echo words >/dev/stdout; echo more >/dev/stderr'
	change_config "$B" 'c["process"]["user"] = {"uid": 1000, "gid": 1001}'
	[ "$(oci run -b "$B" one 2>&1 | cat)" = "$(printf 'words\nmore')" ]
	local before
	before=$(stat -c %u:%g /dev/null)
	oci run -b "$B" one >"$B/out" 2>/dev/null
	[ "$(stat -c %u:%g "$B/out") $(cat "$B/out")" = "1000:1001 words" ]
	[ "$(stat -c %u:%g /dev/null)" = "$before" ]
}

@test "a working directory that only its owner may enter is entered before capabilities go" {
	mkdir -p "$BATS_TEST_TMPDIR/rootfs/closed"
	cp -a "$BATS_FILE_TMPDIR/rootfs/." "$BATS_TEST_TMPDIR/rootfs/"
	chown 42 "$BATS_TEST_TMPDIR/rootfs/closed"
	chmod 700 "$BATS_TEST_TMPDIR/rootfs/closed"
	ROOTFS="$BATS_TEST_TMPDIR/rootfs" make_bundle "$B" pwd
	change_config "$B" 'c["process"]["cwd"] = "/closed"'
	[ "$(oci run -b "$B" one)" = /closed ]
	change_config "$B" 'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["chdir"], "action": "SCMP_ACT_ERRNO"}]}'
	[ "$(oci run -b "$B" one)" = /closed ]
}

@test "a time namespace's clocks are moved by seconds and nanoseconds" {
	make_bundle "$B" cat /proc/self/timens_offsets
	change_config "$B" 'c["linux"]["namespaces"].append({"type": "time"}); c["linux"]["timeOffsets"] = {"monotonic": {"secs": 1, "nanosecs": 2}, "boottime": {"nanosecs": 4}}'
	[ "$(oci run -b "$B" one | tr -s " ")" = "$(printf 'monotonic 1 2\nboottime 0 4')" ]
}

@test "kill KILL ends all processes of a container that has no pid namespace of its own" {
	make_bundle "$B" sh -c 'sleep 1000 & exec sleep 1000'
	change_config "$B" 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "pid"]'
	oci run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	mapfile -t pids < <(oci ps --format json one | tr -d '[]' | tr , '\n')
	[ "${#pids[@]}" = 2 ]
	kill -KILL "$(cat "$B/pid")"
	await_status one stopped
	oci kill one KILL
	await prints "[]" oci ps --format json one
	fails_saying "not running" oci kill one KILL
}

@test "a user namespace has the ids that config.json maps" {
	make_bundle "$B" sh -c 'read -r a b c </proc/self/uid_map; echo $a $b $c; read -r a b c </proc/self/gid_map; echo $a $b $c; echo x >/tmp/file'
	map_ids
	change_config "$B" 'c["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"})'
	run oci run -b "$B" one
	[ "$output" = "$(printf '0 100000 1000\n0 200000 1000')" ]
}

@test "namespaces that are there already are entered by their paths" {
	touch "$BATS_TEST_TMPDIR/net"
	unshare --net="$BATS_TEST_TMPDIR/net" true
	make_bundle "$B" readlink /proc/self/ns/net
	export NET="$BATS_TEST_TMPDIR/net"
	change_config "$B" 'import os; [n.update(path=os.environ["NET"]) for n in c["linux"]["namespaces"] if n["type"] == "network"]'
	[ "$(oci run -b "$B" one)" = "net:[$(stat -Lc %i "$NET")]" ]
	change_config "$B" '[n.update(path="/proc/self/ns/uts") for n in c["linux"]["namespaces"] if n["type"] == "network"]'
	fails_saying "is no network namespace" oci run -b "$B" one
}

@test "a user namespace has devices that are made for it outside" {
	make_bundle "$B" sh -c 'ls -ln /dev/own; while read -r _ _ _ _ place options _; do [ "$place" != /dev/null ] || echo $options; done </proc/self/mountinfo; : >/dev/null && echo null'
	map_ids
	change_config "$B" 'c["linux"]["devices"] = [{"path": "/dev/own", "type": "b", "major": 1, "minor": 5, "fileMode": 0o640, "uid": 10, "gid": 11}]'
	run oci run -b "$B" one
	echo "$output"
	[[ ${lines[0]} == "brw-r----- 1 10 11 1, 5 "* ]]
	[[ ${lines[1]} == *nosuid*noexec* ]]
	[ "${lines[2]}" = null ]
}

@test "a mount namespace that is there already becomes the container's" {
	mkdir "$BATS_TEST_TMPDIR/held"
	mount -t tmpfs held "$BATS_TEST_TMPDIR/held"
	mount --make-private "$BATS_TEST_TMPDIR/held"
	export HELD="$BATS_TEST_TMPDIR/held/ns"
	touch "$HELD"
	unshare --mount="$HELD" --propagation private true
	make_bundle "$B" sh -c 'readlink /proc/self/ns/mnt; test -e /home && test ! -e "$0" && echo own' "$B"
	change_config "$B" 'import os; [n.update(path=os.environ["HELD"]) for n in c["linux"]["namespaces"] if n["type"] == "mount"]'
	run oci run -b "$B" one
	echo "$output"
	[ "$output" = "mnt:[$(stat -Lc %i "$HELD")]"$'\nown' ]
	run oci run -b "$B" two
	[ "${lines[0]}" = "mnt:[$(stat -Lc %i "$HELD")]" ]
}

@test "what a container mounts below a shared mount shows outside where its root is shared, too, and else not" {
	local root shows busybox
	# shellcheck disable=SC2153 # not place, which is another
	busybox=$PLACE/busybox-$(debian_name "$HOST")
	for root in rshared rslave; do
		shows=$([ $root != rshared ] || echo file)
		make_bundle "$B" /tmp/busybox sh -c '/tmp/busybox mount -t tmpfs inner /tmp/place/below && /tmp/busybox touch /tmp/place/below/file'
		change_config "$B" "
c['process']['capabilities'] = {kind: ['CAP_SYS_ADMIN'] for kind in ('bounding', 'permitted', 'effective')}
c['linux']['rootfsPropagation'] = '$root'
c['mounts'] += [{'destination': '/tmp/busybox', 'source': '$busybox', 'options': ['bind']},
    {'destination': '/tmp/place', 'source': '$BATS_TEST_TMPDIR/place', 'options': ['rbind', 'rshared']}]"
		# shellcheck disable=SC2016 # the inner shell's
		run unshare --mount --propagation private bash -ec 'mkdir -p "$1"; mount -t tmpfs place "$1"; mount --make-shared "$1"
			mkdir "$1/below"; "${@:2}"; ls "$1/below"' bash "$BATS_TEST_TMPDIR/place" "$OCI" --root "$BATS_TEST_TMPDIR/state" run -b "$B" one
		echo "$output"
		[ "$status" = 0 ]
		[ "$output" = "$shows" ]
	done
}

@test "devices are made, and what was masked or is read-only stays so" {
	make_bundle "$B" sh -c 'ls -l /dev/own; cat /proc/keys; (echo 1 >/proc/sys/kernel/pid_max) 2>/dev/null || echo no'
	change_config "$B" 'c["linux"]["devices"] = [{"path": "/dev/own/", "type": "c", "major": 1, "minor": 3, "fileMode": 0o640, "uid": 3, "gid": 4}]'
	run oci run -b "$B" one
	echo "$output"
	[[ ${lines[0]} == "crw-r----- 1 3 4 1, 3 "* ]]
	[ "${lines[1]}" = no ]
}

@test "a tmpfs can begin with what its place holds" {
	make_bundle "$B" sh -c 'cat /etc/passwd >/tmp/copy; read -r line </etc/sub/file; echo $line; ls -ld /etc/sub/file; readlink /etc/sub/link; ls /etc/sub'
	mkdir -p "$BATS_TEST_TMPDIR/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs/." "$BATS_TEST_TMPDIR/rootfs/"
	export ROOTFS="$BATS_TEST_TMPDIR/rootfs"
	mkdir -p "$ROOTFS/etc/sub/deep"
	echo words >"$ROOTFS/etc/sub/file"
	chmod 644 "$ROOTFS/etc/sub/file"
	chown 7:8 "$ROOTFS/etc/sub/file"
	ln -s /nowhere "$ROOTFS/etc/sub/link"
	touch "$ROOTFS/etc/passwd"
	change_config "$B" 'import os; c["root"]["path"] = os.environ["ROOTFS"]; c["mounts"].append({"destination": "/etc", "type": "tmpfs", "source": "tmpfs", "options": ["tmpcopyup", "ro"]})'
	run oci run -b "$B" one
	echo "$output"
	[ "${lines[0]} ${lines[2]} ${lines[3]} ${lines[4]} ${lines[5]}" = "words /nowhere deep file link" ]
	[[ ${lines[1]} == "-rw-r--r-- 1 7 8 "* ]]
}

@test "a bind mount's owners are mapped where config.json says so" {
	mkdir "$BATS_TEST_TMPDIR/owned"
	touch "$BATS_TEST_TMPDIR/owned/file"
	chown 1000:1000 "$BATS_TEST_TMPDIR/owned/file"
	export OWNED="$BATS_TEST_TMPDIR/owned"
	make_bundle "$B" ls -ln /owned
	change_config "$B" 'import os; ids = [{"containerID": 1000, "hostID": 7000, "size": 10}]
c["mounts"].append({"destination": "/owned", "type": "bind", "source": os.environ["OWNED"], "options": ["bind"], "uidMappings": ids, "gidMappings": ids})'
	run oci run -b "$B" one
	echo "$output"
	[[ $output == *" 7000 7000 "*file* ]]
	change_config "$B" 'm = c["mounts"][-1]; del m["uidMappings"], m["gidMappings"]; m["options"] = ["bind", "idmap=uids=0-0-1#1000-8000-1;gids=1000-9000-10"]'
	run oci run -b "$B" one
	echo "$output"
	[[ $output == *" 8000 9000 "*file* ]]
}

@test "a device that the rules deny cannot be opened, and those of every container can" {
	make_bundle "$B" sh -c '(: >/dev/own) 2>/dev/null && echo opened; (: >/dev/null) && echo null'
	change_config "$B" 'c["linux"]["devices"] = [{"path": "/dev/own", "type": "c", "major": 1, "minor": 11, "fileMode": 0o666}]
c["linux"]["cgroupsPath"] = "/xrun-oci-test/rules"'
	[ "$(oci run -b "$B" one)" = "$(printf 'opened\nnull')" ]
	change_config "$B" 'c["linux"]["resources"] = {"devices": [{"allow": False, "access": "rwm"}]}'
	run oci run -b "$B" one
	echo "$output"
	[ "$output" = null ]
	# of both types and one number: it does not stand for everything
	change_config "$B" 'c["linux"]["resources"] = {"devices": [{"allow": False}, {"allow": True, "type": "a", "major": 1, "minor": 9, "access": "r"}]}'
	[ "$(oci run -b "$B" one)" = null ]
	change_config "$B" 'c["linux"]["resources"] = {"devices": [{"allow": False}, {"allow": True, "type": "a", "major": 1, "minor": 11}]}'
	[ "$(oci run -b "$B" one)" = "$(printf 'opened\nnull')" ]
	change_config "$B" 'c["linux"]["resources"] = {"devices": [{"allow": True, "type": "c", "major": 4294967295}]}'
	fails_saying "linux.resources.devices" oci run -b "$B" one
	find /sys/fs/cgroup -depth -type d -name xrun-oci-test -exec rmdir {} + || true
}

# in_net COMMAND...: in a network namespace with two interfaces of its own, xra with addresses and xrb.
in_net() {
	export OCI B STATE="$BATS_TEST_TMPDIR/state"
	unshare -n bash -ec 'ip link add xra type veth peer name xrb
		ip addr add 10.9.8.7/24 dev xra
		ip -6 addr add fd09::7/64 dev xra nodad
		ip link set xra up mtu 1400
		'"$1"
}

@test "network interfaces of the host are moved into the container, with their addresses and names of their own" {
	make_bundle "$B" sleep 1000
	change_config "$B" 'c["linux"]["netDevices"] = {"xra": {"name": "inside"}, "xrb": {"name": "eth%d"}}'
	in_net '"$OCI" --root "$STATE" run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
		ip -o link >"$B/host"
		nsenter -t "$(cat "$B/pid")" -n ip -o addr >"$B/there"
		nsenter -t "$(cat "$B/pid")" -n ip -o link >"$B/links"'
	cat "$B/host" "$B/there" "$B/links"
	run grep -E "xra|xrb" "$B/host"
	[ "$status" = 1 ]
	grep "inside.*10.9.8.7/24" "$B/there"
	grep "inside.*fd09::7/64" "$B/there"
	grep "inside.*UP.*mtu 1400" "$B/links"
	grep "eth0.*UP" "$B/links"
	oci delete --force one
	change_config "$B" 'c["linux"]["netDevices"] = {"xrc": {}}'
	in_net '! "$OCI" --root "$STATE" run -b "$B" one 2>"$B/said"'
	grep "no network interface xrc" "$B/said"
	change_config "$B" 'c["linux"]["netDevices"] = {"xra": {"name": "lo"}}'
	in_net '! "$OCI" --root "$STATE" run -b "$B" one 2>"$B/said"; ip link show dev xra'
	grep "a network interface lo already" "$B/said"
	change_config "$B" 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "network"]'
	fails_saying "no network namespace" oci create -b "$B" one
}

@test "a container in a user namespace is given network interfaces, too" {
	make_bundle "$B" sleep 1000
	map_ids
	change_config "$B" 'c["linux"]["netDevices"] = {"xra": {}}'
	in_net '"$OCI" --root "$STATE" run -d -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
		nsenter -t "$(cat "$B/pid")" -n ip -o addr >"$B/there"'
	grep "xra.*10.9.8.7/24" "$B/there"
}

@test "a container without a mount namespace is in the host's, where nothing is mounted for it" {
	local before
	make_bundle "$B" sh -c 'echo "$(readlink /proc/self/ns/mnt) $$" >/tmp/said; ls / >>/tmp/said; ls /tmp/new; exec sleep 1000'
	change_config "$B" 'c["linux"]["namespaces"] = [n for n in c["linux"]["namespaces"] if n["type"] != "mount"]
c["mounts"].append({"destination": "/tmp", "type": "bind", "source": "shared", "options": ["rbind"]})
c["mounts"].append({"destination": "/tmp/new", "type": "tmpfs", "source": "tmpfs"}); c["root"]["readonly"] = True
c["mounts"].append({"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["ro"]})
c["mounts"].append({"destination": "/tmp/closed", "type": "bind", "source": "shared", "options": ["bind", "ro"]})'
	mkdir -p "$B/shared/new"
	before=$(wc -l </proc/self/mountinfo)
	if ! oci create -b "$B" one </dev/null >"$B/out" 2>&1; then
		cat "$B/out"
		grep "for which Linux 6.15 is needed" "$B/out"
		return 0
	fi
	oci start one
	await test -s "$B/shared/said"
	[ "$(head -1 "$B/shared/said")" = "$(readlink /proc/self/ns/mnt) 1" ]
	[ "$(tail -n +2 "$B/shared/said")" = "$(ls "$BATS_FILE_TMPDIR/rootfs")" ]
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
	[ "$(oci exec one sh -c 'echo words >/tmp/new/file; cat /tmp/new/file; echo x 2>/dev/null >/x || echo read-only')" = $'words\nread-only' ]
	for place in /sys/fs/cgroup /tmp/closed; do
		[ "$(oci exec one sh -c "echo x 2>/dev/null >$place/x || echo read-only")" = read-only ]
	done
	oci delete -f one
	[ -z "$(ls "$B/shared/new")" ]
	change_config "$B" 'c["linux"]["namespaces"].append({"type": "user"}); c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	fails_saying "a container with a user namespace needs a mount namespace of its own" oci create -b "$B" two
}

# realtime_of GROUP: its share, in microseconds of each second; nothing where cgroups have none.
realtime_of() {
	cat "/sys/fs/cgroup/cpu/$1/cpu.rt_runtime_us" "/sys/fs/cgroup/cpu,cpuacct/$1/cpu.rt_runtime_us" 2>/dev/null || true
}

@test "a realtime policy, or a share of realtime, is given and goes with the container" {
	make_bundle "$B" sh -c 'set -- $(cat /proc/self/stat); echo "${40} ${41}"; exec sleep 1000'
	change_config "$B" 'c["process"]["scheduler"] = {"policy": "SCHED_FIFO", "priority": 10}'
	oci run -d -b "$B" one >"$B/out" 2>&1 </dev/null
	await_text "^10 1$" "$B/out"
	[ -n "$(realtime_of .)" ] || skip "this kernel gives cgroups no shares of realtime"
	given=$(realtime_of xrun)
	[ "$given" -ge 50000 ]
	change_config "$B" 'del c["process"]["scheduler"]; c["linux"]["resources"] = {"cpu": {"realtimeRuntime": 1000, "realtimePeriod": 100000}}'
	oci create -b "$B" two </dev/null >/dev/null 2>&1
	[ "$(realtime_of xrun)" -ge $((given + 10000)) ]
	oci update --cpu-rt-runtime 500 two
	[ "$(realtime_of xrun)" -lt $((given + 10000)) ]
	change_config "$B" 'c["linux"]["resources"]["cpu"]["realtimeRuntime"] = 99000'
	fails_saying "has less to give" oci create -b "$B" three
	oci delete --force one
	oci delete --force two
	[ "$(realtime_of xrun)" -lt "$given" ]
}
