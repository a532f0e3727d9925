#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A container's life: detached, stopped, started again, removed; and what is left where its xrun is killed.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q "$PLAIN/test:config"
}

# Nothing survives a test: neither containers nor processes.
teardown() {
	remove_containers
	[ -z "$(ls "$STORE/containers")" ]
	[ -z "$(ls "$STORE/containers/.names" 2>/dev/null)" ]
}

forever='echo ready; exec sleep 1000'

status_of() {
	xrun ps -a --format json | python3 -c '
import json, sys
for c in json.load(sys.stdin):
	if c["name"] == sys.argv[1]: print(c["status"], c.get("exitCode", ""))' "$1"
}

@test "-d prints the id, and the container goes on" {
	local id
	id=$(xrun run -d --name box "$NATIVE" sh -c "$forever")
	[[ $id =~ ^[0-9a-f]{64}$ ]]
	[ "$(xrun ps -q --no-trunc)" = "$id" ]
	[ "$(xrun exec box echo inside)" = inside ]
}

@test "-d of a program that cannot be executed says so, and leaves nothing" {
	fails_with 127 "nonesuch: no such program" xrun run -d --name box "$NATIVE" nonesuch
	[ "$(xrun ps -aq)" = "" ]
}

@test "a container with a name, or detached, stays when it has ended; others do not; --rm removes any" {
	xrun run --name one "$NATIVE" true
	xrun run "$NATIVE" true
	xrun run --rm --name two "$NATIVE" true
	xrun run -d --rm --name three "$NATIVE" true
	await prints one xrun ps -a --format '{{.Names}}'
	[ "$(status_of one)" = "exited 0" ]
}

@test "a container that is started again has the files that it wrote" {
	run xrun run --name box "$NATIVE" sh -c 'cat /root/times 2>/dev/null; echo once more >>/root/times; rm -f /bin/sed; exit 3'
	[ "$status" = 3 ]
	run xrun start -a box
	[ "$status" = 3 ]
	[ "$output" = "once more" ]
	xrun start box
	[ "$(xrun wait box)" = 3 ]
	[ "$(xrun logs box)" = "$(printf 'once more\nonce more')" ]
	[ "$(status_of box)" = "exited 3" ]
}

@test "what was created does not run until it is started" {
	local id
	id=$(xrun create --name box "$NATIVE" echo now)
	[ "$(status_of box)" = "created " ]
	[ -z "$(xrun ps -q)" ]
	[ -z "$(xrun logs box)" ]
	[ "$(xrun start -a "$id")" = now ]
}

@test "names are unique until their container is removed; rename gives another" {
	xrun run --name one "$NATIVE" true
	fails_with 125 "a container named one already" xrun run --name one "$NATIVE" true
	xrun run --name two "$NATIVE" true
	fails_with 125 "a container named two already" xrun rename one two
	xrun rename one three
	fails_with 125 "no container one" xrun start one
	xrun run --rm --name one "$NATIVE" true
	xrun start -a three
	xrun rm three two
}

@test "many that want one name at once: one gets it" {
	local pids=() i won=0
	for i in 1 2 3 4 5 6; do
		"$XRUN" --root "$STORE" run -d --name same "$NATIVE" sleep 1000 >/dev/null 2>&1 &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		await_end "$i"
		[ "$status" != 0 ] || won=$((won + 1))
	done
	[ "$won" = 1 ]
	[ "$(xrun ps -aq | wc -l)" = 1 ]
}

@test "stop ends a program by its handler, with the signal that was asked for" {
	xrun run -d --name box --stop-signal USR1 "$NATIVE" sh -c 'trap "echo by usr1; exit 5" USR1; trap "echo by int; exit 6" INT; echo ready; while :; do sleep 0.05; done'
	await_log ready
	xrun stop box
	[ "$(status_of box)" = "exited 5" ]
	xrun start box
	await_log 'ready$' 2
	xrun stop -s INT box
	[ "$(status_of box)" = "exited 6" ]
	xrun stop box
}

