#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun doctor on a sound machine, and on machines that something is wrong with: what it says, and that its remedy helps.

load lib

doctor() {
	"$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor "$@"
}

# finds STATUS ROW TEXT COMMAND...: the exit status, and one line that begins with STATE NAME and holds TEXT.
finds() {
	local want=$1 row=$2 text=$3 got=0 line
	shift 3
	said=$("$@" 2>&1) || got=$?
	echo "status $got: $said"
	[ "$got" = "$want" ]
	line=$(grep -E "^ +$row +" <<<"$said")
	[[ $line == *"$text"* ]]
}

teardown() {
	"$XRUN" --root "$BATS_TEST_TMPDIR/store" rmi --all 2>/dev/null || true
}

@test "where containers run, nothing is broken and the exit status is 0" {
	run doctor
	[ "$status" = 0 ]
	[[ $output != *"  broken"* ]]
	[[ $output == *"Containers run here"* ]]
	in_native true
}

@test "doctor --format json holds the same findings" {
	doctor | grep -cE '^  (ok|limits|broken) ' >"$BATS_TEST_TMPDIR/lines"
	doctor --format json | python3 -c '
import json, sys
rows = json.load(sys.stdin)
assert len(rows) == int(open(sys.argv[1]).read()), len(rows)
assert all(r["state"] in ("ok", "limits", "broken") and r["topic"] and r["name"] and r["detail"] for r in rows)
assert {"kernel", "ids", "container", "store", "limits", "network", "emulation"} == {r["topic"] for r in rows}
' "$BATS_TEST_TMPDIR/lines"
}

@test "doctor leaves nothing in the store" {
	doctor >/dev/null
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/store")" ]
}

@test "system calls that are missing are named, with the kernel that brought them" {
	local call
	for call in openat2 fsopen open_tree mount_setattr; do
		finds 1 "broken +$call" "Linux 5" "$BATS_TEST_DIRNAME/deny.py" ENOSYS "$call" -- "$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor
		[[ $said == *"a seccomp filter"* ]]
	done
}

@test "user namespaces that a seccomp filter denies are told as such" {
	finds 1 "broken +user namespaces" "a seccomp filter is around xrun" \
		"$BATS_TEST_DIRNAME/deny.py" EPERM unshare -- "$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor
	[[ $said == *"seccomp=unconfined"* ]]
}

# In a user namespace, whose limits are its own. The remedy, without its sudo, is run there.
@test "no user namespaces allowed: doctor says so, and its remedy helps" {
	finds 0 "ok +user namespaces" "" unshare -Ur sh -c '
		echo 0 >/proc/sys/user/max_user_namespaces
		"$0" --root "$1" doctor >"$2" && exit 9
		grep -E "broken +user namespaces .*max_user_namespaces is 0" "$2" || exit 8
		PATH=$PATH:/sbin:/usr/sbin $(sed -n "s/^ *mend: *sudo //p" "$2") || exit 7
		"$0" --root "$1" doctor' "$XRUN" "$BATS_TEST_TMPDIR/store" "$BATS_TEST_TMPDIR/said"
}

@test "no network namespaces allowed: doctor says so, and its remedy helps" {
	finds 0 "ok +namespaces" "net" unshare -Ur sh -c '
		echo 0 >/proc/sys/user/max_net_namespaces
		"$0" --root "$1" doctor >"$2" && exit 9
		grep -E "broken +net namespace .*max_net_namespaces is 0" "$2" || exit 8
		PATH=$PATH:/sbin:/usr/sbin $(sed -n "s/^ *mend: *sudo //p" "$2" | grep sysctl) || exit 7
		"$0" --root "$1" doctor' "$XRUN" "$BATS_TEST_TMPDIR/store" "$BATS_TEST_TMPDIR/said"
}

@test "a user namespace with one id is a limit, not broken" {
	finds 0 "limits +id map" "one user id only" unshare -Ur "$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor
}

@test "a covered /proc is found, which keeps containers from having one" {
	finds 1 "broken +file systems" "proc" unshare -Urm sh -c 'mount -t tmpfs none /proc/tty && exec "$0" --root "$1" doctor' \
		"$XRUN" "$BATS_TEST_TMPDIR/store"
	[[ $said == *"systempaths=unconfined"* ]]
}

@test "a store whose file system cannot hold an overlay is broken" {
	finds 1 "broken +overlay" "ramfs" unshare -Urm sh -c 'mount -t ramfs none "$1" && exec "$0" --root "$1" doctor' \
		"$XRUN" "$BATS_TEST_TMPDIR"
}

@test "a store without space is broken" {
	finds 1 "broken +space" "tmpfs" unshare -Urm sh -c 'mount -t tmpfs -o size=1m none "$1" && exec "$0" --root "$1" doctor' \
		"$XRUN" "$BATS_TEST_TMPDIR"
}

@test "a store that cannot be made is broken" {
	finds 1 "broken +directory" "the store" "$XRUN" --root /proc/none doctor
}

@test "no program for a network in PATH is a limit" {
	finds 0 "limits +pasta" "neither pasta nor slirp4netns" env PATH=/nonexistent "$XRUN" --root "$BATS_TEST_TMPDIR/store" doctor
	[[ $said == *"sudo apt install passt"* ]]
}

@test "no cgroups are a limit" {
	finds 0 "limits +--memory" "cgroup" unshare -Urm sh -c 'mount -t tmpfs none /sys/fs/cgroup && exec "$0" --root "$1" doctor' \
		"$XRUN" "$BATS_TEST_TMPDIR/store"
}

@test "doctor takes no operand and no other format" {
	fails_with 125 "aarch64" xrun doctor aarch64
	fails_with 125 "yaml" xrun doctor --format yaml
}
