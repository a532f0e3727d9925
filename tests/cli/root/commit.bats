#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What needs a cgroup to freeze: committing a container that runs.

load ../lib

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	xrun rm -f box
}

@test "--pause commits a container that runs, and it goes on" {
	xrun run -d --name box "$NATIVE" sh -c 'echo x >/file; trap "echo more >/more" USR1; while :; do sleep 0.1; done'
	await xrun exec box test -e /file
	xrun commit --pause box running >/dev/null
	[ "$(xrun running cat /file)" = x ]
	xrun kill -s USR1 box
	await xrun exec box test -e /more
	xrun pause box
	xrun commit box paused >/dev/null
	[ "$(xrun paused cat /more)" = more ]
	xrun unpause box
}