has_logged() {
	[ "$(xrun logs box | grep -c "$2")" -ge "$1" ]
}

# await_log TEXT [TIMES]: until the container box has written it that often.
await_log() {
	await has_logged "${2:-1}" "$1"
}

@test "stop kills what does not obey within the time, and what has no handler at once" {
	xrun run -d --name box --stop-timeout 1 "$NATIVE" sh -c 'trap "" TERM; echo ready; while :; do sleep 0.05; done'
	await_log ready
	xrun stop box
	[ "$(status_of box)" = "exited 137" ]
	xrun run -d --name deaf --stop-timeout 1000 "$NATIVE" sleep 1000
	xrun stop deaf
	[ "$(status_of deaf)" = "exited 137" ]
}

@test "stop reaches the program below an init that waits for signals: xrun's own, and one of the image's" {
	cat >"$BATS_TEST_TMPDIR/init.c" <<-'END'
		#define _GNU_SOURCE
		#include <signal.h>
		#include <sys/wait.h>
		#include <unistd.h>
		int main(int argc, char **argv)
		{
			sigset_t all;
			siginfo_t info;
			int status;
			sigfillset(&all);
			sigprocmask(SIG_BLOCK, &all, NULL);
			pid_t child = fork();
			if (child == 0) {
				sigprocmask(SIG_UNBLOCK, &all, NULL);
				execvp(argv[1], argv + 1);
				return 127;
			}
			while (argc > 1 && sigwaitinfo(&all, &info) != SIGCHLD)
				kill(child, info.si_signo);
			wait(&status);
			return WEXITSTATUS(status);
		}
	END
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	gcc -static -o "$BATS_TEST_TMPDIR/init" "$BATS_TEST_TMPDIR/init.c"
	local program='trap "echo terminated; exit 5" TERM; echo ready; while :; do sleep 0.05; done'
	xrun run -d --name box --init "$NATIVE" sh -c "$program"
	await_log ready
	xrun stop box
	[ "$(status_of box)" = "exited 5" ]
	xrun rm box
	xrun run -d --name box -v "$BATS_TEST_TMPDIR/init:/init" "$NATIVE" /init sh -c "$program"
	await_log ready
	xrun stop box
	[ "$(status_of box)" = "exited 5" ]
	xrun logs box | grep -q terminated
}

@test "Ctrl-C ends a program without a handler, with status 130, and leaves one that ignores it" {
	"$XRUN" --root "$STORE" run "$NATIVE" sh -c 'echo ready; exec sleep 1000' >"$BATS_TEST_TMPDIR/out" &
	local pid=$!
	await_text ready "$BATS_TEST_TMPDIR/out"
	await ! kill -INT "$pid" # until it is sleep, which has no handler
	await_end "$pid"
	[ "$status" = 130 ]
}

@test "kill sends a signal, KILL by default; unknown ones are refused" {
	xrun run -d --name box "$NATIVE" sh -c 'trap "echo hup; exit 4" HUP; echo ready; while :; do sleep 0.05; done'
	await_log ready
	xrun kill -s HUP box
	[ "$(xrun wait box)" = 4 ]
	xrun start box
	xrun kill box
	[ "$(xrun wait box)" = 137 ]
	fails_with 125 "no such signal" xrun kill -s NONESUCH box
	fails_with 125 "not running" xrun kill box
}

@test "restart stops and starts again" {
	xrun run -d --name box "$NATIVE" sh -c 'echo began; exec sleep 1000'
	local pid
	pid=$(xrun ps --format json | sed -n 's/.*"pid": "\(.*\)".*/\1/p')
	xrun restart box
	[ "$pid" != "$(xrun ps --format json | sed -n 's/.*"pid": "\(.*\)".*/\1/p')" ]
	await_log began 2
}

