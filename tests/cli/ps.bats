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

# The names that ps prints.
names() {
	xrun ps --format '{{.Names}}' "$@" | tr '\n' ' '
}

@test "ps -l and -n list the youngest, whether they run or not; --sort orders, --noheading has no titles" {
	xrun create --name zoe "$NATIVE" true >/dev/null
	running beta
	xrun create --name alpha "$NATIVE" sh >/dev/null
	[ "$(names)" = "beta " ]
	[ "$(names -l)" = "alpha " ]
	[ "$(names -n 2)" = "alpha beta " ]
	[ "$(names -n 1 --filter status=created --filter name=zoe)" = "zoe " ]
	[ "$(names -a --sort names)" = "alpha beta zoe " ]
	[ "$(names -a --sort created)" = "zoe beta alpha " ]
	[ "$(names -a --sort status)" = "alpha zoe beta " ]
	[ "$(xrun ps -a --noheading | wc -l)" = 3 ]
	[ "$(xrun ps -a --noheading --format 'table {{.Names}}\t{{.State}}' | wc -l)" = 3 ]
	fails_with 125 "--sort colour" xrun ps --sort colour
	fails_with 125 "--last many" xrun ps -n many
	fails_with 125 "leave out one of the two" xrun ps -l -n 2
	xrun rm alpha zoe
}

@test "ps -s says how much a container has written, and sorts by it" {
	xrun run --name big "$NATIVE" sh -c 'head -c 3000000 /dev/zero >/root/big; ln /root/big /root/same; head -c 5000000 /dev/zero >/dev/shm/none'
	xrun run --name small --user 1234 "$NATIVE" sh -c 'mkdir -m 700 /tmp/d; echo hello >/tmp/d/x'
	[ "$(xrun ps -as --noheading --format '{{.Names}} {{.Size}}' | tr '\n' ,)" = "small 0.0 kB,big 3.0 MB," ]
	[[ $(xrun ps -as | head -1) == *" SIZE "*NAMES ]]
	[ "$(names -a --sort size)" = "small big " ]
	xrun ps -as --format json | grep -q '"size": 6,'
	refute grep -q SIZE <(xrun ps -a)
	xrun rm big small
}

@test "templates of ps have docker's fields" {
	local port
	port=$(free_port 3)
	xrun run -d --name web -l a.b=c -l d=e -v "$BATS_TEST_TMPDIR:/data" -p "127.0.0.1:$port:80" -p "$((port + 1))-$((port + 2)):90-91/udp" "$NATIVE" sleep 1000
	[ "$(xrun ps --format '{{.Names}}|{{.Mounts}}|{{.Networks}}|{{.Labels}}|{{.Label "a.b"}}|{{.Label "none"}}|{{.State}}|{{.Restarts}}')" = \
		"web|$BATS_TEST_TMPDIR|private|a.b=c,d=e|c||running|0" ]
	[ "$(xrun ps --format '{{.Ports}}')" = "127.0.0.1:$port->80/tcp, 0.0.0.0:$((port + 1))-$((port + 2))->90-91/udp" ]
	[[ $(xrun ps --format '{{.ID}} {{.Image}} {{.Command}} {{.CreatedAt}} {{.StartedAt}} {{.RunningFor}} {{.Status}} {{.Pid}} {{.ExitCode}}{{.ExitedAt}}') == *"Up "* ]]
	xrun rm -f web
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
