#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci exec: another program in a container that runs.

load lib
load bundle

setup() {
	use_bundle
	make_bundle "$B" sleep 1000
}

teardown() {
	oci delete --force one
}

start_one() {
	oci run -d -b "$B" one </dev/null >/dev/null 2>&1
}

@test "exec runs a program in the container and returns its status" {
	start_one
	run oci exec one sh -c 'read -r name </proc/sys/kernel/hostname; echo "$name $(cat)"; exit 7' <<<"words"
	[ "$status $output" = "7 box words" ]
	run oci exec one sh -c 'kill -9 $$'
	[ "$status" = 137 ]
	fails_saying 'not found in $PATH' oci exec one nonesuch
	fails_saying "neither a command nor --process" oci exec one
}

@test "pipes that are /dev/stdout can be opened again in a user namespace that lacks their owner" {
	[ "$EUID" != 0 ] || change_config "$B" 'c["linux"]["namespaces"].append({"type": "user"})
c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 2000}]'
	start_one
	[ "$(oci exec one sh -c 'echo word >/proc/self/fd/1')" = word ]
	oci delete --force one
	change_config "$B" 'c["process"]["args"] = ["sh", "-c", "echo first >/proc/self/fd/1"]'
	[ "$(oci run -b "$B" one)" = first ]
}

@test "exec is in the container's namespaces, cgroups and limits" {
	change_config "$B" 'c["process"]["rlimits"] = [{"type": "RLIMIT_NOFILE", "soft": 99, "hard": 99}]'
	start_one
	oci exec one sh -c 'for kind in mnt pid ipc uts net user; do readlink /proc/1/ns/$kind; done; cat /proc/1/cgroup; ulimit -n' >"$B/first"
	oci exec one sh -c 'for kind in mnt pid ipc uts net user; do readlink /proc/self/ns/$kind; done; cat /proc/self/cgroup; ulimit -n' >"$B/other"
	diff "$B/first" "$B/other"
	[ "$(tail -1 "$B/other")" = 99 ]
	oci exec one sh -c 'echo made >/tmp/file'
	[ "$(oci exec one cat /tmp/file)" = made ]
}

@test "exec takes environment, directory and capabilities of its own" {
	start_one
	[ "$(oci exec -e A=1 --env B=2 --cwd /usr one sh -c 'echo $A$B $PWD $HOME')" = "12 /usr /root" ]
	oci exec one cat /proc/self/status >"$B/plain"
	grep -q 'CapEff:.0000000000000000' "$B/plain"
	oci exec --cap CAP_KILL --no-new-privs one cat /proc/self/status >"$B/more"
	grep -q 'CapEff:.0000000000000020' "$B/more"
	grep -q 'NoNewPrivs:.1' "$B/more"
	fails_saying 'CAP_FLY' oci exec --cap CAP_FLY one true
	fails_saying "not an absolute path" oci exec --cwd usr one true
	fails_saying "not a number" oci exec --user root one true
	fails_saying "not NAME=VALUE" oci exec -e A one true
}

@test "exec --process executes what a file says" {
	start_one
	echo '{"args": ["sh", "-c", "echo $A $PWD"], "cwd": "/usr", "env": ["PATH=/bin", "A=word"], "user": {"uid": 0, "gid": 0}}' >"$B/process.json"
	[ "$(oci exec --process "$B/process.json" one)" = "word /usr" ]
	echo '{"args": []}' >"$B/process.json"
	fails_saying "process.json" oci exec --process "$B/process.json" one
}

@test "exec --detach returns at once, and tells the number of what goes on" {
	start_one
	oci exec -d --pid-file "$B/pid" one sleep 1001 </dev/null >/dev/null 2>&1
	[ "$(tr '\0' ' ' <"/proc/$(cat "$B/pid")/cmdline")" = "sleep 1001 " ]
	oci ps --format json one | grep -qw "$(cat "$B/pid")" || [ "$EUID" != 0 ]
	oci delete --force one
	[ ! -d "/proc/$(cat "$B/pid")" ] || grep -q 'State:.*Z' "/proc/$(cat "$B/pid")/status"
}

@test "exec -t has a terminal of the container's, which --console-socket gets" {
	start_one
	run python3 - "$OCI" "$BATS_TEST_TMPDIR" <<-'END'
		import array, os, socket, subprocess, sys
		oci, place = sys.argv[1:]
		server = socket.socket(socket.AF_UNIX)
		server.bind(place + "/console")
		server.listen()
		made = subprocess.Popen([oci, "--root", place + "/state", "exec", "-t", "-d", "--console-socket", place + "/console", "one",
			"sh", "-c", "tty; read word; echo got $word"])
		peer, _ = server.accept()
		_, fds, _, _ = socket.recv_fds(peer, 100, 1)
		assert made.wait() == 0
		os.write(fds[0], b"words\n")
		text = b""
		try:
		    while True: text += os.read(fds[0], 1000)
		except OSError: pass
		print(text.decode())
	END
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == */dev/pts/*"got words"* ]]
	fails_saying "--console-socket" oci exec -d -t one true
	fails_saying "no terminal" oci exec --console-socket /nonesuch one true
}

@test "exec --preserve-fds gives the program descriptors, and no other ones" {
	start_one
	echo words >"$B/file"
	[ "$(oci exec --preserve-fds 1 one sh -c 'cat <&3; ls /proc/self/fd | wc -l' 3<"$B/file")" = "words
5" ]
	run oci exec one sh -c 'cat <&3' 3<"$B/file"
	[ "$status" != 0 ]
}

@test "exec in a container that does not run is an error" {
	start_one
	oci kill one KILL
	await_status one stopped
	fails_saying "is not running" oci exec one true
	fails_saying "does not exist" oci exec two true
}

@test "exec runs on the processors of execCPUAffinity, and else on all, whatever its caller is bound to" {
	local allowed first list="grep Cpus_allowed_list: /proc/self/status"
	allowed=$($list | cut -f2)
	first=${allowed%%[-,]*}
	taskset -c "$first" "$OCI" --root "$BATS_TEST_TMPDIR/state" run -d -b "$B" one </dev/null >/dev/null 2>&1
	[ "$(grep Cpus_allowed_list: "/proc/$(oci state one | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')/status" | cut -f2)" = "$allowed" ]
	[ "$(taskset -c "$first" "$OCI" --root "$BATS_TEST_TMPDIR/state" exec one cat /proc/self/status | grep Cpus_allowed_list: | cut -f2)" = "$allowed" ]
	echo '{"args": ["cat", "/proc/self/status"], "cwd": "/", "execCPUAffinity": {"initial": "'"$allowed"'", "final": "'"$first"'"}}' >"$B/process.json"
	[ "$(oci exec --process "$B/process.json" one | grep Cpus_allowed_list: | cut -f2)" = "$first" ]
	echo '{"args": ["cat", "/proc/self/status"], "cwd": "/", "execCPUAffinity": {"initial": "'"$first"'"}}' >"$B/process.json"
	[ "$(oci exec --process "$B/process.json" one | grep Cpus_allowed_list: | cut -f2)" = "$first" ]
	echo '{"args": ["true"], "cwd": "/", "execCPUAffinity": {"final": "1023"}}' >"$B/process.json"
	fails_saying "execCPUAffinity.final" oci exec --process "$B/process.json" one
	echo '{"args": ["true"], "cwd": "/", "execCPUAffinity": {"final": "1-"}}' >"$B/process.json"
	fails_saying "no list of processors" oci exec --process "$B/process.json" one
}
