#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers that share namespaces: --network, --pid, --ipc, --uts and --userns container:NAME.

load lib

NATIVE_ARCH=$(debian_name "$HOST")

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch arm64 "$PLAIN/test:arm64"
}

teardown() {
	xrun rm -f two one >/dev/null 2>&1 || true
}

# first ARCH [OPTION...]: the container that others share with.
first() {
	local arch=$1
	shift
	xrun run -q -d --name one --network none --arch "$arch" "$@" "$PLAIN/test:$arch" sleep 1000 >/dev/null
}

# sharing ARCH OPTION... -- COMMAND...
sharing() {
	local arch=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	xrun run -q --arch "$arch" "${options[@]}" "$PLAIN/test:$arch" "$@"
}

number() {
	xrun inspect --format "{{.Namespaces.$1}}" one
}

@test "what is shared is the other container's, and the rest is not, whatever the architectures" {
	local first second option kind file
	for first in "$NATIVE_ARCH" arm64; do
		first "$first"
		for second in "$NATIVE_ARCH" arm64; do
			while read -r option kind file; do
				sharing "$second" "--$option" container:one -- sh -c 'cd /proc/self/ns; for n in mnt cgroup net pid ipc uts user; do readlink $n; done' >"$BATS_TEST_TMPDIR/shown"
				grep -qxF "$file:[$(number "$kind")]" "$BATS_TEST_TMPDIR/shown"
				grep -qxF "user:[$(number user)]" "$BATS_TEST_TMPDIR/shown"
				refute grep -qxF "mnt:[$(number mount)]" "$BATS_TEST_TMPDIR/shown"
				[ "$option" = network ] || refute grep -qxF "net:[$(number network)]" "$BATS_TEST_TMPDIR/shown"
				[ "$option" = pid ] || refute grep -qxF "pid:[$(number pid)]" "$BATS_TEST_TMPDIR/shown"
			done <<-'KINDS'
				network network net
				pid pid pid
				ipc ipc ipc
				uts uts uts
				userns user user
			KINDS
		done
		xrun rm -f one >/dev/null
	done
}

