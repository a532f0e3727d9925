#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun exec: another program in a running container, confined as its first one is.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

# running OPTION... IMAGE: a container named box that does nothing.
running() {
	"$XRUN" --root "$STORE" run --rm --name box "$@" sleep 1000 >/dev/null 2>"$BATS_TEST_TMPDIR/box.err" &
	box=$!
	await ! prints "" xrun ps -q --filter name=box || { cat "$BATS_TEST_TMPDIR/box.err"; return 1; }
}

teardown() {
	xrun rm -f box >/dev/null 2>&1 || true
	wait
}

@test "exec is in all namespaces of the container" {
	running "$NATIVE"
	diff <(xrun exec box sh -c 'cd /proc/1/ns; for n in cgroup ipc mnt net pid time user uts; do echo $n $(readlink $n); done') \
		<(xrun exec box sh -c 'cd /proc/self/ns; for n in cgroup ipc mnt net pid time user uts; do echo $n $(readlink $n); done')
	[ "$(xrun exec box cat /proc/1/comm)" = sleep ]
	[ "$(xrun exec box readlink /proc/self/ns/pid)" != "$(readlink /proc/self/ns/pid)" ]
}

@test "a program of exec may open a pipe that is its /dev/stdout again, whoever it is" {
	running "$NATIVE"
	[ "$(xrun exec box sh -c 'echo root >/dev/stdout')" = root ]
	[ "$(xrun exec -u app box sh -c 'echo app >/dev/stdout')" = app ]
}

@test "exec with the host's network is in the host's network" {
	running --network host "$NATIVE"
	[ "$(xrun exec box readlink /proc/self/ns/net)" = "$(readlink /proc/self/ns/net)" ]
}

# What may a process do that runs here? Capabilities, seccomp, no_new_privs.
powers='sed -n "s/^\(Cap[A-Za-z]*\|Seccomp\|NoNewPrivs\):\t*//p" /proc/self/status'

@test "exec has the capabilities, the seccomp filter and the no_new_privs of the container" {
	local inside
	running --cap-drop CHOWN --security-opt no-new-privileges "$NATIVE"
	inside=$(xrun exec box sh -c "$powers")
	[ "$inside" = "$(xrun --cap-drop CHOWN --security-opt no-new-privileges "$NATIVE" sh -c "$powers")" ]
	[[ $(xrun exec -u app box sh -c "$powers") == *0000000000000000*0000000000000000*0000000000000000* ]]
}

@test "exec --privileged has every capability, of the container only" {
	running --cap-drop ALL "$NATIVE"
	[[ $(xrun exec --privileged box sh -c "$powers") == *000001ffffffffff* ]]
	xrun exec --privileged box chown app /tmp
	refute xrun exec box chown app /etc/passwd
}

@test "exec has the container's user, directory and environment, and what was asked for on top" {
	running -u app -w /tmp -e A=one -e B=two "$NATIVE"
	[ "$(xrun exec box sh -c 'echo $(id -un) $(pwd) $A $B $HOME')" = "app /tmp one two /home/app" ]
	[ "$(OURS=o xrun exec -u root -w /etc -e B=three -e OURS box sh -c 'echo $(id -un) $(pwd) $A $B $OURS $HOME')" = "root /etc one three o /root" ]
}

@test "nothing of our environment, descriptors and groups is in an exec'd program" {
	running "$NATIVE"
	SECRET_TOKEN=x run xrun exec box env
	[[ $output != *SECRET_TOKEN* ]]
	[ "$(xrun exec box sh -c 'echo /proc/self/fd/*' 9</)" = "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 /proc/self/fd/3" ] ||
		[ "$(xrun exec box sh -c 'echo /proc/self/fd/*' 9</)" = "/proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2" ]
	[ "$(xrun exec box id -G)" = "$(xrun "$NATIVE" id -G)" ]
}

@test "exec in a working directory that is a descriptor of the host's is refused (CVE-2024-21626)" {
	running "$NATIVE"
	local n
	for n in 3 4 5 6 7 8 9 10 16 32 64; do
		fails_with 125 "/proc/self/fd/$n" xrun exec -w "/proc/self/fd/$n" box true 9</
	done
}

@test "exec gives the program's exit status, 128+n after a signal, 127 and 126 where it cannot be executed" {
	running "$NATIVE"
	run xrun exec box sh -c 'exit 7'
	[ "$status" = 7 ]
	run xrun exec box sh -c 'kill -SEGV $$'
	[ "$status" = 139 ]
	fails_with 127 "nonesuch: no such program" xrun exec box nonesuch
	fails_with 126 "/etc/passwd" xrun exec box /etc/passwd
	fails_with 125 "nobody-here" xrun exec -u nobody-here box true
	fails_with 125 "/no/dir" xrun exec -w /no/dir box true
	fails_with 125 "no container nonesuch" xrun exec nonesuch true
}

