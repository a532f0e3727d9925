#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Whether a detached container is well: --health-cmd and its kin.

load lib
load fixtures

prepare() {
	xrun pull -q "$NATIVE"
}

teardown() {
	remove_containers
}

# await_health WORD: until inspect says so of the container box.
await_health() {
	await prints "$1" xrun inspect -f '{{.State.Health.Status}}' box || { xrun inspect box; return 1; }
}

# runs_in CONTAINER WORDS: whether a command line there has them.
runs_in() {
	xrun top "$1" | grep -q "$2"
}

@test "a check that succeeds makes a container healthy, one that fails often enough unhealthy, and back" {
	xrun run -d --name box --health-cmd 'test -e /tmp/well' --health-interval 50ms --health-retries 2 --health-start-period 1h "$NATIVE" sleep 1000
	[ "$(xrun inspect -f '{{.State.Health.Status}}' box)" = starting ]
	xrun exec box touch /tmp/well
	await_health healthy
	[[ $(xrun ps) == *"(healthy)"* ]]
	[ "$(xrun ps -q --filter health=healthy | wc -l)" = 1 ]
	xrun exec box rm /tmp/well
	await_health unhealthy
	xrun exec box touch /tmp/well
	await_health healthy
}

@test "a check that takes too long has failed, and is ended" {
	xrun run -d --name box --health-cmd 'sleep 4567' --health-interval 20ms --health-timeout 50ms --health-retries 1 "$NATIVE" sleep 1000
	await_health unhealthy
	xrun stop box
	await ! pgrep -u "$(id -u)" -f 'sleep 4567'
}

@test "a container that is not asked has no health" {
	xrun run -d --name box "$NATIVE" sleep 1000
	[ "$(xrun inspect -f '{{.State.Health.Status}}' box)" = none ]
	refute grep -q healthy <(xrun ps)
}

@test "health options that make no sense are refused" {
	fails_with 125 "--health-cmd needs -d" xrun run --health-cmd true "$NATIVE" true
	fails_with 125 "--health-interval 5" xrun run -d --health-cmd true --health-interval 5 "$NATIVE" true
	fails_with 125 "10ms at least" xrun run -d --health-cmd true --health-interval 1ms "$NATIVE" true
	fails_with 125 "--health-retries 0" xrun run -d --health-cmd true --health-retries 0 "$NATIVE" true
	fails_with 125 "exclude each other" xrun run -d --health-cmd true --no-healthcheck "$NATIVE" true
}

@test "an image's own check is run, and options come before it" {
	local check='"Healthcheck": {"Test": ["CMD-SHELL", "test -e /tmp/well"], "Interval": 50000000, "Retries": 2, "StartPeriod": 3600000000000}'
	make_layout checked --layer "$(native_tar)" --config "{$check}"
	xrun run -d --name box "oci:$LAYOUT:checked" sleep 1000
	[ "$(xrun inspect -f '{{.State.Health.Status}}' box)" = starting ]
	xrun exec box touch /tmp/well
	await_health healthy
	xrun rm -f box
	xrun run -d --name box --health-cmd true --health-interval 50ms "oci:$LAYOUT:checked" sleep 1000
	await_health healthy
	xrun rm -f box
	xrun run -d --name box --no-healthcheck "oci:$LAYOUT:checked" sleep 1000
	[ "$(xrun inspect -f '{{.State.Health.Status}}' box)" = none ]
	xrun rm -f box
	[ "$(xrun run --name box "oci:$LAYOUT:checked" true; xrun inspect -f '{{.State.Health.Status}}' box)" = none ]
}

@test "healthcheck run asks now, with the check's output and status, and for so long as a check may take" {
	xrun run -d --name box --health-cmd 'echo asked; test -e /tmp/well' --health-interval 1h --health-timeout 200ms "$NATIVE" sleep 1000 >/dev/null
	status=0
	said=$(xrun healthcheck run box) || status=$?
	[ "$status" = 1 ]
	[ "$said" = $'asked\nunhealthy' ]
	xrun exec box touch /tmp/well
	[ "$(xrun healthcheck run box)" = asked ]
	xrun run -d --name slow --health-cmd 'sleep 3456; true' --health-interval 1h --health-timeout 100ms "$NATIVE" sleep 1000 >/dev/null
	[ "$(xrun healthcheck run slow)" = unhealthy ]
	await ! runs_in slow 'sleep 3456'
	xrun run -d --name none "$NATIVE" sleep 1000 >/dev/null
	fails_with 125 "has no check" xrun healthcheck run none
	xrun stop none >/dev/null
	fails_with 125 "is not running" xrun healthcheck run none
	fails_with 125 "healthcheck run CONTAINER" xrun healthcheck box
}

@test "a clock on the wall that is set back stops no health checks" {
	local library
	library=$(find /usr/lib -name libfaketimeMT.so.1 | head -n 1)
	echo +0 >"$BATS_TEST_TMPDIR/shift"
	ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$library FAKETIME_TIMESTAMP_FILE=$BATS_TEST_TMPDIR/shift FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1 \
		"$PLACE/build/xrun-dynamic" --root "$STORE" run -d --name clock --health-cmd 'test ! -e /ill' --health-interval 200ms \
		--health-retries 1 "$NATIVE" sleep 1000 >/dev/null
	await prints healthy xrun inspect --format '{{.State.Health.Status}}' clock
	echo -10d >"$BATS_TEST_TMPDIR/shift"
	xrun exec clock touch /ill
	await prints unhealthy xrun inspect --format '{{.State.Health.Status}}' clock
	xrun rm -f clock >/dev/null
}

@test "a check that takes too long leaves no zombie with a first process that waits for nobody" {
	xrun run -d --name deaf --health-cmd 'exec sleep 3457' --health-interval 50ms --health-timeout 50ms --health-retries 3 "$NATIVE" sleep 1000 >/dev/null
	is_unhealthy() { [ "$(xrun inspect -f '{{.State.Health.Status}}' deaf)" = unhealthy ]; }
	await is_unhealthy
	[[ $(xrun top deaf stat args) == *"sleep 1000"* ]]
	has_zombies() { xrun top deaf stat | grep -q '^Z'; }
	await ! has_zombies # one that was killed just now is waited for in a moment
}
