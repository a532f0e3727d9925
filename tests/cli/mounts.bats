#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Volumes, tmpfs and devices.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	mkdir -p "$BATS_FILE_TMPDIR/volume/sub"
	echo words >"$BATS_FILE_TMPDIR/volume/file"
	ln -s ../outside "$BATS_FILE_TMPDIR/volume/link"
}

# mount_options PATH OPTION...: what /proc/self/mountinfo says of the mount there, in a container with the options.
mount_options() {
	local path=$1
	shift
	xrun "$@" "$NATIVE" cat /proc/self/mountinfo | awk -v path="$path" '$5 == path { print $6 "," $NF }'
}

@test "--mount shows a directory of the host, writable or not" {
	local volume=$BATS_FILE_TMPDIR/volume
	[ "$(xrun --mount "type=bind,source=$volume,target=/v,readonly" "$NATIVE" sh -c 'cat /v/file; ! (: >/v/x) 2>/dev/null || echo writable')" = words ]
	xrun --mount "type=bind,src=$volume,dst=/v" "$NATIVE" sh -c 'echo made >/v/made'
	[ "$(cat "$volume/made")" = made ]
	[ "$(stat -c %u "$volume/made")" = "$(id -u)" ]
}

@test "a volume's flags hold: noexec, nosuid, and no device nodes ever" {
	local volume=$BATS_FILE_TMPDIR/volume
	printf '#!/bin/sh\necho ran\n' >"$volume/script"
	chmod 755 "$volume/script"
	[ "$(xrun -v "$volume:/v:z" "$NATIVE" /v/script)" = ran ]
	[ "$(python3 -c 'import os, sys; print(os.listxattr(sys.argv[1]))' "$volume/script")" = "[]" ] # z is for SELinux
	fails_with 126 "/v/script" xrun -v "$volume:/v:noexec" "$NATIVE" /v/script
	[[ ,$(mount_options /v -v "$volume:/v:nosuid,Z"), == *,nosuid,* ]]
	[[ ,$(mount_options /v -v "$volume:/v"), == *,nodev,* ]]
}

@test "a volume within a volume is there, whatever their order" {
	local volume=$BATS_FILE_TMPDIR/volume
	mkdir -p "$BATS_TEST_TMPDIR/inner"
	echo inner >"$BATS_TEST_TMPDIR/inner/file"
	[ "$(xrun -v "$BATS_TEST_TMPDIR/inner:/v/sub" -v "$volume:/v" "$NATIVE" cat /v/file /v/sub/file)" = "$(printf 'words\ninner')" ]
	fails_with 125 "two mounts are to be at /v" xrun -v "$volume:/v" --tmpfs /v "$NATIVE" true
}

@test "a tmpfs has the size and mode that were asked for" {
	[ "$(xrun --tmpfs /t:size=1m,mode=750 "$NATIVE" stat -c %a /t)" = 750 ]
	[[ $(mount_options /t --mount type=tmpfs,dst=/t,tmpfs-size=1m) == *size=1024k* ]]
	refute xrun --tmpfs /t:size=1m "$NATIVE" dd if=/dev/zero of=/t/x bs=1k count=2000
	[ "$(xrun --tmpfs /t:exec "$NATIVE" sh -c 'cp /bin/true /t/run && /t/run && echo ran')" = ran ]
	refute xrun --tmpfs /t "$NATIVE" sh -c 'cp /bin/true /t/run && /t/run'
}

@test "--shm-size is the size of /dev/shm" {
	[[ $(mount_options /dev/shm) == *size=65536k* ]]
	[[ $(mount_options /dev/shm --shm-size 5m) == *size=5120k* ]]
	fails_with 125 "--shm-size does not go with --ipc host: that memory is not the container's own" xrun --ipc host --shm-size 5m "$NATIVE" true
}

@test "a directory is mounted over a directory and a file over a file, and what does not fit is said" {
	mkdir -p "$BATS_TEST_TMPDIR/directory"
	echo x >"$BATS_TEST_TMPDIR/file"
	[ "$(xrun -v "$BATS_TEST_TMPDIR/file:/bin/ls:ro" "$NATIVE" cat /bin/ls)" = x ]
	fails_with 125 "volume $BATS_TEST_TMPDIR/directory is a directory, and /bin/ls in the container is none" \
		xrun -v "$BATS_TEST_TMPDIR/directory:/bin/ls" "$NATIVE" true
	fails_with 125 "volume $BATS_TEST_TMPDIR/file is no directory, and /etc in the container is one" \
		xrun -v "$BATS_TEST_TMPDIR/file:/etc" "$NATIVE" true
}

@test "--read-only leaves /run, /tmp and /var/tmp writable, unless told not to" {
	xrun --read-only "$NATIVE" sh -c 'echo x >/tmp/x && echo x >/run/x && echo x >/var/tmp/x && ! (echo x >/etc/x) 2>/dev/null'
	xrun --read-only --read-only-tmpfs=false "$NATIVE" sh -c '! (echo x >/tmp/x) 2>/dev/null'
}

