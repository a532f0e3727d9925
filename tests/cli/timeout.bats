#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# Containers that have only so much time.

load lib

prepare() {
	xrun pull -q "$NATIVE"
	xrun pull -q --arch aarch64 "$PLAIN/test:arm64"
}

@test "--timeout kills what runs longer, with status 124 and one line" {
	fails_with 124 "after 1 seconds (--timeout)" xrun --timeout 1 "$NATIVE" sh -c 'trap "" TERM INT; sleep 100'
	[ -z "$(ls "$STORE/containers")" ]
}

@test "what ends in time keeps its status" {
	run xrun --timeout 100 "$NATIVE" sh -c 'exit 7'
	[ "$status" = 7 ]
	run xrun --timeout 100 "$NATIVE" sh -c 'sh -c "kill -KILL \$\$"'
	[ "$status" = 137 ]
}

@test "--on-timeout stacks shows every process and the call that it waits in" {
	run xrun --timeout 2 --on-timeout stacks "$NATIVE" sh -c 'sleep 100; true'
	[ "$status" = 124 ]
	[[ $output == *"process 1: "*"sleep 100; true"* ]]
	[[ $output == *"thread "*"S (sleeping)"*wait4* ]]
	[[ $output == *"sleep 100"*nanosleep* ]]
}

@test "stacks of a foreign program are said to be its emulator's" {
	run xrun --timeout 2 --on-timeout stacks --arch aarch64 "$PLAIN/test:arm64" sleep 100
	[ "$status" = 124 ]
	[[ $output == *"an emulated program's calls are the emulator's"*"sleep 100"*nanosleep* ]]
}

@test "stacks of a foreign program are its own where gdb can be asked, on the terminal and in the log" {
	mkdir "$BATS_TEST_TMPDIR/programs"
	printf '%s\n' '#include <unistd.h>' 'void deep(int level) { if (level) deep(level - 1); for (;;) sleep(100); }' \
		'int main(void) { deep(2); }' >"$BATS_TEST_TMPDIR/deep.c"
	aarch64-linux-gnu-gcc -g -O0 -static -o "$BATS_TEST_TMPDIR/programs/deep" "$BATS_TEST_TMPDIR/deep.c"
	run xrun --timeout 2 --on-timeout stacks --network none -v "$BATS_TEST_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" /programs/deep
	echo "$output"
	[ "$status" = 124 ]
	[[ $output == *"process 1: "*"as gdb sees it:"*"Thread "*"deep (level=0) at "*"deep (level=1) at "*"main () at "* ]]
	xrun -d --name deep --timeout 2 --on-timeout stacks --network none -v "$BATS_TEST_TMPDIR/programs:/programs" --arch aarch64 "$PLAIN/test:arm64" /programs/deep
	[ "$(xrun wait deep)" = 124 ]
	xrun logs deep 2>&1 | grep -q 'deep (level=2) at '
	xrun rm deep
}

@test "a detached container is ended, too, and its log has the stacks" {
	xrun -d --name late --timeout 1 --on-timeout stacks "$NATIVE" sleep 100
	[ "$(xrun wait late)" = 124 ]
	xrun logs late 2>&1 | grep -q "process 1: .*sleep 100"
	xrun rm late
}

@test "times that are none are errors" {
	fails_with 125 "--timeout soon" xrun --timeout soon "$NATIVE" true
	fails_with 125 "--on-timeout cry" xrun --timeout 1 --on-timeout cry "$NATIVE" true
	fails_with 125 "needs --timeout" xrun --on-timeout stacks "$NATIVE" true
}
