#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# xrun doctor --arch: what guests cannot do under this emulator, by running the payload of src/probe.

load lib

# results ARCH: a line "NAME=NATIVE/GUEST" for each probe.
results() {
	xrun doctor --arch "$1" --format json |
		python3 -c 'import json, sys; [print("%(name)s=%(native)s/%(guest)s" % row) for row in json.load(sys.stdin)]'
}

# compares ARCH: every probe has a result here and there, and what everything needs works in both.
compares() {
	local name
	results "$1" >"$BATS_TEST_TMPDIR/rows"
	cat "$BATS_TEST_TMPDIR/rows"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rows")" -gt 70 ]
	refute grep -vE '=(works|fails|crashes|hangs)/(works|fails|crashes|hangs)$' "$BATS_TEST_TMPDIR/rows"
	for name in ptrace seccomp stat "spawn errors" "robust mutexes" "netlink generic"; do
		grep -q "^$name=works/" "$BATS_TEST_TMPDIR/rows"
	done
	for name in stat statx inotify "signals to threads" "signal storms" "netlink route" "own /proc/self/exe" eventfd; do
		grep -qx "$name=works/works" "$BATS_TEST_TMPDIR/rows"
	done
}

@test "what aarch64 programs cannot do is found by running one" { compares aarch64; }
@test "what armv7 programs cannot do is found by running one" { compares armv7; }
@test "what s390x programs cannot do is found by running one" { compares s390x; }
@test "what riscv64 programs cannot do is found by running one" { compares riscv64; }

@test "armv7 programs list directories, on whatever file system the store is" {
	results armv7 >"$BATS_TEST_TMPDIR/rows"
	grep -qx 'readdir=works/works' "$BATS_TEST_TMPDIR/rows"
	grep -qx 'seekdir=works/works' "$BATS_TEST_TMPDIR/rows"
}

@test "qemu has no ptrace, and reports no missing program to who starts it" {
	[ "$HOST" = aarch64 ] && skip "aarch64 is native here"
	run xrun doctor --arch arm64
	[ "$status" = 0 ]
	[[ $output == *"ptrace "*"works"*"fails"*"gdb, strace"* ]]
	[[ $output == *"spawn errors "*"works"*"fails"*"returned 0, not ENOENT"* ]]
	[[ $output != *"eventfd"* ]]
	[[ $output == *"probes have the same result in a container of aarch64 as in a native one"* ]]
}

@test "the machine's own architecture has nothing to tell" {
	run xrun doctor --arch "$HOST"
	[ "$status" = 0 ]
	[ "${#lines[@]}" = 1 ]
	run xrun doctor --arch "$HOST" --all
	[[ $output == *"eventfd "*"works"*"works"* ]]
}

@test "a payload that is not installed is named with what builds it" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$XRUN" "$BATS_TEST_TMPDIR/bin/xrun"
	fails_with 125 "sudo apt install gcc-riscv64-linux-gnu" "$BATS_TEST_TMPDIR/bin/xrun" --root "$STORE" doctor --arch riscv64
}

@test "doctor --arch takes an emulator, and says why it cannot use one" {
	fails_with 125 "/no/emulator" xrun doctor --arch s390x --emulator /no/emulator
	fails_with 125 "--arch" xrun doctor --emulator /usr/bin/qemu-s390x-static
	fails_with 125 "vax" xrun doctor --arch vax
}

@test "doctor --arch leaves no container behind" {
	xrun doctor --arch s390x >/dev/null
	[ -z "$(ls -A "$STORE/containers")" ]
}
