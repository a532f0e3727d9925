#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun-oci below a service manager that waits until the container is ready: NOTIFY_SOCKET, sd_notify(3).

load lib
load bundle

BUSYBOX=$PLACE/busybox-$(debian_name "$HOST")

prepare() {
	make_rootfs "$BATS_FILE_TMPDIR/rootfs"
	cp "$BUSYBOX" "$BATS_FILE_TMPDIR/rootfs/busybox"
}

setup() {
	use_bundle
	manager='' job=''
	DIR=$(mktemp -d /tmp/xrun-ready.XXXXXX) # a short name: a socket's has 107 characters
	RECORD=$BATS_TEST_TMPDIR/record
	INSIDE="$BATS_TEST_TMPDIR/state/one/notify/notify" # the container's socket, as the host sees it
}

teardown() {
	[ -z "$manager" ] || kill "$manager"
	delete_all
	[ -z "$job" ] || kill "$job" || true
	rm -rf "$DIR"
}

# start_manager [SOCKET]: the service manager whose NOTIFY_SOCKET it is.
start_manager() {
	export NOTIFY_SOCKET="${1:-$DIR/manager}"
	"$BATS_TEST_DIRNAME/manager.py" "$NOTIFY_SOCKET" "$RECORD" 3>&- &
	manager=$!
	await test -e "$RECORD"
}

tell() {
	"$BATS_TEST_DIRNAME/tell.py" "$@"
}

# heard LINE...: the manager was told these things, and nothing else until now.
heard() {
	tell "$NOTIFY_SOCKET" end
	await grep -qx "0 end" "$RECORD"
	diff <(printf '%s\n' "$@" "0 end") "$RECORD"
}

heard_ready() {
	await_text "^0 READY=1 MAINPID=" "$RECORD"
	heard "$(head -1 "$RECORD")"
}

# in_background COMMAND...: of xrun-oci; its number is $job.
in_background() {
	"$OCI" --root "$BATS_TEST_TMPDIR/state" "$@" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	job=$!
}

# ends STATUS: what is in the background does so.
ends() {
	await_end "$job"
	job=''
	[ "$status" = "$1" ]
}

# What the system log would get goes to NOTIFY_SOCKET; busybox has no other way to send a datagram. What is told is a line of its own there.
TELL='ln -s "$NOTIFY_SOCKET" /dev/log && /busybox logger "told:
READY=1
MAINPID=1"'

# make_telling_bundle SCRIPT: a shell script of an ordinary user of the container's, if there is another, which can write to /dev and /run.
make_telling_bundle() {
	make_bundle "$B" sh -c "$1"
	change_config "$B" 'c["mounts"][1]["options"] = ["mode=1777"]
c["mounts"].append({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]})
if "user" not in [n["type"] for n in c["linux"]["namespaces"]]: c["process"]["user"] = {"uid": 1000, "gid": 1000}'
}

@test "a service manager hears that the program in the foreground is ready, and its status is still ours" {
	start_manager
	make_telling_bundle "$TELL; exit 7"
	in_background run -b "$B" one
	local number=$job
	ends 7
	heard "0 READY=1 MAINPID=$number"
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
}

@test "start returns when the container is ready, and its process is the service's then" {
	start_manager
	make_telling_bundle "echo >/run/ran; until [ -e /run/go ]; do sleep 0.05; done; $TELL; sleep 1000"
	oci create -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	in_background start one
	await oci exec one test -e /run/ran
	kill -0 "$job"
	[ ! -s "$RECORD" ]
	oci exec one touch /run/go
	ends 0
	heard "0 READY=1 MAINPID=$(cat "$B/pid")" "1 BARRIER=1"
}

@test "start of a container that says nothing waits, and returns when that ends" {
	start_manager
	make_telling_bundle "echo >/run/ran; sleep 1000"
	oci create -b "$B" one </dev/null >/dev/null 2>&1
	in_background start one
	await oci exec one test -e /run/ran
	kill -0 "$job"
	oci kill one KILL
	ends 0
	heard
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
}

@test "a container that ends without a word does not keep run --detach, nor one that is gone at once" {
	local script
	start_manager
	for script in "exit 3" "sleep 0.2"; do
		make_telling_bundle "$script"
		oci run -d -b "$B" one </dev/null >/dev/null 2>&1
		await_status one stopped
		oci delete one
	done
	heard
}

@test "of what a container sends READY=1 alone is passed on, once: no numbers, no descriptors, nothing long" {
	local long text
	start_manager
	long=$(printf '%5000s' '' | tr ' ' x)
	make_telling_bundle "sleep 1000"
	oci create -b "$B" --pid-file "$B/pid" one </dev/null >/dev/null 2>&1
	in_background start one
	await test -S "$INSIDE"
	await prints running status_of one
	for text in "MAINPID=1" "STATUS=words" "READY=0" "READY=1x" "XREADY=1" " READY=1" "" "STOPPING=1" "READY=1
$long"; do
		tell "$INSIDE" "$text"
	done
	tell "$INSIDE" -d "FDSTORE=1"
	tell "$INSIDE" -d "FDSTORE=1
MAINPID=1
READY=1
NOTIFYACCESS=all"
	ends 0
	heard "0 READY=1 MAINPID=$(cat "$B/pid")" "1 BARRIER=1"
}