@test "exec passes input on with -i only" {
	running "$NATIVE"
	[ "$(echo hello | xrun exec -i box cat)" = hello ]
	[ -z "$(echo hello | xrun exec box cat)" ]
}

@test "exec -t gives a terminal of the container's" {
	running "$NATIVE"
	[[ $(xrun exec -t box sh -c 'tty; test -t 0 && test -t 1 && echo yes' | tr -d '\r') == "/dev/pts/"*"yes" ]]
}

@test "exec -d does not wait, and the program goes on in the container" {
	running "$NATIVE"
	xrun exec -d box sh -c 'echo $$ >/tmp/pid; exec sleep 500'
	await prints sleep xrun exec box sh -c 'cat /proc/$(cat /tmp/pid)/comm'
	fails_with 127 "nonesuch" xrun exec -d box nonesuch
}

@test "exec passes signals on" {
	running "$NATIVE"
	"$XRUN" --root "$STORE" exec box sh -c 'trap "echo caught; exit 3" TERM; echo ready; while :; do sleep 0.1; done' >"$BATS_TEST_TMPDIR/out" &
	local pid=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -TERM "$pid"
	await_end "$pid"
	[ "$status" = 3 ]
	grep -q caught "$BATS_TEST_TMPDIR/out"
}

@test "an exec'd program ends with the container, and with its xrun" {
	running "$NATIVE"
	"$XRUN" --root "$STORE" exec box sh -c 'echo ready; exec sleep 7654' >"$BATS_TEST_TMPDIR/out" &
	local pid=$! i
	await_text ready "$BATS_TEST_TMPDIR/out"
	kill -KILL "$pid"
	await_end "$pid"
	await ! pgrep -f 'sleep 7654' -u "$(id -u)"
	"$XRUN" --root "$STORE" exec box sh -c 'echo again; exec sleep 7654' >"$BATS_TEST_TMPDIR/out" &
	pid=$!
	await_text again "$BATS_TEST_TMPDIR/out"
	kill -KILL "$box"
	await_end "$pid"
	[ "$status" = 137 ]
}

@test "exec works with --init, too" {
	running --init "$NATIVE"
	[ "$(xrun exec box cat /proc/2/comm)" = sleep ]
	[ "$(xrun exec box sh -c 'echo $(id -u)')" = 0 ]
}

@test "exec in a foreign container runs foreign programs" {
	running --arch aarch64 "$PLAIN/test:arm64"
	[ "$(xrun exec box uname -m)" = aarch64 ]
	[ "$(xrun exec box sh -c 'uname -m')" = aarch64 ]
}

@test "a container's root cannot look into a process that is entering it (CVE-2016-9962)" {
	running --cap-add SYS_PTRACE "$NATIVE"
	xrun exec -d box sh -c 'while :; do for p in /proc/[0-9]*; do
		case $(readlink $p/exe 2>/dev/null) in *xrun*) echo $p >>/tmp/seen;; esac; done; done'
	local i
	for ((i = 0; i < 20; i++)); do xrun exec box true; done
	refute xrun exec box test -e /tmp/seen
}

@test "a container is found by its name, its id, and its id's beginning" {
	running "$NATIVE"
	local id
	id=$(xrun ps -q --no-trunc)
	[ "${#id}" = 64 ]
	for name in box "$id" "${id:0:12}" "${id:0:3}"; do
		[ "$(xrun exec "$name" echo found)" = found ]
	done
	fails_with 125 "no container ${id:0:11}x" xrun exec "${id:0:11}x" true
}

@test "--group-add gives the program more groups, of the image's by name, and those of exec as well" {
	[ "$(xrun --group-add staff --group-add 77 -u 1234 "$NATIVE" id -G)" = "0 50 77" ]
	running --group-add 77 -u app "$NATIVE"
	[ "$(xrun exec box id -G | tr ' ' '\n' | sort -n | xargs)" = "50 77 1000" ]
	[ "$(xrun exec -u 0 box id -G)" = "0 77" ]
	fails_with 125 "group nonesuch: not in the image's /etc/group" xrun --group-add nonesuch "$NATIVE" true
	fails_with 125 "keep-groups" xrun --group-add keep-groups "$NATIVE" true
	fails_with 125 'write a group' xrun --group-add a,b "$NATIVE" true
}
