#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Namespaces that can be chosen, and the clocks of a time namespace.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

@test "--uts, --ipc and --cgroupns host are the host's, and the others stay the container's" {
	local kind option inside
	for kind in uts ipc cgroup; do
		option=$kind
		[ $kind != cgroup ] || option=cgroupns
		inside=$(xrun --$option host "$NATIVE" sh -c 'cd /proc/self/ns; for n in cgroup ipc mnt net pid time user uts; do echo $n $(readlink $n); done')
		while read -r name id; do
			if [ "$name" = $kind ]; then [ "$id" = "$(readlink "/proc/self/ns/$name")" ]; else [ "$id" != "$(readlink "/proc/self/ns/$name")" ]; fi
		done <<<"$inside"
		xrun --$option private "$NATIVE" true
	done
}

@test "inspect says the numbers of all eight namespaces of a container that runs, with --init as well" {
	local init kind shown
	for init in true false; do
		xrun run -d --name box --init=$init "$NATIVE" sleep 1000 >/dev/null
		for kind in user:user mount:mnt pid:pid network:net ipc:ipc uts:uts cgroup:cgroup time:time; do
			shown=$(xrun inspect --format "{{.Namespaces.${kind%:*}}}" box)
			[ "$(xrun exec box readlink "/proc/self/ns/${kind#*:}")" = "${kind#*:}:[$shown]" ]
		done
		xrun rm -f box >/dev/null
	done
}

@test "docker's other words for the same are understood" {
	[ "$(xrun --net none "$NATIVE" sed 1,2d /proc/net/dev | wc -l)" = 1 ]
	[ "$(xrun --network default --dns-opt ndots:3 "$NATIVE" cat /etc/resolv.conf | grep -c 'options ndots:3')" = 1 ]
	refute [ "$(xrun --ipc shareable "$NATIVE" readlink /proc/self/ns/ipc)" = "$(readlink /proc/self/ns/ipc)" ]
}

@test "with --uts host the hostname is the host's, and cannot be changed" {
	[ "$(xrun --uts host "$NATIVE" cat /proc/sys/kernel/hostname)" = "$(cat /proc/sys/kernel/hostname)" ]
	fails_with 125 "the name is the host's" xrun --uts host --hostname box "$NATIVE" true
	xrun --uts host --privileged "$NATIVE" sh -c '! (echo box >/proc/sys/kernel/hostname) 2>/dev/null'
}

@test "with --ipc none there is no /dev/shm, and what is there is the container's own" {
	local inside
	inside=$(xrun --ipc none "$NATIVE" sh -c 'readlink /proc/self/ns/ipc; [ -d /dev/mqueue ] && [ ! -e /dev/shm ]')
	[[ $inside == ipc:* ]]
	refute [ "$inside" = "$(readlink /proc/self/ns/ipc)" ]
	fails_with 125 "there is no /dev/shm" xrun --ipc none --shm-size 1m "$NATIVE" true
	xrun run --name without --ipc none "$NATIVE" sh -c '[ ! -e /dev/shm ]'
	xrun start -a without
	xrun rm without
}

@test "with --ipc host, /dev/shm is the host's" {
	local file
	file=$(mktemp /dev/shm/xrun-test.XXXXXX)
	chmod 644 "$file"
	echo words >"$file"
	[ "$(xrun --ipc host "$NATIVE" cat "$file")" = words ]
	rm "$file"
}

@test "with --pid host the host's processes are seen and kept shut, for native and for foreign programs" {
	local image seen
	for image in "$NATIVE" "$PLAIN/test:arm64"; do
		# shellcheck disable=SC2016 # the container's
		seen=$(xrun -q --arch "${image##*:}" --pid host "$image" sh -c 'tr "\0" " " </proc/$1/cmdline; ls /proc/$1/root/' sh $$ 2>&1) || true
		echo "$seen"
		[[ $seen == *"$(tr "\0" " " </proc/$$/cmdline)"* ]]
		[[ $seen == *"/proc/$$/root/"*"Permission denied"* ]]
	done
}

@test "with --pid host what a program leaves behind ends with it" {
	xrun --pid host "$NATIVE" sh -c '(sleep 8777 &)'
	run pgrep -f '^sleep 8777'
	[ "$status" = 1 ]
}

@test "a container with --pid host is entered, listed, stopped and started again like any other" {
	xrun run -q -d --name seeing --pid host "$NATIVE" sh -c 'sleep 8778 & wait' >/dev/null
	[ "$(xrun exec seeing sh -c 'readlink /proc/self/ns/pid')" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(xrun top --format '{{.Command}}' seeing | sort)" = "$(printf '%s\n' 'sh -c sleep 8778 & wait' 'sleep 8778')" ]
	xrun stop -t 1 seeing
	run pgrep -f '^sleep 8778'
	[ "$status" = 1 ]
	xrun start seeing >/dev/null
	[ "$(xrun exec seeing sh -c 'readlink /proc/self/ns/pid')" = "$(readlink /proc/self/ns/pid)" ]
	xrun rm -f seeing
}

@test "what cannot be shared is refused, and why is said" {
	fails_with 125 "--init does not go with --pid host" xrun --pid host --init "$NATIVE" true
	fails_with 125 "there is no container other" xrun --ipc container:other "$NATIVE" true
	fails_with 125 "there are private, container:NAME and host" xrun --uts other "$NATIVE" true
}

@test "the clocks are moved, for native and for foreign programs" {
	local image now inside
	for image in "$NATIVE" "$PLAIN/test:arm64"; do
		now=$(cut -d. -f1 /proc/uptime)
		inside=$(xrun -q --arch "${image##*:}" --boottime-offset 1000000 "$image" sed 's/\..*//' /proc/uptime)
		((inside >= now + 1000000 && inside < now + 1000600))
	done
	cat >"$BATS_TEST_TMPDIR/clock.c" <<-'C'
		#include <stdio.h>
		#include <time.h>
		int main(void)
		{
			struct timespec t;
			clock_gettime(CLOCK_MONOTONIC, &t);
			printf("%lld\n", (long long)t.tv_sec);
		}
	C
	cc -static -o "$BATS_TEST_TMPDIR/clock" "$BATS_TEST_TMPDIR/clock.c"
	now=$("$BATS_TEST_TMPDIR/clock")
	inside=$(xrun --monotonic-offset 86400 -v "$BATS_TEST_TMPDIR/clock:/clock" "$NATIVE" /clock)
	((inside >= now + 86400 && inside < now + 87000))
	[ "$(xrun --monotonic-offset 5 --boottime-offset -1 "$NATIVE" echo ran)" = ran ]
}

@test "a clock before the machine's start is refused" {
	fails_with 125 "no clock may be before 0" xrun --monotonic-offset -2000000000 "$NATIVE" true
	fails_with 125 "not a number of seconds" xrun --boottime-offset 1h "$NATIVE" true
}

@test "a /proc of another pid namespace than xrun's is told, with what to do" {
	local options=
	((EUID == 0)) || options=--map-root-user
	# shellcheck disable=SC2086 # words
	run unshare $options --pid --fork "$XRUN" --root "$BATS_TEST_TMPDIR/store" --network none "$PLACE/busybox-$(debian_name "$HOST")" true
	[ "$status" = 125 ]
	[[ $output == *"; /proc is of another pid namespace than xrun is in: mount its own, as unshare --mount-proc"* ]]
}
