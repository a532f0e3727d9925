#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci: a container's life as the OCI runtime specification has it.

load lib
load bundle

@test "run executes the program, waits for it and returns its status" {
	make_bundle "$B" sh -c 'read -r name </proc/sys/kernel/hostname; echo "$name $$"; exit 7'
	run oci run -b "$B" one
	[ "$status $output" = "7 box 1" ]
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
	cd "$B"
	change_config "$B" 'c["process"]["args"] = ["sh", "-c", "exit 3"]'
	run oci run two
	[ "$status" = 3 ]
}

@test "create makes everything but the program, start executes it" {
	make_bundle "$B" sh -c 'echo run >/dev/stderr; exec sleep 1000'
	oci create -b "$B" --pid-file "$B/pid" one >"$B/out" 2>&1
	[ "$(status_of one)" = created ]
	[ ! -s "$B/out" ]
	[ "$(cat "$B/pid")" = "$(oci state one | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')" ]
	[ -d "/proc/$(cat "$B/pid")" ]
	fails_saying "already exists" oci create -b "$B" one
	oci start one
	[ "$(status_of one)" = running ]
	await_text run "$B/out"
	fails_saying "not in the state created" oci start one
	fails_saying "not stopped" oci delete one
	oci kill one 0
	oci kill one KILL
	await_status one stopped
	fails_saying "not running" oci kill one KILL
	fails_saying "not running" oci kill one 0
	fails_saying "unknown signal NONE" oci kill one NONE
	oci delete one
	fails_saying "does not exist" oci state one
}

@test "a container without a process can be created, and not be started" {
	make_bundle "$B" true
	change_config "$B" 'del c["process"]'
	oci create -b "$B" one </dev/null >/dev/null 2>&1
	[ "$(status_of one)" = created ]
	fails_saying "process is missing" oci start one
	await_status one stopped
	oci delete one
	fails_saying "process is missing" oci run -b "$B" one
	oci create -b "$B" --pid-file "$B/pid" two </dev/null >/dev/null 2>&1
	oci delete two
	[ ! -d "/proc/$(cat "$B/pid")" ] || grep -q 'State:.*Z' "/proc/$(cat "$B/pid")/status"
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
}

@test "a container that was created ends when it is asked to, and its program does not inherit how" {
	make_bundle "$B" sh -c 'trap; kill -TERM $$; echo alive >/dev/stderr; exec sleep 1000'
	oci create -b "$B" one </dev/null >/dev/null 2>&1
	oci kill one TERM
	await_status one stopped
	oci delete one
	oci run -d -b "$B" two </dev/null >/dev/null 2>"$B/out"
	await_text alive "$B/out" # the first process of a pid namespace: nothing ends it that it does not handle
}

@test "delete --force ends a container that was created, or runs" {
	make_bundle "$B" sleep 1000
	oci create -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	oci delete --force one
	[ ! -d "/proc/$(cat "$B/pid")" ] || grep -q 'State:.*Z' "/proc/$(cat "$B/pid")/status"
	oci run -d -b "$B" two </dev/null >/dev/null 2>&1
	[ "$(status_of two)" = running ]
	oci delete -f two
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
	oci delete -f three
}

@test "delete --regex deletes all containers whose ids match" {
	make_bundle "$B" true
	oci run --keep -b "$B" one
	oci run --keep -b "$B" once
	oci run --keep -b "$B" two
	fails_saying "is no regular expression" oci delete --regex '('
	oci delete --regex '^on'
	[ "$(ls "$BATS_TEST_TMPDIR/state")" = two ]
	make_bundle "$B" sleep 1000
	oci run -d -b "$B" three </dev/null >/dev/null 2>&1
	fails_saying "three that is not stopped" oci delete --regex 't.*'
	[ "$(ls "$BATS_TEST_TMPDIR/state")" = three ]
}

@test "a variable is in the environment once, and HOME is never empty" {
	make_bundle "$B" cat /proc/self/environ
	change_config "$B" 'c["process"]["env"] += ["WORD=one", "HOME=", "WORD=two"]'
	[ "$(oci run -b "$B" one | tr '\0' '\n' | sed -n '/^WORD\|^HOME/p')" = $'WORD=two\nHOME=/root' ]
}

@test "a terminal's output that goes to a file has lines as files have" {
	make_bundle "$B" sh -c 'echo one; test -t 1 && echo two'
	change_config "$B" 'c["process"]["terminal"] = True'
	[ "$(oci run -b "$B" one </dev/null)" = $'one\ntwo' ]
}