@test "--restart on-failure starts it again as often as was said, and not after success" {
	xrun run -d --name box --restart on-failure:2 "$NATIVE" sh -c 'echo tried; exit 3'
	[ "$(xrun wait box)" = 3 ]
	[ "$(xrun logs box | wc -l)" = 3 ]
	xrun run -d --name well --restart on-failure "$NATIVE" true
	[ "$(xrun wait well)" = 0 ]
}

@test "--restart always goes on until it is stopped" {
	xrun run -d --name box --restart always "$NATIVE" echo tried
	await_log tried 3
	xrun stop box
	[[ $(status_of box) == "exited "* ]]
	xrun start box
	xrun rm -f box
	fails_with 125 "--restart needs -d" xrun run --restart always "$NATIVE" true
	fails_with 125 "exclude each other" xrun run -d --rm --restart always "$NATIVE" true
	fails_with 125 "--restart sometimes" xrun run -d --restart sometimes "$NATIVE" true
}

@test "rm refuses a running container without -f" {
	xrun run -d --name box "$NATIVE" sleep 1000
	fails_with 125 "is running; stop it first" xrun rm box
	xrun rm -f box
	fails_with 125 "no container box" xrun rm box
	xrun rm -f box
}

@test "stop, restart, kill and rm take --all for every container" {
	local one two
	one=$(xrun run -d --name one "$NATIVE" sleep 1000)
	two=$(xrun run -d --name two "$NATIVE" sleep 1000)
	xrun create --name three "$NATIVE" true
	[ "$(xrun stop --all | sort)" = "$(printf '%s\n' "$one" "$two" | sort)" ]
	[ "$(status_of one | cut -d' ' -f1) $(status_of two | cut -d' ' -f1) $(status_of three)" = "exited exited created " ]
	[ -z "$(xrun stop -a)$(xrun kill -a)" ]
	xrun start one two
	[ "$(xrun kill -a | wc -l)" = 2 ]
	xrun wait one two
	[ "$(xrun restart -a | wc -l)" = 3 ]
	xrun stop two
	fails_with 125 "container one is running; stop it first" xrun rm -a
	[ "$(xrun ps -a --format '{{.Names}}')" = one ]
	fails_with 125 "--all is for every container: it takes no names, and there is one" xrun rm -a -f one
	fails_with 125 "which container? see xrun stop --help" xrun stop
	xrun rm -fa
	[ -z "$(xrun ps -aq)" ]
}

@test "rm --force kills at once, with --time after that time only" {
	xrun run -d --name box -v "$BATS_TEST_TMPDIR:/out" "$NATIVE" sh -c 'trap "echo bye >/out/said; exit" TERM; echo ready; while :; do sleep 0.1; done' >/dev/null
	await log_has ready box
	xrun rm -f -t 1000 box
	[ "$(cat "$BATS_TEST_TMPDIR/said")" = bye ]
	fails_with 125 "--time is for --force" xrun rm --time 1 box
	fails_with 125 "--time soon: not a number of seconds" xrun rm -f --time soon box
}

@test "a container's image can be removed meanwhile, and the container starts all the same" {
	local other=$BATS_TEST_TMPDIR/other
	"$XRUN" --root "$other" pull -q "$NATIVE"
	"$XRUN" --root "$other" run --name box "$NATIVE" true
	"$XRUN" --root "$other" rmi --all
	"$XRUN" --root "$other" start -a box
	"$XRUN" --root "$other" rm box
	"$XRUN" --root "$other" rmi --all
	[ -z "$(ls "$other/layers")" ]
}

@test "--cidfile has the id, and is not written over" {
	xrun run --cidfile "$BATS_TEST_TMPDIR/id" --name box "$NATIVE" true
	[ "$(xrun ps -aq --no-trunc)" = "$(cat "$BATS_TEST_TMPDIR/id")" ]
	fails_with 125 "--cidfile" xrun run --cidfile "$BATS_TEST_TMPDIR/id" "$NATIVE" true
}

