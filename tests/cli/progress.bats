#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a pull shows while it works.

load lib
load scripted

# on_a_terminal COMMAND...: with a terminal of 100 columns for its output.
on_a_terminal() {
	script -qec "stty cols 100; $*" /dev/null
}

@test "with --progress json each line is an object, and the last one is the image" {
	xrun pull --progress json "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said"
	python3 -c '
import json, sys
events = [json.loads(line) for line in open(sys.argv[1])]
layers = [event for event in events if event["event"] == "layer"]
assert {event["state"] for event in layers} == {"downloading", "unpacked"}, layers
assert len({event["digest"] for event in layers}) == 3
done = [event for event in layers if event["state"] == "unpacked"]
assert len(done) == 3 and all(event["done"] == event["size"] > 0 for event in done)
assert events[-1]["event"] == "image" and events[-1]["name"] == sys.argv[2], events[-1]
assert events[-1]["digest"].startswith("sha256:") and events[-1]["platform"].startswith("linux/")
' "$BATS_TEST_TMPDIR/said" "$PLAIN/test:layers-gzip"
	xrun pull --progress json "$PLAIN/test:layers-gzip" 2>&1 | grep -c '"state": "already here"' | grep -qx 3
}

@test "a download that takes a while says how much of all came, how fast, and how long it will take" {
	xrun pull --progress json "$SCRIPTED/unhurried:v1" 2>&1 | grep '"event": "total"' >"$BATS_TEST_TMPDIR/totals"
	python3 -c '
import json, sys
totals = [json.loads(line) for line in open(sys.argv[1])]
assert totals and all(0 < t["done"] <= t["size"] and t["rate"] >= 0 and t["left"] >= -1 for t in totals), totals
' "$BATS_TEST_TMPDIR/totals"
	xrun rmi --all
	on_a_terminal "'$XRUN' --root '$STORE' pull $SCRIPTED/unhurried:v1" >"$BATS_TEST_TMPDIR/shown"
	grep -q '^total  *\[=* *\]  [0-9.]* kB of 300.[0-9] kB' <(tr '\r' '\n' <"$BATS_TEST_TMPDIR/shown" | sed 's/\x1b\[[0-9]*[AJ]//g')
}

@test "on a terminal nothing but what is done stays" {
	on_a_terminal "'$XRUN' --root '$STORE' pull $PLAIN/test:layers-gzip" >"$BATS_TEST_TMPDIR/shown"
	python3 -c '
import re, sys
lines = []  # what is on the screen: text, and the cursor below it
for piece in re.split(r"(\x1b\[\d+A\r\x1b\[J)", open(sys.argv[1], newline="").read()):
    if move := re.match(r"\x1b\[(\d+)A", piece):
        del lines[len(lines) - int(move[1]):]
    else:
        lines += piece.replace("\r", "").split("\n")[:-1]
assert len(lines) == 4, lines
assert all(re.fullmatch(r"[0-9a-f]{12}  [\d.]+ [kM]B  unpacked", line) for line in lines[:3]), lines
assert "linux/" in lines[3]
' "$BATS_TEST_TMPDIR/shown"
}

@test "plain lines can be had on a terminal, and on one that cannot draw they come by themselves" {
	on_a_terminal "'$XRUN' --root '$STORE' pull --progress plain $PLAIN/test:layers-gzip" >"$BATS_TEST_TMPDIR/shown"
	refute grep -q $'\e' "$BATS_TEST_TMPDIR/shown"
	xrun rmi --all
	on_a_terminal "TERM=dumb '$XRUN' --root '$STORE' pull $PLAIN/test:layers-gzip" >"$BATS_TEST_TMPDIR/shown"
	refute grep -q $'\e' "$BATS_TEST_TMPDIR/shown"
	[ "$(grep -c unpacked "$BATS_TEST_TMPDIR/shown")" = 3 ]
}

@test "--progress none and -q show nothing, with run, too" {
	[ -z "$(xrun pull --progress none "$NATIVE" 2>&1)" ]
	xrun rmi --all
	[ -z "$(xrun --progress none "$NATIVE" true 2>&1)" ]
	xrun rmi --all
	[ -z "$(xrun pull -q --progress json "$NATIVE" 2>&1)" ]
	[ "$(xrun --progress json --pull always "$NATIVE" echo well 2>/dev/null)" = well ]
}

@test "another word for --progress is an error, also when nothing is pulled" {
	fails_with 125 "--progress bars: there are auto, plain, json and none" xrun pull --progress bars "$NATIVE"
	xrun pull -q "$NATIVE"
	fails_with 125 "--progress bars" xrun run --progress bars "$NATIVE" true
}
