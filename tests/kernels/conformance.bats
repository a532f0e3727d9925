#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# tests/conformance on this machine, whatever it is.

load ../cli/lib

@test "a container is the same here as everywhere, and for every architecture" {
	local arch arches=$HOST
	for arch in x86_64 aarch64 armv7; do
		[ "$arch" = "$HOST" ] || arches+=,$arch
		xrun pull -q --arch "$arch" "$PLAIN/conformance:$arch"
	done
	ARCHES=$arches python3 tests/conformance/conformance.py "$XRUN" "$STORE" "$PLAIN" "$BATS_TEST_TMPDIR/table"
}