@test "what config.json could not hold is refused where a container is kept, and reaches the program where none is" {
	[ "$(xrun run "$NATIVE" printf '%s' $'a\xffb' | od -An -tx1)" = " 61 ff 62" ]
	[ "$(xrun run --rm --name box "$NATIVE" printf '%s' $'a\xffb' | od -An -tx1)" = " 61 ff 62" ]
	fails_with 125 "is not UTF-8" xrun run -d "$NATIVE" echo $'a\xffb'
	fails_with 125 "is not UTF-8" xrun run --name box -e WORD=$'\xff' "$NATIVE" true
	fails_with 125 "is not UTF-8" xrun run --name box --security-opt mask=/$'\xff' "$NATIVE" true
	fails_with 125 "is not UTF-8" xrun run --name box --memory 64m --cgroup-parent /$'\xff' "$NATIVE" true
	fails_with 125 "is not UTF-8" xrun run -d --health-cmd $'\xff' "$NATIVE" true
	[ -z "$(xrun ps -aq)" ]
}

@test "--pidfile has the number of the first process, at each start" {
	cd "$BATS_TEST_TMPDIR" || return
	xrun run -d --pidfile pid --name box "$NATIVE" sleep 1000
	[ "$(cat pid)" = "$(xrun inspect -f '{{.State.Pid}}' box)" ]
	xrun restart box
	[ "$(cat pid)" = "$(xrun inspect -f '{{.State.Pid}}' box)" ]
	[ "$(ls -A pid*)" = pid ] # nothing that it was made of
	[[ "$(xrun run --pidfile /dev/stderr "$NATIVE" true 2>&1)" =~ ^[0-9]+$ ]]
	[ -L /dev/stderr ]
	fails_with 125 "--pidfile" xrun run --pidfile "$BATS_TEST_TMPDIR/none/pid" "$NATIVE" sleep 1000
	[ "$(xrun ps -aq | wc -l)" = 1 ]
}

# supervisor NAME: the number of the xrun that looks after a container.
supervisor() {
	local id
	id=$(xrun ps -aq --no-trunc --filter "name=$1")
	sed -n 's/.*"supervisor": \([0-9]*\).*/\1/p' "$STORE/containers/$id/state.json"
}

@test "a supervisor that is killed takes its container along, which is said to be lost, and can be started" {
	xrun run -d --name box "$NATIVE" sh -c 'echo "$$" >>/root/f; echo ready; exec sleep 6543'
	await_log ready
	kill -KILL "$(supervisor box)"
	await ! pgrep -u "$(id -u)" -f 'sleep 6543'
	[ "$(status_of box)" = "exited 137" ]
	[[ $(xrun ps -a) == *"Lost: its xrun was killed"* ]]
	[ "$(xrun wait box)" = 137 ]
	xrun start box
	await_log ready 2
	[ "$(xrun exec box cat /root/f | wc -l)" = 2 ]
}

@test "a program that has changed its ids does not outlive a supervisor that is killed" {
	xrun run -d --name box "$NATIVE" sh -c 'echo ready; exec sleep 6544'
	await_log ready
	local pid
	pid=$(xrun ps --format json | sed -n 's/.*"pid": "\(.*\)".*/\1/p')
	kill -KILL "$(supervisor box)"
	xrun run "$NATIVE" true
	await ! kill -0 "$pid"
}

# cleared ID: one more start, and it is gone.
cleared() {
	xrun "$NATIVE" true
	[ ! -e "$STORE/containers/$1" ]
}

@test "what a killed xrun left is cleared up by one of the next starts, however many containers there are" {
	local id i
	for ((i = 0; i < 20; i++)); do
		xrun create "$NATIVE" true >/dev/null
	done
	id=$(xrun run -d --rm --name box "$NATIVE" sleep 6545)
	[ -d "$STORE/containers/$id" ]
	kill -KILL "$(supervisor box)"
	await cleared "$id"
	[ "$(xrun ps -aq | wc -l)" = 20 ]
}

