#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers where there is one id to give.

load ../lib

# as_stranger COMMAND...: as a user of whom /etc/subuid knows nothing.
as_stranger() {
	setpriv --reuid 54321 --regid 54321 --clear-groups env -i PATH="$PATH" "$@"
}

prepare() {
	mkdir -m 777 "$BATS_FILE_TMPDIR/stranger"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
}

@test "a user without subordinate ids gets one id, and is told what that means" {
	local place=$BATS_FILE_TMPDIR/stranger/store said=$BATS_TEST_TMPDIR/said
	[ "$(as_stranger "$XRUN" --root "$place" "$NATIVE" cat /proc/self/uid_map 2>"$said" | tr -s ' ')" = " 0 0 1" ]
	grep -q '^xrun: note: .*one user id only.* chown.*: /etc/subuid' "$said"
	[ "$(as_stranger "$XRUN" --root "$place" --arch aarch64 "$PLAIN/test:arm64" uname -m)" = aarch64 ]
	run as_stranger "$XRUN" --root "$place" -u app "$NATIVE" id
	[ "$status" = 125 ]
	[[ $output == *"xrun: cannot become group 1000"* ]]
	as_stranger "$XRUN" --root "$place" rmi --all
}

@test "--userns keep-id is an error without subordinate ids, and for root" {
	mkdir -m 777 "$BATS_TEST_TMPDIR/store"
	fails_with 125 "keep-id needs subordinate ids for the container's root and others: /etc/subuid" \
		as_stranger "$XRUN" --root "$BATS_TEST_TMPDIR/store" run --userns keep-id "$NATIVE" true
	fails_with 125 "keep-id is for ordinary users" xrun run --userns keep-id "$NATIVE" true
}

# Such is a directory that an administrator made for somebody.
@test "--userns keep-id says so where the store's directory is of a group that the container lacks" {
	local kept=$BATS_TEST_TMPDIR/store
	chmod 755 "$BATS_TEST_TMPDIR"
	mkdir "$kept"
	chown xrun-test:root "$kept"
	fails_with 125 "the store's directory belongs to a user or group that the container's ids lack; give it to yourself and your own group" \
		setpriv --reuid xrun-test --regid xrun-test --clear-groups "$XRUN" --root "$kept" run -q --userns keep-id "$NATIVE" true
	chgrp xrun-test "$kept"
	setpriv --reuid xrun-test --regid xrun-test --clear-groups "$XRUN" --root "$kept" run -q --userns keep-id "$NATIVE" true
	setpriv --reuid xrun-test --regid xrun-test --clear-groups "$XRUN" --root "$kept" rmi --all
}

@test "root's --root takes over no directory that has something else in it, also where a symlink leads there" {
	local place=$BATS_TEST_TMPDIR/precious before way
	mkdir -p "$place/etc" "$BATS_TEST_TMPDIR/new/lost+found"
	before=$(stat -c '%a %u' "$place")
	ln -s precious "$BATS_TEST_TMPDIR/link"
	for way in precious link; do
		fails_with 125 "$way has files of another kind in it" "$XRUN" --root "$BATS_TEST_TMPDIR/$way" images
	done
	[ "$(stat -c '%a %u' "$place") $(ls "$place")" = "$before etc" ]
	"$XRUN" --root "$BATS_TEST_TMPDIR/new" images
	"$XRUN" --root "$BATS_TEST_TMPDIR/new" images
}

# package_work ARCH: what dpkg and apt do in the image of that architecture.
package_work() {
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" -q --arch "$1" "$PLAIN/packages:$1" sh -ec '
		cd /repository
		dpkg --force-depends -i libutempter0_*.deb # a setgid one of utmp
		apt-get -q -y update
		apt-get -q -y --no-install-recommends install libfl2
		dpkg --force-depends --unpack at_*.deb       # files of daemon, a setuid and setgid one too
		dpkg -s libutempter0 libfl2 | grep -c "^Status: install ok installed" >/tmp/installed
		stat -c "%u:%g %a" /usr/bin/at /usr/lib/*/utempter/utempter >>/tmp/installed
		cat /tmp/installed' >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said" || { cat "$BATS_TEST_TMPDIR"/{out,said} >&2; return 1; }
	tail -3 "$BATS_TEST_TMPDIR/out" | tr '\n' ' '
}

@test "with one id, dpkg and apt install packages whose files have other owners, in any architecture" {
	[ "$(package_work amd64)" = "2 0:0 6755 0:0 2755 " ]
	[ "$(package_work arm64)" = "2 0:0 6755 0:0 2755 " ]
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" rmi --all
}

@test "with one id, changing owners and ids and making devices succeeds and does nothing" {
	local place=$BATS_FILE_TMPDIR/stranger/store
	cat >"$BATS_TEST_TMPDIR/fakes.c" <<-'C'
		#define _GNU_SOURCE
		#include <fcntl.h>
		#include <grp.h>
		#include <stdio.h>
		#include <sys/stat.h>
		#include <unistd.h>
		int main(void)
		{
			gid_t groups[] = { 1, 2 };
			close(open("/tmp/f", O_CREAT | O_WRONLY, 0644));
			printf("%d %d %d %d ", chown("/tmp/f", 1, 2), lchown("/tmp/f", 3, 4), setgroups(2, groups), setresgid(5, 5, 5));
			printf("%d %d %d %d ", setuid(6), seteuid(7), mknod("/tmp/dev", S_IFCHR | 0600, 0x103), mknod("/tmp/fifo", S_IFIFO | 0600, 0));
			struct stat st;
			stat("/tmp/f", &st);
			printf("%u %u %u %d %d\n", st.st_uid, geteuid(), getegid(), access("/tmp/dev", F_OK), access("/tmp/fifo", F_OK));
		}
	C
	cc -static -o "$BATS_FILE_TMPDIR/fakes" "$BATS_TEST_TMPDIR/fakes.c"
	chmod 755 "$BATS_FILE_TMPDIR/fakes"
	local option
	for option in --rm "--security-opt seccomp=unconfined" "--security-opt no-new-privileges"; do
		# shellcheck disable=SC2086 # several words are meant
		[ "$(as_stranger "$XRUN" --root "$place" $option -v "$BATS_FILE_TMPDIR/fakes:/fakes" "$NATIVE" /fakes)" = \
			"0 0 0 0 0 0 0 0 0 0 0 -1 0" ]
	done
	as_stranger "$XRUN" --root "$place" rmi --all
}

@test "with one id, a pull says how many files lost their owner" {
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" pull "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said"
	grep -q '^note: [0-9]* files belong to root now' "$BATS_TEST_TMPDIR/said"
	as_stranger "$XRUN" --root "$BATS_FILE_TMPDIR/stranger/store" rmi --all
}

@test "root of a user namespace without more ids gets one, too" {
	unshare -Urm "$XRUN" --root "$STORE" "$NATIVE" id -u >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/said"
	[ "$(cat "$BATS_TEST_TMPDIR/out")" = 0 ]
	grep -q 'one user id only.*: this user namespace has no such ids' "$BATS_TEST_TMPDIR/said"
	unshare -Urm "$XRUN" --root "$STORE" rmi --all
}

@test "root with a line in /etc/subuid that names no ids is told so, and not given one id" {
	echo root:4294967290:65536 >"$BATS_TEST_TMPDIR/subuid"
	fails_with 125 "/etc/subuid" unshare -m sh -c 'mount --bind "$1" /etc/subuid && shift && exec "$@"' - \
		"$BATS_TEST_TMPDIR/subuid" "$XRUN" --root "$BATS_TEST_TMPDIR/store" "$NATIVE" true
}