@test "an id that could be a path is refused" {
	make_bundle "$B" true
	fails_saying 'invalid character `/` in the container ID' oci create -b "$B" a/b
	fails_saying 'invalid character ` `' oci create -b "$B" "a b"
	fails_saying 'invalid container ID ".."' oci create -b "$B" ..
	fails_saying 'the first no point' oci create -b "$B" .hidden
}

@test "an annotation can have a profile refused that names a call which no machine has" {
	make_bundle "$B" true
	change_config "$B" 'c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["sleep_well"], "action": "SCMP_ACT_ERRNO"}]}'
	oci run -b "$B" one
	change_config "$B" 'c["annotations"] = {"run.oci.seccomp_fail_unknown_syscall": "1"}'
	fails_saying 'there is no system call "sleep_well"' oci run -b "$B" one
}

@test "linux.sysctl can name the container, and not otherwise than hostname" {
	make_bundle "$B" cat /proc/sys/kernel/hostname /proc/sys/kernel/domainname
	change_config "$B" 'del c["hostname"]; c["linux"]["sysctl"] = {"kernel.hostname": "tub", "kernel.domainname": "bath"}'
	run oci run -b "$B" one
	[ "$status $output" = $'0 tub\nbath' ]
	change_config "$B" 'c["hostname"] = "box"'
	fails_saying 'kernel/hostname is another one than "hostname", box' oci create -b "$B" one
}

# Where the namespaces allow no procfs of the container's own: with the host's pid namespace and another user namespace.
@test "linux.sysctl is written to a procfs, and not to files of the image that are where one would be" {
	ROOTFS="$BATS_TEST_TMPDIR/root" make_bundle "$B" true
	mkdir -p "$BATS_TEST_TMPDIR/root/proc/sys/net/ipv4"
	mkfifo "$BATS_TEST_TMPDIR/root/proc/sys/net/ipv4/ip_forward" # nobody reads it: to open it for writing would wait for ever
	change_config "$B" 'c["mounts"] = []; c["linux"].update({"maskedPaths": [], "readonlyPaths": [], "sysctl": {"net.ipv4.ip_forward": "1"}})
c["linux"]["namespaces"] = [{"type": kind} for kind in ("mount", "network", "uts", "ipc", "user")]
c["linux"].setdefault("uidMappings", [{"containerID": 0, "hostID": 0, "size": 65536}])
c["linux"].setdefault("gidMappings", [{"containerID": 0, "hostID": 0, "size": 65536}])'
	fails_saying "its /proc is none; config.json has to mount one there" timeout 20 "$OCI" --root "$BATS_TEST_TMPDIR/state" run -b "$B" one
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
}

@test "linux.sysctl sets nothing of the host's by a way up from what is the container's" {
	local host
	host=$(</proc/sys/kernel/core_pattern)
	make_bundle "$B" true
	HOST_VALUE=$host change_config "$B" 'import os; c["linux"]["sysctl"] = {"net/../kernel/core_pattern": os.environ["HOST_VALUE"]}'
	fails_saying '"net/../kernel/core_pattern" is no name' oci run -b "$B" one
}

@test "a working directory that is missing is made, also where the root is read-only" {
	make_bundle "$B" pwd
	change_config "$B" 'c["root"]["readonly"] = True; c["process"]["cwd"] = "/made/for/it"'
	[ "$(oci run -b "$B" one)" = /made/for/it ]
	change_config "$B" 'c["process"]["cwd"] = "/etc/passwd/x"'
	fails_saying "the working directory /etc/passwd/x" oci run -b "$B" two
}

@test "a create that fails leaves nothing, and tells the engine's log why" {
	local log="$BATS_TEST_TMPDIR/log"
	make_bundle "$B" nonesuch
	fails_saying 'executable file `nonesuch` not found in $PATH' oci --log "$log" --log-format json create -b "$B" one
	python3 -c 'import json, sys; line = json.loads(open(sys.argv[1]).read()); assert line["level"] == "error" and "not found in $PATH" in line["msg"] and line["time"]' "$log"
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
	change_config "$B" 'c["mounts"].append({"destination": "/x", "type": "bind", "source": "/nonesuch", "options": ["bind"]})'
	fails_saying "/nonesuch" oci create -b "$B" one
	change_config "$B" 'c["mounts"].pop(); c["process"]["args"] = ["/tmp"]'
	fails_saying "Permission denied" oci create -b "$B" one
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
}

