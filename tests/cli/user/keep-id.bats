#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# --userns keep-id, a container in which the caller has an id of his own instead of root's.

bats_require_minimum_version 1.5.0
load ../lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch arm64 "$PLAIN/test:arm64"
}

ME=$(id -u):$(id -g)

teardown() {
	xrun rm -f kept >/dev/null 2>&1 || true
}

@test "keep-id gives the caller his own ids, natively and emulated" {
	for arch in "$(debian_name "$HOST")" arm64; do
		run -0 xrun run -q --userns keep-id --arch "$arch" "$PLAIN/test:$arch" sh -c 'echo "$(id -u):$(id -g)"'
		[ "$output" = "$ME" ]
	done
}

@test "keep-id: programs find the caller's name and group, and the image's as they were" {
	run -0 xrun run -q --userns keep-id -w /tmp "$NATIVE" sh -c 'id -un; id -gn; tail -n 1 /etc/passwd; stat -c %u:%g /etc/passwd'
	[ "${lines[0]} ${lines[1]}" = "$(id -un) $(id -gn)" ]
	[ "${lines[2]}" = "$(id -un):*:$ME:container user:/tmp:/bin/sh" ]
	[ "${lines[3]}" = 0:0 ]
	run -0 xrun run -q --userns keep-id:uid=1000,gid=50 "$NATIVE" sh -c 'id -un; id -gn; cat /etc/passwd'
	[ "${lines[0]} ${lines[1]}" = "app staff" ]
	[ "$(printf '%s\n' "${lines[@]:2}")" = "$(in_native cat /etc/passwd)" ]
}

@test "keep-id takes the ids that are given, which the image's other ids make room for" {
	run -0 xrun run -q --userns keep-id:uid=5,gid=7 "$NATIVE" sh -c 'echo "$(id -u):$(id -g)"; stat -c %u:%g / /etc /tmp; while read -r a b c; do echo $a $c; done </proc/self/uid_map'
	[ "${lines[0]}" = 5:7 ]
	[ "${lines[1]} ${lines[2]} ${lines[3]}" = "0:0 0:0 0:0" ]
	[ "${lines[4]} ${lines[5]}" = "0 5 5 1" ]
	[[ ${lines[6]} == "6 "* ]]
	run -0 xrun run -q --userns keep-id:uid=0,gid=0 "$NATIVE" id -u
	[ "$output" = 0 ]
}

@test "keep-id with an id beyond the subordinate range works, and the ids between are nobody's" {
	run -0 xrun run -q --userns keep-id:uid=3000000,gid=3000001 "$NATIVE" sh -c 'echo "$(id -u):$(id -g)"'
	[ "$output" = 3000000:3000001 ]
	run -0 xrun run -q --userns keep-id:uid=3000000,gid=3000001 --user 0 "$NATIVE" sh -c 'touch /x && chown 2000000 /x 2>/dev/null || stat -c %u /x'
	[ "$output" = 0 ]
}

@test "what keep-id's container writes in a volume is the caller's, and its root is somebody else" {
	mkdir "$BATS_TEST_TMPDIR/v"
	xrun run -q --userns keep-id -v "$BATS_TEST_TMPDIR/v:/v" "$NATIVE" sh -c 'echo hi >/v/mine'
	[ "$(stat -c %u:%g "$BATS_TEST_TMPDIR/v/mine")" = "$ME" ]
	run -0 xrun run -q --userns keep-id -v "$BATS_TEST_TMPDIR/v:/v" "$NATIVE" stat -c %u:%g /v/mine
	[ "$output" = "$ME" ]
	run ! xrun run -q --userns keep-id "$NATIVE" touch /etc/not-mine
	run -0 xrun run -q --userns keep-id --user 0 "$NATIVE" sh -c 'touch /etc/roots && stat -c %u /etc/roots'
	[ "$output" = 0 ]
}

@test "keep-id with another --user changes only whose files are whose" {
	run -0 xrun run -q --userns keep-id --user 3:4 "$NATIVE" sh -c 'echo "$(id -u):$(id -g)"; stat -c %u /etc'
	[ "${lines[0]} ${lines[1]}" = "3:4 0" ]
}

@test "the layers of keep-id are unpacked once, beside the others, and go with the image" {
	own=$BATS_TEST_TMPDIR/store
	"$XRUN" --root "$own" pull -q "$NATIVE"
	run -0 --separate-stderr "$XRUN" --root "$own" run --userns keep-id "$NATIVE" true
	[[ $stderr == *unpacked* ]]
	run -0 --separate-stderr "$XRUN" --root "$own" run --userns keep-id "$NATIVE" true
	[ -z "$stderr" ]
	[ "$(cd "$own/layers" && echo ./*."$(id -u).$(id -g)" | wc -w)" = "$(cd "$own/layers" && find . -mindepth 1 -maxdepth 1 ! -name '*.*.*' | wc -l)" ]
	"$XRUN" --root "$own" rmi "$NATIVE"
	[ -z "$(ls "$own/layers")" ]
}

