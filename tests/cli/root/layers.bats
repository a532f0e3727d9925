#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The tree that a container sees equals the one that umoci unpacks: type, mode, owner, xattrs, mtime, link groups.

load ../lib
load ../fixtures

# The overlay's lower directories, the uppermost first, of an image in a store.
lower_program='import json, sys
store, name = sys.argv[1:]
entry, = [m for m in json.load(open(store + "/index.json"))["manifests"]
	if m["annotations"]["org.opencontainers.image.ref.name"] == name]
print(":".join(store + "/layers/" + layer for layer in reversed(entry["annotations"]["xrun.layers"].split(","))))'

# trees_equal NAME LAYOUT:TAG: ours of that name, and umoci's of the same layers. Times of now are not
# compared, and not the root's, which umoci does not keep.
trees_equal() {
	local lower ids now='s/ @1[7-9][0-9]\{17\}/ @now/; /^\. /s/ @.*//'
	xrun pull -q "$1"
	umoci unpack --image "$2" "$BATS_TEST_TMPDIR/bundle"
	ids=$(stat -c %u "$STORE")
	mkdir "$BATS_TEST_TMPDIR/merged" "$BATS_TEST_TMPDIR/empty"
	lower=$(python3 -c "$lower_program" "$STORE" "$1")
	mount -t overlay -o "ro,userxattr,lowerdir=$lower:$BATS_TEST_TMPDIR/empty" overlay "$BATS_TEST_TMPDIR/merged"
	python3 "$PLACE/tests/treedump.py" --uid-base "$ids" --gid-base "$ids" "$BATS_TEST_TMPDIR/merged" | sed "$now" >"$BATS_TEST_TMPDIR/xrun.tree"
	umount "$BATS_TEST_TMPDIR/merged"
	python3 "$PLACE/tests/treedump.py" "$BATS_TEST_TMPDIR/bundle/rootfs" | sed "$now" >"$BATS_TEST_TMPDIR/umoci.tree"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/umoci.tree")" -gt 30 ]
	diff "$BATS_TEST_TMPDIR/umoci.tree" "$BATS_TEST_TMPDIR/xrun.tree"
}

@test "plain layers give umoci's tree" { trees_equal "$PLAIN/test:layers-none" "$IMAGES:layers-none"; }
@test "gzip layers give umoci's tree" { trees_equal "$PLAIN/test:layers-gzip" "$IMAGES:layers-gzip"; }
@test "zstd layers give umoci's tree" { trees_equal "$PLAIN/test:layers-zstd" "$IMAGES:layers-gzip"; } # which reads no zstd itself
@test "a Debian root gives umoci's tree" { trees_equal "$NATIVE" "$IMAGES:$(debian_name "$HOST")"; }

@test "layers without entries for their directories give umoci's tree, and are unpacked once" {
	mkdir "$BATS_TEST_TMPDIR/tars"
	python3 "$PLACE/tests/images/fixture.py" "$BATS_TEST_TMPDIR/tars"
	make_layout bare --layer "$BATS_TEST_TMPDIR"/tars/lower.tar --layer "$BATS_TEST_TMPDIR"/tars/told.tar --layer "$BATS_TEST_TMPDIR"/tars/bare.tar
	LSAN_OPTIONS=detect_leaks=0 strace -f -qq -e trace=openat -o "$BATS_TEST_TMPDIR/trace" "$XRUN" --root "$STORE" pull -q "oci:$LAYOUT:bare"
	[ "$(grep -c '"one", O_WRONLY' "$BATS_TEST_TMPDIR/trace")" = 1 ]
	xrun rmi --all
	trees_equal "oci:$LAYOUT:bare" "$LAYOUT:bare"
	xrun store verify --repair=false
}