@test "a state of a newer xrun is refused, a damaged one can be removed" {
	local id
	id=$(xrun create --name box "$NATIVE" true)
	sed -i 's/"version": 1/"version": 99/' "$STORE/containers/$id/state.json"
	fails_with 125 "version 99" xrun start box
	echo '{' >"$STORE/containers/$id/state.json"
	fails_with 125 "damaged" xrun start box
	xrun rm -f "$id"
}

@test "containers whose files the power took away are told, hide no other, and go with rm" {
	local other made
	other=$(xrun create --name other "$NATIVE" true)
	for file in config state; do
		made=$(xrun create --name box "$NATIVE" true)
		: >"$STORE/containers/$made/$file.json"
		[ "$(xrun ps -aq --no-trunc 2>"$BATS_TEST_TMPDIR/said")" = "$other" ]
		[ "$(cat "$BATS_TEST_TMPDIR/said")" = "xrun: warning: container ${made:0:12}: the container's $file.json is damaged; \`xrun rm\` removes the container" ]
		fails_with 125 "$file.json is damaged; \`xrun rm\` removes the container" xrun start box
		xrun prune
		xrun rm box
		[ "$(xrun ps -aq --no-trunc 2>&1)" = "$other" ]
	done
	made=$(xrun create --name box "$NATIVE" true)
	head -c 900 /dev/zero >"$STORE/containers/$made/config.json"
	xrun prune
	xrun rm "${made:0:12}"
	made=$(xrun create --name box "$NATIVE" true)
	echo '{' >"$STORE/containers/$made/config.json"
	fails_with 125 "container ${made:0:12}: the container's config.json is not a JSON object" xrun prune
	fails_with 125 "; \`xrun rm\` removes the container" xrun prune
	: >"$STORE/containers/$other/state.json"
	xrun rm --all
	[ -z "$(xrun ps -aq 2>&1)" ]
}

@test "containers that come and go in parallel leave nothing behind" {
	local i pids=()
	for i in 1 2 3 4; do
		(
			for round in 1 2 3; do
				xrun run -d --name "c$i" "$NATIVE" sh -c 'echo ready; exec sleep 1000' >/dev/null
				[ "$(xrun exec "c$i" echo "$round")" = "$round" ]
				xrun logs "c$i" >/dev/null
				xrun stop "c$i" >/dev/null
				xrun rm "c$i" >/dev/null
			done
		) &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		await_end "$i"
		[ "$status" = 0 ]
	done
	[ -z "$(xrun ps -aq)" ]
}

@test "a detached container does not keep open what our caller has" {
	local got
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	cat "$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" &
	xrun run -d --name box "$NATIVE" sleep 1000 8>"$BATS_TEST_TMPDIR/fifo"
	await_end $! # cat ends when nobody has the other end any more
	got=$(xrun run -d --name other --env-file <(echo FROM=pipe) "$NATIVE" sleep 1000)
	[ "$(xrun exec "$got" sh -c 'echo $FROM')" = pipe ]
}

# As Ctrl-Z does.
@test "a container ends by stop and by rm -f although its xrun is stopped" {
	local how
	for how in "stop -t 0" "rm -f"; do
		xrun run -d --name box "$NATIVE" sh -c "$forever"
		kill -STOP "$(xrun inspect -f '{{.Supervisor}}' box)"
		# shellcheck disable=SC2086 # words
		timeout 20 "$XRUN" --root "$STORE" $how box
		xrun rm -f box
	done
}

open_files() {
	find "/proc/$1/fd" -type l | wc -l
}

@test "many clients leave the supervisor with as many descriptors as before" {
	local id supervisor before i
	id=$(xrun run -d --name box "$NATIVE" sh -c 'while :; do echo tick; sleep 0.01; done')
	supervisor=$(xrun inspect -f '{{.Supervisor}}' box)
	before=$(open_files "$supervisor")
	for ((i = 0; i < 60; i++)); do
		"$XRUN" --root "$STORE" attach box </dev/null 2>/dev/null | head -c 1 >/dev/null || true
		xrun exec "$id" true
	done
	await prints "$before" open_files "$supervisor"
}