@test "a directory of the container's own has the image's content, and is writable with --read-only" {
	[ "$(xrun --read-only -v /home "$NATIVE" sh -c 'echo x >/home/app/x && ls /home')" = app ]
	[ "$(xrun --read-only -v /fresh/dir "$NATIVE" sh -c 'echo x >/fresh/dir/x && ls /fresh/dir')" = x ]
	[ -z "$(xrun -v /fresh "$NATIVE" ls /fresh)" ] # nothing is left of another container's
}

@test "--device gives a device node, by which the program reaches the device" {
	[ "$(xrun --device /dev/zero:/dev/own --device /dev/full "$NATIVE" sh -c 'stat -c %F:%t:%T /dev/own; head -c 3 /dev/own | wc -c')" = \
		"$(printf 'character special file:1:5\n3')" ]
	fails_with 125 "it is no device node" xrun --device /etc/passwd "$NATIVE" true
	fails_with 125 "device /dev/nonesuch" xrun --device /dev/nonesuch "$NATIVE" true
	fails_with 125 "cannot be given apart" xrun --device /dev/zero:r "$NATIVE" true
	fails_with 125 "device /dev: it is no device node; name those in it one by one" xrun --device /dev "$NATIVE" true
}

@test "a container can make no device node, not even with the capability" {
	refute xrun --cap-add ALL --security-opt seccomp=unconfined "$NATIVE" mknod /tmp/disk b 8 0
	refute xrun --privileged "$NATIVE" mknod /tmp/null c 1 3
}

@test "what a container mounts does not show on the host, nor in its volumes" {
	local before
	before=$(wc -l </proc/self/mountinfo)
	cat >"$BATS_TEST_TMPDIR/mount.c" <<-'C'
		#include <sys/mount.h>
		int main(int argc, char **argv)
		{
			return mount("none", argv[1], "tmpfs", 0, 0) < 0 || mount(argv[1], "/mnt", 0, MS_BIND, 0) < 0;
		}
	C
	cc -static -o "$BATS_FILE_TMPDIR/volume/mount" "$BATS_TEST_TMPDIR/mount.c"
	chmod 755 "$BATS_FILE_TMPDIR/volume/mount"
	local mode
	for mode in rprivate rslave; do
		xrun --cap-add SYS_ADMIN -v /mnt -v "$BATS_FILE_TMPDIR/volume:/v:$mode" "$NATIVE" sh -c \
			'/v/mount /v/sub && echo x >/v/sub/hidden'
		[ ! -e "$BATS_FILE_TMPDIR/volume/sub/hidden" ]
	done
	[ "$(wc -l </proc/self/mountinfo)" = "$before" ]
	fails_with 125 "cannot show on the host" xrun -v "$BATS_FILE_TMPDIR/volume:/v:rshared" "$NATIVE" true
}

@test "a tmpfs belongs to whom uid= and gid= say, also when its container is started again" {
	[ "$(xrun --tmpfs /t:uid=5,gid=7,mode=700 "$NATIVE" stat -c '%u %g %a' /t)" = "5 7 700" ]
	xrun create --name owned --tmpfs /t:uid=5 "$NATIVE" stat -c '%u %g' /t
	[ "$(xrun start -a owned)" = "5 0" ]
	remove_containers
	fails_with 125 "cannot set uid=4000000000" xrun --tmpfs /t:uid=4000000000 "$NATIVE" true
}

@test "what is mounted below a volume shows, or is left out where that is said" {
	local inner='mkdir "$2/mounted"; mount -t tmpfs x "$2/mounted"; touch "$2/mounted/file"; exec "$1" --root "$3" "${@:4}"'
	cp -r "$BATS_FILE_TMPDIR/volume" "$BATS_TEST_TMPDIR/volume"
	if ((EUID == 0)); then
		[ "$(unshare -m bash -c "$inner" bash "$XRUN" "$BATS_TEST_TMPDIR/volume" "$STORE" -v "$BATS_TEST_TMPDIR/volume:/v" "$NATIVE" ls /v/mounted)" = file ]
		rmdir "$BATS_TEST_TMPDIR/volume/mounted"
		[ -z "$(unshare -m bash -c "$inner" bash "$XRUN" "$BATS_TEST_TMPDIR/volume" "$STORE" -v "$BATS_TEST_TMPDIR/volume:/v:bind" "$NATIVE" ls /v/mounted)" ]
		fails_with 125 "volume /: among what is mounted below it is a file system that cannot map owners" xrun -v /:/v "$NATIVE" true
		xrun --mount type=bind,source=/,target=/v,bind-nonrecursive,readonly "$NATIVE" sh -c '[ -z "$(ls /v/proc)" ]'
	else
		[ "$(xrun -v "$BATS_TEST_TMPDIR/volume:/v:bind" "$NATIVE" cat /v/file)" = words ]
		fails_with 125 "volume /: to leave out what is mounted below it takes the host's root" xrun -v /:/v:bind "$NATIVE" true
		xrun -v /:/v "$NATIVE" ls /v/proc/self >/dev/null
	fi
}
