#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# A detached container's output: logs, and attach.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	remove_containers
}

# ended OPTION... -- COMMAND...: a detached container box that has run the command to its end.
ended() {
	xrun run -d --name box "$@" >/dev/null
	xrun wait box >/dev/null
}

@test "logs has what was written, each stream on its own" {
	ended "$NATIVE" sh -c 'echo out; echo err >&2; printf unfinished'
	[ "$(xrun logs box 2>/dev/null)" = "$(printf 'out\nunfinished')" ]
	[ "$(xrun logs box 2>&1 >/dev/null)" = err ]
}

logs_have() {
	xrun logs box 2>&1 | grep -q "$1"
}

@test "logs says both streams in the order in which they were written, where they lead to the same place" {
	xrun run -d --name box "$NATIVE" sh -c 'go() { until [ -e /tmp/$1 ]; do sleep 0.05; done; }; echo one; go 1; echo two >&2; go 2; echo three; exec sleep 1000' >/dev/null
	local word i=0
	for word in one two; do
		await logs_have "$word"
		xrun exec box touch "/tmp/$((++i))"
	done
	await logs_have three
	[ "$(xrun logs box 2>&1)" = $'one\ntwo\nthree' ]
	[ "$(xrun logs -t box 2>&1 | sed 's/20[^ ]*Z/T/g')" = $'T one\nT two\nT three' ]
}

@test "logs gives every byte back as it was" {
	ended "$NATIVE" sh -c 'i=0; while [ $i -lt 256 ]; do printf "\\$(printf %o $i)"; i=$((i + 1)); done; echo; printf "gr\303\274n \"x\" \\\\ \t\n"; printf "\303\n"'
	python3 - >"$BATS_TEST_TMPDIR/want" <<-'END'
		import sys
		sys.stdout.buffer.write(bytes(range(256)) + b"\n" + b"gr\xc3\xbcn \"x\" \\ \t\n" + b"\xc3\n")
	END
	xrun logs box >"$BATS_TEST_TMPDIR/got"
	cmp "$BATS_TEST_TMPDIR/want" "$BATS_TEST_TMPDIR/got"
}

@test "the log is JSON, a line each" {
	ended "$NATIVE" sh -c 'echo "say \"hi\""; echo err >&2'
	python3 - "$STORE"/containers/*/log/json.log <<-'END'
		import json, sys
		lines = [json.loads(l) for l in open(sys.argv[1])]
		assert sorted((l["stream"], l["log"]) for l in lines) == [("stderr", "err\n"), ("stdout", 'say "hi"\n')], lines
		assert all(l["time"].endswith("Z") for l in lines), lines
	END
}

@test "logs --tail, --since, --until and --timestamps" {
	ended "$NATIVE" sh -c 'echo one; echo two; sleep 0.1; echo three'
	[ "$(xrun logs --tail 2 box)" = "$(printf 'two\nthree')" ]
	[ "$(xrun logs -n 99 box | wc -l)" = 3 ]
	[ -z "$(xrun logs --tail 0 box)" ]
	[ "$(xrun logs --tail all box | wc -l)" = 3 ]
	local third
	third=$(xrun logs -t box | sed -n 's/ three//p')
	[[ $third =~ ^20[0-9-]*T[0-9:]*\.[0-9]{9}Z$ ]]
	[ "$(xrun logs --since "$third" box)" = three ]
	[ "$(xrun logs --until "$third" box | wc -l)" = 3 ]
	[ -z "$(xrun logs --until 1h box)" ]
	[ "$(xrun logs --since 1h box | wc -l)" = 3 ]
	fails_with 125 "--since yesterday" xrun logs --since yesterday box
	fails_with 125 "--tail x" xrun logs --tail x box
}

@test "logs -f follows until the container ends" {
	xrun run -d --name box "$NATIVE" sh -c 'echo first; while ! [ -e /tmp/go ]; do sleep 0.05; done; echo last' >/dev/null
	"$XRUN" --root "$STORE" logs -f box >"$BATS_TEST_TMPDIR/out" &
	await_text first "$BATS_TEST_TMPDIR/out"
	xrun exec box touch /tmp/go
	await_end $!
	[ "$status" = 0 ]
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = "$(printf 'first\nlast')" ]
}

@test "logs -f ends when the supervisor is killed" {
	xrun run -d --name box "$NATIVE" sh -c 'echo first; exec sleep 1000' >/dev/null
	"$XRUN" --root "$STORE" logs -f box >"$BATS_TEST_TMPDIR/out" &
	await_text first "$BATS_TEST_TMPDIR/out"
	kill -KILL "$(sed -n 's/.*"supervisor": \([0-9]*\).*/\1/p' "$STORE"/containers/*/state.json)"
	await_end $!
	[ "$status" = 0 ]
}

