#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What an ordinary user gets of limits: where no cgroup is delegated, a refusal.

load ../lib

@test "a limit that cannot be enforced is an error, not ignored" {
	if xrun -q --memory 64m "$NATIVE" true 2>/dev/null; then skip "this user has a delegated cgroup"; fi
	in_native true
	fails_with 125 "--memory" xrun --memory 64m "$NATIVE" true
	fails_with 125 "--cpus" xrun --cpus 1 "$NATIVE" true
	fails_with 125 "--pids-limit" xrun --pids-limit 20 "$NATIVE" true
}

@test "devices are ruled by root alone" {
	fails_with 125 "--device-cgroup-rule: the kernel takes rules of devices from the host's root only" \
		xrun --device-cgroup-rule 'c 10:200 rw' "$NATIVE" true
}
