#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# The host-wide table is not for everybody to change.

load ../lib

@test "an ordinary user is told that the host's table is root's" {
	fails_with 125 "sudo xrun binfmt install" xrun binfmt install s390x
	fails_with 125 "sudo xrun binfmt remove" xrun binfmt remove s390x
}
