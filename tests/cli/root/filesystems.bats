#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The store on each kind of file system, made for the test and mounted where nobody else sees it.

load ../lib

# on TYPE: everything works, or the kernel has no such file system.
on() {
	grep -qw "$1" /proc/filesystems || modprobe -q "$1" || skip "this kernel has no $1"
	local place store
	place=$(mktemp -d /tmp/xrun-filesystem.XXXXXX)
	chmod 755 "$place"
	# shellcheck disable=SC2153
	PLAIN=$PLAIN NATIVE=$NATIVE unshare -m "$PLACE/tests/cli/filesystem.bash" "$1" "$place"
	for store in "$place"/reference-*; do
		"$XRUN" --root "$store" rmi --all || setpriv --reuid xrun-test --regid xrun-test --init-groups "$XRUN" --root "$store" rmi --all
	done
	rm -rf "$place"
}

@test "a store on ext4" { on ext4; }
@test "a store on xfs" { on xfs; }
@test "a store on btrfs" { on btrfs; }
@test "a store on tmpfs" { on tmpfs; }

@test "where no room is left, or no inode, a pull says so and leaves nothing, and images can be removed" {
	local options place
	for options in "-N 4096" "-N 64"; do
		place=$(mktemp -d /tmp/xrun-full.XXXXXX)
		# shellcheck disable=SC2086,SC2153 # words; of the environment
		NATIVE=$NATIVE unshare -m "$PLACE/tests/cli/full.bash" "$place" $options
		rm -rf "$place"
	done
}