@test "the log is bounded: max-size and max-file" {
	ended --log-opt max-size=4k --log-opt max-file=2 "$NATIVE" sh -c 'i=0; while [ $i -lt 500 ]; do echo "line $i"; i=$((i + 1)); done'
	[ "$(ls "$STORE"/containers/*/log)" = "$(printf 'json.log\njson.log.1')" ]
	[ "$(cat "$STORE"/containers/*/log/* | wc -c)" -le 8192 ]
	[ "$(xrun logs box | tail -1)" = "line 499" ]
	xrun logs box | awk '{ if (NR > 1 && $2 != before + 1) exit 1; before = $2 }'
	fails_with 125 "--log-opt" xrun run -d --log-opt max-size=x "$NATIVE" true
	fails_with 125 "--log-opt colour=red" xrun run -d --log-opt colour=red "$NATIVE" true
	fails_with 125 "--log-opt needs -d" xrun run --log-opt max-size=1k "$NATIVE" true
}

is_done() {
	xrun logs --tail 1 box | tr -d "\0" | grep -qx "done"
}

@test "output without line ends does not grow the supervisor's memory" {
	xrun run -d --name box --log-opt max-size=100k "$NATIVE" sh -c 'dd if=/dev/zero bs=1M count=64 2>/dev/null; echo; echo done; exec sleep 1000' >/dev/null
	await is_done
	sanitized || [ "$(sed -n 's/VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$(sed -n 's/.*"supervisor": \([0-9]*\).*/\1/p' "$STORE"/containers/*/state.json)/status")" -lt 8192 ]
}

@test "a program of any user may open its /dev/stdout again" {
	ended -u app "$NATIVE" sh -c 'echo again >/dev/stdout; echo too >/dev/stderr'
	[ "$(xrun logs box 2>&1 | sort)" = "$(printf 'again\ntoo')" ]
}

@test "a container in the foreground has no log, and logs says so" {
	xrun run --name box "$NATIVE" echo here
	fails_with 125 "has no log" xrun logs box
}

@test "attach takes output from now on, gives input, and has the program's exit status" {
	xrun run -di --name box "$NATIVE" sh -c 'while read line; do echo "got $line"; [ "$line" = end ] && exit 9; done; exit 8' >/dev/null
	run "$XRUN" --root "$STORE" attach box < <(echo one; echo end)
	[ "$status" = 9 ]
	[ "$output" = "$(printf 'got one\ngot end')" ]
	[ "$(xrun logs box)" = "$output" ]
}

@test "the end of an attached input is the program's" {
	xrun run -di --name box "$NATIVE" sh -c 'cat; echo over; exit 3' >/dev/null
	run "$XRUN" --root "$STORE" attach box < <(echo line)
	[ "$status" = 3 ]
	[ "$output" = "$(printf 'line\nover')" ]
}

@test "attach passes signals on; with --sig-proxy=false they end attach alone" {
	xrun run -d --name box "$NATIVE" sh -c 'trap "echo caught; exit 7" TERM; while :; do echo tick; sleep 0.05; done' >/dev/null
	"$XRUN" --root "$STORE" attach --sig-proxy=false box >"$BATS_TEST_TMPDIR/first" &
	await_text tick "$BATS_TEST_TMPDIR/first"
	kill -TERM $!
	await_end $!
	[ "$status" = 0 ]
	"$XRUN" --root "$STORE" attach box >"$BATS_TEST_TMPDIR/second" &
	await_text tick "$BATS_TEST_TMPDIR/second"
	kill -TERM $!
	await_end $!
	[ "$status" = 7 ]
	grep -q caught "$BATS_TEST_TMPDIR/second"
}

