#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun ps: what runs, told truthfully.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

# running NAME: a container that does nothing; its xrun's number is added to `started`.
running() {
	"$XRUN" --root "$STORE" run --rm --name "$1" "$NATIVE" sh -c 'echo ready; exec sleep 1000' >"$BATS_TEST_TMPDIR/$1" &
	started+=($!)
	await_text ready "$BATS_TEST_TMPDIR/$1"
}

teardown() {
	local pid
	for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
	wait
	xrun "$NATIVE" true
}

@test "ps lists what runs, the youngest first" {
	running one
	running two
	[ "$(xrun ps | awk 'NR > 1 { print $NF }' | tr '\n' ' ')" = "two one " ]
	[[ $(xrun ps) == "CONTAINER ID "*"IMAGE "*"COMMAND "*"STATUS "*"NAMES"*"$NATIVE"*"Up "* ]]
}

@test "what ps lists stands below its titles" {
	running one
	xrun ps >"$BATS_TEST_TMPDIR/table"
	python3 - "$BATS_TEST_TMPDIR/table" <<-'END'
		import re, sys
		title, row = open(sys.argv[1]).read().splitlines()
		begins = lambda line: [m.start() for m in re.finditer(r"(?<=  )\S|^\S", line)]
		assert begins(title) == begins(row), (title, row)
	END
}

@test "ps -q gives ids, and --format json all there is" {
	running one
	[[ $(xrun ps -q) =~ ^[0-9a-f]{12}$ ]]
	[[ $(xrun ps -q --no-trunc) =~ ^[0-9a-f]{64}$ ]]
	xrun ps --format json >"$BATS_TEST_TMPDIR/json"
	python3 - "$BATS_TEST_TMPDIR/json" "$(xrun ps -q --no-trunc)" <<-'END'
		import json, os, sys
		c, = json.load(open(sys.argv[1]))
		assert c["id"] == sys.argv[2] and c["name"] == "one" and c["status"] == "running", c
		assert c["command"] == "sh -c echo ready; exec sleep 1000", c
		assert os.path.exists("/proc/" + c["pid"]), c
	END
}

@test "ps filters by name, id, status and image; unknown filters are refused" {
	running one
	running other
	[ "$(xrun ps -q --filter name=one | wc -l)" = 1 ]
	[ "$(xrun ps -q --filter name=o | wc -l)" = 2 ]
	[ "$(xrun ps -q --filter name=one --filter name=other | wc -l)" = 2 ]
	[ "$(xrun ps -q --filter name=one --filter status=exited | wc -l)" = 0 ]
	[ "$(xrun ps -q --filter "id=$(xrun ps -q --filter name=one)" | wc -l)" = 1 ]
	[ "$(xrun ps -q --filter "ancestor=$NATIVE" | wc -l)" = 2 ]
	[ "$(xrun ps -q --filter ancestor=est | wc -l)" = 0 ]
	fails_with 125 "--filter colour=red" xrun ps --filter colour=red
}

@test "a container whose xrun was killed is not said to run" {
	running one
	kill -KILL "${started[0]}"
	await_end "${started[0]}"
	[ -z "$(xrun ps -q)" ]
	[[ $(xrun ps -a) == *"Lost: its xrun was killed"* ]]
	fails_with 125 "is not running" xrun exec one true
}

@test "nothing is listed where nothing was ever run" {
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/empty" ps -a | wc -l)" = 1 ]
	[ "$("$XRUN" --root "$BATS_TEST_TMPDIR/empty" ps --format json)" = "[]" ]
}