@test "a log that cannot be written, or in no format there is, is told before anything is done" {
	make_bundle "$B" true
	fails_saying "--log-format xml: neither text nor json" oci --log-format xml create -b "$B" one
	fails_saying "--log /nonesuch/log: No such file" oci --log /nonesuch/log create -b "$B" one
	[ ! -e "$BATS_TEST_TMPDIR/state/one" ]
	oci --log "file:$BATS_TEST_TMPDIR/log" --log-format text run -b "$B" one
	[ ! -s "$BATS_TEST_TMPDIR/log" ]
}

@test "what config.json asks for and cannot be had is an error that says where" {
	make_bundle "$B" true
	while read -r text code; do
		cp "$B/config.json" "$B/good"
		change_config "$B" "$code"
		fails_saying "${text//_/ }" oci create -b "$B" one
		mv "$B/good" "$B/config.json"
	done <<-'END'
		invalid_namespace_type c["linux"]["namespaces"].append({"type": "moon"})
		no_option_"nosiud" c["mounts"].append({"destination": "/x", "source": "/", "options": ["bind", "nosiud"]})
		process:_args_is_no_list c["process"]["args"] = "true"
		ociVersion_2.0.0 c["ociVersion"] = "2.0.0"
		process:_cwd_is_missing del c["process"]["cwd"]
		is_there_twice c["linux"]["namespaces"].append({"type": "pid"})
		intelRdt c["linux"]["intelRdt"] = {"closID": "x"}
		this_machine_has_no_SELinux c["process"]["selinuxLabel"] = "x_t"
	END
}

@test "a limit that cannot be had is named as config.json names it" {
	local limited=("$OCI" --root "$BATS_TEST_TMPDIR/state" create -b "$B" one)
	((EUID != 0)) || limited=(setpriv --bounding-set=-sys_resource "${limited[@]}")
	make_bundle "$B" true
	change_config "$B" 'c["process"]["oomScoreAdj"] = -1000'
	fails_saying "process.oomScoreAdj -1000 (less than our own takes CAP_SYS_RESOURCE)" "${limited[@]}"
	change_config "$B" 'del c["process"]["oomScoreAdj"]; c["process"]["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 4096}]'
	(ulimit -Hc 0 && fails_saying "process.rlimits: core: it cannot be raised above our own hard limit, 0" "${limited[@]}")
}