@test "store verify finds and repairs damage in keep-id's layers" {
	own=$BATS_TEST_TMPDIR/store
	"$XRUN" --root "$own" run -q --userns keep-id "$NATIVE" true
	run -0 "$XRUN" --root "$own" store verify
	[[ ${lines[-1]} == *"keep-id ($(id -u).$(id -g)): 0 damaged"* ]]
	"$XRUN" --root "$own" run -q --userns keep-id:uid=9,gid=9 "$NATIVE" true
	layer=$(basename "$(echo "$own"/layers/*.9.9)")
	xrun run -v "$own/layers/$layer:/l" "$NATIVE" rm /l/etc/passwd
	run ! "$XRUN" --root "$own" store verify --repair=false
	[[ $output == *"layer sha256:"*damaged* ]]
	run -0 "$XRUN" --root "$own" store verify
	[[ $output == *"keep-id (9.9): 1 damaged, 1 mended"* ]]
	run -0 "$XRUN" --root "$own" run --userns keep-id:uid=9,gid=9 "$NATIVE" cat /etc/passwd
	[ -n "$output" ]
	"$XRUN" --root "$own" rmi --all
}

@test "a container of keep-id is started again, joined, copied from, compared and exported as it was" {
	xrun create --name kept --userns keep-id:uid=5,gid=7 "$NATIVE" sh -c 'echo run >>/tmp/log; sleep 1000' >/dev/null
	xrun inspect kept | grep -q '"UsernsMode": "keep-id:uid=5,gid=7"'
	for _ in 1 2; do
		xrun start kept >/dev/null
		run -0 xrun exec kept sh -c 'echo "$(id -u):$(id -g)"; stat -c %u:%g /'
		[ "${lines[0]} ${lines[1]}" = "5:7 0:0" ]
		run -0 xrun top --format '{{.USER}}' kept
		[ "${lines[0]}" = 5 ]
		[ "$(xrun exec kept cat /etc/passwd | grep -c ':5:7:')" = 1 ]
		await xrun exec kept test -s /tmp/log
		[ "$(xrun export kept | tar -tv --numeric-owner -f - tmp/log | cut -d' ' -f2)" = 5/7 ]
		xrun stop -t 0 kept >/dev/null
		[ "$(xrun export kept | tar -tv --numeric-owner -f - tmp/log | cut -d' ' -f2)" = 5/7 ]
		[ "$(xrun export kept | tar -tv --numeric-owner -f - etc/passwd | cut -d' ' -f2)" = 0/0 ]
	done
	xrun ps -a | grep -q kept
	run -0 xrun diff kept
	[ "$(printf '%s\n' "${lines[@]}" | grep -c '^[AC] /tmp')" = 2 ]
	[[ $output != */etc* ]]
	xrun cp kept:/tmp/log "$BATS_TEST_TMPDIR/log"
	[ "$(grep -c run "$BATS_TEST_TMPDIR/log")" = 2 ]
	echo new >"$BATS_TEST_TMPDIR/new"
	xrun cp "$BATS_TEST_TMPDIR/new" kept:/tmp/new
	xrun export kept | tar -tf - tmp/new
	xrun rm kept
	refute [ -e "$STORE/containers/.names/kept" ]
}

@test "containers with the same ids share namespaces, and those with other ids do not" {
	xrun run -q -d --name kept --network none --userns keep-id "$NATIVE" sleep 1000 >/dev/null
	[ "$(xrun run -q --userns keep-id --pid container:kept "$NATIVE" id -u)" = "$(id -u)" ]
	fails_with 125 "has another id map" xrun run -q --network container:kept "$NATIVE" true
}

@test "words of --userns that there are not are errors with the reason" {
	fails_with 125 "user namespaces of its own" xrun run -q --userns host "$NATIVE" true
	fails_with 125 "the same subordinate ids" xrun run -q --userns auto "$NATIVE" true
	fails_with 125 "uid=N and gid=N" xrun run -q --userns keep-id:size=3 "$NATIVE" true
	fails_with 125 "uid=N and gid=N" xrun run -q --userns keep-id:uid=4294967295 "$NATIVE" true
	fails_with 125 "private, keep-id" xrun run -q --userns keep-idle "$NATIVE" true
	run -0 xrun run -q --userns "" "$NATIVE" id -u
	[ "$output" = 0 ]
}
