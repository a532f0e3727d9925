#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# rootfs:DIR for who is not root: other people's trees.

load ../lib

@test "a tree of somebody's who is nobody in the container is told as such" {
	fails_with 125 "it belongs to a user whom the container does not have" xrun rootfs:/usr true
	fails_with 125 "nothing may be mounted below it" xrun rootfs:/ true
}
