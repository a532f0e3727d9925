#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun doctor for an ordinary user of a machine that root has set up badly. Every change is in a mount namespace of its own.

load ../lib

setup() {
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR"
	install -d -o xrun-test "$BATS_TEST_TMPDIR/store"
}

teardown() {
	rm -rf "$BATS_TEST_TMPDIR/store"
}

# examine STATUS ROW TEXT CHANGE: what doctor tells xrun-test after the shell commands CHANGE; it stays in $said.
examine() {
	local got=0 line
	said=$(unshare --mount --propagation private bash -ec "$4"'
		exec setpriv --reuid xrun-test --regid xrun-test --init-groups "$0" --root "$1/store" doctor' "$XRUN" "$BATS_TEST_TMPDIR" 2>&1) || got=$?
	echo "status $got: $said"
	[ "$got" = "$1" ]
	line=$(grep -E "^ +$2 +" <<<"$said")
	[[ $line == *"$3"* ]]
}

# A /usr/bin that can be changed.
own_bin='mkdir "$1/upper" "$1/work"; mount -t overlay none -o "lowerdir=/usr/bin,upperdir=$1/upper,workdir=$1/work" /usr/bin;'

@test "a sound machine has all ids" {
	examine 0 "ok +id map" "65537 ids" ""
}

@test "a user without subordinate ids is told the command that gives some nobody has" {
	examine 0 "limits +id map" "/etc/subuid has no range" 'echo ann:100000:65536 >"$1/subuid"; mount --bind "$1/subuid" /etc/subuid;'
	[[ $said == *"sudo usermod --add-subuids 165536-231071 --add-subgids "*" xrun-test"* ]]
}

@test "the remedy for missing ids helps" {
	examine 0 "ok +id map" "65537 ids" '
		for f in passwd shadow group gshadow subuid subgid; do cp -p /etc/$f "$1/"; done
		mkdir "$1/etc" "$1/etcwork"; mount -t overlay none -o "lowerdir=/etc,upperdir=$1/etc,workdir=$1/etcwork" /etc
		rm -f /etc/subuid /etc/subgid; touch /etc/subuid /etc/subgid
		said=$(setpriv --reuid xrun-test --regid xrun-test --init-groups "$0" --root "$1/store" doctor)
		PATH=$PATH:/usr/sbin $(sed -n "s/^ *mend: *sudo usermod/usermod/p" <<<"$said");'
}

@test "a range of few ids is a limit" {
	examine 0 "limits +/etc/subuid" "has 100 ids" 'echo xrun-test:100000:100 >"$1/subuid"; mount --bind "$1/subuid" /etc/subuid;'
}

@test "a range that another user has too is told" {
	examine 0 "limits +/etc/subuid" "overlaps 150000:65536 of ann" \
		'printf "xrun-test:100000:65536\nann:150000:65536\n" >"$1/subuid"; mount --bind "$1/subuid" /etc/subuid;'
}

@test "newuidmap that is not installed is a limit" {
	examine 0 "limits +newuidmap" "is not installed" "$own_bin"' rm /usr/bin/newuidmap;'
	[[ $said == *"sudo apt install uidmap"* ]]
}

@test "newgidmap that is not set-uid is told with the command that mends it" {
	examine 1 "broken +newgidmap" "is neither set-uid root" "$own_bin"' chmod u-s /usr/bin/newgidmap;'
	[[ $said == *"sudo chmod u+s /usr/bin/newgidmap"* ]]
}

@test "newuidmap with file capabilities in place of set-uid is sound" {
	examine 0 "ok +id map" "65537 ids" "$own_bin"' chmod u-s /usr/bin/new[ug]idmap; PATH=$PATH:/sbin:/usr/sbin
		setcap cap_setuid+ep /usr/bin/newuidmap; setcap cap_setgid+ep /usr/bin/newgidmap;'
}

@test "newuidmap on a file system that is mounted nosuid is told" {
	examine 1 "broken +newuidmap" "nosuid" 'mount --bind /usr/bin /usr/bin; mount -o remount,bind,nosuid /usr/bin;'
}

@test "no_new_privs around xrun is told, which makes newuidmap powerless" {
	run setpriv --reuid xrun-test --regid xrun-test --init-groups --no-new-privs "$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor
	[ "$status" = 1 ]
	[[ $output == *"no_new_privs is set around xrun"* ]]
}

@test "Ubuntu's restriction of user namespaces is told by the sysctl that lifts it" {
	local deny="$BATS_TEST_DIRNAME/../deny.py"
	examine 1 "broken +user namespaces" "apparmor_restrict_unprivileged_userns is 1" '
		mkdir "$1/kernel"; echo 1 >"$1/kernel/apparmor_restrict_unprivileged_userns"; mount --bind "$1/kernel" /proc/sys/kernel
		exec '"$deny"' EPERM sethostname -- setpriv --reuid xrun-test --regid xrun-test --init-groups "$0" --root "$1/store" doctor;'
	[[ $said == *"sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"* ]]
}

@test "Debian's old restriction of user namespaces is told by the sysctl that lifts it" {
	local deny="$BATS_TEST_DIRNAME/../deny.py"
	examine 1 "broken +user namespaces" "unprivileged_userns_clone is 0" '
		mkdir "$1/kernel"; echo 0 >"$1/kernel/unprivileged_userns_clone"; mount --bind "$1/kernel" /proc/sys/kernel
		exec '"$deny"' EPERM unshare -- setpriv --reuid xrun-test --regid xrun-test --init-groups "$0" --root "$1/store" doctor;'
	[[ $said == *"sudo sysctl kernel.unprivileged_userns_clone=1"* ]]
}

@test "a chroot is told, where the kernel makes no user namespaces" {
	run unshare --mount --propagation private sh -ec 'mkdir "$1/root"; mount -t tmpfs none "$1/root"; mkdir "$1/root/below"
		cd "$1/root/below"; mkdir dev tmp lib lib64 bin usr proc store
		for d in dev usr proc lib lib64 bin; do mount --rbind /$d $d; done
		cp "$0" xrun
		exec chroot . /xrun --root /store doctor' "$XRUN" "$BATS_TEST_TMPDIR"
	[ "$status" = 1 ]
	[[ $output == *"xrun runs in a chroot"* ]]
}

@test "an emulator that is not installed is a limit" {
	examine 0 "limits +s390x" "no emulator for s390x" "$own_bin"' rm /usr/bin/qemu-s390x*;'
	[[ $said == *"sudo apt install qemu-user-static"* ]]
}

@test "a tun device that is root's alone is a limit" {
	examine 0 "limits +/dev/net/tun" "Permission denied" 'mkdir "$1/net"; mknod -m 600 "$1/net/tun" c 10 200; mount --bind "$1/net" /dev/net;'
	[[ $said == *"sudo chmod 666 /dev/net/tun"* ]]
}

@test "what is denied around a container fails there and natively" {
	"$BATS_TEST_DIRNAME/../deny.py" ENOSYS timerfd_create -- "$XRUN" --root "$BATS_TEST_TMPDIR/own" doctor --arch arm64 --format json |
		python3 -c 'import json, sys
row = next(row for row in json.load(sys.stdin) if row["name"] == "timerfd")
assert row["native"] == row["guest"] == "fails", row'
}
