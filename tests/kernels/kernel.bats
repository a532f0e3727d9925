#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# What must work on every kernel that the README names, private instances of binfmt_misc or not. Run by ci/kernels.sh in a
# virtual machine of its own: so it changes the host's table.

load ../cli/lib

TABLE=/proc/sys/fs/binfmt_misc

has_private() {
	[ "$(xrun binfmt status --format json s390x | sed -n 's/.*"way": "\(.*\)".*/\1/p')" = private ]
}

@test "a native image runs" {
	[ "$(xrun -q "$NATIVE" sh -c 'echo $$ $(uname -m)')" = "1 $HOST" ]
}

@test "a program for a higher level than this processor's is told, with what runs it" {
	local got=0
	[ "$HOST" = x86_64 ] || skip "levels are x86-64's"
	said=$(xrun -q -v /xrun/v3:/v3 "$NATIVE" /v3 2>&1 >/dev/null) || got=$?
	echo "status $got: $said"
	[ "$got" = 127 ] # the virtual machine's processor is of x86-64-v1
	[[ $said == *"xrun: /v3 needs a processor of level x86-64-v3, and this machine's is x86-64-v1: --emulator /usr/bin/qemu-x86_64-static runs it"* ]]
	has_private || return 0
	xrun -q --emulator /usr/bin/qemu-x86_64-static -v /xrun/v3:/v3 "$NATIVE" /v3
}

@test "an image of a hundred layers runs" {
	[ "$(xrun -q "$PLAIN/test:many" sh -c 'ls /file-* | wc -l')" = 100 ]
}

@test "layers with whiteouts and hard links between them are unpacked" {
	xrun pull -q "$PLAIN/test:layers-gzip"
}

@test "a store without extended attributes of users is refused, or works" {
	local status=0
	"$XRUN" --root "/tmp/store-$EUID" pull -q "$PLAIN/test:layers-gzip" 2>"$BATS_TEST_TMPDIR/said" || status=$?
	[ "$status" = 0 ] || grep -q '^xrun: .*store.*extended attributes.*--root' "$BATS_TEST_TMPDIR/said"
	"$XRUN" --root "/tmp/store-$EUID" rmi --all
}

@test "a directory tree runs, with its owners mapped, and is not changed" {
	local tree=$BATS_TEST_TMPDIR/tree
	mkdir "$tree"
	xrun create -q --name source "$NATIVE" true
	xrun export source | tar -C "$tree" --no-same-owner -x
	xrun rm source
	[ "$(xrun "rootfs:$tree" sh -c 'stat -c %u:%g /etc/passwd; echo more >>/etc/passwd && rm -r /home && echo done')" = $'0:0\ndone' ]
	[ -d "$tree/home" ]
	[ "$(stat -c %u "$tree/etc/passwd")" = "$(id -u)" ]
}

@test "images of a store that is read-only run" {
	xrun pull -q "$NATIVE"
	chmod 555 "$STORE"
	[ "$("$XRUN" --root "$STORE" --runroot "$BATS_TEST_TMPDIR/beside" "$NATIVE" sh -c 'echo x >/x; cat /x')" = x ]
	chmod 700 "$STORE"
}

@test "files in a volume belong to the caller" {
	xrun -q -v "$BATS_TEST_TMPDIR:/v" "$NATIVE" touch /v/file
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/file")" = "$(id -u)" ]
}

@test "a foreign image runs: by itself, or through the host's handler after a refusal that names it" {
	if ! has_private; then
		xrun pull -q --arch s390x "$PLAIN/test:s390x"
		fails_with 125 "sudo xrun binfmt install s390x" xrun --arch s390x "$PLAIN/test:s390x" uname -m
		((EUID == 0)) || skip "the host's table is root's"
		xrun binfmt install s390x
	fi
	[ "$(xrun -q --arch s390x "$PLAIN/test:s390x" sh -c 'uname -m; seq 3 | sort -r | head -1' | tr '\n' ' ')" = "s390x 3 " ]
	has_private || xrun binfmt remove s390x
	[ ! -e "$TABLE/register" ] # nobody had mounted it
}

@test "a private network has its interface, and --network none has none" {
	[ "$(xrun run -q --network private "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | sort | tr '\n' ' ')" = "eth0 lo " ]
	[ "$(xrun run -q --network none "$NATIVE" sed -n 's/^ *\([^ :]*\):.*/\1/p' /proc/net/dev | tr '\n' ' ')" = "lo " ]
}

# limited OPTION...: root's container with them in the background, from when its program runs; sets id.
limited() {
	"$XRUN" --root "$STORE" run -q --rm --network none --name limited "$@" "$NATIVE" sh -c 'echo ready; exec sleep 600' \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	await_text ready "$BATS_TEST_TMPDIR/out"
	id=$(xrun ps -q --no-trunc --filter name=limited)
}

# settings FILE=VALUE...: what the container's cgroup has in v2.
settings() {
	local setting
	for setting; do
		echo "${setting%%=*}: $(cat "/sys/fs/cgroup/xrun/$id/${setting%%=*}")"
		[ "$(cat "/sys/fs/cgroup/xrun/$id/${setting%%=*}")" = "${setting#*=}" ]
	done
}