@test "a capability that does not exist is left out, with a warning on stderr or in --log" {
	make_bundle "$B" echo words
	change_config "$B" 'c["process"]["capabilities"] = {"bounding": ["CAP_FLY", "CAP_KILL"]}'
	run oci run -b "$B" one
	[ "$output" = 'xrun-oci: warning: process.capabilities.bounding: unknown cap "CAP_FLY" is left out
words' ]
	run oci --log "$BATS_TEST_TMPDIR/log" --log-format json run -b "$B" one
	[ "$output" = words ]
	jq -e '.level == "warning" and (.msg | contains("CAP_FLY"))' "$BATS_TEST_TMPDIR/log"
}

@test "a label of files alone is passed over where there is no SELinux" {
	[ ! -e /sys/fs/selinux/context ] || skip "there is SELinux"
	make_bundle "$B" echo words
	change_config "$B" 'c["linux"]["mountLabel"] = "system_u:object_r:container_file_t:s0"'
	[ "$(oci run -b "$B" one)" = words ]
}

@test "a profile or label for a module that the machine lacks is an error, and with --optional-labels a warning" {
	local said="the SELinux label a:b:c:s0" why="this machine has no SELinux"
	make_bundle "$B" sh -c 'echo words; exec sleep 1000'
	change_config "$B" 'c["process"]["selinuxLabel"] = "a:b:c:s0"'
	if [ -e /sys/fs/selinux/context ]; then
		said="the AppArmor profile acme" why="this machine has no AppArmor"
		change_config "$B" 'del c["process"]["selinuxLabel"]; c["process"]["apparmorProfile"] = "acme"'
	fi
	fails_saying "$said: $why; \`xrun-oci --optional-labels\` does without" oci create -b "$B" one
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
	oci --optional-labels --log "$B/log" run -d -b "$B" one </dev/null >"$B/out" 2>&1
	await_text words "$B/out"
	grep "level=warning.*$said is left out: $why" "$B/log"
	fails_saying "$said" oci exec one true
	[ "$(oci --optional-labels exec one echo more 2>/dev/null)" = more ]
}

@test "--optional-labels is no way around a profile where the machine has AppArmor" {
	make_bundle "$B" echo words
	change_config "$B" 'c["process"]["apparmorProfile"] = "xrun-has-no-such-profile"'
	if grep -qs Y /sys/module/apparmor/parameters/enabled; then
		fails_saying "xrun-has-no-such-profile" oci --optional-labels run -b "$B" one
	else
		fails_saying "this machine has no AppArmor" oci run -b "$B" one
		[ "$(oci --optional-labels run -b "$B" one 2>/dev/null)" = words ]
	fi
}

@test "a container's mounts are those that config.json lists, in their order" {
	mkdir "$BATS_TEST_TMPDIR/shared"
	echo words >"$BATS_TEST_TMPDIR/shared/file"
	make_bundle "$B" sh -c 'cat /data/file /data/sub/one; echo x 2>/dev/null >/data/file || echo read-only; while read -r _ _ _ _ place options _; do [ "$place" != /data/sub ] || echo $options; done </proc/self/mountinfo'
	export SHARED="$BATS_TEST_TMPDIR/shared"
	mkdir "$SHARED/sub"
	change_config "$B" 'import os; c["mounts"] += [{"destination": "/data", "type": "bind", "source": os.environ["SHARED"], "options": ["rbind", "ro"]},
{"destination": "/data/sub", "type": "tmpfs", "source": "tmpfs", "options": ["noexec", "nosuid", "size=64k"]},
{"destination": "/data/sub/one", "type": "bind", "source": os.environ["SHARED"] + "/file", "options": ["bind"]}]'
	run oci run -b "$B" one
	echo "$output"
	[ "${lines[0]} ${lines[1]} ${lines[2]}" = "words words read-only" ]
	[[ ${lines[3]} == *nosuid*noexec* ]]
}

@test "a tmpfs at /dev can be read-only, and one without a mode has that of the directory that it covers" {
	mkdir -p "$BATS_TEST_TMPDIR/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs/." "$BATS_TEST_TMPDIR/rootfs/"
	mkdir -m 710 "$BATS_TEST_TMPDIR/rootfs/covered"
	ROOTFS="$BATS_TEST_TMPDIR/rootfs" make_bundle "$B" sh -c 'set -- $(ls -ld /covered); echo $1; : >/dev/null && echo null; (: >/dev/x) 2>/dev/null || echo closed; while read -r _ place _ words _; do [ $place != /covered ] || echo $words; done </proc/mounts'
	change_config "$B" 'c["mounts"][1]["options"].append("ro"); c["mounts"].append({"destination": "/covered", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]})'
	run oci run -b "$B" one
	echo "$output"
	[[ $output == $'drwx--x---\nnull\nclosed\n'*mode=710* ]]
}

@test "a mount goes where symlinks lead, also those that lead to nothing yet" {
	mkdir -p "$BATS_TEST_TMPDIR/rootfs"
	cp -a "$BATS_FILE_TMPDIR/rootfs/." "$BATS_TEST_TMPDIR/rootfs/"
	rm -rf "$BATS_TEST_TMPDIR/rootfs/etc"
	ln -s ../../run/etc "$BATS_TEST_TMPDIR/rootfs/etc"
	mkdir -p "$BATS_TEST_TMPDIR/rootfs/run/etc"
	ln -s /run/deep/er/file "$BATS_TEST_TMPDIR/rootfs/run/etc/conf"
	ln -s loop "$BATS_TEST_TMPDIR/rootfs/loop"
	echo words >"$BATS_TEST_TMPDIR/source"
	export SOURCE="$BATS_TEST_TMPDIR/source"
	ROOTFS="$BATS_TEST_TMPDIR/rootfs" make_bundle "$B" sh -c 'cat /etc/conf /run/deep/er/file'
	change_config "$B" 'import os; c["mounts"].append({"destination": "/etc/conf", "type": "bind", "source": os.environ["SOURCE"], "options": ["bind"]})'
	[ "$(oci run -b "$B" one)" = $'words\nwords' ]
	[ ! -e /run/deep ]
	change_config "$B" 'c["mounts"] = [m for m in c["mounts"] if not m["destination"].startswith("/dev")]'
	mv "$BATS_TEST_TMPDIR/rootfs/dev" "$BATS_TEST_TMPDIR/rootfs/elsewhere"
	ln -s /elsewhere "$BATS_TEST_TMPDIR/rootfs/dev"
	fails_saying "/dev is a symlink" oci run -b "$B" one
	change_config "$B" 'c["mounts"][-1]["destination"] = "/loop"'
	fails_saying "cannot make the mount point /loop" oci run -b "$B" one
}