@test "attach to a container in the foreground is refused, and says why" {
	"$XRUN" --root "$STORE" run --name box "$NATIVE" sh -c 'echo ready; exec sleep 1000' >"$BATS_TEST_TMPDIR/out" &
	await_text ready "$BATS_TEST_TMPDIR/out"
	fails_with 125 "only a detached container" xrun attach box
}

@test "the detach keys leave a container with a terminal running" {
	xrun run -dit --name box "$NATIVE" sh -c 'stty -echo; while read line; do echo "got $line"; done' >/dev/null
	python3 - "$XRUN" --root "$STORE" attach box <<-'END'
		import os, pty, sys, time
		pid, fd = pty.fork()
		if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
		said = b""
		while b"got hello" not in said:
		    os.write(fd, b"hello\r")
		    time.sleep(0.1)
		    said += os.read(fd, 4096)
		os.write(fd, b"\x10\x11")
		try:
		    while b"left the container running" not in said: said += os.read(fd, 4096)
		except OSError: pass
		assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
		assert b"left the container running" in said, said
	END
	[ -n "$(xrun ps -q)" ]
}

@test "a client that does not read is dropped when it goes, and the program goes on" {
	xrun run -d --name box "$NATIVE" sh -c 'while ! [ -e /tmp/go ]; do echo tick; sleep 0.05; done; dd if=/dev/zero bs=1M count=4 2>/dev/null; echo; echo done; exec sleep 1000' >/dev/null
	"$XRUN" --root "$STORE" attach box >"$BATS_TEST_TMPDIR/out" &
	await_text tick "$BATS_TEST_TMPDIR/out"
	kill -STOP $!
	xrun exec box touch /tmp/go
	sleep 0.3
	kill -KILL $!
	await_end $!
	await is_done
}

@test "one client too many is told so, and the others go on" {
	xrun run -d --name box "$NATIVE" sh -c 'while :; do echo tick; sleep 0.1; done' >/dev/null
	local i pids=()
	for ((i = 0; i < 16; i++)); do
		"$XRUN" --root "$STORE" attach box >"$BATS_TEST_TMPDIR/out-$i" &
		pids+=($!)
	done
	for ((i = 0; i < 16; i++)); do await_text tick "$BATS_TEST_TMPDIR/out-$i"; done
	fails_with 125 "one more cannot be" xrun attach box
	xrun kill box >/dev/null
	for i in "${pids[@]}"; do
		await_end "$i"
		[ "$status" = 137 ]
	done
}

@test "logs of several containers: each line begins with whose it is" {
	local c
	for c in one two; do
		xrun run -d --name "$c" "$NATIVE" sh -c "echo $c; until [ -e /tmp/go ]; do sleep 0.05; done; printf 'more of $c'" >/dev/null
		await log_has "$c" "$c"
	done
	[ "$(xrun logs --names two one)" = $'two two\none one' ]
	[ "$(xrun logs two one | sed 's/^[0-9a-f]\{12\} /ID /')" = $'ID two\nID one' ]
	[ "$(xrun logs --names -t -n 1 one two | sed 's/20[^ ]*Z/T/')" = $'one T one\ntwo T two' ]
	xrun logs -f --names one two >"$BATS_TEST_TMPDIR/followed" 3>&- &
	await_text "two two" "$BATS_TEST_TMPDIR/followed"
	xrun exec one touch /tmp/go
	await_text "one more of one" "$BATS_TEST_TMPDIR/followed"
	xrun exec two touch /tmp/go
	wait $!
	[ "$(cat "$BATS_TEST_TMPDIR/followed")" = $'one one\ntwo two\none more of one\ntwo more of two' ]
	fails_with 125 "none" xrun logs one none
}