@test "every limit is cgroup v2's, or is refused as v1's" {
	((EUID == 0)) || return 0 # an ordinary user's: delegated.bats
	limited --memory 64m --memory-swap 96m --memory-reservation 32m --cpus 0.5 --cpu-shares 1024 --cpuset-cpus 0 --pids-limit 50 \
		--device-read-bps /dev/vda:1m --device-write-iops /dev/vda:100
	settings memory.max=67108864 memory.low=33554432 "cpu.max=50000 100000" cpu.weight=39 cpuset.cpus=0 pids.max=50
	[ ! -e "/sys/fs/cgroup/xrun/$id/memory.swap.max" ] || settings memory.swap.max=33554432
	grep -E 'rbps=1048576 .*wiops=100$' "/sys/fs/cgroup/xrun/$id/io.max"
	[ "$(xrun exec limited sed -n 's/^0:://p' /proc/self/cgroup)" = / ]
	fails_with 125 "give a new one with --memory" xrun update --memory 128m limited
	xrun update --memory 128m --memory-swap 160m --pids-limit 60 limited
	settings memory.max=134217728 pids.max=60
	xrun rm -f limited
	[ ! -e "/sys/fs/cgroup/xrun/$id" ]
	fails_with 125 "--memory-swappiness: cgroup v2 has no such setting" xrun -q --memory 64m --memory-swappiness 1 "$NATIVE" true
}

@test "a program rules which devices a container may use" {
	if ((EUID != 0)); then
		fails_with 125 "from the host's root only" xrun -q --device-cgroup-rule 'c 1:11 r' "$NATIVE" true
		return
	fi
	mkdir "$BATS_TEST_TMPDIR/nodes"
	mknod -m 666 "$BATS_TEST_TMPDIR/nodes/kmsg" c 1 11
	try() { xrun -q --network none -v "$BATS_TEST_TMPDIR/nodes:/nodes:dev" "$@"; }
	try "$NATIVE" sh -c ': >/nodes/kmsg'
	try --device-cgroup-rule 'c 1:11 w' "$NATIVE" sh -c ': >/nodes/kmsg && head -c 1 /dev/zero >/dev/null'
	run try --device-cgroup-rule 'c 1:12 w' "$NATIVE" sh -c ': >/nodes/kmsg'
	[ "$status" != 0 ]
	[[ $output == *"peration not permitted"* ]]
	try --device-cgroup-rule 'c 1:12 w' --device /dev/kmsg "$NATIVE" sh -c ': >/dev/kmsg'
}

@test "a container sees its own cgroup only, as the root, and cannot write there" {
	((EUID == 0)) || return 0 # an ordinary user's: delegated.bats
	[ "$(xrun -q --network none --memory 64m "$NATIVE" cat /sys/fs/cgroup/memory.max)" = 67108864 ]
	refute xrun -q --network none --memory 64m "$NATIVE" mkdir /sys/fs/cgroup/x
	[ -z "$(xrun -q --network none "$NATIVE" ls /sys/fs/cgroup)" ]
}

@test "a container is paused and goes on, with limits or without" {
	((EUID == 0)) || return 0 # an ordinary user's: delegated.bats
	local options
	for options in "--pids-limit 50" ""; do
		# shellcheck disable=SC2086 # several words are meant
		limited $options
		xrun pause limited
		grep -qx 'frozen 1' "/sys/fs/cgroup/xrun/$id/cgroup.events"
		xrun unpause limited
		xrun stats --no-stream --format json limited | grep '"pids": "1"'
		xrun rm -f limited
		[ ! -e "/sys/fs/cgroup/xrun/$id" ]
	done
}

@test "limits hold, or are refused" {
	if ((EUID == 0)); then
		[ "$(xrun -q --memory 64m --pids-limit 20 "$NATIVE" sh -c 'for i in $(seq 30); do sleep 2 & done; echo reached' 2>&1 | grep -c reached)" = 0 ]
		run xrun -q --memory 64m "$NATIVE" sh -c 'head -c 200m /dev/zero | tail -c 200m'
		[ "$status" = 137 ]
	else
		fails_with 125 "--memory" xrun -q --memory 64m "$NATIVE" true
	fi
}

@test "a machine that may have no more processes is named when one cannot start" {
	((EUID == 0)) || return 0 # the machine's limit is root's to set
	local status=0 before
	before=$(cat /proc/sys/kernel/threads-max)
	# between the two writes nothing else may have to start a process here
	(
		echo 20 >/proc/sys/kernel/threads-max
		exec "$XRUN" --root "$STORE" run -q --network none "$PLAIN/test:amd64" true
	) 2>"$BATS_TEST_TMPDIR/said" || status=$?
	echo "$before" >/proc/sys/kernel/threads-max
	cat "$BATS_TEST_TMPDIR/said"
	[ "$status" = 125 ]
	grep "of processes and threads the machine may have 20, and has .*: sudo sysctl kernel.threads-max=" "$BATS_TEST_TMPDIR/said"
}

@test "nothing is left afterwards" {
	[ -z "$(ls "$STORE/containers" 2>/dev/null)" ]
	xrun rmi --all
}