@test "mounts are listed in the order of config.json" {
	make_bundle "$B" sh -c 'while read -r _ _ _ _ place _; do case $place in /m/*) echo "${place#/m/}";; esac; done </proc/self/mountinfo'
	change_config "$B" 'c["mounts"] += [{"destination": "/m/one", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/m/two", "type": "bind", "source": "/usr", "options": ["bind"]},
{"destination": "/m/three", "type": "tmpfs", "source": "tmpfs"}]'
	[ "$EUID" != 0 ] || [ "$(oci run -b "$B" one | tr '\n' ' ')" = "one two three " ]
}

@test "a foreign root runs by an instance of its own, which lives as long as the container" {
	make_rootfs "$BATS_FILE_TMPDIR/foreign" arm64
	ROOTFS="$BATS_FILE_TMPDIR/foreign" make_bundle "$B" sh -c 'uname -m; exec sh -c "uname -m; read -r line; uname -m"'
	before=$(cat /proc/sys/fs/binfmt_misc/* 2>/dev/null || true)
	mkfifo "$BATS_TEST_TMPDIR/in"
	oci create -b "$B" --pid-file "$B/pid" one <>"$BATS_TEST_TMPDIR/in" >"$B/out" 2>&1
	oci start one
	echo go >"$BATS_TEST_TMPDIR/in"
	await_status one stopped
	[ "$(cat "$B/out")" = "$(printf 'aarch64\naarch64\naarch64')" ]
	[ "$(cat /proc/sys/fs/binfmt_misc/* 2>/dev/null || true)" = "$before" ]
}

@test "hooks run in their order, each with the state on its standard input" {
	cat >"$BATS_TEST_TMPDIR/hook" <<-'END'
		#!/bin/sh
		echo "$1 $(sed 's/.*"status": *"\([a-z]*\)".*/\1/')" >>"$2"
	END
	chmod 755 "$BATS_TEST_TMPDIR/hook"
	make_bundle "$B" true
	export PLACE_OF_HOOK="$BATS_TEST_TMPDIR"
	change_config "$B" 'import os; at = os.environ["PLACE_OF_HOOK"]; c["hooks"] = {kind: [{"path": at + "/hook", "args": ["hook", kind, at + "/said"], "env": ["PATH=/usr/bin:/bin"], "timeout": 10}]
for kind in ["poststop", "poststart", "createContainer", "createRuntime", "prestart"]}'
	oci run -b "$B" one
	diff - "$BATS_TEST_TMPDIR/said" <<-'END'
		prestart created
		createRuntime created
		createContainer created
		poststart running
		poststop stopped
	END
	change_config "$B" 'c["hooks"]["createRuntime"][0] = {"path": "/bin/false"}'
	fails_saying "createRuntime hook failed with exit code 1: /bin/false" oci run -b "$B" two
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
}

@test "a hook runs in the bundle, with the environment that is listed or else the caller's" {
	make_bundle "$B" true
	change_config "$B" 'said = lambda name: ["sh", "-c", "echo $(pwd) $WORD $(test -e /proc/self && echo proc) >>said." + name]
c["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": said("one")}, {"path": "/bin/sh", "args": said("two"), "env": ["WORD=listed"]},
{"path": "/bin/sh", "args": said("three"), "env": []}]}'
	WORD=ours oci run -b "$B" one
	[ "$(cat "$B"/said.one "$B"/said.two "$B"/said.three)" = "$(printf '%s ours proc\n%s listed proc\n%s proc' "$B" "$B" "$B")" ]
}

