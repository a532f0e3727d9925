#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Several architectures, on a machine that lacks an emulator.

load ../lib

ALL=$PLAIN/test:matrix-root

prepare() {
	python3 "$PLACE/tests/registry/index.py" "$PLAIN/test" "${ALL##*:}" amd64 arm64 s390x
}

@test "with --arch all, what does not run here is skipped, and says why" {
	run unshare -m sh -c "mount --bind /etc/passwd /usr/bin/qemu-s390x-static &&
		'$XRUN' --root '$STORE' --arch all -q --network none --report 'json=$BATS_TEST_TMPDIR/r.json' --report 'junit=$BATS_TEST_TMPDIR/r.xml' $ALL uname -m"
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"s390x "*skipped*qemu-s390x-static* ]]
	[[ $output == *"| aarch64"* ]]
	[ "$(jq -r '.results[] | select(.arch == "s390x") | .state' "$BATS_TEST_TMPDIR/r.json")" = skipped ]
	[ "$(xmllint --xpath 'string(/testsuites/@skipped)' "$BATS_TEST_TMPDIR/r.xml")" = 1 ]
}