@test "a program in the foreground may go on telling, as much as it likes, and that it is ready is told once" {
	start_manager
	make_telling_bundle "$TELL; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /busybox logger 'x
READY=1'; done; echo end"
	run oci run -b "$B" one
	[ "$status" = 0 ]
	[ "$output" = end ]
	heard_ready
}

@test "the container's socket is in a directory that it cannot write to, and every user of its may tell" {
	start_manager
	make_bundle "$B" sh -c 'echo "$NOTIFY_SOCKET"; test -S "$NOTIFY_SOCKET" && test -w "$NOTIFY_SOCKET" && echo there; touch "${NOTIFY_SOCKET%/*}/file" || echo no'
	run oci run -b "$B" one
	[ "$status" = 0 ]
	[ "${lines[0]} ${lines[1]}" = "$NOTIFY_SOCKET/notify there" ]
	[[ $output == *Read-only* ]]
	[ "${lines[-1]}" = no ]
}

@test "a container in a user namespace tells as well, where its root is another user than the host's" {
	start_manager "@xrun-ready-$$-$BATS_TEST_NUMBER"
	make_telling_bundle "$TELL; echo \$NOTIFY_SOCKET"
	[ "$EUID" != 0 ] || change_config "$B" 'c["linux"]["namespaces"].append({"type": "user"})
c["linux"]["uidMappings"] = c["linux"]["gidMappings"] = [{"containerID": 0, "hostID": 100000, "size": 2000}]'
	run oci run -b "$B" one
	[ "$status" = 0 ]
	[ "$output" = /run/notify/notify ]
	heard_ready
}

@test "an abstract socket of the manager's serves as well, and an emulated program tells as a native one does" {
	local foreign="$BATS_FILE_TMPDIR/foreign"
	ROOTFS=$foreign make_rootfs "$foreign" arm64
	cp "$PLACE/busybox-arm64" "$foreign/busybox"
	start_manager "@xrun-ready-$$-$BATS_TEST_NUMBER"
	export ROOTFS=$foreign
	make_telling_bundle "$TELL; uname -m; echo \$NOTIFY_SOCKET"
	run oci run -b "$B" one
	[ "$status" = 0 ]
	[ "$output" = "aarch64
/run/notify/notify" ]
	heard_ready
}

@test "the socket has another place where the manager's path is long, or the engine mounts something there" {
	make_bundle "$B" sh -c 'echo "$NOTIFY_SOCKET"'
	run env NOTIFY_SOCKET="/run/$(printf '%95s' '' | tr ' ' x)/m" "$OCI" --root "$BATS_TEST_TMPDIR/state" run -b "$B" one
	[ "$output" = /run/notify/notify ]
	: >"$DIR/manager"
	WHERE="$DIR/manager" change_config "$B" 'import os
c["mounts"].append({"destination": os.environ["WHERE"], "type": "bind", "source": os.environ["WHERE"], "options": ["bind"]})'
	run env NOTIFY_SOCKET="$DIR/manager" "$OCI" --root "$BATS_TEST_TMPDIR/state" run -b "$B" one
	[ "$output" = /run/notify/notify ]
}

@test "a manager that is not there is a warning, and a NOTIFY_SOCKET that names none an error" {
	export NOTIFY_SOCKET="$DIR/nobody"
	make_telling_bundle "$TELL; exit 7"
	run oci run -b "$B" one
	[ "$status" = 7 ]
	[ "$output" = "xrun-oci: warning: cannot tell the service manager at $NOTIFY_SOCKET (NOTIFY_SOCKET) that the container is ready: No such file or directory" ]
	NOTIFY_SOCKET=vsock:2:1 fails_saying "NOTIFY_SOCKET is vsock:2:1: neither" oci run -b "$B" one
	[ ! -e "$BATS_TEST_TMPDIR/state/one" ]
}

@test "without a service manager there is nothing of all this" {
	make_bundle "$B" sh -c '[ ! "${NOTIFY_SOCKET+set}" ] && sleep 1000'
	NOTIFY_SOCKET='' oci run -d -b "$B" one </dev/null >/dev/null 2>&1
	[ "$(status_of one)" = running ]
	[ ! -e "$BATS_TEST_TMPDIR/state/one/notify" ]
	start_manager
	oci delete --force one
	env -u NOTIFY_SOCKET "$OCI" --root "$BATS_TEST_TMPDIR/state" create -b "$B" one </dev/null >/dev/null 2>&1
	oci start one
	heard
}

@test "the version says what there is, in the words of crun's, for who looks there" {
	run oci --version
	[ "$status" = 0 ]
	[[ ${lines[0]} == "xrun-oci version "* ]]
	[ "${lines[-1]}" = "+SYSTEMD +SELINUX +APPARMOR +SECCOMP" ]
}