@test "a startContainer hook is a program of the container, with the environment of its process" {
	make_bundle "$B" cat /tmp/said
	change_config "$B" 'c["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs"}); c["process"]["env"].append("WORD=its")
c["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "echo $WORD $ENGINES_OWN $$ >/tmp/said"]}]}'
	WORD=ours ENGINES_OWN=ours run oci run -b "$B" one
	[ "${output% *}" = its ]
}

@test "a startContainer hook has the user, the capabilities and the filter of its process, and no more" {
	make_bundle "$B" true
	change_config "$B" 'c["process"]["capabilities"] = {"bounding": ["CAP_KILL"]}; c["process"]["noNewPrivileges"] = True
c["process"]["rlimits"] = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}]
c["linux"]["seccomp"] = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 95}]}
c["hooks"] = {"startContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "mkdir /tmp/one; while read -r line; do echo $line; done </proc/self/status >&2"]}]}'
	[ "$EUID" != 0 ] || change_config "$B" 'c["process"]["user"] = {"uid": 7, "gid": 8}'
	run oci run -b "$B" one
	echo "$output"
	[[ $output == *"/tmp/one"*"not supported"* ]]
	[[ $output == *"CapPrm: 0000000000000000"*"CapEff: 0000000000000000"*"CapBnd: 0000000000000020"*"NoNewPrivs: 1"*"Seccomp: 2"* ]]
	[ "$EUID" != 0 ] || [[ $output == *"Uid: 7 7 7 7"*"Gid: 8 8 8 8"* ]]
	change_config "$B" 'c["hooks"]["startContainer"][0]["args"][2] = "kill -STOP $$"; c["hooks"]["startContainer"][0]["timeout"] = 1'
	fails_saying "did not end within 1 s" oci run -b "$B" two
	change_config "$B" 'c["hooks"]["startContainer"][0]["args"][2] = "true"; c["process"]["user"] = {"uid": 4294967294, "gid": 0}'
	[ "$EUID" = 0 ] || fails_saying "the startContainer hook /bin/sh: cannot set the supplementary groups" oci run -b "$B" three
}

@test "a createContainer hook finds the container's mounts below its root" {
	make_bundle "$B" true
	change_config "$B" 'c["hooks"] = {"createContainer": [{"path": "/bin/sh", "args": ["sh", "-c", "test -e \"$1/proc/self\" && test -c \"$1/dev/null\" && echo yes >said", "sh", c["root"]["path"]]}]}'
	oci run -b "$B" one
	[ "$(cat "$B/said")" = yes ]
	run mountpoint -q "$BATS_FILE_TMPDIR/rootfs"
	[ "$status" != 0 ]
}

@test "a poststart hook that fails ends the container, poststop hooks that fail are told of" {
	make_bundle "$B" sleep 1000
	change_config "$B" 'c["hooks"] = {"poststart": [{"path": "/bin/false"}], "poststop": [{"path": "/bin/sh", "args": ["sh", "-c", "echo one >>stopped; exit 3"]},
{"path": "/bin/sh", "args": ["sh", "-c", "echo two >>stopped"]}]}'
	oci create -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	fails_saying "poststart hook failed" oci start one
	fails_saying "does not exist" oci state one
	[ ! -d "/proc/$(cat "$B/pid")" ] || grep -q 'State:.*Z' "/proc/$(cat "$B/pid")/status"
	[ "$(cat "$B/stopped")" = "$(printf 'one\ntwo')" ]
	change_config "$B" 'del c["hooks"]["poststart"]; c["process"]["args"] = ["true"]'
	run oci run -b "$B" two
	[ "$status" = 0 ]
	[[ $output == *"poststop hook failed with exit code 3: /bin/sh"* ]]
	[ -z "$(ls "$BATS_TEST_TMPDIR/state")" ]
}

@test "a program has the scheduler and the memory policy that config.json gives it" {
	make_bundle "$B" sh -c 'set -- $(cat /proc/self/stat); echo ${19} ${41}; while read -r _ policy _; do echo $policy; break; done </proc/self/numa_maps'
	change_config "$B" 'c["process"]["scheduler"] = {"policy": "SCHED_BATCH", "nice": 7}; c["linux"]["memoryPolicy"] = {"mode": "MPOL_BIND", "nodes": "0"}'
	run oci run -b "$B" one
	echo "$output"
	[ "${lines[0]} ${lines[1]}" = "7 3 bind:0" ] || { [ ! -e /proc/self/numa_maps ] && [ "${lines[0]}" = "7 3" ]; }
}

@test "what the engine hands down from descriptor 3 on is the program's, and nothing else" {
	make_bundle "$B" sh -c 'cat <&3; cat <&4; echo /proc/self/fd/*'
	run oci run -b "$B" --preserve-fds 2 one 3<<<three 4<<<four 9<"$B/config.json"
	echo "$output"
	[ "${lines[0]} ${lines[1]}" = "three four" ]
	[[ ${lines[2]} != *" /proc/self/fd/9"* ]]
}