@test "programs meet at the shared network's loopback, and capabilities count there" {
	local port=8099
	xrun run -q -d --name one --network none -v "$PLACE/busybox-$NATIVE_ARCH:/busybox:ro" "$NATIVE" \
		sh -c "mkdir /www && echo met >/www/word && exec /busybox httpd -f -p $port -h /www" >/dev/null
	for arch in "$NATIVE_ARCH" arm64; do
		[ "$(sharing "$arch" --network container:one -v "$PLACE/busybox-$arch:/busybox:ro" -- sh -c "for i in 1 2 3 4 5 6 7 8 9; do /busybox wget -q -O - http://127.0.0.1:$port/word && break; sleep 1; done" 2>/dev/null)" = met ]
	done
	sharing "$NATIVE_ARCH" --network container:one --cap-add NET_ADMIN -v "$PLACE/busybox-$NATIVE_ARCH:/busybox:ro" -- /busybox ip addr add 10.9.8.7/32 dev lo
	xrun exec one /busybox ip addr show dev lo | grep -q 10.9.8.7
	refute sharing "$NATIVE_ARCH" --network container:one -v "$PLACE/busybox-$NATIVE_ARCH:/busybox:ro" -- /busybox ip addr add 10.9.8.6/32 dev lo
}

@test "with the network go the hostname and the files of /etc, with --ipc goes /dev/shm" {
	first "$NATIVE_ARCH" --hostname host-of-one
	xrun exec one sh -c 'echo 10.1.1.1 added >>/etc/hosts; echo words >/dev/shm/w'
	[ "$(sharing arm64 --network container:one -- sh -c 'cat /proc/sys/kernel/hostname; echo $HOSTNAME')" = "host-of-one
host-of-one" ]
	sharing arm64 --network container:one -- cat /etc/hosts | grep -qx '10.1.1.1 added'
	[ "$(sharing arm64 --ipc container:one -- cat /dev/shm/w)" = words ]
	refute sharing "$NATIVE_ARCH" -- cat /dev/shm/w
}

@test "with --pid the other's processes are seen, what is left behind ends, and so does all when the first process ends" {
	first "$NATIVE_ARCH"
	[ "$(sharing arm64 --pid container:one -- sh -c 'tr "\0" " " </proc/1/cmdline; (sleep 771 &)')" = "sleep 1000 " ]
	refute grep -qsaz '^771$' /proc/[0-9]*/cmdline
	xrun run -q -d --name two --pid container:one "$NATIVE" sleep 1000 >/dev/null
	xrun kill one >/dev/null
	[ "$(xrun wait two)" = 137 ]
}

@test "a container that shares is joined, and started again finds the other anew" {
	first "$NATIVE_ARCH"
	xrun run -q -d --name two --network container:one --arch arm64 "$PLAIN/test:arm64" sleep 1000 >/dev/null
	xrun inspect --format '{{.HostConfig.NetworkMode}}' two | grep -qx "container:$(xrun inspect --format '{{.Id}}' one)"
	for _ in 1 2; do
		[ "$(xrun exec two readlink /proc/self/ns/net)" = "net:[$(number network)]" ]
		xrun stop -t 0 two one >/dev/null
		fails_with 125 "does not run: it is exited" xrun start two
		xrun start one >/dev/null
		xrun start two >/dev/null
	done
}

@test "one that shares with one that shares is with both" {
	first "$NATIVE_ARCH"
	xrun run -q -d --name two --network container:one "$NATIVE" sleep 1000 >/dev/null
	[ "$(sharing arm64 --network container:two -- readlink /proc/self/ns/net)" = "net:[$(number network)]" ]
}

@test "what cannot be shared is refused, and why is said" {
	fails_with 125 "there is no container nobody" sharing "$NATIVE_ARCH" --network container:nobody -- true
	fails_with 125 "which container?" sharing "$NATIVE_ARCH" --ipc container: -- true
	fails_with 125 "only one container's" sharing "$NATIVE_ARCH" --ipc container:one --uts container:two -- true
	fails_with 125 "not the container's own" sharing "$NATIVE_ARCH" -p 80:80 --network container:one -- true
	fails_with 125 "--hostname does not go with" sharing "$NATIVE_ARCH" --hostname x --network container:one -- true
	fails_with 125 "--dns does not go with" sharing "$NATIVE_ARCH" --dns 10.0.0.1 --network container:one -- true
	fails_with 125 "the name is the other container's" sharing "$NATIVE_ARCH" --hostname x --uts container:one -- true
	fails_with 125 "--init does not go with" sharing "$NATIVE_ARCH" --init --pid container:one -- true
	first "$NATIVE_ARCH" --ipc host
	fails_with 125 "has the host's ipc namespace" sharing "$NATIVE_ARCH" --ipc container:one -- true
	xrun rm -f one >/dev/null
	first arm64 --cpu-model cortex-a53
	fails_with 125 "by another emulator or with other options" sharing arm64 --network container:one -- true
}

@test "a container's root that may trace gets no hold of one that is put together among its processes" {
	cat >"$BATS_TEST_TMPDIR/watch.c" <<-'C'
		#include <stdio.h>
		#include <string.h>
		#include <unistd.h>
		int main(void) /* whose file it is may be read by who may trace */
		{
			setvbuf(stdout, NULL, _IOLBF, 0);
			puts("watching");
			for (int pid = 2;; pid = pid < 200 ? pid + 1 : 2) {
				char path[32], file[4096] = "";
				snprintf(path, sizeof path, "/proc/%d/exe", pid);
				if (pid != getpid() && readlink(path, file, sizeof file - 1) > 0 && strstr(file, "xrun"))
					printf("seen: %d is %s\n", pid, file);
			}
		}
	C
	mkdir "$BATS_TEST_TMPDIR/v"
	cc -O1 -static -o "$BATS_TEST_TMPDIR/v/watch" "$BATS_TEST_TMPDIR/watch.c"
	xrun run -q -d --name one --cap-add SYS_PTRACE -v "$BATS_TEST_TMPDIR/v:/v:ro" "$NATIVE" /v/watch
	await log_has watching one
	for _ in {1..8}; do
		sharing "$NATIVE_ARCH" --pid container:one -- true
		sharing "$NATIVE_ARCH" --pid container:one --network container:one --ipc container:one -- true
		xrun exec one true
	done
	run xrun logs one
	[[ $output != *seen* ]]
}
