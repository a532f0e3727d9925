#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The host-wide table is not for everybody to change.

load ../lib

@test "an ordinary user is told that the host's table is root's" {
	fails_with 125 "sudo xrun binfmt install" xrun binfmt install s390x
	fails_with 125 "sudo xrun binfmt remove" xrun binfmt remove s390x
}

@test "an emulator of the user's own comes first, as their PATH says" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp /usr/bin/qemu-s390x-static "$BATS_TEST_TMPDIR/bin/qemu-s390x"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH xrun binfmt status s390x | grep -F "$BATS_TEST_TMPDIR/bin/qemu-s390x "
}