@test "a descriptor to be preserved that is not open is warned of, and none of our own takes its place" {
	make_bundle "$B" sh -c 'for fd in 3 4 5; do [ ! -e /proc/self/fd/$fd ] || readlink /proc/self/fd/$fd; done'
	[ "$(oci --log "$B/log" run -b "$B" --preserve-fds 3 one 3>&- 4>&- 5<"$B/config.json")" = "$B/config.json" ]
	grep 'level=warning.*descriptor 3 and 1 more are to be preserved and are not open' "$B/log"
	[ -z "$(LISTEN_FDS=1 oci --log "$B/log" run -b "$B" two 3>&- 4>&-)" ]
	change_config "$B" 'c["process"]["args"] = ["sleep", "1000"]'
	oci run -d -b "$B" three </dev/null >/dev/null 2>&1
	[ "$(oci --log "$B/log" exec --preserve-fds 3 three sh -c 'for fd in 3 4 5; do [ ! -e /proc/self/fd/$fd ] || echo $fd; done' 3>&- 4</dev/null)" = 4 ]
}

@test "masked directories are empty, cannot be written to, and are one file system" {
	make_bundle "$B" sh -c 'stat -c %d /etc /home /root; echo /etc/* /home/*; touch /root/x || echo refused'
	change_config "$B" 'c["linux"]["maskedPaths"] = ["/etc", "/home", "/nonesuch", "/root"]'
	run oci run -b "$B" one
	echo "$output"
	[ "${lines[0]} ${lines[1]}" = "${lines[1]} ${lines[2]}" ]
	[ "${lines[3]}" = "/etc/* /home/*" ]
	[[ ${lines[4]} == *"Read-only"* && ${lines[5]} == refused ]]
}

# kills_by_pidfd NAME OPTION...: xrun-oci with a --pidfd-socket, whose pidfd is sent SIGKILL.
kills_by_pidfd() {
	python3 - "$BATS_TEST_TMPDIR/$1" "$OCI" --root "$BATS_TEST_TMPDIR/state" "${@:2}" <<-'END'
		import signal, socket, subprocess, sys
		path, *command = sys.argv[1:]
		listener = socket.socket(socket.AF_UNIX)
		listener.bind(path)
		listener.listen(1)
		command = [path if word == "SOCKET" else word for word in command]
		subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True, timeout=60)
		listener.settimeout(60)
		text, fds, _, _ = socket.recv_fds(listener.accept()[0], 100, 2)
		assert text and len(fds) == 1, (text, fds)
		signal.pidfd_send_signal(fds[0], signal.SIGKILL)
	END
}

@test "create, run and exec send a pidfd of their process to --pidfd-socket" {
	make_bundle "$B" sleep 1000
	kills_by_pidfd one create -b "$B" --pidfd-socket SOCKET one
	await_status one stopped
	kills_by_pidfd two run -d -b "$B" --pidfd-socket SOCKET two
	await_status two stopped
	oci run -d -b "$B" three </dev/null >/dev/null 2>&1
	kills_by_pidfd three exec -d --pid-file "$B/pid" --pidfd-socket SOCKET three sleep 1000
	await eval '[ ! -d "/proc/$(cat "$B/pid")" ] || grep -q "State:.Z" "/proc/$(cat "$B/pid")/status"'
	[ "$(status_of three)" = running ]
	fails_saying "--pidfd-socket /nonesuch: No such file or directory" oci create -b "$B" --pidfd-socket /nonesuch four
	fails_saying "--pidfd-socket /nonesuch: No such file or directory" oci exec -d --pidfd-socket /nonesuch three sleep 1000
	[ ! -e "$BATS_TEST_TMPDIR/state/four" ]
}

@test "xrun-oci(1) has every command, with its options" {
	local page command
	page=$(sed 's/\\-/-/g' "$PLACE/build/man/xrun-oci.1")
	for command in $("$OCI" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p'); do
		[[ $page == *".SS \"xrun-oci $command "* ]]
		for option in $("$OCI" "$command" --help | sed -n 's/^ *\(-[a-zA-Z], \)\?\(--[a-z-]*\).*/\2/p'); do
			[[ $page == *"$option"* ]]
		done
	done
}
