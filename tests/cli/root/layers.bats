#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The tree that a container sees equals the one that umoci unpacks: type, mode, owner, xattrs, mtime, link groups.

load ../lib

# The overlay's lower directories, the uppermost first, of an image in a store.
lower_program='import json, sys
store, name = sys.argv[1:]
entry, = [m for m in json.load(open(store + "/index.json"))["manifests"]
	if m["annotations"]["org.opencontainers.image.ref.name"] == name]
print(":".join(store + "/layers/" + layer for layer in reversed(entry["annotations"]["xrun.layers"].split(","))))'

# trees_equal TAG [OTHER-TAG]: ours, and umoci's of the same layers. Times of now are not
# compared, and not the root's, which umoci does not keep.
trees_equal() {
	local lower ids now='s/ @1[7-9][0-9]\{17\}/ @now/; /^\. /s/ @.*//'
	xrun pull -q "$PLAIN/test:$1"
	umoci unpack --image "$IMAGES:${2:-$1}" "$BATS_TEST_TMPDIR/bundle"
	ids=$(stat -c %u "$STORE")
	mkdir "$BATS_TEST_TMPDIR/merged" "$BATS_TEST_TMPDIR/empty"
	lower=$(python3 -c "$lower_program" "$STORE" "$PLAIN/test:$1")
	mount -t overlay -o "ro,userxattr,lowerdir=$lower:$BATS_TEST_TMPDIR/empty" overlay "$BATS_TEST_TMPDIR/merged"
	python3 "$PLACE/tests/treedump.py" --uid-base "$ids" --gid-base "$ids" "$BATS_TEST_TMPDIR/merged" | sed "$now" >"$BATS_TEST_TMPDIR/xrun.tree"
	umount "$BATS_TEST_TMPDIR/merged"
	python3 "$PLACE/tests/treedump.py" "$BATS_TEST_TMPDIR/bundle/rootfs" | sed "$now" >"$BATS_TEST_TMPDIR/umoci.tree"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/umoci.tree")" -gt 30 ]
	diff "$BATS_TEST_TMPDIR/umoci.tree" "$BATS_TEST_TMPDIR/xrun.tree"
}

@test "plain layers give umoci's tree" { trees_equal layers-none; }
@test "gzip layers give umoci's tree" { trees_equal layers-gzip; }
@test "zstd layers give umoci's tree" { trees_equal layers-zstd layers-gzip; } # which reads no zstd itself
@test "a Debian root gives umoci's tree" { trees_equal "$(debian_name "$HOST")"; }
