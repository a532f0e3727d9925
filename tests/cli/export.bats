#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What a container's files are, and how they differ from its image's: export, diff.

load lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	remove_containers
}

change='mkdir /root/new && echo x >/root/new/file && echo y >>/etc/passwd && rm /bin/sed && ln /root/new/file /root/new/second &&
	ln -s file /root/new/link && chown app:staff /root/new/file && chmod 4711 /root/new/file'

@test "diff lists what was added, changed and deleted" {
	xrun run --name box "$NATIVE" sh -c "$change"
	xrun diff box >"$BATS_TEST_TMPDIR/diff"
	for line in 'A /root/new' 'A /root/new/file' 'C /etc/passwd' 'C /etc' 'A /root/new/link'; do
		grep -qxF "$line" "$BATS_TEST_TMPDIR/diff"
	done
	[[ $(grep '^D' "$BATS_TEST_TMPDIR/diff") == D*"/bin/sed" ]]
	refute grep -q '/bin/cat' "$BATS_TEST_TMPDIR/diff"
	xrun start -a box || true
	xrun create --name untouched "$NATIVE" true
	[ -z "$(xrun diff untouched)" ]
}

@test "export is an archive of all files, which tar reads" {
	local long
	long=$(printf 'n%.0s' {1..150})
	xrun run --name box "$NATIVE" sh -c "$change; mkdir /root/$long; echo long >/root/$long/$long"
	xrun export box >"$BATS_TEST_TMPDIR/tar"
	tar -tf "$BATS_TEST_TMPDIR/tar" >"$BATS_TEST_TMPDIR/names"
	grep -qx root/new/file "$BATS_TEST_TMPDIR/names"
	grep -qx "root/$long/$long" "$BATS_TEST_TMPDIR/names"
	refute grep -qx bin/sed "$BATS_TEST_TMPDIR/names"
	[ "$(tar -xOf "$BATS_TEST_TMPDIR/tar" "root/$long/$long")" = long ]
	diff <(tar -xOf "$BATS_TEST_TMPDIR/tar" etc/passwd) <(xrun start -a box >/dev/null 2>&1; xrun cp box:/etc/passwd "$BATS_TEST_TMPDIR/p"; head -c "$(tar -xOf "$BATS_TEST_TMPDIR/tar" etc/passwd | wc -c)" "$BATS_TEST_TMPDIR/p")
	tar --numeric-owner -tvf "$BATS_TEST_TMPDIR/tar" root/new/file root/new/second root/new/link | awk '{ print $1, $2, $6, $7, $8, $9 }' >"$BATS_TEST_TMPDIR/list"
	grep -q -- '-rws--x--x 1000/50 root/new/file' "$BATS_TEST_TMPDIR/list"
	grep -q 'root/new/second link to root/new/file' "$BATS_TEST_TMPDIR/list"
	grep -q 'root/new/link -> file' "$BATS_TEST_TMPDIR/list"
}

@test "export of a running container leaves out what is mounted there" {
	mkdir "$BATS_TEST_TMPDIR/volume"
	echo ours >"$BATS_TEST_TMPDIR/volume/file"
	xrun run -d --name box -v "$BATS_TEST_TMPDIR/volume:/volume" "$NATIVE" sleep 1000
	xrun export -o "$BATS_TEST_TMPDIR/tar" box
	tar -tf "$BATS_TEST_TMPDIR/tar" >"$BATS_TEST_TMPDIR/names"
	grep -qx volume/ "$BATS_TEST_TMPDIR/names"
	grep -qx proc/ "$BATS_TEST_TMPDIR/names"
	refute grep -q '^volume/file' "$BATS_TEST_TMPDIR/names"
	refute grep -q '^proc/.' "$BATS_TEST_TMPDIR/names"
	grep -q '^bin/sh' "$BATS_TEST_TMPDIR/names" || grep -q '^usr/bin/sh' "$BATS_TEST_TMPDIR/names"
}

@test "an export that cannot be written whole is an error, and leaves no part of it" {
	xrun create --name box "$NATIVE" true
	to_full() { xrun export box >/dev/full; }
	fails_with 125 "cannot write" to_full
	fails_with 125 "cannot write" xrun export -o "$BATS_TEST_TMPDIR/none/tar" box
	(ulimit -f 16; trap '' XFSZ; fails_with 125 "cannot write" xrun export -o "$BATS_TEST_TMPDIR/tar" box)
	[ ! -e "$BATS_TEST_TMPDIR/tar" ]
}

@test "directories that lie deeper than any path leads are refused, before their names have taken much memory" {
	# shellcheck disable=SC2016 # it is the container's shell that counts
	xrun run -d --name one --network none "$NATIVE" sh -c 'n=$(printf %0250d 0); mkdir d; i=0
		while [ $i -lt 20 ]; do mkdir t; mv d t/$n; mv t d; i=$((i + 1)); done'
	xrun wait one
	fails_with 125 "has more than 4095 bytes" xrun export -o /dev/null one
	fails_with 125 "has more than 4095 bytes" xrun diff one
	fails_with 125 "has more than 4095 bytes" xrun commit -q one localhost/deep
	xrun rm one
}
